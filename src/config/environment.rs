//! Variables of the environment over the file: `FEDGATE_HTTP__LISTEN` is `http.listen`.
//!
//! Owns names and texts of variables. Kubernetes sets `FEDGATE_SERVICE_…` and `FEDGATE_PORT…` for a service called fedgate, and the tests have
//! `FEDGATE_TEST_…` and `FEDGATE_IDP_…`: those are not ours. An empty variable counts as not set.

use std::collections::BTreeMap;

use crate::config::keys::{KEYS, Kind};
use crate::config::report::Report;
use crate::config::source;
use crate::config::tree::{self, Node, Place, Table, Value};
use crate::config::unknown;

const PREFIX: &str = "FEDGATE_";
const FOREIGN: [&str; 4] = ["FEDGATE_SERVICE_", "FEDGATE_PORT", "FEDGATE_TEST_", "FEDGATE_IDP_"];

/// Puts the variables over the tree. Unknown ones go into the report.
pub fn overlay(variables: &BTreeMap<String, String>, table: &mut Table, report: &mut Report) {
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if name == "FEDGATE_CONFIG" || text.is_empty() || FOREIGN.iter().any(|foreign| name.starts_with(foreign)) {
            continue;
        }
        let path = rest.to_ascii_lowercase().replace("__", ".");
        let place = Place::Variable(name.clone());
        match KEYS.iter().find(|key| key.path == path) {
            Some(key) => tree::put(table, &path, Node { value: value(text, key.kind, &place), place }),
            None if path.starts_with("user_pools") || path.starts_with("admin.keys") => {
                report.add(Some(&place), &path, "can only be set in the file");
            }
            None => {
                let nearest = unknown::nearest(&path, KEYS.iter().map(|key| key.path)).map(|path| variable(&path));
                report.suggest(Some(&place), &path, "unknown key", nearest);
            }
        }
    }
}

/// The name of a key's variable.
pub fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "__").to_ascii_uppercase())
}

/// The value that a text stands for. A text that does not fit stays text, and is reported by whoever reads the key.
fn value(text: &str, kind: Kind, place: &Place) -> Value {
    let as_text = || Value::Text(text.to_owned());
    let structured = text.starts_with(['{', '[']).then(|| source::parse_value(text, place)).flatten().map(|node| node.value);
    match kind {
        Kind::Integer(..) => text.parse().map_or_else(|_| as_text(), |number| Value::Integer(Some(number))),
        Kind::Boolean => text.parse().map_or_else(|_| as_text(), Value::Boolean),
        Kind::Networks | Kind::Files => structured.unwrap_or_else(|| {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::List(items.map(|item| Node { value: Value::Text(item.to_owned()), place: place.clone() }).collect())
        }),
        Kind::Secret | Kind::Secrets => structured.unwrap_or_else(as_text),
        Kind::Text | Kind::Word(_) | Kind::Origin | Kind::Address | Kind::File => as_text(),
    }
}
