//! Which pool an address belongs to, and that URLs come from configuration whatever the Host says (U-06; contract: HTTP).

use fedgate::model::domain::Domain;
use fedgate::user_pools::address::{is_known_host, primary_domain_url, resolve};

use crate::harness::gateway::TestGateway;
use crate::oauth::world::World;
use crate::oauth::world::seed::{self, OTHER_POOL, POOL};

async fn add_domains(world: &World) {
    let mut work = world.ports.store.begin().await.unwrap();
    for (name, pool_id, custom) in [("alpha", POOL, false), ("login.alpha.example", POOL, true), ("bravo", OTHER_POOL, false)] {
        let domain =
            Domain { name: name.to_owned(), pool_id: pool_id.to_owned(), custom, created_ms: 1, document: serde_json::json!({}) };
        work.domains().insert(&domain).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn at(world: &World, path_pool: Option<&str>, host: &str) -> Option<(String, String)> {
    let served = resolve(&world.context(), path_pool, host).await.unwrap()?;
    Some((served.pool.id.clone(), served.domain_url))
}

fn is(pool: &str, url: &str) -> (String, String) {
    (pool.to_owned(), url.to_owned())
}

#[tokio::test]
async fn behind_https() {
    let world = World::at("https://id.example.com").await;
    add_domains(&world).await;
    let base = "https://id.example.com";
    for host in ["id.example.com", "id.example.com:443", "id.example.com:8443"] {
        assert_eq!(at(&world, Some(POOL), host).await, Some(is(POOL, &format!("{base}/{POOL}"))), "{host}");
    }
    assert_eq!(at(&world, None, "alpha.id.example.com").await, Some(is(POOL, "https://alpha.id.example.com")));
    assert_eq!(at(&world, None, "bravo.id.example.com:444").await, Some(is(OTHER_POOL, "https://bravo.id.example.com")));
    assert_eq!(at(&world, None, "login.alpha.example").await, Some(is(POOL, "https://login.alpha.example")));
    // Neither a pool's id below another's domain, nor a custom name as prefix, nor a prefix as a host.
    for (path_pool, host) in [
        (Some(OTHER_POOL), "alpha.id.example.com"),
        (Some(POOL), "alpha.id.example.com"),
        (Some(POOL), "login.alpha.example"),
        (None, "login.alpha.example.id.example.com"),
        (None, "alpha"),
        (None, "x.alpha.id.example.com"),
        (None, "alphaid.example.com"),
        (None, "evil.example"),
        (None, ""),
        (Some(POOL), "evil.example"),
        (Some(POOL), "localhost"),
        (Some("local_Nobody999"), "id.example.com"),
        (Some("../x"), "id.example.com"),
        (Some(""), "id.example.com"),
        (None, "id.example.com"),
    ] {
        assert_eq!(at(&world, path_pool, host).await, None, "{path_pool:?} {host}");
    }
    let context = world.context();
    for (host, known) in [
        ("id.example.com", true),
        ("alpha.id.example.com:1", true),
        ("login.alpha.example", true),
        ("localhost", false),
        ("127.0.0.1", false),
        ("evil.example", false),
        ("id.example.com.evil.example", false),
        ("", false),
    ] {
        assert_eq!(is_known_host(&context, host).await.unwrap(), known, "U-06: {host}");
    }
    assert_eq!(primary_domain_url(&context, &seed::pool(POOL)).await.unwrap(), "https://login.alpha.example");
    assert_eq!(primary_domain_url(&context, &seed::pool(OTHER_POOL)).await.unwrap(), format!("{base}/{OTHER_POOL}"));
}

#[tokio::test]
async fn on_loopback_a_machines_names_are_one() {
    let world = World::at("http://localhost:8080").await;
    add_domains(&world).await;
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "localhost"] {
        assert_eq!(at(&world, Some(POOL), host).await, Some(is(POOL, &format!("http://localhost:8080/{POOL}"))), "{host}");
        assert!(is_known_host(&world.context(), host).await.unwrap(), "{host}");
    }
    assert_eq!(at(&world, None, "alpha.localhost:8080").await, Some(is(POOL, "http://alpha.localhost:8080")));
    assert_eq!(at(&world, None, "login.alpha.example:8080").await, Some(is(POOL, "http://login.alpha.example:8080")));
    assert!(!is_known_host(&world.context(), "127.0.0.2").await.unwrap());
}

#[tokio::test]
async fn the_plain_origin_is_the_default_pools() {
    let world = World::start().await;
    let host = world.ports.public_url.host_str().unwrap().to_owned();
    assert_eq!(at(&world, None, &host).await, None, "two pools, and none is named");
    let gateway = TestGateway::builder().start().await;
    let one = gateway.add_pool("one").await;
    let served = resolve(&gateway.context(), None, "127.0.0.1").await.unwrap().expect("the only pool");
    assert_eq!((served.pool.id.clone(), served.domain_url), (one.id, gateway.base_url.clone()));
    gateway.add_pool("two").await;
    assert!(resolve(&gateway.context(), None, "127.0.0.1").await.unwrap().is_none());
}
