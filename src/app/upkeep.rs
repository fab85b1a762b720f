//! Upkeep: forgets what has expired, so that tables of one-time things do not grow for ever, and lets the providers of identity do
//! what is to be done beside logins, such as re-reading metadata.
//!
//! Owns the rhythm only; what expires is each repository's business, what is due each provider's. Every replica does it: the deletions are
//! idempotent, and due work is claimed in the store.

use std::sync::Arc;
use std::time::Duration;

use crate::base::ids;
use crate::context::{Context, Ports};
use crate::federation::broker::Broker;

/// Time between two rounds of forgetting.
const EVERY: Duration = Duration::from_mins(10);
/// Time between two rounds of the providers.
const PROVIDERS_EVERY: Duration = Duration::from_secs(30);

/// Runs rounds until the runtime ends.
pub fn start(ports: Arc<Ports>, broker: Arc<Broker>) {
    let theirs = Arc::clone(&ports);
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
    tokio::spawn(async move {
        let mut rounds = tokio::time::interval(PROVIDERS_EVERY);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            broker.upkeep(&Context { request_id: ids::uuid(&theirs.random), ports: Arc::clone(&theirs) }).await;
        }
    });
}

/// One round of forgetting; returns how many rows went.
pub async fn round(ports: &Ports) -> Result<u64, crate::store::StoreError> {
    let mut work = ports.store.begin().await?;
    let now_ms = ports.clock.now_ms();
    let forgotten = work.consumed().purge(now_ms).await? + work.provider_sessions().purge(now_ms).await?;
    work.commit().await?;
    Ok(forgotten)
}
