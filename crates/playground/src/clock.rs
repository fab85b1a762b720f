//! Time and randomness of the stand-ins.
//!
//! A test that moves the gateway's clock hands the same clock to the stand-ins; the demo uses the system's.
//! Neighbours: every module here that stamps, expires or invents something.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seconds since the epoch, as somebody sees them.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock.
pub fn system() -> Clock {
    Arc::new(|| now_ms() / 1000)
}

/// The system's time in milliseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the demo's own clock; tests hand in the gateway's")]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A fresh random word of 32 bytes, base64url (43 characters): codes, tokens, state, verifiers.
pub fn random_word() -> String {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random generator works");
    URL_SAFE_NO_PAD.encode(bytes)
}
