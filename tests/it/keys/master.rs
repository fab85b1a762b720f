//! The master key file and the canary (K-06): a database never gets a second master key.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fedgate::base::random::Random;
use fedgate::keys::KeyError;
use fedgate::keys::master::{has_canary, load_or_create, parse, verify_canary};
use fedgate::keys::seal::Seal;
use fedgate::store::Store;
use tempfile::TempDir;

use super::common::open;

fn refused<T: std::fmt::Debug>(result: Result<T, KeyError>) -> String {
    match result {
        Err(KeyError::Master(text)) => text,
        other => panic!("not refused: {other:?}"),
    }
}

async fn fresh(directory: &TempDir) -> Store {
    let store = open(directory.path()).await;
    store.migrate().await.unwrap();
    store
}

#[test]
fn a_master_key_is_32_bytes_of_base64() {
    let key = [251; 32];
    for text in [STANDARD.encode(key), URL_SAFE_NO_PAD.encode(key), format!("  {}\n", STANDARD.encode(key))] {
        assert_eq!(parse(&text).unwrap(), key);
    }
    for text in ["", "hello", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33]), &"ab".repeat(32)] {
        assert!(refused(parse(text)).contains("32 bytes"));
    }
}

#[test]
fn the_file_is_made_once_for_its_owner_only() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data/master.key");
    assert!(refused(load_or_create(&path, false, &Random::System)).contains("is missing"));
    assert!(!path.exists());
    let key = load_or_create(&path, true, &Random::System).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    for may_create in [true, false] {
        assert_eq!(load_or_create(&path, may_create, &Random::System).unwrap(), key);
    }
    // A damaged file is refused, never replaced.
    std::fs::write(&path, "damaged").unwrap();
    assert!(refused(load_or_create(&path, true, &Random::System)).contains("holds no master key"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "damaged");
}

#[test]
fn processes_that_start_at_once_agree_on_one_key() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("master.key");
    let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| load_or_create(&path, true, &Random::System).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test]
async fn k06_another_master_key_is_refused_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let store = fresh(&directory).await;
    assert!(!has_canary(&store).await.unwrap());
    let right = Seal::new(&[[1; 32]], Random::System).unwrap();
    verify_canary(&store, &right).await.unwrap();
    assert!(has_canary(&store).await.unwrap());
    let canary = || async { store.read().await.unwrap().meta().get("master_key_canary").await.unwrap() };
    let before = canary().await;

    let wrong = Seal::new(&[[2; 32]], Random::System).unwrap();
    assert!(refused(verify_canary(&store, &wrong).await).contains("not the one that this database was made with"));
    assert_eq!(canary().await, before);
    // Controls: the right one, alone and beside a newer one.
    verify_canary(&store, &right).await.unwrap();
    verify_canary(&store, &Seal::new(&[[2; 32], [1; 32]], Random::System).unwrap()).await.unwrap();
}
