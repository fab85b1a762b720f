//! A gateway before one social stand-in: the provider made by the API, one client, whole journeys through the broker.
//!
//! What is altered lies at the stand-in; the gateway is the real one.

use fedgate::model::app_client::AppClient;
use fedgate::model::identity_provider::IdentityProvider;
use fedgate::model::user::User;
use fedgate::model::user_pool::UserPool;
use playground::browser::{Browser, Page};
use playground::clock::Clock;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use url::Url;

use crate::cognito::aws::Aws;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

/// Where the app is; nothing listens there.
pub(crate) const APP: &str = "https://app.example.com/callback";

/// The parts.
pub(crate) struct SocialWorld {
    pub(crate) gateway: TestGateway,
    pub(crate) pool: UserPool,
    client: AppClient,
    kind: &'static str,
}

impl SocialWorld {
    /// A gateway whose client offers that kind; the provider itself is made by [`Self::connect`].
    pub(crate) async fn new(kind: &'static str) -> Self {
        let gateway = TestGateway::start(Backend::Embedded).await;
        let pool = gateway.add_pool("social").await;
        let client = gateway.add_client(&pool, |client| client.providers = vec![kind.to_owned()]).await;
        Self { gateway, pool, client, kind }
    }

    /// The gateway's time, for the stand-in.
    pub(crate) fn clock(&self) -> Clock {
        let clock = self.gateway.ports().clock.clone();
        Arc::new(move || clock.now_s())
    }

    /// The request that makes the provider.
    pub(crate) fn settings(&self, details: &[(&'static str, String)], mapping: &Value) -> Value {
        let details: Map<String, Value> = details.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        json!({
            "UserPoolId": self.pool.id, "ProviderName": self.kind, "ProviderType": self.kind,
            "ProviderDetails": details, "AttributeMapping": mapping,
        })
    }

    /// Makes the provider by the API; answers how it is described.
    pub(crate) async fn connect(&self, details: &[(&'static str, String)], mapping: &Value) -> Value {
        let settings = self.settings(details, mapping);
        Aws::new(&self.gateway).ok("CreateIdentityProvider", settings).await["IdentityProvider"].clone()
    }

    /// The authorization request, with more parameters.
    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", APP),
            ("scope", "openid email profile"),
            ("state", "the-apps-state"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let address = format!("{}/{}/oauth2/authorize", self.gateway.base_url, self.pool.id);
        let mut url = Url::parse_with_params(&address, parameters).unwrap();
        url.query_pairs_mut().extend_pairs(more);
        url.into()
    }

    /// A sign-in up to the answer, which the browser has not brought yet.
    pub(crate) async fn answer(&self, browser: &mut Browser, button: &str, more: &[(&str, &str)]) -> Url {
        let page = browser.open(&self.authorize(more)).await.unwrap();
        let ours = format!("{}/", self.gateway.base_url);
        browser.press_until(&page, button, &ours).await.unwrap().reached().unwrap()
    }

    /// A whole sign-in: what the gateway says in the end.
    pub(crate) async fn login(&self, person: &str) -> Page {
        let mut browser = Browser::new();
        let answer = self.answer(&mut browser, person, &[]).await;
        browser.get(answer.as_str()).await.unwrap()
    }

    /// A whole sign-in that must bring a code.
    pub(crate) async fn accepted(&self, person: &str, what: &str) {
        let page = self.login(person).await;
        assert!(has_code(&page), "{what}: {:?} {}", page.location(), self.gateway.last_audit().reason());
    }

    /// A whole sign-in that must be refused for that reason, leaving no session and no user.
    pub(crate) async fn refused(&self, person: &str, what: &str, reason: &str) -> Page {
        let before = self.users().await.len();
        let page = self.login(person).await;
        assert!(!has_code(&page), "{what}");
        assert_eq!(self.gateway.last_audit().reason(), reason, "{what}");
        assert!(page.headers.get("set-cookie").is_none(), "{what}: no session");
        assert_eq!(self.users().await.len(), before, "{what}: no user");
        page
    }

    /// The users of the pool.
    pub(crate) async fn users(&self) -> Vec<User> {
        let mut work = self.gateway.ports().store.read().await.unwrap();
        work.users().list(&self.pool.id, None, 60).await.unwrap()
    }

    /// The provider as it is stored.
    pub(crate) async fn provider(&self) -> IdentityProvider {
        let mut work = self.gateway.ports().store.read().await.unwrap();
        work.identity_providers().find(&self.pool.id, self.kind).await.unwrap().unwrap()
    }

    /// Changes the provider behind the API's back.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut IdentityProvider)) {
        let mut provider = self.provider().await;
        change(&mut provider);
        let mut work = self.gateway.ports().store.begin().await.unwrap();
        work.identity_providers().update(&provider).await.unwrap();
        work.commit().await.unwrap();
    }
}

/// Whether an answer sends the browser to the app with a code.
pub(crate) fn has_code(page: &Page) -> bool {
    page.location().is_some_and(|to| to.as_str().starts_with(APP) && to.query_pairs().any(|(name, _)| name == "code"))
}

/// The error with which an answer sends the browser to the app.
pub(crate) fn app_error(page: &Page) -> Option<String> {
    let to = page.location().filter(|to| to.as_str().starts_with(APP))?;
    to.query_pairs().find(|(name, _)| name == "error").map(|(_, value)| value.into_owned())
}

/// Replaces a parameter, adds it, or takes it away.
pub(crate) fn put(params: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    params.retain(|(known, _)| known != name);
    params.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
