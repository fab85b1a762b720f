//! Signing keys: per pool one RSA-2048 key for ID tokens and one for access tokens, their rotation, and the JWKS; beside them our keys
//! as a SAML service provider ([`saml_keys`]).
//!
//! Owns key life: publish before use, overlap, retirement (K-01, K-02), and signing itself on bounded threads off the event loop.
//! Private halves rest sealed ([`seal`]). Does not know claims: that is `tokens`.

pub mod held;
pub mod master;
pub mod rotation;
pub mod saml_keys;
pub mod seal;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::{Mutex, Semaphore};

use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::keys::held::{Birth, Held, generate};
use crate::keys::saml_keys::life::SamlKeys;
use crate::keys::seal::Seal;
use crate::model::failure::Failure;
use crate::store::signing_keys::StoredKey;
use crate::store::{Store, UnitOfWork};

/// How old a pool's keys may be before they are read again, ms.
const FRESH_MS: i64 = 5_000;
/// How often an unknown `kid` or a store that is down may cause another read, ms.
const RETRY_MS: i64 = 1_000;
/// The longest token that is looked at, bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenUse {
    /// ID tokens.
    Id,
    /// Access tokens.
    Access,
}

impl TokenUse {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Id, Self::Access];

    /// The word for it: `id` or `access`, as in Cognito's `token_use` claim.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }

    /// The use of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|token_use| token_use.as_str() == word)
    }
}

/// A key could not be made, opened or used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The pool has no key for that use.
    #[error("the pool has no signing key")]
    Missing,
    /// A sealed value does not open under any configured master key (K-06).
    #[error("a sealed value does not open with the configured master key")]
    Sealed,
    /// No usable master key, or one of another database (K-06). The text is for the operator.
    #[error("{0}")]
    Master(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// Cryptography failed.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Missing | KeyError::Sealed | KeyError::Master(_) | KeyError::Crypto(_) => Self::internal(error),
        }
    }
}

/// The keys of all pools, as this replica knows them: at most 5 s behind the store. When the store is down, what is known stays
/// in use. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    seal: Seal,
    clock: Clock,
    random: Random,
    pools: RwLock<HashMap<String, Arc<Pool>>>,
    saml: SamlKeys,
    /// Signatures being made at once: one for each core.
    signers: Arc<Semaphore>,
}

struct Pool {
    keys: ArcSwap<Snapshot>,
    reading: Mutex<()>,
    failing: AtomicBool,
}

struct Snapshot {
    /// When it was read, or when reading was last tried in vain, ms.
    read_ms: i64,
    keys: Vec<Arc<Held>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// A ring over a store. Reads nothing yet.
    pub fn new(store: Store, seal: Seal, clock: Clock, random: Random) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let signers = Arc::new(Semaphore::new(cores));
        let (pools, saml) = (RwLock::default(), SamlKeys::default());
        Self { inner: Arc::new(Inner { store, seal, clock, random, pools, saml, signers }) }
    }

    /// Makes the two first keys of a pool, active at once, inside the caller's unit of work.
    pub async fn create_for_pool(&self, work: &mut UnitOfWork, pool_id: &str) -> Result<(), KeyError> {
        for key in self.first_keys(pool_id).await? {
            work.signing_keys().insert(&key).await?;
        }
        Ok(())
    }

    /// The two first keys of a pool, active at once, not stored yet: making them takes long enough to keep it out of a unit of work.
    pub async fn first_keys(&self, pool_id: &str) -> Result<Vec<StoredKey>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        self.make(pool_id, Birth { created_ms: now_ms, active_from_ms: now_ms }).await
    }

    /// A JWS in compact form: header `{"kid","alg":"RS256"}` (no `typ`, as Cognito), the given claims, the active key.
    pub async fn sign(&self, pool_id: &str, token_use: TokenUse, claims: &Value) -> Result<String, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let snapshot = self.keys(pool_id, FRESH_MS).await?;
        let key = active(&snapshot.keys, token_use, now_ms).ok_or(KeyError::Missing)?;
        let claims = serde_json::to_vec(claims).map_err(|_| KeyError::Crypto("the claims are not JSON"))?;
        let permit = Arc::clone(&self.inner.signers).acquire_owned().await.map_err(|_| KeyError::Crypto("shutting down"))?;
        blocking(move || {
            let jws = key.sign(&claims);
            drop(permit);
            jws
        })
        .await
    }

    /// The published JWKS document of a pool: every key that is not retired, of both uses, oldest first.
    pub async fn jwks(&self, pool_id: &str) -> Result<Value, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let snapshot = self.keys(pool_id, FRESH_MS).await?;
        let keys: Vec<&Value> = snapshot.keys.iter().filter(|key| key.is_published(now_ms)).map(|key| &key.jwk).collect();
        Ok(json!({ "keys": keys }))
    }

    /// The claims of a JWS that one of the pool's keys of that use signed (RS256 only, `kid` required). Signature only: times and
    /// audiences are `tokens::verify`'s. `None` for anything else.
    pub async fn verify(&self, pool_id: &str, token_use: TokenUse, token: &str) -> Result<Option<Value>, KeyError> {
        if token.len() > LONGEST_TOKEN || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Ok(None);
        }
        let Some(kid) = decode_header(token).ok().filter(|header| header.alg == Algorithm::RS256).and_then(|header| header.kid)
        else {
            return Ok(None);
        };
        let snapshot = match self.keys(pool_id, FRESH_MS).await {
            Ok(snapshot) => snapshot,
            Err(KeyError::Missing) => return Ok(None),
            Err(error) => return Err(error),
        };
        let find = |keys: &[Arc<Held>]| keys.iter().find(|key| key.kid == kid).cloned();
        let key = match find(&snapshot.keys) {
            Some(key) => Some(key),
            None => match self.keys(pool_id, RETRY_MS).await {
                Ok(snapshot) => find(&snapshot.keys),
                Err(KeyError::Missing) => None,
                Err(error) => return Err(error),
            },
        };
        let now_ms = self.inner.clock.now_ms();
        let Some(key) = key.filter(|key| key.token_use == token_use && key.is_published(now_ms)) else { return Ok(None) };
        Ok(decode::<Value>(token, &key.public, &signature_only()).ok().map(|token| token.claims).filter(Value::is_object))
    }

    /// A pool's keys, read again when they are older than `fresh_ms`.
    async fn keys(&self, pool_id: &str, fresh_ms: i64) -> Result<Arc<Snapshot>, KeyError> {
        let known = self.inner.pools.read().unwrap_or_else(PoisonError::into_inner).get(pool_id).cloned();
        let Some(pool) = known else { return self.first(pool_id).await };
        let is_fresh = |snapshot: &Snapshot| {
            // While the store does not answer, an unknown `kid` is no reason to ask it more often.
            let fresh_ms = if pool.failing.load(Ordering::Relaxed) { FRESH_MS } else { fresh_ms };
            (0..fresh_ms).contains(&(self.inner.clock.now_ms() - snapshot.read_ms))
        };
        let snapshot = pool.keys.load_full();
        if is_fresh(&snapshot) {
            return Ok(snapshot);
        }
        let reading = match pool.reading.try_lock() {
            Ok(reading) => reading,
            // Somebody is asking a store that did not answer before: go on with what is known.
            Err(_) if pool.failing.load(Ordering::Relaxed) => return Ok(snapshot),
            Err(_) => pool.reading.lock().await,
        };
        let snapshot = pool.keys.load_full();
        if is_fresh(&snapshot) {
            return Ok(snapshot);
        }
        let (snapshot, failing) = match self.read(pool_id, &snapshot.keys).await {
            Ok(keys) if keys.is_empty() => {
                self.inner.pools.write().unwrap_or_else(PoisonError::into_inner).remove(pool_id);
                return Err(KeyError::Missing);
            }
            Ok(keys) => (Snapshot { read_ms: self.inner.clock.now_ms(), keys }, false),
            Err(error) => {
                tracing::warn!(
                    user_pool.id = pool_id,
                    error = &error as &dyn std::error::Error,
                    "signing keys cannot be read again"
                );
                (Snapshot { read_ms: self.inner.clock.now_ms() - FRESH_MS + RETRY_MS, keys: snapshot.keys.clone() }, true)
            }
        };
        let snapshot = Arc::new(snapshot);
        pool.failing.store(failing, Ordering::Relaxed);
        pool.keys.store(Arc::clone(&snapshot));
        drop(reading);
        Ok(snapshot)
    }

    /// Reads a pool's keys for the first time. A pool without keys leaves no trace, so that made-up pool ids take no memory.
    async fn first(&self, pool_id: &str) -> Result<Arc<Snapshot>, KeyError> {
        let read_ms = self.inner.clock.now_ms();
        let keys = self.read(pool_id, &[]).await?;
        if keys.is_empty() {
            return Err(KeyError::Missing);
        }
        let snapshot = Arc::new(Snapshot { read_ms, keys });
        let pool = Pool { keys: ArcSwap::new(Arc::clone(&snapshot)), reading: Mutex::default(), failing: AtomicBool::default() };
        let mut pools = self.inner.pools.write().unwrap_or_else(PoisonError::into_inner);
        pools.entry(pool_id.to_owned()).or_insert_with(|| Arc::new(pool));
        Ok(snapshot)
    }

    /// Reads a pool's published keys; those that are known and unchanged are not opened again.
    async fn read(&self, pool_id: &str, known: &[Arc<Held>]) -> Result<Vec<Arc<Held>>, KeyError> {
        let stored = self.inner.store.read().await?.signing_keys().list(pool_id).await?;
        let now_ms = self.inner.clock.now_ms();
        let published = stored.iter().filter(|key| key.retire_at_ms.is_none_or(|retire_at_ms| now_ms < retire_at_ms));
        published
            .map(|stored| {
                let same = |held: &&Arc<Held>| held.kid == stored.kid && held.retire_at_ms == stored.retire_at_ms;
                match known.iter().find(same) {
                    Some(held) => Ok(Arc::clone(held)),
                    None => Held::open(stored, &self.inner.seal).map(Arc::new),
                }
            })
            .collect()
    }

    /// Makes a key of each use, off the event loop (K-03).
    async fn make(&self, pool_id: &str, birth: Birth) -> Result<Vec<StoredKey>, KeyError> {
        let (pool_id, inner) = (pool_id.to_owned(), Arc::clone(&self.inner));
        blocking(move || {
            let make = |token_use| generate(&pool_id, token_use, birth, &inner.seal, &inner.random);
            TokenUse::ALL.into_iter().map(make).collect()
        })
        .await
    }
}

/// The key that signs at that time: of those that have become active, the youngest that nothing replaces.
fn active(keys: &[Arc<Held>], token_use: TokenUse, now_ms: i64) -> Option<Arc<Held>> {
    let usable = |key: &&Arc<Held>| key.token_use == token_use && key.active_from_ms <= now_ms && key.is_published(now_ms);
    keys.iter()
        .filter(usable)
        .max_by_key(|key| (key.active_from_ms, key.retire_at_ms.is_none(), key.created_ms, key.kid.clone()))
        .cloned()
}

fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, KeyError> + Send + 'static) -> Result<T, KeyError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| KeyError::Crypto("the signing thread stopped"))?
}
