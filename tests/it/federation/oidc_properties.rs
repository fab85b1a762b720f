//! Properties: whatever bytes come, the parsers of what providers send neither panic nor accept.

use fedgate::federation::providers::oidc::discovery::{self, ALGORITHMS};
use fedgate::federation::providers::oidc::id_token::{Expected, Unverified, check};
use fedgate::federation::providers::oidc::issuer::Issuer;
use fedgate::federation::providers::oidc::key_set::KeySet;
use fedgate::federation::providers::oidc::strict_json;
use jsonwebtoken::Algorithm;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://idp.example.test";

fn expected() -> Expected<'static> {
    Expected {
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
    }
}

fn honest() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER, "sub": "ada", "aud": "gateway", "exp": 1_000_100, "iat": 1_000_000, "auth_time": 1_000_000, "nonce": "nonce",
    });
    claims.as_object().unwrap().clone()
}

/// A set with one published P-256 key (RFC 7515, appendix A.3).
fn keys() -> KeySet {
    let key = json!({
        "kty": "EC", "crv": "P-256", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("gateway")),
        Just(json!(ISSUER)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Reads, finds a key and verifies, as a login does.
fn accepted(token: &str) -> bool {
    let Ok(unverified) = Unverified::read(token, &ALGORITHMS) else { return false };
    let keys = keys();
    let Ok(key) = keys.find(unverified.kid.as_deref(), unverified.algorithm) else { return false };
    unverified.verify(key).is_ok()
}

#[test]
fn the_honest_claims_pass() {
    assert_eq!(check(&honest(), Algorithm::ES256, &expected()).as_deref(), Ok("ada"));
    // RFC 7515, appendix A.3: the verifier does accept what the key signed.
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
         DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(accepted(token));
}

#[test]
fn signatures_of_zeros_do_not_verify() {
    for length in [0, 1, 63, 64, 65, 96] {
        let signature = base64(&vec![0; length]);
        for algorithm in ["ES256", "ES384", "EdDSA", "RS256", "PS256"] {
            let header = base64(json!({ "alg": algorithm }).to_string().as_bytes());
            assert!(!accepted(&format!("{header}.e30.{signature}")), "{algorithm} {length}");
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_no_token(token in prop_oneof![".{0,200}", "[A-Za-z0-9_.-]{0,300}", "eyJ[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}"]) {
        prop_assert!(!accepted(&token));
    }

    #[test]
    fn any_header_and_payload_without_a_signature_is_no_token(
        header in json_value(), alg in "(RS|PS|ES|HS)?(256|384|512)?|none|EdDSA", payload in json_value(), signature in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut header = match header { Value::Object(header) => header, _ => Map::new() };
        header.insert("alg".to_owned(), json!(alg));
        let header = base64(Value::Object(header).to_string().as_bytes());
        let token = format!("{header}.{}.{}", base64(payload.to_string().as_bytes()), base64(&signature));
        prop_assert!(!accepted(&token));
    }

    #[test]
    fn any_other_value_of_a_required_claim_is_refused(
        name in prop::sample::select(vec!["iss", "aud", "exp", "iat", "nonce", "auth_time"]), value in json_value(),
    ) {
        let mut claims = honest();
        let honest_value = claims.insert(name.to_owned(), value.clone());
        let near = value.as_i64().is_some_and(|seconds| (999_000..=2_000_000).contains(&seconds)) || name == "exp" && value.is_i64();
        let same = honest_value.as_ref() == Some(&value) || value == json!([honest_value]) && name == "aud";
        if !near && !same {
            prop_assert!(check(&claims, Algorithm::ES256, &expected()).is_err(), "{name} = {value}");
        }
    }

    #[test]
    fn any_claims_do_not_panic(claims in prop::collection::btree_map("iss|aud|azp|exp|iat|nbf|nonce|sub|at_hash|c_hash|auth_time", json_value(), 0..11)) {
        let claims: Map<String, Value> = claims.into_iter().collect();
        prop_assert!(check(&claims, Algorithm::EdDSA, &expected()).is_err());
    }

    #[test]
    fn any_bytes_are_no_document(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(discovery::parse(&bytes, ISSUER).is_err());
        prop_assert!(KeySet::parse(&bytes).is_err());
        let _ = strict_json::object(&bytes);
    }

    #[test]
    fn any_json_is_no_discovery_and_no_key_set(value in json_value(), name in "issuer|jwks_uri|keys|token_endpoint", keys in json_value()) {
        let document = json!({ name: value, "keys": [keys] }).to_string();
        prop_assert!(discovery::parse(document.as_bytes(), ISSUER).is_err());
        prop_assert!(KeySet::parse(document.as_bytes()).is_err());
    }

    #[test]
    fn strict_json_reads_what_any_parser_reads(value in prop::collection::btree_map(".{0,8}", json_value(), 0..6)) {
        let value = Value::Object(value.into_iter().collect());
        let text = value.to_string();
        let read = strict_json::object(text.as_bytes()).map(Value::Object);
        let again: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, Some(again));
    }
}
