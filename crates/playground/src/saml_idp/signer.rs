//! Signing keys of the stand-in identity provider, and enveloped XML signatures.
//!
//! Owns keys made at start (never stored), their certificates, and signing of a document that already carries an empty
//! `ds:Signature`. Where the signature stands and what it names is decided in `response`.

use std::fmt::Write;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::keys::loader;
use bergshamra::{DsigContext, Key, KeysManager};

use crate::saml_idp::certificate::{self, SelfSignature};

/// `rsa-sha256`, the usual signature method.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// `ecdsa-sha256`.
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// `ecdsa-sha384`.
pub const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";

/// A private key with its self-signed certificate.
#[derive(Debug, Clone)]
pub struct SigningKey {
    key: Key,
    pkcs8: Vec<u8>,
    certificate: Vec<u8>,
    method: &'static str,
}

impl SigningKey {
    /// A new RSA key of 2,048 bits.
    ///
    /// # Panics
    /// When the cryptography library cannot make a key.
    pub fn rsa(common_name: &str) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be generated");
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("a new key can be written");
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a new public key can be written");
        let sign = |message: &[u8]| rsa_signature(&pair, message);
        let certificate = certificate::self_signed(common_name, spki.as_ref(), SelfSignature::RsaSha256, sign);
        let pem = pem("PRIVATE KEY", pkcs8.as_ref());
        let key = loader::load_rsa_private_pem(pem.as_bytes()).expect("a new key can be read");
        Self { key, pkcs8: pkcs8.as_ref().to_vec(), certificate, method: RSA_SHA256 }
    }

    /// A new key on P-256.
    ///
    /// # Panics
    /// When the cryptography library cannot make a key.
    pub fn p256(common_name: &str) -> Self {
        Self::ec(common_name, &ECDSA_P256_SHA256_ASN1_SIGNING, SelfSignature::EcdsaSha256, ECDSA_SHA256)
    }

    /// A new key on P-384.
    ///
    /// # Panics
    /// When the cryptography library cannot make a key.
    pub fn p384(common_name: &str) -> Self {
        Self::ec(common_name, &ECDSA_P384_SHA384_ASN1_SIGNING, SelfSignature::EcdsaSha384, ECDSA_SHA384)
    }

    fn ec(
        common_name: &str,
        algorithm: &'static EcdsaSigningAlgorithm,
        self_signature: SelfSignature,
        method: &'static str,
    ) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("an EC key can be generated");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).expect("a new key can be read");
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a new public key can be written");
        let sign = |message: &[u8]| pair.sign(&random, message).expect("a new key signs").as_ref().to_vec();
        let certificate = certificate::self_signed(common_name, spki.as_ref(), self_signature, sign);
        let pem = pem("PRIVATE KEY", pkcs8.as_ref());
        let key = loader::load_pem_auto(pem.as_bytes(), None).expect("a new key can be read");
        Self { key, pkcs8: pkcs8.as_ref().to_vec(), certificate, method }
    }

    /// The certificate: DER in base64.
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The private key, PKCS#8 in PEM.
    pub fn private_key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// The signature method that goes with this key and SHA-256.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// A signature over octets, in the form that XML signatures have: RSA PKCS#1 v1.5, or the two numbers of ECDSA.
    ///
    /// # Panics
    /// When the key cannot be read again.
    pub fn sign_octets(&self, octets: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ec = |algorithm: &'static EcdsaSigningAlgorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).expect("an own key can be read");
            pair.sign(&random, octets).expect("an own key signs").as_ref().to_vec()
        };
        match self.method {
            ECDSA_SHA256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            ECDSA_SHA384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            _ => rsa_signature(&RsaKeyPair::from_pkcs8(&self.pkcs8).expect("an own key can be read"), octets),
        }
    }

    /// Fills the first empty `ds:Signature` of a document.
    ///
    /// # Errors
    /// The signature crate's words when the template does not fit.
    pub fn sign_xml(&self, template: &str) -> Result<String, String> {
        let mut keys = KeysManager::new();
        keys.add_key(self.key.clone());
        bergshamra::sign(&DsigContext::new_permissive(keys), template).map_err(|error| error.to_string())
    }
}

fn rsa_signature(pair: &RsaKeyPair, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a new key signs");
    signature
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    let _ = writeln!(text, "-----END {label}-----");
    text
}
