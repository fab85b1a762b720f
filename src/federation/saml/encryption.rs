//! Encrypted assertions: what may be encrypted how, and the opening of it without an oracle (S-20, S-21; XML Encryption 1.1).
//!
//! Owns the form of `EncryptedAssertion` and its algorithms, and decryption with our keys, newest first. A key that does not
//! unwrap is replaced by random octets and the work goes on, so every failure takes the same way and has one reason. AES-GCM under
//! RSA-OAEP for everybody; AES-CBC and RSAES-PKCS1-v1_5 only for a provider that opted in, and only below a verified signature. The
//! private keys are `keys::saml_keys`'s; what must hold for the plaintext is the caller's.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uppsala::{Document, NodeId};
use zeroize::Zeroizing;

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::structure::algorithm;
use crate::federation::saml::xml::{self, DSIG, XENC, XENC11};
use crate::keys::saml_keys::{SpKey, Transport};

/// Content algorithms that our metadata names (XML Encryption 1.1 section 5.2.4).
pub const CONTENT_METHODS: [&str; 2] = ["http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2009/xmlenc11#aes128-gcm"];
/// Key transport that our metadata names, with SHA-1 as its digest: what every implementation can do.
pub const TRANSPORT_METHOD: &str = OAEP_MGF1P;

const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const PKCS1: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
const BLOCK: usize = 16;

/// What the caller brings for opening.
#[derive(Clone, Copy)]
pub struct Decryption<'a> {
    /// Our keys for this provider, newest first.
    pub keys: &'a [Arc<SpKey>],
    /// Whether the provider may use AES-CBC and RSAES-PKCS1-v1_5.
    pub allow_legacy: bool,
    /// Fresh random octets, which stand in for a content key that does not unwrap.
    pub decoy: &'a [u8; 32],
}

impl fmt::Debug for Decryption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decryption").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// An encrypted assertion, not opened.
#[derive(Debug)]
pub struct Sealed<'d> {
    content: Content,
    transport: Transport,
    /// Base64 of the wrapped content key.
    key: &'d str,
    /// Base64 of IV and ciphertext.
    data: &'d str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

/// Reads `EncryptedAssertion`: one `EncryptedData`, one `EncryptedKey` in its KeyInfo or beside it. Recipient hints, key names and
/// certificates are not looked at: our own keys are the only ones.
pub fn read<'d>(document: &'d Document<'_>, encrypted: NodeId) -> Result<Sealed<'d>, SamlFault> {
    let parts = xml::elements(document, encrypted).map_err(|_| SamlFault::EncryptionShape)?;
    let (data, beside) = match parts.as_slice() {
        [data] => (*data, None),
        [data, key] => (*data, Some(*key)),
        _ => return Err(SamlFault::EncryptionShape),
    };
    if !xml::is(document, data, XENC, "EncryptedData") || xml::attribute(document, data, "Type").is_some_and(|kind| kind != ELEMENT)
    {
        return Err(SamlFault::EncryptionShape);
    }
    let [method, info, cipher] = children(document, data, &[(XENC, "EncryptionMethod"), (DSIG, "KeyInfo"), (XENC, "CipherData")])?;
    let key = match (beside, info) {
        (Some(key), _) if xml::is(document, key, XENC, "EncryptedKey") => {
            info.map_or(Ok(()), |info| points_at(document, info, key))?;
            key
        }
        (None, Some(info)) => only_key(document, info)?,
        _ => return Err(SamlFault::EncryptionShape),
    };
    // In the whole document: no reader anywhere may find another one.
    if named_anywhere(document, "EncryptedKey") != 1 || named_anywhere(document, "EncryptedData") != 1 {
        return Err(SamlFault::EncryptionShape);
    }
    let wanted =
        [(XENC, "EncryptionMethod"), (DSIG, "KeyInfo"), (XENC, "CipherData"), (XENC, "ReferenceList"), (XENC, "CarriedKeyName")];
    let [key_method, _, key_cipher, _, _] = children(document, key, &wanted)?;
    Ok(Sealed {
        content: content(document, method.ok_or(SamlFault::EncryptionShape)?)?,
        transport: transport(document, key_method.ok_or(SamlFault::EncryptionShape)?)?,
        key: cipher_value(document, key_cipher)?,
        data: cipher_value(document, cipher)?,
    })
}

impl Sealed<'_> {
    /// Refuses what the provider may not use. Algorithms without integrity need an opt-in and a signature around the ciphertext: then
    /// nobody but the provider can make us decrypt anything.
    pub fn check_algorithms(&self, allow_legacy: bool, signed: bool) -> Result<(), SamlFault> {
        let legacy = self.transport == Transport::Pkcs1 || matches!(self.content, Content::Aes128Cbc | Content::Aes256Cbc);
        match (legacy, allow_legacy, signed) {
            (false, _, _) | (true, true, true) => Ok(()),
            (true, true, false) => Err(SamlFault::Unsigned),
            (true, false, _) => Err(SamlFault::EncryptionAlgorithm),
        }
    }

    /// Opens it and hands the plaintext to `accept`, for each of our keys until `accept` takes it. Every failure, of whatever part, is
    /// [`SamlFault::DecryptionFailed`]; [`SamlFault::DecryptedSignature`] alone is handed through, with the same reason.
    pub fn open<T>(
        &self,
        decryption: &Decryption<'_>,
        mut accept: impl FnMut(&[u8]) -> Result<T, SamlFault>,
    ) -> Result<T, SamlFault> {
        let octets = |base64: &str| {
            let packed: Vec<u8> = base64.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(packed).unwrap_or_default()
        };
        let (wrapped, data) = (octets(self.key), octets(self.data));
        let mut fault = SamlFault::DecryptionFailed;
        for key in decryption.keys {
            let content_key = self.content_key(key, &wrapped, decryption.decoy);
            let Some(plain) = self.content.open(&content_key, &data) else { continue };
            match accept(&plain) {
                Ok(accepted) => return Ok(accepted),
                Err(SamlFault::DecryptedSignature) => fault = SamlFault::DecryptedSignature,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    /// The content key, or the decoy in its place: whoever sent a broken one must not learn where it broke (RFC 3218 section 2.3.2).
    fn content_key(&self, key: &SpKey, wrapped: &[u8], decoy: &[u8; 32]) -> Zeroizing<Vec<u8>> {
        let length = self.content.key_length();
        let unwrapped = key.unwrap_key(self.transport, wrapped).ok().flatten();
        unwrapped.filter(|found| found.len() == length).unwrap_or_else(|| Zeroizing::new(decoy[..length].to_vec()))
    }
}

impl Content {
    fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    /// The plaintext; nothing when the octets are too short, not authentic or badly padded.
    fn open(self, key: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Aes128Gcm => gcm(&AES_128_GCM, key, data),
            Self::Aes256Gcm => gcm(&AES_256_GCM, key, data),
            Self::Aes128Cbc => cbc(UnboundCipherKey::new(&AES_128, key).ok()?, data),
            Self::Aes256Cbc => cbc(UnboundCipherKey::new(&AES_256, key).ok()?, data),
        }
    }
}

/// 96 bits of IV, ciphertext, 128 bits of tag (XML Encryption 1.1 section 5.2.4).
fn gcm(algorithm: &'static Algorithm, key: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = data.split_first_chunk::<NONCE_LEN>()?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let length = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

/// 128 bits of IV, whole blocks; the last octet says how many octets are padding, whatever they are (section 5.2.1).
fn cbc(key: UnboundCipherKey, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (iv, sealed) = data.split_first_chunk::<BLOCK>()?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let key = DecryptingKey::cbc(key).ok()?;
    key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
    plain.truncate(length);
    Some(plain)
}

fn content(document: &Document<'_>, method: NodeId) -> Result<Content, SamlFault> {
    match algorithm(document, method) {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Ok(Content::Aes128Gcm),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Ok(Content::Aes256Gcm),
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Ok(Content::Aes128Cbc),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Ok(Content::Aes256Cbc),
        _ => Err(SamlFault::EncryptionAlgorithm),
    }
}

/// RSA-OAEP with one digest for the label and the mask, SHA-1 or SHA-256; no label. Mixed digests are refused: the cryptography
/// library has none.
fn transport(document: &Document<'_>, method: NodeId) -> Result<Transport, SamlFault> {
    let name = algorithm(document, method);
    if name == PKCS1 {
        return Ok(Transport::Pkcs1);
    }
    let wanted = [(XENC, "KeySize"), (XENC, "OAEPparams"), (DSIG, "DigestMethod"), (XENC11, "MGF")];
    let mut parts = [None; 4];
    for child in xml::elements(document, method).map_err(|_| SamlFault::EncryptionShape)? {
        let place = wanted.iter().position(|(namespace, name)| xml::is(document, child, namespace, name));
        let place = place.ok_or(SamlFault::EncryptionShape)?;
        if parts[place].replace(child).is_some() {
            return Err(SamlFault::EncryptionShape);
        }
    }
    let [_, label, digest, mask] = parts;
    if label.is_some() {
        return Err(SamlFault::EncryptionAlgorithm);
    }
    let digest = digest.map_or(SHA1, |digest| algorithm(document, digest));
    let mask = mask.map_or(MGF1_SHA1, |mask| algorithm(document, mask));
    match (name, digest, mask) {
        (OAEP | OAEP_MGF1P, SHA1, MGF1_SHA1) => Ok(Transport::OaepSha1),
        (OAEP, SHA256, MGF1_SHA256) => Ok(Transport::OaepSha256),
        _ => Err(SamlFault::EncryptionAlgorithm),
    }
}

/// The children are some of these, each at most once, in this order; gives them by place.
fn children<const N: usize>(
    document: &Document<'_>,
    node: NodeId,
    wanted: &[(&str, &str); N],
) -> Result<[Option<NodeId>; N], SamlFault> {
    let mut found = [None; N];
    let mut next = 0;
    for child in xml::elements(document, node).map_err(|_| SamlFault::EncryptionShape)? {
        let place = wanted[next..].iter().position(|(namespace, name)| xml::is(document, child, namespace, name));
        let place = next + place.ok_or(SamlFault::EncryptionShape)?;
        found[place] = Some(child);
        next = place + 1;
    }
    Ok(found)
}

/// The only `EncryptedKey` among the children of a KeyInfo; hints may stand beside it.
fn only_key(document: &Document<'_>, info: NodeId) -> Result<NodeId, SamlFault> {
    match xml::named(document, info, XENC, "EncryptedKey").map_err(|_| SamlFault::EncryptionShape)?.as_slice() {
        [only] => Ok(*only),
        _ => Err(SamlFault::EncryptionShape),
    }
}

/// A KeyInfo beside which the key stands may name it (XML Encryption section 3.5.2), and nothing else.
fn points_at(document: &Document<'_>, info: NodeId, key: NodeId) -> Result<(), SamlFault> {
    for method in xml::named(document, info, DSIG, "RetrievalMethod").map_err(|_| SamlFault::EncryptionShape)? {
        let id = xml::attribute(document, method, "URI").and_then(|uri| uri.strip_prefix('#'));
        let kind = xml::attribute(document, method, "Type").is_none_or(|kind| kind == ENCRYPTED_KEY);
        if !kind || id.is_none() || id != xml::attribute(document, key, "Id") || document.children_count(method) != 0 {
            return Err(SamlFault::EncryptionShape);
        }
    }
    Ok(())
}

fn named_anywhere(document: &Document<'_>, name: &str) -> usize {
    document.descendants(document.root()).into_iter().filter(|&inner| xml::local_name(document, inner) == name).count()
}

/// The text of `CipherData/CipherValue`; a reference to octets elsewhere is refused.
fn cipher_value<'d>(document: &'d Document<'_>, data: Option<NodeId>) -> Result<&'d str, SamlFault> {
    let [value] = children(document, data.ok_or(SamlFault::EncryptionShape)?, &[(XENC, "CipherValue")])?;
    xml::whole_text(document, value.ok_or(SamlFault::EncryptionShape)?).map_err(|_| SamlFault::EncryptionShape)
}
