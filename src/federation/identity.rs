//! The federated user: found by external identity, made at the first sign-in, kept up to date at each one.
//!
//! Owns the identity key (pool, provider, subject; never e-mail, name or phone: O-16), Cognito's federated user name, and the unit of work that
//! consumes what may be used once. Which values a login brings is `attribute_mapping`'s; linking to other users is a later room.

use std::collections::BTreeMap;

use crate::base::digest::sha256_b64;
use crate::base::ids;
use crate::context::Context;
use crate::federation::attribute_mapping;
use crate::model::app_client::AppClient;
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::user::{FederatedIdentity, User, UserStatus};
use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};

/// Longest user name, characters (Cognito: 128).
const MAX_USERNAME: usize = 128;

/// Longest subject, bytes.
const MAX_SUBJECT: usize = 2_048;

/// The user of a proven identity: found, or made (JIT provisioning). `handle` and the identity's own one-time id are consumed in the same unit
/// of work, so that an answer that was used before lets nobody in, even after the cache lost or regained its records (S-16).
pub async fn sign_in(
    context: &Context,
    provider: &IdentityProvider,
    client_id: &str,
    identity: ExternalIdentity,
    handle: OneTimeId,
) -> Result<User, Failure> {
    // What PostgreSQL cannot store and what no page should show is refused here, whatever the provider's own rules are (S-35).
    if identity.subject.is_empty() || identity.subject.len() > MAX_SUBJECT || identity.subject.chars().any(char::is_control) {
        return Err(Failure::FederationRefused { reason: "subject_malformed" });
    }
    // Two first sign-ins of one person may meet: the loser of the insert finds the winner's user the second time round.
    match attempt(context, provider, client_id, &identity, &handle).await {
        Err(Attempt::Met) => match attempt(context, provider, client_id, &identity, &handle).await {
            Err(Attempt::Met) => Err(Failure::ConcurrentModification("the user is being changed".to_owned())),
            Err(Attempt::Failed(failure)) => Err(failure),
            Ok(user) => Ok(user),
        },
        Err(Attempt::Failed(failure)) => Err(failure),
        Ok(user) => Ok(user),
    }
}

enum Attempt {
    Met,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Attempt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn attempt(
    context: &Context,
    provider: &IdentityProvider,
    client_id: &str,
    identity: &ExternalIdentity,
    handle: &OneTimeId,
) -> Result<User, Attempt> {
    let held = &context.ports.held;
    let gone = || Failure::FederationRefused { reason: "client_or_pool_gone" };
    let pool = held.pool(&provider.pool_id).await?.ok_or_else(gone)?;
    let client = held.client(&provider.pool_id, client_id).await?.ok_or_else(gone)?;
    let attributes = mapped(provider, &client, identity)?;
    let mut work = context.ports.store.begin().await?;
    for once in std::iter::once(handle).chain(&identity.one_time) {
        if !work.consumed().consume(&provider.pool_id, &once.kind, &once.digest, once.expires_ms).await? {
            return Err(Failure::FederationRefused { reason: "answer_used_before" }.into());
        }
    }
    let found = work.users().find_by_identity(&provider.pool_id, &provider.name, &identity.subject_key).await?;
    let user = match found {
        Some(user) => refreshed(context, &mut work, user, attributes).await?,
        None => match provisioned(context, &mut work, &pool, provider, identity, attributes).await {
            Err(StoreError::Duplicate) => return Err(Attempt::Met),
            made => made?,
        },
    };
    work.commit().await?;
    Ok(user)
}

fn mapped(
    provider: &IdentityProvider,
    client: &AppClient,
    identity: &ExternalIdentity,
) -> Result<BTreeMap<String, String>, Failure> {
    attribute_mapping::map(&provider.attribute_mapping, &identity.claims, &client.write_attributes)
}

/// Writes what changed; a disabled user stays out.
async fn refreshed(
    context: &Context,
    work: &mut UnitOfWork,
    mut user: User,
    attributes: BTreeMap<String, String>,
) -> Result<User, Failure> {
    if !user.enabled {
        return Err(Failure::FederationRefused { reason: "user_disabled" });
    }
    let before = user.attributes.clone();
    user.attributes.extend(attributes);
    if user.attributes != before {
        user.modified_ms = context.now_ms();
        work.users().update(&user).await?;
    }
    Ok(user)
}

async fn provisioned(
    context: &Context,
    work: &mut UnitOfWork,
    pool: &UserPool,
    provider: &IdentityProvider,
    identity: &ExternalIdentity,
    attributes: BTreeMap<String, String>,
) -> Result<User, StoreError> {
    let now_ms = context.now_ms();
    let mut username = federated_username(pool, &provider.name, &identity.subject);
    if work.users().find_by_username(&pool.id, &username).await?.is_some() {
        // Another subject that differs only by case or qualifier has the name (S-18): still another user.
        username = told_apart(&username, &identity.subject_key);
    }
    let user = User {
        pool_id: pool.id.clone(),
        sub: ids::uuid(&context.ports.random),
        username,
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes,
        identities: vec![FederatedIdentity {
            provider: provider.name.clone(),
            provider_type: provider.kind.as_str().to_owned(),
            subject_key: identity.subject_key.clone(),
            subject: identity.subject.clone(),
            issuer: identity.issuer.clone(),
            primary: true,
            created_ms: now_ms,
        }],
        signed_out_ms: 0,
        created_ms: now_ms,
        modified_ms: now_ms,
    };
    work.users().insert(&user).await?;
    Ok(user)
}

/// Cognito's federated user name, `{ProviderName}_{subject}`, lower-cased in pools that ignore case. A subject that would not fit is replaced
/// by its digest.
fn federated_username(pool: &UserPool, provider: &str, subject: &str) -> String {
    let name = pool.canonical_username(&format!("{provider}_{subject}"));
    if name.chars().count() <= MAX_USERNAME {
        return name;
    }
    pool.canonical_username(&format!("{provider}_{}", sha256_b64(subject.as_bytes())))
}

fn told_apart(username: &str, subject_key: &str) -> String {
    let mark = sha256_b64(subject_key.as_bytes());
    let kept: String = username.chars().take(MAX_USERNAME - mark.len() - 1).collect();
    format!("{kept}_{mark}")
}
