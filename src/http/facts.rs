//! The facts of a request: its id, the client's address and the host that the client used.
//!
//! Owns their form and where they come from; forwarding headers count only from trusted proxies (U-07, `forwarded`). URLs are never
//! built from these facts; they come from configuration (U-06).

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;

use crate::base::ids;
use crate::http::forwarded;
use crate::http::layer::Seam;
use crate::http::target::{self, TargetFault};

/// Facts of one request, put into its extensions by the outermost middleware; extract with `web::ReqData<RequestFacts>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// UUID; made here, never taken from the client.
    pub request_id: String,
    /// The client's address.
    pub client_address: Option<IpAddr>,
    /// The Host that the client asked for, lower-case, with port if given. Empty when the request names none.
    pub host: String,
}

/// Observes a request. The facts are always complete enough for an audit line; the fault says why the request cannot go on.
pub fn observe(request: &ServiceRequest, seam: &Seam) -> (RequestFacts, Option<TargetFault>) {
    let origin = forwarded::origin(request.peer_addr().map(|peer| peer.ip()), request.headers(), &seam.trusted_proxies);
    let named = target::host(request.uri(), request.headers(), origin.host.as_deref());
    let (host, fault) = match named {
        Ok(host) => (host, None),
        Err(fault) => (String::new(), Some(fault)),
    };
    (RequestFacts { request_id: ids::uuid(&seam.random), client_address: origin.address, host }, fault)
}
