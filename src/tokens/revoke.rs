//! Revocation of a token family by its refresh token (RFC 7009; Cognito: `/oauth2/revoke`, `RevokeToken`).
//!
//! Owns which tokens a client may revoke: its own only. Access tokens of the family die with it where they are checked
//! (`tokens::verify`).

use crate::base::digest;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::tokens::issue;

/// What came of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The family is revoked now.
    Revoked,
    /// Nobody's token, an already revoked one, or another client's, which stays as it is. Callers learn no difference.
    Nothing,
    /// Not a refresh token.
    WrongKind,
    /// The client's tokens cannot be revoked (`EnableTokenRevocation` is off).
    SwitchedOff,
}

/// Revokes the family of a refresh token of that client.
pub async fn refresh_token(context: &Context, client: &AppClient, token: &str) -> Result<Revocation, Failure> {
    if !client.revocation {
        return Ok(Revocation::SwitchedOff);
    }
    // A JWT in three parts is one of our own other kinds; anything else unknown is simply not there.
    if !issue::looks_like_refresh_token(token) {
        return Ok(if token.split('.').count() == 3 { Revocation::WrongKind } else { Revocation::Nothing });
    }
    let ports = &context.ports;
    let digest = digest::sha256_b64(token.as_bytes());
    let grant = ports.store.read().await?.grants().find_by_refresh(&client.pool_id, &digest).await?;
    let Some(grant) = grant.filter(|grant| grant.client_id == client.id && grant.revoked_ms.is_none()) else {
        return Ok(Revocation::Nothing);
    };
    let mut work = ports.store.begin().await?;
    work.grants().revoke(&client.pool_id, &grant.id, context.now_ms()).await?;
    work.commit().await?;
    Ok(Revocation::Revoked)
}
