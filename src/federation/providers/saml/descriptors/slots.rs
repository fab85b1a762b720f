//! What this process holds of each provider's metadata: the parsed copy, and when it last looked, asked and failed.
//!
//! Owns the bound on how many are held, single flight, and the back-off of fetches. The durable copy is the store's (`keep`); nothing here
//! decides anything that another replica could not decide as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::federation::providers::saml::descriptors::fetch::Document;
use crate::federation::saml::metadata::IdpDescriptor;

/// Providers held; the longest unused one goes first.
const MOST: usize = 10_000;
/// Back-off after the first failure; doubles with each, ms.
const BACK_OFF_FIRST_MS: i64 = 1_000;
/// The longest back-off, ms.
const BACK_OFF_MAX_MS: i64 = 60_000;

/// A parsed copy.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What it says.
    pub descriptor: Arc<IdpDescriptor>,
    /// Digest of its text.
    pub digest: String,
    /// When the host last confirmed it, as far as this process knows, ms.
    pub checked_ms: i64,
    /// The document, while it is in no store yet: it was read to check settings that were not saved then.
    pub unsaved: Option<Arc<Document>>,
}

/// One provider's place.
#[derive(Debug)]
pub struct Slot {
    /// Held while fetching: single flight.
    pub flight: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// What is known.
#[derive(Debug)]
pub struct State {
    /// Which source the rest belongs to.
    pub source: String,
    /// The copy.
    pub copy: Option<Copy>,
    /// When this process last looked into the store, ms.
    pub looked_ms: Option<i64>,
    /// When a failed signature last made it ask the host, ms.
    pub forced_ms: Option<i64>,
    /// Fetches that failed since one succeeded.
    pub failures: u32,
    /// No fetch before, ms.
    pub retry_ms: i64,
    /// Why the last fetch failed.
    pub fault: &'static str,
    used_ms: i64,
}

impl State {
    fn new(source: &str, now_ms: i64) -> Self {
        Self {
            source: source.to_owned(),
            copy: None,
            looked_ms: None,
            forced_ms: None,
            failures: 0,
            retry_ms: i64::MIN,
            fault: "document_missing",
            used_ms: now_ms,
        }
    }

    /// Notes a failed fetch.
    pub fn failed(&mut self, fault: &'static str, now_ms: i64) {
        let doubled = BACK_OFF_FIRST_MS << self.failures.min(6);
        self.failures = self.failures.saturating_add(1);
        self.retry_ms = now_ms.saturating_add(doubled.min(BACK_OFF_MAX_MS));
        self.fault = fault;
    }

    /// Takes a new copy over.
    pub fn succeeded(&mut self, copy: Copy) {
        self.failures = 0;
        self.copy = Some(copy);
    }

    /// Whether a fetch must wait.
    pub fn backs_off(&self, now_ms: i64) -> bool {
        self.failures > 0 && now_ms < self.retry_ms
    }
}

impl Slot {
    /// What is known. Never held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All places, by pool and provider.
#[derive(Debug, Default)]
pub struct Slots(Mutex<BTreeMap<(String, String), Arc<Slot>>>);

impl Slots {
    /// A provider's place; what belongs to another source is forgotten. Makes room when there are too many.
    pub fn slot(&self, pool_id: &str, provider: &str, source: &str, now_ms: i64) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (pool_id.to_owned(), provider.to_owned());
        if let Some(slot) = slots.get(&key) {
            let mut state = slot.state();
            if state.source != source {
                *state = State::new(source, now_ms);
            }
            state.used_ms = now_ms;
            drop(state);
            return Arc::clone(slot);
        }
        if slots.len() >= MOST {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.state().used_ms).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                slots.remove(&oldest);
            }
        }
        let slot = Arc::new(Slot { flight: tokio::sync::Mutex::new(()), state: Mutex::new(State::new(source, now_ms)) });
        slots.insert(key, Arc::clone(&slot));
        slot
    }
}
