//! Attribute mapping: provider claims → pool attributes (Cognito: `AttributeMapping`).
//!
//! Owns how claim values become attribute texts, their bounds (S-35) and what a mapping may never write (S-19). Pure; who the user is
//! and when values are written is `identity`'s.

use std::collections::BTreeMap;

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::model::failure::Failure;

/// Largest mapped value, bytes.
const MAX_VALUE: usize = 2_048;

/// The attributes that a login brings, by pool attribute. A claim that is absent brings nothing: it does not delete (Cognito).
/// `writable` lists the attributes that the app client may write; empty means all; others are skipped silently (Cognito).
pub fn map(
    mapping: &BTreeMap<String, String>,
    claims: &BTreeMap<String, Value>,
    writable: &[String],
) -> Result<BTreeMap<String, String>, Failure> {
    let mut attributes = BTreeMap::new();
    for (attribute, claim) in mapping {
        if !may_write(attribute) || !(writable.is_empty() || writable.contains(attribute)) {
            continue;
        }
        let Some(text) = claims.get(claim).and_then(text_of) else { continue };
        if text.len() > MAX_VALUE {
            return Err(invalid(attribute, "is too long"));
        }
        if text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            return Err(invalid(attribute, "contains a control character"));
        }
        attributes.insert(attribute.clone(), text);
    }
    // An address is verified only when the provider says so of this very address (O-17).
    for (address, verified) in [("email", "email_verified"), ("phone_number", "phone_number_verified")] {
        if attributes.contains_key(address) {
            let vouched = attributes.get(verified).is_some_and(|value| value == "true");
            attributes.insert(verified.to_owned(), vouched.to_string());
        } else {
            attributes.remove(verified);
        }
    }
    Ok(attributes)
}

/// Whether a mapping may write that attribute at all: never the identity itself, never what the service reserves.
pub fn may_write(attribute: &str) -> bool {
    !matches!(attribute, "username" | "sub" | "identities" | "cognito:user_status") && !attribute.starts_with("cognito:")
}

/// A claim as attribute text. Several values become `[a,b]` with form-encoded items (cognito-surface 3.7); one value stands alone.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(value.to_string()),
        Value::Array(items) => {
            let mut texts: Vec<String> = items.iter().filter_map(text_of).collect();
            match texts.len() {
                0 => None,
                1 => texts.pop(),
                _ => {
                    let encoded: Vec<String> =
                        texts.iter().map(|text| byte_serialize(text.as_bytes()).collect::<String>()).collect();
                    Some(format!("[{}]", encoded.join(",")))
                }
            }
        }
    }
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn invalid(attribute: &str, fault: &str) -> Failure {
    Failure::InvalidUserAttributes(format!("Invalid user attributes: {attribute} {fault}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapped(mapping: &Value, claims: &Value, writable: &[&str]) -> Result<Value, String> {
        let mapping: BTreeMap<String, String> = serde_json::from_value(mapping.clone()).expect("a mapping");
        let claims: BTreeMap<String, Value> = serde_json::from_value(claims.clone()).expect("claims");
        let writable: Vec<String> = writable.iter().map(|&name| name.to_owned()).collect();
        map(&mapping, &claims, &writable).map(|attributes| json!(attributes)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn values_of_each_type_become_text() {
        let claims = json!({"a": "x", "b": true, "c": 7, "d": ["one"], "e": ["a b", "c,d"], "f": null, "g": [], "h": {"k": 1}});
        let mapping = json!({"name": "a", "nickname": "b", "locale": "c", "profile": "d", "custom:groups": "e",
            "gender": "f", "website": "g", "address": "h", "picture": "absent"});
        assert_eq!(
            mapped(&mapping, &claims, &[]),
            Ok(
                json!({"address": "{\"k\":1}", "custom:groups": "[a+b,c%2Cd]", "locale": "7", "name": "x", "nickname": "true", "profile": "one"})
            )
        );
    }

    /// S-19: what the service reserves cannot be written, with a plain attribute as the control.
    #[test]
    fn s_19_reserved_attributes_are_never_written() {
        let claims = json!({"c": "evil"});
        let mapping = json!({"sub": "c", "identities": "c", "cognito:groups": "c", "username": "c", "name": "c"});
        assert_eq!(mapped(&mapping, &claims, &[]), Ok(json!({"name": "evil"})));
    }

    /// S-35: bounds of mapped values, each beside its control.
    #[test]
    fn s_35_values_are_bounded_and_plain() {
        let mapping = json!({"name": "c"});
        for (value, accepted) in [
            ("x".repeat(2_048), true),
            ("x".repeat(2_049), false),
            ("a\r\nb".to_owned(), false),
            ("a\u{202e}b".to_owned(), false),
            ("a<b>&".to_owned(), true),
        ] {
            assert_eq!(mapped(&mapping, &json!({"c": value}), &[]).is_ok(), accepted, "{value:?}");
        }
    }

    /// O-17: an address counts as verified only when the provider's mapped claim says true.
    #[test]
    fn o_17_addresses_are_unverified_unless_vouched_for() {
        let mapping = json!({"email": "email", "email_verified": "email_verified"});
        for (claim, expected) in [(json!(true), "true"), (json!(false), "false"), (json!("yes"), "false"), (json!(null), "false")] {
            let claims = json!({"email": "a@b.example", "email_verified": claim});
            assert_eq!(mapped(&mapping, &claims, &[]), Ok(json!({"email": "a@b.example", "email_verified": expected})));
        }
        assert_eq!(mapped(&mapping, &json!({"email_verified": true}), &[]), Ok(json!({})), "no address, nothing to vouch for");
    }

    #[test]
    fn attributes_that_the_client_may_not_write_are_skipped() {
        let mapping = json!({"name": "n", "nickname": "k"});
        assert_eq!(mapped(&mapping, &json!({"n": "N", "k": "K"}), &["name"]), Ok(json!({"name": "N"})));
    }
}
