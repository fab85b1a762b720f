//! Refusals of the seam itself, as JSON: unknown path, wrong method, wrong host, body too large or too slow.
//!
//! Owns their one form, `{"error", "error_description", "request_id"}`; nothing from the request is in it (U-18). What a face refuses
//! has the face's own form.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::http::audit::AuditEvent;

/// A refusal with its audit event.
pub fn answer(status: StatusCode, reason: &'static str, request_id: &str) -> HttpResponse {
    let mut response = HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json")).body(body(status, request_id));
    let event = if status.is_server_error() { AuditEvent::error(EVENT, reason) } else { AuditEvent::refused(EVENT, reason) };
    event.attach(&mut response);
    response
}

/// The name of the event of requests that no face explained.
pub const EVENT: &str = "request.refused";

/// The JSON text for a status.
pub fn body(status: StatusCode, request_id: &str) -> String {
    let (error, description) = words(status);
    json!({ "error": error, "error_description": description, "request_id": request_id }).to_string()
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        404 => ("not_found", "There is nothing at this address."),
        405 => ("method_not_allowed", "This address does not take that method."),
        408 => ("request_timeout", "The request body did not arrive in time."),
        413 => ("content_too_large", "The request body is larger than this address takes."),
        415 => ("unsupported_media_type", "This address does not take that content type or encoding."),
        421 => ("misdirected_request", "This gateway does not serve that host; use its configured public address."),
        429 => ("too_many_requests", "Too many requests; try again later."),
        503 => ("temporarily_unavailable", "The gateway cannot serve this right now; try again shortly."),
        _ if status.is_client_error() => ("invalid_request", "The request is malformed."),
        _ => ("server_error", "Something went wrong on our side; the log has the details under the request id."),
    }
}
