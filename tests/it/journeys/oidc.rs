//! Through the certified `oidc-provider`: first sign-in, second sign-in, single sign-on, key rotation, a user who cancels.

use fedgate::model::identity_provider::ProviderKind;
use playground::browser::{Browser, parameter};
use serde_json::json;

use crate::harness::storage::Backend;
use crate::journeys::world::{CALLBACK, World, assert_identity, follow_the_time};
use crate::real::oidc_provider::OidcProvider;

/// A world whose pool knows a running provider under the name `Certified`.
async fn world(backend: Backend) -> (World, OidcProvider) {
    let mut provider = OidcProvider::start(&json!({ "accounts": { "carol": { "name": "Carol Danvers" } } }));
    let world = World::new(backend, &["Certified"]).await;
    let secret = "q".repeat(43);
    provider.register("fedgate", &secret, &world.callback());
    let details = [
        ("client_id", "fedgate"),
        ("oidc_issuer", provider.issuer.as_str()),
        ("authorize_scopes", "openid email profile"),
        ("attributes_request_method", "GET"),
    ];
    let mut known = world.gateway.add_provider(&world.pool, "Certified", ProviderKind::Oidc, &details).await;
    let place = [world.pool.id.as_str(), "identity_provider", "Certified", "client_secret"];
    let sealed = world.gateway.ports().seal.seal(&place, secret.as_bytes()).unwrap();
    known.sealed_details.insert("client_secret".to_owned(), sealed);
    for (attribute, claim) in [("email", "email"), ("email_verified", "email_verified"), ("name", "name")] {
        known.attribute_mapping.insert(attribute.to_owned(), claim.to_owned());
    }
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    work.identity_providers().update(&known).await.unwrap();
    work.commit().await.unwrap();
    (world, provider)
}

async fn journey(backend: Backend) {
    let (world, mut provider) = world(backend).await;
    let mut browser = Browser::new();

    // The first sign-in, from the hosted page's choice on.
    let started = world.app.start(json!({ "identity_provider": "Certified" })).await;
    let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
    assert!(page.url.as_str().starts_with(&provider.issuer), "the browser is at the provider: {}", page.url);
    follow_the_time(&world.gateway);
    let reached = provider.sign_in(&mut browser, &page, "carol", CALLBACK).await.reached().unwrap();
    assert_eq!(parameter(&reached, "iss").as_deref(), Some(world.app.issuer.as_str()), "A-19");
    let first = world.arrive(&started, &reached).await;
    assert_identity(&first["claims"], "Certified", "OIDC", "carol");
    assert_eq!(first["claims"]["email"], "carol@example.org");
    assert_eq!(first["claims"]["email_verified"], true);
    assert_eq!(first["userinfo"]["name"], "Carol Danvers");
    assert_eq!(first["userinfo"]["email_verified"], "true", "Cognito's userInfo speaks in strings");

    // Single sign-on in the same browser; nothing of it in another one.
    let again = world.return_silently(&mut browser).await;
    assert_eq!(again["claims"]["sub"], first["claims"]["sub"]);
    let stranger = world.app.start(json!({ "prompt": "none" })).await;
    let refused = Browser::new().open_until(stranger["url"].as_str().unwrap(), CALLBACK).await.unwrap().reached().unwrap();
    assert_eq!(parameter(&refused, "error").as_deref(), Some("login_required"));

    // The provider replaces its keys without overlap; the next sign-in in another browser is the same user (O-10, O-16).
    let mut other = Browser::new();
    let started = world.app.start(json!({ "identity_provider": "Certified" })).await;
    let page = other.open(started["url"].as_str().unwrap()).await.unwrap();
    provider.rotate_keys();
    let reached = provider.sign_in(&mut other, &page, "carol", CALLBACK).await.reached().unwrap();
    let second = world.arrive(&started, &reached).await;
    assert_eq!(second["claims"]["sub"], first["claims"]["sub"]);
}

#[tokio::test]
async fn a_sign_in_through_a_certified_provider_on_sqlite_and_memory() {
    journey(Backend::Embedded).await;
}

#[tokio::test]
async fn a_sign_in_through_a_certified_provider_on_postgresql_and_redis() {
    journey(Backend::Shared).await;
}
