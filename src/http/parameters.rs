//! Query strings and form bodies, each parameter once (RFC 6749 section 3.1; O-27, A-29).
//!
//! Owns decoding and the refusal of repeated, malformed and oversized parameters; which ones mean something is each endpoint's.

use std::collections::BTreeMap;

use thiserror::Error;

/// Why parameters were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParameterFault {
    /// The parameter stands more than once.
    #[error("parameter {0} is repeated")]
    Repeated(String),
    /// Not UTF-8, a broken escape, a NUL or other control character.
    #[error("a parameter is malformed")]
    Malformed,
    /// A value or the number of parameters is over its bound.
    #[error("a parameter is too long")]
    TooLong,
}

/// Parameters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` text: at most 64 parameters; values at most `max_value` bytes.
    pub fn parse(text: &str, max_value: usize) -> Result<Self, ParameterFault> {
        let _ = (text, max_value);
        todo!()
    }

    /// A parameter, when present and not empty (RFC 6749: an empty value counts as absent).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All parameters.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}
