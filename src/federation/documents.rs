//! Documents that providers publish: OIDC discovery, JWKS, SAML metadata; fetched, parsed and kept for a while (O-08, O-09).
//!
//! Owns freshness, single flight, back-off after failures and the bound on what is kept. Each provider owns one instance for each kind of
//! document and says how to parse it; a document that does not parse counts as a failed fetch and never replaces a good
//! one. Entries are keyed by pool, provider and URL, so that tenants never share one (O-09).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Context;
use crate::model::failure::Failure;
use crate::outbound::{Call, OutboundError};

/// Unknown key ids and the like may ask for a new copy so often, per document (O-08), ms.
const FORCED_EVERY_MS: i64 = 60_000;
/// Back-off after the first failure; doubles with each, ms.
const BACK_OFF_FIRST_MS: i64 = 1_000;
/// The longest back-off, ms.
const BACK_OFF_MAX_MS: i64 = 60_000;

/// What a document belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The pool.
    pub pool_id: String,
    /// The provider's name in it.
    pub provider: String,
    /// Where the document is published.
    pub url: String,
}

/// How documents of one kind are kept.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The `accept` header.
    pub accept: &'static str,
    /// The largest document, bytes.
    pub limit: usize,
    /// How long a copy is used without asking again, ms.
    pub ttl_ms: i64,
    /// How long a copy is used while the provider does not give a new one, ms from its fetch.
    pub stale_ms: i64,
    /// How many documents are kept; the longest unused one goes first.
    pub entries: usize,
}

/// A parsed document.
#[derive(Debug)]
pub struct Held<T> {
    /// The document.
    pub document: Arc<T>,
    /// Whether this very call fetched it, or waited for its fetch: asking again would not show more.
    pub just_fetched: bool,
}

/// The kept documents of one kind.
pub struct Documents<T> {
    rules: Rules,
    slots: Mutex<BTreeMap<Key, Arc<Slot<T>>>>,
}

/// One document's place.
struct Slot<T> {
    /// Held while fetching: single flight.
    flight: tokio::sync::Mutex<()>,
    state: Mutex<State<T>>,
}

struct State<T> {
    copy: Option<(Arc<T>, i64)>,
    /// Counts fetches that gave a good copy.
    version: u64,
    used_ms: i64,
    forced_ms: Option<i64>,
    failures: u32,
    retry_ms: i64,
    fault: &'static str,
}

impl<T> fmt::Debug for Documents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl<T> Slot<T> {
    fn new(now_ms: i64) -> Self {
        let state = State {
            copy: None,
            version: 0,
            used_ms: now_ms,
            forced_ms: None,
            failures: 0,
            retry_ms: i64::MIN,
            fault: "document_missing",
        };
        Self { flight: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// The copy, if it is at most `age_ms` old. A clock that went back makes a copy new, never older.
    fn copy_within(&self, now_ms: i64, age_ms: i64) -> Option<Arc<T>> {
        self.copy.as_ref().filter(|(_, fetched_ms)| now_ms.saturating_sub(*fetched_ms) < age_ms).map(|(copy, _)| Arc::clone(copy))
    }

    /// What can be had without a fetch: the copy while it is not too old, or the last fault.
    fn without_fetch(&self, now_ms: i64, stale_ms: i64) -> Result<Held<T>, Failure> {
        match self.copy_within(now_ms, stale_ms) {
            Some(document) => Ok(Held { document, just_fetched: false }),
            None => Err(Failure::ProviderUnavailable { reason: self.fault }),
        }
    }
}

impl<T> Documents<T> {
    /// No documents yet.
    pub fn new(rules: Rules) -> Self {
        Self { rules, slots: Mutex::new(BTreeMap::new()) }
    }

    /// The document, fetched if there is no fresh copy. While a fetch is under way or backing off, an older copy serves.
    ///
    /// `parse` answers with a snake_case reason when the document is not good.
    pub async fn get(
        &self,
        context: &Context,
        key: &Key,
        parse: impl Fn(&[u8]) -> Result<T, &'static str>,
    ) -> Result<Held<T>, Failure> {
        let now_ms = context.now_ms();
        let slot = self.slot(key, now_ms);
        {
            let mut state = slot.state();
            state.used_ms = now_ms;
            if let Some(document) = state.copy_within(now_ms, self.rules.ttl_ms) {
                return Ok(Held { document, just_fetched: false });
            }
        }
        let (version, older) = {
            let state = slot.state();
            (state.version, state.copy_within(now_ms, self.rules.stale_ms))
        };
        let _flight = match (slot.flight.try_lock(), older) {
            (Ok(flight), _) => flight,
            (Err(_), Some(document)) => return Ok(Held { document, just_fetched: false }),
            (Err(_), None) => slot.flight.lock().await,
        };
        if slot.state().version != version {
            let held = slot.state().without_fetch(now_ms, self.rules.stale_ms)?;
            return Ok(Held { just_fetched: true, ..held });
        }
        self.fetch(context, key, &slot, parse).await
    }

    /// A newer copy than `seen`, which lacked something: at most one fetch a minute for each document, and one at a time (O-08).
    /// Without one, the copy that there is.
    pub async fn newer(
        &self,
        context: &Context,
        key: &Key,
        seen: &Arc<T>,
        parse: impl Fn(&[u8]) -> Result<T, &'static str>,
    ) -> Result<Held<T>, Failure> {
        let now_ms = context.now_ms();
        let slot = self.slot(key, now_ms);
        let _flight = slot.flight.lock().await;
        {
            let mut state = slot.state();
            state.used_ms = now_ms;
            let replaced = state.copy.as_ref().is_some_and(|(copy, _)| !Arc::ptr_eq(copy, seen));
            let asked_lately = state.forced_ms.is_some_and(|forced| now_ms.saturating_sub(forced) < FORCED_EVERY_MS);
            if replaced || asked_lately {
                return state.without_fetch(now_ms, self.rules.stale_ms);
            }
            state.forced_ms = Some(now_ms);
        }
        self.fetch(context, key, &slot, parse).await
    }

    /// Fetches, with the slot's flight held.
    async fn fetch(
        &self,
        context: &Context,
        key: &Key,
        slot: &Slot<T>,
        parse: impl Fn(&[u8]) -> Result<T, &'static str>,
    ) -> Result<Held<T>, Failure> {
        let now_ms = context.now_ms();
        {
            let state = slot.state();
            if state.failures > 0 && now_ms < state.retry_ms {
                return state.without_fetch(now_ms, self.rules.stale_ms);
            }
        }
        let outcome = self.download(context, key).await.and_then(|body| parse(&body));
        let now_ms = context.now_ms();
        let mut state = slot.state();
        match outcome {
            Ok(document) => {
                let document = Arc::new(document);
                state.copy = Some((Arc::clone(&document), now_ms));
                state.version += 1;
                state.failures = 0;
                Ok(Held { document, just_fetched: true })
            }
            Err(fault) => {
                tracing::warn!(
                    user_pool.id = key.pool_id,
                    provider.name = key.provider,
                    document.fault = fault,
                    "a provider's document could not be fetched"
                );
                let doubled = BACK_OFF_FIRST_MS << state.failures.min(6);
                state.failures = state.failures.saturating_add(1);
                state.retry_ms = now_ms.saturating_add(doubled.min(BACK_OFF_MAX_MS));
                state.fault = fault;
                state.without_fetch(now_ms, self.rules.stale_ms)
            }
        }
    }

    async fn download(&self, context: &Context, key: &Key) -> Result<Vec<u8>, &'static str> {
        let call = Call {
            method: "GET",
            url: key.url.clone(),
            headers: vec![("accept".to_owned(), self.rules.accept.to_owned())],
            body: Vec::new(),
            limit: self.rules.limit,
        };
        match context.ports.outbound.send(call).await {
            Ok(answer) if answer.status == 200 => Ok(answer.body),
            Ok(_) => Err("document_status"),
            Err(OutboundError::Refused(_)) => Err("document_address_refused"),
            Err(OutboundError::Unreachable(_)) => Err("document_unreachable"),
            Err(OutboundError::TooLarge) => Err("document_too_large"),
        }
    }

    /// The key's place; makes room when there are too many.
    fn slot(&self, key: &Key, now_ms: i64) -> Arc<Slot<T>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        if slots.len() >= self.rules.entries {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.state().used_ms).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                slots.remove(&oldest);
            }
        }
        let slot = Arc::new(Slot::new(now_ms));
        slots.insert(key.clone(), Arc::clone(&slot));
        slot
    }
}
