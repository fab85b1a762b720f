//! Starts a gateway on planted state. The planted pools' keys are made once for the whole test binary: making RSA keys is slow.

use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::keys::KeyRing;
use fedgate::keys::seal::Seal;
use fedgate::store::Store;
use fedgate::store::signing_keys::StoredKey;
use tokio::sync::OnceCell;

use crate::harness::gateway::{START_MS, TestGateway};
use crate::harness::storage::{Backend, Storage};
use crate::oauth::world::seed::{self, OTHER_POOL, POOL};

/// The master key of test gateways.
const MASTER_KEY: [u8; 32] = [1; 32];

static KEYS: OnceCell<Vec<StoredKey>> = OnceCell::const_new();

/// A gateway on fresh, planted state.
pub async fn gateway(backend: Backend) -> TestGateway {
    gateway_at(backend, None).await
}

/// The same with another public origin than the listener's.
pub async fn gateway_at(backend: Backend, public_url: Option<&str>) -> TestGateway {
    let storage = Storage::fresh(backend).await;
    let store = Store::connect(&storage.store_url).await.unwrap();
    store.migrate().await.unwrap();
    seed::plant(&store, KEYS.get_or_init(keys).await).await;
    let builder = TestGateway::builder().backend(backend).storage(&storage);
    match public_url {
        Some(url) => builder.public_url(url).start().await,
        None => builder.start().await,
    }
}

async fn keys() -> Vec<StoredKey> {
    let store = Store::connect("sqlite::memory:").await.unwrap();
    store.migrate().await.unwrap();
    let seal = Seal::new(&[MASTER_KEY], Random::System).unwrap();
    let ring = KeyRing::new(store.clone(), seal, Clock::manual(START_MS), Random::System);
    let mut work = store.begin().await.unwrap();
    for id in [POOL, OTHER_POOL] {
        work.user_pools().insert(&seed::pool(id)).await.unwrap();
        ring.create_for_pool(&mut work, id).await.unwrap();
    }
    work.commit().await.unwrap();
    let mut work = store.read().await.unwrap();
    let mut keys = work.signing_keys().list(POOL).await.unwrap();
    keys.extend(work.signing_keys().list(OTHER_POOL).await.unwrap());
    keys
}
