//! The durable store: users, providers, grants, keys, and the rows that decide one-time use.
//!
//! Owns the unit of work and one repository per aggregate (a file each). The SQL is one text for both databases; what differs
//! is in `sql/dialect.rs`, `sqlite.rs` and `postgres.rs`. Does not own what may be lost: that is `cache`.

pub mod app_clients;
pub mod consumed;
pub mod domains;
pub mod grants;
pub mod identity_providers;
pub mod meta;
pub mod signing_keys;
pub mod user_pools;
pub mod users;

use thiserror::Error;

use crate::model::failure::Failure;

/// Why the store could not do its work.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A unique column holds that value already.
    #[error("a row with that key exists")]
    Duplicate,
    /// The database cannot be reached or did not answer in time.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else: a broken row, a bug.
    #[error("the database refused the work")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable("the store"),
            StoreError::Duplicate | StoreError::Broken(_) => Self::internal(error),
        }
    }
}

/// A handle on the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {}

impl Store {
    /// Connects to `sqlite://…` or `postgres://…`.
    pub async fn connect(_url: &str) -> Result<Self, StoreError> {
        todo!()
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Opens a unit of work that may write. Dropped without [`UnitOfWork::commit`], nothing of it stays.
    pub async fn begin(&self) -> Result<UnitOfWork, StoreError> {
        todo!()
    }

    /// Opens a unit of work that only reads; it never waits for writers.
    pub async fn read(&self) -> Result<UnitOfWork, StoreError> {
        todo!()
    }
}

/// A transaction. Hands out one repository per aggregate.
#[derive(Debug)]
pub struct UnitOfWork {}

impl UnitOfWork {
    /// Makes everything of this unit durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        todo!()
    }
    /// User pools.
    pub fn user_pools(&mut self) -> user_pools::UserPools<'_> {
        user_pools::UserPools(self)
    }
    /// App clients.
    pub fn app_clients(&mut self) -> app_clients::AppClients<'_> {
        app_clients::AppClients(self)
    }
    /// Users and their external identities.
    pub fn users(&mut self) -> users::Users<'_> {
        users::Users(self)
    }
    /// Identity providers.
    pub fn identity_providers(&mut self) -> identity_providers::IdentityProviders<'_> {
        identity_providers::IdentityProviders(self)
    }
    /// Domains.
    pub fn domains(&mut self) -> domains::Domains<'_> {
        domains::Domains(self)
    }
    /// Grants.
    pub fn grants(&mut self) -> grants::Grants<'_> {
        grants::Grants(self)
    }
    /// One-time identifiers.
    pub fn consumed(&mut self) -> consumed::Consumed<'_> {
        consumed::Consumed(self)
    }
    /// Signing keys.
    pub fn signing_keys(&mut self) -> signing_keys::SigningKeys<'_> {
        signing_keys::SigningKeys(self)
    }
    /// Facts about the installation.
    pub fn meta(&mut self) -> meta::Meta<'_> {
        meta::Meta(self)
    }
}
