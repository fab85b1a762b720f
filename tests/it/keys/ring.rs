//! Signing and verifying: the exact form of a token, and what is not one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fedgate::keys::TokenUse;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::common::{POOL, Place};

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

/// What a stranger with the JWKS sees.
fn stranger(jwks: &Value, token: &str) -> Value {
    let set: JwkSet = serde_json::from_value(jwks.clone()).unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid(token)).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn a_signed_token_verifies_here_and_at_a_stranger() {
    let place = Place::new().await;
    let claims = json!({"sub": "x", "name": "Zoë 🦊", "exp": 1});
    let token = place.ring.sign(POOL, TokenUse::Id, &claims).await.unwrap();
    assert_eq!(stranger(&place.ring.jwks(POOL).await.unwrap(), &token), claims);
    assert_eq!(place.ring.verify(POOL, TokenUse::Id, &token).await.unwrap(), Some(claims));

    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(String::from_utf8(header).unwrap(), format!(r#"{{"kid":"{}","alg":"RS256"}}"#, kid(&token)));
}

#[tokio::test]
async fn the_jwks_has_cognitos_form() {
    let place = Place::new().await;
    let jwks = place.ring.jwks(POOL).await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(
            (&key["alg"], &key["e"], &key["kty"], &key["use"]),
            (&json!("RS256"), &json!("AQAB"), &json!("RSA"), &json!("sig"))
        );
        let kid = key["kid"].as_str().unwrap();
        assert!(kid.len() == 44 && kid.ends_with('='), "{kid}");
        // K-03: 2048 bits.
        let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
        assert!(modulus.len() == 256 && modulus[0] >= 0x80);
    }
}

#[tokio::test]
async fn id_and_access_tokens_have_keys_of_their_own() {
    let place = Place::new().await;
    let id = place.ring.sign(POOL, TokenUse::Id, &json!({"a": 1})).await.unwrap();
    let access = place.ring.sign(POOL, TokenUse::Access, &json!({"a": 1})).await.unwrap();
    assert_ne!(kid(&id), kid(&access));
    assert!(place.ring.verify(POOL, TokenUse::Access, &id).await.unwrap().is_none());
    assert!(place.ring.verify(POOL, TokenUse::Id, &access).await.unwrap().is_none());
    // Controls.
    assert!(place.ring.verify(POOL, TokenUse::Id, &id).await.unwrap().is_some());
    assert!(place.ring.verify(POOL, TokenUse::Access, &access).await.unwrap().is_some());
}

#[tokio::test]
async fn tokens_of_another_pool_do_not_verify() {
    let place = Place::new().await;
    place.add_pool("local_other0000").await;
    let token = place.ring.sign("local_other0000", TokenUse::Id, &json!({"a": 1})).await.unwrap();
    assert!(place.ring.verify(POOL, TokenUse::Id, &token).await.unwrap().is_none());
    assert!(place.ring.verify("local_nowhere00", TokenUse::Id, &token).await.unwrap().is_none());
    // Control.
    assert!(place.ring.verify("local_other0000", TokenUse::Id, &token).await.unwrap().is_some());
}

#[tokio::test]
async fn r19_what_is_no_token_of_ours_is_none() {
    let place = Place::new().await;
    let token = place.ring.sign(POOL, TokenUse::Id, &json!({"sub": "x"})).await.unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = kid(&token);
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[17] ^= 1;
    let long = json!({"sub": "x", "pad": "x".repeat(13_000)});
    let long = place.ring.sign(POOL, TokenUse::Id, &long).await.unwrap();
    assert!(long.len() > 16 * 1024);
    let bad = [
        ("nothing", String::new()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{token}.x")),
        ("a million dots", ".".repeat(1_000_000)),
        ("another signature", format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(flipped))),
        ("no signature", format!("{header}.{claims}.")),
        ("other claims", format!("{header}.{}.{signature}", encode(&json!({"sub": "y"})))),
        ("alg none", format!("{}.{claims}.", encode(&json!({"kid": kid, "alg": "none"})))),
        ("alg HS256", format!("{}.{claims}.{signature}", encode(&json!({"kid": kid, "alg": "HS256"})))),
        ("alg RS512", format!("{}.{claims}.{signature}", encode(&json!({"kid": kid, "alg": "RS512"})))),
        ("no kid", format!("{}.{claims}.{signature}", encode(&json!({"alg": "RS256"})))),
        ("unknown kid", format!("{}.{claims}.{signature}", encode(&json!({"kid": "x", "alg": "RS256"})))),
        ("too long", long),
    ];
    for (what, token) in bad {
        assert_eq!(place.ring.verify(POOL, TokenUse::Id, &token).await.unwrap(), None, "{what}");
    }
    // Control, also for the length limit.
    assert!(place.ring.verify(POOL, TokenUse::Id, &token).await.unwrap().is_some());
    let nearly = place.ring.sign(POOL, TokenUse::Id, &json!({"pad": "x".repeat(11_000)})).await.unwrap();
    assert!(place.ring.verify(POOL, TokenUse::Id, &nearly).await.unwrap().is_some());
}
