//! Whether values fit the attributes of a pool, and whether a mapping of claims to them can be read.
//!
//! Owns the schema's rules about values (length, range, type, first value only) and the form of mapped expressions: a value of Cognito's
//! `AttributeMapping` that begins with `cel:`. Where values come from is `federation`'s.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::expression::Program;
use crate::model::failure::Failure;
use crate::model::unified_identity::MappingReason;
use crate::user_pools::schema::{self, Kind};

/// What marks the expression form of a mapping.
const MARK: &str = "cel:";

/// The expression of a mapping's value, if it is one and not the name of a claim.
pub fn expression(source: &str) -> Option<&str> {
    source.strip_prefix(MARK)
}

/// Reads every expression of a mapping (Cognito's `AttributeMapping`).
pub fn check_mapping(mapping: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (attribute, source) in mapping {
        let Some(text) = expression(source) else { continue };
        if attribute == "username" {
            return Err(Failure::InvalidParameter(
                "AttributeMapping.username must name a claim: the identity is never computed.".to_owned(),
            ));
        }
        if let Err(mistake) = Program::cached(text) {
            return Err(Failure::InvalidParameter(format!(
                "AttributeMapping.{attribute} is not an expression: {mistake} of what follows cel:"
            )));
        }
    }
    Ok(())
}

/// Whether every user must have that attribute.
pub fn is_required(pool_document: &Value, attribute: &str) -> bool {
    schema::required(pool_document).any(|name| name == attribute)
}

/// The first required attribute that is missing.
pub fn missing<'d>(pool_document: &'d Value, attributes: &BTreeMap<String, String>) -> Option<&'d str> {
    schema::required(pool_document).find(|name| attributes.get(*name).is_none_or(String::is_empty))
}

/// Whether an attribute may get a value. `before` is the value that it has.
pub fn check(pool_document: &Value, attribute: &str, before: Option<&str>, value: &str) -> Result<(), MappingReason> {
    // What the schema does not know is no attribute any more; Cognito keeps such values too.
    let Some(rule) = schema::rule(pool_document, attribute) else { return Ok(()) };
    if !rule.mutable && before.is_some_and(|before| before != value) {
        return Err(MappingReason::Immutable);
    }
    match rule.kind {
        Kind::Boolean if !matches!(value, "true" | "false") => Err(MappingReason::OutOfRange),
        Kind::Boolean | Kind::Time => Ok(()),
        Kind::Number => {
            let number = value.parse::<i64>().map_err(|_| MappingReason::OutOfRange)?;
            let fits = rule.least.is_none_or(|least| number >= least) && rule.most.is_none_or(|most| number <= most);
            if fits { Ok(()) } else { Err(MappingReason::OutOfRange) }
        }
        Kind::Text => {
            let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
            if rule.most.is_some_and(|most| length > most) {
                Err(MappingReason::TooLong)
            } else if rule.least.is_some_and(|least| length < least) {
                Err(MappingReason::TooShort)
            } else {
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_keep_the_rules_of_the_schema() {
        let document = json!({"Schema": [
            {"Name": "email", "AttributeDataType": "String", "Required": true, "StringAttributeConstraints": {"MinLength": "5", "MaxLength": "12"}},
            {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}},
            {"Name": "staff", "AttributeDataType": "Boolean"},
            {"Name": "badge", "AttributeDataType": "String", "Mutable": false},
        ]});
        let cases = [
            ("email", None, "a@b.example", Ok(())),
            ("email", None, "a@b", Err(MappingReason::TooShort)),
            ("email", None, "a@b.example.org", Err(MappingReason::TooLong)),
            ("custom:level", None, "9", Ok(())),
            ("custom:level", None, "10", Err(MappingReason::OutOfRange)),
            ("custom:level", None, "x", Err(MappingReason::OutOfRange)),
            ("custom:staff", None, "true", Ok(())),
            ("custom:staff", None, "yes", Err(MappingReason::OutOfRange)),
            ("custom:badge", None, "7", Ok(())),
            ("custom:badge", Some("7"), "7", Ok(())),
            ("custom:badge", Some("7"), "8", Err(MappingReason::Immutable)),
            ("birthdate", None, "1815-12-10", Ok(())),
            ("birthdate", None, "1815", Err(MappingReason::TooShort)),
            ("updated_at", None, "-1", Err(MappingReason::OutOfRange)),
            ("name", Some("before"), "", Ok(())),
        ];
        for (attribute, before, value, expected) in cases {
            assert_eq!(check(&document, attribute, before, value), expected, "{attribute} {value}");
        }
        assert_eq!(missing(&document, &BTreeMap::new()), Some("email"));
        assert_eq!(missing(&document, &BTreeMap::from([("email".to_owned(), "a@b.example".to_owned())])), None);
        assert!(is_required(&document, "email") && !is_required(&document, "name"));
    }

    #[test]
    fn mistakes_in_expressions_name_attribute_and_place() {
        let check = |source: &str| {
            let mapping = BTreeMap::from([("name".to_owned(), source.to_owned())]);
            check_mapping(&mapping).map_err(|failure| failure.to_string())
        };
        assert_eq!(check("cel:identity.name"), Ok(()), "the control");
        assert_eq!(check("celsius"), Ok(()), "a claim's name");
        assert_eq!(
            check("cel:claims.a +"),
            Err("AttributeMapping.name is not an expression: the expression ends too early at character 11 of what follows cel:"
                .to_owned())
        );
    }
}
