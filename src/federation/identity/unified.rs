//! From what a provider proved to the unified identity.
//!
//! Owns how claims become its values, whichever kind of provider they come from, and what never enters it: upstream tokens (O-29), texts with
//! control characters (S-35). Which claim fills which field is `well_known`'s; whether an address is vouched for was the provider's to
//! say (O-17). Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::federation::identity::well_known;
use crate::model::external_identity::ExternalIdentity;
use crate::model::identity_provider::{IdentityProvider, Protocol};
use crate::model::unified_identity::{Field, Given, Profile, UnifiedIdentity};

/// Longest text of a value, bytes.
const MAX_TEXT: usize = 2_048;
/// Most groups.
const MAX_GROUPS: usize = 1_000;
/// Claims that hold a provider's tokens.
const TOKENS: [&str; 3] = ["access_token", "id_token", "refresh_token"];
/// Claims about one token or session: they differ at every sign-in and say nothing of the person.
const OF_THE_TOKEN: [&str; 14] =
    ["acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid"];

/// The unified identity of a proven one, seen at that time.
pub fn unify(provider: &IdentityProvider, identity: &ExternalIdentity, now_ms: i64) -> UnifiedIdentity {
    let claims: BTreeMap<String, Value> = identity
        .claims
        .iter()
        .filter(|(name, _)| !TOKENS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut values = BTreeMap::new();
    for (field, names) in well_known::rows(provider.kind) {
        let found = if *field == Field::Groups { groups(&claims, names) } else { first(&claims, names) };
        if let Some((value, from)) = found {
            values.insert(*field, Given { value, from, seen_ms: now_ms, vouched: None });
        }
    }
    whole_name(&mut values, now_ms);
    for (field, verified) in [(Field::Email, "email_verified"), (Field::PhoneNumber, "phone_number_verified")] {
        // Other claims than the standard one are nobody's word; a SAML provider vouches only where its mapping says so.
        let says = provider.kind.protocol() == Protocol::OAuth && claims.get(verified) == Some(&Value::Bool(true));
        if let Some(given) = values.get_mut(&field) {
            given.vouched = Some(says && given.from == [field.as_str()]);
        }
    }
    UnifiedIdentity {
        provider: provider.name.clone(),
        provider_type: provider.kind.as_str(),
        subject: identity.subject.clone(),
        subject_key: identity.subject_key.clone(),
        issuer: identity.issuer.clone(),
        profile: Profile { values, claims, cut: 0 },
    }
}

/// The part of an identity that is worth keeping: without what is different at every sign-in.
pub fn lasting(identity: &UnifiedIdentity) -> Profile {
    let mut profile = identity.profile.clone();
    profile.claims.retain(|name, _| !OF_THE_TOKEN.contains(&name.as_str()));
    profile
}

fn first(claims: &BTreeMap<String, Value>, names: &[&str]) -> Option<(Value, Vec<String>)> {
    names.iter().find_map(|name| {
        let text = texts(reach(claims, name)?).into_iter().next()?;
        Some((Value::String(text), vec![(*name).to_owned()]))
    })
}

/// The groups of all claims that hold some, each once, in order.
fn groups(claims: &BTreeMap<String, Value>, names: &[&str]) -> Option<(Value, Vec<String>)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    let mut from = Vec::new();
    for name in names {
        let Some(value) = reach(claims, name) else { continue };
        let before = found.len();
        found.extend(texts(value).into_iter().filter(|text| seen.insert(text.clone())).map(Value::String));
        if found.len() > before {
            from.push((*name).to_owned());
        }
    }
    found.truncate(MAX_GROUPS);
    (!found.is_empty()).then_some((Value::Array(found), from))
}

/// A full name that the provider gives only in parts.
fn whole_name(values: &mut BTreeMap<Field, Given>, now_ms: i64) {
    if values.contains_key(&Field::Name) {
        return;
    }
    let parts: Vec<&Given> = [Field::GivenName, Field::FamilyName].iter().filter_map(|field| values.get(field)).collect();
    let words: Vec<&str> = parts.iter().filter_map(|part| part.value.as_str()).collect();
    let name = words.join(" ");
    if !name.is_empty() && name.len() <= MAX_TEXT {
        let from = parts.iter().flat_map(|part| part.from.clone()).collect();
        values.insert(Field::Name, Given { value: name.into(), from, seen_ms: now_ms, vouched: None });
    }
}

/// The claim of that name, or what the dots of the name lead to.
fn reach<'c>(claims: &'c BTreeMap<String, Value>, name: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut steps = name.split('.');
    let mut value = claims.get(steps.next()?)?;
    for step in steps {
        value = value.as_object()?.get(step)?;
    }
    Some(value)
}

/// The texts of a claim that may be shown.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if is_plain(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => {
            items.iter().filter(|item| item.is_string() || item.is_number()).flat_map(texts).take(MAX_GROUPS).collect()
        }
        _ => Vec::new(),
    }
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control)
}
