//! What a login needs to know of a provider: settings made by hand first, discovery for the rest.
//!
//! Owns that order and the careful defaults for a provider whose discovery cannot be read: RS256 only, credentials in the form
//! (Cognito's way). Fetches nothing.

use jsonwebtoken::Algorithm;

use crate::federation::providers::oidc::discovery::Discovery;
use crate::federation::providers::oidc::settings::Settings;
use crate::model::failure::Failure;

/// The provider, ready for a login.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Where the browser goes.
    pub authorize_url: String,
    /// Where the code is redeemed.
    pub token_url: String,
    /// Userinfo, if the provider has it.
    pub attributes_url: Option<String>,
    /// The published keys.
    pub jwks_uri: String,
    /// What ID tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Whether credentials go into the form.
    pub secret_in_form: bool,
    /// Whether an answer without `iss` is refused (O-04).
    pub iss_required: bool,
}

impl Endpoints {
    /// A provider that needs no discovery: RS256, credentials in the form, claims from the ID token.
    pub fn fixed(authorize_url: &str, token_url: &str, jwks_uri: &str) -> Self {
        Self {
            authorize_url: authorize_url.to_owned(),
            token_url: token_url.to_owned(),
            attributes_url: None,
            jwks_uri: jwks_uri.to_owned(),
            algorithms: vec![Algorithm::RS256],
            secret_in_form: true,
            iss_required: false,
        }
    }

    /// Joins both sources; `unavailable` is the failure when the settings alone do not do.
    pub fn join(settings: &Settings<'_>, discovery: Result<&Discovery, Failure>) -> Result<Self, Failure> {
        let given = |value: Option<&str>| value.map(str::to_owned);
        let endpoints = match discovery {
            Ok(found) => Self {
                authorize_url: given(settings.authorize_url).unwrap_or_else(|| found.authorize_url.clone()),
                token_url: given(settings.token_url).unwrap_or_else(|| found.token_url.clone()),
                attributes_url: given(settings.attributes_url).or_else(|| found.attributes_url.clone()),
                jwks_uri: given(settings.jwks_uri).unwrap_or_else(|| found.jwks_uri.clone()),
                algorithms: found.algorithms.clone(),
                secret_in_form: found.secret_in_form,
                iss_required: found.announces_iss,
            },
            Err(failure) => {
                let (Some(authorize_url), Some(token_url), Some(jwks_uri)) =
                    (given(settings.authorize_url), given(settings.token_url), given(settings.jwks_uri))
                else {
                    return Err(failure);
                };
                Self {
                    authorize_url,
                    token_url,
                    attributes_url: given(settings.attributes_url),
                    jwks_uri,
                    algorithms: vec![Algorithm::RS256],
                    secret_in_form: true,
                    iss_required: false,
                }
            }
        };
        if !settings.may_send_browser_to(&endpoints.authorize_url) {
            return Err(Failure::ProviderUnavailable { reason: "authorize_url_not_allowed" });
        }
        Ok(endpoints)
    }
}
