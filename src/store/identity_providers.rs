//! Identity providers. Owns the tables `identity_providers` and `identity_provider_identifiers`; names and identifiers are unique in a pool.

use crate::model::identity_provider::IdentityProvider;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// The identity providers.
#[derive(Debug)]
pub struct IdentityProviders<'u>(pub(super) &'u mut UnitOfWork);

impl IdentityProviders<'_> {
    /// Adds a provider. [`StoreError::Duplicate`] when its name or one of its identifiers is taken.
    pub async fn insert(&mut self, provider: &IdentityProvider) -> Result<(), StoreError> {
        let sql = "INSERT INTO identity_providers (pool_id, name, kind, enabled, declared, details, sealed_details,
            attribute_mapping, document, created_ms, modified_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        self.0.configuring().execute(sql, &values(provider)?).await?;
        self.insert_identifiers(provider).await
    }

    /// Finds a provider by name.
    pub async fn find(&mut self, pool_id: &str, name: &str) -> Result<Option<IdentityProvider>, StoreError> {
        let sql =
            "SELECT pool_id, name, kind, enabled, declared, details, sealed_details, attribute_mapping, document, created_ms, modified_ms
            FROM identity_providers WHERE pool_id = $1 AND name = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), name.into()]).await?;
        self.one(pool_id, row).await
    }

    /// Finds a provider by one of its identifiers.
    pub async fn find_by_identifier(&mut self, pool_id: &str, identifier: &str) -> Result<Option<IdentityProvider>, StoreError> {
        let sql = "SELECT p.pool_id, p.name, p.kind, p.enabled, p.declared, p.details, p.sealed_details, p.attribute_mapping,
            p.document, p.created_ms, p.modified_ms FROM identity_providers p
            JOIN identity_provider_identifiers i ON i.pool_id = p.pool_id AND i.name = p.name
            WHERE i.pool_id = $1 AND i.identifier = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), identifier.into()]).await?;
        self.one(pool_id, row).await
    }

    /// Replaces a provider's row and identifiers.
    pub async fn update(&mut self, provider: &IdentityProvider) -> Result<(), StoreError> {
        let sql = "UPDATE identity_providers SET kind = $3, enabled = $4, declared = $5, details = $6, sealed_details = $7,
            attribute_mapping = $8, document = $9, created_ms = $10, modified_ms = $11 WHERE pool_id = $1 AND name = $2";
        self.0.configuring().execute(sql, &values(provider)?).await?;
        let sql = "DELETE FROM identity_provider_identifiers WHERE pool_id = $1 AND name = $2";
        self.0.configuring().execute(sql, &[(&provider.pool_id).into(), (&provider.name).into()]).await?;
        self.insert_identifiers(provider).await
    }

    /// Replaces a provider that nobody has changed since it was read; whether that was so.
    pub async fn replace(&mut self, provider: &IdentityProvider, read_modified_ms: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE identity_providers SET modified_ms = $3 WHERE pool_id = $1 AND name = $2 AND modified_ms = $4";
        let values = [(&provider.pool_id).into(), (&provider.name).into(), provider.modified_ms.into(), read_modified_ms.into()];
        if self.0.unit.execute(sql, &values).await? == 0 {
            return Ok(false);
        }
        self.update(provider).await?;
        Ok(true)
    }

    /// Removes a provider with what hangs on it: identifiers, documents, sessions for single logout, links. Users stay, with the identities
    /// that made them. Whether there was such a provider.
    pub async fn delete(&mut self, pool_id: &str, name: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM identity_providers WHERE pool_id = $1 AND name = $2";
        if self.0.configuring().execute(sql, &[pool_id.into(), name.into()]).await? == 0 {
            return Ok(false);
        }
        for sql in [
            "DELETE FROM provider_sessions WHERE pool_id = $1 AND provider = $2",
            "DELETE FROM identity_links WHERE pool_id = $1 AND provider = $2",
        ] {
            self.0.unit.execute(sql, &[pool_id.into(), name.into()]).await?;
        }
        self.0.users().unlink_provider(pool_id, name).await?;
        Ok(true)
    }

    /// Providers of a pool ordered by name, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<IdentityProvider>, StoreError> {
        let sql =
            "SELECT pool_id, name, kind, enabled, declared, details, sealed_details, attribute_mapping, document, created_ms, modified_ms
            FROM identity_providers WHERE pool_id = $1 AND name > $2 ORDER BY name LIMIT $3";
        let after = after.unwrap_or_default();
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), after.into(), limit.into()]).await?;
        let mut providers = rows.iter().map(identity_provider).collect::<Result<Vec<_>, _>>()?;
        let last = providers.last().map(|provider| provider.name.clone()).unwrap_or_default();
        self.add_identifiers(pool_id, (after, &last), &mut providers).await?;
        Ok(providers)
    }
}

impl IdentityProviders<'_> {
    async fn insert_identifiers(&mut self, provider: &IdentityProvider) -> Result<(), StoreError> {
        let sql = "INSERT INTO identity_provider_identifiers (pool_id, identifier, name, place) VALUES ($1, $2, $3, $4)";
        for (place, identifier) in (0_i64..).zip(&provider.identifiers) {
            let values = [(&provider.pool_id).into(), identifier.into(), (&provider.name).into(), place.into()];
            self.0.configuring().execute(sql, &values).await?;
        }
        Ok(())
    }

    async fn one(&mut self, pool_id: &str, row: Option<Row>) -> Result<Option<IdentityProvider>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut providers = [identity_provider(&row)?];
        let name = providers[0].name.clone();
        let sql = "SELECT name, identifier FROM identity_provider_identifiers WHERE pool_id = $1 AND name = $2 ORDER BY place";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), name.into()]).await?;
        hand_out(&rows, &mut providers)?;
        let [provider] = providers;
        Ok(Some(provider))
    }

    /// Fills in the identifiers of the providers whose names lie after the first and not after the last name of `range`.
    async fn add_identifiers(
        &mut self,
        pool_id: &str,
        range: (&str, &str),
        providers: &mut [IdentityProvider],
    ) -> Result<(), StoreError> {
        let sql = "SELECT name, identifier FROM identity_provider_identifiers WHERE pool_id = $1 AND name > $2 AND name <= $3
            ORDER BY name, place";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), range.0.into(), range.1.into()]).await?;
        hand_out(&rows, providers)
    }
}

fn hand_out(identifiers: &[Row], providers: &mut [IdentityProvider]) -> Result<(), StoreError> {
    for row in identifiers {
        let name = row.text("name")?;
        if let Some(provider) = providers.iter_mut().find(|provider| provider.name == name) {
            provider.identifiers.push(row.text("identifier")?);
        }
    }
    Ok(())
}

fn values(provider: &IdentityProvider) -> Result<[Value<'_>; 11], StoreError> {
    Ok([
        (&provider.pool_id).into(),
        (&provider.name).into(),
        Value::word(&provider.kind)?,
        provider.enabled.into(),
        provider.declared.into(),
        Value::json(&provider.details)?,
        Value::json(&provider.sealed_details)?,
        Value::json(&provider.attribute_mapping)?,
        Value::json(&provider.document)?,
        provider.created_ms.into(),
        provider.modified_ms.into(),
    ])
}

fn identity_provider(row: &Row) -> Result<IdentityProvider, StoreError> {
    Ok(IdentityProvider {
        pool_id: row.text("pool_id")?,
        name: row.text("name")?,
        kind: row.word("kind")?,
        details: row.json("details")?,
        sealed_details: row.json("sealed_details")?,
        attribute_mapping: row.json("attribute_mapping")?,
        document: row.json("document")?,
        identifiers: Vec::new(),
        enabled: row.flag("enabled")?,
        created_ms: row.integer("created_ms")?,
        modified_ms: row.integer("modified_ms")?,
        declared: row.flag("declared")?,
    })
}
