//! A self-signed X.509 certificate, written by hand.
//!
//! Owns the few DER structures that a certificate needs (RFC 5280 section 4.1): no extensions, one common name, valid from
//! 2020 to 2049. SAML uses certificates only as wrappers of keys, so nothing more is needed. The signature comes from the
//! caller.

/// How the certificate signs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfSignature {
    /// `sha256WithRSAEncryption`.
    RsaSha256,
    /// `ecdsa-with-SHA256`.
    EcdsaSha256,
    /// `ecdsa-with-SHA384`.
    EcdsaSha384,
}

/// Writes a certificate for a public key (DER SubjectPublicKeyInfo); `sign` signs the to-be-signed part.
pub fn self_signed(common_name: &str, spki: &[u8], kind: SelfSignature, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let algorithm = match kind {
        SelfSignature::RsaSha256 => {
            tlv(0x30, &[tlv(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), tlv(0x05, &[])].concat())
        }
        SelfSignature::EcdsaSha256 => tlv(0x30, &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])),
        SelfSignature::EcdsaSha384 => tlv(0x30, &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03])),
    };
    let attribute = [tlv(0x06, &[0x55, 0x04, 0x03]), tlv(0x0c, common_name.as_bytes())].concat();
    let name = tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)));
    let validity = tlv(0x30, &[tlv(0x17, b"200101000000Z"), tlv(0x17, b"491231235959Z")].concat());
    let to_be_signed = tlv(
        0x30,
        &[tlv(0xa0, &tlv(0x02, &[2])), tlv(0x02, &[1]), algorithm.clone(), name.clone(), validity, name, spki.to_vec()].concat(),
    );
    let signature = [vec![0], sign(&to_be_signed)].concat();
    tlv(0x30, &[to_be_signed, algorithm, tlv(0x03, &signature)].concat())
}

/// One DER element.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().position(|&byte| byte != 0).unwrap_or(length.len())..];
    if content.len() < 0x80 {
        element.push(digits.first().copied().unwrap_or(0));
    } else {
        element.push(0x80 | u8::try_from(digits.len()).unwrap_or(u8::MAX));
        element.extend_from_slice(digits);
    }
    element.extend_from_slice(content);
    element
}
