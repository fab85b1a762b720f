//! Redeems an authorization code for tokens (RFC 6749 section 4.1.3).
//!
//! Owns the code's single use and its bindings. The cache hands a code to one taker; the unique code digest of the grant row decides for
//! good, also when a cache failover brings a code back. A second use kills what the first one issued; a use with a wrong
//! binding burns the code.

use crate::auth_flows::authorization::{code_digest, take_code};
use crate::auth_flows::standing::{self, GrantFault, Standing};
use crate::base::secret::Secret;
use crate::base::{digest, ids};
use crate::cache::Kind;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::model::authorization::AuthorizationCode;
use crate::model::grant::Grant;
use crate::store::StoreError;
use crate::tokens::issue::{self, Tokens};

/// Length of a code.
const CODE_LEN: usize = 36;

/// How long a second use is remembered while the first may still be under way, ms.
const REPLAY_MARK_MS: i64 = 60 * 1000;

/// What the app presents.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The code.
    pub code: &'a str,
    /// The redirect URI of the authorization request.
    pub redirect_uri: &'a str,
    /// PKCE verifier (RFC 7636).
    pub code_verifier: Option<&'a str>,
}

/// What the app gets.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// The tokens.
    pub tokens: Tokens,
    /// The refresh token.
    pub refresh_token: Secret,
    /// The user.
    pub sub: String,
}

/// Redeems a code for a client that has authenticated.
pub async fn redeem(context: &Context, client: &AppClient, presented: Presented<'_>) -> Result<Redeemed, GrantFault> {
    if presented.code.len() != CODE_LEN || !presented.code.is_ascii() {
        return Err(GrantFault::Refused("code_malformed"));
    }
    let ports = &context.ports;
    let pool_id = client.pool_id.as_str();
    let code_digest = code_digest(presented.code);
    let Some(code) = take_code(context, pool_id, &code_digest).await? else {
        // Mark first, look second; the winner stores first and looks for the mark second: one of the two always sees the other.
        ports.cache.put(Kind::Code, &mark(pool_id, &code_digest), "1", REPLAY_MARK_MS).await?;
        return Err(GrantFault::Refused(if revoke_family(context, pool_id, &code_digest).await? {
            "code_replayed"
        } else {
            "code_unknown"
        }));
    };
    check_bindings(context, client, &code, presented)?;
    let standing = Standing {
        client,
        sub: &code.sub,
        provider: &code.provider,
        auth_time_ms: code.auth_time_ms,
        scopes: &code.authorization.scopes,
    };
    let user = standing::check(context, &standing).await?;

    let refresh_token = issue::refresh_token(&ports.random);
    let now_ms = context.now_ms();
    let grant = Grant {
        id: ids::uuid(&ports.random),
        pool_id: pool_id.to_owned(),
        client_id: client.id.clone(),
        sub: code.sub,
        provider: code.provider,
        code_digest: Some(code_digest.clone()),
        refresh_digest: Some(digest::sha256_b64(refresh_token.reveal().as_bytes())),
        scopes: code.authorization.scopes,
        nonce: code.authorization.nonce,
        auth_time_ms: code.auth_time_ms,
        event_id: ids::uuid(&ports.random),
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(client.refresh_token_s.saturating_mul(1000)),
        revoked_ms: None,
    };
    // Signed before the row is written, so that no transaction waits for a signature; nothing leaves before the commit.
    let tokens = issue::issue(context, client, &user, &grant, &grant.scopes).await?;
    let mut work = ports.store.begin().await?;
    match work.grants().insert(&grant).await {
        Ok(()) => work.commit().await?,
        Err(StoreError::Duplicate) => {
            drop(work);
            revoke_family(context, pool_id, &code_digest).await?;
            return Err(GrantFault::Refused("code_replayed"));
        }
        Err(error) => return Err(error.into()),
    }
    if ports.cache.take(Kind::Code, &mark(pool_id, &code_digest)).await?.is_some() {
        revoke_family(context, pool_id, &code_digest).await?;
    }
    Ok(Redeemed { tokens, refresh_token, sub: grant.sub })
}

/// the code answers exactly this client, redirect URI and verifier.
fn check_bindings(
    context: &Context,
    client: &AppClient,
    code: &AuthorizationCode,
    presented: Presented<'_>,
) -> Result<(), GrantFault> {
    let authorization = &code.authorization;
    if code.expires_ms <= context.now_ms() {
        return Err(GrantFault::Refused("code_expired"));
    }
    if authorization.pool_id != client.pool_id || authorization.client_id != client.id {
        return Err(GrantFault::Refused("code_of_other_client"));
    }
    if authorization.redirect_uri != presented.redirect_uri {
        return Err(GrantFault::Refused("redirect_uri_mismatch"));
    }
    let verified = match (&authorization.code_challenge, presented.code_verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            is_verifier(verifier) && digest::same(digest::sha256_b64(verifier.as_bytes()).as_bytes(), challenge.as_bytes())
        }
        _ => false,
    };
    if verified { Ok(()) } else { Err(GrantFault::Refused("code_verifier_mismatch")) }
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn is_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// Revokes the family that a code was redeemed for; whether there is one.
async fn revoke_family(context: &Context, pool_id: &str, code_digest: &str) -> Result<bool, GrantFault> {
    let store = &context.ports.store;
    let Some(grant) = store.read().await?.grants().find_by_code(pool_id, code_digest).await? else { return Ok(false) };
    if grant.revoked_ms.is_none() {
        let mut work = store.begin().await?;
        work.grants().revoke(pool_id, &grant.id, context.now_ms()).await?;
        work.commit().await?;
    }
    Ok(true)
}

fn mark(pool_id: &str, code_digest: &str) -> String {
    format!("{pool_id}:replayed:{code_digest}")
}
