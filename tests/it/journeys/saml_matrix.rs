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

/// How the assertion travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    Plain,
    /// AES-256-GCM under RSA-OAEP.
    Encrypted,
    /// AES-128-CBC under RSA-OAEP, for a provider that opted in: what Debian 12's SimpleSAMLphp does without a change.
    Legacy,
}

impl Cover {
    fn details(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Plain => &[],
            Self::Encrypted => &[("EncryptedResponses", "true")],
            Self::Legacy => &[("EncryptedResponses", "true"), ("AllowLegacyEncryption", "true")],
        }
    }
}

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

    /// pysaml2 reads our metadata; SimpleSAMLphp's own form of it is PHP, and says the same.
    fn declare(&mut self, world: &World, sp_metadata: &str, signs: Signs, cover: Cover) {
        match self {
            Self::SimpleSaml(idp) => {
                let mut known = json!({ "sp_entity_id": world.sp_entity_id(), "acs_url": world.acs(), "sign": signs.name() });
                if cover != Cover::Plain {
                    let (_, key) = sp_metadata.split_once("use=\"encryption\"").expect("an encryption key in our metadata");
                    known["certificate"] = certificates(key)[0].clone().into();
                    known["encrypt"] = true.into();
                    known["signed_requests"] = false.into();
                }
                if cover == Cover::Encrypted {
                    known["content"] = "http://www.w3.org/2009/xmlenc11#aes256-gcm".into();
                }
                idp.declare_as(&known);
            }
            Self::PySaml2(idp) => idp.declare(sp_metadata, signs, cover != Cover::Plain),
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

/// A gateway with a provider for each binding and cover, and the provider's certificates.
async fn world(idp: &Idp, covers: &[Cover]) -> (World, Vec<String>) {
    let names: Vec<String> = covers.iter().flat_map(|&cover| BINDINGS.map(|(binding, _)| name(binding, cover))).collect();
    let world = World::new(Backend::Embedded, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let metadata = fetch(idp.metadata_url()).await;
    for &cover in covers {
        for (binding, urn) in BINDINGS {
            let file = with_binding(&metadata, urn);
            let details: Vec<(&str, &str)> =
                [("MetadataFile", file.as_str())].into_iter().chain(cover.details().to_vec()).collect();
            let mut provider = world.gateway.add_provider(&world.pool, &name(binding, cover), ProviderKind::Saml, &details).await;
            for (attribute, claim) in [("email", "mail"), ("name", "displayName"), ("custom:groups", "groups")] {
                provider.attribute_mapping.insert(attribute.to_owned(), claim.to_owned());
            }
            let mut work = world.gateway.ports().store.begin().await.unwrap();
            work.identity_providers().update(&provider).await.unwrap();
            work.commit().await.unwrap();
        }
    }
    (world, certificates(&metadata))
}

fn name(binding: &str, cover: Cover) -> String {
    format!("{cover:?}{binding}")
}

async fn matrix(mut idp: Idp, covers: &[Cover]) {
    let (world, certificates) = world(&idp, covers).await;
    for &cover in covers {
        for (binding, _) in BINDINGS {
            let name = name(binding, cover);
            let sp_metadata = fetch(&format!("{}/saml2/metadata?provider={name}", world.app.issuer)).await;
            for signs in SIGNS {
                idp.declare(&world, &sp_metadata, signs, cover);
                let what = format!("{signs:?} signed, {cover:?}, request by {binding}");
                let mut browser = Browser::new();
                let started = world.app.start(json!({ "identity_provider": name })).await;
                let page = browser.open(started["url"].as_str().unwrap()).await.unwrap();
                follow_the_time(&world.gateway);
                let answer = idp.answer(&mut browser, &page).await;
                let form = answer.forms().remove(0);
                let document = STANDARD.decode(form.get("SAMLResponse").expect(&what)).unwrap();
                let document = String::from_utf8(document).unwrap();
                assert_eq!(document.contains("EncryptedAssertion"), cover != Cover::Plain, "{what}");
                assert_eq!(document.contains("#aes256-gcm"), cover == Cover::Encrypted, "{what}");
                let stop = browser.follow_until(answer, CALLBACK).await.unwrap();
                // Without integrity and without a signature around it nobody may make us decrypt anything.
                if cover == Cover::Legacy && matches!(signs, Signs::Assertion) {
                    assert!(stop.reached().is_err(), "{what}");
                    assert_eq!(world.gateway.last_audit().reason(), "unsigned", "{what}");
                    continue;
                }
                let reached = stop.reached();
                let reached = reached.unwrap_or_else(|error| panic!("{what}: {error} {:?}", world.gateway.last_audit()));
                let done = world.app.finish(&started, reached.as_str()).await.unwrap();
                if cover == Cover::Plain || !matches!(signs, Signs::Assertion) {
                    accepted::keep(&document, &certificates);
                }
                let claims = &done["claims"];
                let subject = claims["identities"][0]["userId"].as_str().unwrap();
                assert_identity(claims, &name, "SAML", subject);
                assert_eq!(claims["identities"][0]["issuer"], idp.entity_id(), "{what}");
                assert_eq!(claims["email"], "alice@example.org", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn every_combination_through_simplesamlphp() {
    matrix(Idp::SimpleSaml(SimpleSaml::start()), &[Cover::Plain, Cover::Encrypted, Cover::Legacy]).await;
}

#[tokio::test]
async fn every_combination_through_pysaml2() {
    matrix(Idp::PySaml2(PySaml2::start()), &[Cover::Plain, Cover::Encrypted]).await;
}
