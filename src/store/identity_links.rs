//! Links by an attribute of a provider that no sign-in has used yet, and when what a provider proved of a user ended.
//!
//! Owns the tables `identity_links` and `identity_ends`. A link is taken by a delete that counts: of any number of takers one gets it.
//! Used links are rows of `user_identities` (`users`); both die with their user.

use crate::store::sql::dialect::Row;
use crate::store::{StoreError, UnitOfWork};

/// A link that waits for its first sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingLink {
    /// The provider's name in the pool.
    pub provider: String,
    /// The claim or attribute that it waits for, or `Cognito_Subject`.
    pub attribute: String,
    /// Its value, octet for octet.
    pub value: String,
    /// The user who gets the identity.
    pub sub: String,
    /// When it was made, ms.
    pub created_ms: i64,
}

/// The links.
#[derive(Debug)]
pub struct IdentityLinks<'u>(pub(super) &'u mut UnitOfWork);

impl IdentityLinks<'_> {
    /// Adds a link. [`StoreError::Duplicate`] when that attribute value of the provider waits for somebody already.
    pub async fn insert(&mut self, pool_id: &str, link: &PendingLink) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO identity_links (pool_id, provider, attribute, value, sub, created_ms) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = [
            pool_id.into(),
            (&link.provider).into(),
            (&link.attribute).into(),
            (&link.value).into(),
            (&link.sub).into(),
            link.created_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Finds the link of an attribute value.
    pub async fn find(
        &mut self,
        pool_id: &str,
        provider: &str,
        attribute: &str,
        value: &str,
    ) -> Result<Option<PendingLink>, StoreError> {
        let sql = "SELECT provider, attribute, value, sub, created_ms FROM identity_links
            WHERE pool_id = $1 AND provider = $2 AND attribute = $3 AND value = $4";
        let values = [pool_id.into(), provider.into(), attribute.into(), value.into()];
        self.0.unit.fetch_one(sql, &values).await?.as_ref().map(link).transpose()
    }

    /// The first attribute after `after` by which links of that provider wait: one look-up each, however many links wait.
    pub async fn next_attribute(&mut self, pool_id: &str, provider: &str, after: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT attribute FROM identity_links WHERE pool_id = $1 AND provider = $2 AND attribute > $3
            ORDER BY attribute LIMIT 1";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), provider.into(), after.into()]).await?;
        row.map(|row| row.text("attribute")).transpose()
    }

    /// The links that wait for a user's identities.
    pub async fn of_user(&mut self, pool_id: &str, sub: &str) -> Result<Vec<PendingLink>, StoreError> {
        let sql = "SELECT provider, attribute, value, sub, created_ms FROM identity_links WHERE pool_id = $1 AND sub = $2
            ORDER BY created_ms, provider, attribute, value";
        self.0.unit.fetch(sql, &[pool_id.into(), sub.into()]).await?.iter().map(link).collect()
    }

    /// Takes a link away: true for exactly one of any number of takers.
    pub async fn take(&mut self, pool_id: &str, link: &PendingLink) -> Result<bool, StoreError> {
        let sql = "DELETE FROM identity_links WHERE pool_id = $1 AND provider = $2 AND attribute = $3 AND value = $4 AND sub = $5";
        let values = [pool_id.into(), (&link.provider).into(), (&link.attribute).into(), (&link.value).into(), (&link.sub).into()];
        Ok(self.0.unit.execute(sql, &values).await? == 1)
    }

    /// Remembers that what the provider proved of the user until now counts no more; an earlier mark moves forward.
    pub async fn end(&mut self, pool_id: &str, sub: &str, provider: &str, now_ms: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO identity_ends (pool_id, sub, provider, ended_ms) VALUES ($1, $2, $3, $4)
            ON CONFLICT (pool_id, sub, provider) DO UPDATE SET ended_ms = excluded.ended_ms
            WHERE identity_ends.ended_ms < excluded.ended_ms";
        self.0.unit.execute(sql, &[pool_id.into(), sub.into(), provider.into(), now_ms.into()]).await.map(drop)
    }

    /// Until when what the provider proved of the user counts no more, ms.
    pub async fn ended_ms(&mut self, pool_id: &str, sub: &str, provider: &str) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT ended_ms FROM identity_ends WHERE pool_id = $1 AND sub = $2 AND provider = $3";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), sub.into(), provider.into()]).await?;
        row.map(|row| row.integer("ended_ms")).transpose()
    }
}

fn link(row: &Row) -> Result<PendingLink, StoreError> {
    Ok(PendingLink {
        provider: row.text("provider")?,
        attribute: row.text("attribute")?,
        value: row.text("value")?,
        sub: row.text("sub")?,
        created_ms: row.integer("created_ms")?,
    })
}
