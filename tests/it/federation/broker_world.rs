//! A gateway between the stand-in identity providers, for tests of the broker: one pool, one client, one provider of each kind.

use std::sync::Arc;

use fedgate::model::app_client::AppClient;
use fedgate::model::identity_provider::ProviderKind;
use fedgate::model::user_pool::UserPool;
use playground::browser::{Browser, Page};
use playground::oidc_idp::{Client, Config as OidcConfig, OidcIdp, OidcIdpHandle};
use playground::saml_idp::{Config as SamlConfig, SamlIdp, SamlIdpHandle};
use url::Url;

use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

/// Where the app is; nothing listens there.
pub(crate) const APP: &str = "https://app.example.com/callback";
/// The person who signs in at the OIDC stand-in.
pub(crate) const ADA: &str = "Ada Lovelace";
/// The person who signs in at the SAML stand-in.
pub(crate) const KATHERINE: &str = "Katherine Johnson";

/// The parts.
pub(crate) struct World {
    pub(crate) gateway: TestGateway,
    pub(crate) pool: UserPool,
    pub(crate) client: AppClient,
    _oidc: OidcIdpHandle,
    pub(crate) saml: SamlIdpHandle,
}

impl World {
    pub(crate) async fn new(backend: Backend) -> Self {
        let gateway = TestGateway::start(backend).await;
        let (theirs, also_theirs) = (gateway.ports().clock.clone(), gateway.ports().clock.clone());
        let oidc = OidcIdp::start(OidcConfig {
            clients: vec![Client::new("fedgate", "secret-of-the-gateway")],
            clock: Arc::new(move || theirs.now_s()),
            ..OidcConfig::default()
        })
        .unwrap();
        let saml = SamlIdp::start(SamlConfig { clock: Arc::new(move || also_theirs.now_s()), ..SamlConfig::default() }).unwrap();
        let pool = gateway.add_pool("broker").await;
        let client =
            gateway.add_client(&pool, |client| client.providers = ["Oidc", "Saml", "Other"].map(str::to_owned).to_vec()).await;
        let details = [
            ("client_id", "fedgate"),
            ("oidc_issuer", oidc.issuer.as_str()),
            ("authorize_scopes", "openid email profile"),
            ("attributes_request_method", "GET"),
        ];
        for name in ["Oidc", "Other"] {
            let mut provider = gateway.add_provider(&pool, name, ProviderKind::Oidc, &details).await;
            let place = [pool.id.as_str(), "identity_provider", name, "client_secret"];
            let sealed = gateway.ports().seal.seal(&place, b"secret-of-the-gateway").unwrap();
            provider.sealed_details.insert("client_secret".to_owned(), sealed);
            let mut work = gateway.ports().store.begin().await.unwrap();
            work.identity_providers().update(&provider).await.unwrap();
            work.commit().await.unwrap();
        }
        gateway.add_provider(&pool, "Saml", ProviderKind::Saml, &[("MetadataURL", &saml.metadata_url())]).await;
        Self { gateway, pool, client, _oidc: oidc, saml }
    }

    /// The authorization request that goes straight to a provider.
    pub(crate) fn authorize(&self, provider: &str) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", APP),
            ("scope", "openid email"),
            ("state", "the-apps-state"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("identity_provider", provider),
        ];
        let address = format!("{}/{}/oauth2/authorize", self.gateway.base_url, self.pool.id);
        Url::parse_with_params(&address, parameters).unwrap().into()
    }

    /// The provider's sign-in page, in a browser that came from the gateway.
    pub(crate) async fn at_provider(&self, browser: &mut Browser, provider: &str) -> Page {
        browser.open(&self.authorize(provider)).await.unwrap()
    }

    /// The OIDC answer's address, which the browser has not asked yet.
    pub(crate) async fn oidc_answer(&self, browser: &mut Browser, page: &Page) -> Url {
        browser.press_until(page, ADA, &format!("{}/", self.gateway.base_url)).await.unwrap().reached().unwrap()
    }

    /// The SAML answer's form, which the browser has not sent yet.
    pub(crate) async fn saml_answer(&self, browser: &mut Browser, page: &Page) -> Vec<(String, String)> {
        let form = page.form_with_button(KATHERINE).unwrap();
        browser.submit(page, &form).await.unwrap().forms().remove(0).fields
    }

    /// Where SAML answers go.
    pub(crate) fn acs(&self) -> String {
        format!("{}/{}/saml2/idpresponse", self.gateway.base_url, self.pool.id)
    }

    /// How many users the pool has.
    pub(crate) async fn users(&self) -> usize {
        let mut work = self.gateway.ports().store.read().await.unwrap();
        work.users().list(&self.pool.id, None, 60).await.unwrap().len()
    }
}

/// Whether an answer sends the browser to the app with a code.
pub(crate) fn has_code(page: &Page) -> bool {
    page.location().is_some_and(|to| to.as_str().starts_with(APP) && to.query_pairs().any(|(name, _)| name == "code"))
}
