//! Keys that nobody knows, and known ones that are not built yet.
//!
//! Owns the comparison of a tree with the table of keys, and the search for the nearest known name.

use crate::config::keys::{ADMIN_KEYS, KEYS, Key};
use crate::config::report::Report;
use crate::config::tree::{Node, Place, Table, Value};

/// Reports every key of the tree that is not in the table.
pub fn check(table: &Table, report: &mut Report) {
    check_section(table, "", report);
}

fn check_section(table: &Table, section: &str, report: &mut Report) {
    for (name, node) in table {
        let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        // Other rooms know what pools may hold; a variable's name was checked when it was read.
        if path == "user_pools" || (matches!(node.place, Place::Variable(_)) && !matches!(node.value, Value::Table(_))) {
            check_built(&path, node, report);
            continue;
        }
        if path == "admin.keys" {
            check_admin_keys(node, report);
        } else if KEYS.iter().any(|key| key.path == path) {
            check_built(&path, node, report);
        } else if KEYS.iter().any(|key| key.path.starts_with(&format!("{path}."))) {
            match &node.value {
                Value::Table(inner) => check_section(inner, &path, report),
                other => report.add(Some(&node.place), &path, format!("is a section, not {}", other.kind())),
            }
        } else {
            report.suggest(Some(&node.place), &path, "unknown key", suggestion(section, name, &path));
        }
    }
}

fn check_built(path: &str, node: &Node, report: &mut Report) {
    if KEYS.iter().any(|key| key.path == path && !key.built) {
        report.add(Some(&node.place), path, "not available yet");
    }
}

fn check_admin_keys(node: &Node, report: &mut Report) {
    let Value::List(entries) = &node.value else { return };
    for (index, entry) in entries.iter().enumerate() {
        let Value::Table(members) = &entry.value else { continue };
        for (name, member) in members {
            if !ADMIN_KEYS.iter().any(|key| key.path == name) {
                let nearest = nearest(name, ADMIN_KEYS.iter().map(|key| key.path));
                report.suggest(Some(&member.place), &format!("admin.keys[{index}].{name}"), "unknown key", nearest);
            }
        }
    }
}

/// The nearest key of the same section; else a key of another section with that very name; else the nearest full path.
fn suggestion(section: &str, name: &str, path: &str) -> Option<String> {
    let inside: Vec<&str> = KEYS.iter().filter_map(|key| next_name(key, section)).chain(extra(section)).collect();
    nearest(name, inside.into_iter())
        .or_else(|| KEYS.iter().map(|key| key.path).find(|known| known.rsplit('.').next() == Some(name)).map(str::to_owned))
        .or_else(|| nearest(path, KEYS.iter().map(|key| key.path)))
}

fn extra(section: &str) -> Option<&'static str> {
    match section {
        "" => Some("user_pools"),
        "admin" => Some("keys"),
        _ => None,
    }
}

/// The name that follows the section in a key's path: `http` + `http.tls.cert` → `tls`.
fn next_name(key: &Key, section: &str) -> Option<&'static str> {
    let rest = if section.is_empty() { key.path } else { key.path.strip_prefix(section)?.strip_prefix('.')? };
    rest.split('.').next()
}

/// The nearest of some names, if it is near at all: at most a third of its letters differ.
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    known
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}
