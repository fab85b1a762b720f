//! A declared tree: what the configuration file says about one user pool, with the line of every key.
//!
//! Owns the carrier between `config`, which reads files but knows no Cognito, and the room that does and reports faults by path. Secrets
//! that stood as `{ file = … }` or `{ env = … }` are already in place, so the value must not be logged.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// One entry of `[[user_pools]]`.
#[derive(Clone, Default, PartialEq)]
pub struct Declared {
    /// Where the entry stands: `user_pools[0]`.
    pub path: String,
    /// The entry: Cognito's request members in snake_case.
    pub value: Value,
    /// Path (`user_pools[0].app_clients[1].callback_urls`) → line of its key, from 1.
    pub lines: BTreeMap<String, usize>,
}

impl Declared {
    /// Whether a path lies in this entry.
    pub fn owns(&self, path: &str) -> bool {
        path.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// The line of a path, or of the nearest thing around it that has one.
    pub fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared").field("path", &self.path).finish_non_exhaustive()
    }
}
