//! Z-03: mutations of Responses with an encrypted assertion. Altered ciphertext is never accepted, and what is accepted says
//! what was encrypted.
//!
//! The first byte of an input chooses the document, the rest is a list of edits. Our own key is made by the ring that makes it
//! in production, on a database in memory.

use std::sync::{Arc, LazyLock};

use fedgate::base::clock::Clock;
use fedgate::base::random::Random;
use fedgate::federation::saml::encryption::Decryption;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::response::{self, VerifiedAssertion};
use fedgate::keys::KeyRing;
use fedgate::keys::saml_keys::SpKey;
use fedgate::keys::seal::Seal;
use fedgate::model::user_pool::UserPool;
use fedgate::store::Store;
use playground::saml_idp::encrypt::EncryptionSpec;
use playground::saml_idp::response::ResponseSpec;

use super::bench::{KEY, NOW, SIGNS, expectation, spec};
use super::edits;

const POOL: &str = "local_fuzzing00";

fn pool() -> UserPool {
    UserPool {
        id: POOL.to_owned(),
        name: "fuzzing".to_owned(),
        created_ms: NOW,
        modified_ms: NOW,
        declared: false,
        username_case_sensitive: false,
        document: serde_json::json!({}),
    }
}

static OURS: LazyLock<Vec<Arc<SpKey>>> = LazyLock::new(|| {
    let made = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let store = Store::connect("sqlite::memory:").await.expect("a database in memory");
            store.migrate().await.expect("its tables");
            let seal = Seal::new(&[[7; 32]], Random::System).expect("a seal");
            let ring = KeyRing::new(store.clone(), seal, Clock::manual(NOW), Random::System);
            let mut work = store.begin().await.expect("a unit of work");
            work.user_pools().insert(&pool()).await.expect("a pool");
            ring.create_for_pool(&mut work, POOL).await.expect("its keys");
            work.commit().await.expect("a commit");
            ring.saml_encryption_keys(POOL, "idp").await.expect("a key")
        })
    });
    made.join().expect("the thread that makes the key")
});

static ORIGINALS: LazyLock<Vec<(String, VerifiedAssertion)>> = LazyLock::new(|| {
    let sealed = |sign| {
        let encryption = Some(EncryptionSpec::to(&OURS[0].certificate));
        let document = ResponseSpec { encryption, ..spec(sign) }.build(&KEY);
        let says = open(document.as_bytes()).expect("a good document");
        (document, says)
    };
    SIGNS.into_iter().map(sealed).collect()
});

fn open(document: &[u8]) -> Result<VerifiedAssertion, SamlFault> {
    let decryption = Decryption { keys: &OURS, allow_legacy: false, decoy: &[7; 32] };
    response::verify_encrypted(document, &expectation(), &decryption)
}

/// The encrypted values without white space.
fn ciphertexts(document: &str) -> Vec<String> {
    let parts = document.split("CipherValue>").skip(1).step_by(2);
    parts.map(|text| text.split('<').next().unwrap_or_default().split_whitespace().collect()).collect()
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&which, script)) = bytes.split_first() else { return };
    let (document, says) = &ORIGINALS[usize::from(which) % ORIGINALS.len()];
    let mutant = edits::apply(document.as_bytes(), script);
    if let Ok(assertion) = open(&mutant) {
        assert_eq!(&assertion, says);
        assert_eq!(ciphertexts(&String::from_utf8_lossy(&mutant)), ciphertexts(document));
    }
}
