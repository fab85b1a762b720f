//! The life of our SAML keys: made at first need, published before they sign, kept while an old copy of our metadata may live.
//!
//! Owns which key of a pool signs now, which certificates are published, which keys decrypt, and the yearly successor (Cognito
//! reissues the signing certificate every year). What is known is at most 5 s behind the store; replicas that make a key at the same
//! time agree by its generation. The keys themselves are [`crate::keys::saml_keys`]'s.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use crate::keys::held::Birth;
use crate::keys::rotation::KeyStatus;
use crate::keys::saml_keys::{Slot, SpKey, certificate, generate};
use crate::keys::{FRESH_MS, KeyError, KeyRing, RETRY_MS, blocking};
use crate::store::StoreError;
use crate::store::saml_keys::StoredSamlKey;

const DAY_MS: i64 = 86_400_000;
/// How long a signing certificate is published before it signs, ms: identity providers read metadata daily at the latest, and people
/// who copy certificates by hand need some weeks.
pub const SAML_PUBLISH_AHEAD_MS: i64 = 30 * DAY_MS;
/// How long a replaced key stays published (or goes on decrypting), ms.
pub const SAML_KEEP_AFTER_MS: i64 = 30 * DAY_MS;
/// The age at which a signing key gets a successor, ms: with [`SAML_PUBLISH_AHEAD_MS`] a new one signs every year.
const REISSUE_SIGNING_MS: i64 = 335 * DAY_MS;
/// The age at which an encryption key gets a successor, ms: a year before its certificate ends. Not yearly, since most identity providers
/// have this certificate by hand; `fedgate keys rotate` does it when it is wanted.
const REISSUE_ENCRYPTION_MS: i64 = 9 * 365 * DAY_MS;
/// The provider of keys that sign for the whole pool.
const SIGNING: &str = "";

/// The SAML keys that this replica knows, by pool and provider.
#[derive(Default)]
pub struct SamlKeys {
    known: RwLock<BTreeMap<Place, Arc<Mutex<Known>>>>,
}

/// Pool and provider.
type Place = (String, String);

#[derive(Default)]
struct Known {
    /// When they were read, ms.
    read_ms: i64,
    /// Those that are not retired, oldest first.
    keys: Vec<Arc<SpKey>>,
}

/// A SAML key as the `keys` command shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamlKeyInfo {
    /// Key id.
    pub kid: String,
    /// The provider that encrypts to it; none for a key that signs for the pool.
    pub provider: Option<String>,
    /// Where it stands now.
    pub status: KeyStatus,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Signs from this time on, ms.
    pub active_from_ms: i64,
    /// Leaves at this time, ms.
    pub retire_at_ms: Option<i64>,
    /// End of the certificate, ms.
    pub not_after_ms: i64,
}

impl KeyRing {
    /// The key that signs our SAML messages now; made at first need. [`KeyError::Missing`] when there is no such pool.
    pub async fn saml_signing_key(&self, pool_id: &str) -> Result<Arc<SpKey>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let keys = self.saml_keys(pool_id, SIGNING).await?;
        let active = keys.iter().rev().find(|key| key.active_from_ms <= now_ms && key.is_published(now_ms));
        active.cloned().ok_or(KeyError::Missing)
    }

    /// All published signing certificates, base64 DER: the one that signs now first, then what comes and what goes.
    pub async fn saml_signing_certificates(&self, pool_id: &str) -> Result<Vec<String>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let active = self.saml_signing_key(pool_id).await?;
        let keys = self.saml_keys(pool_id, SIGNING).await?;
        let others = keys.iter().rev().filter(|key| key.kid != active.kid && key.is_published(now_ms));
        Ok(std::iter::once(&active).chain(others).map(|key| key.certificate.clone()).collect())
    }

    /// The keys that may decrypt what this provider sends, newest first; never empty, the first is made at first need. Only the newest
    /// is published.
    pub async fn saml_encryption_keys(&self, pool_id: &str, provider: &str) -> Result<Vec<Arc<SpKey>>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let mut keys = self.saml_keys(pool_id, provider).await?;
        keys.retain(|key| key.is_published(now_ms));
        keys.reverse();
        if keys.is_empty() { Err(KeyError::Missing) } else { Ok(keys) }
    }

    /// Replaces the pool's SAML keys, those that sign and those that decrypt. A new signing key is published now and signs after
    /// `publish_ahead_ms` ([`SAML_PUBLISH_AHEAD_MS`] unless the old one has leaked); a new encryption key is published at once. What
    /// they replace stays for [`SAML_KEEP_AFTER_MS`]. Gives all keys afterwards; none when the pool has no SAML keys.
    pub async fn rotate_saml_keys(&self, pool_id: &str, publish_ahead_ms: i64) -> Result<Vec<SamlKeyInfo>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let stored = self.inner.store.read().await?.saml_keys().list_all(pool_id).await?;
        let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
        for key in &stored {
            newest.insert(&key.provider, key.generation);
        }
        for (provider, generation) in newest {
            let ahead_ms = if provider == SIGNING { publish_ahead_ms.max(0) } else { 0 };
            let birth = Birth { created_ms: now_ms, active_from_ms: now_ms + ahead_ms };
            let slot = Slot { pool_id, provider, generation: generation + 1 };
            self.succeed(slot, birth, |_| birth.active_from_ms + SAML_KEEP_AFTER_MS).await?;
        }
        self.list_saml_keys(pool_id).await
    }

    /// All SAML keys of a pool as the store has them.
    pub async fn list_saml_keys(&self, pool_id: &str) -> Result<Vec<SamlKeyInfo>, KeyError> {
        let stored = self.inner.store.read().await?.saml_keys().list_all(pool_id).await?;
        let now_ms = self.inner.clock.now_ms();
        Ok(stored.iter().map(|key| info(key, &stored, now_ms)).collect())
    }

    /// The unretired keys of a pool and provider, oldest first, at most 5 s behind the store.
    async fn saml_keys(&self, pool_id: &str, provider: &str) -> Result<Vec<Arc<SpKey>>, KeyError> {
        let place = (pool_id.to_owned(), provider.to_owned());
        let known = self.inner.saml.known.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        let known = known.unwrap_or_else(|| {
            let mut all = self.inner.saml.known.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(place.clone()).or_default())
        });
        let mut held = known.lock().await;
        let now_ms = self.inner.clock.now_ms();
        if !held.keys.is_empty() && (0..FRESH_MS).contains(&(now_ms - held.read_ms)) {
            return Ok(held.keys.clone());
        }
        match self.read_saml_keys(pool_id, provider, &held.keys).await {
            Ok(keys) => *held = Known { read_ms: now_ms, keys },
            Err(error @ KeyError::Store(_)) if !held.keys.is_empty() => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(user_pool.id = pool_id, provider, error, "SAML keys cannot be read again");
                held.read_ms = now_ms - FRESH_MS + RETRY_MS;
            }
            Err(error) => {
                // Only what exists is remembered: made-up names take no memory.
                self.inner.saml.known.write().unwrap_or_else(PoisonError::into_inner).remove(&place);
                return Err(error);
            }
        }
        Ok(held.keys.clone())
    }

    async fn read_saml_keys(&self, pool_id: &str, provider: &str, known: &[Arc<SpKey>]) -> Result<Vec<Arc<SpKey>>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let mut stored = self.inner.store.read().await?.saml_keys().list(pool_id, provider).await?;
        if let Some(generation) = due(&stored, provider, now_ms) {
            if stored.is_empty() && self.inner.store.read().await?.user_pools().find(pool_id).await?.is_none() {
                return Err(KeyError::Missing);
            }
            let slot = Slot { pool_id, provider, generation };
            let ahead_ms = if provider == SIGNING && !stored.is_empty() { SAML_PUBLISH_AHEAD_MS } else { 0 };
            let birth = Birth { created_ms: now_ms, active_from_ms: now_ms + ahead_ms };
            // By the clock nobody is told to fetch the new encryption certificate: the old key serves to its end.
            let retire_at = |old: &StoredSamlKey| {
                if provider == SIGNING {
                    birth.active_from_ms + SAML_KEEP_AFTER_MS
                } else {
                    certificate::not_after_ms(old.created_ms)
                }
            };
            self.succeed(slot, birth, retire_at).await?;
            stored = self.inner.store.read().await?.saml_keys().list(pool_id, provider).await?;
        }
        let open = |stored: StoredSamlKey| {
            let same = |key: &&Arc<SpKey>| key.kid == stored.kid && key.retire_at_ms == stored.retire_at_ms;
            known
                .iter()
                .find(same)
                .cloned()
                .unwrap_or_else(|| Arc::new(SpKey::new(stored, self.inner.seal.clone(), Arc::clone(&self.inner.signers))))
        };
        let unretired = |key: &StoredSamlKey| key.retire_at_ms.is_none_or(|retire_at_ms| now_ms < retire_at_ms);
        Ok(stored.into_iter().filter(unretired).map(open).collect())
    }

    /// Makes the key of that generation, unless another replica has just done so, and lets those before it leave.
    async fn succeed(&self, slot: Slot<'_>, birth: Birth, retire_at: impl Fn(&StoredSamlKey) -> i64) -> Result<(), KeyError> {
        let (pool_id, provider, inner) = (slot.pool_id.to_owned(), slot.provider.to_owned(), Arc::clone(&self.inner));
        let generation = slot.generation;
        let fresh = blocking(move || {
            generate(Slot { pool_id: &pool_id, provider: &provider, generation }, birth, &inner.seal, &inner.random)
        });
        let fresh = fresh.await?;
        let mut work = self.inner.store.begin().await?;
        match work.saml_keys().insert(&fresh).await {
            Ok(()) => {}
            Err(StoreError::Duplicate) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for old in work.saml_keys().list(slot.pool_id, slot.provider).await? {
            if old.generation < generation && old.retire_at_ms.is_none() {
                work.saml_keys().retire(&old, retire_at(&old)).await?;
            }
        }
        if slot.provider != SIGNING
            && let Some(mut provider) = work.identity_providers().find(slot.pool_id, slot.provider).await?
            && provider.details.get("EncryptedResponses").is_some_and(|value| value == "true")
        {
            provider.details.insert("ActiveEncryptionCertificate".to_owned(), fresh.certificate.clone());
            work.identity_providers().update(&provider).await?;
        }
        work.commit().await?;
        tracing::info!(user_pool.id = slot.pool_id, provider = slot.provider, kid = fresh.kid, "a new SAML key");
        Ok(())
    }
}

/// The generation that must be made now, if one must.
fn due(stored: &[StoredSamlKey], provider: &str, now_ms: i64) -> Option<i64> {
    let Some(newest) = stored.last() else { return Some(1) };
    let reissue_ms = if provider == SIGNING { REISSUE_SIGNING_MS } else { REISSUE_ENCRYPTION_MS };
    (now_ms - newest.created_ms >= reissue_ms).then_some(newest.generation + 1)
}

fn info(key: &StoredSamlKey, all: &[StoredSamlKey], now_ms: i64) -> SamlKeyInfo {
    let succeeded = all
        .iter()
        .any(|other| other.provider == key.provider && other.generation > key.generation && other.active_from_ms <= now_ms);
    let status = match key.retire_at_ms {
        Some(retire_at_ms) if retire_at_ms <= now_ms => KeyStatus::Retired,
        _ if now_ms < key.active_from_ms => KeyStatus::Published,
        _ if succeeded => KeyStatus::Retiring,
        _ => KeyStatus::Active,
    };
    SamlKeyInfo {
        kid: key.kid.clone(),
        provider: (key.provider != SIGNING).then(|| key.provider.clone()),
        status,
        created_ms: key.created_ms,
        active_from_ms: key.active_from_ms,
        retire_at_ms: key.retire_at_ms,
        not_after_ms: certificate::not_after_ms(key.created_ms),
    }
}
