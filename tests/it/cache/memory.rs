//! Memory keeps the promises; and what is its own: the injected clock and the bound.

use fedgate::base::clock::Clock;
use fedgate::cache::memory::Memory;
use fedgate::cache::{Cache, Kind};

async fn fresh() -> Cache {
    Cache::connect("memory:", Clock::System).await.unwrap()
}

super::all_promises!(fresh);

#[tokio::test]
async fn records_expire_by_the_injected_clock() {
    let clock = Clock::manual(1_000);
    let cache = Cache::connect("memory:", clock.clone()).await.unwrap();
    cache.put(Kind::Code, "got", "x", 500).await.unwrap();
    cache.put(Kind::Code, "taken", "x", 500).await.unwrap();
    cache.put(Kind::Code, "renewed", "x", 500).await.unwrap();
    clock.advance_ms(499);
    assert!(cache.get(Kind::Code, "got").await.unwrap().is_some());
    cache.put(Kind::Code, "renewed", "y", 500).await.unwrap();
    clock.advance_ms(1);
    assert_eq!(cache.get(Kind::Code, "got").await.unwrap(), None);
    assert_eq!(cache.take(Kind::Code, "taken").await.unwrap(), None);
    assert_eq!(cache.get(Kind::Code, "renewed").await.unwrap().as_deref(), Some("y"));
}

#[tokio::test]
async fn counters_end_when_they_said_first() {
    let clock = Clock::manual(1_000);
    let cache = Cache::connect("memory:", clock.clone()).await.unwrap();
    assert_eq!(cache.increment(Kind::Counter, "k", 500).await.unwrap(), 1);
    clock.advance_ms(499);
    assert_eq!(cache.increment(Kind::Counter, "k", 500).await.unwrap(), 2);
    clock.advance_ms(1);
    assert_eq!(cache.increment(Kind::Counter, "k", 500).await.unwrap(), 1);
}

#[test]
fn it_never_holds_more_than_its_bound() {
    let clock = Clock::manual(0);
    let memory = Memory::bounded(clock.clone(), 3);
    memory.put("short", "x", 10);
    memory.put("long", "x", 1_000);
    memory.put("middle", "x", 100);
    // Full: what would expire first makes room.
    memory.put("new", "x", 50);
    assert_eq!((memory.get("short"), memory.len()), (None, 3));
    assert!(["long", "middle", "new"].iter().all(|key| memory.get(key).is_some()));
    // Writing over a record needs no room.
    memory.put("long", "y", 1_000);
    assert_eq!((memory.get("long").as_deref(), memory.len()), (Some("y"), 3));
    // What has expired goes at the next write.
    clock.advance_ms(100);
    assert_eq!(memory.increment("counter", 5), 1);
    assert_eq!(memory.len(), 2);
}

#[tokio::test]
async fn unknown_urls_are_refused() {
    for url in ["", "memory", "http://localhost", "sqlite://x", "redis://"] {
        assert!(Cache::connect(url, Clock::System).await.is_err(), "{url}");
    }
}
