//! The one re-check before tokens are issued: user, sign-out and provider as they stand now (A-11, O-20).
//!
//! Redemption and refresh both pass here, so that neither can forget a condition. Also owns [`GrantFault`], the way in which they
//! say no. The client itself was found and authenticated by the face.

use crate::auth_flows::authorization::OWN_DIRECTORY;
use crate::cache::CacheError;
use crate::context::Context;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::user::User;
use crate::store::{StoreError, UnitOfWork};

/// Why a code or refresh token gave no tokens.
#[derive(Debug)]
pub enum GrantFault {
    /// It is not good. The word is for the audit log; callers learn no difference.
    Refused(&'static str),
    /// The granted scope does not cover what was asked.
    Scope,
    /// Something failed.
    Failed(Failure),
}

impl From<Failure> for GrantFault {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for GrantFault {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CacheError> for GrantFault {
    fn from(error: CacheError) -> Self {
        Self::Failed(error.into())
    }
}

/// What tokens would be issued on.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The client.
    pub client: &'a AppClient,
    /// The user.
    pub sub: &'a str,
    /// The provider that proved the user.
    pub provider: &'a str,
    /// When, ms.
    pub auth_time_ms: i64,
    /// The granted scopes.
    pub scopes: &'a [String],
}

/// The user, if tokens may be issued now.
pub async fn check(context: &Context, standing: &Standing<'_>) -> Result<User, GrantFault> {
    let Standing { client, sub, provider, auth_time_ms, scopes } = *standing;
    if !scopes.iter().all(|scope| client.scopes.contains(scope)) {
        return Err(GrantFault::Refused("scope_withdrawn"));
    }
    if !provider_is_usable(context, client, provider).await? {
        return Err(GrantFault::Refused("provider_disabled"));
    }
    let mut work = context.ports.store.read().await?;
    let Some(user) = work.users().find_by_sub(&client.pool_id, sub).await? else {
        return Err(GrantFault::Refused("user_missing"));
    };
    if !user.enabled {
        return Err(GrantFault::Refused("user_disabled"));
    }
    if auth_time_ms < user.signed_out_ms {
        return Err(GrantFault::Refused("user_signed_out"));
    }
    if provider != OWN_DIRECTORY && !user.identities.iter().any(|identity| identity.provider == provider) {
        return Err(GrantFault::Refused("identity_unlinked"));
    }
    if proof_ended(context, &mut work, &client.pool_id, sub, (provider, auth_time_ms)).await? {
        return Err(GrantFault::Refused("proof_ended"));
    }
    Ok(user)
}

/// Whether what the provider proved of the user at that time counts no more: one of the user's identities there was unlinked since (O-18),
/// or the provider was made anew under its old name (P-11).
pub async fn proof_ended(
    context: &Context,
    work: &mut UnitOfWork,
    pool_id: &str,
    sub: &str,
    (provider, auth_time_ms): (&str, i64),
) -> Result<bool, StoreError> {
    if work.identity_links().ended_ms(pool_id, sub, provider).await?.is_some_and(|ended_ms| auth_time_ms <= ended_ms) {
        return Ok(true);
    }
    if provider == OWN_DIRECTORY {
        return Ok(false);
    }
    let standing = context.ports.held.provider(pool_id, provider).await?;
    Ok(standing.is_some_and(|provider| auth_time_ms < provider.created_ms))
}

/// Whether users of that provider may use the client now.
pub async fn provider_is_usable(context: &Context, client: &AppClient, provider: &str) -> Result<bool, StoreError> {
    if !client.providers.iter().any(|name| name == provider) {
        return Ok(false);
    }
    if provider == OWN_DIRECTORY {
        return Ok(true);
    }
    Ok(context.ports.held.provider(&client.pool_id, provider).await?.is_some_and(|provider| provider.enabled))
}
