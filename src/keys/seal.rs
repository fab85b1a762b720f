//! Encryption at rest: AES-256-GCM under the master key, bound to where the value stands (K-04).
//!
//! Owns the sealed form `v1.{id of the master key}.{nonce and ciphertext, base64url}` and several master keys at once for rotation:
//! the first seals, all open. Does not know what is sealed; where the master key comes from is [`crate::keys::master`].

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::keys::KeyError;

/// The sealer. Cheap to clone.
#[derive(Clone)]
pub struct Seal {
    keys: Arc<[MasterKey]>,
    random: Random,
}

struct MasterKey {
    id: String,
    key: LessSafeKey,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Seal").field("master_keys", &ids).finish_non_exhaustive()
    }
}

impl Seal {
    /// Master keys of 32 bytes each: the first seals, all open. At least one.
    pub fn new(master_keys: &[[u8; 32]], random: Random) -> Result<Self, KeyError> {
        if master_keys.is_empty() {
            return Err(KeyError::Master("no master key is configured".to_owned()));
        }
        let keys = master_keys
            .iter()
            .map(|bytes| {
                let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| KeyError::Crypto("the master key"))?;
                Ok(MasterKey { id: key_id(bytes), key: LessSafeKey::new(key) })
            })
            .collect::<Result<Vec<_>, KeyError>>()?;
        Ok(Self { keys: keys.into(), random })
    }

    /// Seals `value`. `place` is its address, such as `[pool_id, "app_client", client_id, "secret"]`: a value moved elsewhere does not open.
    pub fn seal(&self, place: &[&str], value: &[u8]) -> Result<String, KeyError> {
        let master = self.keys.first().ok_or(KeyError::Sealed)?;
        let nonce: [u8; NONCE_LEN] = self.random.bytes();
        let mut body = nonce.to_vec();
        let mut sealed = value.to_vec();
        master
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(address(place)), &mut sealed)
            .map_err(|_| KeyError::Crypto("sealing"))?;
        body.append(&mut sealed);
        Ok(format!("v1.{}.{}", master.id, URL_SAFE_NO_PAD.encode(body)))
    }

    /// Opens a sealed text. [`KeyError::Sealed`] when it was sealed under another key, for another place, or was altered.
    pub fn open(&self, place: &[&str], sealed: &str) -> Result<Secret, KeyError> {
        let value = self.open_bytes(place, sealed)?;
        std::str::from_utf8(&value).map(Secret::new).map_err(|_| KeyError::Sealed)
    }

    /// Opens a sealed value that is not text.
    pub fn open_bytes(&self, place: &[&str], sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (id, body) = sealed.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or(KeyError::Sealed)?;
        let mut body = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| KeyError::Sealed)?);
        let (nonce, ciphertext) = body.split_first_chunk_mut::<NONCE_LEN>().ok_or(KeyError::Sealed)?;
        let master = self.keys.iter().find(|key| key.id == id).ok_or(KeyError::Sealed)?;
        let value = master
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(address(place)), ciphertext)
            .map_err(|_| KeyError::Sealed)?;
        Ok(Zeroizing::new(value.to_vec()))
    }
}

/// Names a master key without giving it away: the first 8 hexadecimal digits of its SHA-256.
fn key_id(master_key: &[u8; 32]) -> String {
    digest(&SHA256, master_key).as_ref().iter().take(4).fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// The parts, each after its length, so that no two places have the same address.
fn address(place: &[&str]) -> Vec<u8> {
    let mut address = Vec::new();
    for part in place {
        address.extend_from_slice(&(part.len() as u64).to_be_bytes());
        address.extend_from_slice(part.as_bytes());
    }
    address
}
