//! User pools. Owns the table `user_pools`; what a pool means is `model::user_pool`.

use crate::model::user_pool::UserPool;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// The pools.
#[derive(Debug)]
pub struct UserPools<'u>(pub(super) &'u mut UnitOfWork);

impl UserPools<'_> {
    /// Adds a pool. [`StoreError::Duplicate`] when the id is taken.
    pub async fn insert(&mut self, pool: &UserPool) -> Result<(), StoreError> {
        let sql = "INSERT INTO user_pools (id, name, declared, username_case_sensitive, document, created_ms, modified_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.0.configuring().execute(sql, &values(pool)?).await.map(drop)
    }

    /// Finds a pool by id.
    pub async fn find(&mut self, id: &str) -> Result<Option<UserPool>, StoreError> {
        let sql = "SELECT id, name, declared, username_case_sensitive, document, created_ms, modified_ms
            FROM user_pools WHERE id = $1";
        self.0.unit.fetch_one(sql, &[id.into()]).await?.as_ref().map(user_pool).transpose()
    }

    /// The declared pool of that name.
    pub async fn find_declared(&mut self, name: &str) -> Result<Option<UserPool>, StoreError> {
        let sql = "SELECT id, name, declared, username_case_sensitive, document, created_ms, modified_ms
            FROM user_pools WHERE name = $1 AND declared = $2";
        self.0.unit.fetch_one(sql, &[name.into(), true.into()]).await?.as_ref().map(user_pool).transpose()
    }

    /// Replaces a pool's row.
    pub async fn update(&mut self, pool: &UserPool) -> Result<(), StoreError> {
        let sql = "UPDATE user_pools SET name = $2, declared = $3, username_case_sensitive = $4, document = $5, created_ms = $6,
            modified_ms = $7 WHERE id = $1";
        self.0.configuring().execute(sql, &values(pool)?).await.map(drop)
    }

    /// Pools ordered by id, those after `after`, at most `limit`.
    pub async fn list(&mut self, after: Option<&str>, limit: u32) -> Result<Vec<UserPool>, StoreError> {
        let sql = "SELECT id, name, declared, username_case_sensitive, document, created_ms, modified_ms
            FROM user_pools WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.0.unit.fetch(sql, &[after.unwrap_or_default().into(), limit.into()]).await?;
        rows.iter().map(user_pool).collect()
    }
}

fn values(pool: &UserPool) -> Result<[Value<'_>; 7], StoreError> {
    Ok([
        (&pool.id).into(),
        (&pool.name).into(),
        pool.declared.into(),
        pool.username_case_sensitive.into(),
        Value::json(&pool.document)?,
        pool.created_ms.into(),
        pool.modified_ms.into(),
    ])
}

fn user_pool(row: &Row) -> Result<UserPool, StoreError> {
    Ok(UserPool {
        id: row.text("id")?,
        name: row.text("name")?,
        created_ms: row.integer("created_ms")?,
        modified_ms: row.integer("modified_ms")?,
        declared: row.flag("declared")?,
        username_case_sensitive: row.flag("username_case_sensitive")?,
        document: row.json("document")?,
    })
}
