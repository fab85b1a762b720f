//! Signing of our own small documents with an enveloped XML signature (SAML Core section 5.4).
//!
//! Our documents are written in canonical form to begin with (exclusive canonicalization without comments), so that their
//! text is what is digested and no canonicalizer is needed. The key stands on another floor: [`Template::new`] gives the
//! octets to sign, [`Template::signed`] takes the signature. Neighbours: `logout` writes such documents, verification of
//! others' signatures is `signature`'s.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::federation::saml::authn_request::RSA_SHA256;
use crate::federation::saml::xml::{DSIG, EXCLUSIVE_C14N};

/// A document that waits for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    before: String,
    after: String,
    signed_info: String,
}

impl Template {
    /// The document in canonical form, cut where the signature belongs (behind `Issuer`); `id` is the root's `ID`.
    pub fn new(before: String, after: String, id: &str) -> Self {
        let digest_value = STANDARD.encode(digest(&SHA256, [before.as_bytes(), after.as_bytes()].concat().as_slice()));
        let signed_info = format!(
            concat!(
                r#"<ds:SignedInfo xmlns:ds="{DSIG}">"#,
                r#"<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>"#,
                r#"<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>"#,
                r##"<ds:Reference URI="#{id}"><ds:Transforms>"##,
                r#"<ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform>"#,
                r#"<ds:Transform Algorithm="{EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>"#,
                r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>"#,
                "<ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            ),
            DSIG = DSIG,
            EXCLUSIVE_C14N = EXCLUSIVE_C14N,
            RSA_SHA256 = RSA_SHA256,
            id = id,
            digest_value = digest_value,
        );
        Self { before, after, signed_info }
    }

    /// The octets that an RSA PKCS#1 v1.5 SHA-256 signature must cover.
    pub fn to_sign(&self) -> &[u8] {
        self.signed_info.as_bytes()
    }

    /// The document without a signature, for bindings that sign otherwise.
    pub fn unsigned(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The signed document; `certificate` is base64 DER.
    pub fn signed(&self, signature: &[u8], certificate: &str) -> String {
        format!(
            concat!(
                r#"{before}<ds:Signature xmlns:ds="{DSIG}">{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue>"#,
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                "</ds:Signature>{after}",
            ),
            before = self.before,
            DSIG = DSIG,
            signed_info = self.signed_info,
            value = STANDARD.encode(signature),
            certificate = certificate,
            after = self.after,
        )
    }
}

/// Text content as canonical XML writes it (Canonical XML 1.0 section 2.3).
pub fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// An attribute value as canonical XML writes it.
pub fn attribute(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    escaped.replace('\t', "&#x9;").replace('\n', "&#xA;").replace('\r', "&#xD;")
}
