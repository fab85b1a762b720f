//! What the journeys share: a gateway on the real time, an app, and what the app must find in its tokens.

use fedgate::base::clock::Clock;
use fedgate::model::user_pool::UserPool;
use playground::browser::Browser;
use serde_json::{Value, json};
use url::Url;

use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;
use crate::real::openid_client::App;

/// The app's callback; nothing listens there: the browser stops before it.
pub const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// A gateway with one pool, and an app that is its client.
pub struct World {
    /// The gateway.
    pub gateway: TestGateway,
    /// The pool.
    pub pool: UserPool,
    /// The app.
    pub app: App,
}

impl World {
    /// Software that we do not control reads the machine's clock, so the gateway's clock is set to it.
    pub async fn new(backend: Backend, providers: &[&str]) -> Self {
        let gateway = TestGateway::start(backend).await;
        follow_the_time(&gateway);
        let pool = gateway.add_pool("journeys").await;
        let (client, secret) = gateway
            .add_confidential_client(&pool, |client| {
                client.callback_urls = vec![CALLBACK.to_owned()];
                client.providers = providers.iter().map(|&name| name.to_owned()).collect();
            })
            .await;
        let app = App {
            issuer: format!("{}/{}", gateway.base_url, pool.id),
            client_id: client.id.clone(),
            client_secret: Some(secret),
            redirect_uri: CALLBACK.to_owned(),
        };
        Self { gateway, pool, app }
    }

    /// Where the identity provider of an OIDC kind sends the browser back.
    pub fn callback(&self) -> String {
        format!("{}/oauth2/idpresponse", self.app.issuer)
    }

    /// Where the identity provider of a SAML kind sends its responses.
    pub fn acs(&self) -> String {
        format!("{}/saml2/idpresponse", self.app.issuer)
    }

    /// Our SAML entity id.
    pub fn sp_entity_id(&self) -> String {
        format!("urn:amazon:cognito:sp:{}", self.pool.id)
    }

    /// The app takes the browser's arrival, checks everything that the library checks, and the refresh and revocation that follow.
    pub async fn arrive(&self, started: &Value, reached: &Url) -> Value {
        follow_the_time(&self.gateway);
        let done = self.app.finish(started, reached.as_str()).await.unwrap();
        let refresh_token = done["tokens"]["refresh_token"].as_str().unwrap();
        let refreshed = self.app.refresh(refresh_token).await.unwrap();
        assert_eq!(refreshed["claims"]["sub"], done["claims"]["sub"]);
        assert_eq!(refreshed["claims"]["origin_jti"], done["claims"]["origin_jti"], "one family");
        self.app.revoke(refresh_token).await.unwrap();
        assert_eq!(self.app.refresh(refresh_token).await.unwrap_err()["error"], "invalid_grant", "revoked");
        let replay = self.app.finish(started, reached.as_str()).await.unwrap_err();
        assert_eq!(replay["error"], "invalid_grant", "A-05: a code works once");
        done
    }

    /// Single sign-on: the browser that has a session gets a code without asking anybody.
    pub async fn return_silently(&self, browser: &mut Browser) -> Value {
        let started = self.app.start(json!({ "prompt": "none" })).await;
        let reached = browser.open_until(started["url"].as_str().unwrap(), CALLBACK).await.unwrap().reached().unwrap();
        self.app.finish(&started, reached.as_str()).await.unwrap()
    }
}

/// Moves the gateway's clock to the machine's.
pub fn follow_the_time(gateway: &TestGateway) {
    let behind_ms = Clock::System.now_ms() - gateway.now_ms();
    gateway.ports().clock.advance_ms(behind_ms);
}

/// What every ID token of a federated user says.
pub fn assert_identity(claims: &Value, provider: &str, kind: &str, subject: &str) {
    assert_eq!(claims["token_use"], "id");
    assert_eq!(claims["cognito:username"], format!("{provider}_{subject}").to_lowercase());
    let identity = &claims["identities"][0];
    assert_eq!(identity["providerName"], provider, "{claims}");
    assert_eq!(identity["providerType"], kind);
    assert_eq!(identity["userId"], subject);
    assert_eq!(identity["primary"], "true");
}
