//! Linking and unlinking by the users themselves, proven in a session whose sign-in is fresh (O-18).
//!
//! Owns the proof: random, used once, bound to user, session, client and act. A proof for a link becomes part of the login at the provider
//! and ends with its answer, which counts for the one subject that it proves; it ends too when the session does or when the user unlinks. What
//! links may stand on is `link`'s; carrying the browser out and back is the broker's.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::auth_flows::authorize::redirect_uri::registrable;
use crate::auth_flows::standing::{proof_ended, provider_is_usable};
use crate::auth_flows::web_session;
use crate::base::digest::sha256_b64;
use crate::cache::Kind;
use crate::context::Context;
use crate::federation::link;
use crate::model::app_client::AppClient;
use crate::model::authorization::Authorization;
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::user::{FederatedIdentity, User};
use crate::model::web_session::WebSession;
use crate::store::StoreError;
use crate::user_pools::address::ServedPool;

/// How old the sign-in of the session may be, ms.
const FRESH_MS: i64 = 5 * 60 * 1000;

/// What an app asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The app client.
    pub client_id: &'a str,
    /// Where the browser goes afterwards; registered at the client.
    pub redirect_uri: &'a str,
    /// Repeated to the app.
    pub state: Option<&'a str>,
    /// The one provider to link, or any of the client's.
    pub provider: Option<&'a str>,
}

/// A signed-in user who may change his links now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The client.
    pub client: Arc<AppClient>,
    /// The user.
    pub user: User,
    /// Where the browser goes afterwards.
    pub authorization: Authorization,
    session: WebSession,
    session_key: String,
}

/// Why a wish is not served.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// Nowhere safe to redirect to: show the fixed page.
    Page(&'static str),
    /// The user must sign in first, or anew: tell the app.
    SignIn(Box<Authorization>),
}

/// What a proof allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Linking an identity of this provider.
    Link {
        /// Its name.
        provider: String,
    },
    /// Unlinking one identity.
    Unlink {
        /// The provider's name.
        provider: String,
        /// The identity key.
        subject_key: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Proof {
    act: Act,
    authorization: Authorization,
    link_to: LinkTo,
}

/// Whom a login at a provider links to, instead of signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTo {
    /// The user.
    pub sub: String,
    /// The key of the user's session.
    pub session_key: String,
    /// When the user asked, ms.
    pub asked_ms: i64,
}

/// Judges a wish: client and redirect URI first, then the session of this browser (`cookie`), which must be fresh and of this client's providers.
pub async fn stand(
    context: &Context,
    served: &ServedPool,
    wish: Wish<'_>,
    cookie: Option<&str>,
) -> Result<Result<Standing, Unfit>, Failure> {
    let pool_id = &served.pool.id;
    let client = context.ports.held.client(pool_id, wish.client_id).await?;
    let Some(client) = client.filter(|client| client.enabled) else { return Ok(Err(Unfit::Page("client_unknown"))) };
    if !client.callback_urls.iter().any(|known| known == wish.redirect_uri) || registrable(wish.redirect_uri).is_err() {
        return Ok(Err(Unfit::Page("redirect_uri_mismatch")));
    }
    let authorization = authorization(context, served, &client, wish);
    let Some(cookie) = cookie else { return Ok(Err(Unfit::SignIn(Box::new(authorization)))) };
    let session = web_session::find(context, pool_id, cookie).await?;
    let Some(session) = session.filter(|session| context.now_ms() - session.auth_time_ms <= FRESH_MS) else {
        return Ok(Err(Unfit::SignIn(Box::new(authorization))));
    };
    let user = context.ports.store.read().await?.users().find_by_sub(pool_id, &session.sub).await?;
    let usable = provider_is_usable(context, &client, &session.provider).await?;
    let Some(user) = user.filter(|_| usable) else { return Ok(Err(Unfit::SignIn(Box::new(authorization)))) };
    let session_key = web_session::session_key(cookie);
    Ok(Ok(Standing { client, user, authorization, session, session_key }))
}

/// Issues a proof for one act of this user in this session. It lives as long as the sign-in is fresh.
pub async fn issue(context: &Context, standing: &Standing, act: Act) -> Result<String, Failure> {
    let proof = Proof {
        act,
        authorization: standing.authorization.clone(),
        link_to: LinkTo { sub: standing.user.sub.clone(), session_key: standing.session_key.clone(), asked_ms: context.now_ms() },
    };
    let token = context.ports.random.token();
    let life_ms = standing.session.auth_time_ms.saturating_add(FRESH_MS).saturating_sub(context.now_ms());
    let record = serde_json::to_string(&proof).map_err(Failure::internal)?;
    context.ports.cache.put(Kind::LinkProof, &sha256_b64(token.as_bytes()), &record, life_ms).await?;
    Ok(token)
}

/// Takes a proof, once, in the session that it was issued to. Returns what it allows, to whom, and for which app.
pub async fn take(
    context: &Context,
    pool_id: &str,
    token: &str,
    cookie: Option<&str>,
) -> Result<(Act, Authorization, LinkTo), Failure> {
    let record = context.ports.cache.take(Kind::LinkProof, &sha256_b64(token.as_bytes())).await?;
    let record = record.ok_or(refused("link_proof_unknown_or_used"))?;
    let proof: Proof = serde_json::from_str(&record).map_err(Failure::internal)?;
    let cookie = cookie.ok_or(refused("link_session_missing"))?;
    if proof.authorization.pool_id != pool_id || proof.link_to.session_key != web_session::session_key(cookie) {
        return Err(refused("link_of_other_session"));
    }
    living(context, pool_id, &proof.link_to).await?;
    Ok((proof.act, proof.authorization, proof.link_to))
}

/// Unlinks one of the user's own identities, but not the one that made the user. What came through it ends.
pub async fn unlink(context: &Context, pool_id: &str, link_to: &LinkTo, provider: &str, subject_key: &str) -> Result<(), Failure> {
    let mut work = context.ports.store.begin().await?;
    if !work.users().unlink(pool_id, &link_to.sub, provider, subject_key).await? {
        return Err(refused("identity_not_linked"));
    }
    link::end_proofs(context, &mut work, pool_id, &link_to.sub, provider).await?;
    Ok(work.commit().await?)
}

/// The identities that a user may unlink: all but the one that made the user.
pub fn own_links(user: &User) -> impl Iterator<Item = &FederatedIdentity> {
    user.identities.iter().filter(|identity| !identity.primary)
}

/// Links what the provider proved to the user who asked for it. `handle` is consumed for good in the same unit of work. The identity must be
/// nobody's, and wait for nobody else.
pub async fn complete(
    context: &Context,
    provider: &IdentityProvider,
    link_to: &LinkTo,
    identity: &ExternalIdentity,
    handle: &OneTimeId,
) -> Result<(), Failure> {
    let pool_id = provider.pool_id.as_str();
    if !link::is_linkable(&identity.subject) {
        return Err(refused("subject_malformed"));
    }
    let session = living(context, pool_id, link_to).await?;
    let mut work = context.ports.store.begin().await?;
    if !work.consumed().consume_both(pool_id, handle, identity.one_time.as_ref()).await? {
        return Err(refused("answer_used_before"));
    }
    // Whoever links to or unlinks from the same user waits here; then everything is judged as it stands.
    work.users().touch(pool_id, &link_to.sub, context.now_ms()).await?;
    let user =
        work.users().find_by_sub(pool_id, &link_to.sub).await?.filter(|user| user.enabled).ok_or(refused("user_disabled"))?;
    if session.auth_time_ms < user.signed_out_ms
        || proof_ended(context, &mut work, pool_id, &user.sub, (&session.provider, session.auth_time_ms)).await?
        || work.identity_links().ended_ms(pool_id, &user.sub, &provider.name).await?.is_some_and(|ended| link_to.asked_ms <= ended)
    {
        return Err(refused("link_proof_ended"));
    }
    if work.users().find_by_identity(pool_id, &provider.name, &identity.subject_key).await?.is_some() {
        return Err(taken());
    }
    let waiting = link::waiting_for(&mut work, provider, identity).await?;
    if waiting.iter().any(|link| link.sub != user.sub) {
        return Err(taken());
    }
    for link in &waiting {
        work.identity_links().take(pool_id, link).await?;
    }
    link::check_room(&mut work, &user).await?;
    match work.users().link(pool_id, &user.sub, &link::linked(context, provider, identity)).await {
        Err(StoreError::Duplicate) => return Err(taken()),
        other => other?,
    }
    Ok(work.commit().await?)
}

/// The session of a proof, while it lives, is the same user's and still fresh enough for a login at the provider.
async fn living(context: &Context, pool_id: &str, link_to: &LinkTo) -> Result<WebSession, Failure> {
    let session = web_session::find_by_key(context, pool_id, &link_to.session_key).await?;
    session.filter(|session| session.sub == link_to.sub).ok_or(refused("link_session_ended"))
}

fn authorization(context: &Context, served: &ServedPool, client: &AppClient, wish: Wish<'_>) -> Authorization {
    Authorization {
        pool_id: served.pool.id.clone(),
        client_id: client.id.clone(),
        redirect_uri: wish.redirect_uri.to_owned(),
        scopes: Vec::new(),
        state: wish.state.map(str::to_owned),
        nonce: None,
        code_challenge: None,
        domain_url: served.domain_url.clone(),
        login_hint: None,
        // A session that somebody else left at the provider must not become this user's identity.
        prompt: Some("login".to_owned()),
        max_age_s: None,
        acr_values: None,
        created_ms: context.now_ms(),
    }
}

fn taken() -> Failure {
    Failure::AliasExists("The identity belongs to another user.".to_owned())
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
