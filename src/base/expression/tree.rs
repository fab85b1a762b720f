//! The tree of an expression.
//!
//! Owns its nodes and their depth; whether a tree makes sense is decided where it is made (`read`).

use crate::base::expression::functions::Function;
use crate::base::expression::pattern::Pattern;

/// A part of an expression.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Levels below and with it.
    pub depth: usize,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(String),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{a: b}`, keys and values in turn.
    Map(Vec<Node>),
    /// `claims`, `identity` or the variable of a macro.
    Name(String),
    /// `a.b`.
    Select(Box<Node>, String),
    /// `has(a.b)`.
    Has(Box<Node>, String),
    /// `a[b]`.
    Index(Box<[Node; 2]>),
    /// `!a`.
    Not(Box<Node>),
    /// `-a`.
    Negate(Box<Node>),
    /// `a + b` and its like.
    Binary(&'static str, Box<[Node; 2]>),
    /// `a ? b : c`.
    Choice(Box<[Node; 3]>),
    /// `a.f(b)` or `f(a, b)`.
    Call(Function, Vec<Node>),
    /// `a.matches(r'...')`.
    Matches(Box<Node>, Pattern),
    /// `a.extract(r'...')`.
    Extract(Box<Node>, Pattern),
    /// `a.map(x, ...)` and its like: the list, then the filter if there is one, then the body.
    Each(Each, String, Vec<Node>),
}

/// The macros over lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// True for all items.
    All,
    /// True for an item.
    Exists,
    /// The items for which it is true.
    Filter,
    /// What becomes of each item.
    Map,
}

impl Node {
    /// A node over its children.
    pub fn new(kind: Kind) -> Self {
        let mut depth = 0;
        for child in kind.children() {
            depth = depth.max(child.depth);
        }
        Self { depth: depth + 1, kind }
    }

    /// Shows every node.
    pub fn visit<'n>(&'n self, seen: &mut impl FnMut(&'n Node)) {
        seen(self);
        for child in self.kind.children() {
            child.visit(seen);
        }
    }

    /// The claim that this node names literally.
    pub fn claim(&self) -> Option<&str> {
        let of_claims = |node: &Node| matches!(&node.kind, Kind::Name(name) if name == "claims");
        match &self.kind {
            Kind::Select(from, name) | Kind::Has(from, name) if of_claims(from) => Some(name),
            Kind::Index(pair) => match &**pair {
                [from, Node { kind: Kind::Text(name), .. }] if of_claims(from) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Kind {
    fn children(&self) -> &[Node] {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Text(_) | Self::Name(_) => &[],
            Self::List(nodes) | Self::Map(nodes) | Self::Call(_, nodes) | Self::Each(_, _, nodes) => nodes,
            Self::Index(nodes) | Self::Binary(_, nodes) => nodes.as_slice(),
            Self::Choice(nodes) => nodes.as_slice(),
            Self::Select(node, _)
            | Self::Has(node, _)
            | Self::Not(node)
            | Self::Negate(node)
            | Self::Matches(node, _)
            | Self::Extract(node, _) => std::slice::from_ref(node.as_ref()),
        }
    }
}
