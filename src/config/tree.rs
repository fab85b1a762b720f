//! Values with their places: what the file and the environment say, before anyone asks what it means.
//!
//! Owns the tree and where each value stands; parsing is `source` (TOML) and `environment`.

use std::collections::BTreeMap;
use std::fmt;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file, from 1.
    Line(usize),
    /// A variable of the environment.
    Variable(String),
}

/// A table of values.
pub type Table = BTreeMap<String, Node>;

/// A value and its place: the line of its key, or of the element of a list.
#[derive(Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// A value.
#[derive(Clone)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number; `None` when it does not fit 64 bits.
    Integer(Option<i64>),
    /// Any other number, as written.
    Float(String),
    /// Yes or no.
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Value {
    /// What it is, for error texts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

// Any text in the tree may be a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:?}", self.value.kind(), self.place)
    }
}

/// Finds a value by its dotted path.
pub fn find<'t>(table: &'t Table, path: &str) -> Option<&'t Node> {
    match path.split_once('.') {
        None => table.get(path),
        Some((first, rest)) => match &table.get(first)?.value {
            Value::Table(inner) => find(inner, rest),
            _ => None,
        },
    }
}

/// Puts a value at a dotted path, over what stood there. Something else than a table on the way stays, and is reported as such later.
pub fn put(table: &mut Table, path: &str, node: Node) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), node);
        }
        Some((first, rest)) => {
            let place = node.place.clone();
            let inner = table.entry(first.to_owned()).or_insert_with(|| Node { value: Value::Table(Table::new()), place });
            if let Value::Table(inner) = &mut inner.value {
                put(inner, rest, node);
            }
        }
    }
}
