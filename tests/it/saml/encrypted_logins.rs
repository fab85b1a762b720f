//! Whole logins with our SAML keys: signed requests, encrypted answers, our metadata; and that a refused ciphertext tells nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use playground::browser::{Browser, Page};
use playground::saml_idp::encrypt::{Content, EncryptionSpec, Transport};
use playground::saml_idp::response::Sign;
use playground::saml_idp::signer::SigningKey;
use reqwest::header::HeaderMap;

use crate::federation::broker_world::{World, has_code};
use crate::harness::gateway::client;
use crate::harness::storage::Backend;

/// Changes the SAML provider's settings.
async fn set(world: &World, details: &[(&str, &str)]) {
    let mut work = world.gateway.ports().store.begin().await.unwrap();
    let mut provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
    provider.details.extend(details.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    provider.modified_ms += 1;
    work.identity_providers().update(&provider).await.unwrap();
    work.commit().await.unwrap();
    world.gateway.advance_s(5);
}

async fn metadata(world: &World, query: &str) -> String {
    let url = format!("{}/{}/saml2/metadata{query}", world.gateway.base_url, world.pool.id);
    client().get(url).send().await.unwrap().text().await.unwrap()
}

/// The certificate in the descriptor for that use.
fn certificate(metadata: &str, usage: &str) -> Option<String> {
    let (_, rest) = metadata.split_once(&format!("<md:KeyDescriptor use=\"{usage}\">"))?;
    let (_, rest) = rest.split_once("<ds:X509Certificate>")?;
    Some(rest.split_once('<')?.0.to_owned())
}

async fn log_in(world: &World) -> Page {
    let mut browser = Browser::new();
    let page = world.at_provider(&mut browser, "Saml").await;
    let answer = world.saml_answer(&mut browser, &page).await;
    browser.post(&world.acs(), &answer).await.unwrap()
}

/// On the real wire, both bindings of the request: the key that the metadata shows decrypts and signs.
#[tokio::test]
async fn s20_s27_s31_a_login_with_signed_requests_and_encrypted_answers() {
    for backend in [Backend::Embedded, Backend::Shared] {
        let world = World::new(backend).await;
        assert!(certificate(&metadata(&world, "").await, "encryption").is_none());
        set(&world, &[("EncryptedResponses", "true"), ("RequestSigningAlgorithm", "rsa-sha256")]).await;
        let published = metadata(&world, "?provider=Saml").await;
        assert_eq!(certificate(&published, "encryption"), certificate(&metadata(&world, "").await, "encryption"));
        assert!(published.contains("AuthnRequestsSigned=\"true\""));
        let [signing, ours] = ["signing", "encryption"].map(|usage| certificate(&published, usage).unwrap());
        assert_ne!(signing, ours);
        world.saml.demand_signed_requests(&[signing]);
        world.saml.encrypt(Some(EncryptionSpec::to(&ours)));
        assert!(has_code(&log_in(&world).await), "{:?}", world.gateway.last_audit());

        // Attacks: plain although it must be encrypted; to a stranger's key; by the old algorithms.
        let stranger = EncryptionSpec::to(&SigningKey::rsa("stranger").certificate_base64());
        let legacy = EncryptionSpec { content: Content::Aes256Cbc, transport: Transport::Pkcs1, ..EncryptionSpec::to(&ours) };
        for (encryption, reason) in
            [(None, "not_encrypted"), (Some(stranger), "decryption_failed"), (Some(legacy.clone()), "encryption_algorithm")]
        {
            world.saml.encrypt(encryption);
            assert_eq!(log_in(&world).await.status, 400);
            assert_eq!(world.gateway.last_audit().reason(), reason);
        }
        // The opt-in, which needs a signature around the ciphertext.
        set(&world, &[("AllowLegacyEncryption", "true")]).await;
        world.saml.encrypt(Some(legacy));
        assert_eq!(log_in(&world).await.status, 400);
        assert_eq!(world.gateway.last_audit().reason(), "unsigned");
        world.saml.tamper(|spec| spec.sign = Sign::Both);
        assert!(has_code(&log_in(&world).await), "{:?}", world.gateway.last_audit());
    }
}

/// S-27: the provider refuses what is not signed by the key that it knows.
#[tokio::test]
async fn s27_an_unsigned_request_is_refused_by_a_provider_that_demands_signatures() {
    let world = World::new(Backend::Embedded).await;
    let published = metadata(&world, "").await;
    assert!(published.contains("AuthnRequestsSigned=\"false\""));
    // Nothing in its metadata, nothing in the settings: unsigned, and served.
    let mut browser = Browser::new();
    assert_eq!(world.at_provider(&mut browser, "Saml").await.status, 200);
    assert!(!world.saml.asked()[0].xml.contains("Signature"));
    world.saml.demand_signed_requests(&[certificate(&published, "signing").unwrap()]);
    assert_eq!(world.at_provider(&mut Browser::new(), "Saml").await.status, 400);
    // Once we have read that it demands them, we sign without being told.
    world.gateway.advance_s(700);
    world.gateway.app.broker.upkeep(&world.gateway.context()).await;
    assert_eq!(world.at_provider(&mut Browser::new(), "Saml").await.status, 200);
    // Another key is no key.
    world.saml.demand_signed_requests(&[SigningKey::rsa("stranger").certificate_base64()]);
    assert_eq!(world.at_provider(&mut Browser::new(), "Saml").await.status, 400);
}

/// The inner signature by a key that our copy of the metadata does not have yet: read again, no login fails.
#[tokio::test]
async fn s23_a_rolled_over_key_inside_the_ciphertext() {
    let world = World::new(Backend::Embedded).await;
    set(&world, &[("EncryptedResponses", "true")]).await;
    let ours = certificate(&metadata(&world, "?provider=Saml").await, "encryption").unwrap();
    world.saml.encrypt(Some(EncryptionSpec::to(&ours)));
    assert!(has_code(&log_in(&world).await));
    world.saml.rotate_key(SigningKey::rsa("next"), true, false);
    world.gateway.advance_s(61);
    assert!(has_code(&log_in(&world).await), "{:?}", world.gateway.last_audit());
    // Attack: a key that was never published.
    world.saml.rotate_key(SigningKey::rsa("thief"), false, false);
    world.gateway.advance_s(61);
    assert_eq!(log_in(&world).await.status, 400);
    assert_eq!(world.gateway.last_audit().reason(), "decryption_failed");
}

/// S-21, S-32: status, headers and body are the same whatever is broken, but for the id.
#[tokio::test]
async fn s21_a_refused_ciphertext_tells_nothing() {
    let world = World::new(Backend::Embedded).await;
    set(&world, &[("EncryptedResponses", "true")]).await;
    let ours = certificate(&metadata(&world, "?provider=Saml").await, "encryption").unwrap();
    let mut answers = BTreeSet::new();
    for number in 0..120_usize {
        let change: playground::saml_idp::encrypt::Reach = Arc::new(move |octets| {
            let at = number.wrapping_mul(7_919) % octets.len();
            match number % 4 {
                0 => octets.truncate(at),
                _ => octets[at] ^= 1 << (number % 8),
            }
        });
        let mut encryption = EncryptionSpec::to(&ours);
        match number % 5 {
            0 => encryption.wrapped = Some(change),
            1 => encryption.content_key = Some(change),
            2 => encryption.plaintext = Some(Arc::new(|octets| octets.truncate(octets.len() / 2))),
            _ => encryption.data = Some(change),
        }
        world.saml.encrypt(Some(encryption));
        let page = log_in(&world).await;
        assert_eq!(world.gateway.last_audit().reason(), "decryption_failed", "{number}");
        let id = page.headers["x-request-id"].to_str().unwrap().to_owned();
        answers.insert((page.status, headers(&page.headers, &id), page.text().replace(&id, "ID")));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.users().await, 0);
    // Control.
    world.saml.encrypt(Some(EncryptionSpec::to(&ours)));
    assert!(has_code(&log_in(&world).await));
}

/// Names and values but the date, with the request's id taken out.
fn headers(headers: &HeaderMap, id: &str) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap().replace(id, "ID")))
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// K-01 for SAML: a rotation by command, with the detail that Terraform reads.
#[tokio::test]
async fn s23_a_rotation_of_our_keys_loses_no_login() {
    let world = World::new(Backend::Embedded).await;
    set(&world, &[("EncryptedResponses", "true"), ("RequestSigningAlgorithm", "rsa-sha256")]).await;
    let first = metadata(&world, "").await;
    let [signing, ours] = ["signing", "encryption"].map(|usage| certificate(&first, usage).unwrap());
    world.saml.demand_signed_requests(std::slice::from_ref(&signing));
    world.saml.encrypt(Some(EncryptionSpec::to(&ours)));
    assert!(has_code(&log_in(&world).await));
    world.gateway.ports().keys.rotate_saml_keys(&world.pool.id, 86_400_000).await.unwrap();
    world.gateway.advance_s(5);
    let second = metadata(&world, "").await;
    assert_eq!(second.matches("use=\"signing\"").count(), 2);
    assert_eq!(second.matches("use=\"encryption\"").count(), 1);
    let newer = certificate(&second, "encryption").unwrap();
    assert_ne!(newer, ours);
    let mut work = world.gateway.ports().store.read().await.unwrap();
    let provider = work.identity_providers().find(&world.pool.id, "Saml").await.unwrap().unwrap();
    drop(work);
    assert_eq!(provider.details["ActiveEncryptionCertificate"], newer);
    // The provider has not read our metadata again: the old keys serve.
    assert!(has_code(&log_in(&world).await));
    world.saml.encrypt(Some(EncryptionSpec::to(&newer)));
    assert!(has_code(&log_in(&world).await));
    // The new key signs after its day; a provider that trusts what was published by then follows.
    world.gateway.advance_s(86_400);
    let third = metadata(&world, "").await;
    let next = certificate(&third, "signing").unwrap();
    assert_ne!(next, signing);
    assert!(second.contains(&next));
    world.saml.demand_signed_requests(&[next, signing]);
    assert!(has_code(&log_in(&world).await));
}
