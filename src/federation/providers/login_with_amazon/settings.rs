//! The settings of Login with Amazon: Cognito's `ProviderDetails` keys, and what describe answers add to them.
//!
//! Owns the keys and the addresses. Where no other place is admitted, the addresses are Amazon's (`fixed_endpoints`). Does no I/O.

use std::collections::BTreeMap;

use crate::federation::fixed_endpoints::{FixedEndpoints, check_constants};
use crate::federation::oauth2::{check_keys, scopes};
use crate::federation::providers::oidc::settings::{client_id, required};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// As `tokeninfo` calls Amazon.
pub const ISSUER: &str = "https://www.amazon.com";

const GIVEN: [&str; 2] = ["client_id", "authorize_scopes"];
const ENDPOINTS: [(&str, &str); 3] = [
    ("authorize_url", "https://www.amazon.com/ap/oa"),
    ("token_url", "https://api.amazon.com/auth/o2/token"),
    ("attributes_url", "https://api.amazon.com/user/profile"),
];
/// What Cognito shows besides, always with these values.
const SHOWN: [(&str, &str); 2] = [("attributes_url_add_attributes", "false"), ("token_request_method", "POST")];

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Our client id.
    pub client_id: &'a str,
    /// What is asked for.
    pub scopes: Vec<&'a str>,
    /// By the keys of the settings.
    pub endpoints: FixedEndpoints,
}

impl<'a> Settings<'a> {
    /// Checks all of a provider that is to be saved.
    pub fn check(provider: &IdentityProvider) -> Result<(), Failure> {
        let shown = ENDPOINTS.iter().chain(&SHOWN).map(|(key, _)| *key);
        check_keys(provider, &GIVEN.into_iter().chain(shown).collect::<Vec<_>>())?;
        check_constants(&provider.details, &SHOWN)?;
        Settings::read(&provider.details).map(|_| ())
    }

    /// Reads what a login needs.
    pub fn read(details: &'a BTreeMap<String, String>) -> Result<Self, Failure> {
        Ok(Self {
            client_id: client_id(details)?,
            scopes: scopes(required(details, "authorize_scopes")?)?,
            endpoints: FixedEndpoints::read(details, &ENDPOINTS)?,
        })
    }

    /// Where a token is asked about: beside the token endpoint, as Amazon's is.
    pub fn tokeninfo_url(&self) -> String {
        format!("{}info", self.endpoints.url("token_url"))
    }

    /// What describe answers show besides what was given (Cognito: `DescribeIdentityProvider`).
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let mut shown: Vec<_> = SHOWN.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        shown.extend(ENDPOINTS.map(|(key, _)| (key, self.endpoints.url(key).to_owned())));
        shown
    }
}
