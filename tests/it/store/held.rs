//! What is held in memory counts until it changes: here at once, on another replica within a second; and only what was committed.

use fedgate::base::clock::Clock;
use fedgate::store::Store;
use fedgate::store::held::{FRESH_MS, Held};

use super::Subject;
use super::conformance::commit;
use super::samples::{POOL, client, pool, provider};

const NOW: i64 = 1_795_219_200_000;

async fn name(held: &Held) -> Option<String> {
    held.pool(POOL).await.unwrap().map(|pool| pool.name.clone())
}

/// O-20: a change of this process is seen by its very next question; S-23, A-13: one of another replica after [`FRESH_MS`].
pub async fn changes_are_seen(subject: &Subject) {
    let (here, there) = (&subject.store, Store::connect(&subject.url).await.unwrap());
    let clock = Clock::manual(NOW);
    let held = [Held::new(here.clone(), clock.clone()), Held::new(there.clone(), clock.clone())];
    for held in &held {
        assert_eq!(name(held).await, None, "nothing yet");
    }

    let mut first = pool(POOL);
    commit!(here, work => work.user_pools().insert(&first)).unwrap();
    assert_eq!(name(&held[0]).await, Some(first.name.clone()));
    assert_eq!(name(&held[1]).await, None, "the other replica has not asked again");
    clock.advance_ms(FRESH_MS);
    assert_eq!(name(&held[1]).await, Some(first.name.clone()));

    assert!(name(&held[0]).await.is_some(), "asked just now");
    "renamed".clone_into(&mut first.name);
    commit!(there, work => work.user_pools().update(&first)).unwrap();
    assert_ne!(name(&held[0]).await.as_deref(), Some("renamed"));
    clock.advance_ms(FRESH_MS);
    assert_eq!(name(&held[0]).await.as_deref(), Some("renamed"));
}

/// Every kind of row is held, and every way of changing one is noticed.
pub async fn every_kind_is_held(subject: &Subject) {
    let store = &subject.store;
    let held = Held::new(store.clone(), Clock::manual(NOW));
    assert!(held.only_pool().await.unwrap().is_none());
    commit!(store, work => work.user_pools().insert(&pool(POOL))).unwrap();
    assert_eq!(held.only_pool().await.unwrap().unwrap().id, POOL);

    assert!(held.client(POOL, "app").await.unwrap().is_none());
    let mut app = client(POOL, "app");
    commit!(store, work => work.app_clients().insert(&app)).unwrap();
    assert!(held.client(POOL, "app").await.unwrap().unwrap().enabled);
    app.enabled = false;
    commit!(store, work => work.app_clients().update(&app)).unwrap();
    assert!(!held.client(POOL, "app").await.unwrap().unwrap().enabled);

    let mut okta = provider(POOL, "Okta", &["example.com"]);
    assert!(held.provider(POOL, "Okta").await.unwrap().is_none());
    assert!(held.provider_by_identifier(POOL, "example.com").await.unwrap().is_none());
    commit!(store, work => work.identity_providers().insert(&okta)).unwrap();
    assert!(held.provider(POOL, "Okta").await.unwrap().is_some());
    assert_eq!(held.provider_by_identifier(POOL, "example.com").await.unwrap().unwrap().name, "Okta");
    okta.enabled = false;
    commit!(store, work => work.identity_providers().update(&okta)).unwrap();
    assert!(!held.provider(POOL, "Okta").await.unwrap().unwrap().enabled);
    assert!(!held.provider_by_identifier(POOL, "example.com").await.unwrap().unwrap().enabled);
}

/// Work that was not committed changes nothing that is held, and a question during it does not see it.
pub async fn only_commits_count(subject: &Subject) {
    let store = &subject.store;
    let held = Held::new(store.clone(), Clock::manual(NOW));
    let mut first = pool(POOL);
    commit!(store, work => work.user_pools().insert(&first)).unwrap();
    let before = name(&held).await;
    "never".clone_into(&mut first.name);
    let mut work = store.begin().await.unwrap();
    work.user_pools().update(&first).await.unwrap();
    assert_eq!(name(&held).await, before);
    drop(work);
    assert_eq!(name(&held).await, before);
    commit!(store, work => work.user_pools().update(&first)).unwrap();
    assert_eq!(name(&held).await.as_deref(), Some("never"), "the control: the same change, committed");
}

/// Strangers choose the names that do not exist: they cannot push out what does, nor fill the memory.
pub async fn strangers_push_nothing_out(subject: &Subject) {
    let store = &subject.store;
    let held = Held::new(store.clone(), Clock::manual(NOW));
    commit!(store, work => work.user_pools().insert(&pool(POOL))).unwrap();
    let kept = held.pool(POOL).await.unwrap().unwrap();
    for number in 0..3_000 {
        assert!(held.domain(&format!("{number}.example")).await.unwrap().is_none());
        assert!(held.pool(&format!("local_{number:09}")).await.unwrap().is_none());
    }
    assert!(std::sync::Arc::ptr_eq(&kept, &held.pool(POOL).await.unwrap().unwrap()));
}
