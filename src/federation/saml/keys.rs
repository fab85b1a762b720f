//! The signing keys of an identity provider, from the certificates in its metadata.
//!
//! Owns loading and the strength rule (S-01, S-06): RSA of at least 2048 bits, or ECDSA on P-256, P-384 or P-521. A
//! certificate is only a wrapper here: SAML trusts the key because the metadata lists it, so validity dates and issuers of
//! certificates are not looked at (SAML V2.0 Metadata Interoperability Profile section 2.6.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::Key;
use serde::{Deserialize, Serialize};

/// Smallest RSA modulus in bits.
const MIN_RSA_BITS: usize = 2_048;
/// Largest RSA modulus in bits: the work for one verification stays bounded.
const MAX_RSA_BITS: usize = 8_192;
/// Longest certificate in base64 characters (Cognito allows 4,096).
const MAX_CERTIFICATE: usize = 8_192;

/// One certificate whose key may sign for the identity provider; stored as part of the provider's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningCertificate {
    /// The DER certificate in base64 without white space.
    pub certificate: String,
    /// What the key is, for people: `RSA-2048`, `EC-P256`.
    pub key: String,
}

impl SigningCertificate {
    /// Reads a certificate as metadata carries it (base64, white space allowed). Nothing when it cannot be read or its key
    /// is too weak.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 2 * MAX_CERTIFICATE {
            return None;
        }
        let certificate: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let (_, key) = load(&certificate)?;
        Some(Self { certificate, key })
    }

    /// The verification key, with its strength checked again: what was stored may have come another way.
    pub fn verification_key(&self) -> Option<Key> {
        load(&self.certificate).map(|(key, _)| key)
    }
}

fn load(certificate: &str) -> Option<(Key, String)> {
    if certificate.len() > MAX_CERTIFICATE {
        return None;
    }
    let der = STANDARD.decode(certificate).ok()?;
    let key = bergshamra::keys::loader::load_x509_cert_der(&der).ok()?;
    let kind = key.algorithm_name();
    let description = match kind {
        "RSA" => {
            let bits = rsa_modulus_bits(&key.to_spki_der()?)?;
            if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
                return None;
            }
            format!("RSA-{bits}")
        }
        "EC-P256" | "EC-P384" | "EC-P521" => kind.to_owned(),
        _ => return None,
    };
    Some((key, description))
}

/// The size of the modulus in a SubjectPublicKeyInfo (RFC 5280 section 4.1, RFC 8017 appendix A.1.1).
fn rsa_modulus_bits(spki: &[u8]) -> Option<usize> {
    let (info, _) = der(0x30, spki)?;
    let (_, info) = der(0x30, info)?;
    let (bits, _) = der(0x03, info)?;
    let (key, _) = der(0x30, bits.strip_prefix(&[0])?)?;
    let (modulus, _) = der(0x02, key)?;
    let first = modulus.iter().position(|&byte| byte != 0)?;
    let modulus = &modulus[first..];
    Some(modulus.len() * 8 - modulus[0].leading_zeros() as usize)
}

/// One DER element of the wanted tag: its content and what follows it.
fn der(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 3 || rest.len() < count {
            return None;
        }
        let (digits, rest) = rest.split_at(count);
        (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
    };
    (rest.len() >= length).then(|| rest.split_at(length))
}
