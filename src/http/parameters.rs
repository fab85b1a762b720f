//! Query strings and form bodies, each parameter once (RFC 6749 section 3.1; O-27, A-29).
//!
//! Owns decoding and the refusal of repeated, malformed and oversized parameters; which ones mean something is each endpoint's.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use thiserror::Error;

/// Most parameters of one request.
const MOST: usize = 64;

/// Longest name of a parameter, bytes.
const LONGEST_NAME: usize = 128;

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
        let mut found = BTreeMap::new();
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let name = decoded(name, LONGEST_NAME)?;
            let value = decoded(value, max_value)?;
            if found.len() == MOST {
                return Err(ParameterFault::TooLong);
            }
            match found.entry(name) {
                Entry::Vacant(place) => place.insert(value),
                Entry::Occupied(place) => return Err(ParameterFault::Repeated(place.key().clone())),
            };
        }
        Ok(Self(found))
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

fn decoded(text: &str, limit: usize) -> Result<String, ParameterFault> {
    let mut bytes = Vec::with_capacity(text.len().min(limit));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next())? << 4 | hex(rest.next())?,
            other => other,
        });
        if bytes.len() > limit {
            return Err(ParameterFault::TooLong);
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_| ParameterFault::Malformed)?;
    if decoded.chars().any(char::is_control) { Err(ParameterFault::Malformed) } else { Ok(decoded) }
}

fn hex(digit: Option<u8>) -> Result<u8, ParameterFault> {
    let value = digit.and_then(|digit| char::from(digit).to_digit(16)).ok_or(ParameterFault::Malformed)?;
    u8::try_from(value).map_err(|_| ParameterFault::Malformed)
}
