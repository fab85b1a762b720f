//! The only place that reads the system's clock.
//!
//! Every rule about time takes its `now` from a [`Clock`], so that tests move time instead of waiting for it.
//! Does not own timers of the runtime (request timeouts, drains): those belong to the seams that use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of the current time. Cheap to clone; clones of a manual clock share their time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own time.
    System,
    /// A time that stands still until a test moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that starts at `now_ms` and moves only by [`Clock::advance_ms`].
    pub fn manual(now_ms: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now_ms)))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; negative before it, never a panic.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => system_now_ms(),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn now_s(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// Moves a manual clock forward (or back, when negative). The system's clock is not ours to move: no effect there.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that may read the system's clock")]
fn system_now_ms() -> i64 {
    let now = SystemTime::now();
    match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}
