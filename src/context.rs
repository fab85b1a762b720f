//! The one argument of every capability: the ports of this process and the facts of this request.
//!
//! Owns no behaviour. `app` builds the [`Ports`] once; a face builds a [`Context`] for each request.

use std::sync::Arc;

use url::Url;

use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::cache::Cache;
use crate::keys::KeyRing;
use crate::keys::seal::Seal;
use crate::outbound::Outbound;
use crate::store::Store;
use crate::store::held::Held;

/// The process's ports and its few global settings.
#[derive(Debug)]
pub struct Ports {
    /// The durable store.
    pub store: Store,
    /// Pools, clients, providers and domains, held in memory.
    pub held: Held,
    /// The shared cache.
    pub cache: Cache,
    /// Signing keys of all pools.
    pub keys: KeyRing,
    /// Encryption at rest.
    pub seal: Seal,
    /// The only HTTP client.
    pub outbound: Outbound,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// The origin that browsers and apps see, without a trailing slash in use: issuers derive from it.
    pub public_url: Url,
    /// First part of pool ids.
    pub region: String,
    /// The pool served on the plain public origin: the configured one, or the only one.
    pub default_user_pool: Option<String>,
}

impl Ports {
    /// The public origin without a trailing slash, such as `https://id.example.com`.
    pub fn base_url(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// The issuer of a pool: `{base}/{pool_id}`.
    pub fn issuer(&self, pool_id: &str) -> String {
        format!("{}/{pool_id}", self.base_url())
    }
}

/// What one request carries through the capabilities. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    /// The process's ports.
    pub ports: Arc<Ports>,
    /// The request's id: in the log, in `x-amzn-RequestId`, and shown to users as reference.
    pub request_id: String,
}

impl Context {
    /// The current time, ms.
    pub fn now_ms(&self) -> i64 {
        self.ports.clock.now_ms()
    }
}
