//! Signing keys: per pool one RSA-2048 key for ID tokens and one for access tokens, their rotation, and the JWKS.
//!
//! Owns key life: publish before use, overlap, retirement (K-01, K-02), and signing itself on bounded threads off the event loop.
//! Private halves rest sealed ([`seal`]). Does not know claims: that is `tokens`.

pub mod seal;

use thiserror::Error;

use crate::model::failure::Failure;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenUse {
    /// ID tokens.
    Id,
    /// Access tokens.
    Access,
}

/// A key could not be made, opened or used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The pool has no key for that use.
    #[error("the pool has no signing key")]
    Missing,
    /// A sealed value does not open under any configured master key (K-06).
    #[error("a sealed value does not open with the configured master key")]
    Sealed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// Cryptography failed.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Missing | KeyError::Sealed | KeyError::Crypto(_) => Self::internal(error),
        }
    }
}

/// The keys of all pools, as this replica knows them: at most 5 s behind the store.
#[derive(Clone, Debug)]
pub struct KeyRing {}

#[expect(unused_variables, reason = "skeleton")]
impl KeyRing {
    /// Makes the two first keys of a pool, active at once, inside the caller's unit of work.
    pub async fn create_for_pool(&self, work: &mut crate::store::UnitOfWork, pool_id: &str) -> Result<(), KeyError> {
        todo!()
    }

    /// A JWS in compact form: header `{"kid","alg":"RS256"}` (no `typ`, as Cognito), the given claims, the active key.
    pub async fn sign(&self, pool_id: &str, token_use: TokenUse, claims: &serde_json::Value) -> Result<String, KeyError> {
        todo!()
    }

    /// The published JWKS document of a pool.
    pub async fn jwks(&self, pool_id: &str) -> Result<serde_json::Value, KeyError> {
        todo!()
    }

    /// The claims of a JWS that one of the pool's keys of that use signed (RS256 only, `kid` required). Signature only: times and
    /// audiences are `tokens::verify`'s. `None` for anything else.
    pub async fn verify(&self, pool_id: &str, token_use: TokenUse, token: &str) -> Result<Option<serde_json::Value>, KeyError> {
        todo!()
    }
}
