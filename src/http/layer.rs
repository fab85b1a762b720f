//! The one middleware around every face: what happens to each request, in order.
//!
//! Facts, then target and host, then the body, then the handler; on the way back security headers and the audit line. Every answer passes here,
//! refusals and panics too. Only a request whose head actix cannot parse is answered before us, with an empty 400 or 408.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use ipnet::IpNet;

use crate::base::random::Random;
use crate::http::audit::{self, AuditEvent, Line};
use crate::http::facts::{self, RequestFacts};
use crate::http::target::{Hosts, Served, TargetFault};
use crate::http::{limits, panics, refusal, security_headers};

/// Paths that answer under any host name, since probes ask by address.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the middleware needs to know. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seam {
    /// Whether the public origin is https.
    pub secure: bool,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// For request ids.
    pub random: Random,
    /// A short id of this process, in every audit line.
    pub replica: String,
    /// Which hosts are served.
    pub hosts: Arc<dyn Hosts>,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

/// Carries a request through.
pub async fn handle(seam: Seam, mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let (facts, fault) = facts::observe(&request, &seam);
    request.extensions_mut().insert(facts.clone());
    let method = request.method().as_str().to_owned();
    if let Err((status, reason)) = admit(&seam, &mut request, &facts, fault).await {
        let mut response = request.into_response(refusal::answer(status, reason, &facts.request_id));
        // The rest of a refused body is not worth reading.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        finish(&seam, &facts, &method, None, response.response_mut());
        return Ok(response);
    }
    match panics::caught(next.call(request)).await {
        Some(Ok(mut response)) => {
            let route = response.request().match_pattern();
            finish(&seam, &facts, &method, route.as_deref(), response.response_mut());
            Ok(response)
        }
        Some(Err(error)) => {
            let mut response = error.error_response();
            finish(&seam, &facts, &method, None, &mut response);
            Err(InternalError::from_response("refused by an inner service", response).into())
        }
        None => {
            let mut response = refusal::answer(StatusCode::INTERNAL_SERVER_ERROR, "panic", &facts.request_id);
            finish(&seam, &facts, &method, None, &mut response);
            Err(InternalError::from_response("a handler panicked", response).into())
        }
    }
}

/// The answer for paths that no face registered.
pub async fn not_found(facts: actix_web::web::ReqData<RequestFacts>) -> HttpResponse {
    refusal::answer(StatusCode::NOT_FOUND, "unknown_path", &facts.request_id)
}

/// Why a request goes no further: what to answer, and the word for the audit log.
type Refusal = (StatusCode, &'static str);

async fn admit(seam: &Seam, request: &mut ServiceRequest, facts: &RequestFacts, fault: Option<TargetFault>) -> Result<(), Refusal> {
    if !PROBES.contains(&request.path()) {
        if let Some(fault) = fault {
            return Err((StatusCode::BAD_REQUEST, fault.reason()));
        }
        match seam.hosts.serves(&facts.host).await {
            Served::Yes => {}
            Served::No => return Err((StatusCode::MISDIRECTED_REQUEST, "unknown_host")),
            Served::Unknown => return Err((StatusCode::SERVICE_UNAVAILABLE, "hosts_unavailable")),
        }
    }
    limits::take_body(request, seam.body_timeout).await.map_err(|fault| (fault.status, fault.reason))
}

fn finish(seam: &Seam, facts: &RequestFacts, method: &str, route: Option<&str>, response: &mut HttpResponse<BoxBody>) {
    let status = response.status();
    if (status.is_client_error() || status.is_server_error()) && response.body().size() == BodySize::Sized(0) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let head = std::mem::replace(response, HttpResponse::new(status));
        *response = head.set_body(BoxBody::new(refusal::body(status, &facts.request_id)));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE && !response.headers().contains_key(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    security_headers::apply(response.headers_mut(), seam.secure, &facts.request_id);
    let event = response.extensions_mut().remove::<AuditEvent>();
    let event = event.or_else(|| match status.as_u16() {
        400..=499 => Some(AuditEvent::refused(refusal::EVENT, reason(status))),
        500..=599 => Some(AuditEvent::error(refusal::EVENT, reason(status))),
        _ => None,
    });
    if let Some(event) = event {
        let line = Line { facts, method, route: route.unwrap_or("none"), status: status.as_u16(), replica: &seam.replica };
        audit::write(line, &event);
    }
}

fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "malformed",
        401 | 403 => "not_authorized",
        404 => "unknown_path",
        405 => "method_not_allowed",
        413 => "body_too_large",
        415 => "media_type",
        503 => "unavailable",
        _ if status.is_client_error() => "refused",
        _ => "internal",
    }
}
