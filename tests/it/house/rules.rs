//! The rules that one Rust file of `src` must keep: who may import whom, who may name which dependency, size, opening note.
//!
//! Pure: a path and a text in, violations out. `rules_proof` shows each rule biting; `architecture` runs them over the tree.

use crate::house::paths::{self, Named};

/// The most lines that a file may have.
pub const MOST_LINES: usize = 500;

const PORTS: [&str; 4] = ["store", "cache", "keys", "http"];
const CAPABILITIES: [&str; 9] =
    ["triggers", "messages", "user_pools", "tokens", "mfa", "auth_flows", "federation", "identity_pools", "datasets"];
const FACES: [&str; 5] = ["cognito", "oauth", "saml", "forward_auth", "hosted_ui"];

/// A dependency (as code names it; a trailing `*` stands for any ending) and the modules that may name it.
const DEPENDENCIES: [(&str, &[&str]); 10] = [
    ("actix_*", &["http", "app", "cognito", "oauth", "saml", "forward_auth", "hosted_ui"]),
    ("sqlx", &["store::sql", "store::sqlite", "store::postgres"]),
    ("redis", &["cache::redis"]),
    ("reqwest", &["outbound"]),
    ("bergshamra*", &["federation::saml"]),
    ("uppsala", &["federation::saml"]),
    ("rcgen", &["keys"]),
    ("openidconnect", &["federation::providers::oidc"]),
    ("jsonwebtoken", &["keys", "tokens", "federation::providers::oidc"]),
    ("playground", &[]),
];

/// Folders with one file per variant, which do not know one another, and the one sibling that every variant may import:
/// the table's contract, or what variants build on. The folder's last part may be `*`.
const TABLES: [(&str, &str); 8] = [
    ("federation::providers", "oidc"),
    ("oauth::grants", "grant"),
    ("oauth::authorize", "check"),
    ("hosted_ui::pages", "page"),
    ("auth_flows::flows", "flow"),
    ("cognito::idp::*", "shared"),
    ("cognito::identity", "shared"),
    ("cognito::sync", "shared"),
];

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's short name.
    pub rule: &'static str,
    /// The file, relative to the root.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Judges a file of `src`.
pub fn judge(file: &str, text: &str) -> Vec<Violation> {
    let mut found = judge_size(file, text);
    let mut report = |rule, line, what: String| found.push(Violation { rule, file: file.to_owned(), line, what });
    let here = module_of(file);
    let source = paths::read(text);
    for named in &source.named {
        let text = named.path.join("::");
        if text.contains("super::super") {
            report("super", named.line, format!("{text}: name the full path from `crate`"));
        }
        if let Some(target) = inside(named, file, &here) {
            if named.exported {
                report("barrel", named.line, format!("re-exports {text}: let callers name its full path"));
            }
            if let Some(why) = forbidden_import(&here, &target) {
                report("order", named.line, format!("imports {}: {why}", target.join("::")));
            }
            if let Some(sibling) = sibling_in_table(&here, &target) {
                report(
                    "sibling",
                    named.line,
                    format!("imports its sibling {sibling}: variants of a table do not know one another"),
                );
            }
        } else if let Some(places) = forbidden_dependency(&here, &named.path[0])
            && !source.modules.contains(&named.path[0])
        {
            report("dependency", named.line, format!("names {}: only {} may", named.path[0], places.join(", ")));
        }
    }
    found
}

/// Judges what holds for every Rust file, tests and other crates included.
pub fn judge_size(file: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut report = |rule, line, what: String| found.push(Violation { rule, file: file.to_owned(), line, what });
    let lines = text.lines().count();
    if lines > MOST_LINES {
        report("size", lines, format!("{lines} lines: split it (at most {MOST_LINES})"));
    }
    if !text.starts_with("//! ") {
        report("note", 1, "does not open with a `//!` note of what it owns".to_owned());
    }
    found
}

/// Judges a test file: time is moved, never waited for.
pub fn judge_waiting(file: &str, text: &str) -> Vec<Violation> {
    let named = paths::read(text).named;
    let waits = named.iter().filter(|named| named.path.last().is_some_and(|last| last == "sleep" || last == "sleep_until"));
    waits
        .map(|named| Violation {
            rule: "sleep",
            file: file.to_owned(),
            line: named.line,
            what: format!("{}: advance the clock, or wait for the event itself", named.path.join("::")),
        })
        .collect()
}

/// `src/federation/saml/gate.rs` → `[federation, saml, gate]`; `mod.rs` is its folder, `main.rs` is `[main]`, `lib.rs` is `[lib]`.
pub fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| *part != "mod").map(str::to_owned).collect()
}

/// The module inside this crate that a path leads to, or None for a path that leaves it.
fn inside(named: &Named, file: &str, here: &[String]) -> Option<Vec<String>> {
    let rest = named.path[1..].to_vec();
    match named.path[0].as_str() {
        "crate" => Some(rest),
        "fedgate" if file == "src/main.rs" => Some(rest),
        "self" => Some([here, &rest].concat()),
        // From a folder's file, `super` is the folder; from its `mod.rs`, the folder above.
        "super" => Some([&here[..here.len().saturating_sub(1)], &rest].concat()),
        _ => None,
    }
}

fn forbidden_import(here: &[String], target: &[String]) -> Option<String> {
    let from = here.first()?.as_str();
    let to = target.first()?.as_str();
    if from == to || from == "lib" {
        return None;
    }
    let (Some(from_floor), Some(to_floor)) = (floor(from), floor(to)) else {
        let unknown = if floor(from).is_none() { from } else { to };
        return Some(format!("`{unknown}` stands on no floor: give it its place in this file"));
    };
    let both = |rooms: &[&str]| rooms.contains(&from) && rooms.contains(&to);
    let reason = match (from, to) {
        ("config" | "outbound" | "model", "base") | ("main", "commands") | ("keys", "store") => return None,
        ("config", _) => "`config` imports only `base`",
        (_, "config") if !matches!(from, "app" | "commands") => "only `app` and `commands` import `config`",
        ("main", _) => "`main` hands over to `commands`",
        (_, "http") if !FACES.contains(&from) && from != "app" => "only faces and `app` import `http`",
        ("outbound" | "model", _) => "it stands on `base` alone",
        ("http", "cache") if here.get(1).is_some_and(|file| file == "limits") => return None,
        _ if both(&PORTS) => "ports do not know each other",
        _ if both(&FACES) => "faces meet only in capabilities",
        _ if to_floor > from_floor => "it stands on a higher floor",
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Where a room stands. Rooms of equal height do not import each other, with the exceptions that `forbidden_import` names.
fn floor(room: &str) -> Option<usize> {
    let capability = CAPABILITIES.iter().position(|name| *name == room);
    match room {
        "base" => Some(0),
        "outbound" | "model" => Some(1),
        "config" => Some(2),
        _ if PORTS.contains(&room) => Some(3),
        "context" => Some(4),
        _ if capability.is_some() => capability.map(|place| 5 + place),
        _ if FACES.contains(&room) => Some(20),
        "app" => Some(21),
        "commands" => Some(22),
        "main" | "lib" => Some(23),
        _ => None,
    }
}

fn sibling_in_table(here: &[String], target: &[String]) -> Option<String> {
    let (file, folder) = here.split_last()?;
    let folder_name = folder.join("::");
    let pattern = folder.split_last().map(|(_, rest)| format!("{}::*", rest.join("::")));
    let (_, contract) = TABLES.iter().find(|(table, _)| *table == folder_name || Some(*table) == pattern.as_deref())?;
    // A lower-case segment that leads on is a module; anything else is something of the folder's own mod.rs.
    let sibling = target.strip_prefix(folder)?.first()?;
    let is_module = target.len() > folder.len() + 1 && sibling.starts_with(|c: char| c.is_ascii_lowercase());
    (is_module && sibling != file && sibling != contract).then(|| sibling.clone())
}

fn forbidden_dependency(here: &[String], name: &str) -> Option<&'static [&'static str]> {
    let matches = |pattern: &str| pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start));
    let (_, places) = DEPENDENCIES.iter().find(|(pattern, _)| matches(pattern))?;
    let here = here.join("::");
    let allowed = places
        .iter()
        .any(|place| here == *place || here.starts_with(&format!("{place}::")) || here.starts_with(&format!("{place}_")));
    (!allowed).then_some(places)
}
