//! The metadata document of our service provider (S-31; SAML Metadata section 2.4.4).
//!
//! Owns the text of the document; it names only what we support. The entity id, endpoints and certificates come from the caller; the
//! `saml` face serves it. It carries all published signing certificates, so that an identity provider that reads it daily meets a
//! new one a month before it signs.

use std::fmt::Write;

use crate::federation::saml::encryption::{CONTENT_METHODS, TRANSPORT_METHOD};
use crate::federation::saml::instant;
use crate::federation::saml::xml::escape;

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// NameID formats that we list: any stable name will do, persistent first.
const NAME_ID_FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
];

/// What the document says.
#[derive(Debug, Clone, Copy)]
pub struct SpMetadata<'a> {
    /// Our entity id (`urn:amazon:cognito:sp:{pool}` unless the pool overrides it).
    pub entity_id: &'a str,
    /// Assertion consumer service, by HTTP-POST.
    pub acs_url: &'a str,
    /// Single logout service, by HTTP-Redirect and HTTP-POST.
    pub slo_url: Option<&'a str>,
    /// The base64 DER certificates of the keys that sign or will sign for us.
    pub signing_certificates: &'a [String],
    /// Whether every AuthnRequest to the reader is signed.
    pub requests_signed: bool,
    /// The base64 DER certificate of the key to which the reader must encrypt, where it must.
    pub encryption_certificate: Option<&'a str>,
    /// The instant after which nobody should use this copy, ms: the end of the signing certificate. Not sooner, since many providers
    /// import a file once; those that read it again are told to do so daily.
    pub valid_until_ms: Option<i64>,
}

/// Writes the document.
pub fn document(metadata: &SpMetadata<'_>) -> String {
    let until = metadata.valid_until_ms.map_or_else(String::new, |at| format!(r#" validUntil="{}""#, instant::format(at)));
    let mut xml = format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\n",
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}"{} cacheDuration="P1D">"#,
            r#"<md:SPSSODescriptor AuthnRequestsSigned="{}" WantAssertionsSigned="true""#,
            r#" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#,
        ),
        escape(metadata.entity_id),
        until,
        metadata.requests_signed,
    );
    for certificate in metadata.signing_certificates {
        write_key(&mut xml, "signing", certificate, "");
    }
    if let Some(certificate) = metadata.encryption_certificate {
        let methods = CONTENT_METHODS.map(|method| format!(r#"<md:EncryptionMethod Algorithm="{method}"/>"#)).concat();
        // The digest is said aloud: with another one for the mask we could not decrypt.
        let transport = format!(
            concat!(
                r#"<md:EncryptionMethod Algorithm="{}">"#,
                r#"<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>"#,
                "</md:EncryptionMethod>",
            ),
            TRANSPORT_METHOD,
        );
        write_key(&mut xml, "encryption", certificate, &(methods + &transport));
    }
    if let Some(url) = metadata.slo_url {
        for binding in [REDIRECT, POST] {
            let _ = write!(xml, r#"<md:SingleLogoutService Binding="{binding}" Location="{}"/>"#, escape(url));
        }
    }
    for format in NAME_ID_FORMATS {
        let _ = write!(xml, "<md:NameIDFormat>{format}</md:NameIDFormat>");
    }
    let _ = write!(
        xml,
        concat!(
            r#"<md:AssertionConsumerService Binding="{}" Location="{}" index="0" isDefault="true"/>"#,
            "</md:SPSSODescriptor></md:EntityDescriptor>",
        ),
        POST,
        escape(metadata.acs_url),
    );
    xml
}

fn write_key(xml: &mut String, usage: &str, certificate: &str, methods: &str) {
    let _ = write!(
        xml,
        concat!(
            r#"<md:KeyDescriptor use="{}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
            "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{}</md:KeyDescriptor>",
        ),
        usage,
        escape(certificate),
        methods,
    );
}
