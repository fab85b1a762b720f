//! `[admin]` and `[[admin.keys]]`: the SigV4 identities of administrative operations.

use crate::base::secret::Secret;
use crate::config::keys::{ADMIN_KEYS, Kind};
use crate::config::reader::{self, Reader};
use crate::config::tree::{Node, Place, Table, Value};

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The configured keys. Empty: one is generated at the first start and kept in the store.
    pub keys: Vec<AdminKey>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every operation.
    Full,
    /// Operations that change nothing.
    Read,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminKey {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Secret,
    /// What it may do.
    pub access: Access,
    /// The pools it may touch, by id; `None`: all of them.
    pub user_pools: Option<Vec<String>>,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Admin> {
    let mut keys = Vec::new();
    let places = (reader.place("admin.access_key_id"), reader.place("admin.secret_access_key"));
    match &places {
        (Some(place), None) => reader.report.add(Some(place), "admin.access_key_id", "needs admin.secret_access_key beside it"),
        (None, Some(place)) => reader.report.add(Some(place), "admin.secret_access_key", "needs admin.access_key_id beside it"),
        _ => {}
    }
    let id = reader.text("admin.access_key_id");
    let secret = reader.secret("admin.secret_access_key");
    if let (Some(id), Some(secret)) = (id, secret) {
        check_id(reader, &id, places.0.as_ref(), "admin.access_key_id");
        keys.push(AdminKey { access_key_id: id, secret_access_key: secret, access: Access::Full, user_pools: None });
    }
    if let Some(node) = reader.node("admin.keys") {
        let Value::List(entries) = &node.value else {
            reader.report.add(Some(&node.place), "admin.keys", "must be [[admin.keys]], a list of tables");
            return None;
        };
        for (index, entry) in entries.iter().enumerate() {
            keys.extend(entry_of(reader, entry, &format!("admin.keys[{index}]")));
        }
    }
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].iter().any(|other| other.access_key_id == key.access_key_id) {
            reader.report.add(reader.place("admin.keys").as_ref(), "admin.keys", "two keys have the same access_key_id");
        }
    }
    Some(Admin { keys })
}

fn entry_of(reader: &mut Reader<'_>, entry: &Node, path: &str) -> Option<AdminKey> {
    let Value::Table(members) = &entry.value else {
        reader.report.add(Some(&entry.place), path, format!("must be a table, not {}", entry.value.kind()));
        return None;
    };
    let id = member(reader, (entry, members), path, "access_key_id", |_, node| reader::text(node).map(str::to_owned));
    let secret = member(reader, (entry, members), path, "secret_access_key", secret);
    if let Some(id) = &id {
        check_id(reader, id, members.get("access_key_id").map(|node| &node.place), &format!("{path}.access_key_id"));
    }
    let access = match members.get("access") {
        None => Some(Access::Full),
        Some(_) => member(reader, (entry, members), path, "access", |_, node| {
            reader::word(node, access_words()).map(|word| if word == "read" { Access::Read } else { Access::Full })
        }),
    };
    let user_pools = match members.get("user_pools") {
        None => Some(None),
        Some(_) => member(reader, (entry, members), path, "user_pools", |_, node| pools(node)).map(Some),
    };
    Some(AdminKey { access_key_id: id?, secret_access_key: secret?, access: access?, user_pools: user_pools? })
}

fn member<T>(
    reader: &mut Reader<'_>,
    (entry, members): (&Node, &Table),
    path: &str,
    name: &str,
    parse: impl FnOnce(&Reader<'_>, &Node) -> Result<T, String>,
) -> Option<T> {
    let (place, parsed) = match members.get(name) {
        Some(node) => (&node.place, parse(reader, node)),
        None => (&entry.place, Err("is required".to_owned())),
    };
    parsed.map_err(|message| reader.report.add(Some(place), &format!("{path}.{name}"), message)).ok()
}

fn secret(reader: &Reader<'_>, node: &Node) -> Result<Secret, String> {
    reader.resolve(node)
}

fn pools(node: &Node) -> Result<Vec<String>, String> {
    match &node.value {
        Value::List(nodes) => nodes.iter().map(|node| reader::text(node).map(str::to_owned)).collect(),
        other => Err(format!("must be a list of pool ids, not {}", other.kind())),
    }
}

fn access_words() -> &'static [&'static str] {
    match ADMIN_KEYS.iter().find(|key| key.path == "access").map(|key| key.kind) {
        Some(Kind::Word(words)) => words,
        _ => &[],
    }
}

/// The form of an access key id: it stands in a SigV4 credential, between slashes.
fn check_id(reader: &mut Reader<'_>, id: &str, place: Option<&Place>, path: &str) {
    if !(3..=128).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        reader.report.add(place, path, "must be 3 to 128 letters, digits, _ or -");
    }
}
