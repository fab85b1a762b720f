//! Sends a rendered page under its policy: nothing foreign, no script, no frame (U-01, A-21, A-23).
//!
//! The style sheet stands inside the page under a nonce that is fresh for each answer.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

/// A page without forms.
pub fn page(html: String, nonce: &str) -> HttpResponse {
    answer(html, nonce, "'none'")
}

/// A page whose forms go to our own origin.
pub fn form_page(html: String, nonce: &str) -> HttpResponse {
    answer(html, nonce, "'self'")
}

fn answer(html: String, nonce: &str, form_action: &str) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; object-src 'none'; base-uri 'none'; form-action {form_action}; \
         frame-ancestors 'none'"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html)
}
