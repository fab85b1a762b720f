//! The process is killed between the redirect to the identity provider and the answer, and another one on the same PostgreSQL and Redis
//! finishes the login: no replica remembers anything.

use std::net::TcpListener;
use std::path::Path;

use playground::browser::Browser;
use playground::gateway::{Gateway, OidcProvider, SamlProvider, Settings};
use playground::oidc_idp::{Client, Config as OidcConfig, OidcIdp};
use playground::saml_idp::{Config as SamlConfig, SamlIdp};
use serde_json::json;
use tempfile::TempDir;

use crate::harness::storage::{Backend, Storage};
use crate::journeys::world::CALLBACK;
use crate::real::openid_client::App;

const APP_URL: &str = "http://127.0.0.1:9";

/// A port that nothing listens on at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_login_outlives_the_process_that_began_it() {
    let oidc = OidcIdp::start(OidcConfig { clients: vec![Client::new("fedgate", "secret")], ..OidcConfig::default() }).unwrap();
    let saml = SamlIdp::start(SamlConfig::default()).unwrap();
    let storage = Storage::fresh(Backend::Shared).await;
    let settings = Settings {
        port: free_port(),
        pool_id: "local_Restart01".to_owned(),
        client_id: "sampleapp".to_owned(),
        client_secret: "a-secret-of-the-sample-app-0123456789".to_owned(),
        app_url: APP_URL.to_owned(),
        oidc: OidcProvider {
            name: "Oidc".to_owned(),
            issuer: oidc.issuer.clone(),
            client_id: "fedgate".to_owned(),
            client_secret: "secret".to_owned(),
        },
        social: Vec::new(),
        saml: SamlProvider { name: "Saml".to_owned(), metadata_url: saml.metadata_url() },
        environment: vec![
            ("FEDGATE_STORE__URL".to_owned(), storage.store_url.clone()),
            ("FEDGATE_CACHE__URL".to_owned(), storage.cache_url.clone()),
        ],
    };
    let app = App {
        issuer: settings.issuer(),
        client_id: settings.client_id.clone(),
        client_secret: Some(settings.client_secret.clone()),
        redirect_uri: CALLBACK.to_owned(),
    };
    let dir = TempDir::new().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_fedgate"));
    for (provider, person) in [("Oidc", "Ada Lovelace"), ("Saml", "Katherine Johnson")] {
        let first = Gateway::start(program, &settings, dir.path(), false).await.unwrap();
        let started = app.start(json!({ "identity_provider": provider })).await;
        let mut browser = Browser::new();
        let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
        let killed = first.pid();
        drop(first);
        let second = Gateway::start(program, &settings, dir.path(), false).await.unwrap();
        assert_ne!(second.pid(), killed, "another process");
        let reached = browser.press_until(&page, person, CALLBACK).await.unwrap().reached().unwrap();
        let done = app.finish(&started, reached.as_str()).await.unwrap();
        assert_eq!(done["claims"]["identities"][0]["providerName"], provider);
    }
}
