//! The last good copy of what a provider publishes (SAML metadata). Owns the table `provider_documents`: one document for each provider.
//!
//! Any replica can serve logins from it while the provider's host is down, and the replicas share its rhythm: whoever claims a
//! due document re-reads it for all. What a document means, and when it is due again, is `federation::providers::saml`'s.

use crate::model::identity_provider::ProviderKind;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// A kept document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDocument {
    /// The pool.
    pub pool_id: String,
    /// The provider's name in it.
    pub provider: String,
    /// Digest of where the document comes from and what it must be; a document of another source does not count.
    pub source: String,
    /// Digest of `body`.
    pub digest: String,
    /// The document; of an aggregate only the provider's own part.
    pub body: String,
    /// The host's `etag`, to ask with `if-none-match`.
    pub etag: Option<String>,
    /// The host's `last-modified`, to ask with `if-modified-since`.
    pub modified: Option<String>,
    /// When this content was stored, ms.
    pub fetched_ms: i64,
    /// When the host last confirmed it, ms.
    pub checked_ms: i64,
    /// When to look again, ms.
    pub due_ms: i64,
    /// When the first of its certificates expires, ms.
    pub certificate_until_ms: Option<i64>,
    /// Until when the document itself may be used, ms.
    pub valid_until_ms: Option<i64>,
}

/// What is known of a kept document without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// As [`ProviderDocument::source`].
    pub source: String,
    /// As [`ProviderDocument::digest`].
    pub digest: String,
    /// As [`ProviderDocument::etag`].
    pub etag: Option<String>,
    /// As [`ProviderDocument::modified`].
    pub modified: Option<String>,
    /// As [`ProviderDocument::checked_ms`].
    pub checked_ms: i64,
}

/// That the host confirmed a kept document.
#[derive(Clone, Debug)]
pub struct Confirmed<'c> {
    /// Which content it confirmed.
    pub digest: &'c str,
    /// As [`ProviderDocument::etag`].
    pub etag: &'c Option<String>,
    /// As [`ProviderDocument::modified`].
    pub modified: &'c Option<String>,
    /// When, ms.
    pub checked_ms: i64,
    /// When to look again, ms.
    pub due_ms: i64,
}

/// A provider whose document is due, or was never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The pool.
    pub pool_id: String,
    /// The provider.
    pub provider: String,
    /// When it was due, ms; none when there is no document yet.
    pub due_ms: Option<i64>,
}

/// The dates of a kept document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dates {
    /// The pool.
    pub pool_id: String,
    /// The provider.
    pub provider: String,
    /// As [`ProviderDocument::checked_ms`].
    pub checked_ms: i64,
    /// As [`ProviderDocument::certificate_until_ms`].
    pub certificate_until_ms: Option<i64>,
    /// As [`ProviderDocument::valid_until_ms`].
    pub valid_until_ms: Option<i64>,
}

/// The kept documents.
#[derive(Debug)]
pub struct ProviderDocuments<'u>(pub(super) &'u mut UnitOfWork);

impl ProviderDocuments<'_> {
    /// A provider's document.
    pub async fn find(&mut self, pool_id: &str, provider: &str) -> Result<Option<ProviderDocument>, StoreError> {
        let sql =
            "SELECT pool_id, provider, source, digest, body, etag, modified, fetched_ms, checked_ms, due_ms, certificate_until_ms,
            valid_until_ms FROM provider_documents WHERE pool_id = $1 AND provider = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), provider.into()]).await?;
        row.map(|row| document(&row)).transpose()
    }

    /// The same without the document itself: cheap enough to ask often.
    pub async fn head(&mut self, pool_id: &str, provider: &str) -> Result<Option<Head>, StoreError> {
        let sql = "SELECT source, digest, etag, modified, checked_ms FROM provider_documents WHERE pool_id = $1 AND provider = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), provider.into()]).await?;
        row.map(|row| {
            Ok(Head {
                source: row.text("source")?,
                digest: row.text("digest")?,
                etag: row.maybe_text("etag")?,
                modified: row.maybe_text("modified")?,
                checked_ms: row.integer("checked_ms")?,
            })
        })
        .transpose()
    }

    /// Keeps a document in the place of the provider's former one; false when one of the same source was confirmed later, or is the same.
    pub async fn put(&mut self, document: &ProviderDocument) -> Result<bool, StoreError> {
        let sql = "INSERT INTO provider_documents (pool_id, provider, source, digest, body, etag, modified, fetched_ms, checked_ms, due_ms,
            certificate_until_ms, valid_until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (pool_id, provider) DO UPDATE SET source = excluded.source, digest = excluded.digest, body = excluded.body,
            etag = excluded.etag, modified = excluded.modified, fetched_ms = excluded.fetched_ms, checked_ms = excluded.checked_ms,
            due_ms = excluded.due_ms, certificate_until_ms = excluded.certificate_until_ms, valid_until_ms = excluded.valid_until_ms
            WHERE provider_documents.source <> excluded.source
            OR (provider_documents.checked_ms <= excluded.checked_ms AND provider_documents.digest <> excluded.digest)";
        let values: [Value<'_>; 12] = [
            (&document.pool_id).into(),
            (&document.provider).into(),
            (&document.source).into(),
            (&document.digest).into(),
            (&document.body).into(),
            (&document.etag).into(),
            (&document.modified).into(),
            document.fetched_ms.into(),
            document.checked_ms.into(),
            document.due_ms.into(),
            document.certificate_until_ms.into(),
            document.valid_until_ms.into(),
        ];
        Ok(self.0.unit.execute(sql, &values).await? == 1)
    }

    /// Notes that the host confirmed this content.
    pub async fn confirm(&mut self, pool_id: &str, provider: &str, confirmed: &Confirmed<'_>) -> Result<(), StoreError> {
        let sql = "UPDATE provider_documents SET etag = $4, modified = $5, checked_ms = $6, due_ms = $7
            WHERE pool_id = $1 AND provider = $2 AND digest = $3 AND checked_ms <= $6";
        let values = [
            pool_id.into(),
            provider.into(),
            confirmed.digest.into(),
            confirmed.etag.into(),
            confirmed.modified.into(),
            confirmed.checked_ms.into(),
            confirmed.due_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Puts the next look off until `due_ms`, if it is still due when `seen_ms` says: true for exactly one of the replicas that try.
    pub async fn claim(&mut self, pool_id: &str, provider: &str, seen_ms: i64, due_ms: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE provider_documents SET due_ms = $4 WHERE pool_id = $1 AND provider = $2 AND due_ms = $3";
        let values = [pool_id.into(), provider.into(), seen_ms.into(), due_ms.into()];
        Ok(self.0.unit.execute(sql, &values).await? == 1)
    }

    /// Providers of a kind with a document by URL (`ProviderDetails` key `MetadataURL`) that is due or was never read, ordered by pool
    /// and name, those after `after`.
    pub async fn due(&mut self, kind: ProviderKind, now_ms: i64, after: (&str, &str), limit: u32) -> Result<Vec<Due>, StoreError> {
        let sql = r#"SELECT p.pool_id, p.name, d.due_ms FROM identity_providers p
            LEFT JOIN provider_documents d ON d.pool_id = p.pool_id AND d.provider = p.name
            WHERE p.kind = $1 AND (d.due_ms IS NULL OR d.due_ms <= $2) AND (p.pool_id, p.name) > ($3, $4)
            AND p.details LIKE '%"MetadataURL":%' ORDER BY p.pool_id, p.name LIMIT $5"#;
        let values = [Value::word(&kind)?, now_ms.into(), after.0.into(), after.1.into(), limit.into()];
        let rows = self.0.unit.fetch(sql, &values).await?;
        rows.iter()
            .map(|row| Ok(Due { pool_id: row.text("pool_id")?, provider: row.text("name")?, due_ms: row.maybe_integer("due_ms")? }))
            .collect()
    }

    /// The dates of all documents, ordered by pool and provider, those after `after`.
    pub async fn dates(&mut self, after: (&str, &str), limit: u32) -> Result<Vec<Dates>, StoreError> {
        let sql = "SELECT pool_id, provider, checked_ms, certificate_until_ms, valid_until_ms FROM provider_documents
            WHERE (pool_id, provider) > ($1, $2) ORDER BY pool_id, provider LIMIT $3";
        let rows = self.0.unit.fetch(sql, &[after.0.into(), after.1.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Dates {
                    pool_id: row.text("pool_id")?,
                    provider: row.text("provider")?,
                    checked_ms: row.integer("checked_ms")?,
                    certificate_until_ms: row.maybe_integer("certificate_until_ms")?,
                    valid_until_ms: row.maybe_integer("valid_until_ms")?,
                })
            })
            .collect()
    }
}

fn document(row: &Row) -> Result<ProviderDocument, StoreError> {
    Ok(ProviderDocument {
        pool_id: row.text("pool_id")?,
        provider: row.text("provider")?,
        source: row.text("source")?,
        digest: row.text("digest")?,
        body: row.text("body")?,
        etag: row.maybe_text("etag")?,
        modified: row.maybe_text("modified")?,
        fetched_ms: row.integer("fetched_ms")?,
        checked_ms: row.integer("checked_ms")?,
        due_ms: row.integer("due_ms")?,
        certificate_until_ms: row.maybe_integer("certificate_until_ms")?,
        valid_until_ms: row.maybe_integer("valid_until_ms")?,
    })
}
