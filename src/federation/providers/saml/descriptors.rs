//! The metadata of SAML identity providers: where it comes from, how fresh it is, which entity it must describe.
//!
//! Owns the source (file or URL), the pinned entity id (S-24) and the refusal of what has expired. The text's meaning is
//! `federation::saml::metadata`'s; fetching and keeping are `federation::documents`'.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::documents::{Documents, Key, Rules};
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataFault, MetadataOptions};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// Fetched metadata: at most 2 MiB (S-24); fresh for 10 minutes, well within Cognito's 6 hours; the last good copy serves for a week of
/// outage unless its own `validUntil` ends before.
const METADATA: Rules = Rules {
    accept: "application/samlmetadata+xml, application/xml, text/xml",
    limit: 2 * 1024 * 1024,
    ttl_ms: 600_000,
    stale_ms: 7 * 86_400_000,
    entries: 10_000,
};
/// Parsed metadata files kept in memory.
const FILES: usize = 10_000;

/// What this process knows of the providers' metadata.
#[derive(Debug)]
pub struct Descriptors {
    documents: Documents<IdpDescriptor>,
    /// Entity ids of metadata by URL that this process knows to be pinned.
    pins: Mutex<BTreeMap<String, String>>,
    files: Mutex<BTreeMap<String, Arc<IdpDescriptor>>>,
}

impl Default for Descriptors {
    fn default() -> Self {
        Self { documents: Documents::new(METADATA), pins: Mutex::default(), files: Mutex::default() }
    }
}

impl Descriptors {
    /// The identity provider's description: parsed from the file, or fetched and kept fresh. Refused once its `validUntil` has passed.
    pub async fn current(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        let descriptor = match source(provider)? {
            Source::File(xml) => self.read_file(context, xml)?,
            Source::Url(key) => {
                let pin = self.known_pin(provider);
                self.documents.get(context, &key, |xml| parse(context, xml, pin.as_deref())).await?.document
            }
        };
        still_valid(context, descriptor)
    }

    /// The description for a login: the entity id of metadata by URL is the one that the first login saw, on every replica and after
    /// every restart; a document that names another one counts as a failed fetch (S-24).
    pub async fn pinned(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        if !provider.details.contains_key("MetadataURL") {
            return self.current(context, provider).await;
        }
        let name = pin_name(provider);
        if self.known_pin(provider).is_none()
            && let Some(entity_id) = context.ports.store.read().await?.meta().get(&name).await?
        {
            self.pins().insert(name.clone(), entity_id);
        }
        let descriptor = self.current(context, provider).await?;
        let pin = if let Some(pin) = self.known_pin(provider) {
            pin
        } else {
            let mut work = context.ports.store.begin().await?;
            let entity_id = work.meta().get_or_insert(&name, &descriptor.entity_id).await?;
            work.commit().await?;
            self.pins().insert(name, entity_id.clone());
            entity_id
        };
        // Compared each time: a copy may be older than the pin.
        if pin == descriptor.entity_id {
            Ok(descriptor)
        } else {
            Err(Failure::ProviderUnavailable { reason: MetadataFault::EntityMissing.reason() })
        }
    }

    fn known_pin(&self, provider: &IdentityProvider) -> Option<String> {
        self.pins().get(&pin_name(provider)).cloned()
    }

    fn pins(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A newer copy than `seen`, where there is one to ask for.
    pub async fn newer(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        seen: &Arc<IdpDescriptor>,
    ) -> Result<Arc<IdpDescriptor>, Failure> {
        match source(provider)? {
            Source::File(_) => Ok(Arc::clone(seen)),
            Source::Url(key) => {
                let pin = self.known_pin(provider);
                let held = self.documents.newer(context, &key, seen, |xml| parse(context, xml, pin.as_deref())).await?;
                still_valid(context, held.document)
            }
        }
    }

    fn read_file(&self, context: &Context, xml: &str) -> Result<Arc<IdpDescriptor>, Failure> {
        let digest = sha256_b64(xml.as_bytes());
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(descriptor) = files.get(&digest) {
            return Ok(Arc::clone(descriptor));
        }
        let descriptor = Arc::new(parse(context, xml.as_bytes(), None).map_err(refused)?);
        if files.len() >= FILES {
            files.clear();
        }
        files.insert(digest, Arc::clone(&descriptor));
        Ok(descriptor)
    }
}

enum Source<'a> {
    File(&'a str),
    Url(Key),
}

fn source(provider: &IdentityProvider) -> Result<Source<'_>, Failure> {
    if let Some(xml) = provider.details.get("MetadataFile") {
        return Ok(Source::File(xml));
    }
    let url = provider.details.get("MetadataURL").ok_or(refused("metadata_missing"))?;
    Ok(Source::Url(Key { pool_id: provider.pool_id.clone(), provider: provider.name.clone(), url: url.clone() }))
}

/// Where the entity id of a provider's metadata is pinned: with the provider itself, so that one made anew starts anew.
fn pin_name(provider: &IdentityProvider) -> String {
    let url = provider.details.get("MetadataURL").map_or("", String::as_str);
    let whose = json!([provider.pool_id, provider.name, provider.created_ms, url]).to_string();
    format!("saml_entity_id:{}", sha256_b64(whose.as_bytes()))
}

/// Plain http endpoints pass only while the gateway itself is served over plain http: development on loopback.
fn parse(context: &Context, xml: &[u8], entity_id: Option<&str>) -> Result<IdpDescriptor, &'static str> {
    let options = MetadataOptions {
        expected_entity_id: entity_id,
        now_ms: context.now_ms(),
        allow_http: context.ports.public_url.scheme() == "http",
    };
    metadata::parse(xml, &options).map_err(MetadataFault::reason)
}

fn still_valid(context: &Context, descriptor: Arc<IdpDescriptor>) -> Result<Arc<IdpDescriptor>, Failure> {
    if descriptor.valid_until_ms.is_some_and(|until| until <= context.now_ms()) {
        return Err(Failure::ProviderUnavailable { reason: MetadataFault::Expired.reason() });
    }
    Ok(descriptor)
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
