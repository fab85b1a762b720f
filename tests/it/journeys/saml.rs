//! Through Debian's SimpleSAMLphp: signed assertion, signed response and both; single sign-on; the hosted page's choice.

use fedgate::model::identity_provider::ProviderKind;
use playground::browser::Browser;
use serde_json::json;

use crate::harness::storage::Backend;
use crate::journeys::world::{CALLBACK, World, assert_identity, follow_the_time};
use crate::real::simplesamlphp::{Signs, SimpleSaml};

async fn world(backend: Backend, idp: &SimpleSaml) -> World {
    let world = World::new(backend, &["Campus", "Elsewhere"]).await;
    for name in ["Campus", "Elsewhere"] {
        let details = [("MetadataURL", idp.metadata_url.as_str())];
        let mut known = world.gateway.add_provider(&world.pool, name, ProviderKind::Saml, &details).await;
        for (attribute, claim) in [("email", "mail"), ("name", "displayName"), ("custom:groups", "groups")] {
            known.attribute_mapping.insert(attribute.to_owned(), claim.to_owned());
        }
        if name == "Campus" {
            known.identifiers = vec!["campus.example".to_owned()];
        }
        let mut work = world.gateway.ports().store.begin().await.unwrap();
        work.identity_providers().update(&known).await.unwrap();
        work.commit().await.unwrap();
    }
    world
}

async fn journey(backend: Backend) {
    let mut idp = SimpleSaml::start();
    let world = world(backend, &idp).await;
    let mut subjects = Vec::new();
    for signs in [Signs::Assertion, Signs::Response, Signs::Both] {
        idp.declare(&world.sp_entity_id(), &world.acs(), signs);
        let mut browser = Browser::new();
        let started = world.app.start(json!({ "idp_identifier": "campus.example" })).await;
        let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
        follow_the_time(&world.gateway);
        let reached = idp.sign_in(&mut browser, &page, "alice", CALLBACK).await.reached().unwrap();
        let done = world.arrive(&started, &reached).await;
        let subject = done["claims"]["identities"][0]["userId"].as_str().unwrap();
        assert_identity(&done["claims"], "Campus", "SAML", subject);
        assert_eq!(done["claims"]["identities"][0]["issuer"], idp.entity_id);
        assert_eq!(done["claims"]["email"], "alice@example.org");
        assert_eq!(done["claims"]["email_verified"], false, "the provider did not vouch for the address");
        subjects.push(done["claims"]["sub"].clone());
        assert_eq!(world.return_silently(&mut browser).await["claims"]["sub"], subjects[0]);
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "one person, one user");
}

#[tokio::test]
async fn a_sign_in_through_simplesamlphp_on_sqlite_and_memory() {
    journey(Backend::Embedded).await;
}

#[tokio::test]
async fn a_sign_in_through_simplesamlphp_on_postgresql_and_redis() {
    journey(Backend::Shared).await;
}

/// Without a named provider the hosted page has a button for each that the client offers; one with a domain is found by an address.
#[tokio::test]
async fn the_hosted_page_offers_the_providers() {
    let mut idp = SimpleSaml::start();
    let world = world(Backend::Embedded, &idp).await;
    idp.declare(&world.sp_entity_id(), &world.acs(), Signs::Both);
    let mut browser = Browser::new();
    let started = world.app.start(json!({})).await;
    let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(page.url.path(), format!("/{}/login", world.pool.id));
    assert!(page.text().contains("e-mail") && !page.text().contains("Campus"), "{}", page.text());
    let at_provider = browser.click(&page, "Elsewhere").await.unwrap();
    let reached = idp.sign_in(&mut browser, &at_provider, "bob", CALLBACK).await.reached().unwrap();
    let done = world.arrive(&started, &reached).await;
    assert_eq!(done["claims"]["identities"][0]["providerName"], "Elsewhere");
}
