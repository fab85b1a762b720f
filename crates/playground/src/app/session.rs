//! What the sample app remembers of each browser: sign-ins under way, and the one that is done.
//!
//! In memory, keyed by a random cookie. A pending sign-in is taken once, by the state that it was begun with.
//! Neighbours: `gateway` makes the pieces, `mod.rs` asks.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::verify::Verified;
use crate::journal::Hop;

/// A sign-in that this browser began.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) started_ms: i64,
    pub(super) discovery: Value,
}

/// What the token endpoint gave, checked.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) id: Verified,
    pub(super) access: Verified,
    pub(super) refresh_token: Option<String>,
    pub(super) userinfo: Value,
    pub(super) discovery: Value,
}

impl Tokens {
    /// The claims that a refresh changed, as `token: claim`.
    pub(super) fn changes(&self, newer: &Self) -> Vec<String> {
        let mut changed = Vec::new();
        for (label, old, new) in [("ID token", &self.id, &newer.id), ("access token", &self.access, &newer.access)] {
            for (claim, value) in new.claims.as_object().into_iter().flatten() {
                if old.claims.get(claim) != Some(value) {
                    changed.push(format!("{label}: {claim}"));
                }
            }
        }
        changed
    }
}

/// A finished sign-in.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) tokens: Tokens,
    pub(super) hops: Vec<Hop>,
    /// The claims that the last refresh changed.
    pub(super) refreshed: Option<Vec<String>>,
}

#[derive(Default)]
struct Session {
    pending: BTreeMap<String, Pending>,
    signed: Option<Signed>,
}

/// All browsers.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<String, Session>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pend(&self, id: &str, state: String, pending: Pending) {
        self.lock().entry(id.to_owned()).or_default().pending.insert(state, pending);
    }

    pub(super) fn take_pending(&self, id: &str, state: &str) -> Option<Pending> {
        self.lock().get_mut(id)?.pending.remove(state)
    }

    pub(super) fn sign_in(&self, id: &str, signed: Signed) {
        self.lock().entry(id.to_owned()).or_default().signed = Some(signed);
    }

    pub(super) fn signed(&self, id: &str) -> Option<Signed> {
        self.lock().get(id)?.signed.clone()
    }

    pub(super) fn sign_out(&self, id: &str) -> Option<Signed> {
        self.lock().remove(id)?.signed
    }
}
