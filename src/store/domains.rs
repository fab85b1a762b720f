//! Domains. Owns the table `domains`; a name is unique over all pools.

use crate::model::domain::Domain;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// The domains.
#[derive(Debug)]
pub struct Domains<'u>(pub(super) &'u mut UnitOfWork);

impl Domains<'_> {
    /// Adds a domain. [`StoreError::Duplicate`] when the name is taken.
    pub async fn insert(&mut self, domain: &Domain) -> Result<(), StoreError> {
        let sql = "INSERT INTO domains (name, pool_id, custom, document, created_ms) VALUES ($1, $2, $3, $4, $5)";
        let values = [
            (&domain.name).into(),
            (&domain.pool_id).into(),
            domain.custom.into(),
            Value::json(&domain.document)?,
            domain.created_ms.into(),
        ];
        self.0.configuring().execute(sql, &values).await.map(drop)
    }

    /// Finds a domain by name.
    pub async fn find(&mut self, name: &str) -> Result<Option<Domain>, StoreError> {
        let sql = "SELECT name, pool_id, custom, document, created_ms FROM domains WHERE name = $1";
        self.0.unit.fetch_one(sql, &[name.into()]).await?.as_ref().map(domain).transpose()
    }

    /// The domains of a pool, prefix before custom.
    pub async fn for_pool(&mut self, pool_id: &str) -> Result<Vec<Domain>, StoreError> {
        let sql = "SELECT name, pool_id, custom, document, created_ms FROM domains WHERE pool_id = $1 ORDER BY custom, name";
        self.0.unit.fetch(sql, &[pool_id.into()]).await?.iter().map(domain).collect()
    }
}

fn domain(row: &Row) -> Result<Domain, StoreError> {
    Ok(Domain {
        name: row.text("name")?,
        pool_id: row.text("pool_id")?,
        custom: row.flag("custom")?,
        document: row.json("document")?,
        created_ms: row.integer("created_ms")?,
    })
}
