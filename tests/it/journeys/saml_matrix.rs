//! Through SimpleSAMLphp and pysaml2 with every combination of what is signed, plain or encrypted, and the request's binding.
//!
//! One process of each identity provider and one gateway for all its combinations; the binding follows from the endpoints
//! that the metadata offers, so a provider is saved for each with metadata that names only that one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fedgate::model::identity_provider::ProviderKind;
use playground::browser::{Browser, Page};
use serde_json::json;

use crate::harness::storage::Backend;
use crate::journeys::world::{CALLBACK, World, assert_identity, follow_the_time};
use crate::real::pysaml2::PySaml2;
use crate::real::simplesamlphp::{Signs, SimpleSaml};
use crate::saml::accepted;

const BINDINGS: [(&str, &str); 2] = [("Redirect", "HTTP-Redirect"), ("Post", "HTTP-POST")];
const SIGNS: [Signs; 3] = [Signs::Assertion, Signs::Response, Signs::Both];

enum Idp {
    SimpleSaml(SimpleSaml),
    PySaml2(PySaml2),
}

impl Idp {
    fn metadata_url(&self) -> &str {
        match self {
            Self::SimpleSaml(idp) => &idp.metadata_url,
            Self::PySaml2(idp) => &idp.metadata_url,
        }
    }

    fn entity_id(&self) -> &str {
        match self {
            Self::SimpleSaml(idp) => &idp.entity_id,
            Self::PySaml2(idp) => &idp.entity_id,
        }
    }

    fn declare(&mut self, world: &World, sp_metadata: &str, signs: Signs) {
        match self {
            Self::SimpleSaml(idp) => idp.declare(&world.sp_entity_id(), &world.acs(), signs),
            Self::PySaml2(idp) => idp.declare(sp_metadata, signs, false),
        }
    }

    async fn answer(&self, browser: &mut Browser, page: &Page) -> Page {
        match self {
            Self::SimpleSaml(idp) => idp.answer(browser, page, "alice").await,
            Self::PySaml2(idp) => idp.answer(browser, page, "alice").await,
        }
    }
}

/// The metadata with the sign-on endpoints of one binding only.
fn with_binding(metadata: &str, binding: &str) -> String {
    let mut kept = String::new();
    let mut rest = metadata;
    while let Some(at) = rest.find("SingleSignOnService ") {
        let start = rest[..at].rfind('<').unwrap();
        let end = start + rest[start..].find("/>").unwrap() + 2;
        kept.push_str(&rest[..start]);
        if rest[start..end].contains(&format!("bindings:{binding}\"")) {
            kept.push_str(&rest[start..end]);
        }
        rest = &rest[end..];
    }
    kept.push_str(rest);
    assert_eq!(kept.matches("SingleSignOnService ").count(), 1, "{metadata}");
    kept
}

async fn fetch(url: &str) -> String {
    crate::harness::gateway::client().get(url).send().await.unwrap().text().await.unwrap()
}

/// The certificates in a metadata document.
fn certificates(metadata: &str) -> Vec<String> {
    let parts = metadata.split("X509Certificate>").skip(1).step_by(2);
    parts.map(|text| text.split('<').next().unwrap().split_whitespace().collect()).collect()
}

async fn matrix(mut idp: Idp, subject: Option<&str>) {
    let world = World::new(Backend::Embedded, &BINDINGS.map(|(name, _)| name)).await;
    let metadata = fetch(idp.metadata_url()).await;
    for (name, binding) in BINDINGS {
        let details = [("MetadataFile", with_binding(&metadata, binding))];
        let details = details.each_ref().map(|(key, value)| (*key, value.as_str()));
        let mut provider = world.gateway.add_provider(&world.pool, name, ProviderKind::Saml, &details).await;
        for (attribute, claim) in [("email", "mail"), ("name", "displayName"), ("custom:groups", "groups")] {
            provider.attribute_mapping.insert(attribute.to_owned(), claim.to_owned());
        }
        let mut work = world.gateway.ports().store.begin().await.unwrap();
        work.identity_providers().update(&provider).await.unwrap();
        work.commit().await.unwrap();
    }
    let sp_metadata = fetch(&format!("{}/saml2/metadata", world.app.issuer)).await;
    for signs in SIGNS {
        idp.declare(&world, &sp_metadata, signs);
        for (name, binding) in BINDINGS {
            let what = format!("{signs:?} signed, plain, request by {binding}");
            let mut browser = Browser::new();
            let started = world.app.start(json!({ "identity_provider": name })).await;
            let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
            follow_the_time(&world.gateway);
            let answer = idp.answer(&mut browser, &page).await;
            let form = answer.forms().remove(0);
            let document = STANDARD.decode(form.get("SAMLResponse").expect(&what)).unwrap();
            let reached = browser.follow_until(answer, CALLBACK).await.unwrap().reached();
            let reached = reached.unwrap_or_else(|error| panic!("{what}: {error} {:?}", world.gateway.last_audit()));
            let done = world.app.finish(&started, reached.as_str()).await.unwrap();
            accepted::keep(&String::from_utf8(document).unwrap(), &certificates(&metadata));
            let claims = &done["claims"];
            let subject = subject.unwrap_or_else(|| claims["identities"][0]["userId"].as_str().unwrap());
            assert_identity(claims, name, "SAML", subject);
            assert_eq!(claims["identities"][0]["issuer"], idp.entity_id(), "{what}");
            assert_eq!(claims["email"], "alice@example.org", "{what}");
        }
    }
}

#[tokio::test]
async fn every_combination_through_simplesamlphp() {
    matrix(Idp::SimpleSaml(SimpleSaml::start()), None).await;
}

#[tokio::test]
async fn every_combination_through_pysaml2() {
    matrix(Idp::PySaml2(PySaml2::start()), Some("alice-at-pysaml2")).await;
}
