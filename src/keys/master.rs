//! Where the master key comes from, and the proof that it is the right one (K-06).
//!
//! Owns the key file (created once, readable by its owner only) and the canary: a sealed value in the store that opens only under
//! the master key that this database was made with. Never makes a new key for a database that has a canary. The order at
//! start: [`has_canary`], [`load_or_create`] (which may create only when there is none), then [`verify_canary`].

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::base::random::Random;
use crate::keys::KeyError;
use crate::keys::seal::Seal;
use crate::store::Store;

/// The fact in `store::meta` that holds the canary.
const CANARY: &str = "master_key_canary";
const CANARY_TEXT: &str = "fedgate";
const PLACE: [&str; 2] = ["meta", CANARY];

/// Reads a master key from text: 32 bytes in base64 of any alphabet, padded or not; surrounding white space is ignored.
pub fn parse(text: &str) -> Result<[u8; 32], KeyError> {
    let text = text.trim();
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| <[u8; 32]>::try_from(Zeroizing::new(alphabet.decode(text).ok()?).as_slice()).ok())
        .ok_or_else(|| KeyError::Master("a master key must be 32 bytes in base64 (44 characters)".to_owned()))
}

/// Reads the master key from a file. A missing file is created with a new key (mode 0600) if `may_create`, else refused.
pub fn load_or_create(path: &Path, may_create: bool, random: &Random) -> Result<[u8; 32], KeyError> {
    match read(path) {
        Ok(text) => parse(&text).map_err(|_| refused(path, "holds no master key: 32 bytes in base64 are expected")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => create(path, random),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(refused(
            path,
            "is missing, but this database was made with a master key: restore the key; a new one could not open what is sealed",
        )),
        Err(error) => Err(refused(path, &format!("cannot be read: {error}"))),
    }
}

/// Whether the store was made with a master key already; then none may be created.
pub async fn has_canary(store: &Store) -> Result<bool, KeyError> {
    Ok(store.read().await?.meta().get(CANARY).await?.is_some())
}

/// Proves that the master key is this store's: opens the canary, or seals one into a store that has none yet.
pub async fn verify_canary(store: &Store, seal: &Seal) -> Result<(), KeyError> {
    let known = store.read().await?.meta().get(CANARY).await?;
    let canary = if let Some(known) = known {
        known
    } else {
        let mut work = store.begin().await?;
        let canary = work.meta().get_or_insert(CANARY, &seal.seal(&PLACE, CANARY_TEXT.as_bytes())?).await?;
        work.commit().await?;
        canary
    };
    match seal.open(&PLACE, &canary) {
        Ok(text) if text.reveal() == CANARY_TEXT => Ok(()),
        _ => Err(KeyError::Master(
            "the configured master key is not the one that this database was made with: restore it (secrets.master_key or data/master.key)"
                .to_owned(),
        )),
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = OpenOptions::new().read(true).open(path)?;
    if file.metadata()?.permissions().mode() & 0o007 != 0 {
        tracing::warn!(path = %path.display(), "the master key file can be read by everybody on this machine");
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn create(path: &Path, random: &Random) -> Result<[u8; 32], KeyError> {
    let key: [u8; 32] = random.bytes();
    match write(path, &Zeroizing::new(STANDARD.encode(key)), random) {
        Ok(()) => Ok(key),
        // Another process was faster: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => load_or_create(path, false, random),
        Err(error) => Err(refused(path, &format!("cannot be written: {error}"))),
    }
}

/// Writes beside and links into place, so that nobody ever reads half a key.
fn write(path: &Path, text: &str, random: &Random) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty() && !directory.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let half = path.with_extension(format!("{}.half", random.token()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&half, path);
    std::fs::remove_file(&half)?;
    linked
}

fn refused(path: &Path, why: &str) -> KeyError {
    KeyError::Master(format!("the master key file {} {why}", path.display()))
}
