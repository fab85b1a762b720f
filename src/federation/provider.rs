//! The identity-provider trait: what every kind of provider can do.
//!
//! A provider begins a login (where to send the browser, what to remember) and completes it (checks the answer, returns what was
//! proven). It owns every check of its protocol; state, browser binding and single use are the broker's, mapping and users
//! are `identity`'s.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::base::secret::Secret;
use crate::context::Context;
use crate::federation::saml::logout::Delivery;
use crate::model::authorization::Authorization;
use crate::model::departure::Departure;
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::model::web_session::ProviderSession;

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

    /// Whether this provider may send answers that nobody asked for (Cognito: `IDPInit`). Such an answer comes to
    /// [`Provider::complete`] with [`unsolicited`] as its memory.
    fn takes_unsolicited(&self, _provider: &IdentityProvider) -> bool {
        false
    }

    /// Single logout, where the kind has it and this provider wants it (Cognito: `IDPSignout`).
    fn sign_out(&self, _provider: &IdentityProvider) -> Option<&dyn SignOut> {
        None
    }
}

/// The memory of an answer that no login of ours began.
pub fn unsolicited() -> Value {
    serde_json::json!({ "unsolicited": true })
}

/// A sign-out of ours on its way to the provider.
#[derive(Clone, Debug)]
pub struct Leaving<'a> {
    /// The opaque handle that must come back.
    pub handle: &'a str,
    /// The session that ended here, as the provider knows it.
    pub session: &'a ProviderSession,
    /// Our SAML entity id.
    pub sp_entity_id: String,
}

/// A message of a provider about a sign-out, as it arrived.
#[derive(Clone, Debug)]
pub struct SignOutMessage {
    /// The message.
    pub delivery: Arc<Delivery>,
    /// The URL at which it arrived, from configuration: the only one that it may be meant for.
    pub slo_url: String,
}

/// What a provider asks to end: it is proven who asks.
#[derive(Clone, Debug)]
pub struct EndAsked {
    /// The providers of the pool that the asking party is; never empty.
    pub providers: Vec<IdentityProvider>,
    /// Whose sessions; a reason when the request is not acceptable although it is proven.
    pub wish: Result<EndWish, &'static str>,
    /// What the answer has to name.
    pub memory: Value,
}

/// Whose sessions end.
#[derive(Clone, Debug)]
pub struct EndWish {
    /// The identity key of the subject.
    pub subject_key: String,
    /// The provider's own sessions; none means all of the subject's.
    pub session_indexes: Vec<String>,
    /// To be consumed in the unit of work that ends them.
    pub once: OneTimeId,
}

/// What became of what a provider asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The sessions are ended, if there were any.
    Done,
    /// The request was refused.
    Refused,
    /// It could not be done.
    Failed,
}

/// Single logout with a kind of identity provider, both ways.
pub trait SignOut: Send + Sync {
    /// Tells the provider that a session ended here.
    fn leave<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        leaving: Leaving<'a>,
    ) -> Boxed<'a, Result<Begun, Failure>>;

    /// Checks the provider's answer. Gives a reason when the provider says, provenly, that it did not end its own session.
    fn left<'a>(
        &'a self,
        context: &'a Context,
        provider: &'a IdentityProvider,
        message: &'a SignOutMessage,
        memory: &'a Value,
    ) -> Boxed<'a, Result<Option<&'static str>, Failure>>;

    /// Checks a request of one of these providers. An error means that nothing proves who asks.
    fn asked<'a>(
        &'a self,
        context: &'a Context,
        providers: &'a [IdentityProvider],
        message: &'a SignOutMessage,
    ) -> Boxed<'a, Result<EndAsked, Failure>>;

    /// Answers such a request.
    fn answer<'a>(
        &'a self,
        context: &'a Context,
        asked: &'a EndAsked,
        message: &'a SignOutMessage,
        ended: Ended,
        sp_entity_id: &'a str,
    ) -> Boxed<'a, Result<Departure, Failure>>;
}
