//! The full check of a presented access token.
//!
//! Signature and key use, issuer, kind, times, client, family and user: a token is good only while all of them are.
//! Whoever accepts access tokens calls this and nothing else; scopes are for the caller to judge.

use std::sync::Arc;

use serde_json::Value;

use crate::context::Context;
use crate::keys::TokenUse;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::user::User;

/// Longest token that is looked at, bytes: ours stay far below.
const MAX_TOKEN: usize = 16 * 1024;

/// A good access token.
#[derive(Clone, Debug)]
pub struct VerifiedAccess {
    /// The client that it was issued to.
    pub client: Arc<AppClient>,
    /// Its user.
    pub user: User,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its family, when the client's tokens can be revoked.
    pub origin_jti: Option<String>,
}

/// Checks an access token of a pool. `None` for anything that is not a living one, without saying why.
pub async fn access(context: &Context, pool_id: &str, token: &str) -> Result<Option<VerifiedAccess>, Failure> {
    if token.len() > MAX_TOKEN {
        return Ok(None);
    }
    let ports = &context.ports;
    let Some(claims) = ports.keys.verify(pool_id, TokenUse::Access, token).await? else { return Ok(None) };
    let Some(read) = read(&claims, &ports.issuer(pool_id), ports.clock.now_s()) else { return Ok(None) };
    let Some(client) = ports.held.client(pool_id, read.client_id).await?.filter(|client| client.enabled) else {
        return Ok(None);
    };
    let mut work = ports.store.read().await?;
    let mut signed_in_ms = read.auth_time_s.saturating_mul(1000);
    if let Some(id) = read.origin_jti {
        let grant = work.grants().find(pool_id, id).await?;
        let Some(grant) = grant.filter(|grant| grant.revoked_ms.is_none() && grant.client_id == client.id && grant.sub == read.sub)
        else {
            return Ok(None);
        };
        signed_in_ms = grant.auth_time_ms;
    }
    let user = work.users().find_by_sub(pool_id, read.sub).await?;
    let Some(user) = user.filter(|user| user.enabled && signed_in_ms >= user.signed_out_ms) else { return Ok(None) };
    Ok(Some(VerifiedAccess {
        client,
        user,
        scopes: read.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        origin_jti: read.origin_jti.map(str::to_owned),
    }))
}

struct Read<'a> {
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    auth_time_s: i64,
    origin_jti: Option<&'a str>,
}

/// Every claim present and of its type; times inclusive of the last second's start only.
fn read<'a>(claims: &'a Value, issuer: &str, now_s: i64) -> Option<Read<'a>> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let whole = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss")? != issuer || text("token_use")? != "access" || whole("exp")? <= now_s {
        return None;
    }
    whole("iat")?;
    let origin_jti = match claims.get("origin_jti") {
        None => None,
        Some(value) => Some(value.as_str()?),
    };
    Some(Read {
        sub: text("sub")?,
        client_id: text("client_id")?,
        scope: text("scope")?,
        auth_time_s: whole("auth_time")?,
        origin_jti,
    })
}
