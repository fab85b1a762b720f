//! The broker: carries a login out to an identity provider and back.
//!
//! Owns the transaction (state or RelayState → what was asked, for which browser, what the provider must remember), its single use and the
//! re-check of client and provider when the answer arrives (O-01, O-20). The protocol is each provider's; users are `identity`'s;
//! codes and sessions are `auth_flows`'.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth_flows::{authorization, web_session};
use crate::base::digest::{same, sha256_b64};
use crate::cache::Kind;
use crate::context::Context;
use crate::federation::link_proof::LinkTo;
use crate::federation::provider::{Answer, Provider, Start};
use crate::federation::{identity, link_proof};
use crate::model::authorization::Authorization;
use crate::model::departure::Departure;
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, Protocol, ProviderKind};
use crate::model::web_session::SignedInAt;

/// How long a user may stay at the provider, ms (Cognito: 5 minutes).
const LOGIN_LIFE_MS: i64 = 300_000;

/// The broker with its table of provider kinds.
#[derive(Debug)]
pub struct Broker {
    providers: Vec<Arc<dyn Provider>>,
}

/// A login on its way, under the digest of its handle.
#[derive(Debug, Serialize, Deserialize)]
struct Login {
    authorization: Authorization,
    provider: String,
    browser_digest: String,
    memory: Value,
    /// The user to whom the identity is linked; none for a sign-in.
    #[serde(default)]
    link_to: Option<LinkTo>,
}

/// An answer as a face received it.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The pool whose address it arrived at.
    pub pool_id: &'a str,
    /// Which protocol's endpoint it arrived at.
    pub protocol: Protocol,
    /// `state` or `RelayState`.
    pub handle: &'a str,
    /// The browser cookie, if one came along.
    pub browser: Option<&'a str>,
    /// The parameters, each once.
    pub parameters: &'a BTreeMap<String, String>,
}

/// Where a finished login sends the browser.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The app's redirect URI with a code, or with an error.
    pub redirect_to: String,
    /// The new session's cookie, when the user is signed in.
    pub session: Option<String>,
    /// Facts for the audit log.
    pub facts: Facts,
}

/// What the audit log says of a login; nothing of it reaches the browser.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The pool.
    pub pool_id: String,
    /// The app client.
    pub client_id: String,
    /// The provider's name.
    pub provider: String,
    /// The user, when one was found or made.
    pub sub: Option<String>,
    /// Why it was refused, when it was.
    pub refused: Option<&'static str>,
    /// More facts by their names: of a failed mapping, the attribute and the claim, never a value.
    pub more: Vec<(&'static str, String)>,
}

impl Facts {
    /// The facts by their names in the audit log.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("user_pool.id", self.pool_id.clone()),
            ("client.id", self.client_id.clone()),
            ("provider", self.provider.clone()),
        ];
        fields.extend(self.sub.iter().map(|sub| ("user.sub", sub.clone())));
        fields.extend(self.more.iter().cloned());
        fields
    }
}

impl Broker {
    /// A broker that speaks what the table holds (`providers::table`).
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self { providers }
    }

    /// The implementation of a kind.
    pub fn provider(&self, kind: ProviderKind) -> Option<Arc<dyn Provider>> {
        self.providers.iter().find(|provider| provider.kind() == kind).cloned()
    }

    /// Lets every kind do what is to be done beside logins.
    pub async fn upkeep(&self, context: &Context) {
        for provider in &self.providers {
            if let Err(failure) = provider.upkeep(context).await {
                tracing::warn!(provider.kind = provider.kind().as_str(), %failure, "upkeep failed; the next round tries again");
            }
        }
    }

    pub(super) fn spoken(&self, kind: ProviderKind) -> Result<Arc<dyn Provider>, Failure> {
        self.provider(kind).ok_or(Failure::ProviderUnavailable { reason: "provider_kind_not_built" })
    }

    /// Sends the browser to the provider of that name. `browser` is the value of the browser cookie that must come back with the answer.
    pub async fn begin(
        &self,
        context: &Context,
        authorization: Authorization,
        provider_name: &str,
        browser: &str,
    ) -> Result<Departure, Failure> {
        self.depart(context, authorization, provider_name, browser, None).await
    }

    /// Sends the browser to the provider of that name to prove an identity for a signed-in user (O-18).
    pub async fn begin_link(
        &self,
        context: &Context,
        authorization: Authorization,
        provider_name: &str,
        browser: &str,
        link_to: LinkTo,
    ) -> Result<Departure, Failure> {
        self.depart(context, authorization, provider_name, browser, Some(link_to)).await
    }

    async fn depart(
        &self,
        context: &Context,
        authorization: Authorization,
        provider_name: &str,
        browser: &str,
        link_to: Option<LinkTo>,
    ) -> Result<Departure, Failure> {
        let provider = admitted_provider(context, &authorization, provider_name).await?;
        let handle = context.ports.random.token();
        let begun = self
            .spoken(provider.kind)?
            .begin(
                context,
                &provider,
                Start {
                    handle: &handle,
                    callback_url: callback_url(&authorization),
                    acs_url: acs_url(&authorization),
                    sp_entity_id: sp_entity_id(&authorization.pool_id),
                    authorization: &authorization,
                },
            )
            .await?;
        let browser_digest = sha256_b64(browser.as_bytes());
        let login = Login { authorization, provider: provider.name.clone(), browser_digest, memory: begun.memory, link_to };
        let record = serde_json::to_string(&login).map_err(Failure::internal)?;
        context.ports.cache.put(Kind::Login, &sha256_b64(handle.as_bytes()), &record, LOGIN_LIFE_MS).await?;
        Ok(begun.departure)
    }

    /// Takes the provider's answer: exactly one answer per begun login, from the browser that began it, at the pool and protocol
    /// that it was begun for. A refusal by a check is an error (the face shows its fixed page); what the provider or the user declined
    /// lands at the app as an OAuth error.
    pub async fn complete(&self, context: &Context, arrival: Arrival<'_>) -> Result<Landing, Failure> {
        let handle_digest = sha256_b64(arrival.handle.as_bytes());
        let record = context.ports.cache.take(Kind::Login, &handle_digest).await?.ok_or(refused("unknown_or_used_state"))?;
        let login: Login = serde_json::from_str(&record).map_err(Failure::internal)?;
        let browser = arrival.browser.ok_or(refused("browser_cookie_missing"))?;
        if !same(sha256_b64(browser.as_bytes()).as_bytes(), login.browser_digest.as_bytes()) {
            return Err(refused("other_browser"));
        }
        if login.authorization.pool_id != arrival.pool_id {
            return Err(refused("other_pool"));
        }
        match self.proven(context, &arrival, &login, &handle_digest).await {
            Ok(landing) => Ok(landing),
            Err(failure) => landed_failure(context, &login.authorization, &login.provider, failure),
        }
    }

    async fn proven(
        &self,
        context: &Context,
        arrival: &Arrival<'_>,
        login: &Login,
        handle_digest: &str,
    ) -> Result<Landing, Failure> {
        let authorization = &login.authorization;
        let provider = admitted_provider(context, authorization, &login.provider).await?;
        if provider.kind.protocol() != arrival.protocol {
            return Err(refused("other_protocol"));
        }
        let answer = Answer {
            parameters: arrival.parameters,
            memory: &login.memory,
            callback_url: callback_url(authorization),
            acs_url: acs_url(authorization),
            sp_entity_id: sp_entity_id(&authorization.pool_id),
        };
        let identity = self.spoken(provider.kind)?.complete(context, &provider, answer).await?;
        let handle = OneTimeId {
            kind: "login".to_owned(),
            digest: handle_digest.to_owned(),
            expires_ms: context.now_ms() + 2 * LOGIN_LIFE_MS,
        };
        if let Some(link_to) = &login.link_to {
            link_proof::complete(context, &provider, link_to, &identity, &handle).await?;
            return Ok(linked(context, login));
        }
        self.welcome(context, authorization, &provider, identity, handle).await
    }

    /// Lets a proven person in: the user, a new session, a code for the app.
    pub(super) async fn welcome(
        &self,
        context: &Context,
        authorization: &Authorization,
        provider: &IdentityProvider,
        identity: ExternalIdentity,
        handle: OneTimeId,
    ) -> Result<Landing, Failure> {
        let until_ms = identity.session_until_ms;
        let single_logout = self.spoken(provider.kind)?.sign_out(provider).is_some();
        let at = identity.logout.clone().filter(|_| single_logout);
        let at = at.map(|logout| SignedInAt { subject_key: identity.subject_key.clone(), logout });
        let user = identity::sign_in(context, provider, &authorization.client_id, identity, handle).await?;
        let now_ms = context.now_ms();
        let (pool, sub, name) = (&user.pool_id, &user.sub, &provider.name);
        let session = match at {
            Some(at) => web_session::start_with_single_logout(context, pool, sub, name, now_ms, until_ms, at).await?,
            None => web_session::start(context, pool, sub, name, now_ms, until_ms).await?,
        };
        let redirect_to = authorization::grant_code(context, authorization, &user.sub, &provider.name, now_ms).await?;
        Ok(Landing {
            redirect_to,
            session: Some(session),
            facts: Facts {
                pool_id: user.pool_id,
                client_id: authorization.client_id.clone(),
                provider: provider.name.clone(),
                sub: Some(user.sub),
                refused: None,
                more: Vec::new(),
            },
        })
    }
}

/// The end of a link: back to the app, without a code and without another session.
fn linked(context: &Context, login: &Login) -> Landing {
    Landing {
        redirect_to: authorization::linked_redirect(context, &login.authorization, &login.provider),
        session: None,
        facts: Facts {
            pool_id: login.authorization.pool_id.clone(),
            client_id: login.authorization.client_id.clone(),
            provider: login.provider.clone(),
            sub: login.link_to.as_ref().map(|link_to| link_to.sub.clone()),
            ..Facts::default()
        },
    }
}

/// Where the provider's and the user's own refusals go: back to the app, with a fixed text (O-28). Values that do not fit the pool go there
/// too, with the reference under which the log names attribute and claim: nobody is locked out silently. Everything else stays an error.
pub(super) fn landed_failure(
    context: &Context,
    authorization: &Authorization,
    provider: &str,
    failure: Failure,
) -> Result<Landing, Failure> {
    let referred = |text: &str| format!("{text}. Reference: {}", context.request_id);
    let mut more = Vec::new();
    let (error, description) = match &failure {
        Failure::ProviderDenied { .. } => ("access_denied", "The identity provider did not sign the user in.".to_owned()),
        Failure::ProviderUnavailable { .. } => {
            ("server_error", "The identity provider cannot be reached at the moment.".to_owned())
        }
        // Only a link fails in these ways; the user who asked for it is told.
        Failure::AliasExists(text) | Failure::LimitExceeded(text) => ("access_denied", text.clone()),
        Failure::InvalidUserAttributes(text) => ("invalid_request", referred(text)),
        Failure::MappingFailed(fault) => {
            more.extend([("attribute", fault.attribute.clone()), ("claim", fault.claim.clone())]);
            ("invalid_request", referred(&fault.to_string()))
        }
        _ => return Err(failure),
    };
    Ok(Landing {
        redirect_to: authorization::error_redirect(context, authorization, error, &described(&description)),
        session: None,
        facts: Facts {
            pool_id: authorization.pool_id.clone(),
            client_id: authorization.client_id.clone(),
            provider: provider.to_owned(),
            sub: None,
            refused: Some(failure.reason()),
            more,
        },
    })
}

/// What `error_description` may hold (RFC 6749 section 4.1.2.1); the names of attributes may hold more.
fn described(text: &str) -> String {
    let allowed = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    text.chars().map(|letter| if allowed(letter) { letter } else { '?' }).collect()
}

/// The provider, if it and the client may be used now. Asked at begin and again when the answer arrives (O-20).
pub(super) async fn admitted_provider(
    context: &Context,
    authorization: &Authorization,
    name: &str,
) -> Result<Arc<IdentityProvider>, Failure> {
    let held = &context.ports.held;
    let client = held.client(&authorization.pool_id, &authorization.client_id).await?;
    let provider = held.provider(&authorization.pool_id, name).await?;
    if !client.is_some_and(|client| client.enabled && client.providers.iter().any(|known| known == name)) {
        return Err(refused("provider_not_allowed_for_client"));
    }
    provider.filter(|provider| provider.enabled).ok_or(refused("provider_disabled"))
}

pub(super) fn callback_url(authorization: &Authorization) -> String {
    format!("{}/oauth2/idpresponse", authorization.domain_url)
}

pub(super) fn acs_url(authorization: &Authorization) -> String {
    format!("{}/saml2/idpresponse", authorization.domain_url)
}

/// Our SAML entity id for a pool: Cognito's own form, so that an identity provider set up for Cognito needs no change.
pub fn sp_entity_id(pool_id: &str) -> String {
    format!("urn:amazon:cognito:sp:{pool_id}")
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
