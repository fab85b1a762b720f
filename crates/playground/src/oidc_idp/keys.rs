//! Key pairs of the OIDC stand-in and every way of signing a token with them, right or wrong.
//!
//! RS256 with a published key is the right way; the others exist so that tests can show that the gateway refuses them.
//! Neighbours: `mod.rs` owns a ring and publishes it, `token.rs` signs with it, `tamper.rs` chooses how.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::tamper::SignWith;
use crate::clock;

/// One RSA-2048 pair with its key id.
pub struct Key {
    /// The `kid` under which the JWKS lists it.
    pub kid: String,
    pair: KeyPair,
}

impl Key {
    /// A new pair; about a tenth of a second.
    pub fn generate() -> Self {
        let kid = clock::random_word()[..16].to_owned();
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("RSA-2048 generation works");
        Self { kid, pair }
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": self.modulus(),
            "e": URL_SAFE_NO_PAD.encode(self.pair.public_key().exponent().big_endian_without_leading_zero()),
        })
    }

    /// The modulus as the JWK's `n`.
    pub fn modulus(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().modulus().big_endian_without_leading_zero())
    }

    /// The public half as SubjectPublicKeyInfo, DER.
    pub fn public_der(&self) -> Vec<u8> {
        let der = self.pair.public_key().as_der().expect("a public key has a DER form");
        der.as_ref().to_vec()
    }

    /// The public half as PEM, with a final newline, as `openssl` prints it.
    pub fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    fn sign(&self, message: &[u8], padding: &'static dyn RsaEncoding) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(padding, &SystemRandom::new(), message, &mut signature).expect("signing with a sound key works");
        signature
    }
}

/// The keys of one stand-in: the first one signs, all of them are published; `stranger` never is.
pub struct Ring {
    /// Published keys, the signing one first.
    pub keys: Vec<Key>,
    stranger: Option<Key>,
}

impl Ring {
    /// A ring with one key.
    pub fn new() -> Self {
        Self { keys: vec![Key::generate()], stranger: None }
    }

    /// A new signing key; `overlap` keeps the old ones published, otherwise they vanish from the JWKS at once.
    pub fn rotate(&mut self, overlap: bool) {
        if !overlap {
            self.keys.clear();
        }
        self.keys.insert(0, Key::generate());
    }

    /// The key that signs.
    pub fn signing(&self) -> &Key {
        &self.keys[0]
    }

    /// The JWKS document.
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().map(Key::jwk).collect::<Vec<_>>() })
    }

    /// Signs `payload` under `header` as it stands: naming the `alg` is the caller's affair.
    pub fn sign(&mut self, header: &Value, payload: &str, how: &SignWith) -> String {
        if matches!(how, SignWith::OtherKey) && self.stranger.is_none() {
            self.stranger = Some(Key::generate());
        }
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let message = input.as_bytes();
        let key = self.signing();
        let signature = match how {
            SignWith::Rs256 => key.sign(message, &RSA_PKCS1_SHA256),
            SignWith::Rs384 => key.sign(message, &RSA_PKCS1_SHA384),
            SignWith::Rs512 => key.sign(message, &RSA_PKCS1_SHA512),
            SignWith::Ps256 => key.sign(message, &RSA_PSS_SHA256),
            SignWith::OtherKey => self.stranger.as_ref().map(|other| other.sign(message, &RSA_PKCS1_SHA256)).unwrap_or_default(),
            SignWith::Nothing(_) => Vec::new(),
            SignWith::HmacPublicPem => hs256(key.public_pem().as_bytes(), message),
            SignWith::HmacPublicDer => hs256(&key.public_der(), message),
            SignWith::HmacModulus => hs256(key.modulus().as_bytes(), message),
            SignWith::HmacKey(secret) => hs256(secret, message),
            SignWith::Es256FreshKey => es256(message),
            SignWith::Es256Zero => vec![0; 64],
            SignWith::Fixed { signature, .. } => signature.clone(),
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

fn es256(message: &[u8]) -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("P-256 generation works");
    pair.sign(&SystemRandom::new(), message).expect("signing with a sound key works").as_ref().to_vec()
}
