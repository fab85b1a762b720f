//! The identity-provider trait: what every kind of provider can do.
//!
//! A provider begins a login (where to send the browser, what to remember) and completes it (checks the answer, returns what was
//! proven). It owns every check of its protocol; state, browser binding and single use are the broker's, mapping and users
//! are `identity`'s.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::base::secret::Secret;
use crate::context::Context;
use crate::model::authorization::Authorization;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};

/// A boxed future, since providers stand in a table.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a provider needs to begin a login.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The opaque handle that must come back: `state` or `RelayState`.
    pub handle: &'a str,
    /// Where OIDC answers go: `{domain_url}/oauth2/idpresponse`.
    pub callback_url: String,
    /// Where SAML answers go: `{domain_url}/saml2/idpresponse`.
    pub acs_url: String,
    /// Our SAML entity id.
    pub sp_entity_id: String,
    /// The request that started it: `login_hint`, `prompt`, `max_age_s`.
    pub authorization: &'a Authorization,
}

/// Where the browser goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A redirect by GET.
    Redirect(String),
    /// A form that posts itself (with a button for browsers without script).
    PostForm {
        /// Target.
        action: String,
        /// Hidden fields.
        fields: Vec<(String, String)>,
    },
}

/// A begun login.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub departure: Departure,
    /// What the provider must see again at completion (nonce, verifier, request id); kept in the cache with the transaction.
    pub memory: Value,
}

/// The provider's answer as the browser brought it: each parameter once.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Query or form parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// What [`Provider::begin`] remembered.
    pub memory: &'a Value,
    /// Where this answer arrived: the same URL that the start named.
    pub callback_url: String,
    /// The SAML form of it.
    pub acs_url: String,
    /// Our SAML entity id.
    pub sp_entity_id: String,
}

/// A secret setting in clear, if there is one (`client_secret`, `private_key`). A secret that was sealed for another place does not open (K-04).
pub fn secret(context: &Context, provider: &IdentityProvider, key: &str) -> Result<Option<Secret>, Failure> {
    let place = [provider.pool_id.as_str(), "identity_provider", provider.name.as_str(), key];
    let open = |sealed: &String| context.ports.seal.open(&place, sealed).map_err(Failure::from);
    provider.sealed_details.get(key).map(open).transpose()
}

/// A kind of identity provider.
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Which kind this is.
    fn kind(&self) -> ProviderKind;

    /// Checks settings before they are saved (Cognito: `CreateIdentityProvider`), S-01 among them. May fetch documents. May complete
    /// `details` with what describe answers add.
    fn validate<'a>(&'a self, context: &'a Context, provider: &'a mut IdentityProvider) -> Boxed<'a, Result<(), Failure>>;

    /// Begins a login.
    fn begin<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        start: Start<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>>;

    /// Checks the answer and returns what was proven.
    fn complete<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        answer: Answer<'a>,
    ) -> Boxed<'a, Result<ExternalIdentity, Failure>>;

    /// What is to be done beside logins: called every half minute. Owns its own rhythm, errors go to the log.
    fn upkeep<'a>(&'a self, _context: &'a Context) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}
