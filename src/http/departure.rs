//! How a browser leaves: by redirect, or by a form that posts itself.
//!
//! Owns the two redirect statuses and the form page with its policy: values are escaped by the template, the script that submits
//! stands under a nonce, and the form may go to its target's origin only. Where the browser goes is the faces' business.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use askama::Template;
use url::Url;

use crate::base::random::Random;
use crate::http::audit::AuditEvent;
use crate::http::cookies::{self, CookieKind};
use crate::model::departure::Departure;

/// A URL or page that cannot be sent: a fault of ours, since every target was checked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a departure cannot be written")]
pub struct DepartureError;

#[derive(Template)]
#[template(path = "pages/departure.html")]
struct DeparturePage<'a> {
    title: &'a str,
    nonce: &'a str,
    action: &'a str,
    fields: &'a [(String, String)],
}

/// An answer to a GET: 302, as Cognito does.
pub fn redirect_found(url: &str) -> Result<HttpResponse, DepartureError> {
    redirect(StatusCode::FOUND, url)
}

/// An answer to a POST: 303, so that no form data travels on.
pub fn redirect_see_other(url: &str) -> Result<HttpResponse, DepartureError> {
    redirect(StatusCode::SEE_OTHER, url)
}

/// The answer to a GET that sends the browser to another party.
pub fn leave(to: &Departure, random: &Random) -> Result<HttpResponse, DepartureError> {
    match to {
        Departure::Redirect(url) => redirect_found(url),
        Departure::PostForm { action, fields } => post_form(action, fields, &random.token()),
    }
}

/// The end of a login at a provider: 303 to the app, with the session's cookie when there is one (`(pool id, value)`), and the audit event.
pub fn landed(
    public_url: &Url,
    redirect_to: &str,
    session: Option<(&str, &str)>,
    event: AuditEvent,
) -> Result<HttpResponse, DepartureError> {
    let mut response = redirect_see_other(redirect_to)?;
    if let Some((pool_id, value)) = session {
        let cookie = cookies::set(public_url, CookieKind::Session(pool_id), value, None);
        response.add_cookie(&cookie).map_err(|_| DepartureError)?;
    }
    event.attach(&mut response);
    Ok(response)
}

/// A page with a form that posts itself to `action`; without script there is a button. `nonce` is fresh randomness.
pub fn post_form(action: &str, fields: &[(String, String)], nonce: &str) -> Result<HttpResponse, DepartureError> {
    let target = Url::parse(action).map_err(|_| DepartureError)?;
    if !matches!(target.scheme(), "https" | "http") {
        return Err(DepartureError);
    }
    let origin = target.origin().ascii_serialization();
    let page = DeparturePage { title: "One moment", nonce, action, fields }.render().map_err(|_| DepartureError)?;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {origin}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page))
}

fn redirect(status: StatusCode, url: &str) -> Result<HttpResponse, DepartureError> {
    // `HeaderValue` refuses CR, LF and other controls, so that nothing can be smuggled into the head (U-11).
    let location = HeaderValue::from_str(url).map_err(|_| DepartureError)?;
    Ok(HttpResponse::build(status).insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store")).finish())
}
