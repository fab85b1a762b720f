//! SQLite keeps the promises; and what is its own: files, their modes, the passing database.

use std::os::unix::fs::PermissionsExt as _;

use fedgate::store::{Store, StoreError};
use tempfile::TempDir;

use super::Subject;

async fn fresh() -> Subject {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}", directory.path().join("deep/er/fedgate.db").display());
    Subject { store: Store::connect(&url).await.unwrap(), url, _guard: Box::new(directory) }
}

super::all_promises!(fresh);

#[tokio::test]
async fn files_are_for_their_owner_only() {
    let subject = fresh().await;
    subject.store.migrate().await.unwrap();
    let path = subject.url.strip_prefix("sqlite://").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{suffix}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn what_was_committed_outlives_the_handle() {
    let subject = fresh().await;
    subject.store.migrate().await.unwrap();
    let mut work = subject.store.begin().await.unwrap();
    work.meta().get_or_insert("key", "value").await.unwrap();
    work.commit().await.unwrap();
    let again = Store::connect(&subject.url).await.unwrap();
    assert_eq!(again.read().await.unwrap().meta().get("key").await.unwrap().as_deref(), Some("value"));
}

#[tokio::test]
async fn a_database_in_memory_is_its_own() {
    let (one, two) = (Store::connect("sqlite::memory:").await.unwrap(), Store::connect("sqlite::memory:").await.unwrap());
    one.migrate().await.unwrap();
    two.migrate().await.unwrap();
    let mut work = one.begin().await.unwrap();
    work.meta().get_or_insert("key", "one").await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(two.read().await.unwrap().meta().get("key").await.unwrap(), None);
    assert_eq!(one.read().await.unwrap().meta().get("key").await.unwrap().as_deref(), Some("one"));
}

#[tokio::test]
async fn urls_that_name_no_database_are_refused() {
    for url in ["", "mysql://x", "sqlite://", "/data/fedgate.db"] {
        assert!(matches!(Store::connect(url).await, Err(StoreError::Schema(_))), "{url}");
    }
    let refused = Store::connect("sqlite:///proc/nowhere/fedgate.db").await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
}
