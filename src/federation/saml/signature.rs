//! Verification of the signatures that `structure` found, with the identity provider's stored keys only.
//!
//! Owns the one call into the XML signature crate. Keys in the message are ignored (S-05): the context knows trusted keys
//! only, and a KeyInfo can at most change the order in which they are tried. Every signature in the document must verify,
//! with one reference whose digest was computed here and that resolved to the element which `structure` expects.

use bergshamra::dsig::verify::verify_all_document_with_source;
use bergshamra::{DsigContext, KeysManager, VerifyResult};
use uppsala::Document;
use url::Url;

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::structure::{Placed, Skeleton};

/// Most keys that are tried for one signature.
const MAX_KEYS: usize = 16;

/// Namespace names that are remembered while they are checked.
const REMEMBERED: usize = 8;

/// Verifies all signatures of the document; afterwards the elements that `skeleton.signatures` name are proven.
pub fn verify(
    document: &Document<'_>,
    source: &str,
    skeleton: &Skeleton,
    certificates: &[SigningCertificate],
) -> Result<(), SamlFault> {
    verify_placed(document, source, &skeleton.signatures, certificates)
}

/// The same for messages that hold no assertion: exactly these signatures stand in the document, and each must verify.
pub fn verify_placed(
    document: &Document<'_>,
    source: &str,
    signatures: &[Placed],
    certificates: &[SigningCertificate],
) -> Result<(), SamlFault> {
    let mut keys = KeysManager::new();
    keys.add_keys(certificates.iter().take(MAX_KEYS).filter_map(SigningCertificate::verification_key));
    if keys.is_empty() {
        return Err(SamlFault::NoSigningKey);
    }
    check_namespaces(document)?;
    // `new` is the strict form: trusted keys only, positions checked, no external references without a mapping.
    let context = DsigContext::new(keys);
    let results = verify_all_document_with_source(&context, document, Some(source)).map_err(|_| SamlFault::SignatureInvalid)?;
    if results.len() != signatures.len() {
        return Err(SamlFault::SignatureInvalid);
    }
    for (result, placed) in results.iter().zip(signatures) {
        let VerifyResult::Valid { signature_node, references, .. } = result else {
            return Err(SamlFault::SignatureInvalid);
        };
        let [reference] = references.as_slice() else {
            return Err(SamlFault::SignatureInvalid);
        };
        let proven =
            *signature_node == placed.signature && reference.resolved_node == Some(placed.signs) && reference.digest_verified;
        if !proven {
            return Err(SamlFault::SignatureInvalid);
        }
    }
    Ok(())
}

/// Canonicalization must fail for relative namespace names (Canonical XML 1.0, section 1.3). Ours does not; xmlsec's does, for
/// every name that is not an absolute URI of RFC 3986.
fn check_namespaces(document: &Document<'_>) -> Result<(), SamlFault> {
    let absolute = |name: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte);
        name.bytes().all(known) && name.matches('#').count() < 2 && escapes_are_whole(name) && Url::parse(name).is_ok()
    };
    // The same few names stand at many elements.
    let mut good: Vec<&str> = Vec::new();
    for node in document.descendants(document.root()) {
        let Some(element) = document.element(node) else { continue };
        for (_, name) in &element.namespace_declarations {
            if name.is_empty() || good.contains(&&**name) {
                continue;
            }
            if !absolute(name) {
                return Err(SamlFault::Canonicalization);
            }
            if good.len() < REMEMBERED {
                good.push(name);
            }
        }
    }
    Ok(())
}

/// Each percent sign stands before two hexadecimal digits.
fn escapes_are_whole(name: &str) -> bool {
    let hex = |text: &str| text.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    name.split('%').skip(1).all(hex)
}
