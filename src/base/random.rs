//! The only source of randomness: the system's secure generator, or a seeded one in tests.
//!
//! Owns no formats beyond plain encodings; identifier formats are in [`crate::base::ids`].

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryRng as _};

/// A source of random bytes. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Random {
    /// The operating system's secure generator.
    System,
    /// Reproducible bytes for tests.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Random {
    /// A reproducible source.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `bytes`. A system without randomness cannot run an identity gateway: that is a panic, never weak bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => SysRng.try_fill_bytes(bytes).expect("the system's random generator works"),
            Self::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// An opaque handle of 256 random bits, base64url without padding: 43 characters.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// `len` characters drawn uniformly from `alphabet` (at most 256 of them).
    pub fn text(&self, len: usize, alphabet: &[u8]) -> String {
        let limit = 256 - 256 % alphabet.len();
        let mut out = String::with_capacity(len);
        while out.len() < len {
            for byte in self.bytes::<32>() {
                if usize::from(byte) < limit && out.len() < len {
                    out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        out
    }
}
