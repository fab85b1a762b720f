//! A database and a cache for one test: a SQLite file and memory, or a fresh PostgreSQL database and Redis.
//!
//! PostgreSQL and Redis are those of FEDGATE_TEST_POSTGRES_URL and FEDGATE_TEST_REDIS_URL (`scripts/services run …` starts them). Redis keys hold
//! random handles and pool ids, so tests share one Redis without meeting.

use std::sync::Arc;

use fedgate::base::random::Random;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use url::Url;

/// What a gateway keeps its state in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// SQLite and memory.
    Embedded,
    /// PostgreSQL and Redis.
    Shared,
}

/// The state of one test's gateways. Dropped with the last of them.
#[derive(Clone, Debug)]
pub struct Storage {
    /// For `store.url`.
    pub store_url: String,
    /// For `cache.url`.
    pub cache_url: String,
    _directory: Option<Arc<TempDir>>,
}

impl Storage {
    /// A fresh one.
    pub async fn fresh(backend: Backend) -> Self {
        match backend {
            Backend::Embedded => {
                let directory = TempDir::new().unwrap();
                let store_url = format!("sqlite://{}", directory.path().join("fedgate.db").display());
                Self { store_url, cache_url: "memory:".to_owned(), _directory: Some(Arc::new(directory)) }
            }
            Backend::Shared => {
                let store_url = fresh_database(&service("FEDGATE_TEST_POSTGRES_URL")).await;
                Self { store_url, cache_url: service("FEDGATE_TEST_REDIS_URL"), _directory: None }
            }
        }
    }
}

fn service(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run the tests by `scripts/services run cargo test …` (or `make test`)"))
}

async fn fresh_database(server: &str) -> String {
    let name = format!("fedgate_{}", Random::System.text(16, b"abcdefghijklmnopqrstuvwxyz"));
    let mut connection = PgConnection::connect(server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    connection.close().await.unwrap();
    let mut url = Url::parse(server).unwrap();
    url.set_path(&name);
    url.to_string()
}
