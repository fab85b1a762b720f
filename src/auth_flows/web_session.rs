//! Browser sessions: single sign-on across the clients of a pool.
//!
//! Owns their life (one hour from sign-in, not extended by use) and when one no longer counts. The cookie's value is random and known
//! only to the browser; the cache has its digest. A session is new at each sign-in; cookies are the faces'. Sessions that a provider
//! may end have a row in the store: single logout deletes it, and nothing that a cache brings back revives the session.

use crate::auth_flows::standing::proof_ended;
use crate::base::digest;
use crate::cache::Kind;
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::web_session::{ProviderSession, SignedInAt, WebSession};

/// Life of a session, ms (Cognito: the `cognito` cookie lives for an hour).
pub const SESSION_LIFE_MS: i64 = 60 * 60 * 1000;

/// Length of a session cookie's value.
const COOKIE_LEN: usize = 43;

/// Starts a session and returns the cookie's value. `until_ms` is when the identity provider ends its own session (S-15).
pub async fn start(
    context: &Context,
    pool_id: &str,
    sub: &str,
    provider: &str,
    auth_time_ms: i64,
    until_ms: Option<i64>,
) -> Result<String, Failure> {
    let session = new_session(context, [pool_id, sub, provider], auth_time_ms, until_ms);
    let cookie = context.ports.random.token();
    keep(context, &cookie, &session).await?;
    Ok(cookie)
}

/// The same for a session that takes part in single logout: its row is written first, so that there is no moment in which a provider's
/// LogoutRequest would miss it.
pub async fn start_with_single_logout(
    context: &Context,
    pool_id: &str,
    sub: &str,
    provider: &str,
    auth_time_ms: i64,
    until_ms: Option<i64>,
    at: SignedInAt,
) -> Result<String, Failure> {
    let mut session = new_session(context, [pool_id, sub, provider], auth_time_ms, until_ms);
    session.single_logout = true;
    let cookie = context.ports.random.token();
    let row = ProviderSession {
        pool_id: pool_id.to_owned(),
        session_key: session_key(&cookie),
        provider: provider.to_owned(),
        subject_key: at.subject_key,
        logout: at.logout,
        sub: sub.to_owned(),
        expires_ms: session.expires_ms,
    };
    let mut work = context.ports.store.begin().await?;
    work.provider_sessions().insert(&row).await?;
    work.commit().await?;
    keep(context, &cookie, &session).await?;
    Ok(cookie)
}

fn new_session(context: &Context, [pool_id, sub, provider]: [&str; 3], auth_time_ms: i64, until_ms: Option<i64>) -> WebSession {
    WebSession {
        pool_id: pool_id.to_owned(),
        sub: sub.to_owned(),
        provider: provider.to_owned(),
        auth_time_ms,
        expires_ms: context.now_ms().saturating_add(SESSION_LIFE_MS).min(until_ms.unwrap_or(i64::MAX)),
        single_logout: false,
    }
}

async fn keep(context: &Context, cookie: &str, session: &WebSession) -> Result<(), Failure> {
    let life_ms = session.expires_ms.saturating_sub(context.now_ms());
    if life_ms > 0 {
        let value = serde_json::to_string(session).map_err(Failure::internal)?;
        context.ports.cache.put(Kind::WebSession, &key(&session.pool_id, &session_key(cookie)), &value, life_ms).await?;
    }
    Ok(())
}

/// The living session behind a cookie: its user exists, is enabled, and has not signed out everywhere since; neither a single logout nor
/// the end of what the provider proved has ended it.
pub async fn find(context: &Context, pool_id: &str, cookie: &str) -> Result<Option<WebSession>, Failure> {
    if cookie.len() != COOKIE_LEN {
        return Ok(None);
    }
    find_by_key(context, pool_id, &session_key(cookie)).await
}

/// [`find`] by the session's key, for answers to which the browser does not bring the cookie.
pub async fn find_by_key(context: &Context, pool_id: &str, session_key: &str) -> Result<Option<WebSession>, Failure> {
    let ports = &context.ports;
    let Some(value) = ports.cache.get(Kind::WebSession, &key(pool_id, session_key)).await? else { return Ok(None) };
    let session: WebSession = serde_json::from_str(&value).map_err(Failure::internal)?;
    if session.pool_id != pool_id || session.expires_ms <= context.now_ms() {
        return Ok(None);
    }
    let mut work = ports.store.read().await?;
    if session.single_logout && !work.provider_sessions().stands(pool_id, session_key).await? {
        return Ok(None);
    }
    let user = work.users().find_by_sub(pool_id, &session.sub).await?;
    if !user.is_some_and(|user| user.enabled && session.auth_time_ms >= user.signed_out_ms) {
        return Ok(None);
    }
    let ended = proof_ended(context, &mut work, pool_id, &session.sub, (&session.provider, session.auth_time_ms)).await?;
    Ok((!ended).then_some(session))
}

/// Ends a session. Returns what its provider must be told, when the session takes part in single logout.
pub async fn end(context: &Context, pool_id: &str, cookie: &str) -> Result<Option<ProviderSession>, Failure> {
    if cookie.len() != COOKIE_LEN {
        return Ok(None);
    }
    let session_key = session_key(cookie);
    let Some(value) = context.ports.cache.take(Kind::WebSession, &key(pool_id, &session_key)).await? else { return Ok(None) };
    let session: WebSession = serde_json::from_str(&value).map_err(Failure::internal)?;
    if !session.single_logout {
        return Ok(None);
    }
    let mut work = context.ports.store.begin().await?;
    let row = work.provider_sessions().take(pool_id, &session_key).await?;
    work.commit().await?;
    Ok(row)
}

/// Forgets the cached halves of sessions whose rows are gone already.
pub async fn forget(context: &Context, sessions: &[ProviderSession]) -> Result<(), Failure> {
    for session in sessions {
        context.ports.cache.remove(Kind::WebSession, &key(&session.pool_id, &session.session_key)).await?;
    }
    Ok(())
}

/// What a session is known by where its cookie is not: no way leads back to it.
pub fn session_key(cookie: &str) -> String {
    digest::sha256_b64(cookie.as_bytes())
}

fn key(pool_id: &str, session_key: &str) -> String {
    format!("{pool_id}:{session_key}")
}
