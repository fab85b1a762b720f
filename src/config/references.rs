//! Secrets by reference: `{ file = "/run/secrets/x" }` and `{ env = "X" }`.
//!
//! Owns their reading, for single keys and anywhere inside `[[user_pools]]`. Names of files are relative to the configuration file; a trailing
//! line break of the file is not part of the secret. Values never reach the report.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Number, Value as Json};

use crate::base::declared::Declared;
use crate::base::secret::Secret;
use crate::config::report::Report;
use crate::config::tree::{Node, Table, Value};

/// The secret that a value is or refers to.
pub fn secret(node: &Node, base: &Path, variables: &BTreeMap<String, String>) -> Result<Secret, String> {
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Table(table) => {
            follow(table, base, variables).unwrap_or_else(|| Err("must be text, { file = \"…\" } or { env = \"…\" }".to_owned()))?
        }
        other => return Err(format!("must be text, {{ file = \"…\" }} or {{ env = \"…\" }}, not {}", other.kind())),
    };
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(Secret::new(text)) }
}

/// A whole tree with its references resolved. `from`: the directory of the file, and the variables.
pub fn declared(node: &Node, path: &str, from: (&Path, &BTreeMap<String, String>), report: &mut Report) -> Declared {
    let mut walk = Walk { lines: BTreeMap::new(), from, report };
    let value = walk.value(node, path);
    Declared { path: path.to_owned(), value, lines: walk.lines }
}

/// The text behind a table that is a reference; `None` for any other table.
fn follow(table: &Table, base: &Path, variables: &BTreeMap<String, String>) -> Option<Result<String, String>> {
    let mut entries = table.iter();
    let (Some((name, node)), None) = (entries.next(), entries.next()) else { return None };
    let Value::Text(target) = &node.value else { return None };
    match name.as_str() {
        "file" => {
            let file = base.join(target);
            let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()));
            Some(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
        }
        "env" => Some(variables.get(target).cloned().ok_or_else(|| format!("the environment has no variable {target}"))),
        _ => None,
    }
}

struct Walk<'w> {
    lines: BTreeMap<String, usize>,
    from: (&'w Path, &'w BTreeMap<String, String>),
    report: &'w mut Report,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, path: &str) -> Json {
        if let crate::config::tree::Place::Line(line) = node.place {
            self.lines.insert(path.to_owned(), line);
        }
        match &node.value {
            Value::Text(text) | Value::Datetime(text) => Json::String(text.clone()),
            Value::Integer(Some(number)) => Json::Number(Number::from(*number)),
            Value::Integer(None) => self.fault(node, path, "is too large a number"),
            Value::Float(text) => match text.parse().ok().and_then(Number::from_f64) {
                Some(number) => Json::Number(number),
                None => self.fault(node, path, "is not a finite number"),
            },
            Value::Boolean(yes) => Json::Bool(*yes),
            Value::List(nodes) => {
                Json::Array(nodes.iter().enumerate().map(|(index, node)| self.value(node, &format!("{path}[{index}]"))).collect())
            }
            Value::Table(table) => match follow(table, self.from.0, self.from.1) {
                Some(Ok(text)) => Json::String(text),
                Some(Err(message)) => self.fault(node, path, &message),
                None => Json::Object(
                    table
                        .iter()
                        .map(|(name, node)| (name.clone(), self.value(node, &format!("{path}.{name}"))))
                        .collect::<Map<_, _>>(),
                ),
            },
        }
    }

    fn fault(&mut self, node: &Node, path: &str, message: &str) -> Json {
        self.report.add(Some(&node.place), path, message);
        Json::Null
    }
}
