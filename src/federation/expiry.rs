//! What expires: certificates and metadata, watched as a metric, and as one warning a day from 30 days ahead.
//!
//! Owns the metric and the warning. Whoever knows a date brings it here (`providers::saml` the identity providers', the keys of our own
//! service provider theirs). A warning is written once a day over all replicas: the store's one-time table decides who writes it.

use serde_json::json;

use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::model::failure::Failure;

/// How long ahead a warning begins, ms.
const AHEAD_MS: i64 = 30 * DAY_MS;
const DAY_MS: i64 = 86_400_000;

/// What it is that expires; the metric's label `use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A signing certificate in an identity provider's metadata. It goes on verifying; people forget it all the same.
    IdpSigning,
    /// An identity provider's metadata (`validUntil`): logins end with it.
    Metadata,
    /// Our certificate for signatures.
    SpSigning,
    /// Our certificate for encryption.
    SpEncryption,
}

impl What {
    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdpSigning => "idp_signing",
            Self::Metadata => "metadata",
            Self::SpSigning => "sp_signing",
            Self::SpEncryption => "sp_encryption",
        }
    }
}

/// A date of expiry.
#[derive(Clone, Copy, Debug)]
pub struct Expiring<'e> {
    /// The pool.
    pub pool_id: &'e str,
    /// The provider's name; empty for what belongs to the whole pool.
    pub provider: &'e str,
    /// What expires.
    pub what: What,
    /// When, ms.
    pub not_after_ms: i64,
}

/// Sets the metric for each date, and warns of those within 30 days: one log event a day for each.
pub async fn watch(context: &Context, items: &[Expiring<'_>]) -> Result<(), Failure> {
    let now_ms = context.now_ms();
    for item in items {
        let left_ms = item.not_after_ms.saturating_sub(now_ms);
        set(item, left_ms);
        if left_ms > AHEAD_MS || !first_today(context, item, now_ms).await? {
            continue;
        }
        tracing::warn!(
            event = "saml.expiry.near",
            user_pool.id = item.pool_id,
            provider.name = item.provider,
            expiry.of = item.what.as_str(),
            expiry.days_left = left_ms.div_euclid(DAY_MS),
            "a certificate or metadata document expires soon, or has expired"
        );
    }
    Ok(())
}

async fn first_today(context: &Context, item: &Expiring<'_>, now_ms: i64) -> Result<bool, Failure> {
    let today = now_ms.div_euclid(DAY_MS);
    let which = json!([item.provider, item.what.as_str(), item.not_after_ms, today]).to_string();
    let mut work = context.ports.store.begin().await?;
    let first = work.consumed().consume(item.pool_id, "expiry_warning", &sha256_b64(which.as_bytes()), now_ms + 2 * DAY_MS).await?;
    work.commit().await?;
    Ok(first)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge of seconds")]
fn set(item: &Expiring<'_>, left_ms: i64) {
    let (pool, provider) = (item.pool_id.to_owned(), item.provider.to_owned());
    metrics::gauge!("fedgate_certificate_expiry_seconds", "pool" => pool, "provider" => provider, "use" => item.what.as_str())
        .set((left_ms / 1000) as f64);
}
