//! The federated user: found by external identity, made at the first sign-in, kept up to date at each one.
//!
//! Owns the identity key (pool, provider, subject; never e-mail, name or phone: O-16), Cognito's federated user name, the unit of work that
//! consumes what may be used once, and what a sign-in leaves beside the user: the unified identity and the origin of each attribute. Which
//! values a login brings is `attribute_mapping`'s, which claims mean what is `unified`'s; linking to other users is `link`'s.

pub mod unified;
pub mod well_known;

use std::collections::BTreeMap;

use crate::base::digest::sha256_b64;
use crate::base::ids;
use crate::context::Context;
use crate::federation::attribute_mapping::{self, Inputs, Mapped};
use crate::federation::link;
use crate::model::app_client::AppClient;
use crate::model::external_identity::{ExternalIdentity, OneTimeId};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::unified_identity::{Field, MappingFault, MappingReason, Origin, UnifiedIdentity};
use crate::model::user::{FederatedIdentity, User, UserStatus};
use crate::model::user_pool::UserPool;
use crate::store::users::Seen;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::attributes;

/// Longest user name, characters (Cognito: 128).
const MAX_USERNAME: usize = 128;

/// Longest subject, bytes.
const MAX_SUBJECT: usize = 2_048;

/// How old the time of an unchanged profile may get before it is written again, ms: sign-ins stay cheap.
const PROFILE_AGE_MS: i64 = 3_600_000;

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
    let brought = brought(context, &pool, provider, &client, identity)?;
    let mut work = context.ports.store.begin().await?;
    for once in std::iter::once(handle).chain(&identity.one_time) {
        if !work.consumed().consume(&provider.pool_id, &once.kind, &once.digest, once.expires_ms).await? {
            return Err(Failure::FederationRefused { reason: "answer_used_before" }.into());
        }
    }
    let mut found = work.users().find_signing_in(&provider.pool_id, &provider.name, &identity.subject_key).await?;
    if found.is_none() && link::claim(context, &mut work, provider, identity).await? {
        found = work.users().find_signing_in(&provider.pool_id, &provider.name, &identity.subject_key).await?;
    }
    let user = match found {
        Some((user, seen)) => refreshed(context, &mut work, &pool, user, &seen, &brought).await?,
        None => provisioned(context, &mut work, &pool, provider, identity, &brought).await?,
    };
    work.commit().await?;
    Ok(user)
}

/// What a sign-in brings.
#[derive(Debug)]
struct Brought {
    identity: UnifiedIdentity,
    mapped: BTreeMap<String, Mapped>,
}

fn brought(
    context: &Context,
    pool: &UserPool,
    provider: &IdentityProvider,
    client: &AppClient,
    proven: &ExternalIdentity,
) -> Result<Brought, Failure> {
    let mut identity = unified::unify(provider, proven, context.now_ms());
    let mapped = attribute_mapping::map(Inputs {
        mapping: &provider.attribute_mapping,
        claims: &proven.claims,
        identity: &identity,
        writable: &client.write_attributes,
        pool_document: &pool.document,
    })
    .map_err(failed)?;
    // What a mapping vouches for is the provider's word too, where the mapping is the only one to say it (SAML).
    for (field, verified) in [(Field::Email, "email_verified"), (Field::PhoneNumber, "phone_number_verified")] {
        let is = |name: &str, value: &str| mapped.get(name).is_some_and(|mapped| mapped.value == value);
        if let Some(given) = identity.profile.values.get_mut(&field)
            && is(verified, "true")
            && given.value.as_str().is_some_and(|value| is(field.as_str(), value))
        {
            given.vouched = Some(true);
        }
    }
    Ok(Brought { identity, mapped })
}

/// Puts the values on the user, where the pool's schema lets them in. Returns where they came from, beside what was known.
fn apply(
    context: &Context,
    pool: &UserPool,
    user: &mut User,
    brought: &Brought,
    known: &BTreeMap<String, Origin>,
) -> Result<BTreeMap<String, Origin>, Failure> {
    let provider = &brought.identity.provider;
    let mut origins = known.clone();
    for (name, Mapped { value, source }) in &brought.mapped {
        let before = user.attributes.get(name).map(String::as_str);
        attributes::check(&pool.document, name, before, value)
            .map_err(|reason| failed(MappingFault { attribute: name.clone(), claim: source.clone(), reason }))?;
        // An unchanged value keeps its origin, unless the mapping now takes it from elsewhere.
        let told = origins.get(name).is_some_and(|origin| origin.provider != *provider || origin.source == *source);
        if before != Some(value) || !told {
            let origin = Origin { provider: provider.clone(), source: source.clone(), at_ms: context.now_ms() };
            origins.insert(name.clone(), origin);
        }
        user.attributes.insert(name.clone(), value.clone());
    }
    if let Some(name) = attributes::missing(&pool.document, &user.attributes) {
        let claim = brought.mapped.get(name).map(|mapped| mapped.source.clone()).unwrap_or_default();
        return Err(failed(MappingFault { attribute: name.to_owned(), claim, reason: MappingReason::Required }));
    }
    Ok(origins)
}

/// Writes what the provider said when it says something new, or when the last time is an hour old.
async fn note_profile(
    context: &Context,
    work: &mut UnitOfWork,
    pool_id: &str,
    seen: &Seen,
    brought: &Brought,
) -> Result<(), StoreError> {
    let identity = &brought.identity;
    let profile = unified::lasting(identity).after(&seen.profile);
    let now_ms = context.now_ms();
    if now_ms.saturating_sub(seen.seen_ms) < PROFILE_AGE_MS && profile.says_the_same(&seen.profile) {
        return Ok(());
    }
    work.users().set_profile((pool_id, &identity.provider, &identity.subject_key), &profile, now_ms).await
}

fn failed(fault: MappingFault) -> Failure {
    Failure::MappingFailed(Box::new(fault))
}

/// Writes what changed; a disabled user stays out.
async fn refreshed(
    context: &Context,
    work: &mut UnitOfWork,
    pool: &UserPool,
    mut user: User,
    seen: &Seen,
    brought: &Brought,
) -> Result<User, Failure> {
    if !user.enabled {
        return Err(Failure::FederationRefused { reason: "user_disabled" });
    }
    let before = user.attributes.clone();
    let origins = apply(context, pool, &mut user, brought, &seen.origins)?;
    if user.attributes != before {
        user.modified_ms = context.now_ms();
        work.users().update(&user).await?;
    }
    if origins != seen.origins {
        work.users().set_origins(&pool.id, &user.sub, &origins).await?;
    }
    note_profile(context, work, &pool.id, seen, brought).await?;
    Ok(user)
}

async fn provisioned(
    context: &Context,
    work: &mut UnitOfWork,
    pool: &UserPool,
    provider: &IdentityProvider,
    identity: &ExternalIdentity,
    brought: &Brought,
) -> Result<User, Attempt> {
    let now_ms = context.now_ms();
    let mut username = federated_username(pool, &provider.name, &identity.subject);
    if work.users().find_by_username(&pool.id, &username).await?.is_some() {
        // Another subject that differs only by case or qualifier has the name (S-18): still another user.
        username = told_apart(&username, &identity.subject_key);
    }
    let mut user = User {
        pool_id: pool.id.clone(),
        sub: ids::uuid(&context.ports.random),
        username,
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes: BTreeMap::new(),
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
    let origins = apply(context, pool, &mut user, brought, &BTreeMap::new())?;
    match work.users().insert(&user).await {
        Err(StoreError::Duplicate) => return Err(Attempt::Met),
        inserted => inserted?,
    }
    work.users().set_origins(&pool.id, &user.sub, &origins).await?;
    note_profile(context, work, &pool.id, &Seen::default(), brought).await?;
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
