//! Typed reading of keys: the value if it fits, the default if it is absent, a line in the report if it is wrong.
//!
//! Owns what each kind of value must look like. Every reading records its mistake and goes on, so that one run reports all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use crate::base::secret::Secret;
use crate::config::keys::{KEYS, Kind};
use crate::config::report::Report;
use crate::config::tree::{self, Node, Place, Table, Value};
use crate::config::{references, source, unknown};

/// Reads keys of a tree. `None` from a method means: absent without a default, or wrong and reported.
#[derive(Debug)]
pub struct Reader<'a> {
    table: &'a Table,
    variables: &'a BTreeMap<String, String>,
    /// Directory of the file: names of files in it are relative to this.
    base: PathBuf,
    /// The mistakes so far.
    pub report: &'a mut Report,
    /// The keys that were asked for.
    pub asked: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// A reader of a tree.
    pub fn new(table: &'a Table, variables: &'a BTreeMap<String, String>, base: PathBuf, report: &'a mut Report) -> Self {
        Self { table, variables, base, report, asked: BTreeSet::new() }
    }

    /// The place of a key, if it is set.
    pub fn place(&self, path: &str) -> Option<Place> {
        tree::find(self.table, path).map(|node| node.place.clone())
    }

    /// Where each key that is set stands.
    pub fn places(&self) -> BTreeMap<String, Place> {
        KEYS.iter().filter_map(|key| Some((key.path.to_owned(), self.place(key.path)?))).collect()
    }

    /// The node of a key, as it stands.
    pub fn node(&mut self, path: &str) -> Option<&'a Node> {
        self.asked.insert(path.to_owned());
        tree::find(self.table, path)
    }

    /// Text.
    pub fn text(&mut self, path: &str) -> Option<String> {
        self.value(path, |_, node| text(node).map(str::to_owned))
    }

    /// One of the key's words.
    pub fn word(&mut self, path: &str) -> Option<String> {
        let words = match kind(path) {
            Some(Kind::Word(words)) => words,
            _ => &[],
        };
        self.value(path, |_, node| word(node, words))
    }

    /// A whole number in the key's range.
    pub fn integer(&mut self, path: &str) -> Option<i64> {
        let (least, most) = match kind(path) {
            Some(Kind::Integer(least, most)) => (least, most),
            _ => (i64::MIN, i64::MAX),
        };
        self.value(path, |_, node| match &node.value {
            Value::Integer(Some(number)) if (least..=most).contains(number) => Ok(*number),
            Value::Integer(_) => Err(format!("must be between {least} and {most}")),
            other => Err(format!("must be an integer, not {}", other.kind())),
        })
    }

    /// Yes or no.
    pub fn boolean(&mut self, path: &str) -> Option<bool> {
        self.value(path, |_, node| match &node.value {
            Value::Boolean(yes) => Ok(*yes),
            other => Err(format!("must be true or false, not {}", other.kind())),
        })
    }

    /// An origin: scheme http or https, host, port, nothing else.
    pub fn origin(&mut self, path: &str) -> Option<Url> {
        self.value(path, |_, node| origin(text(node)?))
    }

    /// An address with port.
    pub fn address(&mut self, path: &str) -> Option<SocketAddr> {
        self.value(path, |_, node| {
            text(node)?.parse().map_err(|_| "must be an address and port such as 127.0.0.1:8080 or [::1]:8080".to_owned())
        })
    }

    /// Networks.
    pub fn networks(&mut self, path: &str) -> Option<Vec<IpNet>> {
        self.list(path, |_, text| {
            let single = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
            text.parse::<IpNet>().ok().or_else(single).ok_or_else(|| "must be a network such as 10.0.0.0/8".to_owned())
        })
    }

    /// The name of a readable file.
    pub fn file(&mut self, path: &str) -> Option<PathBuf> {
        self.value(path, |reader, node| {
            let name = reader.base.join(text(node)?);
            std::fs::File::open(&name).map(|_| name.clone()).map_err(|error| format!("{}: {error}", name.display()))
        })
    }

    /// The contents of files.
    pub fn contents(&mut self, path: &str) -> Option<Vec<Vec<u8>>> {
        self.list(path, |reader, text| {
            let name = reader.base.join(text);
            std::fs::read(&name).map_err(|error| format!("{}: {error}", name.display()))
        })
    }

    /// A secret.
    pub fn secret(&mut self, path: &str) -> Option<Secret> {
        self.value(path, Self::resolve)
    }

    /// A secret or a list of them, each with its place.
    pub fn secrets(&mut self, path: &str) -> Vec<(Place, Secret)> {
        let Some(node) = self.node(path) else { return Vec::new() };
        let nodes = match &node.value {
            Value::List(nodes) => nodes.iter().collect(),
            _ => vec![node],
        };
        nodes
            .into_iter()
            .filter_map(|node| match self.resolve(node) {
                Ok(secret) => Some((node.place.clone(), secret)),
                Err(message) => {
                    self.report.add(Some(&node.place), path, message);
                    None
                }
            })
            .collect()
    }

    /// The secret that a value is or refers to.
    pub fn resolve(&self, node: &Node) -> Result<Secret, String> {
        references::secret(node, &self.base, self.variables)
    }

    /// Resolves the references in a whole tree; mistakes go into the report under their paths.
    pub fn resolve_tree(&mut self, node: &Node, path: &str) -> crate::base::declared::Declared {
        references::declared(node, path, (&self.base, self.variables), self.report)
    }

    fn list<T>(&mut self, path: &str, parse: impl Fn(&Self, &str) -> Result<T, String>) -> Option<Vec<T>> {
        let node = self.set_or_default(path)?;
        let Value::List(nodes) = &node.value else {
            self.report.add(Some(&node.place), path, format!("must be a list, not {}", node.value.kind()));
            return None;
        };
        let before = self.report.faults.len();
        let mut items = Vec::new();
        for node in nodes {
            match text(node).and_then(|text| parse(self, text)) {
                Ok(item) => items.push(item),
                Err(message) => self.report.add(Some(&node.place), path, message),
            }
        }
        (self.report.faults.len() == before).then_some(items)
    }

    fn value<T>(&mut self, path: &str, parse: impl FnOnce(&Self, &Node) -> Result<T, String>) -> Option<T> {
        let node = self.set_or_default(path)?;
        match parse(self, &node) {
            Ok(value) => Some(value),
            Err(message) => {
                self.report.add(Some(&node.place), path, message);
                None
            }
        }
    }

    fn set_or_default(&mut self, path: &str) -> Option<Node> {
        if let Some(node) = self.node(path) {
            return Some(node.clone());
        }
        let default = KEYS.iter().find(|key| key.path == path)?.default?;
        source::parse_value(default, &Place::Line(0))
    }
}

fn kind(path: &str) -> Option<Kind> {
    KEYS.iter().find(|key| key.path == path).map(|key| key.kind)
}

/// The text of a value.
pub fn text(node: &Node) -> Result<&str, String> {
    match &node.value {
        Value::Text(text) if text.is_empty() => Err("must not be empty".to_owned()),
        Value::Text(text) => Ok(text),
        other => Err(format!("must be text, not {}", other.kind())),
    }
}

/// One of some words.
pub fn word(node: &Node, words: &[&str]) -> Result<String, String> {
    let text = text(node)?;
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let nearest =
        unknown::nearest(text, words.iter().copied()).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
    Err(format!("must be one of {}{nearest}", words.join(", ")))
}

fn origin(text: &str) -> Result<Url, String> {
    let form = || "must be an origin such as https://id.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(form());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must be scheme, host and port only, without path or query".to_owned());
    }
    Ok(url)
}
