//! A provider's published keys (RFC 7517), reduced to those that can verify an ID token.
//!
//! Owns which keys count: asymmetric, for signatures, of sufficient size, and which one fits a token (O-08). Keys inside tokens are
//! never looked at (O-07).

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use crate::federation::providers::oidc::{issuer, strict_json};

/// The largest document, bytes (O-09).
pub const LIMIT: usize = 256 * 1024;
/// The most keys (O-09).
const KEYS_MAX: usize = 64;

/// The keys of one provider.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A public key.
#[derive(Clone)]
pub struct Key {
    kid: Option<String>,
    /// The algorithms that it can be used with.
    algorithms: Vec<Algorithm>,
    /// The one issuer, or template of issuers, that it signs for, where a set serves several (Microsoft Entra ID's `issuer`).
    issuer: Option<String>,
    /// The key itself.
    pub decoding: DecodingKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

impl KeySet {
    /// Reads a JWKS document. Keys that we cannot use are left out; a set without any usable key is not good (O-09).
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let document = strict_json::object(bytes).ok_or("jwks_malformed")?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or("jwks_malformed")?;
        if listed.len() > KEYS_MAX {
            return Err("jwks_too_many_keys");
        }
        let keys: Vec<Key> = listed.iter().filter_map(Value::as_object).filter_map(Key::read).collect();
        if keys.is_empty() { Err("jwks_without_usable_key") } else { Ok(Self { keys }) }
    }

    /// The one key that fits. Without a `kid` there must be exactly one candidate for the algorithm (O-08).
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, &'static str> {
        let fits = |key: &&Key| key.algorithms.contains(&algorithm) && (kid.is_none() || key.kid.as_deref() == kid);
        let mut candidates = self.keys.iter().filter(fits);
        match (candidates.next(), candidates.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err("key_unknown"),
            (Some(_), Some(_)) => Err("key_ambiguous"),
        }
    }
}

impl Key {
    /// Whether it may sign what `iss` says. Only a set that serves several issuers says more than nothing.
    pub fn signs_for(&self, iss: &str) -> bool {
        self.issuer.as_deref().is_none_or(|issuer| issuer == iss || issuer::tenant_of(issuer, iss).is_some())
    }

    fn read(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).map(|value| value.as_str().ok_or(()));
        if !matches!(text("use"), None | Some(Ok("sig"))) {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops") {
            operations.as_array()?.iter().find(|operation| operation.as_str() == Some("verify"))?;
        }
        let kid = text("kid").transpose().ok()?.map(str::to_owned);
        let issuer = text("issuer").transpose().ok()?.map(str::to_owned);
        let member = |name: &str| text(name)?.ok();
        let (decoding, mut algorithms) = match member("kty")? {
            "RSA" => (rsa(member("n")?, member("e")?)?, RSA.to_vec()),
            "EC" => {
                let (algorithm, bytes) = match member("crv")? {
                    "P-256" => (Algorithm::ES256, 32),
                    "P-384" => (Algorithm::ES384, 48),
                    _ => return None,
                };
                let (x, y) = (member("x")?, member("y")?);
                if !long(x, bytes) || !long(y, bytes) {
                    return None;
                }
                (DecodingKey::from_ec_components(x, y).ok()?, vec![algorithm])
            }
            "OKP" if member("crv")? == "Ed25519" && long(member("x")?, 32) => {
                (DecodingKey::from_ed_components(member("x")?).ok()?, vec![Algorithm::EdDSA])
            }
            // `oct` is a secret, never a published key.
            _ => return None,
        };
        if let Some(named) = text("alg") {
            let named = Algorithm::from_str(named.ok()?).ok()?;
            algorithms.retain(|algorithm| *algorithm == named);
        }
        if algorithms.is_empty() { None } else { Some(Self { kid, algorithms, issuer, decoding }) }
    }
}

const RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// 2,048 to 8,192 bits, a sane exponent; the verifier has the same bounds.
fn rsa(n: &str, e: &str) -> Option<DecodingKey> {
    let modulus = URL_SAFE_NO_PAD.decode(n).ok()?;
    let exponent = URL_SAFE_NO_PAD.decode(e).ok()?;
    let significant = modulus.iter().position(|byte| *byte != 0).map_or(0, |zeros| modulus.len() - zeros);
    if !(256..=1024).contains(&significant) || exponent.is_empty() || exponent.len() > 8 {
        return None;
    }
    DecodingKey::from_rsa_components(n, e).ok()
}

fn long(text: &str, bytes: usize) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|decoded| decoded.len() == bytes)
}
