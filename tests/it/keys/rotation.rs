//! Rotation: published before used, kept until no token needs it, seen by every replica (K-01, K-02).

use std::collections::BTreeSet;

use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::keys::rotation::{KeyStatus, PUBLISH_AHEAD_MS};
use fedgate::keys::seal::Seal;
use fedgate::keys::{KeyError, KeyRing, TokenUse};
use fedgate::store::Store;
use jsonwebtoken::decode_header;
use serde_json::{Value, json};

use super::common::{MASTER, NOW_MS, POOL, Place, pool};

const DAY_MS: i64 = 24 * 3_600_000;

async fn sign(ring: &KeyRing) -> (String, String) {
    let token = ring.sign(POOL, TokenUse::Access, &json!({"a": 1})).await.unwrap();
    let kid = decode_header(&token).unwrap().kid.unwrap();
    (token, kid)
}

async fn published(ring: &KeyRing) -> BTreeSet<String> {
    let jwks = ring.jwks(POOL).await.unwrap();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn verifies(ring: &KeyRing, token: &str) -> bool {
    ring.verify(POOL, TokenUse::Access, token).await.unwrap() == Some(json!({"a": 1}))
}

fn statuses(infos: &[fedgate::keys::rotation::KeyInfo], token_use: TokenUse) -> Vec<KeyStatus> {
    infos.iter().filter(|info| info.token_use == token_use).map(|info| info.status).collect()
}

#[tokio::test]
async fn k01_a_rotation_publishes_then_uses_then_retires() {
    let place = Place::new().await;
    let ring = &place.ring;
    let (old_token, old) = sign(ring).await;
    place.clock.advance_ms(1);

    let infos = ring.rotate(POOL, PUBLISH_AHEAD_MS).await.unwrap();
    assert_eq!(statuses(&infos, TokenUse::Access), [KeyStatus::Active, KeyStatus::Published]);
    assert_eq!(statuses(&infos, TokenUse::Id), [KeyStatus::Active, KeyStatus::Published]);
    // Published at once (within the ring's freshness), not used yet.
    place.clock.advance_ms(5_000);
    assert_eq!(published(ring).await.len(), 4);
    assert_eq!(sign(ring).await.1, old);

    // One millisecond before, and at, the moment of use.
    place.clock.advance_ms(PUBLISH_AHEAD_MS - 5_001);
    let (last_token, kid) = sign(ring).await;
    assert_eq!(kid, old);
    place.clock.advance_ms(1);
    let (new_token, new) = sign(ring).await;
    assert_ne!(new, old);
    assert_eq!(statuses(&ring.list(POOL).await.unwrap(), TokenUse::Access), [KeyStatus::Retiring, KeyStatus::Active]);
    for token in [&old_token, &last_token, &new_token] {
        assert!(verifies(ring, token).await);
    }

    // The last token of the old key lives for at most a day.
    place.clock.advance_ms(DAY_MS);
    assert!(verifies(ring, &last_token).await);
    assert!(published(ring).await.contains(&old));
    place.clock.advance_ms(299_999);
    assert!(verifies(ring, &last_token).await);
    place.clock.advance_ms(1);
    assert!(!verifies(ring, &last_token).await);
    let published = published(ring).await;
    assert!(published.len() == 2 && published.contains(&new) && !published.contains(&old));
    assert!(verifies(ring, &new_token).await);
    assert_eq!(statuses(&ring.list(POOL).await.unwrap(), TokenUse::Access), [KeyStatus::Retired, KeyStatus::Active]);
}

#[tokio::test]
async fn every_replica_sees_a_new_key_within_ten_seconds() {
    let place = Place::new().await;
    let other = place.replica().await;
    let (_, old) = sign(&other).await;
    place.ring.rotate(POOL, 0).await.unwrap();

    // A token that another replica signed with a key not seen before: one look, not oftener than each second.
    place.clock.advance_ms(5_000);
    let (token, new) = sign(&place.ring).await;
    assert_ne!(new, old);
    assert!(verifies(&other, &token).await);
    // Control: without verifying anything, the other replica follows too.
    place.ring.rotate(POOL, 0).await.unwrap();
    place.clock.advance_ms(10_000);
    assert_eq!(sign(&other).await.1, sign(&place.ring).await.1);
    assert_eq!(published(&other).await.len(), 6);
}

#[tokio::test]
async fn an_unknown_kid_makes_the_ring_look_once_a_second() {
    let place = Place::new().await;
    let other = place.replica().await;
    sign(&other).await;
    place.ring.rotate(POOL, 0).await.unwrap();
    // A third replica, which knows nothing old, signs with the new key at once.
    let (token, _) = sign(&place.replica().await).await;
    place.clock.advance_ms(999);
    assert!(!verifies(&other, &token).await);
    place.clock.advance_ms(1);
    assert!(verifies(&other, &token).await);
}

#[tokio::test]
async fn k02_a_key_id_is_never_used_again() {
    let place = Place::new().await;
    let mut seen: BTreeSet<String> = published(&place.ring).await;
    for _ in 0..2 {
        for info in place.ring.rotate(POOL, 0).await.unwrap() {
            seen.insert(info.kid);
        }
    }
    assert_eq!(seen.len(), 6);
    place.clock.advance_ms(3 * DAY_MS);
    // Retired ones stay known, so that the store itself refuses their return.
    let infos = place.ring.list(POOL).await.unwrap();
    assert_eq!(infos.len(), 6);
    let mut work = place.store.begin().await.unwrap();
    let stored = work.signing_keys().list(POOL).await.unwrap();
    let again = work.signing_keys().insert(&stored[0]).await;
    assert!(matches!(again, Err(fedgate::store::StoreError::Duplicate)));
}

#[tokio::test]
async fn a_pool_without_keys_cannot_be_rotated() {
    let place = Place::new().await;
    assert!(matches!(place.ring.rotate("local_nowhere00", 0).await, Err(KeyError::Missing)));
    assert!(matches!(place.ring.jwks("local_nowhere00").await, Err(KeyError::Missing)));
    let signed = place.ring.sign("local_nowhere00", TokenUse::Id, &Value::Null).await;
    assert!(matches!(signed, Err(KeyError::Missing)));
    // Control.
    assert_eq!(place.ring.rotate(POOL, 0).await.unwrap().len(), 4);
    assert!(place.ring.list(POOL).await.unwrap().iter().all(|info| info.created_ms == NOW_MS));
}

/// The ring is on PostgreSQL here, since a SQLite file cannot go away.
#[tokio::test]
async fn a_store_that_is_down_does_not_stop_what_is_known() {
    let database = crate::store::postgres::database().await;
    let store = Store::connect(&database.url).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Clock::manual(NOW_MS);
    let ring = KeyRing::new(store.clone(), Seal::new(&[MASTER], Random::System).unwrap(), clock.clone(), Random::System);
    for id in [POOL, "local_other0000"] {
        let mut work = store.begin().await.unwrap();
        work.user_pools().insert(&pool(id)).await.unwrap();
        ring.create_for_pool(&mut work, id).await.unwrap();
        work.commit().await.unwrap();
    }
    let (token, kid) = sign(&ring).await;
    drop(database);

    for _ in 0..3 {
        clock.advance_ms(60_000);
        assert!(verifies(&ring, &token).await);
        assert_eq!(sign(&ring).await.1, kid);
        assert_eq!(published(&ring).await.len(), 2);
    }
    // Control: the store is really gone.
    let unknown = ring.sign("local_other0000", TokenUse::Id, &json!({})).await;
    assert!(matches!(unknown, Err(KeyError::Store(_))), "{unknown:?}");
}
