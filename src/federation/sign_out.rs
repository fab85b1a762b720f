//! Single logout: carries a sign-out to the provider that a session came from, and ends sessions that a provider asks to end.
//!
//! Owns the transaction (RelayState → where the browser goes, for which browser), its single use, and that a provider's request ends
//! sessions of that provider and subject only, once (S-29). Messages and their proof are the provider's; sessions are `auth_flows`'.
//!
//! What ends is the browser session, as Cognito does it. Refresh tokens stay: they belong to apps, which sign out by their own
//! means (`/oauth2/revoke`, global sign-out); a grant does not say through which session it came, and ending all of a user's
//! grants would let one browser's sign-out end the apps on every other device.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth_flows::web_session;
use crate::base::digest::{same, sha256_b64};
use crate::cache::Kind;
use crate::context::Context;
use crate::federation::broker::{Broker, sp_entity_id};
use crate::federation::provider::{EndWish, Ended, Leaving, SignOutMessage};
use crate::federation::saml::logout::Delivery;
use crate::federation::saml::outgoing::Field;
use crate::model::departure::Departure;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::web_session::ProviderSession;

/// How long the provider may take for its own sign-out, ms.
const LEAVE_LIFE_MS: i64 = 300_000;

/// Providers that are read at a time.
const PAGE: u32 = 60;

/// A sign-out on its way, under the digest of its handle.
#[derive(Debug, Serialize, Deserialize)]
struct Leave {
    pool_id: String,
    provider: String,
    target: String,
    browser_digest: String,
    memory: Value,
}

/// A logout message as a face received it.
#[derive(Clone, Debug)]
pub struct SignOutArrival<'a> {
    /// The pool whose address it arrived at.
    pub pool_id: &'a str,
    /// That address: `{domain_url}/saml2/logout`.
    pub slo_url: String,
    /// The browser cookie, if one came along; a provider's request needs none.
    pub browser: Option<&'a str>,
    /// The message.
    pub delivery: Delivery,
}

/// Where the browser goes next.
#[derive(Clone, Debug)]
pub struct SignedOut {
    /// The app's own URL after a sign-out that began here, or the provider with our answer.
    pub departure: Departure,
    /// The provider's name.
    pub provider: String,
    /// How many sessions ended because the provider asked.
    pub sessions: Option<usize>,
    /// Why it was not done, when it was not.
    pub refused: Option<&'static str>,
}

impl Broker {
    /// Sends the browser to the provider of a session that ended here. Nothing when the provider takes no part in single logout (any more).
    /// `target` was validated before; the browser comes back to it. `browser` is the value of the browser cookie.
    pub async fn begin_sign_out(
        &self,
        context: &Context,
        session: &ProviderSession,
        target: &str,
        browser: &str,
    ) -> Result<Option<Departure>, Failure> {
        let provider = context.ports.held.provider(&session.pool_id, &session.provider).await?;
        let Some(provider) = provider.filter(|provider| provider.enabled) else { return Ok(None) };
        let spoken = self.spoken(provider.kind)?;
        let Some(sign_out) = spoken.sign_out(&provider) else { return Ok(None) };
        let handle = context.ports.random.token();
        let leaving = Leaving { handle: &handle, session, sp_entity_id: sp_entity_id(&session.pool_id) };
        let begun = sign_out.leave(context, &provider, leaving).await?;
        let leave = Leave {
            pool_id: session.pool_id.clone(),
            provider: provider.name.clone(),
            target: target.to_owned(),
            browser_digest: sha256_b64(browser.as_bytes()),
            memory: begun.memory,
        };
        let record = serde_json::to_string(&leave).map_err(Failure::internal)?;
        context.ports.cache.put(Kind::Logout, &sha256_b64(handle.as_bytes()), &record, LEAVE_LIFE_MS).await?;
        Ok(Some(begun.departure))
    }

    /// Takes a logout message: the answer to a sign-out that began here, or a provider's own request.
    pub async fn sign_out_arrived(&self, context: &Context, arrival: SignOutArrival<'_>) -> Result<SignedOut, Failure> {
        let message = SignOutMessage { delivery: Arc::new(arrival.delivery), slo_url: arrival.slo_url };
        match message.delivery.field() {
            Field::Response => self.left(context, arrival.pool_id, arrival.browser, &message).await,
            Field::Request => self.asked(context, arrival.pool_id, &message).await,
        }
    }

    /// The answer: once, in the browser that signed out. Whatever it says, the session here is over already.
    async fn left(
        &self,
        context: &Context,
        pool_id: &str,
        browser: Option<&str>,
        message: &SignOutMessage,
    ) -> Result<SignedOut, Failure> {
        let handle = message.delivery.relay_state().ok_or(refused("relay_state_missing"))?;
        let record = context.ports.cache.take(Kind::Logout, &sha256_b64(handle.as_bytes())).await?;
        let leave: Leave = serde_json::from_str(&record.ok_or(refused("unknown_or_used_state"))?).map_err(Failure::internal)?;
        let browser = browser.ok_or(refused("browser_cookie_missing"))?;
        if !same(sha256_b64(browser.as_bytes()).as_bytes(), leave.browser_digest.as_bytes()) {
            return Err(refused("other_browser"));
        }
        if leave.pool_id != pool_id {
            return Err(refused("other_pool"));
        }
        let provider = context.ports.held.provider(pool_id, &leave.provider).await?;
        let provider = provider.ok_or(refused("provider_gone"))?;
        let spoken = self.spoken(provider.kind)?;
        let sign_out = spoken.sign_out(&provider).ok_or(refused("single_logout_disabled"))?;
        let refused = sign_out.left(context, &provider, message, &leave.memory).await?;
        Ok(SignedOut { departure: Departure::Redirect(leave.target), provider: provider.name.clone(), sessions: None, refused })
    }

    /// A provider's request. Needs no cookie: a cross-site POST brings none, and sessions are found by what the provider calls them.
    async fn asked(&self, context: &Context, pool_id: &str, message: &SignOutMessage) -> Result<SignedOut, Failure> {
        let providers = self.with_single_logout(context, pool_id).await?;
        let kind = providers.first().ok_or(refused("single_logout_disabled"))?.kind;
        let spoken = self.spoken(kind)?;
        let sign_out = spoken.sign_out(&providers[0]).ok_or(refused("single_logout_disabled"))?;
        let asked = sign_out.asked(context, &providers, message).await?;
        let (ended, sessions, reason) = match &asked.wish {
            Err(reason) => (Ended::Refused, None, Some(*reason)),
            Ok(wish) => match end(context, pool_id, &asked.providers, wish).await {
                Ok(Some(sessions)) => (Ended::Done, Some(sessions), None),
                Ok(None) => (Ended::Refused, None, Some("logout_request_used_before")),
                Err(failure) => {
                    tracing::error!(request.id = context.request_id, error = %failure, "sessions could not be ended");
                    (Ended::Failed, None, Some(failure.reason()))
                }
            },
        };
        let departure = sign_out.answer(context, &asked, message, ended, &sp_entity_id(pool_id)).await?;
        let provider = asked.providers.into_iter().next().map(|provider| provider.name).unwrap_or_default();
        Ok(SignedOut { departure, provider, sessions, refused: reason })
    }

    /// The pool's providers that take part.
    async fn with_single_logout(&self, context: &Context, pool_id: &str) -> Result<Vec<IdentityProvider>, Failure> {
        let mut work = context.ports.store.read().await?;
        let (mut found, mut after): (Vec<IdentityProvider>, Option<String>) = (Vec::new(), None);
        loop {
            let page = work.identity_providers().list(pool_id, after.as_deref(), PAGE).await?;
            after = page.last().map(|provider| provider.name.clone());
            let last = page.len() < PAGE as usize;
            found.extend(page.into_iter().filter(|provider| {
                provider.enabled && self.provider(provider.kind).is_some_and(|spoken| spoken.sign_out(provider).is_some())
            }));
            if last {
                return Ok(found);
            }
        }
    }
}

/// Ends what the request names, in the unit of work that consumes it: how many, or nothing when it was used before.
async fn end(context: &Context, pool_id: &str, providers: &[IdentityProvider], wish: &EndWish) -> Result<Option<usize>, Failure> {
    let mut work = context.ports.store.begin().await?;
    if !work.consumed().consume(pool_id, &wish.once.kind, &wish.once.digest, wish.once.expires_ms).await? {
        return Ok(None);
    }
    let mut ended = Vec::new();
    for provider in providers {
        let mut sessions = work.provider_sessions();
        ended.extend(sessions.take_of_subject(pool_id, &provider.name, &wish.subject_key, &wish.session_indexes).await?);
    }
    work.commit().await?;
    // The rows decide; what a cache still holds is dead already.
    if let Err(failure) = web_session::forget(context, &ended).await {
        tracing::warn!(request.id = context.request_id, error = %failure, "ended sessions stay in the cache until they expire");
    }
    Ok(Some(ended.len()))
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
