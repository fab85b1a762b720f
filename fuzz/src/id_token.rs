//! Z-06: ID tokens before our verifier. Accepted means that these octets were signed.
//!
//! The first byte of an input chooses the token, the rest is a list of edits. The signer is the cryptography library alone, so
//! that no JWT library is tested against itself.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fedgate::federation::providers::oidc::discovery::ALGORITHMS;
use fedgate::federation::providers::oidc::id_token::{Expected, Unverified, check};
use fedgate::federation::providers::oidc::issuer::Issuer;
use fedgate::federation::providers::oidc::key_set::KeySet;
use serde_json::json;

use super::edits;

const ISSUER: &str = "https://idp.example.test";

struct Bench {
    keys: KeySet,
    tokens: Vec<String>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let public = key.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "1", "x": URL_SAFE_NO_PAD.encode(&public[1..33]), "y": URL_SAFE_NO_PAD.encode(&public[33..]),
    });
    let keys = KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).expect("a key set");
    let claims = json!({
        "iss": ISSUER, "sub": "ada", "aud": "gateway", "exp": 1_000_100, "iat": 1_000_000, "auth_time": 1_000_000, "nonce": "nonce",
    });
    let headers = [json!({ "alg": "ES256", "kid": "1" }), json!({ "typ": "JWT", "alg": "ES256" })];
    let tokens = headers.map(|header| {
        let parts = [header.to_string(), claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = parts.join(".");
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    });
    Bench { keys, tokens: tokens.into() }
});

/// The subject of a token that is accepted.
fn verify(token: &str) -> Result<String, &'static str> {
    let unverified = Unverified::read(token, &ALGORITHMS)?;
    let key = BENCH.keys.find(unverified.kid.as_deref(), unverified.algorithm)?;
    let claims = unverified.verify(key)?;
    let expected = Expected {
        issuer: &Issuer::Exact(ISSUER),
        answered_by: None,
        trusted_audiences: &[],
        client_id: "gateway",
        nonce: "nonce",
        access_token: "access",
        code: "code",
        now_s: 1_000_000,
        max_age_s: Some(60),
        signed_in_after_s: Some(999_000),
        acr_values: &[],
    };
    check(&claims, unverified.algorithm, &expected)
}

/// Header and claims as they were signed; an ECDSA signature has a twin, so it is not compared.
fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').map_or("", |(signed, _)| signed)
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&which, script)) = bytes.split_first() else { return };
    let token = &BENCH.tokens[usize::from(which) % BENCH.tokens.len()];
    assert_eq!(verify(token).as_deref(), Ok("ada"), "the control");
    let Ok(mutant) = String::from_utf8(edits::apply(token.as_bytes(), script)) else { return };
    if let Ok(subject) = verify(&mutant) {
        assert_eq!(subject, "ada");
        assert!(BENCH.tokens.iter().any(|token| signed_part(token) == signed_part(&mutant)), "{mutant}");
    }
}
