//! Upkeep: forgets what has expired, so that tables of one-time things do not grow for ever.
//!
//! Owns the rhythm only; what expires is each repository's business. Every replica does it: the deletions are idempotent.

use std::sync::Arc;
use std::time::Duration;

use crate::context::Ports;

/// Time between two rounds.
const EVERY: Duration = Duration::from_mins(10);

/// Runs rounds until the runtime ends.
pub fn start(ports: Arc<Ports>) {
    tokio::spawn(async move {
        let mut rounds = tokio::time::interval(EVERY);
        rounds.tick().await;
        loop {
            rounds.tick().await;
            match round(&ports).await {
                Ok(forgotten) => tracing::debug!(forgotten, "upkeep"),
                Err(error) => tracing::warn!(%error, "upkeep failed; the next round tries again"),
            }
        }
    });
}

/// One round; returns how many rows went.
pub async fn round(ports: &Ports) -> Result<u64, crate::store::StoreError> {
    let mut work = ports.store.begin().await?;
    let now_ms = ports.clock.now_ms();
    let forgotten = work.consumed().purge(now_ms).await? + work.provider_sessions().purge(now_ms).await?;
    work.commit().await?;
    Ok(forgotten)
}
