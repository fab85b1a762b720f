//! Forms of our pages come back from our pages: the token in the form fits the browser's cookie, and the browser does not say otherwise.
//!
//! The token is derived from the browser cookie, which no other site can read, so nothing is kept. Where browsers tell where a request comes
//! from (`Sec-Fetch-Site`), anything but our own origin is refused as well; `Origin` says nothing here, since our pages send no referrer
//! and browsers then write `null`. Neighbours: `cookies` owns the cookie; the pages own the field.

use actix_web::HttpRequest;

use crate::base::digest::{same, sha256_b64};

/// The form field of the token.
pub const FIELD: &str = "csrf";

/// The token for forms that a browser with this cookie gets.
pub fn token(browser: &str) -> String {
    sha256_b64(format!("form\n{browser}").as_bytes())
}

/// Whether a form came from a page of ours in that browser. `browser` is its cookie, `given` the token in the form.
pub fn is_ours(request: &HttpRequest, browser: Option<&str>, given: Option<&str>) -> bool {
    let site = request.headers().get("sec-fetch-site");
    let elsewhere = site.is_some_and(|site| site != "same-origin");
    match (browser, given) {
        (Some(browser), Some(given)) => !elsewhere && same(token(browser).as_bytes(), given.as_bytes()),
        _ => false,
    }
}
