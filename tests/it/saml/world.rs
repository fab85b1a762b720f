//! A gateway with two SAML providers that take part in single logout, and an app client that offers both.
//!
//! Owns the sign-in in a browser and the question whether a browser is still signed in.

use std::sync::Arc;

use fedgate::model::app_client::AppClient;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::user_pool::UserPool;
use playground::browser::{Browser, Page};
use playground::saml_idp::logout_message::LogoutSpec;
use playground::saml_idp::{Config, SamlIdp, SamlIdpHandle};
use url::Url;

use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

/// Where the app is; nothing listens there.
pub const APP: &str = "https://app.example.com/callback";
/// Where the app wants browsers after a sign-out.
pub const BYE: &str = "https://app.example.com/";
/// The people of the stand-in.
pub const KATHERINE: (&str, &str) = ("Katherine Johnson", "katherine-1918");
pub const EDSGER: (&str, &str) = ("Edsger Dijkstra", "edsger-1930");

/// The parts.
pub struct World {
    pub gateway: TestGateway,
    pub pool: UserPool,
    pub client: AppClient,
    /// The provider named `Campus`.
    pub campus: SamlIdpHandle,
    /// The provider named `Lab`, with the same people.
    pub lab: SamlIdpHandle,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        let gateway = TestGateway::start(backend).await;
        let start = || {
            let clock = gateway.ports().clock.clone();
            SamlIdp::start(Config { clock: Arc::new(move || clock.now_s()), ..Config::default() }).unwrap()
        };
        let (campus, lab) = (start(), start());
        let pool = gateway.add_pool("logout").await;
        let client = gateway.add_client(&pool, |client| client.providers = ["Campus", "Lab"].map(str::to_owned).to_vec()).await;
        for (name, idp) in [("Campus", &campus), ("Lab", &lab)] {
            let details = [("MetadataURL", &*idp.metadata_url()), ("IDPSignout", "true"), ("IDPInit", "true")];
            gateway.add_provider(&pool, name, ProviderKind::Saml, &details).await;
        }
        Self { gateway, pool, client, campus, lab }
    }

    /// An address of the pool.
    pub fn address(&self, path: &str) -> String {
        format!("{}/{}{path}", self.gateway.base_url, self.pool.id)
    }

    pub fn slo(&self) -> String {
        self.address("/saml2/logout")
    }

    pub fn acs(&self) -> String {
        self.address("/saml2/idpresponse")
    }

    pub fn sp(&self) -> String {
        format!("urn:amazon:cognito:sp:{}", self.pool.id)
    }

    pub fn authorize(&self, more: &[(&str, &str)]) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", APP),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        Url::parse_with_params(&self.address("/oauth2/authorize"), parameters.iter().chain(more)).unwrap().into()
    }

    /// A browser in which somebody signed in.
    pub async fn signed_in(&self, provider: &str, person: (&str, &str)) -> Browser {
        let mut browser = Browser::new();
        let page = browser.open(&self.authorize(&[("identity_provider", provider)])).await.unwrap();
        let reached = browser.press_until(&page, person.0, APP).await.unwrap().reached().unwrap();
        assert!(reached.as_str().contains("code="), "{reached}");
        assert!(self.is_signed_in(&browser).await);
        browser
    }

    /// Whether the browser's session still answers.
    pub async fn is_signed_in(&self, browser: &Browser) -> bool {
        let mut tab = Browser::new();
        tab.jar = browser.jar.clone();
        let answer = tab.get(&self.authorize(&[("prompt", "none")])).await.unwrap().location().unwrap();
        assert!(answer.as_str().starts_with(APP), "{answer}");
        answer.query_pairs().any(|(name, _)| name == "code")
    }

    /// The session index that the provider gave the last sign-in.
    pub fn last_index(idp: &SamlIdpHandle) -> String {
        idp.sessions().pop().unwrap().index.unwrap()
    }

    /// A good LogoutRequest of a provider.
    pub fn request(&self, idp: &SamlIdpHandle, name_id: &str, index: Option<&str>) -> LogoutSpec {
        let mut spec = LogoutSpec::request(&idp.entity_id, &self.slo(), name_id, index, self.gateway.now_ms());
        spec.relay_state = Some("the provider's own state".to_owned());
        spec
    }

    /// Changes a provider's settings.
    pub async fn change(&self, name: &str, change: impl FnOnce(&mut IdentityProvider)) {
        let mut work = self.gateway.ports().store.begin().await.unwrap();
        let mut provider = work.identity_providers().find(&self.pool.id, name).await.unwrap().unwrap();
        change(&mut provider);
        work.identity_providers().update(&provider).await.unwrap();
        work.commit().await.unwrap();
    }

    /// The certificates by which our messages are signed.
    pub async fn certificates(&self) -> Vec<String> {
        self.gateway.ports().keys.saml_signing_certificates(&self.pool.id).await.unwrap()
    }

    /// The fixed page, with this reason in the audit log.
    #[track_caller]
    pub fn assert_refused(&self, page: &Page, reason: &str) {
        assert_eq!((page.status, page.location()), (400, None), "{}", page.text());
        let audit = self.gateway.last_audit();
        assert_eq!((audit.get("outcome"), audit.get("reason")), ("refused", reason));
    }
}
