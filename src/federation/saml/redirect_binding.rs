//! Signed messages that arrive by the HTTP-Redirect binding (SAML Bindings section 3.4.4.1; S-28).
//!
//! Owns which octets of a query are signed: the received ones, never a second encoding of them. Takes each parameter once and
//! in its plain spelling, inflates within bounds and verifies with the provider's stored keys. What the message says is
//! `logout`'s; our own messages leave through `outgoing`.

use std::io::Read;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::DeflateDecoder;

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::gate;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::outgoing::{Field, RSA_SHA256};

/// Longest encoded message in characters; checked before decoding.
const MAX_ENCODED: usize = 256 * 1024;
/// Longest inflated message: what the gate admits, and so within the 1 MiB of S-28.
const MAX_INFLATED: usize = gate::MESSAGE.bytes;
/// Most bytes that one compressed byte may become (S-28).
const MAX_RATIO: usize = 100;
/// Longest RelayState that is echoed, bytes; the 80 of the standard are widely exceeded.
pub const MAX_RELAY_STATE: usize = 2_048;
/// Longest signature in base64 characters.
const MAX_SIGNATURE: usize = 4_096;
/// Most keys that are tried.
const MAX_KEYS: usize = 16;
/// The only encoding, which is also the default (SAML Bindings section 3.4.4.1).
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
/// The parameters that mean something here.
const KNOWN: [&str; 6] = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"];

/// A message as a query carried it: read, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedQuery {
    /// Which field carried it.
    pub field: Field,
    /// The document.
    pub xml: Vec<u8>,
    /// `RelayState`, decoded.
    pub relay_state: Option<String>,
    octets: String,
    algorithm: String,
    signature: Vec<u8>,
}

/// Reads a query. A message without `SigAlg` and `Signature` is refused here: nothing unsigned goes on.
pub fn read(query: &str) -> Result<SignedQuery, SamlFault> {
    let mut raw: [Option<&str>; 6] = [None; 6];
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        // A name in escapes is the same parameter to one reader and another one to the next.
        let Some(place) = KNOWN.iter().position(|known| decoded(name).is_ok_and(|name| name == *known)) else { continue };
        if name != KNOWN[place] || raw[place].replace(value).is_some() {
            return Err(SamlFault::Parameters);
        }
    }
    let [request, response, relay_state, algorithm, signature, encoding] = raw;
    let (field, message) = match (request, response) {
        (Some(message), None) => (Field::Request, message),
        (None, Some(message)) => (Field::Response, message),
        _ => return Err(SamlFault::Parameters),
    };
    if message.len() > MAX_ENCODED {
        return Err(SamlFault::TooLarge);
    }
    if encoding.is_some_and(|encoding| decoded(encoding).as_deref() != Ok(DEFLATE)) {
        return Err(SamlFault::Parameters);
    }
    let (Some(raw_algorithm), Some(raw_signature)) = (algorithm, signature) else { return Err(SamlFault::Unsigned) };
    if raw_signature.len() > MAX_SIGNATURE {
        return Err(SamlFault::TooLarge);
    }
    let algorithm = decoded(raw_algorithm)?;
    if !ALGORITHMS.iter().any(|known| known.uri == algorithm) {
        return Err(SamlFault::SignatureAlgorithm);
    }
    let signature = from_base64(&decoded(raw_signature)?)?;
    let mut octets = format!("{}={message}", field.name());
    if let Some(raw) = relay_state {
        octets = format!("{octets}&RelayState={raw}");
    }
    octets = format!("{octets}&SigAlg={raw_algorithm}");
    let relay_state = relay_state.map(decoded).transpose()?;
    if relay_state.as_ref().is_some_and(|text| text.len() > MAX_RELAY_STATE) {
        return Err(SamlFault::TooLarge);
    }
    let xml = inflate(&from_base64(&decoded(message)?)?)?;
    Ok(SignedQuery { field, xml, relay_state, octets, algorithm, signature })
}

impl SignedQuery {
    /// Verifies the signature over exactly the received octets, with the stored keys only (S-05).
    pub fn verify(&self, certificates: &[SigningCertificate]) -> Result<(), SamlFault> {
        let mut fault = SamlFault::NoSigningKey;
        for key in certificates.iter().take(MAX_KEYS).filter_map(SigningCertificate::verification_key) {
            fault = SamlFault::SignatureInvalid;
            let Some(public) = key.to_spki_der() else { continue };
            let fitting = ALGORITHMS.iter().filter(|known| known.uri == self.algorithm && known.key == key.algorithm_name());
            for known in fitting {
                for algorithm in known.forms {
                    if UnparsedPublicKey::new(*algorithm, &public).verify(self.octets.as_bytes(), &self.signature).is_ok() {
                        return Ok(());
                    }
                }
            }
        }
        Err(fault)
    }
}

/// A signature algorithm with the kind of key that it needs. XML signatures carry ECDSA values as two numbers of fixed length;
/// some providers send the ASN.1 form in queries, which proves the same.
struct Algorithm {
    uri: &'static str,
    key: &'static str,
    forms: &'static [&'static dyn VerificationAlgorithm],
}

static ALGORITHMS: [Algorithm; 6] = [
    Algorithm { uri: RSA_SHA256, key: "RSA", forms: &[&signature::RSA_PKCS1_2048_8192_SHA256] },
    Algorithm {
        uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        key: "RSA",
        forms: &[&signature::RSA_PKCS1_2048_8192_SHA384],
    },
    Algorithm {
        uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        key: "RSA",
        forms: &[&signature::RSA_PKCS1_2048_8192_SHA512],
    },
    Algorithm {
        uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        key: "EC-P256",
        forms: &[&signature::ECDSA_P256_SHA256_FIXED, &signature::ECDSA_P256_SHA256_ASN1],
    },
    Algorithm {
        uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        key: "EC-P384",
        forms: &[&signature::ECDSA_P384_SHA384_FIXED, &signature::ECDSA_P384_SHA384_ASN1],
    },
    Algorithm {
        uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        key: "EC-P521",
        forms: &[&signature::ECDSA_P521_SHA512_FIXED, &signature::ECDSA_P521_SHA512_ASN1],
    },
];

/// Strict form decoding: every escape is two hexadecimal digits of either case, and the result is text without controls.
fn decoded(text: &str) -> Result<String, SamlFault> {
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(SamlFault::Parameters);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let value = digit(rest.next())? << 4 | digit(rest.next())?;
                u8::try_from(value).map_err(|_| SamlFault::Parameters)?
            }
            other => other,
        });
    }
    let decoded = String::from_utf8(bytes).map_err(|_| SamlFault::Parameters)?;
    if decoded.chars().any(char::is_control) { Err(SamlFault::Parameters) } else { Ok(decoded) }
}

fn from_base64(text: &str) -> Result<Vec<u8>, SamlFault> {
    STANDARD.decode(text).map_err(|_| SamlFault::NotBase64)
}

/// Inflates at most as much as is allowed, and nothing may follow the compressed stream.
fn inflate(deflated: &[u8]) -> Result<Vec<u8>, SamlFault> {
    let limit = MAX_INFLATED.min(deflated.len().saturating_mul(MAX_RATIO));
    let mut inflated = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated);
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.by_ref().take(most).read_to_end(&mut inflated).map_err(|_| SamlFault::NotDeflated)?;
    if inflated.len() > limit {
        return Err(SamlFault::TooLarge);
    }
    if !decoder.into_inner().is_empty() {
        return Err(SamlFault::NotDeflated);
    }
    Ok(inflated)
}
