//! Apple's client secret: a short ES256 token that we sign with the team's key (O-23).
//!
//! Owns its form, its life and the copies in the memory of this process; nothing is written anywhere. A copy is replaced an hour before it
//! ends, and at once when a setting or the key changes. The key itself is opened for the moment of signing only.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use crate::base::digest::sha256_b64;
use crate::base::secret::Secret;
use crate::model::failure::Failure;

/// Apple's issuer, which is also the audience of the secret.
pub const APPLE: &str = "https://appleid.apple.com";

/// How long a secret lives, ms. Apple allows six months.
pub const LIFE_MS: i64 = 12 * 3_600_000;

/// How long before its end a secret is replaced, ms.
pub const RENEW_BEFORE_MS: i64 = 3_600_000;

/// The most secrets that are kept.
const MOST: usize = 4096;

/// What a secret is made from.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The pool.
    pub pool_id: &'a str,
    /// The provider's name in it.
    pub provider: &'a str,
    /// `sub`: the services id.
    pub client_id: &'a str,
    /// `iss`.
    pub team_id: &'a str,
    /// `kid`.
    pub key_id: &'a str,
    /// The key as it is stored: another one makes another secret.
    pub sealed_key: &'a str,
}

/// The secrets that this process has made.
#[derive(Default)]
pub struct ClientSecrets(Mutex<BTreeMap<String, Kept>>);

struct Kept {
    secret: Secret,
    made_from: String,
    renew_ms: i64,
}

impl fmt::Debug for ClientSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecrets")
    }
}

/// The key is not a P-256 key in PKCS#8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFault;

impl ClientSecrets {
    /// A secret that lives for at least an hour more; `open` gives the key when one must be made.
    pub fn get(&self, now_ms: i64, signer: &Signer<'_>, open: impl FnOnce() -> Result<Secret, Failure>) -> Result<Secret, Failure> {
        let place = format!("{}/{}", signer.pool_id, signer.provider);
        let made_from = signer.fingerprint();
        if let Some(kept) = self.lock().get(&place)
            && kept.made_from == made_from
            // A clock that went back makes no secret last longer than it was made to.
            && (kept.renew_ms - (LIFE_MS - RENEW_BEFORE_MS)..kept.renew_ms).contains(&now_ms)
        {
            return Ok(kept.secret.clone());
        }
        let secret =
            signer.sign(now_ms, &open()?).map_err(|KeyFault| Failure::ProviderUnavailable { reason: "private_key_invalid" })?;
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.retain(|_, kept| now_ms < kept.renew_ms);
        }
        if kept.len() < MOST {
            kept.insert(place, Kept { secret: secret.clone(), made_from, renew_ms: now_ms + LIFE_MS - RENEW_BEFORE_MS });
        }
        Ok(secret)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signer<'_> {
    fn fingerprint(&self) -> String {
        sha256_b64(json!([self.client_id, self.team_id, self.key_id, self.sealed_key]).to_string().as_bytes())
    }

    /// The token (Apple: "Creating a client secret").
    fn sign(&self, now_ms: i64, key: &Secret) -> Result<Secret, KeyFault> {
        let pair = pair(key)?;
        let issued_s = now_ms.div_euclid(1000);
        let header = json!({ "alg": "ES256", "kid": self.key_id });
        let claims =
            json!({ "iss": self.team_id, "iat": issued_s, "exp": issued_s + LIFE_MS / 1000, "aud": APPLE, "sub": self.client_id });
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = pair.sign(&SystemRandom::new(), token.as_bytes()).map_err(|_| KeyFault)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(Secret::new(token))
    }
}

/// Whether a key can sign.
pub fn check_key(key: &Secret) -> Result<(), KeyFault> {
    pair(key).map(|_| ())
}

/// The key of a PEM text, or of its body alone, as Cognito takes it.
fn pair(key: &Secret) -> Result<EcdsaKeyPair, KeyFault> {
    let text = key.reveal().trim();
    let text = text.strip_prefix("-----BEGIN PRIVATE KEY-----").unwrap_or(text);
    let text = text.strip_suffix("-----END PRIVATE KEY-----").unwrap_or(text);
    let body: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| KeyFault)?);
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).map_err(|_| KeyFault)
}
