//! The master key: configured, or a file that the first start makes; and the canary that tells a wrong one (K-06).
//!
//! Owns the file and the refusal to start: once a store has sealed values, no key is ever generated again, since that would only hide the loss.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::base::random::Random;
use crate::config::secrets::{self, Secrets};
use crate::keys::KeyError;
use crate::keys::seal::Seal;
use crate::store::{Store, StoreError};

/// The generated key's file, relative to the working directory.
pub const FILE: &str = "data/master.key";

const CANARY: &str = "master_key_canary";
const CANARY_TEXT: &str = "fedgate";

/// The master key cannot be used.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// The store has sealed values but there is no key.
    #[error(
        "the store holds sealed values, but no master key is configured and {FILE} does not exist; none is generated in its place"
    )]
    Missing,
    /// The store's values were sealed under another key.
    #[error("the store's values were sealed under another master key")]
    Wrong,
    /// The file cannot be read or written.
    #[error("{FILE}: {0}")]
    File(std::io::Error),
    /// The file holds something else.
    #[error("{FILE}: does not hold 32 bytes in base64 or hex")]
    Malformed,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sealer.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What a look at the master key found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It opens what the store holds.
    Fits,
    /// The store is new: the first start will seal the canary, and make a key if none is configured.
    New,
}

/// The sealer for a store. Makes key and canary at the first start.
pub async fn seal(store: &Store, configured: &Secrets, file: &Path, random: &Random) -> Result<Seal, MasterKeyError> {
    let known = canary(store).await?;
    let keys = match load(configured, file)? {
        Some(keys) => keys,
        None if known.is_some() => return Err(MasterKeyError::Missing),
        None => vec![generate(file, random)?],
    };
    let seal = Seal::new(&keys, random.clone())?;
    let sealed = match known {
        Some(sealed) => sealed,
        None => {
            let mut work = store.begin().await?;
            let stored = work.meta().get_or_insert(CANARY, &seal.seal(&["meta", CANARY], CANARY_TEXT.as_bytes())?).await?;
            work.commit().await?;
            stored
        }
    };
    opens(&seal, &sealed)?;
    Ok(seal)
}

/// Looks without making anything (`fedgate check`).
pub async fn inspect(store: &Store, configured: &Secrets, file: &Path, random: &Random) -> Result<Finding, MasterKeyError> {
    let known = canary(store).await?;
    match (load(configured, file)?, known) {
        (Some(keys), Some(sealed)) => opens(&Seal::new(&keys, random.clone())?, &sealed).map(|()| Finding::Fits),
        (None, Some(_)) => Err(MasterKeyError::Missing),
        (_, None) => Ok(Finding::New),
    }
}

/// Makes a directory that only its owner may enter.
pub fn make_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

async fn canary(store: &Store) -> Result<Option<String>, StoreError> {
    let mut work = store.read().await?;
    work.meta().get(CANARY).await
}

fn opens(seal: &Seal, sealed: &str) -> Result<(), MasterKeyError> {
    match seal.open(&["meta", CANARY], sealed) {
        Ok(text) if text.reveal() == CANARY_TEXT => Ok(()),
        Ok(_) | Err(KeyError::Sealed) => Err(MasterKeyError::Wrong),
        Err(error) => Err(error.into()),
    }
}

fn load(configured: &Secrets, file: &Path) -> Result<Option<Vec<[u8; 32]>>, MasterKeyError> {
    if !configured.master_keys.is_empty() {
        return Ok(Some(configured.master_keys.clone()));
    }
    match std::fs::read_to_string(file) {
        Ok(text) => secrets::parse_key(&text).map(|key| Some(vec![key])).ok_or(MasterKeyError::Malformed),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(MasterKeyError::File(error)),
    }
}

fn generate(file: &Path, random: &Random) -> Result<[u8; 32], MasterKeyError> {
    if let Some(parent) = file.parent() {
        make_directory(parent).map_err(MasterKeyError::File)?;
    }
    let key: [u8; 32] = random.bytes();
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(MasterKeyError::File)?;
    writeln!(out, "{}", STANDARD.encode(key)).and_then(|()| out.sync_all()).map_err(MasterKeyError::File)?;
    Ok(key)
}
