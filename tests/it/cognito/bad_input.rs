//! Bad input, generated from the models: for every member of every built operation, at every depth, a wrong type, a missing, a too short, a too
//! long and a doubled value get a 4xx with a typed error, and nothing is stored. The same requests without the mutation succeed.

use fedgate::cognito::model::{Api, Kind, Service, ShapeId};
use serde_json::{Map, Value, json};

use crate::cognito::aws::{Aws, check};
use crate::cognito::tenants::{furnish, request, rows};
use crate::harness::gateway::TestGateway;

/// A way to spoil a request: where, with what, and how that is refused.
struct Mutation {
    path: Vec<String>,
    /// `None` takes the member away.
    value: Option<Value>,
    expected: &'static str,
    what: &'static str,
}

const SYNTAX: &str = "SerializationException";
const CONSTRAINT: &str = "InvalidParameterException";

fn mutations(api: &Api, shape: ShapeId, path: &[String], depth: usize, out: &mut Vec<Mutation>) {
    let mut add = |value: Option<Value>, expected, what| out.push(Mutation { path: path.to_vec(), value, expected, what });
    let shape_of = api.shape(shape);
    let (min, max) = (shape_of.min.unwrap_or(0), shape_of.max);
    let sized = |size: i64| usize::try_from(size).unwrap();
    match &shape_of.kind {
        Kind::Text(pattern, choices) => {
            add(Some(json!(1)), SYNTAX, "number for text");
            add(Some(json!(["x"])), SYNTAX, "list for text");
            if min > 0 {
                add(Some(json!("a".repeat(sized(min - 1)))), CONSTRAINT, "too short");
            }
            // What is longer than any body is refused earlier, with 413.
            if let Some(max) = max.filter(|max| *max < 60_000) {
                add(Some(json!("a".repeat(sized(max + 1)))), CONSTRAINT, "too long");
            }
            if !choices.is_empty() {
                add(Some(json!("no_such_choice")), CONSTRAINT, "no choice");
            } else if pattern.as_ref().is_some_and(|pattern| !pattern.matches("a\u{0}")) {
                add(Some(json!("a\u{0}")), CONSTRAINT, "against the pattern");
            }
        }
        Kind::Integer | Kind::Long => {
            add(Some(json!("1")), SYNTAX, "text for number");
            add(Some(json!(1.5)), SYNTAX, "fraction");
            add(Some(json!(99_999_999_999_999_i64)), if shape_of.max.is_some() { "" } else { SYNTAX }, "far too large");
            if shape_of.min.is_some() {
                add(Some(json!(min - 1)), CONSTRAINT, "too small");
            }
            if let Some(max) = max {
                add(Some(json!(max + 1)), CONSTRAINT, "too large");
            }
        }
        Kind::Boolean => add(Some(json!("true")), SYNTAX, "text for boolean"),
        Kind::Blob | Kind::Timestamp => add(Some(json!(true)), SYNTAX, "boolean for another"),
        Kind::Document => {}
        Kind::List(item) => {
            add(Some(json!({})), SYNTAX, "map for list");
            add(Some(json!([null])), SYNTAX, "null in a list");
            let inner: Vec<String> = path.iter().cloned().chain(["0".to_owned()]).collect();
            if depth < 6 {
                mutations(api, *item, &inner, depth + 1, out);
            }
        }
        Kind::Map(_, value) => {
            add(Some(json!([])), SYNTAX, "list for map");
            let inner: Vec<String> = path.iter().cloned().chain(["key".to_owned()]).collect();
            if depth < 6 {
                mutations(api, *value, &inner, depth + 1, out);
            }
        }
        Kind::Structure(members) => {
            add(Some(json!("x")), SYNTAX, "text for structure");
            for member in members {
                let inner: Vec<String> = path.iter().cloned().chain([member.name.clone()]).collect();
                if member.required && depth == 0 {
                    out.push(Mutation { path: inner.clone(), value: None, expected: CONSTRAINT, what: "missing" });
                }
                if depth < 6 {
                    mutations(api, member.shape, &inner, depth + 1, out);
                }
            }
        }
    }
}

/// Puts a value at a path, making what is missing around it.
fn put(target: &mut Value, path: &[String], value: Option<Value>) {
    let [name, rest @ ..] = path else {
        *target = value.unwrap_or_default();
        return;
    };
    if name == "0" {
        let mut inner = Value::Null;
        put(&mut inner, rest, value);
        *target = json!([inner]);
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if rest.is_empty() && value.is_none() {
        target.as_object_mut().unwrap().remove(name);
    } else {
        put(&mut target[name], rest, value);
    }
}

#[tokio::test]
async fn every_member_of_every_operation_is_checked() {
    let gateway = TestGateway::builder().config("[[user_pools]]\nid = \"local_Own\"\nname = \"own\"").start().await;
    let aws = Aws::new(&gateway);
    furnish(&gateway, "local_Own").await;
    let api = Service::Idp.api();
    let state = async || {
        let mut work = gateway.ports().store.read().await.unwrap();
        (work.user_pools().list(None, 1000).await.unwrap().len(), rows(&gateway, "local_Own").await)
    };
    let before = state().await;
    let mut sent = 0;
    for entry in fedgate::cognito::operations() {
        let good = request(entry.name, "local_Own");
        let mut all = Vec::new();
        mutations(api, api.operation(entry.name).unwrap().input.unwrap(), &[], 0, &mut all);
        for mutation in all {
            let mut bad = good.clone();
            put(&mut bad, &mutation.path, mutation.value);
            let answer = aws.send_body(entry.name, bad.to_string()).await;
            let place = format!("{} {} {}: {}", entry.name, mutation.path.join("."), mutation.what, answer.body);
            assert_eq!(answer.status, 400, "{place}");
            check(entry.name, &answer);
            assert!(mutation.expected.is_empty() || answer.kind() == mutation.expected || nested(&mutation.path), "{place}");
            sent += 1;
        }
        for (name, value) in good.as_object().unwrap() {
            let text = good.to_string();
            let doubled = format!("{},{}:{}}}", &text[..text.len() - 1], json!(name), value);
            let answer = aws.send_body(entry.name, doubled).await;
            assert_eq!((answer.status, answer.kind()), (400, SYNTAX), "{} {name} doubled", entry.name);
            sent += 1;
        }
    }
    assert_eq!(state().await, before, "nothing was stored");
    assert!(sent > 500, "{sent} requests were generated");
    // The controls.
    for entry in fedgate::cognito::operations().filter(|entry| entry.name != "DescribeUserPoolClient") {
        aws.ok(entry.name, request(entry.name, "local_Own")).await;
    }
}

/// Deep inside, a missing sibling may be reported before the mutation.
fn nested(path: &[String]) -> bool {
    path.len() > 1
}

#[tokio::test]
async fn r_18_a_body_over_the_limit_is_refused() {
    let gateway = TestGateway::builder().config("[[user_pools]]\nid = \"local_Own\"\nname = \"own\"").start().await;
    let aws = Aws::new(&gateway);
    let padded = |size: usize| {
        let text = request("CreateUserPoolClient", "local_Own").to_string();
        format!("{text}{}", " ".repeat(size - text.len()))
    };
    assert_eq!(aws.send_body("CreateUserPoolClient", padded(64 * 1024)).await.status, 200);
    assert_eq!(aws.send_body("CreateUserPoolClient", padded(64 * 1024 + 1)).await.status, 413);
    assert_eq!(rows(&gateway, "local_Own").await, (1, 0, 0));
}
