//! Encryption at rest: AES-256-GCM under the master key, bound to where the value stands (K-04).
//!
//! Owns the sealed form and several master keys at once for rotation; does not know what is sealed.

use crate::base::secret::Secret;
use crate::keys::KeyError;

/// The sealer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seal {}

#[expect(unused_variables, reason = "skeleton")]
impl Seal {
    /// Master keys of 32 bytes each: the first seals, all open.
    pub fn new(master_keys: &[[u8; 32]], random: crate::base::random::Random) -> Result<Self, KeyError> {
        todo!()
    }

    /// Seals `value`. `place` is its address, such as `[pool_id, "app_client", client_id, "secret"]`: a value moved elsewhere does not open.
    pub fn seal(&self, place: &[&str], value: &[u8]) -> Result<String, KeyError> {
        todo!()
    }

    /// Opens a sealed text.
    pub fn open(&self, place: &[&str], sealed: &str) -> Result<Secret, KeyError> {
        todo!()
    }
}
