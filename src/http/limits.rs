//! Request bodies: how large, how slow, in which encoding (R-17, R-18, D-18).
//!
//! Owns reading the whole body before any handler runs, since actix bounds neither its time nor, for all extractors alike, its size. A client
//! that goes away in the middle therefore has no effect at all (F-12).

use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::web;

/// Largest body of JSON operations and OAuth forms, bytes.
pub const API_LIMIT: usize = 64 * 1024;

/// Largest body at the assertion consumer service, bytes: 256 KiB of encoded response and the form's escapes around it.
pub const SAML_LIMIT: usize = 384 * 1024;

/// Largest body anywhere else, bytes.
pub const DEFAULT_LIMIT: usize = 16 * 1024;

/// The refusal of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyFault {
    /// What to answer.
    pub status: StatusCode,
    /// The word for the audit log.
    pub reason: &'static str,
}

const TOO_LARGE: BodyFault = BodyFault { status: StatusCode::PAYLOAD_TOO_LARGE, reason: "body_too_large" };
const TOO_SLOW: BodyFault = BodyFault { status: StatusCode::REQUEST_TIMEOUT, reason: "body_too_slow" };
const BROKEN: BodyFault = BodyFault { status: StatusCode::BAD_REQUEST, reason: "body_broken" };
const ENCODED: BodyFault = BodyFault { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, reason: "body_encoded" };

/// The largest body that a path takes, bytes. The path decides, with or without the pool's prefix.
pub fn largest(method: &Method, path: &str) -> usize {
    if path.ends_with("/saml2/idpresponse") || path.ends_with("/saml2/logout") {
        return SAML_LIMIT;
    }
    let api = path == "/" || path.contains("/oauth2/") || path.starts_with("/identitypools");
    if *method == Method::POST && api { API_LIMIT } else { DEFAULT_LIMIT }
}

/// Reads the body within its limits and puts it back for the handler.
pub async fn take_body(request: &mut ServiceRequest, within: Duration) -> Result<(), BodyFault> {
    let headers = request.headers();
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ENCODED);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    let limit = largest(request.method(), request.path());
    match announced {
        Some(length) if length > limit => return Err(TOO_LARGE),
        None | Some(0) if !headers.contains_key(TRANSFER_ENCODING) => return Ok(()),
        _ => {}
    }
    let payload = request.extract::<web::Payload>().await.map_err(|_| BROKEN)?;
    match tokio::time::timeout(within, payload.to_bytes_limited(limit)).await {
        Err(_) => Err(TOO_SLOW),
        Ok(Err(_)) => Err(TOO_LARGE),
        Ok(Ok(Err(_))) => Err(BROKEN),
        Ok(Ok(Ok(body))) => {
            request.set_payload(Payload::from(body));
            Ok(())
        }
    }
}
