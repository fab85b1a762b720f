//! `redirect_uri` equals a registered one, character by character (A-01, U-10; RFC 9700 section 4.1.3).
//!
//! Owns also what may be registered at all ([`registrable`]): the settings' side calls it, and the check repeats it, so that a row
//! written by hand cannot open a hole.

use url::{Host, Url};

use crate::auth_flows::authorize::draft::{Draft, Fault};

/// Longest registered URI (Cognito: 1,024).
const MAX_URI: usize = 1024;

/// Schemes that run or read something in the browser itself.
const DANGEROUS: [&str; 8] = ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"];

/// The check.
pub fn check(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let Some(asked) = draft.get("redirect_uri") else { return Err(Fault::Page("redirect_uri_missing")) };
    let registered = draft.client.as_ref().is_some_and(|client| client.callback_urls.iter().any(|uri| uri == asked));
    if !registered {
        return Err(Fault::Page("redirect_uri_mismatch"));
    }
    if registrable(asked).is_err() {
        return Err(Fault::Page("redirect_uri_unsafe"));
    }
    asked.clone_into(&mut draft.redirect_uri);
    Ok(())
}

/// Whether a URI may be registered as callback or sign-out URL: absolute; https, or http on this machine, or an app's own scheme; no
/// fragment, no user information, no blanks, controls or backslashes. The error says what is wrong.
pub fn registrable(uri: &str) -> Result<(), &'static str> {
    if uri.is_empty() || uri.len() > MAX_URI {
        return Err("must have 1 to 1024 characters");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['\\', '#']) {
        return Err("must be plain ASCII without blanks, backslash or fragment");
    }
    let Ok(url) = Url::parse(uri) else { return Err("must be an absolute URI") };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain user information");
    }
    match url.scheme() {
        // `https:/host` and `https:host` parse as if the slashes were there; browsers and apps may disagree.
        "https" | "http" if !uri[url.scheme().len()..].starts_with("://") => Err("must be an absolute URI"),
        "https" => Ok(()),
        "http" if is_this_machine(&url) => Ok(()),
        "http" => Err("must use https, except on localhost"),
        scheme if DANGEROUS.contains(&scheme) => Err("must not use that scheme"),
        _ => Ok(()),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
