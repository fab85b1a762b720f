//! The signing keys of an identity provider, from the certificates in its metadata.
//!
//! Owns loading and the strength rule (S-01, S-06): RSA of at least 2048 bits, or ECDSA on P-256, P-384 or P-521. A
//! certificate is only a wrapper here: SAML trusts the key because the metadata lists it, so issuers of certificates are not looked at,
//! and their end of validity only so that somebody can be warned (SAML V2.0 Metadata Interoperability Profile section 2.6.1).

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::Key;
use serde::{Deserialize, Serialize};

use crate::federation::saml::instant;

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
    #[serde(skip)]
    loaded: Loaded,
}

/// The key, loaded at its first use: loading costs as much as a verification. Says nothing that the certificate does not.
#[derive(Debug, Clone, Default)]
struct Loaded(OnceLock<Option<Key>>);

impl PartialEq for Loaded {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Loaded {}

impl SigningCertificate {
    /// Reads a certificate as metadata carries it (base64, white space allowed). Nothing when it cannot be read or its key
    /// is too weak.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 2 * MAX_CERTIFICATE {
            return None;
        }
        let certificate: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let (loaded, key) = load(&certificate)?;
        Some(Self { certificate, key, loaded: Loaded(OnceLock::from(Some(loaded))) })
    }

    /// The verification key, with its strength checked again: what was stored may have come another way.
    pub fn verification_key(&self) -> Option<Key> {
        self.loaded.0.get_or_init(|| load(&self.certificate).map(|(key, _)| key)).clone()
    }

    /// Reads one or several certificates as operators paste them: PEM blocks, or base64 alone. Nothing when one of them cannot be read.
    pub fn read_all(text: &str) -> Option<Vec<Self>> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        if !text.contains(BEGIN) {
            return Self::read(text).map(|certificate| vec![certificate]);
        }
        let mut found = Vec::new();
        for block in text.split(BEGIN).skip(1) {
            found.push(Self::read(block.split_once(END)?.0)?);
        }
        Some(found)
    }

    /// SHA-256 over the DER certificate in lower-case hexadecimal: how people compare certificates.
    pub fn fingerprint(&self) -> String {
        let der = STANDARD.decode(&self.certificate).unwrap_or_default();
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The end of the certificate's validity, ms; nothing when it cannot be read.
    pub fn not_after_ms(&self) -> Option<i64> {
        not_after_ms(&STANDARD.decode(&self.certificate).ok()?)
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

/// `notAfter` of a DER certificate, ms (RFC 5280 section 4.1.2.5).
pub fn not_after_ms(certificate: &[u8]) -> Option<i64> {
    let (certificate, _) = der(0x30, certificate)?;
    let (mut rest, _) = der(0x30, certificate)?;
    if let Some((_, after_version)) = der(0xa0, rest) {
        rest = after_version;
    }
    for tag in [0x02, 0x30, 0x30] {
        // Serial number, signature algorithm, issuer.
        (_, rest) = der(tag, rest)?;
    }
    let (validity, _) = der(0x30, rest)?;
    let (_, end) = der(0x17, validity).or_else(|| der(0x18, validity))?;
    let text = match (der(0x17, end), der(0x18, end)) {
        // Two digits of the year: 1950 to 2049.
        (Some((time, _)), _) => {
            let time = std::str::from_utf8(time).ok()?;
            format!("{}{time}", if time.get(..2)? < "50" { "20" } else { "19" })
        }
        (None, Some((time, _))) => std::str::from_utf8(time).ok()?.to_owned(),
        (None, None) => return None,
    };
    let part = |range| text.get::<std::ops::Range<usize>>(range);
    let (date, time) = ([part(0..4)?, part(4..6)?, part(6..8)?].join("-"), [part(8..10)?, part(10..12)?, part(12..14)?].join(":"));
    instant::parse(&format!("{date}T{time}Z")).ok()
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
