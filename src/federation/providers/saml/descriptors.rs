//! The metadata of SAML identity providers: what a login uses, and how it stays fresh without any login waiting for it.
//!
//! A login uses the copy in memory, or the last good one in the store. It asks the host itself only when there is no usable copy at
//! all, or when a signature does not verify (at most once a minute). Everything else is read in the background (`rounds`). A
//! document that is worse than the kept one never replaces it (S-24). `source` reads the settings, `fetch` looks at the host, `keep` is the
//! durable side, `slots` what this process holds, `survey` warns of what expires. The text's meaning is `federation::saml::metadata`'s.

pub mod fetch;
pub mod keep;
pub mod rounds;
pub mod slots;
pub mod source;
pub mod survey;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::providers::saml::descriptors::fetch::{Document, Fault, Found, Validators};
use crate::federation::providers::saml::descriptors::slots::{Copy, Slot, Slots};
use crate::federation::providers::saml::descriptors::source::{Remote, Source};
use crate::federation::saml::metadata::{self, IdpDescriptor, MetadataFault, MetadataOptions};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

/// How long the last good copy serves while its host gives none, ms, unless its own `validUntil` ends before.
const STALE_MS: i64 = 7 * 86_400_000;
/// How often a process compares its copy with the store's, ms: what one replica learned holds on all within that time (S-23).
const LOOK_EVERY_MS: i64 = 15_000;
/// A signature that does not verify may ask the host so often, ms.
const FORCED_EVERY_MS: i64 = 60_000;
/// Parsed metadata files kept in memory.
const FILES: usize = 10_000;

/// What this process knows of the providers' metadata.
#[derive(Debug)]
pub struct Descriptors {
    slots: Slots,
    files: Mutex<BTreeMap<String, Arc<IdpDescriptor>>>,
    surveyed_ms: AtomicI64,
    files_surveyed_ms: AtomicI64,
}

impl Default for Descriptors {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            files: Mutex::default(),
            surveyed_ms: AtomicI64::new(i64::MIN),
            files_surveyed_ms: AtomicI64::new(i64::MIN),
        }
    }
}

impl Descriptors {
    /// The identity provider's description, for settings that are about to be saved: nothing is written. Refused once its `validUntil` has
    /// passed.
    pub async fn current(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        match source::of(provider)? {
            Source::File(xml, entity_id) => self.read_file(context, xml, entity_id),
            Source::Url(remote) => Ok(self.held(context, &remote, false).await?.1.descriptor),
        }
    }

    /// The description for a login. The entity id of metadata by URL is the one that the settings name or that the first kept copy named, on
    /// every replica and after every restart; a document that names another one counts as a failed fetch (S-24).
    pub async fn pinned(&self, context: &Context, provider: &IdentityProvider) -> Result<Arc<IdpDescriptor>, Failure> {
        let remote = match source::of(provider)? {
            Source::File(xml, entity_id) => return self.read_file(context, xml, entity_id),
            Source::Url(remote) => remote,
        };
        let (slot, copy) = self.held(context, &remote, true).await?;
        if let Some(document) = &copy.unsaved {
            let saved = keep::save(context, &remote, document).await;
            let mut state = slot.state();
            match &saved {
                Ok(()) => {
                    if let Some(held) = state.copy.as_mut().filter(|held| held.digest == copy.digest) {
                        held.unsaved = None;
                    }
                }
                Err(_) => state.copy = None,
            }
            drop(state);
            saved?;
        }
        Ok(copy.descriptor)
    }

    /// The entity id of a provider, without asking anybody for its metadata: from the file or the settings, or as the first login pinned it. A
    /// provider that is not known yet has no sessions that it could end.
    pub async fn known_entity_id(&self, context: &Context, provider: &IdentityProvider) -> Result<Option<String>, Failure> {
        match source::of(provider)? {
            Source::File(xml, entity_id) => Ok(Some(self.read_file(context, xml, entity_id)?.entity_id.clone())),
            Source::Url(remote) => Ok(keep::expected_entity(context, &remote).await?),
        }
    }

    /// A newer copy than `seen`, whose keys did not verify a signature: what another replica has read meanwhile, or else what the host says now,
    /// which is asked at most once a minute and by one at a time. Without any, the copy that there is.
    pub async fn newer(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        seen: &Arc<IdpDescriptor>,
    ) -> Result<Arc<IdpDescriptor>, Failure> {
        let remote = match source::of(provider)? {
            Source::File(..) => return Ok(Arc::clone(seen)),
            Source::Url(remote) => remote,
        };
        let now_ms = context.now_ms();
        let slot = self.slots.slot(&remote.pool_id, &remote.provider, &remote.identity, now_ms);
        let _flight = slot.flight.lock().await;
        let is_newer = |slot: &Slot| slot.state().copy.as_ref().is_some_and(|copy| !Arc::ptr_eq(&copy.descriptor, seen));
        if !is_newer(&slot) {
            look_into_store(context, &remote, &slot).await?;
        }
        if !is_newer(&slot) {
            let may_ask = {
                let mut state = slot.state();
                let asked_lately = state.forced_ms.is_some_and(|forced| now_ms.saturating_sub(forced) < FORCED_EVERY_MS);
                let may_ask = !asked_lately && !state.backs_off(now_ms);
                state.forced_ms = if may_ask { Some(now_ms) } else { state.forced_ms };
                may_ask
            };
            if may_ask {
                refresh(context, &remote, &slot, true).await?;
            }
        }
        usable(&slot, context.now_ms()).map(|copy| copy.descriptor)
    }

    /// The copy that serves now, from memory, from the store, or as the last resort from the host.
    async fn held(&self, context: &Context, remote: &Remote, save: bool) -> Result<(Arc<Slot>, Copy), Failure> {
        let now_ms = context.now_ms();
        let slot = self.slots.slot(&remote.pool_id, &remote.provider, &remote.identity, now_ms);
        let look_due = slot.state().looked_ms.is_none_or(|looked| now_ms.saturating_sub(looked) >= LOOK_EVERY_MS);
        if look_due && let Err(error) = look_into_store(context, remote, &slot).await {
            // A copy in memory outlives a moment without the store.
            let copy = usable(&slot, now_ms).map_err(|_| error)?;
            return Ok((slot, copy));
        }
        if let Ok(copy) = usable(&slot, now_ms) {
            return Ok((slot, copy));
        }
        {
            let _flight = slot.flight.lock().await;
            if usable(&slot, now_ms).is_err() {
                // Another login may have begun to look into the store when this one did not wait for it.
                look_into_store(context, remote, &slot).await?;
            }
            if usable(&slot, now_ms).is_err() && !slot.state().backs_off(now_ms) {
                refresh(context, remote, &slot, save).await?;
            }
        }
        let copy = usable(&slot, context.now_ms())?;
        Ok((slot, copy))
    }

    fn read_file(&self, context: &Context, xml: &str, entity_id: Option<&str>) -> Result<Arc<IdpDescriptor>, Failure> {
        let digest = sha256_b64(format!("{}\n{xml}", entity_id.unwrap_or_default()).as_bytes());
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(descriptor) = files.get(&digest) {
            return still_valid(context.now_ms(), Arc::clone(descriptor));
        }
        let options = MetadataOptions {
            expected_entity_id: entity_id,
            now_ms: context.now_ms(),
            allow_http: context.ports.public_url.scheme() == "http",
        };
        let descriptor =
            metadata::parse(xml.as_bytes(), &options).map_err(|fault| Failure::FederationRefused { reason: fault.reason() })?;
        let descriptor = Arc::new(descriptor);
        if files.len() >= FILES {
            files.clear();
        }
        files.insert(digest, Arc::clone(&descriptor));
        Ok(descriptor)
    }
}

/// Takes over what the store has, when it differs from what is held.
async fn look_into_store(context: &Context, remote: &Remote, slot: &Slot) -> Result<(), Failure> {
    slot.state().looked_ms = Some(context.now_ms());
    let Some(head) = keep::head(context, remote).await? else { return Ok(()) };
    {
        let mut state = slot.state();
        if let Some(copy) = state.copy.as_mut().filter(|copy| copy.digest == head.digest) {
            copy.checked_ms = copy.checked_ms.max(head.checked_ms);
            return Ok(());
        }
    }
    if let Some((document, reading)) = keep::load(context, remote).await? {
        slot.state().copy = Some(Copy {
            descriptor: Arc::new(reading.descriptor),
            digest: document.digest,
            checked_ms: document.checked_ms,
            unsaved: None,
        });
    }
    Ok(())
}

/// Asks the host, with the slot's flight held. What the host does wrong is noted in the slot and logged; an error is the store's.
async fn refresh(context: &Context, remote: &Remote, slot: &Slot, save: bool) -> Result<(), Failure> {
    let kept = keep::load(context, remote).await?;
    let expected = keep::expected_entity(context, remote).await?;
    let validators = kept
        .as_ref()
        .map_or_else(Validators::default, |(row, _)| Validators { etag: row.etag.clone(), modified: row.modified.clone() });
    let found = fetch::look(context, remote, expected, &validators).await;
    let now_ms = context.now_ms();
    let fault = match (found, kept) {
        (Ok(Found::Unchanged(validators)), Some((row, reading))) => {
            return confirmed(context, remote, slot, (row.digest, reading, validators)).await;
        }
        (Ok(Found::Document(new)), Some((row, _))) if new.digest == row.digest => {
            let Document { digest, descriptor, cache_ms, validators, .. } = *new;
            return confirmed(context, remote, slot, (digest, metadata::Reading { descriptor, cache_ms }, validators)).await;
        }
        (Ok(Found::Document(new)), _) => {
            let outcome = if save { keep::save(context, remote, &new).await } else { Ok(()) };
            match outcome {
                Ok(()) => {
                    count("changed");
                    slot.state().succeeded(Copy {
                        descriptor: Arc::new(new.descriptor.clone()),
                        digest: new.digest.clone(),
                        checked_ms: now_ms,
                        unsaved: (!save).then(|| Arc::from(new)),
                    });
                    return Ok(());
                }
                Err(Failure::ProviderUnavailable { reason }) => Fault::Refused(reason),
                Err(failure) => return Err(failure),
            }
        }
        // The row went while we asked.
        (Ok(Found::Unchanged(_)), None) => Fault::Unreachable("document_status"),
        (Err(fault), _) => fault,
    };
    alert(remote, fault);
    slot.state().failed(fault.reason(), now_ms);
    Ok(())
}

/// The host says that what is kept still holds.
async fn confirmed(
    context: &Context,
    remote: &Remote,
    slot: &Slot,
    (digest, reading, validators): (String, metadata::Reading, Validators),
) -> Result<(), Failure> {
    let now_ms = context.now_ms();
    let until = reading.descriptor.valid_until_ms;
    let due_ms = keep::next_look(&context.ports.random, remote, now_ms, reading.cache_ms, until);
    keep::confirm(context, remote, &digest, &validators, due_ms).await?;
    count("unchanged");
    let mut state = slot.state();
    // The same copy stays the same object: whoever compares sees that nothing is newer.
    let held = state.copy.take().filter(|copy| copy.digest == digest).map(|copy| copy.descriptor);
    let descriptor = held.unwrap_or_else(|| Arc::new(reading.descriptor));
    state.succeeded(Copy { descriptor, digest, checked_ms: now_ms, unsaved: None });
    Ok(())
}

/// The copy, unless it is too old to be used; then why there is none.
fn usable(slot: &Slot, now_ms: i64) -> Result<Copy, Failure> {
    let state = slot.state();
    let Some(copy) = &state.copy else { return Err(Failure::ProviderUnavailable { reason: state.fault }) };
    still_valid(now_ms, Arc::clone(&copy.descriptor))?;
    if now_ms.saturating_sub(copy.checked_ms) < STALE_MS {
        Ok(copy.clone())
    } else {
        Err(Failure::ProviderUnavailable { reason: state.fault })
    }
}

fn still_valid(now_ms: i64, descriptor: Arc<IdpDescriptor>) -> Result<Arc<IdpDescriptor>, Failure> {
    if descriptor.valid_until_ms.is_some_and(|until| until <= now_ms) {
        return Err(Failure::ProviderUnavailable { reason: MetadataFault::Expired.reason() });
    }
    Ok(descriptor)
}

/// The operator must hear of a document that was refused, and of a host that is silent; the kept copy goes on serving.
fn alert(remote: &Remote, fault: Fault) {
    let (event, outcome) = match fault {
        Fault::Refused(_) => ("saml.metadata.refused", "refused"),
        Fault::Unreachable(_) => ("saml.metadata.unreachable", "unreachable"),
    };
    count(outcome);
    tracing::warn!(
        event,
        user_pool.id = remote.pool_id,
        provider.name = remote.provider,
        reason = fault.reason(),
        "a provider's metadata could not be renewed; the last good copy stays"
    );
}

fn count(outcome: &'static str) {
    metrics::counter!("fedgate_metadata_refresh_total", "outcome" => outcome).increment(1);
}
