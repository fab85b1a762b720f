//! Starts a gateway inside the test, on the embedded store and the memory cache, or on PostgreSQL and Redis.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use fedgate::app::hosts::PoolHosts;
use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::cache::Cache;
use fedgate::context::{Context, Ports};
use fedgate::federation::broker::Broker;
use fedgate::federation::providers;
use fedgate::hosted_ui::HostedUiState;
use fedgate::http::layer::Seam;
use fedgate::http::server::{Server, ServerSettings};
use fedgate::keys::KeyRing;
use fedgate::keys::seal::Seal;
use fedgate::oauth::OAuthState;
use fedgate::outbound::{Outbound, OutboundSettings};
use fedgate::store::Store;
use fedgate::{hosted_ui, oauth};
use url::Url;

/// Which store and cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// SQLite and memory.
    Embedded,
    /// PostgreSQL and Redis.
    Shared,
}

/// Where a gateway keeps its rows and records.
#[derive(Clone, Debug)]
pub struct Places {
    store: Store,
    cache: Cache,
    clock: Clock,
}

/// Opens empty places.
pub async fn places(backend: Backend) -> Places {
    let clock = Clock::manual(Clock::System.now_ms());
    let (store, cache) = match backend {
        Backend::Embedded => ("sqlite::memory:".to_owned(), "memory:".to_owned()),
        Backend::Shared => (database(), service("FEDGATE_TEST_REDIS_URL")),
    };
    let store = Store::connect(&store).await.unwrap();
    store.migrate().await.unwrap();
    Places { store, cache: Cache::connect(&cache, clock.clone()).await.unwrap(), clock }
}

/// Starts a gateway on these places; several gateways may share them, each with keys and caches of its own.
pub async fn gateway(places: &Places) -> (Arc<Ports>, Url) {
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings = ServerSettings { listen, tls: None, workers: Some(1), max_connections: 1000, drain_s: 1 };
    let server = Server::bind(settings).unwrap();
    let origin = Url::parse(&format!("http://{}", server.address())).unwrap();
    let random = Random::System;
    let seal = Seal::new(&[[7; 32]], random.clone()).unwrap();
    let ports = Arc::new(Ports {
        keys: KeyRing::new(places.store.clone(), seal.clone(), places.clock.clone(), random.clone()),
        store: places.store.clone(),
        cache: places.cache.clone(),
        seal,
        outbound: Outbound::new(&OutboundSettings::default()).unwrap(),
        clock: places.clock.clone(),
        random: random.clone(),
        // Replicas share one public origin: issuers and cookies are the same on all of them.
        public_url: Url::parse("http://localhost:8080").unwrap(),
        region: "local".to_owned(),
        default_user_pool: None,
    });
    let seam = Seam {
        secure: false,
        trusted_proxies: Vec::new(),
        random,
        replica: "test".to_owned(),
        hosts: Arc::new(PoolHosts::new(Context { ports: Arc::clone(&ports), request_id: "test".to_owned() })),
        body_timeout: Duration::from_secs(5),
    };
    let oauth = Data::new(OAuthState { ports: Arc::clone(&ports), broker: Arc::new(Broker::new(providers::table())) });
    let hosted = Data::new(HostedUiState { ports: Arc::clone(&ports) });
    let running = server
        .start(seam, move |cfg| {
            cfg.app_data(oauth.clone()).app_data(hosted.clone());
            oauth::routes(cfg);
            hosted_ui::routes(cfg);
        })
        .unwrap();
    // Runs until the test's runtime ends.
    actix_web::rt::spawn(running.finished());
    (ports, origin)
}

/// A database of its own.
fn database() -> String {
    let service = service("FEDGATE_TEST_POSTGRES_URL");
    let name = format!("oauth_{}", Random::System.text(16, b"abcdefghijklmnopqrstuvwxyz"));
    let status = Command::new("psql").args([&*service, "-qc", &format!("CREATE DATABASE {name}")]).status().unwrap();
    assert!(status.success(), "psql cannot create {name}");
    let mut url = Url::parse(&service).unwrap();
    url.set_path(&name);
    url.into()
}

fn service(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `scripts/services run cargo test`"))
}
