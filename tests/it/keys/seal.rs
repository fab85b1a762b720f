//! Encryption at rest: what opens, what does not, and what a thief of the database file sees (K-04).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fedgate::base::random::Random;
use fedgate::keys::seal::Seal;
use fedgate::keys::{KeyError, KeyRing, TokenUse};
use serde_json::json;

use super::common::{MASTER, POOL, Place, open};

const PLACE: [&str; 3] = ["pool", "app_client", "secret"];

fn seal(keys: &[[u8; 32]]) -> Seal {
    Seal::new(keys, Random::System).unwrap()
}

fn opens(seal: &Seal, place: &[&str], sealed: &str) -> Option<String> {
    match seal.open(place, sealed) {
        Ok(secret) => Some(secret.reveal().to_owned()),
        Err(KeyError::Sealed) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn k04_a_sealed_value_opens_only_where_it_stands() {
    let seal = seal(&[MASTER]);
    let sealed = seal.seal(&PLACE, "Zoë's secret".as_bytes()).unwrap();
    assert_eq!(opens(&seal, &PLACE, &sealed).as_deref(), Some("Zoë's secret"));
    for elsewhere in [
        &["pool2", "app_client", "secret"][..],
        &["pool", "app_client", "other"],
        &["pool", "app_clients", "ecret"],
        &["pool", "app_client"],
        &["pool", "app_client", "secret", ""],
        &["poolapp_client", "", "secret"],
        &[],
    ] {
        assert_eq!(opens(&seal, elsewhere, &sealed), None, "{elsewhere:?}");
    }
}

#[test]
fn k04_nonces_differ_and_any_change_is_noticed() {
    let seal = seal(&[MASTER]);
    let sealed = seal.seal(&PLACE, b"value").unwrap();
    assert_ne!(seal.seal(&PLACE, b"value").unwrap(), sealed);
    let (head, body) = sealed.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
    assert_eq!(bytes.len(), 12 + 5 + 16);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert_eq!(opens(&seal, &PLACE, &format!("{head}.{}", URL_SAFE_NO_PAD.encode(changed))), None, "byte {place}");
    }
    for broken in
        ["", "v1", "v1.", "v1..", "v1.x.y", &sealed[..sealed.len() - 1], &sealed.replace("v1.", "v2."), &format!("{head}.")]
    {
        assert_eq!(opens(&seal, &PLACE, broken), None, "{broken}");
    }
    assert_eq!(opens(&seal, &PLACE, &sealed).as_deref(), Some("value"));
}

#[test]
fn several_master_keys_all_open_and_the_first_seals() {
    let (old, new) = ([1; 32], [2; 32]);
    let by_old = seal(&[old]).seal(&PLACE, b"value").unwrap();
    let both = seal(&[new, old]);
    assert_eq!(opens(&both, &PLACE, &by_old).as_deref(), Some("value"));
    let by_both = both.seal(&PLACE, b"value").unwrap();
    assert_eq!(opens(&seal(&[new]), &PLACE, &by_both).as_deref(), Some("value"));
    assert_eq!(opens(&seal(&[old]), &PLACE, &by_both), None);
    assert_eq!(opens(&seal(&[new]), &PLACE, &by_old), None);
    assert!(matches!(Seal::new(&[], Random::System), Err(KeyError::Master(_))));
}

#[test]
fn the_sealed_form_is_stable_and_nothing_shows_the_key() {
    let seal = seal(&[MASTER]);
    let sealed = seal.seal(&PLACE, b"value").unwrap();
    // SHA-256 of 32 bytes of 7 begins so; a change here makes every database unreadable.
    assert!(sealed.starts_with("v1.4bb06f8e."), "{sealed}");
    assert!(!format!("{seal:?}").contains('7'), "{seal:?}");
}

#[tokio::test]
async fn k04_no_private_key_rests_in_the_clear() {
    let place = Place::new().await;
    let stored = place.store.read().await.unwrap().signing_keys().list(POOL).await.unwrap();
    let opened = place.seal.open_bytes(&[POOL, "signing_key", &stored[0].kid, "private"], &stored[0].sealed_private).unwrap();
    let file = |name: &str| std::fs::read(place.directory.path().join(name)).unwrap_or_default();
    let rest = [file("fedgate.db"), file("fedgate.db-wal")].concat();
    let holds = |needle: &[u8]| rest.windows(needle.len()).any(|window| window == needle);
    // Bytes from the middle of the private key, in the forms that could have been written.
    let canary = &opened[600..660];
    assert!(!holds(canary));
    assert!(!holds(STANDARD.encode(canary).as_bytes()) && !holds(URL_SAFE_NO_PAD.encode(canary).as_bytes()));
    assert!(!holds(b"PRIVATE KEY") && !holds(&MASTER));
    // Control: the public half is found by the same search.
    assert!(holds(stored[0].kid.as_bytes()));
}

#[tokio::test]
async fn a_key_that_does_not_open_signs_nothing_but_still_verifies() {
    let place = Place::new().await;
    let token = place.ring.sign(POOL, TokenUse::Id, &json!({"a": 1})).await.unwrap();
    let stranger = KeyRing::new(open(place.directory.path()).await, seal(&[[9; 32]]), place.clock.clone(), Random::System);
    assert!(matches!(stranger.sign(POOL, TokenUse::Id, &json!({"a": 1})).await, Err(KeyError::Sealed)));
    assert_eq!(stranger.verify(POOL, TokenUse::Id, &token).await.unwrap(), Some(json!({"a": 1})));
    // K-04: a private key moved to another key's row does not open either.
    let mut work = place.store.begin().await.unwrap();
    let mut moved = work.signing_keys().list(POOL).await.unwrap().remove(0);
    moved.kid = "moved".to_owned();
    moved.token_use = "id".to_owned();
    moved.active_from_ms += 1;
    work.signing_keys().insert(&moved).await.unwrap();
    work.commit().await.unwrap();
    place.clock.advance_ms(5_000);
    assert!(matches!(place.ring.sign(POOL, TokenUse::Id, &json!({"a": 1})).await, Err(KeyError::Sealed)));
    assert!(place.ring.sign(POOL, TokenUse::Access, &json!({"a": 1})).await.is_ok());
}
