//! `[keys]`: the life of signing keys.

use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signing {
    /// How long a rotated key is published before it signs, seconds.
    pub publish_ahead_s: i64,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Signing> {
    Some(Signing { publish_ahead_s: reader.integer("keys.publish_ahead_seconds")? })
}
