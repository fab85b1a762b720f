//! Attribute mapping: provider claims → pool attributes (Cognito: `AttributeMapping`), by claim name or, after `cel:`, by an expression.
//!
//! Owns how claim values become attribute texts, their bounds (S-35), what a mapping may never write (S-19), and who vouches for an address
//! (O-17). Pure; the language is `base::expression`, the pool's rules about values are `user_pools::attributes`', who the user is and when values
//! are written is `identity`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::base::expression::{Facts, Fault, Meter, Program};
use crate::model::unified_identity::{Field, MappingFault, MappingReason, UnifiedIdentity};
use crate::user_pools::attributes;

/// Largest mapped value, bytes.
const MAX_VALUE: usize = 2_048;

/// What a mapping works on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Pool attribute → claim, or `cel:` and an expression.
    pub mapping: &'a BTreeMap<String, String>,
    /// The claims as proven, mapped upstream tokens among them.
    pub claims: &'a BTreeMap<String, Value>,
    /// The same in the schema of all providers; expressions see it as `identity`, and its claims as `claims`: never a token (O-29).
    pub identity: &'a UnifiedIdentity,
    /// The attributes that the app client may write; empty means all. Others are skipped silently, unless the pool requires them (Cognito).
    pub writable: &'a [String],
    /// The pool's settings, for its schema.
    pub pool_document: &'a Value,
}

/// A mapped value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The attribute's text.
    pub value: String,
    /// The claim or expression; empty where nothing was given.
    pub source: String,
}

/// The attributes that a login brings, by pool attribute. A claim that is absent, or an expression that gives null, brings nothing: it does
/// not delete (Cognito). All expressions of a login share one budget of steps.
pub fn map(inputs: Inputs<'_>) -> Result<BTreeMap<String, Mapped>, MappingFault> {
    let meter = Meter::default();
    let mut facts = None;
    let mut mapped = BTreeMap::new();
    for (attribute, source) in inputs.mapping {
        let skipped = !(inputs.writable.is_empty() || inputs.writable.contains(attribute));
        if !may_write(attribute) || (skipped && !attributes::is_required(inputs.pool_document, attribute)) {
            continue;
        }
        let fault = |reason| MappingFault { attribute: attribute.clone(), claim: source.clone(), reason };
        let computed;
        let value = match attributes::expression(source) {
            None => inputs.claims.get(source),
            Some(text) => {
                let facts = facts.get_or_insert_with(|| inputs.identity.facts());
                let program = Program::cached(text).map_err(|_| fault(MappingReason::ExpressionMalformed))?;
                let facts = Facts { claims: &inputs.identity.profile.claims, identity: facts };
                computed = program.run(facts, &meter).map_err(|found| of_expression(attribute, source, found))?;
                Some(&computed)
            }
        };
        let Some(text) = value.and_then(text_of) else { continue };
        if text.len() > MAX_VALUE {
            return Err(fault(MappingReason::TooLong));
        }
        if text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            return Err(fault(MappingReason::Malformed));
        }
        mapped.insert(attribute.clone(), Mapped { value: text, source: source.clone() });
    }
    vouch(&mut mapped, inputs.identity);
    Ok(mapped)
}

/// An address is verified only when the provider says so of this very address (O-17). One that an expression made is another address than
/// the provider's unless it is the same text: then only an expression of the operator's can vouch for it.
fn vouch(mapped: &mut BTreeMap<String, Mapped>, identity: &UnifiedIdentity) {
    let fields = [("email", "email_verified", Field::Email), ("phone_number", "phone_number_verified", Field::PhoneNumber)];
    for (address, verified, field) in fields {
        let Some(given) = mapped.get(address) else {
            mapped.remove(verified);
            continue;
        };
        let theirs = attributes::expression(&given.source).is_none()
            || identity.text(field).is_some_and(|text| text.eq_ignore_ascii_case(&given.value));
        let word = mapped.get(verified);
        let vouched = word.is_some_and(|word| word.value == "true" && (theirs || attributes::expression(&word.source).is_some()));
        let source = word.map(|word| word.source.clone()).unwrap_or_default();
        mapped.insert(verified.to_owned(), Mapped { value: vouched.to_string(), source });
    }
}

/// The claims that a mapping reads: those it names, and those its expressions name literally.
pub fn claims_read(mapping: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in mapping.values() {
        match attributes::expression(source) {
            None => {
                names.insert(source.clone());
            }
            Some(text) => {
                if let Ok(program) = Program::cached(text) {
                    names.extend(program.claims().into_iter().map(str::to_owned));
                }
            }
        }
    }
    names
}

fn of_expression(attribute: &str, source: &str, fault: Fault) -> MappingFault {
    let reason = match &fault {
        Fault::Missing(_) | Fault::Type | Fault::Range => MappingReason::ExpressionFailed,
        Fault::TooLong => MappingReason::TooLong,
        Fault::TooCostly => MappingReason::ExpressionTooCostly,
    };
    let claim = match fault {
        Fault::Missing(name) if !name.is_empty() => name,
        _ => source.to_owned(),
    };
    MappingFault { attribute: attribute.to_owned(), claim, reason }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::unified_identity::Profile;

    fn mapped(mapping: &Value, claims: &Value, writable: &[&str]) -> Result<Value, String> {
        let mapping: BTreeMap<String, String> = serde_json::from_value(mapping.clone()).expect("a mapping");
        let claims: BTreeMap<String, Value> = serde_json::from_value(claims.clone()).expect("claims");
        let writable: Vec<String> = writable.iter().map(|&name| name.to_owned()).collect();
        let identity = UnifiedIdentity {
            provider: "Okta".to_owned(),
            provider_type: "OIDC",
            subject: "s".to_owned(),
            subject_key: "s".to_owned(),
            issuer: None,
            profile: Profile { claims: claims.clone(), ..Profile::default() },
        };
        let inputs =
            Inputs { mapping: &mapping, claims: &claims, identity: &identity, writable: &writable, pool_document: &json!({}) };
        let texts =
            |mapped: BTreeMap<String, Mapped>| mapped.into_iter().map(|(name, mapped)| (name, json!(mapped.value))).collect();
        map(inputs).map(texts).map_err(|fault| fault.to_string())
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
