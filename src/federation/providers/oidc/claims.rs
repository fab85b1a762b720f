//! From two documents to one set of claims: the ID token's with userinfo's merged over them (Cognito's way).
//!
//! Owns what userinfo may not change, the strict reading of `email_verified` (O-17), and the provider's tokens as claims when a
//! mapping names them (O-29). Which claim fills which attribute is `attribute_mapping`'s.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::federation::providers::oidc::engine::Proven;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;

/// Facts about the ID token itself; userinfo has no say in them.
const OF_THE_TOKEN: [&str; 14] =
    ["acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid"];

/// A value and the claim that vouches for it.
const VOUCHED: [(&str, &str); 2] = [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// The longest mapped token, characters (Cognito: the sign-in fails beyond).
const TOKEN_MAX: usize = 2048;

/// What a proven answer says of the user, userinfo merged over the ID token's claims.
pub fn identity(
    proven: Proven,
    userinfo: Option<Map<String, Value>>,
    mapping: &BTreeMap<String, String>,
) -> Result<ExternalIdentity, Failure> {
    let mut claims = merge(proven.claims, userinfo);
    offer_tokens(&mut claims, mapping, [("access_token", &proven.access_token), ("id_token", &proven.id_token)])?;
    Ok(ExternalIdentity {
        subject: proven.subject,
        subject_key: proven.subject_key,
        issuer: None,
        claims,
        auth_time_ms: proven.auth_time_ms,
        session_until_ms: None,
        logout: None,
        one_time: None,
    })
}

/// Merges verified claims.
pub fn merge(id_token: Map<String, Value>, userinfo: Option<Map<String, Value>>) -> BTreeMap<String, Value> {
    let mut claims: BTreeMap<String, Value> = id_token.into_iter().collect();
    let userinfo = userinfo.unwrap_or_default();
    for (value, verified) in VOUCHED {
        // Another address from userinfo does not inherit the word that the ID token gave for its own.
        if userinfo.get(value).is_some_and(|other| claims.get(value) != Some(other)) {
            claims.remove(verified);
        }
    }
    claims.extend(userinfo.into_iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str())));
    for (value, verified) in VOUCHED {
        if claims.contains_key(value) || claims.contains_key(verified) {
            let vouched = claims.get(verified) == Some(&Value::Bool(true));
            claims.insert(verified.to_owned(), Value::Bool(vouched));
        }
    }
    claims
}

/// Offers the provider's own tokens, those that `mapping` names and no others.
pub fn offer_tokens<'t>(
    claims: &mut BTreeMap<String, Value>,
    mapping: &BTreeMap<String, String>,
    tokens: impl IntoIterator<Item = (&'t str, &'t Secret)>,
) -> Result<(), Failure> {
    for (name, token) in tokens {
        claims.remove(name);
        if mapping.values().any(|claim| claim == name) {
            if token.reveal().chars().count() > TOKEN_MAX {
                return Err(Failure::InvalidUserAttributes(format!("The provider's {name} is longer than {TOKEN_MAX} characters")));
            }
            claims.insert(name.to_owned(), Value::String(token.reveal().to_owned()));
        }
    }
    Ok(())
}
