//! Encryption of an assertion to a service provider, rightly or wrongly.
//!
//! Owns `EncryptedAssertion` with every algorithm that identity providers use and some that they should not, and the places where a
//! test may reach in: algorithm names, the wrapped key and the ciphertext before they are written, and the XML after. Written
//! with the cryptography library alone, so that the gateway's decryption is not tested against itself.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
    PublicEncryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::keys::loader;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// AES-128-GCM.
    Aes128Gcm,
    /// AES-256-GCM.
    Aes256Gcm,
    /// AES-128-CBC.
    Aes128Cbc,
    /// AES-256-CBC.
    Aes256Cbc,
}

/// How the content key is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `rsa-oaep-mgf1p`, all SHA-1.
    OaepMgf1p,
    /// `rsa-oaep` of XML Encryption 1.1, all SHA-1.
    OaepSha1,
    /// `rsa-oaep` of XML Encryption 1.1, all SHA-256.
    OaepSha256,
    /// `rsa-1_5`.
    Pkcs1,
}

/// Where the `EncryptedKey` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the KeyInfo of `EncryptedData`.
    Inside,
    /// Beside `EncryptedData`, which names it.
    Beside,
}

/// A change of octets before they are written.
pub type Reach = Arc<dyn Fn(&mut Vec<u8>) + Send + Sync>;

/// Everything about an encryption.
#[derive(Clone)]
pub struct EncryptionSpec {
    /// Base64 DER of the service provider's certificate.
    pub certificate: String,
    /// Algorithm of the content.
    pub content: Content,
    /// Algorithm of the key.
    pub transport: Transport,
    /// Where the key stands.
    pub place: Place,
    /// Changes the plaintext.
    pub plaintext: Option<Reach>,
    /// Changes the content key before it is wrapped, after it has been used.
    pub content_key: Option<Reach>,
    /// Changes the wrapped key.
    pub wrapped: Option<Reach>,
    /// Changes IV and ciphertext.
    pub data: Option<Reach>,
    /// Changes the finished element.
    pub xml: Option<Arc<dyn Fn(String) -> String + Send + Sync>>,
}

impl EncryptionSpec {
    /// As good providers do it: AES-256-GCM, RSA-OAEP.
    pub fn to(certificate: &str) -> Self {
        Self {
            certificate: certificate.to_owned(),
            content: Content::Aes256Gcm,
            transport: Transport::OaepMgf1p,
            place: Place::Inside,
            plaintext: None,
            content_key: None,
            wrapped: None,
            data: None,
            xml: None,
        }
    }

    /// The element around an assertion.
    ///
    /// # Panics
    /// When the certificate holds no RSA key.
    pub fn encrypt(&self, assertion: &str) -> String {
        let reach = |change: &Option<Reach>, octets: &mut Vec<u8>| {
            if let Some(change) = change {
                change(octets);
            }
        };
        let mut plain = assertion.as_bytes().to_vec();
        reach(&self.plaintext, &mut plain);
        let mut key = random(self.content.key_length());
        let mut data = self.content.encrypt(&key, plain);
        reach(&self.data, &mut data);
        reach(&self.content_key, &mut key);
        let mut wrapped = self.transport.wrap(&self.certificate, &key);
        reach(&self.wrapped, &mut wrapped);
        let xml = self.write(&STANDARD.encode(wrapped), &STANDARD.encode(data));
        match &self.xml {
            Some(change) => change(xml),
            None => xml,
        }
    }

    fn write(&self, wrapped: &str, data: &str) -> String {
        let inside = self.place == Place::Inside;
        let id = if inside { "" } else { r#" Id="_key""# };
        let key = format!(
            concat!(
                r#"<xenc:EncryptedKey xmlns:xenc="{xenc}"{id}>{method}"#,
                "<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
            ),
            xenc = XENC,
            id = id,
            method = self.transport.method(),
            wrapped = wrapped,
        );
        let retrieval = format!(r##"<ds:RetrievalMethod Type="{XENC}EncryptedKey" URI="#_key"/>"##);
        let (info, beside) = if inside { (key, String::new()) } else { (retrieval, key) };
        format!(
            concat!(
                r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">"#,
                r#"<xenc:EncryptedData xmlns:xenc="{xenc}" Type="{xenc}Element"><xenc:EncryptionMethod Algorithm="{content}"/>"#,
                r#"<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}</ds:KeyInfo>"#,
                "<xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
                "{beside}</saml:EncryptedAssertion>",
            ),
            xenc = XENC,
            content = self.content.uri(),
            info = info,
            data = data,
            beside = beside,
        )
    }
}

impl std::fmt::Debug for EncryptionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionSpec").field("content", &self.content).field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Content {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes128Cbc, Self::Aes256Cbc];

    /// The algorithm's name.
    pub fn uri(self) -> String {
        match self {
            Self::Aes128Gcm => format!("{XENC11}aes128-gcm"),
            Self::Aes256Gcm => format!("{XENC11}aes256-gcm"),
            Self::Aes128Cbc => format!("{XENC}aes128-cbc"),
            Self::Aes256Cbc => format!("{XENC}aes256-cbc"),
        }
    }

    fn key_length(self) -> usize {
        if matches!(self, Self::Aes128Gcm | Self::Aes128Cbc) { 16 } else { 32 }
    }

    /// IV and ciphertext.
    fn encrypt(self, key: &[u8], plain: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => {
                let algorithm = if self == Self::Aes128Gcm { &AES_128_GCM } else { &AES_256_GCM };
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).expect("the key has the right length"));
                let nonce = <[u8; 12]>::try_from(random(12)).expect("twelve octets");
                let mut sealed = plain;
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).expect("it seals");
                [nonce.to_vec(), sealed].concat()
            }
            Self::Aes128Cbc | Self::Aes256Cbc => {
                let algorithm = if self == Self::Aes128Cbc { &AES_128 } else { &AES_256 };
                let key = UnboundCipherKey::new(algorithm, key).expect("the key has the right length");
                let iv = <[u8; 16]>::try_from(random(16)).expect("sixteen octets");
                let mut sealed = plain;
                let padding = 16 - sealed.len() % 16;
                sealed.extend(random(padding - 1));
                sealed.push(u8::try_from(padding).unwrap_or(16));
                EncryptingKey::cbc(key)
                    .and_then(|key| key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv))))
                    .expect("it encrypts");
                [iv.to_vec(), sealed].concat()
            }
        }
    }
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OaepMgf1p, Self::OaepSha1, Self::OaepSha256, Self::Pkcs1];

    /// The `EncryptionMethod` element.
    fn method(self) -> String {
        let digest = |name: &str| format!(r#"<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="{name}"/>"#);
        let (name, parts) = match self {
            Self::OaepMgf1p => (format!("{XENC}rsa-oaep-mgf1p"), digest("http://www.w3.org/2000/09/xmldsig#sha1")),
            Self::OaepSha1 => (format!("{XENC11}rsa-oaep"), String::new()),
            Self::OaepSha256 => {
                let mask = format!(r#"<e11:MGF xmlns:e11="{XENC11}" Algorithm="{XENC11}mgf1sha256"/>"#);
                (format!("{XENC11}rsa-oaep"), digest(&format!("{XENC}sha256")) + &mask)
            }
            Self::Pkcs1 => (format!("{XENC}rsa-1_5"), String::new()),
        };
        format!(r#"<xenc:EncryptionMethod Algorithm="{name}">{parts}</xenc:EncryptionMethod>"#)
    }

    fn wrap(self, certificate: &str, key: &[u8]) -> Vec<u8> {
        let der = STANDARD.decode(certificate).expect("the certificate is base64");
        let spki = loader::load_x509_cert_der(&der).ok().and_then(|key| key.to_spki_der()).expect("the certificate has a key");
        let public = PublicEncryptingKey::from_der(&spki).expect("the certificate has an RSA key");
        let oaep = |algorithm: &'static OaepAlgorithm| {
            let public = OaepPublicEncryptingKey::new(public.clone()).expect("an RSA key encrypts");
            let mut wrapped = vec![0; public.ciphertext_size()];
            public.encrypt(algorithm, key, &mut wrapped, None).expect("a short key fits");
            wrapped
        };
        match self {
            Self::OaepMgf1p | Self::OaepSha1 => oaep(&OAEP_SHA1_MGF1SHA1),
            Self::OaepSha256 => oaep(&OAEP_SHA256_MGF1SHA256),
            Self::Pkcs1 => {
                let public = Pkcs1PublicEncryptingKey::new(public).expect("an RSA key encrypts");
                let mut wrapped = vec![0; public.ciphertext_size()];
                public.encrypt(key, &mut wrapped).expect("a short key fits");
                wrapped
            }
        }
    }
}

fn random(length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    rand::fill(&mut octets).expect("the system's generator works");
    octets
}
