//! A store with one pool and a ring over it.

use std::path::Path;

use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::keys::KeyRing;
use fedgate::keys::seal::Seal;
use fedgate::model::user_pool::UserPool;
use fedgate::store::Store;
use serde_json::json;
use tempfile::TempDir;

/// 2026-11-21.
pub const NOW_MS: i64 = 1_795_219_200_000;
pub const POOL: &str = "local_AbC123xyz";
pub const MASTER: [u8; 32] = [7; 32];

pub struct Place {
    pub directory: TempDir,
    pub store: Store,
    pub clock: Clock,
    pub seal: Seal,
    pub ring: KeyRing,
}

impl Place {
    /// A database of its own with the pool [`POOL`] and its first keys.
    pub async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = open(directory.path()).await;
        store.migrate().await.unwrap();
        let clock = Clock::manual(NOW_MS);
        let seal = Seal::new(&[MASTER], Random::System).unwrap();
        let ring = KeyRing::new(store.clone(), seal.clone(), clock.clone(), Random::System);
        let place = Self { directory, store, clock, seal, ring };
        place.add_pool(POOL).await;
        place
    }

    pub async fn add_pool(&self, id: &str) {
        let mut work = self.store.begin().await.unwrap();
        work.user_pools().insert(&pool(id)).await.unwrap();
        self.ring.create_for_pool(&mut work, id).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Another replica on the same database, with a connection of its own.
    pub async fn replica(&self) -> KeyRing {
        KeyRing::new(open(self.directory.path()).await, self.seal.clone(), self.clock.clone(), Random::System)
    }
}

pub async fn open(directory: &Path) -> Store {
    Store::connect(&format!("sqlite://{}", directory.join("fedgate.db").display())).await.unwrap()
}

pub fn pool(id: &str) -> UserPool {
    UserPool {
        id: id.to_owned(),
        name: format!("pool {id}"),
        created_ms: NOW_MS,
        modified_ms: NOW_MS,
        declared: false,
        username_case_sensitive: false,
        document: json!({}),
    }
}
