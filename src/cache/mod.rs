//! The shared cache: login transactions, codes, browser sessions, counters. All of it may be lost at the price of starting a login again.
//!
//! Owns expiry, take-once and increment, and the name spaces that keep one kind of record from being read as another.
//! Does not decide one-time use durably: that is `store::consumed` and `store::grants`.

pub mod memory;
mod redis;

use std::sync::Arc;

use thiserror::Error;

use crate::base::clock::Clock;
use crate::cache::memory::Memory;
use crate::cache::redis::Redis;
use crate::model::failure::Failure;

/// The name spaces of cached records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An upstream login on its way: state or RelayState → transaction.
    Login,
    /// A sign-out on its way through a provider: RelayState → where the browser goes afterwards.
    Logout,
    /// An authorization code.
    Code,
    /// A browser session.
    WebSession,
    /// A signed-in user's proof for linking or unlinking an identity.
    LinkProof,
    /// A rate counter.
    Counter,
}

impl Kind {
    /// The prefix of its keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Code => "code",
            Self::WebSession => "web_session",
            Self::LinkProof => "link_proof",
            Self::Counter => "counter",
        }
    }
}

/// The cache cannot be reached or did not answer in time.
#[derive(Debug, Error)]
#[error("the cache is unavailable")]
pub struct CacheError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl From<CacheError> for Failure {
    fn from(_: CacheError) -> Self {
        Self::Unavailable("the cache")
    }
}

/// A handle on the cache. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cache {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<Memory>),
    Redis(Redis),
}

impl Cache {
    /// Connects to `memory:` or `redis://…`, `rediss://…`. The memory cache reads expiry from `clock`.
    pub async fn connect(url: &str, clock: Clock) -> Result<Self, CacheError> {
        let place = if url == "memory:" {
            Place::Memory(Arc::new(Memory::new(clock)))
        } else if url.starts_with("redis://") || url.starts_with("rediss://") {
            Place::Redis(Redis::connect(url).await?)
        } else {
            return Err(CacheError("the cache's URL must be memory: or begin with redis:// or rediss://".into()));
        };
        Ok(Self { place })
    }

    /// Whether the cache answers.
    pub async fn ping(&self) -> Result<(), CacheError> {
        match &self.place {
            Place::Memory(_) => Ok(()),
            Place::Redis(redis) => redis.ping().await,
        }
    }

    /// Reads a record.
    pub async fn get(&self, kind: Kind, key: &str) -> Result<Option<String>, CacheError> {
        match &self.place {
            Place::Memory(memory) => Ok(memory.get(&full(kind, key))),
            Place::Redis(redis) => redis.get(&full(kind, key)).await,
        }
    }

    /// Writes a record that lives for `ttl_ms` (more than 0; less counts as 1).
    pub async fn put(&self, kind: Kind, key: &str, value: &str, ttl_ms: i64) -> Result<(), CacheError> {
        match &self.place {
            Place::Memory(memory) => {
                memory.put(&full(kind, key), value, ttl_ms.max(1));
                Ok(())
            }
            Place::Redis(redis) => redis.put(&full(kind, key), value, ttl_ms.max(1)).await,
        }
    }

    /// Reads and removes a record: of any number of concurrent takers exactly one gets it.
    pub async fn take(&self, kind: Kind, key: &str) -> Result<Option<String>, CacheError> {
        match &self.place {
            Place::Memory(memory) => Ok(memory.take(&full(kind, key))),
            Place::Redis(redis) => redis.take(&full(kind, key)).await,
        }
    }

    /// Removes a record, if there.
    pub async fn remove(&self, kind: Kind, key: &str) -> Result<(), CacheError> {
        match &self.place {
            Place::Memory(memory) => {
                memory.take(&full(kind, key));
                Ok(())
            }
            Place::Redis(redis) => redis.remove(&full(kind, key)).await,
        }
    }

    /// Adds one to a counter and returns its value; a new counter lives for `ttl_ms`, which later increments do not extend.
    pub async fn increment(&self, kind: Kind, key: &str, ttl_ms: i64) -> Result<i64, CacheError> {
        match &self.place {
            Place::Memory(memory) => Ok(memory.increment(&full(kind, key), ttl_ms.max(1))),
            Place::Redis(redis) => redis.increment(&full(kind, key), ttl_ms.max(1)).await,
        }
    }
}

/// No kind contains a colon, so no key of one kind is a key of another.
fn full(kind: Kind, key: &str) -> String {
    format!("{}:{key}", kind.as_str())
}
