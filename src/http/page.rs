//! The fixed error page: one text, one reference id, nothing from the request (U-18, S-32).
//!
//! Owns the page that browser-facing faces show when there is nowhere safe to redirect to. Why it was shown is in the audit log only.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// The error page.
pub fn error(status: StatusCode, reference: &str) -> HttpResponse {
    let _ = (status, reference);
    todo!()
}
