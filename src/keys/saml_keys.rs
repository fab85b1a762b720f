//! One of our keys as a SAML service provider: made, certified, sealed for the store, opened at its first use.
//!
//! A key either signs for a pool (AuthnRequests, logout messages) or decrypts what one identity provider encrypted to us. The
//! private half never leaves this file: callers hand over octets. Which key is used when, is published and leaves is
//! [`life`]'s; the certificate around the public half is [`certificate`]'s.

pub mod certificate;
pub mod life;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::base::random::Random;
use crate::keys::KeyError;
use crate::keys::held::Birth;
use crate::keys::seal::Seal;
use crate::store::saml_keys::StoredSamlKey;

/// One of our SAML keys.
pub struct SpKey {
    /// Key id.
    pub kid: String,
    /// The self-signed certificate: base64 DER, no armour (Cognito: `GetSigningCertificate`, `ActiveEncryptionCertificate`).
    pub certificate: String,
    /// End of the certificate, ms.
    pub not_after_ms: i64,
    /// Signs from this time on, ms; published before.
    pub active_from_ms: i64,
    /// Leaves the published metadata and decrypts no more from this time on, ms.
    pub retire_at_ms: Option<i64>,
    /// Creation time, ms.
    pub created_ms: i64,
    opened: OnceLock<Option<Private>>,
    sealed: StoredSamlKey,
    seal: Seal,
    signers: Arc<Semaphore>,
}

struct Private {
    signs: Arc<RsaKeyPair>,
    oaep: OaepPrivateDecryptingKey,
    pkcs1: Pkcs1PrivateDecryptingKey,
}

/// How a content key was encrypted to our key (XML Encryption 1.1 section 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RSA-OAEP with SHA-1 for digest and mask.
    OaepSha1,
    /// RSA-OAEP with SHA-256 for digest and mask.
    OaepSha256,
    /// RSAES-PKCS1-v1_5: only for providers that opted in.
    Pkcs1,
}

impl fmt::Debug for SpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SpKey {
    fn new(stored: StoredSamlKey, seal: Seal, signers: Arc<Semaphore>) -> Self {
        Self {
            kid: stored.kid.clone(),
            certificate: stored.certificate.clone(),
            not_after_ms: certificate::not_after_ms(stored.created_ms),
            active_from_ms: stored.active_from_ms,
            retire_at_ms: stored.retire_at_ms,
            created_ms: stored.created_ms,
            opened: OnceLock::new(),
            sealed: stored,
            seal,
            signers,
        }
    }

    /// Whether it is still in use at that time.
    pub fn is_published(&self, now_ms: i64) -> bool {
        self.retire_at_ms.is_none_or(|retire_at_ms| now_ms < retire_at_ms)
    }

    /// An RSA PKCS#1 v1.5 SHA-256 signature over the octets, made on the bounded signing threads.
    pub async fn sign(self: &Arc<Self>, bytes: Vec<u8>) -> Result<Vec<u8>, KeyError> {
        let permit = Arc::clone(&self.signers).acquire_owned().await.map_err(|_| KeyError::Crypto("shutting down"))?;
        let key = Arc::clone(self);
        let signed = tokio::task::spawn_blocking(move || {
            let signed = key.sign_here(&bytes);
            drop(permit);
            signed
        });
        signed.await.map_err(|_| KeyError::Crypto("the signing thread stopped"))?
    }

    /// [`SpKey::sign`] on the calling thread: two thirds of a millisecond of work, so not for the event loop.
    pub fn sign_here(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = &self.private()?.signs;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| KeyError::Crypto("signing"))?;
        Ok(signature)
    }

    /// The content key that was encrypted to us; nothing when it was not, whatever the reason. A millisecond of work, so not for the
    /// event loop. Whoever calls this must not let a sender see the difference (S-21).
    pub fn unwrap_key(&self, transport: Transport, wrapped: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let key = self.private()?;
        if wrapped.len() != key.oaep.key_size_bytes() {
            return Ok(None);
        }
        let mut plain = Zeroizing::new(vec![0; wrapped.len()]);
        let length = match transport {
            Transport::OaepSha1 => key.oaep.decrypt(&OAEP_SHA1_MGF1SHA1, wrapped, &mut plain, None),
            Transport::OaepSha256 => key.oaep.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut plain, None),
            Transport::Pkcs1 => key.pkcs1.decrypt(wrapped, &mut plain),
        }
        .map(|text| text.len());
        Ok(length.ok().map(|length| {
            plain.truncate(length);
            plain
        }))
    }

    /// The private half, opened once; [`KeyError::Sealed`] when it does not open under our master keys.
    fn private(&self) -> Result<&Private, KeyError> {
        let opened = self.opened.get_or_init(|| {
            let private = self.open();
            if private.is_none() {
                tracing::error!(
                    user_pool.id = self.sealed.pool_id,
                    kid = self.kid,
                    "a SAML key does not open under the master key"
                );
            }
            private
        });
        opened.as_ref().ok_or(KeyError::Sealed)
    }

    fn open(&self) -> Option<Private> {
        let place = place(&self.sealed.pool_id, &self.sealed.provider, &self.kid);
        let pkcs8 = self.seal.open_bytes(&place, &self.sealed.sealed_private).ok()?;
        let decrypting = || PrivateDecryptingKey::from_pkcs8(&pkcs8).ok();
        Some(Private {
            signs: Arc::new(RsaKeyPair::from_pkcs8(&pkcs8).ok()?),
            oaep: OaepPrivateDecryptingKey::new(decrypting()?).ok()?,
            pkcs1: Pkcs1PrivateDecryptingKey::new(decrypting()?).ok()?,
        })
    }
}

/// Whose key, and which of them.
#[derive(Clone, Copy, Debug)]
struct Slot<'a> {
    pool_id: &'a str,
    provider: &'a str,
    generation: i64,
}

/// Makes an RSA-2048 key with its certificate: a tenth of a second of work, so not for the event loop (K-03).
fn generate(slot: Slot<'_>, birth: Birth, seal: &Seal, random: &Random) -> Result<StoredSamlKey, KeyError> {
    let kid = random.token();
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto("making a SAML key"))?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Crypto("encoding a SAML key"))?;
    Ok(StoredSamlKey {
        pool_id: slot.pool_id.to_owned(),
        provider: slot.provider.to_owned(),
        generation: slot.generation,
        sealed_private: seal.seal(&place(slot.pool_id, slot.provider, &kid), pkcs8.as_ref())?,
        certificate: certificate::self_signed(slot.pool_id, &pair, birth.created_ms, random)?,
        active_from_ms: birth.active_from_ms,
        retire_at_ms: None,
        created_ms: birth.created_ms,
        kid,
    })
}

fn place<'p>(pool_id: &'p str, provider: &'p str, kid: &'p str) -> [&'p str; 5] {
    [pool_id, "saml_key", provider, kid, "private"]
}
