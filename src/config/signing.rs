//! `[keys]`: the life of signing keys.

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signing {
    /// How long a rotated key is published before it signs, seconds.
    pub publish_ahead_s: i64,
}
