//! Declared pools: what the configuration file says under `[[user_pools]]`, checked and applied at start.
//!
//! Owns the upsert: pool, provider and client by name, one unit of work for each pool, nothing written when nothing changed, so that replicas may
//! start at once and again. The rules are those of the operations (`user_pools`, `federation`). What left the file stays, with a warning.

pub mod names;
pub mod read;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::base::declared::Declared;
use crate::cognito::declare::read::Pool;
use crate::cognito::idp::identity_providers::validate;
use crate::context::Context;
use crate::federation::broker::Broker;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::model::user_pool::UserPool;
use crate::store::UnitOfWork;
use crate::user_pools::app_clients::{self, NewClient, NewSecret};
use crate::user_pools::domains::{self, NewDomain};
use crate::user_pools::identity_providers::{self, NewProvider};
use crate::user_pools::pools::{self, NewPool};

/// How often a pool is tried again when another replica was faster.
const ATTEMPTS: usize = 5;

/// The member of a provider's document that marks settings which could not be checked yet, since the provider did not answer.
const UNCHECKED: &str = "Unchecked";

/// A mistake in a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclareFault {
    /// Where: `user_pools[0].app_clients[1].callback_urls`.
    pub path: String,
    /// What is wrong; never a value.
    pub message: String,
    /// The nearest thing that would be right.
    pub suggestion: Option<String>,
}

impl fmt::Display for DeclareFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.suggestion.iter().try_for_each(|suggestion| write!(f, "; did you mean `{suggestion}`?"))
    }
}

impl DeclareFault {
    fn new(path: &str, message: &str) -> Self {
        Self { path: path.to_owned(), message: message.to_owned(), suggestion: None }
    }
}

/// Everything that is wrong with the declarations, without store or network.
pub fn check(pools: &[Declared]) -> Vec<DeclareFault> {
    read::read(pools).1
}

/// Brings the store to what is declared; returns the pools. Call [`check`] first: a faulty declaration is an error here.
pub async fn apply(context: &Context, broker: &Broker, declared: &[Declared]) -> Result<Vec<UserPool>, Failure> {
    let (pools, faults) = read::read(declared);
    if let Some(fault) = faults.first() {
        return Err(Failure::InvalidParameter(format!("{}: {}", fault.path, fault.message)));
    }
    let mut applied = Vec::new();
    for pool in pools {
        let mut attempt = 1;
        let stored = loop {
            match apply_pool(context, broker, &pool).await {
                // Another replica starts at the same time: it was faster, or it holds the database a little longer than we wait.
                Err(Failure::ConcurrentModification(_) | Failure::Unavailable(_)) if attempt < ATTEMPTS => attempt += 1,
                other => break other?,
            }
        };
        applied.push(stored);
    }
    if !declared.is_empty() {
        warn_of_orphans(context, &applied).await?;
    }
    Ok(applied)
}

async fn apply_pool(context: &Context, broker: &Broker, declared: &Pool) -> Result<UserPool, Failure> {
    // Providers first, outside the unit of work: their checks may fetch documents.
    let mut work = context.ports.store.read().await?;
    let existing = existing_pool(&mut work, &declared.pool).await?;
    drop(work);
    let prepared = match &existing {
        Some(_) => None,
        None => Some(pools::prepare(context, declared.pool.clone()).await?),
    };
    let Some(planned) = existing.or_else(|| prepared.as_ref().map(|prepared| prepared.pool.clone())) else {
        return Err(Failure::ConcurrentModification("the pool went away".to_owned()));
    };
    let target = UserPool { document: Value::Object(declared.pool.document.clone()), ..planned };
    let providers = plan_providers(context, broker, &target, &declared.providers).await?;

    let mut work = context.ports.store.begin().await?;
    let pool = match (existing_pool(&mut work, &declared.pool).await?, &prepared) {
        (Some(pool), _) => update_pool(context, &mut work, pool, &declared.pool).await?,
        (None, Some(prepared)) => {
            pools::insert(&mut work, prepared).await?;
            prepared.pool.clone()
        }
        (None, None) => return Err(Failure::ConcurrentModification("the pool went away".to_owned())),
    };
    if pool.id != target.id {
        // Another replica created it in between; the planned providers are sealed for another pool.
        return Err(Failure::ConcurrentModification("the pool was created by another replica".to_owned()));
    }
    for provider in &providers {
        put_provider(&mut work, provider).await?;
    }
    for domain in &declared.domains {
        put_domain(context, &mut work, &pool, domain).await?;
    }
    for client in &declared.clients {
        put_client(context, &mut work, &pool, client).await?;
    }
    warn_of_leftovers(&mut work, &pool, declared).await?;
    work.commit().await?;
    Ok(pool)
}

async fn existing_pool(work: &mut UnitOfWork, declared: &NewPool) -> Result<Option<UserPool>, Failure> {
    let by_name = work.user_pools().find_declared(&declared.name).await?;
    let Some(id) = &declared.id else { return Ok(by_name) };
    match by_name {
        Some(pool) if pool.id == *id => Ok(Some(pool)),
        Some(pool) => Err(Failure::InvalidParameter(format!(
            "The declared pool {} has the id {}; the id of a pool cannot change.",
            pool.name, pool.id
        ))),
        // Declared under another name before.
        None => match work.user_pools().find(id).await? {
            Some(pool) if !pool.declared => {
                Err(Failure::InvalidParameter(format!("The id {id} belongs to a pool that was made by the API.")))
            }
            other => Ok(other),
        },
    }
}

async fn update_pool(context: &Context, work: &mut UnitOfWork, stored: UserPool, declared: &NewPool) -> Result<UserPool, Failure> {
    let document = Value::Object(declared.document.clone());
    if stored.username_case_sensitive != pools::case_sensitive(&declared.document) {
        let text = format!("username_configuration of the declared pool {} cannot change.", stored.name);
        return Err(Failure::InvalidParameter(text));
    }
    if stored.name == declared.name && stored.document == document {
        return Ok(stored);
    }
    let pool = UserPool { name: declared.name.clone(), document, modified_ms: context.now_ms(), ..stored };
    work.user_pools().update(&pool).await?;
    Ok(pool)
}

/// The providers that must be written, checked by their own rules. A provider that does not answer now is written unchecked and works once it
/// answers; it is checked again at the next start.
async fn plan_providers(
    context: &Context,
    broker: &Broker,
    pool: &UserPool,
    declared: &[NewProvider],
) -> Result<Vec<IdentityProvider>, Failure> {
    let mut planned = Vec::new();
    for new in declared {
        let mut given = new.clone();
        given.document["ProviderDetails"] = public_details(new);
        let mut work = context.ports.store.read().await?;
        let stored = work.identity_providers().find(&pool.id, &new.name).await?;
        drop(work);
        let mut provider = identity_providers::draft(context, pool, given)?;
        if let Some(stored) = &stored {
            if is_unchanged(context, stored, &provider)? {
                continue;
            }
            provider.created_ms = stored.created_ms;
        }
        match validate(context, broker, &mut provider).await {
            Ok(()) => {}
            Err(Failure::ProviderUnavailable { reason }) => {
                tracing::warn!(user_pool.id = %pool.id, provider = %provider.name, reason, "a declared identity provider does not answer now");
                provider.document[UNCHECKED] = Value::Bool(true);
            }
            // What a metadata URL answers is the provider's mistake, not the file's.
            Err(Failure::InvalidParameter(text)) if provider.details.contains_key("MetadataURL") => {
                tracing::warn!(user_pool.id = %pool.id, provider = %provider.name, reason = text, "a declared identity provider is not usable now");
                provider.document[UNCHECKED] = Value::Bool(true);
            }
            Err(Failure::InvalidParameter(text)) => {
                return Err(Failure::InvalidParameter(format!(
                    "identity provider {} of pool {}: {text}",
                    provider.name, pool.name
                )));
            }
            Err(other) => return Err(other),
        }
        planned.push(provider);
    }
    Ok(planned)
}

/// What was given, without secrets: `draft` takes them out by the same keys.
fn public_details(new: &NewProvider) -> Value {
    let public = new.details.iter().filter(|(key, _)| !identity_providers::is_secret(key));
    Value::Object(public.map(|(key, value)| (key.clone(), value.clone().into())).collect())
}

fn is_unchanged(context: &Context, stored: &IdentityProvider, drafted: &IdentityProvider) -> Result<bool, Failure> {
    let reveal = |provider: &IdentityProvider| -> Result<BTreeMap<String, _>, Failure> {
        identity_providers::open_secrets(context, provider)
    };
    Ok(stored.declared
        && stored.kind == drafted.kind
        && stored.document == drafted.document
        && stored.attribute_mapping == drafted.attribute_mapping
        && stored.identifiers == drafted.identifiers
        && reveal(stored)? == reveal(drafted)?)
}

async fn put_provider(work: &mut UnitOfWork, provider: &IdentityProvider) -> Result<(), Failure> {
    if work.identity_providers().find(&provider.pool_id, &provider.name).await?.is_some() {
        Ok(work.identity_providers().update(provider).await?)
    } else {
        identity_providers::insert(work, provider).await
    }
}

async fn put_domain(context: &Context, work: &mut UnitOfWork, pool: &UserPool, declared: &NewDomain) -> Result<(), Failure> {
    let custom = domains::is_custom(&declared.document);
    let stored = work.domains().for_pool(&pool.id).await?.into_iter().find(|domain| domain.custom == custom);
    match stored {
        None => domains::create(context, work, pool, declared.clone()).await.map(drop),
        Some(stored) if stored.name == declared.name => Ok(()),
        Some(stored) => {
            tracing::warn!(user_pool.id = %pool.id, domain = %stored.name, "the pool keeps its domain; the declared one is another");
            Ok(())
        }
    }
}

async fn put_client(context: &Context, work: &mut UnitOfWork, pool: &UserPool, declared: &NewClient) -> Result<(), Failure> {
    let stored = match work.app_clients().find_declared(&pool.id, &declared.name).await? {
        None => match &declared.id {
            Some(id) => work.app_clients().find(&pool.id, id).await?,
            None => None,
        },
        some => some,
    };
    let Some(stored) = stored else {
        return app_clients::create(context, work, pool, declared.clone()).await.map(drop);
    };
    if declared.id.as_ref().is_some_and(|id| *id != stored.id) {
        let text = format!("The declared app client {} has the id {}; the id of a client cannot change.", stored.name, stored.id);
        return Err(Failure::InvalidParameter(text));
    }
    // A generated secret is generated once.
    let secret = match (&declared.secret, app_clients::open_secret(context, &stored)?) {
        (NewSecret::Generate, Some(secret)) => NewSecret::Given(secret),
        (secret, _) => secret.clone(),
    };
    let new = NewClient { id: Some(stored.id.clone()), secret, ..declared.clone() };
    let (mut client, _) = app_clients::draft(context, pool, new)?;
    client.created_ms = stored.created_ms;
    if client.secret_digest == stored.secret_digest {
        client.secret_sealed.clone_from(&stored.secret_sealed);
    }
    app_clients::require_providers(work, &client).await?;
    if stored == (AppClient { modified_ms: stored.modified_ms, ..client.clone() }) {
        return Ok(());
    }
    Ok(work.app_clients().update(&client).await?)
}

/// What was declared once and is no longer: it stays, since the file does not say whether its users should lose it.
async fn warn_of_leftovers(work: &mut UnitOfWork, pool: &UserPool, declared: &Pool) -> Result<(), Failure> {
    for client in work.app_clients().list(&pool.id, None, 1000).await?.iter().filter(|client| client.declared) {
        if !declared.clients.iter().any(|known| known.name == client.name) {
            tracing::warn!(user_pool.id = %pool.id, client.id = %client.id, "an app client left the configuration file; it stays");
        }
    }
    for provider in work.identity_providers().list(&pool.id, None, 1000).await?.iter().filter(|provider| provider.declared) {
        if !declared.providers.iter().any(|known| known.name == provider.name) {
            tracing::warn!(user_pool.id = %pool.id, provider = %provider.name, "an identity provider left the configuration file; it stays");
        }
    }
    Ok(())
}

async fn warn_of_orphans(context: &Context, applied: &[UserPool]) -> Result<(), Failure> {
    let mut work = context.ports.store.read().await?;
    for pool in work.user_pools().list(None, 1000).await?.iter().filter(|pool| pool.declared) {
        if !applied.iter().any(|known| known.id == pool.id) {
            tracing::warn!(user_pool.id = %pool.id, "a user pool left the configuration file; it stays");
        }
    }
    Ok(())
}
