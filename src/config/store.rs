//! `[store]`: the database.

use crate::base::secret::Secret;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// `sqlite://path` or `postgres://…`; a secret, since it may hold a password.
    pub url: Secret,
    /// Whether `serve` brings the schema up to date.
    pub migrate: bool,
}
