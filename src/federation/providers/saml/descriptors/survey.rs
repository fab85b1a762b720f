//! The survey: how old each provider's metadata is and when its certificates and validity end, as metrics and as warnings.
//!
//! Owns which dates are looked at and how often. The warning itself, once a day for each, is `federation::expiry`'s.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::context::Context;
use crate::federation::expiry::{self, Expiring, What};
use crate::federation::providers::saml::descriptors::Descriptors;
use crate::federation::providers::saml::descriptors::source::{self, Source};
use crate::federation::saml::keys::SigningCertificate;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::store::provider_documents::Dates;

/// How often the dates of kept documents are looked at, ms.
const EVERY_MS: i64 = 600_000;
/// How often metadata files in settings and our own keys are looked at, ms.
const FILES_EVERY_MS: i64 = 86_400_000;
/// Documents read from the store at once.
const PAGE: u32 = 200;
/// Providers with their files read from the store at once.
const FILES_PAGE: u32 = 20;

impl Descriptors {
    /// Looks at all dates, if it is time.
    pub async fn survey(&self, context: &Context) -> Result<(), Failure> {
        if is_time(&self.surveyed_ms, context.now_ms(), EVERY_MS) {
            self.survey_documents(context).await?;
        }
        if is_time(&self.files_surveyed_ms, context.now_ms(), FILES_EVERY_MS) {
            self.survey_files(context).await?;
        }
        Ok(())
    }

    async fn survey_documents(&self, context: &Context) -> Result<(), Failure> {
        let mut after = (String::new(), String::new());
        loop {
            let page = context.ports.store.read().await?.provider_documents().dates((&after.0, &after.1), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = (last.pool_id.clone(), last.provider.clone());
            for dates in &page {
                set_age(context, dates);
                let named = |what, until_ms: Option<i64>| {
                    until_ms.map(|not_after_ms| Expiring { pool_id: &dates.pool_id, provider: &dates.provider, what, not_after_ms })
                };
                let items = [named(What::IdpSigning, dates.certificate_until_ms), named(What::Metadata, dates.valid_until_ms)];
                expiry::watch(context, &items.into_iter().flatten().collect::<Vec<_>>()).await?;
            }
        }
    }

    async fn survey_files(&self, context: &Context) -> Result<(), Failure> {
        let mut pool_after = None;
        loop {
            let pools = context.ports.store.read().await?.user_pools().list(pool_after.as_deref(), PAGE).await?;
            let Some(last) = pools.last() else { return Ok(()) };
            pool_after = Some(last.id.clone());
            for pool in &pools {
                survey_our_keys(context, &pool.id).await?;
                let mut after = None;
                loop {
                    let mut work = context.ports.store.read().await?;
                    let page = work.identity_providers().list(&pool.id, after.as_deref(), FILES_PAGE).await?;
                    drop(work);
                    let Some(last) = page.last() else { break };
                    after = Some(last.name.clone());
                    for provider in page.iter().filter(|provider| provider.kind == ProviderKind::Saml) {
                        self.survey_file(context, provider).await?;
                    }
                }
            }
        }
    }

    async fn survey_file(&self, context: &Context, provider: &IdentityProvider) -> Result<(), Failure> {
        // What cannot be read any more is refused at each login already.
        let Ok(Source::File(xml, entity_id)) = source::of(provider) else { return Ok(()) };
        let Ok(descriptor) = self.read_file(context, xml, entity_id) else { return Ok(()) };
        let certificates = descriptor.signing_certificates.iter().filter_map(SigningCertificate::not_after_ms).min();
        let dates = [(What::IdpSigning, certificates), (What::Metadata, descriptor.valid_until_ms)];
        let items: Vec<Expiring<'_>> = dates
            .into_iter()
            .filter_map(|(what, until)| {
                Some(Expiring { pool_id: &provider.pool_id, provider: &provider.name, what, not_after_ms: until? })
            })
            .collect();
        expiry::watch(context, &items).await
    }
}

/// Our own certificates, but for those that leave anyway. The earliest end comes last, since the metric shows one of a kind.
async fn survey_our_keys(context: &Context, pool_id: &str) -> Result<(), Failure> {
    let keys = context.ports.keys.list_saml_keys(pool_id).await?;
    let mut items: Vec<Expiring<'_>> = keys
        .iter()
        .filter(|key| key.retire_at_ms.is_none())
        .map(|key| Expiring {
            pool_id,
            provider: key.provider.as_deref().unwrap_or_default(),
            what: if key.provider.is_some() { What::SpEncryption } else { What::SpSigning },
            not_after_ms: key.not_after_ms,
        })
        .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.not_after_ms));
    expiry::watch(context, &items).await
}

fn is_time(last: &AtomicI64, now_ms: i64, every_ms: i64) -> bool {
    let before = last.load(Ordering::SeqCst);
    let due = now_ms.saturating_sub(before) >= every_ms;
    due && last.compare_exchange(before, now_ms, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

#[expect(clippy::cast_precision_loss, reason = "a gauge of seconds")]
fn set_age(context: &Context, dates: &Dates) {
    let age_s = context.now_ms().saturating_sub(dates.checked_ms).max(0) / 1000;
    let (pool, provider) = (dates.pool_id.clone(), dates.provider.clone());
    metrics::gauge!("fedgate_metadata_age_seconds", "pool" => pool, "provider" => provider).set(age_s as f64);
}
