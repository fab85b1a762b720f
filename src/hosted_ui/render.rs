//! Sends a rendered page under its policy: nothing foreign, no script, no frame (U-01, A-21, A-23).
//!
//! The style sheet stands inside the page under a nonce that is fresh for each answer. A form may go to our own origin only, and only from
//! a page that has one.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

/// A page without a form.
pub fn page(html: String, nonce: &str) -> HttpResponse {
    under(html, nonce, "'none'")
}

/// A page with a form that comes back to us.
pub fn form_page(html: String, nonce: &str) -> HttpResponse {
    under(html, nonce, "'self'")
}

fn under(html: String, nonce: &str, form_action: &str) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; object-src 'none'; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html)
}
