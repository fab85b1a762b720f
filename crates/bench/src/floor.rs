//! What the cryptography alone costs on this machine: RS256 with a held RSA-2048 key, the least that a login or token can cost.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

use crate::Failure;
use crate::proc;

/// As long as the signing input of an ID token with the usual claims.
const MESSAGE: [u8; 900] = [b'x'; 900];

/// Milliseconds of CPU time for one operation, the best of several rounds.
pub struct Floor {
    /// One RS256 signature.
    pub sign_ms: f64,
    /// One RS256 verification.
    pub verify_ms: f64,
}

impl Floor {
    /// Measures both, in less than two seconds.
    pub fn measure() -> Result<Self, Failure> {
        let key = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made");
        let random = SystemRandom::new();
        let mut signature = vec![0; key.public_modulus_len()];
        let sign_ms = best(5, 100, || key.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).expect("the key signs"))?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key()).expect("a key reads its own public half");
        let verify_ms = best(5, 1000, || public.verify_sig(&MESSAGE, &signature).expect("its own signature verifies"))?;
        Ok(Self { sign_ms, verify_ms })
    }
}

fn best(rounds: u32, count: u32, mut work: impl FnMut()) -> Result<f64, Failure> {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let before = proc::own_thread_ms()?;
        (0..count).for_each(|_| work());
        best = best.min((proc::own_thread_ms()? - before) / f64::from(count));
    }
    Ok(best)
}
