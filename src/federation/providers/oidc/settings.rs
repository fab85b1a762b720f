//! The settings of an OIDC provider: Cognito's `ProviderDetails` keys, read and checked.
//!
//! Owns which keys there are and their form. Does no I/O: whether an address may be called is `outbound`'s, what discovery adds is
//! `discovery`'s.

use std::collections::BTreeMap;

use url::Url;

use crate::model::failure::Failure;

/// Keys that name an endpoint; all four are needed when discovery is not reachable (Cognito: `CreateIdentityProvider`).
pub const ENDPOINTS: [&str; 4] = ["authorize_url", "token_url", "attributes_url", "jwks_uri"];

/// The only secret setting.
pub const CLIENT_SECRET: &str = "client_secret";

/// Cognito adds it to what describe answers show; for this kind it is always `false`.
pub const ADD_ATTRIBUTES: &str = "attributes_url_add_attributes";

/// The settings, borrowed from where they are stored.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// The issuer, compared octet for octet (O-05).
    pub issuer: &'a str,
    /// Our client id at the provider.
    pub client_id: &'a str,
    /// What is asked for; `openid` is among it.
    pub scopes: Vec<&'a str>,
    /// How userinfo is asked: `GET` or `POST`.
    pub userinfo_method: &'static str,
    /// The authorization endpoint, if set by hand.
    pub authorize_url: Option<&'a str>,
    /// The token endpoint, if set by hand.
    pub token_url: Option<&'a str>,
    /// The userinfo endpoint, if set by hand.
    pub attributes_url: Option<&'a str>,
    /// The JWKS document, if set by hand.
    pub jwks_uri: Option<&'a str>,
}

impl<'a> Settings<'a> {
    /// Reads and checks all details; [`Failure::InvalidParameter`] names the key that is wrong.
    pub fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        for key in details.keys() {
            let known = matches!(
                key.as_str(),
                "client_id" | "oidc_issuer" | "authorize_scopes" | "attributes_request_method" | ADD_ATTRIBUTES
            ) || ENDPOINTS.contains(&key.as_str());
            if !known {
                return Err(invalid(key, "is not a key of OIDC providers"));
            }
        }
        if details.get(ADD_ATTRIBUTES).is_some_and(|value| value != "false") {
            return Err(invalid(ADD_ATTRIBUTES, "can only be false"));
        }
        let settings = Self {
            issuer: required(details, "oidc_issuer")?,
            client_id: required(details, "client_id")?,
            scopes: required(details, "authorize_scopes")?.split_ascii_whitespace().collect(),
            userinfo_method: match required(details, "attributes_request_method")? {
                "GET" => "GET",
                "POST" => "POST",
                _ => return Err(invalid("attributes_request_method", "must be GET or POST")),
            },
            authorize_url: details.get("authorize_url").map(String::as_str),
            token_url: details.get("token_url").map(String::as_str),
            attributes_url: details.get("attributes_url").map(String::as_str),
            jwks_uri: details.get("jwks_uri").map(String::as_str),
        };
        settings.check()?;
        Ok(settings)
    }

    /// Where discovery is published (OpenID Connect Discovery section 4.1).
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// The keys of endpoints that are not set by hand.
    pub fn missing_endpoints(&self) -> Vec<&'static str> {
        let set = [self.authorize_url, self.token_url, self.attributes_url, self.jwks_uri];
        ENDPOINTS.into_iter().zip(set).filter(|(_, value)| value.is_none()).map(|(key, _)| key).collect()
    }

    /// Whether `url` may be where the browser goes: https, or http where the issuer itself is http (which `outbound` allows only in the
    /// operator's networks).
    pub fn may_send_browser_to(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && self.issuer.starts_with("http://"));
        scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    }

    fn check(&self) -> Result<(), Failure> {
        let issuer = web_url("oidc_issuer", self.issuer)?;
        if self.issuer.ends_with('/') || issuer.query().is_some() {
            return Err(invalid("oidc_issuer", "must have neither a trailing slash nor a query"));
        }
        if !self.client_id.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(invalid("client_id", "must be printable ASCII"));
        }
        if !self.scopes.contains(&"openid") {
            return Err(invalid("authorize_scopes", "must contain openid"));
        }
        // RFC 6749 section 3.3.
        let scope_byte = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !self.scopes.iter().all(|scope| scope.bytes().all(scope_byte)) {
            return Err(invalid("authorize_scopes", "has a character that scopes cannot have"));
        }
        for (key, url) in [("token_url", self.token_url), ("attributes_url", self.attributes_url), ("jwks_uri", self.jwks_uri)] {
            if let Some(url) = url {
                web_url(key, url)?;
            }
        }
        if self.authorize_url.is_some_and(|url| !self.may_send_browser_to(url)) {
            return Err(invalid("authorize_url", "must be an https URL"));
        }
        Ok(())
    }
}

/// The failure for a key.
pub fn invalid(key: &str, why: &str) -> Failure {
    Failure::InvalidParameter(format!("ProviderDetails: {key} {why}"))
}

fn required<'a>(details: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str, Failure> {
    match details.get(key).map(String::as_str) {
        Some(value) if value.len() > 2048 => Err(invalid(key, "is longer than 2048 characters")),
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(invalid(key, "is missing")),
    }
}

/// http passes here; `outbound` decides whether it may be called.
fn web_url(key: &str, text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).map_err(|_| invalid(key, "is not a URL"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "https" | "http") && plain && text.len() <= 2048 {
        Ok(url)
    } else {
        Err(invalid(key, "must be an https URL without user information and fragment"))
    }
}
