//! The settings of an OIDC provider: Cognito's `ProviderDetails` keys, read and checked.
//!
//! Owns which keys there are and their form. Does no I/O: whether an address may be called is `outbound`'s, what discovery adds is
//! `discovery`'s.

use std::collections::BTreeMap;

use url::Url;

use crate::federation::providers::oidc::issuer::{self, Issuer, TENANT};
use crate::model::failure::Failure;

/// Keys that name an endpoint; all four are needed when discovery is not reachable (Cognito: `CreateIdentityProvider`).
pub const ENDPOINTS: [&str; 4] = ["authorize_url", "token_url", "attributes_url", "jwks_uri"];

/// Other audiences that our tokens may be for as well, space separated. Ours, not Cognito's.
pub const TRUSTED_AUDIENCES: &str = "trusted_audiences";

/// The form of the issuers of a service with many tenants, `{tenantid}` being the tenant; `oidc_issuer` is then only where discovery is read
/// (`https://login.microsoftonline.com/common/v2.0`). Ours, not Cognito's.
pub const ISSUER_TEMPLATE: &str = "issuer_template";

/// With `issuer_template`: the tenants whose users may sign in, space separated; all when absent. Ours, not Cognito's.
pub const ALLOWED_TENANTS: &str = "allowed_tenants";

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
    /// Audiences that may stand in ID tokens beside ours (`trusted_audiences`, space separated; O-12).
    pub trusted_audiences: Vec<&'a str>,
    /// Whose tokens count: `oidc_issuer` itself, or what `issuer_template` and `allowed_tenants` say (O-05).
    pub accepted: Issuer<'a>,
}

impl<'a> Settings<'a> {
    /// Reads and checks all details; [`Failure::InvalidParameter`] names the key that is wrong.
    pub fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        for key in details.keys() {
            let known = matches!(
                key.as_str(),
                "client_id"
                    | "oidc_issuer"
                    | "authorize_scopes"
                    | "attributes_request_method"
                    | ADD_ATTRIBUTES
                    | TRUSTED_AUDIENCES
                    | ISSUER_TEMPLATE
                    | ALLOWED_TENANTS
            ) || ENDPOINTS.contains(&key.as_str());
            if !known {
                return Err(invalid(key, "is not a key of OIDC providers"));
            }
        }
        if details.get(ADD_ATTRIBUTES).is_some_and(|value| value != "false") {
            return Err(invalid(ADD_ATTRIBUTES, "can only be false"));
        }
        let list = |key: &str| details.get(key).map(|text| text.split_ascii_whitespace().collect()).unwrap_or_default();
        let issuer = required(details, "oidc_issuer")?;
        let settings = Self {
            issuer,
            trusted_audiences: list(TRUSTED_AUDIENCES),
            accepted: match details.get(ISSUER_TEMPLATE) {
                Some(template) => Issuer::Tenants { template, allowed: list(ALLOWED_TENANTS) },
                None if details.contains_key(ALLOWED_TENANTS) => {
                    return Err(invalid(ALLOWED_TENANTS, "needs issuer_template"));
                }
                None => Issuer::Exact(issuer),
            },
            client_id: client_id(details)?,
            scopes: scopes(details)?,
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
        if self.issuer.contains(TENANT) {
            return Err(invalid("oidc_issuer", "is where discovery is read; a template belongs in issuer_template"));
        }
        if self.issuer.ends_with('/') || issuer.query().is_some() {
            return Err(invalid("oidc_issuer", "must have neither a trailing slash nor a query"));
        }
        if let Issuer::Tenants { template, allowed } = &self.accepted {
            web_url(ISSUER_TEMPLATE, template)?;
            // The tenant fills a whole part of the path: in a host it would choose the server, in a part of a word anything.
            let whole = template.split('/').skip(3).filter(|part| part.contains('{')).collect::<Vec<_>>() == [TENANT];
            let rest = template.replacen(TENANT, "", 1);
            if !whole || rest.contains(['{', '}', '?']) {
                return Err(invalid(ISSUER_TEMPLATE, "must have {tenantid} once, as a whole part of its path"));
            }
            if !allowed.iter().all(|tenant| issuer::is_tenant(tenant)) {
                return Err(invalid(ALLOWED_TENANTS, "must be ids of tenants, separated by spaces"));
            }
        }
        if !self.scopes.contains(&"openid") {
            return Err(invalid("authorize_scopes", "must contain openid"));
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

/// `client_id`, as every kind has it.
pub fn client_id(details: &BTreeMap<String, String>) -> Result<&str, Failure> {
    let id = required(details, "client_id")?;
    if id.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) { Ok(id) } else { Err(invalid("client_id", "must be printable ASCII")) }
}

/// `authorize_scopes`, space separated (RFC 6749 section 3.3).
pub fn scopes(details: &BTreeMap<String, String>) -> Result<Vec<&str>, Failure> {
    let scopes: Vec<&str> = required(details, "authorize_scopes")?.split_ascii_whitespace().collect();
    let scope_byte = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if scopes.is_empty() || !scopes.iter().all(|scope| scope.bytes().all(scope_byte)) {
        return Err(invalid("authorize_scopes", "has a character that scopes cannot have"));
    }
    Ok(scopes)
}

/// A setting that must be there, at most 2,048 characters.
pub fn required<'a>(details: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str, Failure> {
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
