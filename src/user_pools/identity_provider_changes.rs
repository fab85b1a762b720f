//! Changes of identity providers: what an update replaces and keeps, and what dies with a provider (cognito-surface sections 1.3 and 3.6).
//!
//! Members that are given replace the old ones whole, absent ones stay (Cognito). A secret that `ProviderDetails` leaves out is kept, since
//! describe answers do not show every secret; but it never follows to another place (P-16). Records and their first checks are
//! `identity_providers`'.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::identity_providers::{self, NewProvider, OWN_DIRECTORY, SECRET_DETAILS};

/// Settings that say where secrets go.
const PLACES: [&str; 6] = ["attributes_url", "authorize_url", "jwks_uri", "oidc_issuer", "token_url", "MetadataURL"];

/// Settings that a provider's own checks work out anew; a caller sends them back as it read them.
const DERIVED: [&str; 3] = ["ActiveEncryptionCertificate", "SLORedirectBindingURI", "SSORedirectBindingURI"];

/// What an update gives; nothing of what is absent changes.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Settings by Cognito's keys, secrets among them; an empty secret removes the stored one.
    pub details: Option<BTreeMap<String, String>>,
    /// Pool attribute → provider claim.
    pub attribute_mapping: Option<BTreeMap<String, String>>,
    /// Other names by which an app may ask for it.
    pub identifiers: Option<Vec<String>>,
    /// Cognito's `AcrMapping`.
    pub acr_mapping: Option<Value>,
}

/// The provider of that name, if the API may change it.
pub async fn changeable(work: &mut UnitOfWork, pool_id: &str, name: &str) -> Result<IdentityProvider, Failure> {
    if name.eq_ignore_ascii_case(OWN_DIRECTORY) {
        let text = "COGNITO names the user pool's own directory, which is no identity provider.";
        return Err(Failure::UnsupportedIdentityProvider(text.to_owned()));
    }
    let provider = identity_providers::find(work, pool_id, name).await?;
    if provider.declared {
        let text = format!("Identity provider {name} is declared in the configuration file; change it there.");
        return Err(Failure::InvalidParameter(text));
    }
    Ok(provider)
}

/// The provider as it would be after a change. Its kind's own checks are still to come, then [`check_places`].
pub fn changed(context: &Context, pool: &UserPool, stored: &IdentityProvider, change: Change) -> Result<IdentityProvider, Failure> {
    let same_details = change.details.is_none();
    let mut document = stored.document.clone();
    if let (Some(mapping), Value::Object(members)) = (change.acr_mapping, &mut document) {
        members.insert("AcrMapping".to_owned(), mapping);
    }
    let mut details = change.details.unwrap_or_else(|| stored.details.clone());
    if !same_details {
        details.retain(|key, _| !DERIVED.contains(&key.as_str()));
    }
    let removed: Vec<&str> = SECRET_DETAILS.into_iter().filter(|key| details.get(*key).is_some_and(String::is_empty)).collect();
    details.retain(|key, _| !removed.contains(&key.as_str()));
    let new = NewProvider {
        name: stored.name.clone(),
        kind: stored.kind.as_str().to_owned(),
        details,
        attribute_mapping: change.attribute_mapping.unwrap_or_else(|| stored.attribute_mapping.clone()),
        identifiers: change.identifiers.unwrap_or_else(|| stored.identifiers.clone()),
        declared: false,
        document,
    };
    let mut provider = identity_providers::draft(context, pool, new)?;
    for (key, sealed) in &stored.sealed_details {
        if !removed.contains(&key.as_str()) {
            provider.sealed_details.entry(key.clone()).or_insert_with(|| sealed.clone());
        }
    }
    provider.enabled = stored.enabled;
    provider.created_ms = stored.created_ms;
    // Also the version by which two changes notice each other.
    provider.modified_ms = context.now_ms().max(stored.modified_ms + 1);
    Ok(provider)
}

/// Refuses a change that would send a kept secret to another place than it was given for (P-16).
pub fn check_places(stored: &IdentityProvider, provider: &IdentityProvider) -> Result<(), Failure> {
    let Some(moved) = PLACES.into_iter().find(|key| stored.details.get(*key) != provider.details.get(*key)) else { return Ok(()) };
    // A secret that was given is sealed anew, which never gives the same text twice.
    match stored.sealed_details.iter().find(|(key, sealed)| provider.sealed_details.get(*key) == Some(sealed)) {
        None => Ok(()),
        Some((key, _)) => {
            Err(Failure::InvalidParameter(format!("ProviderDetails.{key} must be given again when {moved} changes.")))
        }
    }
}

/// Stores a changed record, unless somebody else changed it since `stored` was read.
pub async fn replace(work: &mut UnitOfWork, stored: &IdentityProvider, provider: &IdentityProvider) -> Result<(), Failure> {
    let met = || Failure::ConcurrentModification(format!("Identity provider {} was changed at the same time.", stored.name));
    identity_providers::require_free(work, provider).await?;
    match work.identity_providers().replace(provider, stored.modified_ms).await {
        Ok(true) => Ok(()),
        // An identifier was taken at this moment.
        Ok(false) | Err(StoreError::Duplicate) => Err(met()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a provider. Nobody signs in through it any more, what came through it ends, links to it are gone; the users stay. Should a
/// provider of that name come again, its users are known again only if it is the same one upstream (P-11).
pub async fn delete(context: &Context, work: &mut UnitOfWork, provider: &IdentityProvider) -> Result<(), Failure> {
    let (pool_id, name) = (provider.pool_id.as_str(), provider.name.as_str());
    if !work.identity_providers().delete(pool_id, name).await? {
        return Err(Failure::ConcurrentModification(format!("Identity provider {name} was deleted at the same time.")));
    }
    work.grants().revoke_of_provider(pool_id, name, context.now_ms()).await?;
    Ok(work.meta().put(&former(pool_id, name), &upstream(provider)).await?)
}

/// Called when a provider is made: users of a former provider of that name are not the new one's, unless both are the same upstream.
pub async fn part_from_former(work: &mut UnitOfWork, provider: &IdentityProvider) -> Result<(), Failure> {
    let (pool_id, name) = (provider.pool_id.as_str(), provider.name.as_str());
    let former = work.meta().take(&former(pool_id, name)).await?;
    if former.is_some_and(|former| former != upstream(provider)) {
        work.users().forget_provider(pool_id, name).await?;
    }
    Ok(())
}

fn former(pool_id: &str, name: &str) -> String {
    format!("former_identity_provider:{}", sha256_b64(json!([pool_id, name]).to_string().as_bytes()))
}

/// Whose subjects these are: the issuer, the metadata, or the account at a provider whose subjects differ by account.
fn upstream(provider: &IdentityProvider) -> String {
    let details = &provider.details;
    let account = match provider.kind {
        ProviderKind::Oidc => details.get("oidc_issuer"),
        ProviderKind::Google => None,
        ProviderKind::Facebook | ProviderKind::LoginWithAmazon => details.get("client_id"),
        ProviderKind::SignInWithApple => details.get("team_id"),
        ProviderKind::Saml => {
            details.get("MetadataURL").or_else(|| details.get("SSORedirectBindingURI")).or_else(|| details.get("MetadataFile"))
        }
    };
    sha256_b64(json!([provider.kind.as_str(), account]).to_string().as_bytes())
}
