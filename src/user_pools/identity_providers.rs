//! The records of identity providers in a pool: names, identifiers, sealed secrets.
//!
//! Owns what every kind has in common. What the settings of a kind mean, and whether they lead to a provider, is checked by
//! `federation::provider` before a record is stored.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::secret::Secret;
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::{attributes, identity_provider_changes, schema};

/// Settings that are secrets: sealed before anything is stored, never in lists (P-15, K-04).
pub const SECRET_DETAILS: [&str; 2] = ["client_secret", "private_key"];

/// The name that stands for the pool's own directory.
pub const OWN_DIRECTORY: &str = "COGNITO";

/// A provider to create.
#[derive(Clone, Debug)]
pub struct NewProvider {
    /// Its name in the pool.
    pub name: String,
    /// Cognito's spelling of its type.
    pub kind: String,
    /// Settings by Cognito's keys, secrets among them.
    pub details: BTreeMap<String, String>,
    /// Pool attribute → provider claim.
    pub attribute_mapping: BTreeMap<String, String>,
    /// Other names by which an app may ask for it.
    pub identifiers: Vec<String>,
    /// Whether the configuration file owns it.
    pub declared: bool,
    /// The settings as given by Cognito's member names, without secrets, for the echo.
    pub document: Value,
}

/// The rules that need no store and no network. Returns the kind.
pub fn check(pool_document: &Value, new: &NewProvider) -> Result<ProviderKind, Failure> {
    let refuse = |text: String| Err(Failure::InvalidParameter(text));
    let Some(kind) = ProviderKind::named(&new.kind) else {
        return refuse(format!("{} is not a type of identity provider.", new.kind));
    };
    if kind.is_social() && new.name != kind.as_str() {
        return refuse(format!("ProviderName must be {0} for identity providers of type {0}.", kind.as_str()));
    }
    if new.name.eq_ignore_ascii_case(OWN_DIRECTORY) {
        return refuse("COGNITO names the user pool's own directory.".to_owned());
    }
    let mut identifiers = new.identifiers.clone();
    identifiers.sort();
    if identifiers.windows(2).any(|pair| pair[0] == pair[1]) {
        return refuse("IdpIdentifiers must differ from one another.".to_owned());
    }
    let known = schema::names(pool_document);
    let unknown = new.attribute_mapping.keys().find(|name| *name != "username" && !known.contains(name));
    if let Some(name) = unknown {
        return refuse(format!("AttributeMapping names {name}, which is not an attribute of the user pool."));
    }
    if new.attribute_mapping.contains_key("sub") {
        return refuse("AttributeMapping cannot set sub.".to_owned());
    }
    attributes::check_mapping(&new.attribute_mapping)?;
    Ok(kind)
}

/// The record that those settings make, secrets sealed.
pub fn draft(context: &Context, pool: &UserPool, new: NewProvider) -> Result<IdentityProvider, Failure> {
    let kind = check(&pool.document, &new)?;
    let mut details = new.details;
    let mut sealed_details = BTreeMap::new();
    for key in SECRET_DETAILS {
        if let Some(value) = details.remove(key).map(Secret::new) {
            let sealed = context.ports.seal.seal(&place(&pool.id, &new.name, key), value.reveal().as_bytes())?;
            sealed_details.insert(key.to_owned(), sealed);
        }
    }
    let now_ms = context.now_ms();
    Ok(IdentityProvider {
        pool_id: pool.id.clone(),
        name: new.name,
        kind,
        details,
        sealed_details,
        attribute_mapping: new.attribute_mapping,
        identifiers: new.identifiers,
        enabled: true,
        created_ms: now_ms,
        modified_ms: now_ms,
        declared: new.declared,
        document: new.document,
    })
}

/// Stores a new record. Names and identifiers are unique in the pool.
pub async fn insert(work: &mut UnitOfWork, provider: &IdentityProvider) -> Result<(), Failure> {
    let taken = || Failure::DuplicateProvider(format!("A provider with the name {} exists already.", provider.name));
    if work.identity_providers().find(&provider.pool_id, &provider.name).await?.is_some() {
        return Err(taken());
    }
    require_free(work, provider).await?;
    identity_provider_changes::part_from_former(work, provider).await?;
    match work.identity_providers().insert(provider).await {
        // Somebody was faster by a moment.
        Err(StoreError::Duplicate) => Err(taken()),
        other => Ok(other?),
    }
}

/// Refuses identifiers that belong to another provider of the pool.
pub async fn require_free(work: &mut UnitOfWork, provider: &IdentityProvider) -> Result<(), Failure> {
    for identifier in &provider.identifiers {
        let owner = work.identity_providers().find_by_identifier(&provider.pool_id, identifier).await?;
        if owner.is_some_and(|owner| owner.name != provider.name) {
            return Err(Failure::InvalidParameter(format!(
                "The identifier {identifier} belongs to another provider of the user pool."
            )));
        }
    }
    Ok(())
}

/// Whether a setting is a secret.
pub fn is_secret(key: &str) -> bool {
    SECRET_DETAILS.contains(&key)
}

/// The provider of that name.
pub async fn find(work: &mut UnitOfWork, pool_id: &str, name: &str) -> Result<IdentityProvider, Failure> {
    let found = work.identity_providers().find(pool_id, name).await?;
    found.ok_or_else(|| Failure::ResourceNotFound(format!("Identity provider {name} does not exist.")))
}

/// The secret settings in clear, by key.
pub fn open_secrets(context: &Context, provider: &IdentityProvider) -> Result<BTreeMap<String, Secret>, Failure> {
    let open = |(key, sealed): (&String, &String)| {
        let place = place(&provider.pool_id, &provider.name, key);
        Ok((key.clone(), context.ports.seal.open(&place, sealed)?))
    };
    provider.sealed_details.iter().map(open).collect()
}

fn place<'p>(pool_id: &'p str, name: &'p str, key: &'p str) -> [&'p str; 4] {
    [pool_id, "identity_provider", name, key]
}
