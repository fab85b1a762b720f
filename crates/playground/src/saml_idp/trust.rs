//! Whether a message of the service provider is signed by it.
//!
//! Owns both checks of an identity provider that demands signatures: over the octets of a redirect as they came (SAML Bindings section
//! 3.4.4.1) and inside a posted document. Certificates come from the service provider's metadata; algorithms other than RSA
//! with SHA-256 are refused.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::dsig::verify::verify_all;
use bergshamra::keys::loader;
use bergshamra::{DsigContext, KeysManager, VerifyResult};

use crate::saml_idp::signer::RSA_SHA256;

/// Checks a query as it came; `field` is `SAMLRequest` or `SAMLResponse`.
///
/// # Errors
/// What is wrong, for the page.
pub fn redirect(query: &str, field: &str, certificates: &[String]) -> Result<(), String> {
    let raw = |name: &str| {
        let mut values = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(known, _)| *known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => Err(format!("the message is not signed: {name} is missing")),
            _ => Err(format!("{name} is there twice")),
        }
    };
    let mut octets = format!("{field}={}", raw(field)?);
    if query.split('&').any(|pair| pair.starts_with("RelayState=")) {
        octets.push_str(&format!("&RelayState={}", raw("RelayState")?));
    }
    octets.push_str(&format!("&SigAlg={}", raw("SigAlg")?));
    if decoded(raw("SigAlg")?) != RSA_SHA256 {
        return Err("the signature algorithm is not rsa-sha256".to_owned());
    }
    let signature = STANDARD.decode(decoded(raw("Signature")?)).map_err(|_| "the signature is not base64")?;
    let good = certificates
        .iter()
        .filter_map(|certificate| rsa_key(certificate))
        .any(|key| UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(octets.as_bytes(), &signature).is_ok());
    if good { Ok(()) } else { Err("the signature does not fit".to_owned()) }
}

/// Checks a posted document: one signature, directly below the root, over the root.
///
/// # Errors
/// What is wrong, for the page.
pub fn enveloped(xml: &str, certificates: &[String]) -> Result<(), String> {
    let document = uppsala::parse(xml).map_err(|error| error.to_string())?;
    let root = document.document_element().ok_or("the message is empty")?;
    let id = document.element(root).and_then(|element| element.get_attribute("ID")).ok_or("the message has no ID")?;
    let signatures = document.get_elements_by_tag_name("Signature");
    let [signature] = signatures.as_slice() else {
        return Err(if signatures.is_empty() { "the message is not signed" } else { "several signatures" }.to_owned());
    };
    if document.parent(*signature) != Some(root) || !xml.contains(&format!(r#"Algorithm="{RSA_SHA256}""#)) {
        return Err("the signature is not where it should be, or not rsa-sha256".to_owned());
    }
    let mut keys = KeysManager::new();
    keys.add_keys(
        certificates.iter().filter_map(|certificate| loader::load_x509_cert_der(&STANDARD.decode(certificate).ok()?).ok()),
    );
    let results = verify_all(&DsigContext::new(keys), xml).map_err(|error| error.to_string())?;
    match results.as_slice() {
        [VerifyResult::Valid { references, .. }]
            if references.len() == 1 && references[0].uri == format!("#{id}") && references[0].digest_verified =>
        {
            Ok(())
        }
        _ => Err("the signature does not fit".to_owned()),
    }
}

/// The PKCS#1 public key of a certificate.
fn rsa_key(certificate: &str) -> Option<Vec<u8>> {
    let der = STANDARD.decode(certificate).ok()?;
    let spki = loader::load_x509_cert_der(&der).ok()?.to_spki_der()?;
    // SubjectPublicKeyInfo of RSA: 24 bytes of header for a key of 2,048 bits and more.
    Some(spki.get(24..)?.to_vec())
}

fn decoded(value: &str) -> String {
    url::form_urlencoded::parse(format!("v={value}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
