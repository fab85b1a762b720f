//! The facts of a request: its id, the client's address, the host and scheme that the client used.
//!
//! Owns whom to believe: forwarding headers count only from trusted proxies (U-07). URLs are never built from these facts; they come
//! from configuration (U-06).

use std::net::IpAddr;

/// Facts of one request, put into its extensions by the outermost middleware; extract with `web::ReqData<RequestFacts>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// UUID; made here, never taken from the client.
    pub request_id: String,
    /// The client's address.
    pub client_address: Option<IpAddr>,
    /// The Host that the client asked for, lower-case, with port if given.
    pub host: String,
}
