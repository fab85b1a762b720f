//! The unified identity: what any provider says of a person, in one schema, with where each value came from and when it was seen.
//!
//! Owns the schema, its bounded form in the store ([`Profile`]) and the origin of a user's attributes. How each provider's claims fill it
//! is `federation::identity`'s; upstream tokens are never part of it (O-29).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Largest stored profile as JSON, bytes.
pub const MAX_PROFILE: usize = 16 * 1024;
/// Largest part of it that one value may take, bytes of JSON.
const MAX_VALUE: usize = 4 * 1024;

/// A value of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A name to sign in with that the provider suggests; never an identity (O-16).
    Username,
    /// The full name.
    Name,
    /// The given name.
    GivenName,
    /// The family name.
    FamilyName,
    /// The e-mail address.
    Email,
    /// The phone number.
    PhoneNumber,
    /// The address of a picture.
    Picture,
    /// The language, such as `de-AT`.
    Locale,
    /// The time zone, such as `Europe/Vienna`.
    Zoneinfo,
    /// The groups, a list.
    Groups,
}

impl Field {
    /// Every field, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Username,
        Self::Name,
        Self::GivenName,
        Self::FamilyName,
        Self::Email,
        Self::PhoneNumber,
        Self::Picture,
        Self::Locale,
        Self::Zoneinfo,
        Self::Groups,
    ];

    /// Its name, that of the standard attribute where there is one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::Picture => "picture",
            Self::Locale => "locale",
            Self::Zoneinfo => "zoneinfo",
            Self::Groups => "groups",
        }
    }
}

/// A value as a provider gave it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The value: a text, or for groups a list of texts.
    pub value: Value,
    /// The claims that it came from.
    pub from: Vec<String>,
    /// When a sign-in last brought it, ms.
    pub seen_ms: i64,
    /// Of addresses: whether this provider vouches for it (O-17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<bool>,
}

/// What the store keeps of a provider's word on a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The values by field.
    pub values: BTreeMap<Field, Given>,
    /// The raw claims of the last sign-in.
    pub claims: BTreeMap<String, Value>,
    /// How many values and claims were left out because they would not fit.
    pub cut: u32,
}

impl Profile {
    /// This profile after what was known before: a value that this sign-in did not bring stays, with the time when it was last seen (Apple names
    /// a user only once). Claims are this sign-in's only. At most [`MAX_PROFILE`] bytes as JSON.
    #[must_use]
    pub fn after(&self, before: &Self) -> Self {
        let mut values = before.values.clone();
        values.extend(self.values.iter().map(|(field, given)| (*field, given.clone())));
        Self { values, claims: self.claims.clone(), cut: self.cut }.bounded()
    }

    /// What of it fits; the rest is counted in `cut`.
    fn bounded(self) -> Self {
        let mut kept = Self { cut: self.cut, ..Self::default() };
        // Braces, names of members, the count.
        let mut left = MAX_PROFILE - 64;
        let mut fits = |size: usize, most: usize| {
            let fits = size <= left && size <= most;
            left -= if fits { size } else { 0 };
            fits
        };
        for (field, mut given) in self.values {
            if let Value::Array(items) = &mut given.value {
                let whole = items.len();
                let mut room = MAX_VALUE / 2;
                items.retain(|item| {
                    let size = json_size(item) + 1;
                    let fits = size <= room;
                    room = if fits { room - size } else { 0 };
                    fits
                });
                kept.cut += u32::try_from(whole - items.len()).unwrap_or(u32::MAX);
            }
            if fits(field.as_str().len() + 4 + json_size(&given), MAX_VALUE) {
                kept.values.insert(field, given);
            } else {
                kept.cut += 1;
            }
        }
        for (name, value) in self.claims {
            if fits(json_size(&name) + 2 + json_size(&value), MAX_VALUE) {
                kept.claims.insert(name, value);
            } else {
                kept.cut += 1;
            }
        }
        kept
    }

    /// Whether it says the same as another one, whenever each value was seen.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let timeless = |given: &Given| Given { seen_ms: 0, ..given.clone() };
        self.cut == other.cut
            && self.claims == other.claims
            && self.values.len() == other.values.len()
            && self
                .values
                .iter()
                .all(|(field, given)| other.values.get(field).is_some_and(|known| timeless(known) == timeless(given)))
    }
}

fn json_size<T: Serialize>(value: &T) -> usize {
    serde_json::to_string(value).map_or(usize::MAX / 2, |text| text.len())
}

/// One identity in the schema of all.
#[derive(Clone, Debug, PartialEq)]
pub struct UnifiedIdentity {
    /// The provider's name in the pool.
    pub provider: String,
    /// The provider's type in Cognito's spelling.
    pub provider_type: &'static str,
    /// The subject as shown.
    pub subject: String,
    /// The identity key (O-16).
    pub subject_key: String,
    /// The SAML entity id; none for other kinds.
    pub issuer: Option<String>,
    /// Its values, and the raw claims without upstream tokens.
    pub profile: Profile,
}

impl UnifiedIdentity {
    /// A text of it.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.profile.values.get(&field).and_then(|given| given.value.as_str())
    }

    /// Whether the provider vouches for that address.
    pub fn vouches(&self, field: Field) -> bool {
        self.profile.values.get(&field).is_some_and(|given| given.vouched == Some(true))
    }

    /// The form that expressions see as `identity`: its values by name, with `subject`, `provider`, `issuer`, `email_verified` and
    /// `phone_number_verified`; `groups` is always a list.
    pub fn facts(&self) -> BTreeMap<String, Value> {
        let mut facts: BTreeMap<String, Value> =
            self.profile.values.iter().map(|(field, given)| (field.as_str().to_owned(), given.value.clone())).collect();
        facts.insert("provider".to_owned(), self.provider.clone().into());
        facts.insert("subject".to_owned(), self.subject.clone().into());
        facts.extend(self.issuer.iter().map(|issuer| ("issuer".to_owned(), issuer.clone().into())));
        facts.insert("email_verified".to_owned(), self.vouches(Field::Email).into());
        facts.insert("phone_number_verified".to_owned(), self.vouches(Field::PhoneNumber).into());
        facts.entry("groups".to_owned()).or_insert_with(|| Value::Array(Vec::new()));
        facts
    }
}

/// Where the value of a user's attribute came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The provider that gave it.
    pub provider: String,
    /// The claim or expression of its attribute mapping; empty where the value says that nothing was given.
    pub source: String,
    /// When this value was written, ms.
    pub at_ms: i64,
}

/// Why a sign-in's values could not become the user's. Says which attribute and which claim, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Invalid user attributes: {}", self.text())]
pub struct MappingFault {
    /// The attribute of the pool.
    pub attribute: String,
    /// The claim or expression that fills it, or the claim that an expression misses; empty where nothing is mapped.
    pub claim: String,
    /// What is wrong.
    pub reason: MappingReason,
}

/// What is wrong with a mapped value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappingReason {
    /// The pool requires it and there is no value.
    Required,
    /// The pool forbids another value than the first.
    Immutable,
    /// Longer than the pool or Cognito allows.
    TooLong,
    /// Shorter than the pool allows.
    TooShort,
    /// Not a number in the pool's range, or not `true` or `false`.
    OutOfRange,
    /// Holds control characters.
    Malformed,
    /// The expression gave no value: a claim is missing or of another type.
    ExpressionFailed,
    /// The expression cost more than it may.
    ExpressionTooCostly,
    /// The stored mapping is not an expression.
    ExpressionMalformed,
}

impl MappingReason {
    /// The word for the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "attribute_required",
            Self::Immutable => "attribute_immutable",
            Self::TooLong => "attribute_too_long",
            Self::TooShort => "attribute_too_short",
            Self::OutOfRange => "attribute_out_of_range",
            Self::Malformed => "attribute_malformed",
            Self::ExpressionFailed => "expression_failed",
            Self::ExpressionTooCostly => "expression_too_costly",
            Self::ExpressionMalformed => "expression_malformed",
        }
    }
}

impl MappingFault {
    fn text(&self) -> String {
        let name = &self.attribute;
        match self.reason {
            MappingReason::Required => format!("Required attribute {name} is missing"),
            MappingReason::Immutable => format!("{name}: attribute cannot be updated"),
            MappingReason::TooLong => format!("{name} is too long"),
            MappingReason::TooShort => format!("{name} is too short"),
            MappingReason::OutOfRange => format!("{name} is out of range"),
            MappingReason::Malformed => format!("{name} contains a control character"),
            MappingReason::ExpressionFailed | MappingReason::ExpressionTooCostly | MappingReason::ExpressionMalformed => {
                format!("{name} cannot be computed")
            }
        }
    }
}
