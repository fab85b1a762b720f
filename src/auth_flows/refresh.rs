//! Refreshes the tokens of a family (RFC 6749 section 6).
//!
//! Owns whether a refresh token is good: its client, pool, age and family, then everything that `standing` re-checks. The token
//! itself stays the same until it expires: rotation is a setting that is not built yet.

use crate::auth_flows::standing::{self, GrantFault, Standing};
use crate::base::digest;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::tokens::issue::{self, Tokens};

/// Fresh tokens of a family.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The tokens.
    pub tokens: Tokens,
    /// The user.
    pub sub: String,
}

/// Refreshes for a client that has authenticated. `scopes`, when given, must all be granted ones and narrow the tokens.
pub async fn refresh(
    context: &Context,
    client: &AppClient,
    refresh_token: &str,
    scopes: Option<Vec<String>>,
) -> Result<Refreshed, GrantFault> {
    if !issue::looks_like_refresh_token(refresh_token) {
        return Err(GrantFault::Refused("refresh_token_malformed"));
    }
    let digest = digest::sha256_b64(refresh_token.as_bytes());
    let Some(grant) = context.ports.store.read().await?.grants().find_by_refresh(&client.pool_id, &digest).await? else {
        return Err(GrantFault::Refused("refresh_token_unknown"));
    };
    if grant.client_id != client.id {
        return Err(GrantFault::Refused("refresh_token_of_other_client"));
    }
    if grant.revoked_ms.is_some() {
        return Err(GrantFault::Refused("refresh_token_revoked"));
    }
    if grant.expires_ms <= context.now_ms() {
        return Err(GrantFault::Refused("refresh_token_expired"));
    }
    let standing =
        Standing { client, sub: &grant.sub, provider: &grant.provider, auth_time_ms: grant.auth_time_ms, scopes: &grant.scopes };
    let user = standing::check(context, &standing).await?;
    let scopes = match scopes {
        None => grant.scopes.clone(),
        Some(asked) if asked.iter().all(|scope| grant.scopes.contains(scope)) => asked,
        Some(_) => return Err(GrantFault::Scope),
    };
    let tokens = issue::issue(context, client, &user, &grant, &scopes).await?;
    Ok(Refreshed { tokens, sub: grant.sub })
}
