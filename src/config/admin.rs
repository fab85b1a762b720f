//! `[admin]` and `[[admin.keys]]`: the SigV4 identities of administrative operations.

use crate::base::secret::Secret;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The configured keys. Empty: one is generated at the first start and kept in the store.
    pub keys: Vec<AdminKey>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every operation.
    Full,
    /// Operations that change nothing.
    Read,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminKey {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Secret,
    /// What it may do.
    pub access: Access,
    /// The pools it may touch, by id; `None`: all of them.
    pub user_pools: Option<Vec<String>>,
}
