//! The settings of Facebook: Cognito's `ProviderDetails` keys, what describe answers add to them, and the addresses that they make.
//!
//! Owns the keys and the version in every path. Where no other place is admitted, the addresses are Facebook's (`fixed_endpoints`); those that
//! Cognito does not show (`debug_token`, the published keys) lie beside the others. Does no I/O.

use std::collections::BTreeMap;

use crate::federation::fixed_endpoints::{FixedEndpoints, check_constants};
use crate::federation::oauth2::{check_keys, scopes};
use crate::federation::providers::oidc::settings::{client_id, invalid, required};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// Facebook's issuer: also the origin of its dialog.
pub const WWW: &str = "https://www.facebook.com";
/// The issuer of limited login.
pub const LIMITED: &str = "https://limited.facebook.com";
const GRAPH: &str = "https://graph.facebook.com";
/// Where both issuers publish their keys.
const KEYS_PATH: &str = "/.well-known/oauth/openid/jwks/";

const GIVEN: [&str; 3] = ["client_id", "authorize_scopes", "api_version"];
const ENDPOINTS: [&str; 3] = ["authorize_url", "token_url", "attributes_url"];
/// What Cognito shows besides, always with these values.
const SHOWN: [(&str, &str); 2] = [("attributes_url_add_attributes", "true"), ("token_request_method", "GET")];

/// The version where none is set (Cognito's own example).
const API_VERSION: &str = "v17.0";

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Our app's id.
    pub client_id: &'a str,
    /// What is asked for.
    pub scopes: Vec<&'a str>,
    /// The dialog, where the browser goes.
    pub dialog_url: String,
    /// What every Graph call begins with.
    pub graph_url: String,
    /// Who signs ID tokens, and where their keys are.
    pub issuers: [(&'static str, String); 2],
    /// To be asked whether a stand-in is admitted.
    pub endpoints: FixedEndpoints,
    version: &'a str,
}

impl<'a> Settings<'a> {
    /// Checks all of a provider that is to be saved.
    pub fn check(provider: &IdentityProvider) -> Result<(), Failure> {
        let shown = ENDPOINTS.into_iter().chain(SHOWN.map(|(key, _)| key));
        check_keys(provider, &GIVEN.into_iter().chain(shown).collect::<Vec<_>>())?;
        check_constants(&provider.details, &SHOWN)?;
        Settings::read(&provider.details).map(|_| ())
    }

    /// Reads what a login needs.
    pub fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        let version = details.get("api_version").map_or(API_VERSION, String::as_str);
        if !is_version(version) {
            return Err(invalid("api_version", "must be a version of the Graph API such as v17.0"));
        }
        let dialog = format!("/{version}/dialog/oauth");
        let (authorize_url, graph_url) = (format!("{WWW}{dialog}"), format!("{GRAPH}/{version}"));
        let (token_url, attributes_url) = (format!("{graph_url}/oauth/access_token"), format!("{graph_url}/me?fields="));
        let truth = [("authorize_url", authorize_url.as_str()), ("token_url", &token_url), ("attributes_url", &attributes_url)];
        let endpoints = FixedEndpoints::read(details, &truth)?;
        // A stand-in has Facebook's paths, so that one address leads to its neighbours.
        let root = |key: &str, path: &str| {
            let root = endpoints.url(key).strip_suffix(path);
            root.map(str::to_owned).ok_or_else(|| invalid(key, &format!("must end with {path}")))
        };
        let www = root("authorize_url", &dialog)?;
        let graph_url = root("attributes_url", "/me?fields=")?;
        if endpoints.url("token_url") != format!("{graph_url}/oauth/access_token") {
            return Err(invalid("token_url", "must be beside attributes_url"));
        }
        let limited = if endpoints.is_stand_in() { format!("{www}/limited") } else { LIMITED.to_owned() };
        Ok(Self {
            client_id: client_id(details)?,
            scopes: scopes(required(details, "authorize_scopes")?)?,
            dialog_url: endpoints.url("authorize_url").to_owned(),
            graph_url,
            issuers: [(WWW, format!("{www}{KEYS_PATH}")), (LIMITED, format!("{limited}{KEYS_PATH}"))],
            endpoints,
            version,
        })
    }

    /// What describe answers show besides what was given (Cognito: `DescribeIdentityProvider`).
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let mut shown = vec![("api_version", self.version.to_owned())];
        shown.extend(SHOWN.map(|(key, value)| (key, value.to_owned())));
        shown.extend(ENDPOINTS.map(|key| (key, self.endpoints.url(key).to_owned())));
        shown
    }
}

/// `v`, one to three digits, a point, one or two digits: it becomes part of a path.
fn is_version(text: &str) -> bool {
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| digits(major, 3) && digits(minor, 2))
}
