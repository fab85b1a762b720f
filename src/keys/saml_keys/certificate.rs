//! The X.509 certificate around a SAML key: self-signed, ten years (Cognito: `GetSigningCertificate`).
//!
//! SAML uses a certificate as a wrapper of a public key; many identity providers still look at its dates, so they are true.
//! Owns no key: the pair signs its own certificate here and stays with [`crate::keys::saml_keys`].

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey,
};
use time::OffsetDateTime;

use crate::base::random::Random;
use crate::keys::KeyError;

const DAY_MS: i64 = 86_400_000;
/// How long a certificate is valid, ms: ten years.
const LIFE_MS: i64 = 3_652 * DAY_MS;

/// The end of a certificate that was made at that time, ms.
pub fn not_after_ms(created_ms: i64) -> i64 {
    created_ms + LIFE_MS
}

/// The certificate of a pair in base64 DER; valid from a day before its birth, since clocks differ.
pub(super) fn self_signed(name: &str, pair: &RsaKeyPair, created_ms: i64, random: &Random) -> Result<String, KeyError> {
    let failed = || KeyError::Crypto("making a certificate");
    let instant = |ms: i64| OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).map_err(|_| failed());
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = instant(created_ms - DAY_MS)?;
    params.not_after = instant(not_after_ms(created_ms))?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    // Positive and of fixed length (RFC 5280 section 4.1.2.2).
    let mut serial: [u8; 16] = random.bytes();
    serial[0] = serial[0] & 0x3f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let certificate = params.self_signed(&Pair(pair)).map_err(|_| failed())?;
    Ok(STANDARD.encode(certificate.der()))
}

struct Pair<'a>(&'a RsaKeyPair);

impl PublicKeyData for Pair<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for Pair<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}
