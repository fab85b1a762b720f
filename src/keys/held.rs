//! One signing key in memory: made, sealed for the store, opened once, used many times.
//!
//! Owns RSA: generation, PKCS#1 v1.5 with SHA-256 (RS256), the public JWK. Which key is used when is [`crate::keys::KeyRing`]'s.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};

use crate::base::random::Random;
use crate::keys::seal::Seal;
use crate::keys::{KeyError, TokenUse};
use crate::store::signing_keys::StoredKey;

/// A signing key of a pool.
pub struct Held {
    /// Key id.
    pub kid: String,
    /// What it signs.
    pub token_use: TokenUse,
    /// Signs from this time on, ms.
    pub active_from_ms: i64,
    /// Leaves the JWKS at this time, ms.
    pub retire_at_ms: Option<i64>,
    /// Creation time, ms.
    pub created_ms: i64,
    /// The published half.
    pub jwk: Value,
    /// The published half, for checking signatures.
    pub public: DecodingKey,
    /// The private half; none when it does not open under our master keys. It can still be checked against then.
    private: Option<RsaKeyPair>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("kid", &self.kid).field("token_use", &self.token_use).finish_non_exhaustive()
    }
}

impl Held {
    /// Opens a stored key.
    pub fn open(stored: &StoredKey, seal: &Seal) -> Result<Self, KeyError> {
        let broken = || KeyError::Crypto("a stored signing key is not readable");
        let token_use = TokenUse::from_word(&stored.token_use).ok_or_else(broken)?;
        let jwk: Value = serde_json::from_str(&stored.public_jwk).map_err(|_| broken())?;
        let part = |name: &str| jwk.get(name).and_then(Value::as_str).ok_or_else(broken);
        let public = DecodingKey::from_rsa_components(part("n")?, part("e")?).map_err(|_| broken())?;
        let private = seal
            .open_bytes(&place(&stored.pool_id, &stored.kid), &stored.sealed_private)
            .ok()
            .and_then(|pkcs8| RsaKeyPair::from_pkcs8(&pkcs8).ok());
        if private.is_none() {
            tracing::error!(user_pool.id = stored.pool_id, kid = stored.kid, "a signing key does not open under the master key");
        }
        Ok(Self {
            kid: stored.kid.clone(),
            token_use,
            active_from_ms: stored.active_from_ms,
            retire_at_ms: stored.retire_at_ms,
            created_ms: stored.created_ms,
            jwk,
            public,
            private,
        })
    }

    /// Whether it is still published at that time.
    pub fn is_published(&self, now_ms: i64) -> bool {
        self.retire_at_ms.is_none_or(|retire_at_ms| now_ms < retire_at_ms)
    }

    /// The compact JWS of `claims`: two thirds of a millisecond of work, so not for the event loop.
    pub fn sign(&self, claims: &[u8]) -> Result<String, KeyError> {
        let private = self.private.as_ref().ok_or(KeyError::Sealed)?;
        let mut jws = URL_SAFE_NO_PAD.encode(format!(r#"{{"kid":"{}","alg":"RS256"}}"#, self.kid));
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut jws);
        let mut signature = vec![0; private.public_modulus_len()];
        private
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), jws.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Crypto("signing"))?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        Ok(jws)
    }
}

/// When a new key begins to sign, and its birthday.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// Creation time, ms.
    pub created_ms: i64,
    /// Signs from this time on, ms.
    pub active_from_ms: i64,
}

/// Makes an RSA-2048 key: a tenth of a second of work, so not for the event loop.
pub fn generate(pool_id: &str, token_use: TokenUse, birth: Birth, seal: &Seal, random: &Random) -> Result<StoredKey, KeyError> {
    let kid = STANDARD.encode(random.bytes::<32>());
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto("making a signing key"))?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Crypto("encoding a signing key"))?;
    let modulus = pair.public_key().modulus();
    let exponent = pair.public_key().exponent();
    let jwk = json!({
        "alg": "RS256",
        "e": URL_SAFE_NO_PAD.encode(exponent.big_endian_without_leading_zero()),
        "kid": kid,
        "kty": "RSA",
        "n": URL_SAFE_NO_PAD.encode(modulus.big_endian_without_leading_zero()),
        "use": "sig",
    });
    Ok(StoredKey {
        pool_id: pool_id.to_owned(),
        token_use: token_use.as_str().to_owned(),
        sealed_private: seal.seal(&place(pool_id, &kid), pkcs8.as_ref())?,
        public_jwk: jwk.to_string(),
        active_from_ms: birth.active_from_ms,
        retire_at_ms: None,
        created_ms: birth.created_ms,
        kid,
    })
}

fn place<'p>(pool_id: &'p str, kid: &'p str) -> [&'p str; 4] {
    [pool_id, "signing_key", kid, "private"]
}
