//! Cookies: exact names, safe attributes, `__Host-` wherever the public origin is https (U-02, U-03).
//!
//! Owns names and attributes of the two cookies: the browser binding of login transactions (comes back on cross-site POSTs) and the
//! session of a pool (does not). On a plain http origin (development on loopback) browsers refuse `__Host-` and Secure, so both are left off,
//! and so is SameSite=None, which they take only together with Secure.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::COOKIE;
use actix_web::{HttpRequest, HttpResponse};
use url::Url;

use crate::base::random::Random;

/// Longest cookie value that is read, bytes.
const LARGEST_VALUE: usize = 1024;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind<'a> {
    /// Binds login transactions to one browser: SameSite=None, since SAML and form_post answers are cross-site POSTs (O-21, S-34).
    Browser,
    /// The session with a pool (by id): SameSite=Lax.
    Session(&'a str),
}

/// The exact name of a cookie.
pub fn name(public_url: &Url, kind: CookieKind<'_>) -> String {
    let prefix = if is_secure(public_url) { "__Host-" } else { "" };
    match kind {
        CookieKind::Browser => format!("{prefix}fedgate-browser"),
        CookieKind::Session(pool_id) => format!("{prefix}fedgate-session-{pool_id}"),
    }
}

/// The value of a cookie: `None` when absent, malformed, or present twice (U-03).
pub fn read(request: &HttpRequest, public_url: &Url, kind: CookieKind<'_>) -> Option<String> {
    let name = name(public_url, kind);
    let mut found = None;
    for line in request.headers().get_all(COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';') {
            let pair = pair.trim_ascii();
            let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            // The legacy syntax changes how the rest of the line is quoted: two readers would see two different cookies.
            if pair[..split].eq_ignore_ascii_case(b"$Version") {
                return None;
            }
            if pair[..split] == *name.as_bytes() {
                if found.is_some() {
                    return None;
                }
                found = Some(pair.get(split + 1..).unwrap_or_default().to_vec());
            }
        }
    }
    let value = String::from_utf8(found?).ok()?;
    let fits = !value.is_empty()
        && value.len() <= LARGEST_VALUE
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    fits.then_some(value)
}

/// A cookie to set; lives until the browser closes, or `max_age_s` seconds.
pub fn set(public_url: &Url, kind: CookieKind<'_>, value: &str, max_age_s: Option<i64>) -> Cookie<'static> {
    let secure = is_secure(public_url);
    let mut cookie = Cookie::build(name(public_url, kind), value.to_owned()).path("/").http_only(true).secure(secure).finish();
    match kind {
        CookieKind::Browser if secure => cookie.set_same_site(SameSite::None),
        CookieKind::Browser => {}
        CookieKind::Session(_) => cookie.set_same_site(SameSite::Lax),
    }
    if let Some(seconds) = max_age_s {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}

/// A cookie that removes the browser's copy.
pub fn clear(public_url: &Url, kind: CookieKind<'_>) -> Cookie<'static> {
    let mut cookie = set(public_url, kind, "", Some(0));
    cookie.set_expires(actix_web::cookie::time::OffsetDateTime::UNIX_EPOCH);
    cookie
}

/// The value that binds logins, and forms of our pages, to the browser that asks.
#[derive(Debug)]
pub struct BrowserBinding {
    /// The value, to be compared when the browser comes back.
    pub value: String,
    fresh: bool,
}

/// A cookie that cannot be written: a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser cookie cannot be written")]
pub struct CookieError;

impl BrowserBinding {
    /// What the browser's cookie says, or a new value that [`BrowserBinding::keep`] must set.
    pub fn of(request: &HttpRequest, public_url: &Url, random: &Random) -> Self {
        match read(request, public_url, CookieKind::Browser) {
            Some(value) => Self { value, fresh: false },
            None => Self { value: random.token(), fresh: true },
        }
    }

    /// Sets the cookie if the browser does not have it.
    pub fn keep(&self, public_url: &Url, response: &mut HttpResponse) -> Result<(), CookieError> {
        if !self.fresh {
            return Ok(());
        }
        response.add_cookie(&set(public_url, CookieKind::Browser, &self.value, None)).map_err(|_| CookieError)
    }
}

fn is_secure(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}
