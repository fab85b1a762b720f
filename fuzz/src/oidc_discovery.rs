//! Z-07: discovery documents and key sets. What is accepted is of our issuer, within bounds and usable.
//!
//! An input that begins with a byte below 2 is a list of edits of a good discovery document (0) or key set (1).

use fedgate::federation::providers::oidc::discovery::{self, ALGORITHMS};
use fedgate::federation::providers::oidc::key_set::KeySet;
use serde_json::Value;
use url::Url;

use super::edits;

const ISSUER: &str = "https://idp.example.test";
const DISCOVERY: &str = r#"{"issuer":"https://idp.example.test","authorization_endpoint":"https://idp.example.test/authorize","token_endpoint":"https://idp.example.test/token","userinfo_endpoint":"https://idp.example.test/userinfo","jwks_uri":"https://idp.example.test/jwks","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256","ES256"],"token_endpoint_auth_methods_supported":["client_secret_post"],"authorization_response_iss_parameter_supported":true}"#;
/// A P-256 key (RFC 7515, appendix A.3).
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","use":"sig","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0, script)) => judge(&edits::apply(DISCOVERY.as_bytes(), script)),
        Some((1, script)) => judge(&edits::apply(KEYS.as_bytes(), script)),
        _ => judge(bytes),
    }
}

fn judge(bytes: &[u8]) {
    if let Ok(known) = discovery::parse(bytes, ISSUER) {
        let document: Value = serde_json::from_slice(bytes).expect("accepted, so JSON");
        assert_eq!(document["issuer"], ISSUER);
        assert!(!known.algorithms.is_empty() && known.algorithms.iter().all(|algorithm| ALGORITHMS.contains(algorithm)));
        let endpoints = [Some(&known.authorize_url), Some(&known.token_url), Some(&known.jwks_uri), known.attributes_url.as_ref()];
        assert!(endpoints.into_iter().flatten().all(|url| Url::parse(url).is_ok()));
        assert!(discovery::parse(bytes, "https://other.example.test").is_err());
    }
    if let Ok(keys) = KeySet::parse(bytes) {
        for algorithm in ALGORITHMS {
            let _ = keys.find(None, algorithm);
            let _ = keys.find(Some("1"), algorithm);
            assert!(keys.find(Some("nobody has this kid"), algorithm).is_err());
        }
    }
}
