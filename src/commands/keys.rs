//! `fedgate keys list|rotate POOL`: the keys of a user pool, those that sign tokens and those of our SAML service provider.
//!
//! Owns the arguments and the table that is printed; when keys sign and leave is `keys::rotation`'s.

use clap::{Args, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::probe;
use crate::commands::output::{self, Refused};
use crate::commands::{self, From};
use crate::keys::rotation::KeyInfo;
use crate::keys::saml_keys::life::{SAML_PUBLISH_AHEAD_MS, SamlKeyInfo};
use crate::keys::{KeyError, KeyRing};

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show a pool's keys, oldest first
    List(Which),
    /// Make new keys; those they replace stay published until every token that they signed has expired
    Rotate {
        /// Whose keys
        #[command(flatten)]
        which: Which,
        /// Sign with the new keys at once, for a key that has leaked: apps that cache the old key set fail until they fetch it again
        #[arg(long)]
        now: bool,
        /// Replace the SAML keys instead: a new signing certificate is published now and signs in 30 days, new encryption certificates
        /// count at once; the old ones go on for 30 days. Identity providers that copied a certificate by hand must copy the new one
        #[arg(long)]
        saml: bool,
    },
}

/// Whose keys.
#[derive(Debug, Args)]
pub struct Which {
    /// Id of the user pool
    pool: String,
    #[command(flatten)]
    from: From,
}

/// Runs it.
pub async fn run(action: Action) -> Result<(), Refused> {
    let (which, rotate) = match action {
        Action::List(which) => (which, None),
        Action::Rotate { which, now, saml } => (which, Some((now, saml))),
    };
    let config = which.from.load()?;
    let ring: KeyRing = probe::key_ring(&config).await.map_err(|error| commands::explain(&config, &error))?;
    let keys = match rotate {
        None | Some((_, true)) => ring.list(&which.pool).await,
        Some((now, false)) => ring.rotate(&which.pool, if now { 0 } else { config.signing.publish_ahead_s * 1000 }).await,
    };
    let missing = || Refused::Other(format!("there is no user pool {}", which.pool));
    match keys {
        Ok(keys) if keys.is_empty() => Err(missing()),
        Ok(keys) => {
            for key in &keys {
                output::line(&row(key));
            }
            let saml = match rotate {
                Some((now, true)) => ring.rotate_saml_keys(&which.pool, if now { 0 } else { SAML_PUBLISH_AHEAD_MS }).await,
                _ => ring.list_saml_keys(&which.pool).await,
            };
            for key in saml.map_err(|error| Refused::Other(error.to_string()))? {
                output::line(&saml_row(&key));
            }
            Ok(())
        }
        Err(KeyError::Missing) => Err(missing()),
        Err(error) => Err(Refused::Other(error.to_string())),
    }
}

fn row(key: &KeyInfo) -> String {
    let retires = key.retire_at_ms.map_or_else(|| "-".to_owned(), instant);
    format!(
        "{}\t{}\t{}\tsigns from {}\tleaves {retires}",
        key.kid,
        key.token_use.as_str(),
        key.status.as_str(),
        instant(key.active_from_ms)
    )
}

fn saml_row(key: &SamlKeyInfo) -> String {
    let usage = key.provider.as_ref().map_or_else(|| "saml-signing".to_owned(), |name| format!("saml-encryption:{name}"));
    let retires = key.retire_at_ms.map_or_else(|| "-".to_owned(), instant);
    let (from, until) = (instant(key.active_from_ms), instant(key.not_after_ms));
    format!("{}\t{usage}\t{}\tsigns from {from}\tleaves {retires}\tcertificate ends {until}", key.kid, key.status.as_str())
}

fn instant(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}
