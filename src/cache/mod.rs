//! The shared cache: login transactions, codes, browser sessions, counters. All of it may be lost at the price of starting a login again.
//!
//! Owns expiry, take-once and increment, and the name spaces that keep one kind of record from being read as another.
//! Does not decide one-time use durably: that is `store::consumed` and `store::grants`.

use thiserror::Error;

use crate::model::failure::Failure;

/// The name spaces of cached records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An upstream login on its way: state or RelayState → transaction.
    Login,
    /// An authorization code.
    Code,
    /// A browser session.
    WebSession,
    /// A rate counter.
    Counter,
}

impl Kind {
    /// The prefix of its keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Code => "code",
            Self::WebSession => "web_session",
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
pub struct Cache {}

#[expect(unused_variables, reason = "skeleton")]
impl Cache {
    /// Connects to `memory:` or `redis://…`, `rediss://…`. The memory cache reads expiry from `clock`.
    pub async fn connect(url: &str, clock: crate::base::clock::Clock) -> Result<Self, CacheError> {
        todo!()
    }

    /// Whether the cache answers.
    pub async fn ping(&self) -> Result<(), CacheError> {
        todo!()
    }

    /// Reads a record.
    pub async fn get(&self, kind: Kind, key: &str) -> Result<Option<String>, CacheError> {
        todo!()
    }

    /// Writes a record that lives for `ttl_ms` (more than 0).
    pub async fn put(&self, kind: Kind, key: &str, value: &str, ttl_ms: i64) -> Result<(), CacheError> {
        todo!()
    }

    /// Reads and removes a record: of any number of concurrent takers exactly one gets it.
    pub async fn take(&self, kind: Kind, key: &str) -> Result<Option<String>, CacheError> {
        todo!()
    }

    /// Removes a record, if there.
    pub async fn remove(&self, kind: Kind, key: &str) -> Result<(), CacheError> {
        todo!()
    }

    /// Adds one to a counter and returns its value; a new counter lives for `ttl_ms`, which later increments do not extend.
    pub async fn increment(&self, kind: Kind, key: &str, ttl_ms: i64) -> Result<i64, CacheError> {
        todo!()
    }
}
