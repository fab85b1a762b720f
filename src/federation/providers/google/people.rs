//! Google's People API: the fields of `people/me` that an attribute mapping names, one value each.
//!
//! Owns which claims are fields of the API and how a field's list of values becomes one text. Asked only when a mapping names such a field
//! (Cognito: `attributes_url_add_attributes`). Addresses are not among them: an e-mail address and the word for it are the ID token's, and a word
//! for one address must not stand beside another (O-17).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::federation::providers::oidc::userinfo::{self, Userinfo};
use crate::model::failure::Failure;
use crate::outbound::Outbound;

/// A claim that a mapping may name, the field of the API that has it, and the member that is the value; an empty member means a date.
const FIELDS: [(&str, &str, &str); 12] = [
    ("addresses", "addresses", "formattedValue"),
    ("biographies", "biographies", "value"),
    ("birthdays", "birthdays", ""),
    ("gender", "genders", "value"),
    ("genders", "genders", "value"),
    ("locales", "locales", "value"),
    ("names", "names", "displayName"),
    ("nicknames", "nicknames", "value"),
    ("organizations", "organizations", "name"),
    ("phoneNumbers", "phoneNumbers", "value"),
    ("photos", "photos", "url"),
    ("urls", "urls", "value"),
];

/// The fields to ask for: those that the mapping names, each once.
pub fn wanted(mapping: &BTreeMap<String, String>) -> Vec<&'static str> {
    let mut fields: Vec<&str> =
        FIELDS.iter().filter(|(claim, ..)| mapping.values().any(|mapped| mapped == claim)).map(|(_, field, _)| *field).collect();
    fields.dedup();
    fields
}

/// Asks for the person's fields. The answer must be of the subject that the ID token proved (O-15).
pub async fn fetch(
    outbound: &Outbound,
    url: &str,
    access_token: &Secret,
    subject: &str,
) -> Result<BTreeMap<String, Value>, Failure> {
    let Userinfo::Plain(person) = userinfo::fetch(outbound, "GET", url, access_token).await? else {
        return Err(Failure::ProviderUnavailable { reason: "userinfo_malformed" });
    };
    if person.get("resourceName").and_then(Value::as_str).and_then(|name| name.strip_prefix("people/")) != Some(subject) {
        return Err(Failure::FederationRefused { reason: "userinfo_subject_mismatch" });
    }
    Ok(FIELDS
        .iter()
        .filter_map(|(claim, field, member)| Some(((*claim).to_owned(), Value::String(value(&person, field, member)?))))
        .collect())
}

/// The primary value of a field, or its first.
fn value(person: &Map<String, Value>, field: &str, member: &str) -> Option<String> {
    let values = person.get(field)?.as_array()?;
    let is_primary = |value: &&Value| value.pointer("/metadata/primary") == Some(&Value::Bool(true));
    let chosen = values.iter().find(is_primary).or_else(|| values.first())?;
    if member.is_empty() { date(chosen.get("date")?) } else { chosen.get(member)?.as_str().map(str::to_owned) }
}

/// `{year, month, day}` as the attribute `birthdate` has it (OpenID Connect Core section 5.1: year 0000 when it is not told).
fn date(date: &Value) -> Option<String> {
    let part = |name: &str, most: u64| match date.get(name) {
        None => Some(0),
        Some(value) => value.as_u64().filter(|number| *number <= most),
    };
    let (year, month, day) = (part("year", 9999)?, part("month", 12)?, part("day", 31)?);
    if month == 0 || day == 0 {
        return (year > 0).then(|| format!("{year:04}"));
    }
    Some(format!("{year:04}-{month:02}-{day:02}"))
}
