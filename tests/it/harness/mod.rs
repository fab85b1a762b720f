//! What every test of the running gateway stands on: an in-process gateway, its clock, its audit lines, a plain HTTP client.
//!
//! `gateway` starts and stops it, `storage` gives it a database and cache of its own, `audit` catches what it logs, `seed` puts pools,
//! clients, providers and users straight into the store, `raw` speaks HTTP byte by byte. A missing service fails the test, never skips it.

pub mod audit;
pub mod gateway;
pub mod raw;
pub mod seed;
pub mod storage;

/// Runs async bodies `async fn(Backend)` as tests on both backends: `embedded::name` (SQLite, memory) and `shared::name` (PostgreSQL, Redis).
macro_rules! both_backends {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::harness::storage::Backend::Embedded).await;
            })+
        }
        mod shared {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::harness::storage::Backend::Shared).await;
            })+
        }
    };
}
pub(crate) use both_backends;
