//! The promise about units of work: all or nothing, one winner of every race, and nothing left behind by interrupted work.

use std::sync::Arc;

use fedgate::base::random::Random;
use fedgate::store::{Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Subject;
use super::conformance::{commit, reader};
use super::samples::{POOL, add_pool, grant};

pub async fn only_what_is_committed_stays(subject: &Subject) {
    let store = &subject.store;
    let mut work = store.begin().await.unwrap();
    work.meta().get_or_insert("dropped", "x").await.unwrap();
    assert_eq!(work.meta().get("dropped").await.unwrap().as_deref(), Some("x"));
    drop(work);
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.meta().get("dropped").await.unwrap(), None);
    work.meta().get_or_insert("kept", "x").await.unwrap();
    work.commit().await.unwrap();
    let second = Store::connect(&subject.url).await.unwrap();
    assert_eq!(reader(&second).await.meta().get("kept").await.unwrap().as_deref(), Some("x"));
    assert_eq!(reader(&second).await.meta().get("dropped").await.unwrap(), None);
}

pub async fn readers_do_not_wait(subject: &Subject) {
    let store = &subject.store;
    let mut work = store.begin().await.unwrap();
    work.meta().get_or_insert("key", "x").await.unwrap();
    // While the writer is open: the same handle and another one read the committed state.
    let second = Store::connect(&subject.url).await.unwrap();
    for store in [store, &second] {
        let mut open = reader(store).await;
        assert_eq!(open.meta().get("key").await.unwrap(), None);
    }
    let mut early = reader(store).await;
    assert_eq!(early.meta().get("key").await.unwrap(), None);
    work.commit().await.unwrap();
    assert_eq!(early.meta().get("key").await.unwrap().as_deref(), Some("x"));
}

pub async fn a_failed_unit_is_over(subject: &Subject) {
    let store = &subject.store;
    add_pool(store, POOL).await;
    let mut work = store.begin().await.unwrap();
    work.meta().get_or_insert("key", "x").await.unwrap();
    work.grants().insert(&grant(POOL, "1")).await.unwrap();
    assert!(matches!(work.grants().insert(&grant(POOL, "1")).await, Err(StoreError::Duplicate)));
    assert!(matches!(work.meta().get("key").await, Err(StoreError::Broken(_))));
    assert!(matches!(work.commit().await, Err(StoreError::Broken(_))));
    assert_eq!(reader(store).await.meta().get("key").await.unwrap(), None);
    // Control: the same without the error stays.
    let mut work = store.begin().await.unwrap();
    work.meta().get_or_insert("key", "x").await.unwrap();
    work.grants().insert(&grant(POOL, "1")).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(reader(store).await.meta().get("key").await.unwrap().as_deref(), Some("x"));
}

pub async fn a_reading_unit_does_not_write(subject: &Subject) {
    let mut work = reader(&subject.store).await;
    assert!(matches!(work.meta().get_or_insert("key", "x").await, Err(StoreError::Broken(_))));
    assert_eq!(work.meta().get("key").await.unwrap(), None);
    work.commit().await.unwrap();
    // Control.
    assert_eq!(commit!(subject.store, work => work.meta().get_or_insert("key", "x")).unwrap(), "x");
}

pub async fn s16_one_of_64_consumes(subject: &Subject) {
    add_pool(&subject.store, POOL).await;
    let replica = Store::connect(&subject.url).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let store = if number % 2 == 0 { subject.store.clone() } else { replica.clone() };
        tasks.spawn(async move { commit!(store, work => work.consumed().consume(POOL, "saml_assertion", "x", 100)).unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|first| *first).count(), 1);
}

pub async fn a05_one_of_64_redeems_a_code(subject: &Subject) {
    add_pool(&subject.store, POOL).await;
    let replica = Store::connect(&subject.url).await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let store = if number % 2 == 0 { subject.store.clone() } else { replica.clone() };
        tasks.spawn(async move {
            let mut grant = grant(POOL, &number.to_string());
            grant.code_digest = Some("the code".to_owned());
            commit!(store, work => work.grants().insert(&grant))
        });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(done.iter().filter(|result| matches!(result, Err(StoreError::Duplicate))).count(), 63);
}

pub async fn migrating_again(subject: &Subject) {
    let store = &subject.store;
    commit!(store, work => work.meta().get_or_insert("key", "x")).unwrap();
    let version = store.schema_version().await.unwrap();
    assert!(version >= 1);
    store.migrate().await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), version);
    assert_eq!(reader(store).await.meta().get("key").await.unwrap().as_deref(), Some("x"));
    assert_eq!(store.pending_migrations().await.unwrap(), Vec::<&str>::new());
}

/// On an empty database of the same kind.
pub async fn migrating_at_once(subject: &Subject) {
    let (url, _guard) = empty_twin(subject).await;
    let first = Store::connect(&url).await.unwrap();
    assert_eq!(first.schema_version().await.unwrap(), 0);
    assert_eq!(first.pending_migrations().await.unwrap().first(), Some(&"0001_spine"));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        tasks.spawn(async move { Store::connect(&url).await?.migrate().await });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_eq!(first.pending_migrations().await.unwrap(), Vec::<&str>::new());
}

pub async fn a_newer_schema_is_refused(subject: &Subject) {
    let store = &subject.store;
    let version = store.schema_version().await.unwrap();
    run(&subject.url, "INSERT INTO schema_migrations (version, name) VALUES (9999, 'later')").await;
    for refused in [store.migrate().await, store.pending_migrations().await.map(drop)] {
        let Err(StoreError::Schema(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains("9999") && text.contains("newer fedgate"), "{text}");
    }
    run(&subject.url, "DELETE FROM schema_migrations WHERE version = 9999").await;
    store.migrate().await.unwrap();
    assert_eq!(store.schema_version().await.unwrap(), version);
}

/// Requests end at any moment: in BEGIN, in a statement, in COMMIT. Each writes a pair of rows.
pub async fn f11_interrupted_work_leaves_no_trace(subject: &Subject) {
    add_pool(&subject.store, POOL).await;
    let random = Random::seeded(11);
    // As many at once as there are connections, so that most are interrupted at work and not while they wait for one.
    let gate = Arc::new(Semaphore::new(if subject.url.starts_with("sqlite") { 1 } else { 6 }));
    let mut tasks = JoinSet::new();
    for number in 0..600_u32 {
        let [coarse, fine] = random.bytes::<2>();
        let patience = (1 << (coarse % 13)) * (256 + u32::from(fine)) / 256;
        let (store, gate) = (subject.store.clone(), Arc::clone(&gate));
        tasks.spawn(async move {
            let _permit = gate.acquire().await.unwrap();
            let work = async {
                let mut work = store.begin().await?;
                work.consumed().consume(POOL, "left", &number.to_string(), 1).await?;
                work.consumed().consume(POOL, "right", &number.to_string(), 1).await?;
                work.commit().await
            };
            tokio::select! {
                biased;
                done = work => (number, done.is_ok()),
                () = async { for _ in 0..patience { tokio::task::yield_now().await } } => (number, false),
            }
        });
    }
    let finished = tasks.join_all().await;
    assert!(
        finished.iter().any(|(_, done)| *done) && finished.iter().any(|(_, done)| !*done),
        "the test interrupts nothing, or everything"
    );
    let mut work = subject.store.begin().await.unwrap();
    for (number, finished) in finished {
        let left = work.consumed().consume(POOL, "left", &number.to_string(), 1).await.unwrap();
        let right = work.consumed().consume(POOL, "right", &number.to_string(), 1).await.unwrap();
        assert_eq!(left, right, "half of pair {number} stayed");
        assert!(!(finished && left), "pair {number} was reported as committed and is gone");
    }
    work.commit().await.unwrap();
    s16_one_of_64_consumes_again(subject).await;
}

async fn s16_one_of_64_consumes_again(subject: &Subject) {
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = subject.store.clone();
        tasks.spawn(async move { commit!(store, work => work.consumed().consume(POOL, "after", "x", 100)).unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|first| *first).count(), 1);
}

async fn empty_twin(subject: &Subject) -> (String, Box<dyn std::any::Any + Send>) {
    if subject.url.starts_with("sqlite") {
        (format!("{}.twin", subject.url), Box::new(()))
    } else {
        let database = super::postgres::database().await;
        (database.url.clone(), Box::new(database))
    }
}

/// Runs a statement behind the store's back.
async fn run(url: &str, sql: &'static str) {
    use sqlx::{Connection as _, Executor as _};
    if url.starts_with("sqlite") {
        sqlx::SqliteConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
    } else {
        sqlx::PgConnection::connect(url).await.unwrap().execute(sql).await.unwrap();
    }
}
