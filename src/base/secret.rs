//! A text that never shows itself (L-06): not in Debug, not in logs, wiped on drop.
//!
//! Owns redaction only; sealing at rest is `keys::seal`.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A secret text. `Debug` prints a placeholder; [`Secret::reveal`] is the one way to read it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The text itself; keep it out of logs, errors and URLs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
