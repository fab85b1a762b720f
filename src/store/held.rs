//! Pools, clients, providers and domains in memory: read once, until anything of them changes.
//!
//! Owns the question whether what is held still counts. Each change of a configuration row moves a counter in the same transaction
//! (`UnitOfWork::configuring`): this process sees its own changes at once, another replica's within [`FRESH_MS`]. Users, grants and
//! everything else that logins write are never held. Rows that do not exist are held too, in a small bounded place of their own.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::base::clock::Clock;
use crate::model::app_client::AppClient;
use crate::model::domain::Domain;
use crate::model::identity_provider::IdentityProvider;
use crate::model::user_pool::UserPool;
use crate::store::{Store, StoreError};

/// How long what is held may be used without asking whether another replica changed anything, ms.
pub const FRESH_MS: i64 = 1_000;
/// Rows of one kind that are held; beyond, all of them are read anew.
const ROWS: usize = 8_192;
/// Names of one kind that are known not to exist: strangers choose them.
const ABSENT: usize = 1_024;

/// The configuration as this process knows it. Cheap to clone.
#[derive(Clone)]
pub struct Held {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    state: ArcSwap<State>,
    /// Held while asking for the counter: one asks, the others wait.
    asking: Mutex<()>,
}

struct State {
    /// This process's own changes, when the rows began to be held.
    local: u64,
    /// The store's counter at that time.
    shared: Option<String>,
    /// When the counter was last asked for, ms.
    asked_ms: i64,
    rows: Arc<Rows>,
}

#[derive(Default)]
struct Rows {
    pools: Shelf<String, UserPool>,
    only_pool: Shelf<(), UserPool>,
    clients: Shelf<(String, String), AppClient>,
    providers: Shelf<(String, String), IdentityProvider>,
    identifiers: Shelf<(String, String), IdentityProvider>,
    domains: Shelf<String, Domain>,
    pool_domains: Shelf<String, Vec<Domain>>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

impl Held {
    /// Holds nothing yet.
    pub fn new(store: Store, clock: Clock) -> Self {
        let state = State { local: 0, shared: None, asked_ms: i64::MIN, rows: Arc::default() };
        Self { inner: Arc::new(Inner { store, clock, state: ArcSwap::from_pointee(state), asking: Mutex::new(()) }) }
    }

    /// A pool by id.
    pub async fn pool(&self, id: &str) -> Result<Option<Arc<UserPool>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.user_pools().find(id).await;
        rows.pools.get(id.to_owned(), read).await
    }

    /// The pool, when there is exactly one.
    pub async fn only_pool(&self) -> Result<Option<Arc<UserPool>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || {
            let mut pools = self.inner.store.read().await?.user_pools().list(None, 2).await?;
            Ok(if pools.len() == 1 { pools.pop() } else { None })
        };
        rows.only_pool.get((), read).await
    }

    /// A client of a pool.
    pub async fn client(&self, pool_id: &str, id: &str) -> Result<Option<Arc<AppClient>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.app_clients().find(pool_id, id).await;
        rows.clients.get((pool_id.to_owned(), id.to_owned()), read).await
    }

    /// A provider of a pool by name.
    pub async fn provider(&self, pool_id: &str, name: &str) -> Result<Option<Arc<IdentityProvider>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.identity_providers().find(pool_id, name).await;
        rows.providers.get((pool_id.to_owned(), name.to_owned()), read).await
    }

    /// A provider of a pool by one of its identifiers.
    pub async fn provider_by_identifier(
        &self,
        pool_id: &str,
        identifier: &str,
    ) -> Result<Option<Arc<IdentityProvider>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.identity_providers().find_by_identifier(pool_id, identifier).await;
        rows.identifiers.get((pool_id.to_owned(), identifier.to_owned()), read).await
    }

    /// A domain by name.
    pub async fn domain(&self, name: &str) -> Result<Option<Arc<Domain>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.domains().find(name).await;
        rows.domains.get(name.to_owned(), read).await
    }

    /// The domains of a pool, prefix before custom.
    pub async fn domains_of(&self, pool_id: &str) -> Result<Arc<Vec<Domain>>, StoreError> {
        let rows = self.rows().await?;
        let read = async || self.inner.store.read().await?.domains().for_pool(pool_id).await.map(Some);
        Ok(rows.pool_domains.get(pool_id.to_owned(), read).await?.unwrap_or_default())
    }

    /// The rows that count now.
    async fn rows(&self) -> Result<Arc<Rows>, StoreError> {
        if let Some(rows) = self.usable() {
            return Ok(rows);
        }
        let _asking = self.inner.asking.lock().await;
        if let Some(rows) = self.usable() {
            return Ok(rows);
        }
        // Both before the rows that will be held under them: a change meanwhile makes them old, never wrong.
        let local = self.inner.store.configured();
        let asked_ms = self.inner.clock.now_ms();
        let shared = self.inner.store.read().await?.meta().get(CONFIGURED).await?;
        let known = self.inner.state.load();
        let same = known.local == local && known.shared == shared && known.asked_ms != i64::MIN;
        let rows = if same { Arc::clone(&known.rows) } else { Arc::default() };
        self.inner.state.store(Arc::new(State { local, shared, asked_ms, rows: Arc::clone(&rows) }));
        Ok(rows)
    }

    fn usable(&self) -> Option<Arc<Rows>> {
        let state = self.inner.state.load();
        let age_ms = self.inner.clock.now_ms().saturating_sub(state.asked_ms);
        let counts = state.local == self.inner.store.configured() && (0..FRESH_MS).contains(&age_ms);
        counts.then(|| Arc::clone(&state.rows))
    }
}

/// The counter's key in `meta`.
pub(super) const CONFIGURED: &str = "configured";

/// Rows of one kind.
struct Shelf<K, T> {
    present: RwLock<HashMap<K, Arc<T>>>,
    absent: RwLock<HashSet<K>>,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { present: RwLock::default(), absent: RwLock::default() }
    }
}

impl<K: Eq + Hash, T> Shelf<K, T> {
    async fn get(&self, key: K, read: impl AsyncFnOnce() -> Result<Option<T>, StoreError>) -> Result<Option<Arc<T>>, StoreError> {
        if let Some(row) = self.present.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(Arc::clone(row)));
        }
        if self.absent.read().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Ok(None);
        }
        let found = read().await?.map(Arc::new);
        if let Some(row) = &found {
            let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
            if present.len() >= ROWS {
                present.clear();
            }
            present.insert(key, Arc::clone(row));
        } else {
            let mut absent = self.absent.write().unwrap_or_else(PoisonError::into_inner);
            if absent.len() >= ABSENT {
                absent.clear();
            }
            absent.insert(key);
        }
        Ok(found)
    }
}
