//! An in-process gateway on a free loopback port, with a clock that stands still until the test moves it.
//!
//! Owns its start from a configuration text, replicas on the same state, and its end with the test. It is the real gateway: the same
//! configuration loader, the same composition root, a real socket.

use std::collections::BTreeMap;
use std::time::Duration;

use fedgate::app::{self, App};
use fedgate::base::clock::Clock;
use fedgate::base::ids;
use fedgate::base::random::Random;
use fedgate::config::Config;
use fedgate::config::load::{Source, load};
use fedgate::context::{Context, Ports};
use fedgate::http::server::Stopper;

use crate::harness::audit::{self, AuditLine};
use crate::harness::storage::{Backend, Storage};

/// 2026-01-01T00:00:00Z, ms: where the clock of every test starts.
pub const START_MS: i64 = 1_767_225_600_000;

/// The administrative key of test gateways.
pub const ADMIN_KEY: (&str, &str) = ("AKIATESTTESTTESTTEST", "test-secret-access-key-of-forty-letters-");

/// How a gateway is to be.
#[derive(Clone, Debug)]
pub struct Builder {
    backend: Backend,
    storage: Option<Storage>,
    clock: Clock,
    toml: String,
    public_url: Option<String>,
}

impl Builder {
    /// PostgreSQL and Redis, or SQLite and memory (the default).
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// More configuration, appended to the harness's own: sections that it does not set itself (`[[user_pools]]`, `[keys]`, …), and
    /// dotted keys such as `http.trusted_proxies = […]` on top.
    #[must_use]
    pub fn config(mut self, toml: &str) -> Self {
        self.toml = format!("{}\n{toml}\n", self.toml);
        self
    }

    /// Another public origin than the listener's own, such as `https://id.example.com`.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.to_owned());
        self
    }

    /// On state that exists.
    #[must_use]
    pub fn storage(mut self, storage: &Storage) -> Self {
        self.storage = Some(storage.clone());
        self
    }

    /// Starts it.
    pub async fn start(self) -> TestGateway {
        audit::install();
        // The process's provider of TLS, as `main` sets it; another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let storage = match &self.storage {
            Some(storage) => storage.clone(),
            None => Storage::fresh(self.backend).await,
        };
        let config = self.configuration(&storage);
        let server = app::bind(&config).unwrap();
        let address_url = format!("http://{}", server.address());
        let public_url = app::public_url(&config, server.address());
        let app = App::build(&config, public_url, self.clock.clone(), Random::System).await.unwrap();
        let running = app.serve(server).unwrap();
        let stopper = running.stopper();
        tokio::spawn(running.finished());
        let base_url = app.ports.base_url().to_owned();
        TestGateway { builder: self, storage, app, stopper, base_url, address_url }
    }

    fn configuration(&self, storage: &Storage) -> Config {
        let public_url = self.public_url.as_ref().map_or_else(String::new, |url| format!("public_url = {url:?}"));
        let text = format!(
            r#"
            {public_url}
            http.listen = "127.0.0.1:0"
            http.workers = 2
            store.url = {:?}
            cache.url = {:?}
            secrets.master_key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
            admin.access_key_id = {:?}
            admin.secret_access_key = {:?}
            outbound.allow = ["127.0.0.0/8", "::1/128"]
            {}
            "#,
            storage.store_url, storage.cache_url, ADMIN_KEY.0, ADMIN_KEY.1, self.toml
        );
        let source = Source { file: Some(("test.toml".to_owned(), text)), variables: BTreeMap::new() };
        load(&source).unwrap_or_else(|report| panic!("the test's configuration is wrong:\n{report}"))
    }
}

/// A running gateway; when dropped it stops at once, as if killed.
#[derive(Debug)]
pub struct TestGateway {
    builder: Builder,
    /// Its state, for another gateway on it.
    pub storage: Storage,
    /// The gateway itself.
    pub app: App,
    stopper: Stopper,
    /// The public origin, without a trailing slash: issuers begin with it.
    pub base_url: String,
    /// Where this replica really listens; differs from `base_url` for replicas and behind proxies.
    pub address_url: String,
}

impl TestGateway {
    /// SQLite, memory, clock at [`START_MS`].
    pub fn builder() -> Builder {
        Builder { backend: Backend::Embedded, storage: None, clock: Clock::manual(START_MS), toml: String::new(), public_url: None }
    }

    /// The usual one on a backend.
    pub async fn start(backend: Backend) -> Self {
        Self::builder().backend(backend).start().await
    }

    /// A second replica: same public origin, clock, store and (when shared) cache.
    pub async fn replica(&self) -> Self {
        self.builder.clone().storage(&self.storage).public_url(&self.base_url).start().await
    }

    /// The ports, for a look behind the wire.
    pub fn ports(&self) -> &Ports {
        &self.app.ports
    }

    /// A context as a request has it.
    pub fn context(&self) -> Context {
        Context { ports: self.app.ports.clone(), request_id: ids::uuid(&Random::System) }
    }

    /// An address of this replica.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address_url)
    }

    /// The clock's time, ms.
    pub fn now_ms(&self) -> i64 {
        self.builder.clock.now_ms()
    }

    /// Moves the clock of this gateway and its replicas.
    pub fn advance_s(&self, seconds: i64) {
        self.builder.clock.advance_ms(seconds * 1000);
    }

    /// This replica's audit lines so far, oldest first. A request's line is there before its answer is.
    pub fn audit(&self) -> Vec<AuditLine> {
        audit::of(&self.app.replica)
    }

    /// The last audit line.
    pub fn last_audit(&self) -> AuditLine {
        self.audit().pop().expect("something was audited")
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// An HTTP client that follows no redirects and keeps no cookies.
#[expect(clippy::disallowed_methods, reason = "the test's own side of the wire")]
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}
