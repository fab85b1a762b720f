//! Kept documents as such: single flight, forced refresh, bounds (O-08, O-09). The rest is seen through whole logins.

use std::sync::atomic::{AtomicUsize, Ordering};

use fedgate::base::clock::Clock;
use fedgate::federation::documents::{Documents, Key, Rules};
use playground::oidc_idp::tamper::{Endpoint, Fault};
use playground::oidc_idp::{Config, OidcIdp};

use crate::federation::oidc::{START_MS, context};

const RULES: Rules = Rules { accept: "application/json", limit: 4096, ttl_ms: 1000, stale_ms: 10_000, entries: 2 };

fn key(name: &str, url: &str) -> Key {
    Key { pool_id: "local_123456789".to_owned(), provider: name.to_owned(), url: url.to_owned() }
}

#[tokio::test]
async fn o_08_one_fetch_serves_all_who_wait() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let context = context(&Clock::manual(START_MS)).await;
    let documents = Documents::new(RULES);
    let key = key("Example", &format!("{}/jwks", idp.issuer));
    idp.tamper(|tamper| {
        tamper.fault(Endpoint::Jwks, Fault::delay(100));
    });
    let get = || documents.get(&context, &key, |body| Ok(body.len()));
    let (a, b, c, d) = tokio::join!(get(), get(), get(), get());
    for held in [a, b, c, d] {
        assert!(held.unwrap().just_fetched);
    }
    assert_eq!(idp.count(Endpoint::Jwks), 1);
    assert!(!get().await.unwrap().just_fetched);
    // Too old: who comes during the fetch takes the old copy and does not wait.
    context.ports.clock.advance_ms(1000);
    let (first, second) = tokio::join!(get(), get());
    assert!(first.unwrap().just_fetched && !second.unwrap().just_fetched);
    assert_eq!(idp.count(Endpoint::Jwks), 2);
}

#[tokio::test]
async fn o_08_who_lacks_something_takes_the_newer_copy_that_is_there() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let context = context(&Clock::manual(START_MS)).await;
    let documents = Documents::new(RULES);
    let key = key("Example", &format!("{}/jwks", idp.issuer));
    let number = AtomicUsize::new(0);
    let parse = |_: &[u8]| Ok(number.fetch_add(1, Ordering::SeqCst));
    let old = documents.get(&context, &key, parse).await.unwrap().document;
    let newer = || documents.newer(&context, &key, &old, parse);
    let (a, b, c) = tokio::join!(newer(), newer(), newer());
    for held in [a, b, c] {
        assert_eq!(*held.unwrap().document, 1);
    }
    assert_eq!(idp.count(Endpoint::Jwks), 2);
    // Who has seen that one too gets no newer one within the minute.
    let seen = newer().await.unwrap().document;
    let held = documents.newer(&context, &key, &seen, parse).await.unwrap();
    assert_eq!((*held.document, idp.count(Endpoint::Jwks)), (1, 2));
}

#[tokio::test]
async fn o_09_the_number_of_copies_is_bounded_and_the_unused_go_first() {
    let idp = OidcIdp::start(Config::default()).unwrap();
    let clock = Clock::manual(START_MS);
    let context = context(&clock).await;
    let documents = Documents::new(RULES);
    let url = format!("{}/jwks", idp.issuer);
    for (name, fetched) in [("a", true), ("b", true), ("a", false), ("c", true), ("a", false), ("b", true)] {
        clock.advance_ms(1);
        let held = documents.get(&context, &key(name, &url), |body| Ok(body.len())).await.unwrap();
        assert_eq!(held.just_fetched, fetched, "{name}");
    }
}
