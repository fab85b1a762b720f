//! Background rounds: every published metadata document that is due is read again, by one replica, a few at a time.
//!
//! Owns the claim of a due document (so that replicas share the work), the bound on simultaneous fetches and the putting off after failures.
//! The rhythm of rounds is `app::upkeep`'s; what one look does is `descriptors`'.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::context::Context;
use crate::federation::providers::saml::descriptors::source::{self, Source};
use crate::federation::providers::saml::descriptors::{Descriptors, refresh};
use crate::model::failure::Failure;
use crate::model::identity_provider::ProviderKind;
use crate::store::provider_documents::Due;

/// Fetches at the same time.
const PARALLEL: usize = 16;
/// Due providers read from the store at once.
const PAGE: u32 = 200;
/// How long a claimed document is left alone by the others, ms: longer than the longest fetch.
const LEASE_MS: i64 = 180_000;
/// After the first failure the next look is due so much later, doubling up to the last, ms.
const PUT_OFF_MS: (i64, i64) = (60_000, 600_000);

impl Descriptors {
    /// Reads what is due now; how many documents were asked for.
    pub async fn round(self: &Arc<Self>, context: &Context) -> Result<usize, Failure> {
        let now_ms = context.now_ms();
        let (mut after, mut asked) = ((String::new(), String::new()), 0);
        let mut running: JoinSet<bool> = JoinSet::new();
        loop {
            let mut work = context.ports.store.read().await?;
            let page = work.provider_documents().due(ProviderKind::Saml, now_ms, (&after.0, &after.1), PAGE).await?;
            drop(work);
            let Some(last) = page.last() else { break };
            after = (last.pool_id.clone(), last.provider.clone());
            for due in page {
                if running.len() >= PARALLEL {
                    asked += usize::from(matches!(running.join_next().await, Some(Ok(true))));
                }
                let (descriptors, context) = (Arc::clone(self), context.clone());
                running.spawn(async move {
                    descriptors.renew(&context, &due).await.unwrap_or_else(|failure| {
                        tracing::warn!(user_pool.id = due.pool_id, provider.name = due.provider, %failure, "a round's look failed");
                        false
                    })
                });
            }
        }
        while let Some(done) = running.join_next().await {
            asked += usize::from(matches!(done, Ok(true)));
        }
        Ok(asked)
    }

    /// One provider; whether its host was asked.
    async fn renew(&self, context: &Context, due: &Due) -> Result<bool, Failure> {
        let mut work = context.ports.store.read().await?;
        let provider = work.identity_providers().find(&due.pool_id, &due.provider).await?;
        drop(work);
        let Some(provider) = provider else { return Ok(false) };
        let Source::Url(remote) = source::of(&provider)? else { return Ok(false) };
        let now_ms = context.now_ms();
        let slot = self.slots.slot(&remote.pool_id, &remote.provider, &remote.identity, now_ms);
        let Ok(_flight) = slot.flight.try_lock() else { return Ok(false) };
        let lease_ms = now_ms + LEASE_MS;
        match due.due_ms {
            // Never read: nobody can claim it; the back-off of this process holds.
            None if slot.state().backs_off(now_ms) => return Ok(false),
            Some(seen_ms) if !claim(context, due, seen_ms, lease_ms).await? => return Ok(false),
            None | Some(_) => {}
        }
        refresh(context, &remote, &slot, true).await?;
        let failures = slot.state().failures;
        if failures > 0 && due.due_ms.is_some() {
            let (first, last) = PUT_OFF_MS;
            let again_ms = context.now_ms() + (first << (failures - 1).min(5)).min(last);
            claim(context, due, lease_ms, again_ms).await?;
        }
        Ok(true)
    }
}

async fn claim(context: &Context, due: &Due, seen_ms: i64, next_ms: i64) -> Result<bool, Failure> {
    let mut work = context.ports.store.begin().await?;
    let claimed = work.provider_documents().claim(&due.pool_id, &due.provider, seen_ms, next_ms).await?;
    work.commit().await?;
    Ok(claimed)
}
