//! `[cache]`: the shared cache.

use crate::base::secret::Secret;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// `memory:`, `redis://…` or `rediss://…`; a secret, since it may hold a password.
    pub url: Secret,
}
