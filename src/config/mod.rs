//! Configuration: defaults, then the file, then the environment; every mistake with its place, all of them at once.
//!
//! Owns the keys (`keys`), their reading (`source`, `environment`, `reader`) and the report of faults. One file per section holds a small settings
//! struct. Knows no other room: `app` turns these into each room's own settings. What `[[user_pools]]` means is not known here.

pub mod admin;
pub mod cache;
pub mod environment;
pub mod general;
pub mod http;
pub mod keys;
pub mod load;
pub mod outbound;
pub mod reader;
pub mod references;
pub mod report;
pub mod secrets;
pub mod signing;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod tree;
pub mod unknown;
pub mod user_pools;

use std::collections::BTreeMap;

use crate::base::declared::Declared;
use crate::config::tree::Place;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Keys without a section.
    pub general: general::General,
    /// `[http]`.
    pub http: http::Http,
    /// `[store]`.
    pub store: store::Store,
    /// `[cache]`.
    pub cache: cache::Cache,
    /// `[secrets]`.
    pub secrets: secrets::Secrets,
    /// `[admin]`.
    pub admin: admin::Admin,
    /// `[outbound]`.
    pub outbound: outbound::Outbound,
    /// `[keys]`.
    pub signing: signing::Signing,
    /// `[telemetry]`.
    pub telemetry: telemetry::Telemetry,
    /// `[[user_pools]]`.
    pub user_pools: Vec<Declared>,
    /// Whether there was a file. Without one the gateway makes itself a first pool.
    pub from_file: bool,
    /// The file's name as given.
    pub file: Option<String>,
    /// Where each key that is set stands.
    pub places: BTreeMap<String, Place>,
}

impl Config {
    /// Where a key stands, or what is nearest around it: for faults that show only when the gateway starts.
    pub fn place(&self, key: &str) -> Option<Place> {
        let declared = self.user_pools.iter().find(|pool| pool.owns(key)).and_then(|pool| pool.line(key));
        declared.map(Place::Line).or_else(|| self.places.get(key).cloned())
    }
}
