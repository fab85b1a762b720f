//! The durable store: users, providers, grants, keys, and the rows that decide one-time use.
//!
//! Owns the unit of work and one repository per aggregate (a file each). The SQL is one text for both databases; what differs
//! is in `sql/dialect.rs`, `sqlite.rs` and `postgres.rs`. Does not own what may be lost: that is `cache`.

pub mod app_clients;
pub mod consumed;
pub mod domains;
pub mod grants;
pub mod held;
pub mod identity_links;
pub mod identity_providers;
pub mod meta;
mod postgres;
pub mod provider_documents;
pub mod provider_sessions;
pub mod saml_keys;
pub mod signing_keys;
mod sql;
mod sqlite;
pub mod user_pools;
pub mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use crate::model::failure::Failure;
use crate::store::sql::dialect::Connection;
use crate::store::sql::migrations;
use crate::store::sql::unit_of_work::Unit;

/// Why the store could not do its work.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A unique column holds that value already.
    #[error("a row with that key exists")]
    Duplicate,
    /// The database cannot be reached or did not answer in time.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The URL names no database that we know, or the database's schema is newer than this program. The text is for the operator.
    #[error("{0}")]
    Schema(String),
    /// Anything else: a broken row, a bug.
    #[error("the database refused the work")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Wraps what cannot be helped.
    pub(crate) fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Broken(source.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable("the store"),
            StoreError::Duplicate | StoreError::Schema(_) | StoreError::Broken(_) => Self::internal(error),
        }
    }
}

#[derive(Debug)]
enum Database {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// A handle on the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    database: Arc<Database>,
    /// Counts this process's changes of configuration rows ([`held`]).
    configured: Arc<AtomicU64>,
}

impl Store {
    /// Connects to `sqlite://PATH`, `sqlite::memory:` (a database that vanishes with the last handle) or `postgres://…`.
    /// Waits 2 s at most.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let database = if url.starts_with("sqlite:") {
            Database::Sqlite(sqlite::connect(url).await?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Database::Postgres(postgres::connect(url).await?)
        } else {
            return Err(StoreError::Schema("the store's URL must begin with sqlite:// or postgres://".to_owned()));
        };
        Ok(Self { database: Arc::new(database), configured: Arc::default() })
    }

    /// Brings the schema up to date. Several replicas may do so at once. A database with a newer schema than this program knows is
    /// refused ([`StoreError::Schema`]).
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrations::migrate(self.unit().await?, self.is_postgres()).await
    }

    /// The version of the database's schema; 0 when it was never migrated.
    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        migrations::version(Unit::reading(self.reader().await?), self.is_postgres()).await
    }

    /// The names of the migrations that the database lacks, oldest first. Refuses a newer database, as [`Store::migrate`] does.
    pub async fn pending_migrations(&self) -> Result<Vec<&'static str>, StoreError> {
        migrations::pending_names(self.schema_version().await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Unit::reading(self.reader().await?).fetch("SELECT 1 AS one", &[]).await.map(drop)
    }

    /// Opens a unit of work that may write. Dropped without [`UnitOfWork::commit`], nothing of it stays. With SQLite there is one
    /// at a time: do not open a second one while holding the first.
    pub async fn begin(&self) -> Result<UnitOfWork, StoreError> {
        Ok(self.work(self.unit().await?))
    }

    /// Opens a unit of work that only reads; it never waits for writers. Each statement sees the newest committed state.
    pub async fn read(&self) -> Result<UnitOfWork, StoreError> {
        Ok(self.work(Unit::reading(self.reader().await?)))
    }

    /// How often this process changed configuration rows.
    fn configured(&self) -> u64 {
        self.configured.load(Ordering::Acquire)
    }

    fn work(&self, unit: Unit) -> UnitOfWork {
        UnitOfWork { unit, configures: false, configured: Arc::clone(&self.configured) }
    }

    fn is_postgres(&self) -> bool {
        matches!(*self.database, Database::Postgres(_))
    }

    async fn unit(&self) -> Result<Unit, StoreError> {
        match Unit::writing(self.writer().await?).await {
            // The connection may have died while it rested; once more with another one.
            Err(StoreError::Unavailable(_)) if self.is_postgres() => Unit::writing(self.writer().await?).await,
            begun => begun,
        }
    }

    async fn writer(&self) -> Result<Connection, StoreError> {
        match &*self.database {
            Database::Sqlite(pools) => pools.writer().await,
            Database::Postgres(pool) => pool.connection().await,
        }
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        match &*self.database {
            Database::Sqlite(pools) => pools.reader().await,
            Database::Postgres(pool) => pool.connection().await,
        }
    }
}

/// A transaction. Hands out one repository per aggregate. After any error nothing more can be done with it: drop it, and open
/// another one if the work is worth a second attempt.
#[derive(Debug)]
pub struct UnitOfWork {
    unit: Unit,
    /// Whether it changes rows that replicas hold in memory.
    configures: bool,
    configured: Arc<AtomicU64>,
}

impl UnitOfWork {
    /// Makes everything of this unit durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.configures {
            return self.unit.commit().await;
        }
        self.meta().count_up(held::CONFIGURED).await?;
        let outcome = self.unit.commit().await;
        // Also after an error: the commit may have happened.
        self.configured.fetch_add(1, Ordering::Release);
        outcome
    }

    /// The unit, for a change of rows that replicas hold in memory ([`held`]).
    fn configuring(&mut self) -> &mut Unit {
        self.configures = true;
        &mut self.unit
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
    /// Links that no sign-in has used yet, and the ends of used ones.
    pub fn identity_links(&mut self) -> identity_links::IdentityLinks<'_> {
        identity_links::IdentityLinks(self)
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
    /// Browser sessions that came from a provider's session.
    pub fn provider_sessions(&mut self) -> provider_sessions::ProviderSessions<'_> {
        provider_sessions::ProviderSessions(self)
    }
    /// Our SAML keys.
    pub fn saml_keys(&mut self) -> saml_keys::SamlKeys<'_> {
        saml_keys::SamlKeys(self)
    }
    /// Signing keys.
    pub fn signing_keys(&mut self) -> signing_keys::SigningKeys<'_> {
        signing_keys::SigningKeys(self)
    }
    /// The last good documents of providers.
    pub fn provider_documents(&mut self) -> provider_documents::ProviderDocuments<'_> {
        provider_documents::ProviderDocuments(self)
    }
    /// Facts about the installation.
    pub fn meta(&mut self) -> meta::Meta<'_> {
        meta::Meta(self)
    }
}
