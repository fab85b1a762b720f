//! Rotation of a pool's signing keys: publish, then use, then keep until no token needs the old one (K-01).
//!
//! Owns the times of a rotation and what the `keys` command shows; the ring itself is [`crate::keys::KeyRing`].

use crate::keys::held::Birth;
use crate::keys::{KeyError, KeyRing, TokenUse};
use crate::store::signing_keys::StoredKey;

/// How long a new key is published before it signs, ms: as long as clients may cache the JWKS.
pub const PUBLISH_AHEAD_MS: i64 = 300_000;
/// How long a replaced key stays published after it last signed, ms: the longest life of an ID or access token and some minutes.
const KEEP_AFTER_MS: i64 = 24 * 3_600_000 + 300_000;

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// In the JWKS, not yet in use.
    Published,
    /// Signs, or signs next when several are.
    Active,
    /// Replaced, or about to be; still in the JWKS.
    Retiring,
    /// No longer in the JWKS.
    Retired,
}

impl KeyStatus {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
}

/// A key as the `keys` command shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Key id.
    pub kid: String,
    /// What it signs.
    pub token_use: TokenUse,
    /// Where it stands now.
    pub status: KeyStatus,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Signs from this time on, ms.
    pub active_from_ms: i64,
    /// Leaves the JWKS at this time, ms.
    pub retire_at_ms: Option<i64>,
}

impl KeyRing {
    /// Replaces the pool's keys: new ones are published now and sign after `publish_ahead_ms` (at least [`PUBLISH_AHEAD_MS`] unless
    /// a key is known to have leaked); those they replace stay published until every token that they signed is dead.
    /// Gives all keys afterwards. [`KeyError::Missing`] when the pool has none.
    pub async fn rotate(&self, pool_id: &str, publish_ahead_ms: i64) -> Result<Vec<KeyInfo>, KeyError> {
        let now_ms = self.inner.clock.now_ms();
        let active_from_ms = now_ms + publish_ahead_ms.max(0);
        if self.list(pool_id).await?.is_empty() {
            return Err(KeyError::Missing);
        }
        let fresh = self.make(pool_id, Birth { created_ms: now_ms, active_from_ms }).await?;
        let mut work = self.inner.store.begin().await?;
        for old in work.signing_keys().list(pool_id).await? {
            if old.retire_at_ms.is_none() {
                let last_use_ms = active_from_ms.max(old.active_from_ms);
                work.signing_keys().retire(pool_id, &old.kid, last_use_ms + KEEP_AFTER_MS).await?;
            }
        }
        for key in &fresh {
            work.signing_keys().insert(key).await?;
        }
        work.commit().await?;
        self.list(pool_id).await
    }

    /// All keys of a pool as the store has them, oldest first; none when the pool does not exist.
    pub async fn list(&self, pool_id: &str) -> Result<Vec<KeyInfo>, KeyError> {
        let stored = self.inner.store.read().await?.signing_keys().list(pool_id).await?;
        let now_ms = self.inner.clock.now_ms();
        Ok(stored.iter().filter_map(|key| info(key, now_ms)).collect())
    }
}

fn info(key: &StoredKey, now_ms: i64) -> Option<KeyInfo> {
    let status = match key.retire_at_ms {
        Some(retire_at_ms) if retire_at_ms <= now_ms => KeyStatus::Retired,
        _ if now_ms < key.active_from_ms => KeyStatus::Published,
        // A replaced key goes on signing until its successor becomes active.
        Some(retire_at_ms) if retire_at_ms - KEEP_AFTER_MS <= now_ms => KeyStatus::Retiring,
        _ => KeyStatus::Active,
    };
    Some(KeyInfo {
        kid: key.kid.clone(),
        token_use: TokenUse::from_word(&key.token_use)?,
        status,
        created_ms: key.created_ms,
        active_from_ms: key.active_from_ms,
        retire_at_ms: key.retire_at_ms,
    })
}
