//! Cookies: exact names, safe attributes, `__Host-` wherever the public origin is https (U-02, U-03).
//!
//! Owns names and attributes of the two cookies: the browser binding of login transactions (comes back on cross-site POSTs) and the
//! session of a pool (does not). On a plain http origin (development on loopback) browsers refuse `__Host-` and Secure, so both are left off.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use url::Url;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind<'a> {
    /// Binds login transactions to one browser: SameSite=None, since SAML and form_post answers are cross-site POSTs (O-21, S-34).
    Browser,
    /// The session with a pool (by id): SameSite=Lax.
    Session(&'a str),
}

/// The value of a cookie: `None` when absent, malformed, or present twice (U-03).
pub fn read(request: &HttpRequest, public_url: &Url, kind: CookieKind<'_>) -> Option<String> {
    let _ = (request, public_url, kind);
    todo!()
}

/// A cookie to set; lives until the browser closes, or `max_age_s` seconds.
pub fn set(public_url: &Url, kind: CookieKind<'_>, value: &str, max_age_s: Option<i64>) -> Cookie<'static> {
    let _ = (public_url, kind, value, max_age_s);
    todo!()
}

/// A cookie that removes the browser's copy.
pub fn clear(public_url: &Url, kind: CookieKind<'_>) -> Cookie<'static> {
    let _ = (public_url, kind);
    todo!()
}
