//! Our SAML keys: made once, published before they sign, kept while they may be needed, sealed at rest.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fedgate::keys::KeyError;
use fedgate::keys::rotation::KeyStatus;
use fedgate::keys::saml_keys::life::{SAML_KEEP_AFTER_MS, SAML_PUBLISH_AHEAD_MS};

use super::common::{NOW_MS, POOL, Place};

const DAY_MS: i64 = 86_400_000;

/// What an identity provider sees: the RSA public key inside a certificate. The key is the only BIT STRING that opens a SEQUENCE of
/// a 257-byte INTEGER.
fn public_key(certificate: &str) -> Vec<u8> {
    let der = STANDARD.decode(certificate).unwrap();
    let start = der.windows(8).position(|w| w[..2] == [0x30, 0x82] && w[4..] == [0x02, 0x82, 0x01, 0x01]).unwrap();
    let length = usize::from(der[start + 2]) << 8 | usize::from(der[start + 3]);
    der[start..start + 4 + length].to_vec()
}

fn verifies(certificate: &str, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key(certificate)).verify(message, signature).is_ok()
}

#[tokio::test]
async fn the_signing_key_is_made_once_and_its_certificate_verifies_what_it_signs() {
    let place = Place::new().await;
    let key = place.ring.saml_signing_key(POOL).await.unwrap();
    assert_eq!(place.ring.saml_signing_key(POOL).await.unwrap().kid, key.kid);
    assert_eq!(place.ring.saml_signing_certificates(POOL).await.unwrap(), std::slice::from_ref(&key.certificate));
    assert_eq!(key.not_after_ms, NOW_MS + 3_652 * DAY_MS);
    let signature = key.sign(b"message".to_vec()).await.unwrap();
    assert!(verifies(&key.certificate, b"message", &signature));
    // The paired refusals.
    assert!(!verifies(&key.certificate, b"massage", &signature));
    place.add_pool("local_other0000").await;
    let other = place.ring.saml_signing_key("local_other0000").await.unwrap();
    assert!(!verifies(&other.certificate, b"message", &signature));
    assert!(matches!(place.ring.saml_signing_key("local_nowhere00").await, Err(KeyError::Missing)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_need_a_first_key_at_once_agree_on_one() {
    let place = Place::new().await;
    let rings = [place.replica().await, place.replica().await, place.ring.clone(), place.ring.clone()];
    let asked = rings.map(|ring| tokio::spawn(async move { ring.saml_signing_key(POOL).await.unwrap().kid.clone() }));
    let mut kids = Vec::new();
    for one in asked {
        kids.push(one.await.unwrap());
    }
    kids.dedup();
    assert_eq!(kids.len(), 1);
    assert_eq!(place.ring.list_saml_keys(POOL).await.unwrap().len(), 1);
}

#[tokio::test]
async fn s23_a_successor_is_published_a_month_before_it_signs_and_its_elder_leaves_a_month_later() {
    let place = Place::new().await;
    let ring = &place.ring;
    let old = ring.saml_signing_key(POOL).await.unwrap();
    place.clock.advance_ms(334 * DAY_MS);
    assert_eq!(ring.saml_signing_certificates(POOL).await.unwrap().len(), 1);
    place.clock.advance_ms(DAY_MS);
    let both = ring.saml_signing_certificates(POOL).await.unwrap();
    assert_eq!((both.len(), &both[0]), (2, &old.certificate));
    assert_eq!(ring.saml_signing_key(POOL).await.unwrap().kid, old.kid);
    // Another replica sees the same.
    assert_eq!(place.replica().await.saml_signing_certificates(POOL).await.unwrap(), both);

    place.clock.advance_ms(SAML_PUBLISH_AHEAD_MS);
    let new = ring.saml_signing_key(POOL).await.unwrap();
    assert_eq!(new.certificate, both[1]);
    assert_eq!(ring.saml_signing_certificates(POOL).await.unwrap(), [both[1].clone(), both[0].clone()]);
    place.clock.advance_ms(SAML_KEEP_AFTER_MS);
    assert_eq!(ring.saml_signing_certificates(POOL).await.unwrap(), [both[1].clone()]);
    let statuses: Vec<KeyStatus> = ring.list_saml_keys(POOL).await.unwrap().iter().map(|info| info.status).collect();
    assert_eq!(statuses, [KeyStatus::Retired, KeyStatus::Active]);
}

#[tokio::test]
async fn rotation_by_command_overlaps_and_other_replicas_follow_within_5_s() {
    let place = Place::new().await;
    let replica = place.replica().await;
    let old = replica.saml_signing_key(POOL).await.unwrap();
    let secret = replica.saml_encryption_keys(POOL, "corp").await.unwrap();
    assert_eq!(secret.len(), 1);
    let infos = place.ring.rotate_saml_keys(POOL, SAML_PUBLISH_AHEAD_MS).await.unwrap();
    assert_eq!(infos.len(), 4);
    assert_eq!(infos.iter().filter(|info| info.provider.as_deref() == Some("corp")).count(), 2);
    place.clock.advance_ms(5_000);
    // The old one signs on, both are published.
    assert_eq!(replica.saml_signing_key(POOL).await.unwrap().kid, old.kid);
    assert_eq!(replica.saml_signing_certificates(POOL).await.unwrap().len(), 2);
    // The new one is given out, both decrypt.
    let keys = replica.saml_encryption_keys(POOL, "corp").await.unwrap();
    assert_eq!((keys.len(), &keys[1].kid), (2, &secret[0].kid));
    place.clock.advance_ms(SAML_PUBLISH_AHEAD_MS + SAML_KEEP_AFTER_MS);
    assert_ne!(replica.saml_signing_key(POOL).await.unwrap().kid, old.kid);
    assert_eq!(replica.saml_encryption_keys(POOL, "corp").await.unwrap().len(), 1);
    // At once, for a key that has leaked.
    let leaked = replica.saml_signing_key(POOL).await.unwrap();
    replica.rotate_saml_keys(POOL, 0).await.unwrap();
    place.clock.advance_ms(5_000);
    assert_ne!(replica.saml_signing_key(POOL).await.unwrap().kid, leaked.kid);
}

#[tokio::test]
async fn k04_a_sealed_saml_key_opens_only_in_its_own_row() {
    let place = Place::new().await;
    place.ring.saml_signing_key(POOL).await.unwrap();
    place.ring.saml_encryption_keys(POOL, "corp").await.unwrap();
    let mut work = place.store.begin().await.unwrap();
    let stored = work.saml_keys().list_all(POOL).await.unwrap();
    assert!(stored.iter().all(|key| key.sealed_private.starts_with("v1.")));
    // Moved to another provider, the private half does not open.
    let mut moved = stored[1].clone();
    moved.provider = "thief".to_owned();
    work.saml_keys().insert(&moved).await.unwrap();
    work.commit().await.unwrap();
    let thief = place.replica().await.saml_encryption_keys(POOL, "thief").await.unwrap();
    assert!(matches!(thief[0].sign_here(b"x"), Err(KeyError::Sealed)));
    // Control.
    let own = place.replica().await.saml_encryption_keys(POOL, "corp").await.unwrap();
    assert!(own[0].sign_here(b"x").is_ok());
}

#[tokio::test]
async fn a_provider_made_anew_gets_a_key_of_its_own() {
    let place = Place::new().await;
    let old = place.ring.saml_encryption_keys(POOL, "corp").await.unwrap();
    let signing = place.ring.saml_signing_key(POOL).await.unwrap();
    let mut work = place.store.begin().await.unwrap();
    work.saml_keys().remove_provider(POOL, "corp").await.unwrap();
    // The signing keys are nobody's to remove.
    work.saml_keys().remove_provider(POOL, "").await.unwrap();
    work.commit().await.unwrap();
    place.clock.advance_ms(5_000);
    assert_ne!(place.ring.saml_encryption_keys(POOL, "corp").await.unwrap()[0].kid, old[0].kid);
    assert_eq!(place.ring.saml_signing_key(POOL).await.unwrap().kid, signing.kid);
}
