//! Browser sessions: single sign-on across the clients of a pool.
//!
//! Owns their life (one hour from sign-in, not extended by use) and when one no longer counts. The cookie's value is random and known
//! only to the browser; the cache has its digest. A session is new at each sign-in; cookies are the faces'.

use crate::auth_flows::standing::proof_ended;
use crate::base::digest;
use crate::cache::Kind;
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::web_session::WebSession;

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
    let ports = &context.ports;
    let now_ms = context.now_ms();
    let expires_ms = now_ms.saturating_add(SESSION_LIFE_MS).min(until_ms.unwrap_or(i64::MAX));
    let cookie = ports.random.token();
    let session =
        WebSession { pool_id: pool_id.to_owned(), sub: sub.to_owned(), provider: provider.to_owned(), auth_time_ms, expires_ms };
    let life_ms = expires_ms.saturating_sub(now_ms);
    if life_ms > 0 {
        let value = serde_json::to_string(&session).map_err(Failure::internal)?;
        ports.cache.put(Kind::WebSession, &key(pool_id, &session_key(&cookie)), &value, life_ms).await?;
    }
    Ok(cookie)
}

/// The living session behind a cookie: its user exists, is enabled, and has not signed out everywhere since; what the provider proved
/// has not ended.
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
    let user = work.users().find_by_sub(pool_id, &session.sub).await?;
    if !user.is_some_and(|user| user.enabled && session.auth_time_ms >= user.signed_out_ms) {
        return Ok(None);
    }
    let ended = proof_ended(context, &mut work, pool_id, &session.sub, (&session.provider, session.auth_time_ms)).await?;
    Ok((!ended).then_some(session))
}

/// Ends a session.
pub async fn end(context: &Context, pool_id: &str, cookie: &str) -> Result<(), Failure> {
    if cookie.len() == COOKIE_LEN {
        context.ports.cache.remove(Kind::WebSession, &key(pool_id, &session_key(cookie))).await?;
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
