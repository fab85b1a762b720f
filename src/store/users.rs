//! Users and their external identities. Owns the tables `users` and `user_identities`; (pool, provider, subject_key) is unique there (O-16).
//!
//! What providers said of a user (profiles, origins of attributes) is read and written apart from the user, since only sign-ins and
//! `explain` need it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::model::unified_identity::{Origin, Profile};
use crate::model::user::{FederatedIdentity, User};
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// What the sign-ins before left beside the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// What this provider said.
    pub profile: Profile,
    /// When it was written, ms; 0 for never.
    pub seen_ms: i64,
    /// Where the user's attributes came from, by attribute.
    pub origins: BTreeMap<String, Origin>,
}

/// The users.
#[derive(Debug)]
pub struct Users<'u>(pub(super) &'u mut UnitOfWork);

impl Users<'_> {
    /// Adds a user with its identities. [`StoreError::Duplicate`] when the user name, sub or an identity is taken.
    pub async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        let sql = "INSERT INTO users (pool_id, sub, username, status, enabled, attributes, signed_out_ms, created_ms, modified_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        self.0.unit.execute(sql, &values(user)?).await?;
        for identity in &user.identities {
            self.link(&user.pool_id, &user.sub, identity).await?;
        }
        Ok(())
    }

    /// Finds a user by canonical user name.
    pub async fn find_by_username(&mut self, pool_id: &str, username: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT pool_id, sub, username, status, enabled, attributes, signed_out_ms, created_ms, modified_ms
            FROM users WHERE pool_id = $1 AND username = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), username.into()]).await?;
        self.one(row).await
    }

    /// Finds a user by sub.
    pub async fn find_by_sub(&mut self, pool_id: &str, sub: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT pool_id, sub, username, status, enabled, attributes, signed_out_ms, created_ms, modified_ms
            FROM users WHERE pool_id = $1 AND sub = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), sub.into()]).await?;
        self.one(row).await
    }

    /// Finds the user who owns an external identity.
    pub async fn find_by_identity(&mut self, pool_id: &str, provider: &str, subject_key: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT u.pool_id, u.sub, u.username, u.status, u.enabled, u.attributes, u.signed_out_ms, u.created_ms,
            u.modified_ms FROM users u JOIN user_identities i ON i.pool_id = u.pool_id AND i.sub = u.sub
            WHERE i.pool_id = $1 AND i.provider = $2 AND i.subject_key = $3";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), provider.into(), subject_key.into()]).await?;
        self.one(row).await
    }

    /// Finds the user who owns an external identity, with what its sign-ins left.
    pub async fn find_signing_in(
        &mut self,
        pool_id: &str,
        provider: &str,
        subject_key: &str,
    ) -> Result<Option<(User, Seen)>, StoreError> {
        let sql = "SELECT u.pool_id, u.sub, u.username, u.status, u.enabled, u.attributes, u.signed_out_ms, u.created_ms,
            u.modified_ms, u.origins, i.profile, i.seen_ms
            FROM users u JOIN user_identities i ON i.pool_id = u.pool_id AND i.sub = u.sub
            WHERE i.pool_id = $1 AND i.provider = $2 AND i.subject_key = $3";
        let Some(row) = self.0.unit.fetch_one(sql, &[pool_id.into(), provider.into(), subject_key.into()]).await? else {
            return Ok(None);
        };
        let seen =
            Seen { profile: lenient(&row, "profile")?, seen_ms: row.integer("seen_ms")?, origins: lenient(&row, "origins")? };
        Ok(self.one(Some(row)).await?.map(|user| (user, seen)))
    }

    /// The users who own an identity of that provider with that subject, at most `limit`: subjects alone are not unique where SAML qualifies
    /// them. Reads all identities of the provider; not for sign-ins.
    pub async fn list_by_subject(
        &mut self,
        pool_id: &str,
        provider: &str,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let sql =
            "SELECT DISTINCT sub FROM user_identities WHERE pool_id = $1 AND provider = $2 AND subject = $3 ORDER BY sub LIMIT $4";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), provider.into(), subject.into(), limit.into()]).await?;
        let mut users = Vec::new();
        for row in rows {
            users.extend(self.find_by_sub(pool_id, &row.text("sub")?).await?);
        }
        Ok(users)
    }

    /// Where a user's attributes came from.
    pub async fn origins(&mut self, pool_id: &str, sub: &str) -> Result<BTreeMap<String, Origin>, StoreError> {
        let sql = "SELECT origins FROM users WHERE pool_id = $1 AND sub = $2";
        let row = self.0.unit.fetch_one(sql, &[pool_id.into(), sub.into()]).await?;
        row.map_or_else(|| Ok(BTreeMap::new()), |row| lenient(&row, "origins"))
    }

    /// Replaces where a user's attributes came from.
    pub async fn set_origins(&mut self, pool_id: &str, sub: &str, origins: &BTreeMap<String, Origin>) -> Result<(), StoreError> {
        let sql = "UPDATE users SET origins = $3 WHERE pool_id = $1 AND sub = $2";
        self.0.unit.execute(sql, &[pool_id.into(), sub.into(), Value::json(origins)?]).await.map(drop)
    }

    /// What each provider said of a user and when that was written, in the order of the user's identities.
    pub async fn profiles(&mut self, pool_id: &str, sub: &str) -> Result<Vec<(Profile, i64)>, StoreError> {
        let sql = "SELECT profile, seen_ms FROM user_identities WHERE pool_id = $1 AND sub = $2
            ORDER BY created_ms, provider, subject_key";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), sub.into()]).await?;
        rows.iter().map(|row| Ok((lenient(row, "profile")?, row.integer("seen_ms")?))).collect()
    }

    /// Replaces what a provider said of a user.
    pub async fn set_profile(
        &mut self,
        (pool_id, provider, subject_key): (&str, &str, &str),
        profile: &Profile,
        seen_ms: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE user_identities SET profile = $4, seen_ms = $5
            WHERE pool_id = $1 AND provider = $2 AND subject_key = $3";
        let values = [pool_id.into(), provider.into(), subject_key.into(), Value::json(profile)?, seen_ms.into()];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Replaces a user's own columns and attributes; identities stay as they are.
    pub async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        let sql = "UPDATE users SET username = $3, status = $4, enabled = $5, attributes = $6, signed_out_ms = $7, created_ms = $8,
            modified_ms = $9 WHERE pool_id = $1 AND sub = $2";
        self.0.unit.execute(sql, &values(user)?).await.map(drop)
    }

    /// Links an external identity to a user. [`StoreError::Duplicate`] when somebody has it.
    pub async fn link(&mut self, pool_id: &str, sub: &str, identity: &FederatedIdentity) -> Result<(), StoreError> {
        let sql = "INSERT INTO user_identities (pool_id, provider, subject_key, sub, provider_type, subject, issuer, is_primary,
            created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = [
            pool_id.into(),
            (&identity.provider).into(),
            (&identity.subject_key).into(),
            sub.into(),
            (&identity.provider_type).into(),
            (&identity.subject).into(),
            (&identity.issuer).into(),
            identity.primary.into(),
            identity.created_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Removes a user with its identities and links; whether there was one.
    pub async fn delete(&mut self, pool_id: &str, sub: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM users WHERE pool_id = $1 AND sub = $2";
        Ok(self.0.unit.execute(sql, &[pool_id.into(), sub.into()]).await? == 1)
    }

    /// Ends a link. Whether there was one; the identity that made its user is not one.
    pub async fn unlink(&mut self, pool_id: &str, sub: &str, provider: &str, subject_key: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM user_identities WHERE pool_id = $1 AND sub = $2 AND provider = $3 AND subject_key = $4
            AND is_primary = $5";
        let values = [pool_id.into(), sub.into(), provider.into(), subject_key.into(), false.into()];
        Ok(self.0.unit.execute(sql, &values).await? == 1)
    }

    /// The owners of a provider's identities that show this subject, with the identities. With SAML there may be several: the same
    /// name in another format or with other qualifiers (S-18).
    pub async fn find_by_subject(
        &mut self,
        pool_id: &str,
        provider: &str,
        subject: &str,
    ) -> Result<Vec<(String, FederatedIdentity)>, StoreError> {
        let sql = "SELECT sub, provider, subject_key, provider_type, subject, issuer, is_primary, created_ms
            FROM user_identities WHERE pool_id = $1 AND provider = $2 AND subject = $3 ORDER BY created_ms, subject_key";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), provider.into(), subject.into()]).await?;
        rows.iter().map(|row| Ok((row.text("sub")?, identity(row)?))).collect()
    }

    /// Marks a user as changed, which makes whoever changes the same user wait for this unit of work. Whether the user exists.
    pub async fn touch(&mut self, pool_id: &str, sub: &str, now_ms: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE users SET modified_ms = $3 WHERE pool_id = $1 AND sub = $2";
        Ok(self.0.unit.execute(sql, &[pool_id.into(), sub.into(), now_ms.into()]).await? == 1)
    }

    /// Ends the links to a provider's identities; what remains are users whom the provider made.
    pub async fn unlink_provider(&mut self, pool_id: &str, provider: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM user_identities WHERE pool_id = $1 AND provider = $2 AND is_primary = $3";
        self.0.unit.execute(sql, &[pool_id.into(), provider.into(), false.into()]).await.map(drop)
    }

    /// Takes all of a provider's identities from their users, who stay.
    pub async fn forget_provider(&mut self, pool_id: &str, provider: &str) -> Result<u64, StoreError> {
        let sql = "DELETE FROM user_identities WHERE pool_id = $1 AND provider = $2";
        self.0.unit.execute(sql, &[pool_id.into(), provider.into()]).await
    }

    /// Users of a pool ordered by user name, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<User>, StoreError> {
        let sql = "SELECT pool_id, sub, username, status, enabled, attributes, signed_out_ms, created_ms, modified_ms
            FROM users WHERE pool_id = $1 AND username > $2 ORDER BY username LIMIT $3";
        let after = after.unwrap_or_default();
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), after.into(), limit.into()]).await?;
        let mut users = rows.iter().map(user).collect::<Result<Vec<_>, _>>()?;
        let last = users.last().map(|user| user.username.clone()).unwrap_or_default();
        let sql = "SELECT i.sub, i.provider, i.subject_key, i.provider_type, i.subject, i.issuer, i.is_primary, i.created_ms
            FROM user_identities i JOIN users u ON u.pool_id = i.pool_id AND u.sub = i.sub
            WHERE u.pool_id = $1 AND u.username > $2 AND u.username <= $3
            ORDER BY i.created_ms, i.provider, i.subject_key";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), after.into(), last.into()]).await?;
        let mut places = BTreeMap::new();
        for (place, user) in users.iter().enumerate() {
            places.insert(user.sub.clone(), place);
        }
        for row in &rows {
            if let Some(place) = places.get(&row.text("sub")?) {
                users[*place].identities.push(identity(row)?);
            }
        }
        Ok(users)
    }
}

impl Users<'_> {
    async fn one(&mut self, row: Option<Row>) -> Result<Option<User>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut user = user(&row)?;
        let sql = "SELECT provider, subject_key, provider_type, subject, issuer, is_primary, created_ms
            FROM user_identities WHERE pool_id = $1 AND sub = $2 ORDER BY created_ms, provider, subject_key";
        let rows = self.0.unit.fetch(sql, &[(&user.pool_id).into(), (&user.sub).into()]).await?;
        user.identities = rows.iter().map(identity).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(user))
    }
}

/// A document that another version of the program may have written in a form of its own: what cannot be read counts as empty, since a
/// sign-in must not depend on it and writes it anew.
fn lenient<T: DeserializeOwned + Default>(row: &Row, name: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(&row.text(name)?).unwrap_or_default())
}

fn values(user: &User) -> Result<[Value<'_>; 9], StoreError> {
    Ok([
        (&user.pool_id).into(),
        (&user.sub).into(),
        (&user.username).into(),
        Value::word(&user.status)?,
        user.enabled.into(),
        Value::json(&user.attributes)?,
        user.signed_out_ms.into(),
        user.created_ms.into(),
        user.modified_ms.into(),
    ])
}

fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        pool_id: row.text("pool_id")?,
        sub: row.text("sub")?,
        username: row.text("username")?,
        status: row.word("status")?,
        enabled: row.flag("enabled")?,
        attributes: row.json("attributes")?,
        identities: Vec::new(),
        signed_out_ms: row.integer("signed_out_ms")?,
        created_ms: row.integer("created_ms")?,
        modified_ms: row.integer("modified_ms")?,
    })
}

fn identity(row: &Row) -> Result<FederatedIdentity, StoreError> {
    Ok(FederatedIdentity {
        provider: row.text("provider")?,
        provider_type: row.text("provider_type")?,
        subject_key: row.text("subject_key")?,
        subject: row.text("subject")?,
        issuer: row.maybe_text("issuer")?,
        primary: row.flag("is_primary")?,
        created_ms: row.integer("created_ms")?,
    })
}
