//! `[[user_pools]]`: declared pools as trees, with the line of every key and their secrets in place.
//!
//! Owns only that they are tables with a name of their own. What they may hold is Cognito's, hence the face's that applies them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::base::declared::Declared;
use crate::config::reader::Reader;
use crate::config::tree::{Place, Value};

/// Reads the entries.
pub fn read(reader: &mut Reader<'_>) -> Option<Vec<Declared>> {
    let Some(node) = reader.node("user_pools") else { return Some(Vec::new()) };
    let Value::List(entries) = &node.value else {
        reader.report.add(Some(&node.place), "user_pools", "must be [[user_pools]], a list of tables");
        return None;
    };
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    let mut pools = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("user_pools[{index}]");
        if !matches!(entry.value, Value::Table(_)) {
            reader.report.add(Some(&entry.place), &path, format!("must be a table, not {}", entry.value.kind()));
            continue;
        }
        let pool = reader.resolve_tree(entry, &path);
        if let Some(name) = pool.value.get("name").and_then(Json::as_str) {
            let place = pool.line(&format!("{path}.name")).map_or_else(|| entry.place.clone(), Place::Line);
            if seen.insert(name.to_owned(), place.clone()).is_some() {
                reader.report.add(Some(&place), &format!("{path}.name"), "another pool has that name");
            }
        }
        pools.push(pool);
    }
    Some(pools)
}
