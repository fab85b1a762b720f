//! The bench of the OIDC tests: a stand-in provider, our ports in memory, one clock for both, and whole logins.
//!
//! A login runs as in life: `begin`, the provider's pages in a browser, `complete`. What is altered lies between.

use std::collections::BTreeMap;
use std::sync::Arc;

use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::cache::Cache;
use fedgate::context::{Context, Ports};
use fedgate::federation::provider::{Answer, Begun, Provider, Start};
use fedgate::federation::providers::oidc::Oidc;
use fedgate::keys::KeyRing;
use fedgate::keys::seal::Seal;
use fedgate::model::authorization::Authorization;
use fedgate::model::departure::Departure;
use fedgate::model::external_identity::ExternalIdentity;
use fedgate::model::failure::Failure;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::outbound::{Outbound, OutboundSettings};
use fedgate::store::Store;
use fedgate::store::held::Held;
use playground::browser::Browser;
use playground::oidc_idp::{Config, OidcIdp, OidcIdpHandle};
use serde_json::Value;

/// The pool of every test.
pub(crate) const POOL: &str = "local_123456789";
/// Where answers go; nobody listens there.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/local_123456789/oauth2/idpresponse";
/// The tests' beginning of time: 2026-11-21T00:00:00Z, ms.
pub(crate) const START_MS: i64 = 1_795_219_200_000;
/// Who signs in.
pub(crate) const ADA: &str = "ada-1815";

/// Everything that a login needs.
pub(crate) struct Bench {
    /// The stand-in.
    pub(crate) idp: OidcIdpHandle,
    /// Our side.
    pub(crate) context: Context,
    /// The time of both.
    pub(crate) clock: Clock,
    /// The kind under test.
    pub(crate) oidc: Arc<Oidc>,
    /// Its settings at the stand-in.
    pub(crate) provider: IdentityProvider,
    /// What the app asked.
    pub(crate) authorization: Authorization,
    /// What the browsers of the test speak with.
    client: reqwest::Client,
}

impl Bench {
    /// A stand-in with its defaults, and us in memory.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with another stand-in.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::manual(START_MS);
        let theirs = clock.clone();
        let mut config = Config { clock: Arc::new(move || theirs.now_s()), ..Config::default() };
        change(&mut config);
        let idp = OidcIdp::start(config).unwrap();
        let context = context(&clock).await;
        let provider = provider(&context, &idp.issuer);
        Self { idp, context, clock, oidc: Arc::new(Oidc::new()), provider, authorization: authorization(), client: plain_client() }
    }

    /// The same settings under another name: none of the copies kept so far are its.
    pub(crate) fn rename(&mut self, name: &str) {
        let place = [POOL, "identity_provider", name, "client_secret"];
        let sealed = self.context.ports.seal.seal(&place, b"gateway-secret").unwrap();
        name.clone_into(&mut self.provider.name);
        self.provider.sealed_details.insert("client_secret".to_owned(), sealed);
    }

    /// Begins a login.
    pub(crate) async fn begin(&self) -> Result<Begun, Failure> {
        let start = Start {
            handle: "the-handle",
            callback_url: CALLBACK.to_owned(),
            acs_url: String::new(),
            sp_entity_id: String::new(),
            authorization: &self.authorization,
        };
        self.oidc.begin(&self.context, &self.provider, start).await
    }

    /// Lets a person sign in at the provider; answers the parameters that come back.
    pub(crate) async fn sign_in(&self, begun: &Begun, person: &str) -> BTreeMap<String, String> {
        let mut browser = Browser::with_client(self.client.clone());
        let page = browser.open(&url(begun)).await.unwrap();
        let back = browser.press_until(&page, person, CALLBACK).await.unwrap().reached().unwrap();
        back.query_pairs().into_owned().collect()
    }

    /// Ends a login.
    pub(crate) async fn complete(&self, begun: &Begun, parameters: &BTreeMap<String, String>) -> Result<ExternalIdentity, Failure> {
        let answer = Answer {
            parameters,
            memory: &begun.memory,
            callback_url: CALLBACK.to_owned(),
            acs_url: String::new(),
            sp_entity_id: String::new(),
        };
        self.oidc.complete(&self.context, &self.provider, answer).await
    }

    /// A whole login.
    pub(crate) async fn login(&self) -> Result<ExternalIdentity, Failure> {
        let begun = self.begin().await?;
        let parameters = self.sign_in(&begun, ADA).await;
        self.complete(&begun, &parameters).await
    }

    /// A whole login that must be refused with that reason, and one after it, without the alteration, that must not.
    pub(crate) async fn refused(&self, what: &str, reason: &str) {
        match self.login().await {
            Err(failure) => assert_eq!(failure.reason(), reason, "{what}"),
            Ok(_) => panic!("{what}: accepted, expected {reason}"),
        }
        self.idp.behave();
        self.accepted(what).await;
    }

    /// A whole login that must be accepted.
    pub(crate) async fn accepted(&self, what: &str) -> ExternalIdentity {
        self.login().await.unwrap_or_else(|failure| panic!("{what}: {failure:?}"))
    }
}

/// Our ports in memory; loopback may be called.
pub(crate) async fn context(clock: &Clock) -> Context {
    let random = Random::System;
    let seal = Seal::new(&[[7; 32]], random.clone()).unwrap();
    let store = Store::connect("sqlite::memory:").await.unwrap();
    let outbound = OutboundSettings { allow: vec!["127.0.0.0/8".parse().unwrap()], extra_roots: Vec::new() };
    let ports = Ports {
        cache: Cache::connect("memory:", clock.clone()).await.unwrap(),
        keys: KeyRing::new(store.clone(), seal.clone(), clock.clone(), random.clone()),
        held: Held::new(store.clone(), clock.clone()),
        store,
        seal,
        outbound: Outbound::new(&outbound).unwrap(),
        clock: clock.clone(),
        random,
        public_url: "http://127.0.0.1:9/".parse().unwrap(),
        region: "local".to_owned(),
        default_user_pool: None,
    };
    Context { ports: Arc::new(ports), request_id: "test".to_owned() }
}

/// A provider of the pool at that issuer, with the stand-in's client.
pub(crate) fn provider(context: &Context, issuer: &str) -> IdentityProvider {
    let sealed = context.ports.seal.seal(&[POOL, "identity_provider", "Example", "client_secret"], b"gateway-secret").unwrap();
    let details = [
        ("client_id", "gateway"),
        ("oidc_issuer", issuer),
        ("authorize_scopes", "openid profile email"),
        ("attributes_request_method", "GET"),
    ];
    IdentityProvider {
        pool_id: POOL.to_owned(),
        name: "Example".to_owned(),
        kind: ProviderKind::Oidc,
        details: details.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        sealed_details: BTreeMap::from([("client_secret".to_owned(), sealed)]),
        attribute_mapping: BTreeMap::from([("email".to_owned(), "email".to_owned())]),
        identifiers: Vec::new(),
        enabled: true,
        created_ms: START_MS,
        modified_ms: START_MS,
        declared: false,
        document: Value::Null,
    }
}

/// What an app asks.
pub(crate) fn authorization() -> Authorization {
    Authorization {
        pool_id: POOL.to_owned(),
        client_id: "app".to_owned(),
        redirect_uri: "https://app.example.test/".to_owned(),
        scopes: vec!["openid".to_owned()],
        state: None,
        nonce: None,
        code_challenge: None,
        domain_url: "http://127.0.0.1:9/local_123456789".to_owned(),
        login_hint: None,
        prompt: None,
        max_age_s: None,
        acr_values: None,
        created_ms: START_MS,
    }
}

/// A client for plain http that keeps no connection and reads no root certificates: hundreds of browsers share it.
#[expect(clippy::disallowed_methods, reason = "a person's browser does not go through our outbound door")]
pub(crate) fn plain_client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.pool_max_idle_per_host(0).tls_certs_only([]).build().unwrap()
}

/// Where a login sends the browser.
pub(crate) fn url(begun: &Begun) -> String {
    match &begun.departure {
        Departure::Redirect(url) => url.clone(),
        Departure::PostForm { .. } => panic!("OIDC begins with a redirect"),
    }
}

/// Sets a claim, or takes it away with null.
pub(crate) fn set(document: &mut Value, name: &str, value: Value) {
    if value.is_null() {
        document.as_object_mut().unwrap().remove(name);
    } else {
        document[name] = value;
    }
}

#[tokio::test]
async fn a_login_proves_who_signed_in() {
    let bench = Bench::new().await;
    let identity = bench.accepted("a login").await;
    assert_eq!((identity.subject.as_str(), identity.subject_key.as_str()), (ADA, ADA));
    assert_eq!((identity.issuer, identity.one_time), (None, None));
    assert_eq!(identity.auth_time_ms, Some(START_MS));
    assert_eq!(identity.claims["email"], "ada@example.com");
    assert_eq!(identity.claims["email_verified"], true);
    assert_eq!(identity.claims["given_name"], "Ada");
}

/// O-02, O-03: what the provider saw.
#[tokio::test]
async fn o_02_o_03_every_login_has_a_nonce_and_a_challenge_of_its_own() {
    use playground::oidc_idp::tamper::Endpoint;

    let mut bench = Bench::new().await;
    bench.authorization.login_hint = Some("ada@example.com".to_owned());
    bench.authorization.prompt = Some("select_account".to_owned());
    bench.authorization.max_age_s = Some(600);
    for _ in 0..2 {
        bench.accepted("a login").await;
    }
    let seen = bench.idp.seen(Endpoint::Authorize);
    for request in &seen {
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "gateway"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email"),
            ("state", "the-handle"),
            ("code_challenge_method", "S256"),
            ("login_hint", "ada@example.com"),
            ("prompt", "select_account"),
            ("max_age", "600"),
        ] {
            assert_eq!(request.get(name), Some(value), "{name}");
        }
        assert_eq!(request.params.len(), 11, "each parameter once, and no others");
    }
    for name in ["nonce", "code_challenge"] {
        assert!(seen[0].get(name).unwrap().len() >= 43);
        assert_ne!(seen[0].get(name), seen[1].get(name), "{name}");
    }
    let redeemed = bench.idp.seen(Endpoint::Token);
    assert!(redeemed[0].get("code_verifier").unwrap().len() >= 43);
    assert_ne!(redeemed[0].get("code_verifier"), redeemed[1].get("code_verifier"));
    assert_eq!(redeemed[0].get("client_secret"), Some("gateway-secret"));
    assert_eq!(redeemed[0].authorization, None);
    // The verifier never travels through the browser.
    assert!(seen.iter().all(|request| request.get("code_verifier").is_none()));
}

/// O-03: the verifier of another login does not redeem the code, and a code is redeemed once.
#[tokio::test]
async fn o_03_a_code_belongs_to_the_login_that_asked_for_it() {
    let bench = Bench::new().await;
    let (mine, theirs) = (bench.begin().await.unwrap(), bench.begin().await.unwrap());
    let code = bench.sign_in(&theirs, ADA).await;
    assert_eq!(bench.complete(&mine, &code).await.unwrap_err().reason(), "code_refused");
    assert!(bench.complete(&theirs, &code).await.is_ok());
    assert_eq!(bench.complete(&theirs, &code).await.unwrap_err().reason(), "code_refused");
}

/// O-01: many logins at once never cross.
#[tokio::test]
async fn o_01_parallel_logins_do_not_cross() {
    let bench = Bench::new().await;
    let people = [ADA, "grace-1906", "alan-1912"];
    let logins = (0..60).map(|number| {
        let (bench, person) = (&bench, people[number % people.len()]);
        async move {
            let begun = bench.begin().await.unwrap();
            let parameters = bench.sign_in(&begun, person).await;
            (person, bench.complete(&begun, &parameters).await.unwrap().subject)
        }
    });
    let mut waiting: Vec<_> = logins.map(Box::pin).collect();
    // Polls all of them in turn on this thread.
    let finished = std::future::poll_fn(|task| {
        use std::task::Poll;
        let mut done = Vec::new();
        waiting.retain_mut(|login| match login.as_mut().poll(task) {
            Poll::Ready(outcome) => {
                done.push(outcome);
                false
            }
            Poll::Pending => true,
        });
        for (person, subject) in done {
            assert_eq!(person, subject);
        }
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    });
    finished.await;
}
