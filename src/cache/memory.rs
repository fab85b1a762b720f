//! The cache in this process's memory: the default, for one replica.
//!
//! Owns expiry by the injected clock and the bound on records: expired ones go first, then those that would expire soonest.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::clock::Clock;

/// The most records kept at once.
const MOST: usize = 1_000_000;

/// A cache in memory.
pub struct Memory {
    clock: Clock,
    most: usize,
    records: Mutex<Records>,
}

/// When a record expires, and a number that tells records of the same millisecond apart.
type Expiry = (i64, u64);

#[derive(Default)]
struct Records {
    by_key: HashMap<Arc<str>, (Expiry, String)>,
    by_expiry: BTreeMap<Expiry, Arc<str>>,
    number: u64,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    /// An empty cache.
    pub fn new(clock: Clock) -> Self {
        Self::bounded(clock, MOST)
    }

    /// An empty cache of at most that many records.
    pub fn bounded(clock: Clock, most: usize) -> Self {
        Self { clock, most, records: Mutex::default() }
    }

    /// Reads a record.
    pub fn get(&self, key: &str) -> Option<String> {
        let (now_ms, records) = self.open();
        let (expiry, value) = records.by_key.get(key)?;
        (now_ms < expiry.0).then(|| value.clone())
    }

    /// Writes a record.
    pub fn put(&self, key: &str, value: &str, ttl_ms: i64) {
        let (now_ms, mut records) = self.open();
        records.insert(key, value.to_owned(), now_ms.saturating_add(ttl_ms), (now_ms, self.most));
    }

    /// Reads and removes a record.
    pub fn take(&self, key: &str) -> Option<String> {
        let (now_ms, mut records) = self.open();
        records.remove(key).filter(|((expires_ms, _), _)| now_ms < *expires_ms).map(|(_, value)| value)
    }

    /// Adds one to a counter.
    pub fn increment(&self, key: &str, ttl_ms: i64) -> i64 {
        let (now_ms, mut records) = self.open();
        if let Some((expiry, value)) = records.by_key.get_mut(key)
            && now_ms < expiry.0
        {
            let count = value.parse::<i64>().unwrap_or(0).saturating_add(1);
            *value = count.to_string();
            return count;
        }
        records.insert(key, "1".to_owned(), now_ms.saturating_add(ttl_ms), (now_ms, self.most));
        1
    }

    /// How many records are held, expired ones that nobody asked for included.
    pub fn len(&self) -> usize {
        self.open().1.by_key.len()
    }

    /// Whether no record is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn open(&self) -> (i64, MutexGuard<'_, Records>) {
        (self.clock.now_ms(), self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Records {
    fn insert(&mut self, key: &str, value: String, expires_ms: i64, (now_ms, most): (i64, usize)) {
        self.remove(key);
        while let Some(((first_ms, _), first)) = self.by_expiry.first_key_value() {
            if *first_ms > now_ms && self.by_key.len() < most {
                break;
            }
            let first = Arc::clone(first);
            self.remove(&first);
        }
        self.number += 1;
        let (key, expiry) = (Arc::<str>::from(key), (expires_ms, self.number));
        self.by_expiry.insert(expiry, Arc::clone(&key));
        self.by_key.insert(key, (expiry, value));
    }

    fn remove(&mut self, key: &str) -> Option<(Expiry, String)> {
        let (expiry, value) = self.by_key.remove(key)?;
        self.by_expiry.remove(&expiry);
        Some((expiry, value))
    }
}
