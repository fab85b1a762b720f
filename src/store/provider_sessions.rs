//! Browser sessions that came from a provider's session. Owns the table `provider_sessions`; a session that is listed here counts only while its row stands, which decides a sign-out even when a cache brings the session back (S-29).

use crate::model::web_session::ProviderSession;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// The provider sessions.
#[derive(Debug)]
pub struct ProviderSessions<'u>(pub(super) &'u mut UnitOfWork);

impl ProviderSessions<'_> {
    /// Adds a session. [`StoreError::Duplicate`] when its key is taken.
    pub async fn insert(&mut self, session: &ProviderSession) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO provider_sessions (pool_id, session_key, provider, subject_key, session_index, logout, sub, expires_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            (&session.pool_id).into(),
            (&session.session_key).into(),
            (&session.provider).into(),
            (&session.subject_key).into(),
            (&session.logout.session_index).into(),
            Value::json(&session.logout)?,
            (&session.sub).into(),
            session.expires_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Whether a session still stands.
    pub async fn stands(&mut self, pool_id: &str, session_key: &str) -> Result<bool, StoreError> {
        let sql = "SELECT session_key FROM provider_sessions WHERE pool_id = $1 AND session_key = $2";
        Ok(self.0.unit.fetch_one(sql, &[pool_id.into(), session_key.into()]).await?.is_some())
    }

    /// Removes a session and returns it: of concurrent takers one gets it.
    pub async fn take(&mut self, pool_id: &str, session_key: &str) -> Result<Option<ProviderSession>, StoreError> {
        let sql = "DELETE FROM provider_sessions WHERE pool_id = $1 AND session_key = $2
            RETURNING pool_id, session_key, provider, subject_key, logout, sub, expires_ms";
        self.0.unit.fetch_one(sql, &[pool_id.into(), session_key.into()]).await?.as_ref().map(provider_session).transpose()
    }

    /// Removes the sessions of a provider's subject and returns them: those with one of the provider's own session indexes, or all of
    /// them when none is named.
    pub async fn take_of_subject(
        &mut self,
        pool_id: &str,
        provider: &str,
        subject_key: &str,
        indexes: &[String],
    ) -> Result<Vec<ProviderSession>, StoreError> {
        let sql = "SELECT session_key, session_index FROM provider_sessions
            WHERE pool_id = $1 AND provider = $2 AND subject_key = $3 ORDER BY session_key";
        let rows = self.0.unit.fetch(sql, &[pool_id.into(), provider.into(), subject_key.into()]).await?;
        let mut taken = Vec::new();
        for row in &rows {
            let index = row.maybe_text("session_index")?;
            if indexes.is_empty() || index.is_some_and(|index| indexes.contains(&index)) {
                taken.extend(self.take(pool_id, &row.text("session_key")?).await?);
            }
        }
        Ok(taken)
    }

    /// Forgets sessions that expired before `now_ms`; returns how many.
    pub async fn purge(&mut self, now_ms: i64) -> Result<u64, StoreError> {
        self.0.unit.execute("DELETE FROM provider_sessions WHERE expires_ms < $1", &[now_ms.into()]).await
    }
}

fn provider_session(row: &Row) -> Result<ProviderSession, StoreError> {
    Ok(ProviderSession {
        pool_id: row.text("pool_id")?,
        session_key: row.text("session_key")?,
        provider: row.text("provider")?,
        subject_key: row.text("subject_key")?,
        logout: row.json("logout")?,
        sub: row.text("sub")?,
        expires_ms: row.integer("expires_ms")?,
    })
}
