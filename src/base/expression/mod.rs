//! A small language for mapping claims: an expression in, one value out. Its syntax and meaning are those of CEL, the Common Expression
//! Language, as far as it goes; ADR 0008 says what of CEL is left out and why no CEL library is used.
//!
//! Owns the limits: length and depth when an expression is read ([`Program::compile`]), steps and text when it runs ([`Meter`]). It does no I/O,
//! reads no clock, has no loop but over lists that exist, and never panics. `read` makes the tree, `run` walks it, `functions` are what it
//! may call, `value` what it works on. Which attribute a result fills is `federation::attribute_mapping`'s.

mod functions;
mod pattern;
mod read;
mod run;
mod token;
mod tree;
mod value;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use thiserror::Error;

/// Longest expression, bytes.
pub const MAX_LENGTH: usize = 1_024;
/// Deepest nesting of an expression's tree.
pub const MAX_DEPTH: usize = 40;
/// Longest list that is gone through.
pub const MAX_ITEMS: usize = 1_000;
/// Longest text that is made, bytes.
pub const MAX_TEXT: usize = 16_384;
/// Longest text that a pattern is held against, bytes.
pub const MAX_SEARCHED: usize = 2_048;
/// Steps that all expressions of one sign-in may take: some 3 ms, and 8 ms if all of them go into the worst of patterns.
pub const MAX_STEPS: u32 = 60_000;
/// Compiled programs kept in memory.
const KEPT: usize = 512;

/// A mistake in an expression's text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} at character {position}")]
pub struct Mistake {
    /// Where, in characters from 1.
    pub position: usize,
    /// What is wrong there. Of the text it repeats at most one name.
    pub what: String,
}

/// Why an expression gave no value for these claims.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A claim or key that is read is not there: its name as the expression writes it, empty where it is computed.
    #[error("a claim is missing")]
    Missing(String),
    /// A value has another type than the expression needs.
    #[error("a value has the wrong type")]
    Type,
    /// A number left its range, or was divided by zero; or a place is outside a list.
    #[error("a number is out of range")]
    Range,
    /// A list or text is longer than the limits allow.
    #[error("a value is too long")]
    TooLong,
    /// The steps are used up.
    #[error("the expression is too costly")]
    TooCostly,
}

/// The steps that are left; several runs may share one.
#[derive(Debug)]
pub struct Meter(Cell<u32>);

impl Default for Meter {
    fn default() -> Self {
        Self(Cell::new(MAX_STEPS))
    }
}

impl Meter {
    fn spend(&self, steps: usize) -> Result<(), Fault> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.get().checked_sub(steps));
        self.0.set(left.unwrap_or(0));
        left.map(drop).ok_or(Fault::TooCostly)
    }

    /// The price of going through so many bytes.
    fn spend_bytes(&self, bytes: usize) -> Result<(), Fault> {
        self.spend(1 + bytes / 32)
    }

    /// Steps left.
    pub fn left(&self) -> u32 {
        self.0.get()
    }
}

/// What an expression sees, by the names that it uses.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'e> {
    /// `claims`: what the provider said.
    pub claims: &'e BTreeMap<String, Json>,
    /// `identity`: the same in one schema for all providers.
    pub identity: &'e BTreeMap<String, Json>,
}

/// An expression that was read without a mistake.
#[derive(Debug)]
pub struct Program {
    root: tree::Node,
}

impl Program {
    /// Reads an expression.
    pub fn compile(text: &str) -> Result<Self, Mistake> {
        if text.len() > MAX_LENGTH {
            return Err(Mistake { position: 1, what: format!("an expression has at most {MAX_LENGTH} bytes; this one is longer") });
        }
        Ok(Self { root: read::program(text)? })
    }

    /// The same, remembered by text: reading costs more than running.
    pub fn cached(text: &str) -> Result<Arc<Self>, Mistake> {
        static PROGRAMS: Mutex<BTreeMap<String, Arc<Program>>> = Mutex::new(BTreeMap::new());
        let known = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(program) = known {
            return Ok(program);
        }
        let program = Arc::new(Self::compile(text)?);
        let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        if programs.len() >= KEPT {
            programs.clear();
        }
        programs.insert(text.to_owned(), Arc::clone(&program));
        Ok(program)
    }

    /// Runs it. A result without a JSON form cannot be: numbers that JSON has no word for become null.
    pub fn run(&self, facts: Facts<'_>, meter: &Meter) -> Result<Json, Fault> {
        run::Run { facts, meter }.value(&self.root, None)?.into_json(meter)
    }

    /// The claims that it names literally (`claims.x`, `claims["x"]`).
    pub fn claims(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| found.extend(node.claim()));
        found
    }
}
