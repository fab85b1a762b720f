//! A gateway with two planted pools, and the steps that most tests of this face begin with.

pub mod launch;
pub mod seed;
pub mod wire;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fedgate::auth_flows::web_session;
use fedgate::base::digest;
use fedgate::context::{Context, Ports};
use fedgate::http::cookies::{self, CookieKind};
use fedgate::model::app_client::AppClient;
use fedgate::model::identity_provider::IdentityProvider;
use fedgate::model::user::User;
use serde_json::Value;

use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;
use crate::oauth::world::seed::{CALLBACK, CONFIDENTIAL, POOL, PROVIDER, SECRET, SUB};
use crate::oauth::world::wire::{Answer, form};

/// A good PKCE verifier.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Its challenge (RFC 7636, appendix B).
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A gateway and its rows.
pub struct World {
    /// The gateway.
    pub gateway: TestGateway,
    /// Its ports.
    pub ports: Arc<Ports>,
    /// Where it listens.
    pub origin: url::Url,
}

/// Changes parameters of a good request: a value replaces or adds, `None` removes.
pub type Change<'a> = (&'a str, Option<&'a str>);

/// A good request with changes.
pub fn changed<'a>(good: &[(&'a str, &'a str)], changes: &[Change<'a>]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = good.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)).copied().collect();
    fields.extend(changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value))));
    fields
}

/// A good authorization request of the confidential client.
pub const AUTHORIZE: [(&str, &str); 7] = [
    ("client_id", CONFIDENTIAL),
    ("redirect_uri", CALLBACK),
    ("response_type", "code"),
    ("scope", "openid email"),
    ("state", "st&te=\u{e9}"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// Runs a test on SQLite with memory and on PostgreSQL with Redis.
pub async fn on_both_stores(test: impl AsyncFn(World)) {
    for backend in [Backend::Embedded, Backend::Shared] {
        test(World::on(backend).await).await;
    }
}

impl World {
    /// A gateway on the embedded store.
    pub async fn start() -> Self {
        Self::on(Backend::Embedded).await
    }

    /// A gateway.
    pub async fn on(backend: Backend) -> Self {
        Self::around(launch::gateway(backend).await)
    }

    /// A gateway on the embedded store with this public origin.
    pub async fn at(public_url: &str) -> Self {
        Self::around(launch::gateway_at(Backend::Embedded, Some(public_url)).await)
    }

    /// Two gateways over one store, and over one cache when it is Redis.
    pub async fn pair(backend: Backend) -> [Self; 2] {
        let first = launch::gateway(backend).await;
        let second = first.replica().await;
        [Self::around(first), Self::around(second)]
    }

    fn around(gateway: TestGateway) -> Self {
        let (ports, origin) = (Arc::clone(&gateway.app.ports), url::Url::parse(&gateway.address_url).unwrap());
        Self { gateway, ports, origin }
    }

    /// A context for calling capabilities directly.
    pub fn context(&self) -> Context {
        self.gateway.context()
    }

    /// The issuer of the pool.
    pub fn issuer(&self) -> String {
        self.ports.issuer(POOL)
    }

    /// Sends a request; `path` is below the pool's id.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        wire::send(&self.origin, method, &format!("/{POOL}{path}"), headers, body.as_bytes()).await
    }

    /// GET without anything.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// POST of a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], &form(fields)).await
    }

    /// POST of a form with Basic authentication.
    pub async fn post_as(&self, client_id: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*basic(client_id, SECRET))];
        self.send("POST", path, &headers, &form(fields)).await
    }

    /// userInfo with an access token.
    pub async fn user_info(&self, access_token: &str) -> Answer {
        self.send("GET", "/oauth2/userInfo", &[("Authorization", &format!("Bearer {access_token}"))], "").await
    }

    /// A Cookie header of a browser in which the user is signed in, since now.
    pub async fn signed_in(&self) -> String {
        self.signed_in_through(PROVIDER).await
    }

    /// The same, with the provider that proved the user.
    pub async fn signed_in_through(&self, provider: &str) -> String {
        let context = self.context();
        let value = web_session::start(&context, POOL, SUB, provider, context.now_ms(), None).await.unwrap();
        format!("{}={value}", cookies::name(&self.ports.public_url, CookieKind::Session(POOL)))
    }

    /// Asks for authorization in a browser with these cookies.
    pub async fn authorize(&self, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("GET", &format!("/oauth2/authorize?{}", form(fields)), &[("Cookie", cookie)], "").await
    }

    /// A fresh code for the good request with changes.
    pub async fn code_for(&self, changes: &[Change<'_>]) -> String {
        let answer = self.authorize(&self.signed_in().await, &changed(&AUTHORIZE, changes)).await;
        answer.redirect("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    /// A fresh code for the good request.
    pub async fn code(&self) -> String {
        self.code_for(&[]).await
    }

    /// Redeems a code as the confidential client.
    pub async fn redeem(&self, code: &str) -> Answer {
        self.post_as(CONFIDENTIAL, "/oauth2/token", &redemption(code)).await
    }

    /// Refreshes as the confidential client.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post_as(CONFIDENTIAL, "/oauth2/token", &fields).await
    }

    /// Tokens for the good request.
    pub async fn tokens(&self) -> Answer {
        self.tokens_for(&[]).await
    }

    /// Tokens for the good request with changes.
    pub async fn tokens_for(&self, changes: &[Change<'_>]) -> Answer {
        let code = self.code_for(changes).await;
        let answer = self.redeem(&code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Changes a client's row.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut AppClient)) {
        let mut work = self.ports.store.begin().await.unwrap();
        let mut client = work.app_clients().find(POOL, id).await.unwrap().unwrap();
        change(&mut client);
        work.app_clients().update(&client).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Changes the user's row.
    pub async fn change_user(&self, change: impl FnOnce(&mut User)) {
        let mut work = self.ports.store.begin().await.unwrap();
        let mut user = work.users().find_by_sub(POOL, SUB).await.unwrap().unwrap();
        change(&mut user);
        work.users().update(&user).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Changes the provider's row.
    pub async fn change_provider(&self, change: impl FnOnce(&mut IdentityProvider)) {
        let mut work = self.ports.store.begin().await.unwrap();
        let mut provider = work.identity_providers().find(POOL, PROVIDER).await.unwrap().unwrap();
        change(&mut provider);
        work.identity_providers().update(&provider).await.unwrap();
        work.commit().await.unwrap();
    }
}

/// The good redemption of a code.
pub fn redemption(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// A Basic header.
pub fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The challenge of a verifier.
pub fn challenge(verifier: &str) -> String {
    digest::sha256_b64(verifier.as_bytes())
}
