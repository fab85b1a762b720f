//! Checks a JSON document against a shape of the service models, with Cognito's own message form.
//!
//! Owns types, required members, lengths, sizes, ranges, patterns and enumerations, so that no operation repeats them. Rules between
//! members are the capabilities'. Members that the model does not know are dropped, and null counts as absent, as on AWS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::cognito::model::{Api, Kind, Shape, ShapeId};

/// At most this many violations are listed.
const MAX_LISTED: usize = 16;

/// Why a document does not fit its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A member has the wrong JSON type (`SerializationException`).
    Type(String),
    /// Values break constraints; one sentence each (`InvalidParameterException`).
    Constraints(Vec<String>),
}

impl Misfit {
    /// Cognito's text.
    pub fn message(&self) -> String {
        match self {
            Self::Type(text) => text.clone(),
            Self::Constraints(list) => {
                let plural = if list.len() == 1 { "" } else { "s" };
                format!("{} validation error{plural} detected: {}", list.len(), list.join("; "))
            }
        }
    }
}

/// Checks a request: the returned document holds exactly the members that the model knows and that are not null.
pub fn request(api: &Api, shape: ShapeId, document: Value) -> Result<Value, Misfit> {
    run(api, shape, document, false)
}

/// Checks one value against its shape: what it breaks, without repeating it. For declarations.
pub fn value(api: &Api, shape: ShapeId, value: Value) -> Result<Value, Vec<String>> {
    run(api, shape, value, false).map_err(|misfit| match misfit {
        Misfit::Type(text) => vec![text],
        Misfit::Constraints(list) => {
            let constraint = |text: String| {
                text.split_once("constraint: ").map_or_else(|| text.clone(), |(_, constraint)| constraint.to_owned())
            };
            list.into_iter().map(constraint).collect()
        }
    })
}

/// Checks an answer of ours: unknown members and nulls are violations too. For tests.
pub fn response(api: &Api, shape: ShapeId, document: Value) -> Result<Value, Misfit> {
    run(api, shape, document, true)
}

fn run(api: &Api, shape: ShapeId, document: Value, strict: bool) -> Result<Value, Misfit> {
    let mut check = Check { api, strict, violations: Vec::new() };
    let document = check.value(shape, document, "")?;
    if check.violations.is_empty() { Ok(document) } else { Err(Misfit::Constraints(check.violations)) }
}

struct Check<'m> {
    api: &'m Api,
    strict: bool,
    violations: Vec<String>,
}

impl Check<'_> {
    fn violation(&mut self, value: &str, path: &str, constraint: &str) {
        if self.violations.len() < MAX_LISTED {
            self.violations.push(format!("Value {value}at '{path}' failed to satisfy constraint: {constraint}"));
        }
    }

    fn value(&mut self, id: ShapeId, value: Value, path: &str) -> Result<Value, Misfit> {
        let api = self.api;
        let shape = api.shape(id);
        match (&shape.kind, value) {
            (Kind::Document, value) => Ok(value),
            (Kind::Structure(_), Value::Object(members)) => self.structure(id, members, path).map(Value::Object),
            (Kind::List(item), Value::Array(items)) => self.list(shape, *item, items, path),
            (Kind::Map(key, value), Value::Object(entries)) => self.map(shape, (*key, *value), entries, path),
            (Kind::Structure(_) | Kind::List(_) | Kind::Map(..), value) => Err(wrong_type(&value, &shape.kind)),
            (_, value) => {
                // Describe answers list standard attributes under a shape that bounds the names of custom ones.
                let listed_name = self.strict && api.named("CustomAttributeNameType") == Some(id);
                for constraint in scalar(shape, &value)?.into_iter().filter(|_| !listed_name) {
                    self.violation(&shown(shape, &value), path, &constraint);
                }
                Ok(value)
            }
        }
    }

    fn structure(&mut self, id: ShapeId, mut given: Map<String, Value>, path: &str) -> Result<Map<String, Value>, Misfit> {
        let api = self.api;
        let mut kept = Map::new();
        for member in api.members(id) {
            let inner = join(path, &member.name);
            match given.shift_remove(&member.name) {
                Some(Value::Null) if self.strict => self.violation("null ", &inner, "Member must not be null"),
                None | Some(Value::Null) if member.required => self.violation("null ", &inner, "Member must not be null"),
                None | Some(Value::Null) => {}
                Some(value) => {
                    kept.insert(member.name.clone(), self.value(member.shape, value, &inner)?);
                }
            }
        }
        if self.strict {
            for name in given.keys() {
                self.violation("", &join(path, name), "Member must be known to the model");
            }
        }
        Ok(kept)
    }

    fn list(&mut self, shape: &Shape, item: ShapeId, items: Vec<Value>, path: &str) -> Result<Value, Misfit> {
        for constraint in length(shape, items.len()) {
            self.violation(&list_text(&items), path, &constraint);
        }
        let inner = self.api.shape(item);
        if is_scalar(&inner.kind) {
            for value in &items {
                if !scalar(inner, value)?.is_empty() {
                    let text = if inner.sensitive { String::new() } else { list_text(&items) };
                    self.violation(
                        &text,
                        path,
                        &format!("Member must satisfy constraint: [{}]", all_constraints(inner).join(", ")),
                    );
                    break;
                }
            }
            return Ok(Value::Array(items));
        }
        let mut kept = Vec::with_capacity(items.len());
        for (index, value) in items.into_iter().enumerate() {
            kept.push(self.value(item, value, &format!("{path}.{}.member", index + 1))?);
        }
        Ok(Value::Array(kept))
    }

    fn map(
        &mut self,
        shape: &Shape,
        (key, value): (ShapeId, ShapeId),
        entries: Map<String, Value>,
        path: &str,
    ) -> Result<Value, Misfit> {
        let api = self.api;
        for constraint in length(shape, entries.len()) {
            self.violation("", path, &constraint);
        }
        let (keys, values) = (api.shape(key), api.shape(value));
        let mut kept = Map::new();
        for (name, entry) in entries {
            let name_text = Value::String(name);
            if !scalar(keys, &name_text)?.is_empty() {
                self.violation("", path, &format!("Map keys must satisfy constraint: [{}]", all_constraints(keys).join(", ")));
            }
            let Value::String(name) = name_text else { continue };
            if entry.is_null() && !self.strict {
                continue;
            }
            let entry = if is_scalar(&values.kind) {
                if !scalar(values, &entry)?.is_empty() {
                    self.violation(
                        "",
                        path,
                        &format!("Map value must satisfy constraint: [{}]", all_constraints(values).join(", ")),
                    );
                }
                entry
            } else {
                self.value(value, entry, &format!("{path}.{name}.member"))?
            };
            kept.insert(name, entry);
        }
        Ok(Value::Object(kept))
    }
}

fn is_scalar(kind: &Kind) -> bool {
    !matches!(kind, Kind::Structure(_) | Kind::List(_) | Kind::Map(..) | Kind::Document)
}

/// The constraints that a single value breaks.
fn scalar(shape: &Shape, value: &Value) -> Result<Vec<String>, Misfit> {
    let wrong = || wrong_type(value, &shape.kind);
    match (&shape.kind, value) {
        (Kind::Text(pattern, choices), Value::String(text)) => {
            let mut broken = length(shape, text.chars().count());
            if let Some(pattern) = pattern
                && !pattern.matches(text)
            {
                broken.push(pattern_text(&pattern.text));
            }
            if !choices.is_empty() && !choices.contains(text) {
                broken.push(choice_text(choices));
            }
            Ok(broken)
        }
        (Kind::Integer, Value::Number(number)) => {
            let number = number.as_i64().filter(|number| i32::try_from(*number).is_ok()).ok_or_else(wrong)?;
            Ok(range(shape, number))
        }
        (Kind::Long, Value::Number(number)) => Ok(range(shape, number.as_i64().ok_or_else(wrong)?)),
        (Kind::Boolean, Value::Bool(_)) | (Kind::Timestamp, Value::Number(_)) => Ok(Vec::new()),
        (Kind::Blob, Value::String(text)) => Ok(length(shape, STANDARD.decode(text).map_err(|_| wrong())?.len())),
        _ => Err(wrong()),
    }
}

fn length(shape: &Shape, length: usize) -> Vec<String> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let mut broken = Vec::new();
    if let Some(max) = shape.max.filter(|max| length > *max) {
        broken.push(format!("Member must have length less than or equal to {max}"));
    }
    if let Some(min) = shape.min.filter(|min| length < *min) {
        broken.push(format!("Member must have length greater than or equal to {min}"));
    }
    broken
}

fn range(shape: &Shape, value: i64) -> Vec<String> {
    let mut broken = Vec::new();
    if let Some(max) = shape.max.filter(|max| value > *max) {
        broken.push(format!("Member must have value less than or equal to {max}"));
    }
    if let Some(min) = shape.min.filter(|min| value < *min) {
        broken.push(format!("Member must have value greater than or equal to {min}"));
    }
    broken
}

fn pattern_text(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn choice_text(choices: &[String]) -> String {
    format!("Member must satisfy enum value set: [{}]", choices.join(", "))
}

/// Every constraint of a list's or map's element, in the order in which AWS lists them.
fn all_constraints(shape: &Shape) -> Vec<String> {
    let mut all = Vec::new();
    let what = if matches!(shape.kind, Kind::Integer | Kind::Long) { "value" } else { "length" };
    all.extend(shape.max.map(|max| format!("Member must have {what} less than or equal to {max}")));
    all.extend(shape.min.map(|min| format!("Member must have {what} greater than or equal to {min}")));
    if let Kind::Text(pattern, choices) = &shape.kind {
        all.extend(pattern.as_ref().map(|pattern| pattern_text(&pattern.text)));
        if !choices.is_empty() {
            all.push(choice_text(choices));
        }
    }
    all
}

/// `'value' `, or nothing when the shape is sensitive.
fn shown(shape: &Shape, value: &Value) -> String {
    if shape.sensitive {
        return String::new();
    }
    match value {
        Value::String(text) => format!("'{text}' "),
        other => format!("'{other}' "),
    }
}

fn list_text(items: &[Value]) -> String {
    let texts: Vec<String> =
        items.iter().filter(|item| item.is_string()).filter_map(|item| item.as_str().map(str::to_owned)).collect();
    format!("'[{}]' ", texts.join(", "))
}

/// `UserPoolId` → `userPoolId`, below `path`.
fn join(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn wrong_type(value: &Value, kind: &Kind) -> Misfit {
    let target = match kind {
        Kind::Structure(_) => "a structure",
        Kind::Document => "a document",
        Kind::List(_) => "a list",
        Kind::Map(..) => "a map",
        Kind::Text(..) => "a String",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
        Kind::Boolean => "a Boolean",
        Kind::Timestamp => "a Timestamp",
        Kind::Blob => "a Blob",
    };
    Misfit::Type(match value {
        Value::Object(_) => "Start of structure or map found where not expected.".to_owned(),
        Value::Array(_) => "Start of list found where not expected".to_owned(),
        Value::String(_) => format!("STRING_VALUE can not be converted to {target}"),
        Value::Number(_) => format!("NUMBER_VALUE can not be converted to {target}"),
        Value::Bool(true) => format!("TRUE_VALUE can not be converted to {target}"),
        Value::Bool(false) => format!("FALSE_VALUE can not be converted to {target}"),
        Value::Null => format!("NULL_VALUE can not be converted to {target}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cognito::model::Service;

    fn check(shape: &str, document: Value) -> Result<Value, String> {
        let idp = Service::Idp.api();
        request(idp, idp.named(shape).unwrap(), document).map_err(|misfit| misfit.message())
    }

    #[test]
    fn fitting_documents_keep_what_the_model_knows() {
        let given = json!({"PoolName": "p", "Unknown": {"x": 1}, "MfaConfiguration": null, "UserPoolTags": {"a": "b"}});
        assert_eq!(check("CreateUserPoolRequest", given), Ok(json!({"PoolName": "p", "UserPoolTags": {"a": "b"}})));
    }

    #[test]
    fn messages_have_cognitos_form() {
        assert_eq!(
            check("CreateUserPoolRequest", json!({})).unwrap_err(),
            "1 validation error detected: Value null at 'poolName' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(
            check("CreateUserPoolRequest", json!({"PoolName": "", "MfaConfiguration": "MAYBE"})).unwrap_err(),
            "3 validation errors detected: Value 'MAYBE' at 'mfaConfiguration' failed to satisfy constraint: Member must satisfy enum \
             value set: [OFF, ON, OPTIONAL]; Value '' at 'poolName' failed to satisfy constraint: Member must have length greater than or \
             equal to 1; Value '' at 'poolName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w\\s+=,.@-]+"
        );
        assert_eq!(
            check(
                "CreateUserPoolClientRequest",
                json!({"UserPoolId": "a_b", "ClientName": "c", "AllowedOAuthFlows": ["code", "magic"]})
            )
            .unwrap_err(),
            "1 validation error detected: Value '[code, magic]' at 'allowedOAuthFlows' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must satisfy enum value set: [code, implicit, client_credentials]]"
        );
        let policy = json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 5}}});
        assert_eq!(
            check("CreateUserPoolRequest", policy).unwrap_err(),
            "1 validation error detected: Value '5' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: Member must \
             have value greater than or equal to 6"
        );
    }

    #[test]
    fn sensitive_values_are_not_repeated() {
        let text = check("CreateUserPoolClientRequest", json!({"UserPoolId": "a_b", "ClientName": "c", "ClientSecret": "canary"}))
            .unwrap_err();
        assert!(text.starts_with("1 validation error detected: Value at 'clientSecret' failed"), "{text}");
        assert!(!text.contains("canary"));
    }

    #[test]
    fn wrong_types_are_serialization_faults() {
        let idp = Service::Idp.api();
        let shape = idp.named("CreateUserPoolRequest").unwrap();
        for bad in [
            json!([]),
            json!("x"),
            json!({"PoolName": 1}),
            json!({"PoolName": "p", "Policies": "x"}),
            json!({"PoolName": "p", "Schema": {}}),
            json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": "8"}}}),
            json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 8.5}}}),
            json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"RequireNumbers": "true"}}}),
            json!({"PoolName": "p", "UserPoolTags": {"a": 1}}),
            json!({"PoolName": "p", "AliasAttributes": [null]}),
        ] {
            assert!(matches!(request(idp, shape, bad.clone()), Err(Misfit::Type(_))), "{bad}");
        }
    }
}
