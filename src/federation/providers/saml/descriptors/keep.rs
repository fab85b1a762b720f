//! The durable side of a provider's metadata: what goes into the store, what comes out, and the log of what changed.
//!
//! Owns the row (`store::provider_documents`), the pinned entity id (S-24), when the next look is due, and the one log event of a change,
//! which names fingerprints and endpoints and never quotes the document. When to look is decided by `descriptors` and `rounds`.

use std::collections::BTreeSet;

use crate::base::random::Random;
use crate::context::Context;
use crate::federation::providers::saml::descriptors::fetch::{Document, Validators};
use crate::federation::providers::saml::descriptors::source::Remote;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataFault, MetadataOptions, Reading};
use crate::model::failure::Failure;
use crate::store::StoreError;
use crate::store::provider_documents::{Confirmed, Head, ProviderDocument};

/// How often a document is read again, ms; well within Cognito's six hours.
const EVERY_MS: i64 = 600_000;
/// The same for aggregates, which are large and change daily at most.
const AGGREGATE_EVERY_MS: i64 = 3_600_000;
/// Never more often, whatever the document wishes, ms.
const AT_MOST_EVERY_MS: i64 = 60_000;

/// When the next look is due: the usual interval, sooner when `cacheDuration` says so or `validUntil` is near, up to a tenth less at random,
/// so that providers do not march in step.
pub fn next_look(random: &Random, remote: &Remote, now_ms: i64, cache_ms: Option<i64>, valid_until_ms: Option<i64>) -> i64 {
    let usual = if remote.aggregate { AGGREGATE_EVERY_MS } else { EVERY_MS };
    let half_life = valid_until_ms.map(|until| until.saturating_sub(now_ms) / 2);
    let wanted = [cache_ms, half_life].into_iter().flatten().fold(usual, i64::min).max(AT_MOST_EVERY_MS);
    let tenth = wanted / 10;
    let less = tenth * i64::from(u16::from_be_bytes(random.bytes())) / i64::from(u16::MAX);
    now_ms + (wanted - less).max(AT_MOST_EVERY_MS)
}

/// What the store knows of this source, without the document.
pub async fn head(context: &Context, remote: &Remote) -> Result<Option<Head>, StoreError> {
    let head = context.ports.store.read().await?.provider_documents().head(&remote.pool_id, &remote.provider).await?;
    Ok(head.filter(|head| head.source == remote.identity))
}

/// The kept document of this source with what it says, expired or not. A document that cannot be read any more does not count.
pub async fn load(context: &Context, remote: &Remote) -> Result<Option<(ProviderDocument, Reading)>, StoreError> {
    let found = context.ports.store.read().await?.provider_documents().find(&remote.pool_id, &remote.provider).await?;
    let Some(document) = found.filter(|document| document.source == remote.identity) else { return Ok(None) };
    let options = MetadataOptions {
        expected_entity_id: remote.entity_id.as_deref(),
        now_ms: i64::MIN,
        allow_http: context.ports.public_url.scheme() == "http",
    };
    match metadata::read(document.body.as_bytes(), &options, &[]) {
        Ok(reading) => Ok(Some((document, reading))),
        Err(fault) => {
            tracing::warn!(
                event = "saml.metadata.kept_copy_unreadable",
                user_pool.id = remote.pool_id,
                provider.name = remote.provider,
                reason = fault.reason(),
                "the kept copy of a provider's metadata cannot be read"
            );
            Ok(None)
        }
    }
}

/// The entity that the document must describe: the chosen one, or the pinned one.
pub async fn expected_entity(context: &Context, remote: &Remote) -> Result<Option<String>, StoreError> {
    match &remote.entity_id {
        Some(entity_id) => Ok(Some(entity_id.clone())),
        None => context.ports.store.read().await?.meta().get(&remote.pin_name).await,
    }
}

/// Keeps a new document and pins its entity, both or neither; logs what changed. Refused when another entity is pinned.
pub async fn save(context: &Context, remote: &Remote, new: &Document) -> Result<(), Failure> {
    let old = load(context, remote).await?;
    let now_ms = context.now_ms();
    let descriptor = &new.descriptor;
    let expires = descriptor.signing_certificates.iter().filter_map(SigningCertificate::not_after_ms).min();
    let row = ProviderDocument {
        pool_id: remote.pool_id.clone(),
        provider: remote.provider.clone(),
        source: remote.identity.clone(),
        digest: new.digest.clone(),
        body: new.body.clone(),
        etag: new.validators.etag.clone(),
        modified: new.validators.modified.clone(),
        fetched_ms: now_ms,
        checked_ms: now_ms,
        due_ms: next_look(&context.ports.random, remote, now_ms, new.cache_ms, descriptor.valid_until_ms),
        certificate_until_ms: expires,
        valid_until_ms: descriptor.valid_until_ms,
    };
    let mut work = context.ports.store.begin().await?;
    if remote.entity_id.is_none() {
        let pinned = work.meta().get_or_insert(&remote.pin_name, &descriptor.entity_id).await?;
        if pinned != descriptor.entity_id {
            return Err(Failure::ProviderUnavailable { reason: MetadataFault::EntityMissing.reason() });
        }
    }
    let kept = work.provider_documents().put(&row).await?;
    work.commit().await?;
    if let Some((_, old)) = old.filter(|_| kept) {
        log_change(remote, &old.descriptor, descriptor);
    }
    Ok(())
}

/// Notes that the host confirmed what is kept.
pub async fn confirm(
    context: &Context,
    remote: &Remote,
    digest: &str,
    validators: &Validators,
    due_ms: i64,
) -> Result<(), StoreError> {
    let Validators { etag, modified } = validators;
    let confirmed = Confirmed { digest, etag, modified, checked_ms: context.now_ms(), due_ms };
    let mut work = context.ports.store.begin().await?;
    work.provider_documents().confirm(&remote.pool_id, &remote.provider, &confirmed).await?;
    work.commit().await
}

fn log_change(remote: &Remote, old: &IdpDescriptor, new: &IdpDescriptor) {
    let fingerprints =
        |of: &IdpDescriptor| of.signing_certificates.iter().map(SigningCertificate::fingerprint).collect::<BTreeSet<_>>();
    let (before, after) = (fingerprints(old), fingerprints(new));
    let listed = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>().join(" ");
    let endpoints = [
        ("sso_redirect", &old.sso_redirect_url, &new.sso_redirect_url),
        ("sso_post", &old.sso_post_url, &new.sso_post_url),
        ("slo_redirect", &old.slo_redirect_url, &new.slo_redirect_url),
        ("slo_post", &old.slo_post_url, &new.slo_post_url),
    ];
    let moved: Vec<&str> = endpoints.iter().filter(|(_, old, new)| old != new).map(|(name, ..)| *name).collect();
    if before == after && moved.is_empty() {
        return;
    }
    tracing::info!(
        event = "saml.metadata.changed",
        user_pool.id = remote.pool_id,
        provider.name = remote.provider,
        saml.entity_id = new.entity_id,
        certificates.added = listed(&after, &before),
        certificates.removed = listed(&before, &after),
        endpoints.changed = moved.join(" "),
        "a provider's metadata changed"
    );
}
