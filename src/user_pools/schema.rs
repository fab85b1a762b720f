//! The attributes that users of a pool may have: Cognito's standard ones and the pool's own (cognito-surface section 6.1).
//!
//! Owns their names, types and constraints as describe answers show them. Checking a user's values against them is
//! `attributes`'.

use serde_json::{Map, Value, json};

use crate::model::failure::Failure;

/// Name, type, longest value (`None`: unbounded) of the standard attributes, in Cognito's order.
const STANDARD: [(&str, &str, Option<i64>); 20] = [
    ("sub", "String", Some(2048)),
    ("name", "String", Some(2048)),
    ("given_name", "String", Some(2048)),
    ("family_name", "String", Some(2048)),
    ("middle_name", "String", Some(2048)),
    ("nickname", "String", Some(2048)),
    ("preferred_username", "String", Some(2048)),
    ("profile", "String", Some(2048)),
    ("picture", "String", Some(2048)),
    ("website", "String", Some(2048)),
    ("email", "String", Some(2048)),
    ("email_verified", "Boolean", None),
    ("gender", "String", Some(2048)),
    ("birthdate", "String", Some(10)),
    ("zoneinfo", "String", Some(2048)),
    ("locale", "String", Some(2048)),
    ("phone_number", "String", Some(2048)),
    ("phone_number_verified", "Boolean", None),
    ("address", "String", Some(2048)),
    ("updated_at", "Number", None),
];

/// The rules of a pool's `Schema` member.
pub fn check(document: &Map<String, Value>) -> Result<(), Failure> {
    let refuse = |text: String| Err(Failure::InvalidParameter(text));
    let mut seen = Vec::new();
    for attribute in given(document) {
        let Some(name) = attribute.get("Name").and_then(Value::as_str) else {
            return refuse("Every schema attribute needs a Name.".to_owned());
        };
        let kind = attribute.get("AttributeDataType").and_then(Value::as_str);
        let full = full_name(attribute, name);
        if seen.contains(&full) {
            return refuse(format!("The schema attribute {full} is given more than once."));
        }
        if let Some((_, standard, _)) = standard(name) {
            if kind.is_some_and(|kind| kind != standard) || flag(attribute, "DeveloperOnlyAttribute") {
                return refuse(format!(
                    "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}"
                ));
            }
        } else if flag(attribute, "Required") {
            return refuse("Required custom attributes are not supported currently.".to_owned());
        } else if kind.is_none() {
            return refuse(format!("The schema attribute {full} needs an AttributeDataType."));
        }
        check_constraints(attribute, &full)?;
        seen.push(full);
    }
    Ok(())
}

fn check_constraints(attribute: &Value, name: &str) -> Result<(), Failure> {
    for (constraints, low, high) in
        [("StringAttributeConstraints", "MinLength", "MaxLength"), ("NumberAttributeConstraints", "MinValue", "MaxValue")]
    {
        let number = |member: &str| match attribute.get(constraints).and_then(|value| value.get(member)).and_then(Value::as_str) {
            None => Ok(None),
            Some(text) => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| Failure::InvalidParameter(format!("{member} of the schema attribute {name} is not a number."))),
        };
        if let (Some(low), Some(high)) = (number(low)?, number(high)?)
            && low > high
        {
            return Err(Failure::InvalidParameter(format!("The constraints of the schema attribute {name} admit no value.")));
        }
    }
    Ok(())
}

/// Every attribute of a pool with all its settings (Cognito: `SchemaAttributes`).
pub fn resolved(document: &Value) -> Vec<Value> {
    let empty = Map::new();
    let document = document.as_object().unwrap_or(&empty);
    let own = |name: &str| given(document).find(|attribute| attribute.get("Name").and_then(Value::as_str) == Some(name));
    let standard_ones = STANDARD.iter().map(|(name, kind, longest)| {
        let mut shown = json!({
            "Name": name,
            "AttributeDataType": kind,
            "DeveloperOnlyAttribute": false,
            "Mutable": *name != "sub",
            "Required": *name == "sub",
        });
        match (*kind, longest) {
            ("String", Some(longest)) => {
                let shortest = if *name == "sub" {
                    1
                } else if *name == "birthdate" {
                    10
                } else {
                    0
                };
                shown["StringAttributeConstraints"] =
                    json!({ "MinLength": shortest.to_string(), "MaxLength": longest.to_string() });
            }
            ("Number", _) => shown["NumberAttributeConstraints"] = json!({ "MinValue": "0" }),
            _ => {}
        }
        overlay(shown, own(name))
    });
    let custom_ones = given(document).filter_map(|attribute| {
        let name = attribute.get("Name").and_then(Value::as_str).filter(|name| standard(name).is_none())?;
        let mut shown = json!({ "Name": name, "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false });
        match attribute.get("AttributeDataType").and_then(Value::as_str) {
            Some("String") => shown["StringAttributeConstraints"] = json!({}),
            Some("Number") => shown["NumberAttributeConstraints"] = json!({}),
            _ => {}
        }
        let mut shown = overlay(shown, Some(attribute));
        shown["Name"] = full_name(attribute, name).into();
        Some(shown)
    });
    standard_ones.chain(custom_ones).collect()
}

/// The names of all attributes of a pool, custom ones with their prefix.
pub fn names(document: &Value) -> Vec<String> {
    let name = |attribute: Value| attribute.get("Name").and_then(Value::as_str).map(str::to_owned);
    resolved(document).into_iter().filter_map(name).collect()
}

/// What a value of an attribute must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its type.
    pub kind: Kind,
    /// Whether it may change after the user was made.
    pub mutable: bool,
    /// Shortest text in characters, or smallest number.
    pub least: Option<i64>,
    /// Longest text in characters, or largest number.
    pub most: Option<i64>,
}

/// The types of attributes (Cognito: `AttributeDataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A time.
    Time,
}

/// The rule of an attribute by its full name; none where the pool has no such attribute.
pub fn rule(document: &Value, name: &str) -> Option<Rule> {
    let empty = Map::new();
    let document = document.as_object().unwrap_or(&empty);
    let own = given(document)
        .find(|attribute| attribute.get("Name").and_then(Value::as_str).is_some_and(|short| full_name(attribute, short) == name));
    let standard = standard(name);
    if own.is_none() && standard.is_none() {
        return None;
    }
    let given_kind = own.and_then(|own| own.get("AttributeDataType")).and_then(Value::as_str);
    let kind = match given_kind.or(standard.map(|(_, kind, _)| kind)) {
        Some("Number") => Kind::Number,
        Some("Boolean") => Kind::Boolean,
        Some("DateTime") => Kind::Time,
        _ => Kind::Text,
    };
    let bound = |constraints: &str, member: &str| {
        own.and_then(|own| own.get(constraints)?.get(member)?.as_str()).and_then(|text| text.parse::<i64>().ok())
    };
    let usual = standard.and_then(|(_, _, longest)| longest);
    let (least, most) = match kind {
        Kind::Number => (
            bound("NumberAttributeConstraints", "MinValue").or(standard.map(|_| 0)),
            bound("NumberAttributeConstraints", "MaxValue"),
        ),
        Kind::Text => (
            bound("StringAttributeConstraints", "MinLength").or(usual.filter(|_| name == "birthdate")),
            bound("StringAttributeConstraints", "MaxLength").or(usual),
        ),
        Kind::Boolean | Kind::Time => (None, None),
    };
    let mutable = own.and_then(|own| own.get("Mutable")).and_then(Value::as_bool).unwrap_or(true);
    Some(Rule { kind, mutable: mutable && name != "sub", least, most })
}

/// The attributes that every user of the pool must have, beside `sub`.
pub fn required(document: &Value) -> impl Iterator<Item = &str> {
    let given = document.get("Schema").and_then(Value::as_array).into_iter().flatten();
    given
        .filter(|attribute| flag(attribute, "Required"))
        .filter_map(|attribute| attribute.get("Name")?.as_str())
        .filter(|name| *name != "sub")
}

fn overlay(mut shown: Value, own: Option<&Value>) -> Value {
    for (name, value) in own.and_then(Value::as_object).into_iter().flatten() {
        shown[name] = value.clone();
    }
    shown
}

fn given(document: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    document.get("Schema").and_then(Value::as_array).into_iter().flatten()
}

fn standard(name: &str) -> Option<(&'static str, &'static str, Option<i64>)> {
    STANDARD.iter().find(|(standard, ..)| *standard == name).copied()
}

fn full_name(attribute: &Value, name: &str) -> String {
    match (standard(name).is_some(), flag(attribute, "DeveloperOnlyAttribute")) {
        (true, _) => name.to_owned(),
        (false, true) => format!("dev:custom:{name}"),
        (false, false) => format!("custom:{name}"),
    }
}

fn flag(attribute: &Value, member: &str) -> bool {
    attribute.get(member).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_and_custom_attributes_are_shown_in_full() {
        let document = json!({"Schema": [
            {"Name": "email", "AttributeDataType": "String", "Required": true, "StringAttributeConstraints": {"MinLength": "5", "MaxLength": "64"}},
            {"Name": "role", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "2048"}},
        ]});
        let shown = resolved(&document);
        assert_eq!(shown.len(), 21);
        assert_eq!(shown[0]["StringAttributeConstraints"], json!({"MinLength": "1", "MaxLength": "2048"}));
        assert_eq!(shown[10]["Required"], json!(true));
        assert_eq!(shown[10]["StringAttributeConstraints"], json!({"MinLength": "5", "MaxLength": "64"}));
        assert_eq!(
            shown[20],
            json!({"Name": "custom:role", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true, "Required": false,
                "StringAttributeConstraints": {"MaxLength": "2048"}})
        );
        assert!(check(document.as_object().unwrap()).is_ok());
    }

    #[test]
    fn schemas_that_cannot_be_are_refused() {
        for schema in [
            json!([{"Name": "role", "AttributeDataType": "String", "Required": true}]),
            json!([{"Name": "role"}]),
            json!([{"AttributeDataType": "String"}]),
            json!([{"Name": "email", "AttributeDataType": "Number"}]),
            json!([{"Name": "a", "AttributeDataType": "String"}, {"Name": "a", "AttributeDataType": "Number"}]),
            json!([{"Name": "a", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "x"}}]),
            json!([{"Name": "a", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "9", "MaxValue": "1"}}]),
        ] {
            assert!(check(json!({"Schema": schema}).as_object().unwrap()).is_err(), "{schema}");
        }
    }
}
