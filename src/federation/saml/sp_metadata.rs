//! The metadata document of our service provider (S-31; SAML Metadata section 2.4.4).
//!
//! Owns the text of the document; it names only what we support. The entity id, endpoints and the certificate come from
//! the caller; the `saml` face serves it.

use std::fmt::Write;

use crate::federation::saml::xml::escape;

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
    /// Single logout service, by HTTP-POST; none as long as logout is not offered.
    pub slo_url: Option<&'a str>,
    /// The base64 DER certificate of the key that signs our requests; none when we do not sign.
    pub signing_certificate: Option<&'a str>,
}

/// Writes the document.
pub fn document(metadata: &SpMetadata<'_>) -> String {
    const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
    let mut xml = format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\n",
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{}">"#,
            r#"<md:SPSSODescriptor AuthnRequestsSigned="{}" WantAssertionsSigned="true""#,
            r#" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#,
        ),
        escape(metadata.entity_id),
        metadata.signing_certificate.is_some(),
    );
    if let Some(certificate) = metadata.signing_certificate {
        let _ = write!(
            xml,
            concat!(
                r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
                "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
            ),
            escape(certificate),
        );
    }
    if let Some(url) = metadata.slo_url {
        let _ = write!(xml, r#"<md:SingleLogoutService Binding="{POST}" Location="{}"/>"#, escape(url));
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
