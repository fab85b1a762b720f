//! Checks a token of the gateway as a careful app does: by its own means, from the published keys.
//!
//! The signature is checked first, with RS256 and the key that `kid` names; then every claim that decides whether the token is
//! meant for this app. The list of checks is kept, so that a page can show it. Neighbours: `gateway` calls it, `token_view` draws.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

/// Which token it is: they differ in `token_use` and in the claim that names the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The ID token: `aud` is the client.
    Id,
    /// The access token: `client_id` is the client.
    Access,
}

impl Use {
    /// The value of `token_use`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer, octet for octet.
    pub issuer: &'a str,
    /// Our client id.
    pub client_id: &'a str,
    /// The nonce that we sent; `None` after a refresh.
    pub nonce: Option<&'a str>,
    /// Seconds since the epoch.
    pub now: i64,
}

/// One check and its outcome.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was checked, for example `iss`.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
}

/// A decoded token with the outcome of every check.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its header.
    pub header: Value,
    /// Its claims; do not trust them unless [`Verified::all_hold`].
    pub claims: Value,
    /// What was checked, the signature first.
    pub checks: Vec<Check>,
}

impl Verified {
    /// Whether the token may be trusted.
    pub fn all_hold(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.holds)
    }

    /// A claim's text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }
}

/// Decodes and checks a token; a text that is no token fails its one check.
pub fn verify(token: &str, which: Use, keys: &JwkSet, expected: &Expected<'_>) -> Verified {
    let mut parts = token.split('.');
    let (header, claims) = (decode(parts.next()), decode(parts.next()));
    let kid = header.get("kid").and_then(Value::as_str).unwrap_or_default();
    let mut checks = vec![Check {
        name: format!("signature (RS256, kid {}…)", kid.chars().take(6).collect::<String>()),
        holds: header.get("alg") == Some(&json!("RS256")) && signature_holds(token, kid, keys),
    }];
    let mut check = |name: &str, holds: bool| checks.push(Check { name: name.to_owned(), holds });
    check("iss", claims.get("iss") == Some(&json!(expected.issuer)));
    match which {
        Use::Id => check("aud", claims.get("aud") == Some(&json!(expected.client_id))),
        Use::Access => check("client_id", claims.get("client_id") == Some(&json!(expected.client_id))),
    }
    check("exp", claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp > expected.now));
    check("token_use", claims.get("token_use") == Some(&json!(which.name())));
    if let (Use::Id, Some(nonce)) = (which, expected.nonce) {
        check("nonce", claims.get("nonce") == Some(&json!(nonce)));
    }
    Verified { header, claims, checks }
}

fn signature_holds(token: &str, kid: &str, keys: &JwkSet) -> bool {
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    let key = keys.find(kid).and_then(|jwk| DecodingKey::from_jwk(jwk).ok());
    key.is_some_and(|key| jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap_or(false))
}

fn decode(part: Option<&str>) -> Value {
    let bytes = part.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc_idp::keys::Ring;
    use crate::oidc_idp::tamper::SignWith;

    fn outcome(claims: &Value, how: &SignWith, which: Use) -> Vec<String> {
        let mut ring = Ring::new();
        let header = json!({ "kid": ring.signing().kid, "alg": how.alg() });
        let token = ring.sign(&header, &claims.to_string(), how);
        let keys: JwkSet = serde_json::from_value(ring.jwks()).unwrap();
        let expected = Expected { issuer: "https://i/p", client_id: "c", nonce: Some("n"), now: 1_000 };
        let verified = verify(&token, which, &keys, &expected);
        verified.checks.into_iter().filter(|check| !check.holds).map(|check| check.name).collect()
    }

    fn good() -> Value {
        json!({ "iss": "https://i/p", "aud": "c", "client_id": "c", "exp": 2_000, "token_use": "id", "nonce": "n" })
    }

    #[test]
    fn a_good_token_passes_and_each_change_fails_its_own_check() {
        assert!(outcome(&good(), &SignWith::Rs256, Use::Id).is_empty());
        let changes = [
            ("iss", json!("https://i/p/")),
            ("aud", json!("d")),
            ("exp", json!(1_000)),
            ("token_use", json!("access")),
            ("nonce", json!("m")),
        ];
        for (claim, value) in changes {
            let mut claims = good();
            claims[claim] = value;
            assert_eq!(outcome(&claims, &SignWith::Rs256, Use::Id), [claim]);
        }
        let mut access = good();
        access["token_use"] = json!("access");
        assert!(outcome(&access, &SignWith::Rs256, Use::Access).is_empty());
    }

    #[test]
    fn only_the_published_key_and_rs256_sign() {
        for how in [SignWith::OtherKey, SignWith::Nothing("none"), SignWith::HmacPublicPem, SignWith::Rs512, SignWith::Es256Zero] {
            let failed = outcome(&good(), &how, Use::Id);
            assert!(failed.len() == 1 && failed[0].starts_with("signature"), "{how:?}: {failed:?}");
        }
        let keys = JwkSet { keys: Vec::new() };
        let expected = Expected { issuer: "i", client_id: "c", nonce: None, now: 0 };
        for text in ["", "a", "a.b.c", "...."] {
            assert!(!verify(text, Use::Id, &keys, &expected).all_hold());
        }
    }
}
