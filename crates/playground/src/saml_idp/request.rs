//! Reading an AuthnRequest as an identity provider does.
//!
//! Owns the redirect and POST bindings (SAML Bindings sections 3.4 and 3.5) with the limits of S-28: at most one MiB after
//! inflating, at most a hundredfold. Signatures are `trust`'s.

use std::fmt::Write;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use uppsala::Parser;

use super::response::escape;

const MAX_INFLATED: u64 = 1024 * 1024;
const MAX_RATIO: usize = 100;

/// What the stand-in needs of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// ID: the answer's InResponseTo.
    pub id: String,
    /// Issuer: the answer's audience.
    pub issuer: String,
    /// AssertionConsumerServiceURL: where the answer goes.
    pub acs_url: String,
    /// Destination, if the request names one.
    pub destination: Option<String>,
    /// ForceAuthn.
    pub force_authn: bool,
    /// The document itself.
    pub xml: String,
}

/// Reads the `SAMLRequest` parameter of the redirect binding.
///
/// # Errors
/// What is wrong, for the page.
pub fn from_redirect(parameter: &str) -> Result<Asked, String> {
    read(&inflated(parameter)?)
}

/// The document of a redirect.
///
/// # Errors
/// What is wrong, for the page.
pub fn inflated(parameter: &str) -> Result<String, String> {
    let deflated = STANDARD.decode(parameter).map_err(|_| "SAMLRequest is not base64")?;
    let mut xml = String::new();
    DeflateDecoder::new(&*deflated)
        .take(MAX_INFLATED + 1)
        .read_to_string(&mut xml)
        .map_err(|_| "SAMLRequest cannot be inflated to text")?;
    if xml.len() as u64 > MAX_INFLATED || xml.len() > deflated.len().saturating_mul(MAX_RATIO) {
        return Err("SAMLRequest inflates too much".to_owned());
    }
    Ok(xml)
}

/// Reads the `SAMLRequest` field of the POST binding.
///
/// # Errors
/// What is wrong, for the page.
pub fn from_post(field: &str) -> Result<Asked, String> {
    read(&unpacked(field)?)
}

/// The document of a form.
///
/// # Errors
/// What is wrong, for the page.
pub fn unpacked(field: &str) -> Result<String, String> {
    let packed: Vec<u8> = field.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let xml = STANDARD.decode(packed).map_err(|_| "SAMLRequest is not base64")?;
    String::from_utf8(xml).map_err(|_| "SAMLRequest is not text".to_owned())
}

fn read(xml: &str) -> Result<Asked, String> {
    let document = Parser::new().with_forbid_dtd(true).with_max_depth(32).parse(xml).map_err(|error| error.to_string())?;
    let root = document.document_element().ok_or("the request is empty")?;
    let element = document.element(root).ok_or("the request is empty")?;
    if !element.matches_name_ns("urn:oasis:names:tc:SAML:2.0:protocol", "AuthnRequest") {
        return Err("the message is not an AuthnRequest".to_owned());
    }
    let issuer = document
        .first_child_element_by_name_ns(root, "urn:oasis:names:tc:SAML:2.0:assertion", "Issuer")
        .and_then(|issuer| document.element_text(issuer))
        .ok_or("the request has no Issuer")?;
    let acs_url = element.get_attribute("AssertionConsumerServiceURL").ok_or("the request names no consumer service")?;
    if !acs_url.starts_with("http://") && !acs_url.starts_with("https://") {
        return Err("the consumer service is not an http URL".to_owned());
    }
    Ok(Asked {
        id: element.get_attribute("ID").ok_or("the request has no ID")?.to_owned(),
        issuer: issuer.trim().to_owned(),
        acs_url: acs_url.to_owned(),
        destination: element.get_attribute("Destination").map(str::to_owned),
        force_authn: element.get_attribute("ForceAuthn") == Some("true"),
        xml: xml.to_owned(),
    })
}

/// The provider's metadata: both bindings, signing certificates, whether requests must be signed.
pub fn metadata(entity_id: &str, base_url: &str, certificates: &[String], want_signed: bool, slo: &[&str]) -> String {
    let keys = certificates.iter().fold(String::new(), |mut keys, certificate| {
        let _ = write!(
            keys,
            concat!(
                r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
                "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                "</md:KeyDescriptor>",
            ),
            certificate
        );
        keys
    });
    let (entity_id, base_url) = (escape(entity_id), escape(base_url));
    let logout = slo.iter().fold(String::new(), |mut text, binding| {
        let _ = write!(
            text,
            r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{base_url}/slo"/>"#
        );
        text
    });
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\n",
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">"#,
            r#"<md:IDPSSODescriptor WantAuthnRequestsSigned="{want_signed}" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#,
            "{keys}",
            "{logout}",
            "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>",
            r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base_url}/sso"/>"#,
            r#"<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{base_url}/sso"/>"#,
            "</md:IDPSSODescriptor></md:EntityDescriptor>",
        ),
        entity_id = entity_id,
        base_url = base_url,
        keys = keys,
        logout = logout,
        want_signed = want_signed,
    )
}
