//! What the small commands need of the gateway: a look at every connection, the schema, the key ring.
//!
//! Owns `check`'s list of examinations. Nothing here starts a listener; `examine` changes nothing, not even an empty database file.

use std::path::Path;

use crate::app::{AppError, MASTER_KEY_FILE, open_seal};
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::cache::Cache;
use crate::config::Config;
use crate::http::tls::{self, TlsFiles};
use crate::keys::seal::Seal;
use crate::keys::{KeyError, KeyRing, master};
use crate::outbound::Outbound;
use crate::store::Store;

/// Applies what the schema lacks; returns the names of what was applied.
pub async fn migrate(config: &Config) -> Result<Vec<&'static str>, AppError> {
    let store = Store::connect(config.store.url.reveal()).await?;
    let pending = store.pending_migrations().await?;
    store.migrate().await?;
    Ok(pending)
}

/// The store, when its schema is this program's.
pub async fn store_in_use(config: &Config) -> Result<Store, AppError> {
    let store = Store::connect(config.store.url.reveal()).await?;
    if store.pending_migrations().await?.is_empty() { Ok(store) } else { Err(AppError::SchemaBehind) }
}

/// The keys of all pools.
pub async fn key_ring(config: &Config) -> Result<KeyRing, AppError> {
    let store = store_in_use(config).await?;
    if config.secrets.master_keys.is_empty() && !Path::new(MASTER_KEY_FILE).exists() {
        return Err(KeyError::Master(format!("{MASTER_KEY_FILE} does not exist")).into());
    }
    let seal = open_seal(&store, config, &Random::System).await?;
    Ok(KeyRing::new(store, seal, Clock::System, Random::System))
}

/// What is good, and what is wrong with which key.
pub async fn examine(config: &Config) -> (Vec<String>, Vec<(String, String)>) {
    let mut good = Vec::new();
    let mut faults = Vec::new();
    let mut note = |found: Result<String, AppError>| match found {
        Ok(text) => good.push(text),
        Err(error) => faults.extend(error.faults()),
    };
    if let Some((cert, key)) = config.http.tls.clone() {
        let loaded = tls::load(&TlsFiles { cert, key }).map(|_| "http.tls: certificate and key fit".to_owned());
        note(loaded.map_err(AppError::Tls));
    }
    note(Outbound::new(&crate::app::outbound_settings(config)).map(|_| "outbound: ready".to_owned()).map_err(AppError::from));
    note(crate::app::check_declared(config).map(|()| format!("user_pools: {} declared", config.user_pools.len())));
    note(cache(config).await);
    note(store(config).await);
    (good, faults)
}

async fn cache(config: &Config) -> Result<String, AppError> {
    let cache = Cache::connect(config.cache.url.reveal(), Clock::System).await?;
    cache.ping().await?;
    Ok("cache.url: answers".to_owned())
}

async fn store(config: &Config) -> Result<String, AppError> {
    let url = config.store.url.reveal();
    let file = url.strip_prefix("sqlite://");
    if file.is_some_and(|path| !Path::new(path).exists()) {
        return Ok("store.url: the first start will make the database".to_owned());
    }
    let store = Store::connect(url).await?;
    store.ping().await?;
    let pending = store.pending_migrations().await?;
    if store.schema_version().await? == 0 {
        return Ok("store.url: answers; empty, the first start or `fedgate migrate` will make the schema".to_owned());
    }
    master_key(config, &store).await?;
    match pending.len() {
        0 => Ok("store.url: answers; the schema is up to date and the master key fits".to_owned()),
        _ if !config.store.migrate => Err(AppError::SchemaBehind),
        count => Ok(format!("store.url: answers; {count} migrations will be applied at the next start")),
    }
}

async fn master_key(config: &Config, store: &Store) -> Result<(), AppError> {
    if !master::has_canary(store).await? {
        return Ok(());
    }
    let keys = match config.secrets.master_keys.as_slice() {
        [] => vec![master::load_or_create(Path::new(MASTER_KEY_FILE), false, &Random::System)?],
        keys => keys.to_vec(),
    };
    master::verify_canary(store, &Seal::new(&keys, Random::System)?).await?;
    Ok(())
}

/// The innermost reason of a port's error, for the operator.
pub fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = inner.source();
    }
    text
}
