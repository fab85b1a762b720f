//! The signature on a metadata document, where the operator pinned who must have signed it (S-24; SAML Metadata section 3.1).
//!
//! Owns where the signature may stand: a direct child of the element that it signs, which is the root or the chosen entity. Its inside
//! obeys the rules of a response's signature (`structure`), its keys come from the provider's settings only, and the element that
//! `metadata` reads is the proven one or lies inside it. Without a pinned signer nothing here runs.

use bergshamra::dsig::verify::verify_all_document_with_source;
use bergshamra::{DsigContext, KeysManager, VerifyResult};
use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::structure::{self, Placed};
use crate::federation::saml::xml::{self, DSIG};

/// Most signatures of a document: the entities of a small aggregate may be signed each, and every one costs a verification.
const MAX_SIGNATURES: usize = 16;

/// Proves `root`, or else `entity`, with one of the signers' keys.
pub fn verify(
    document: &Document<'_>,
    source: &str,
    (root, entity): (NodeId, NodeId),
    signers: &[SigningCertificate],
) -> Result<(), SamlFault> {
    let mut elements = [root, entity].into_iter();
    let placed = elements.find_map(|signs| direct(document, signs).transpose()).ok_or(SamlFault::Unsigned)??;
    let named = |&node: &NodeId| xml::local_name(document, node) == "Signature";
    if document.descendants(document.root()).iter().filter(|node| named(node)).count() > MAX_SIGNATURES {
        return Err(SamlFault::SignaturePlace);
    }
    structure::check_id(document, placed.signs)?;
    structure::check_signature(document, placed)?;
    let mut keys = KeysManager::new();
    keys.add_keys(signers.iter().filter_map(SigningCertificate::verification_key));
    if keys.is_empty() {
        return Err(SamlFault::NoSigningKey);
    }
    let context = DsigContext::new(keys);
    let results = verify_all_document_with_source(&context, document, Some(source)).map_err(|_| SamlFault::SignatureInvalid)?;
    let proven = results.iter().any(|result| {
        matches!(result, VerifyResult::Valid { signature_node, references, .. }
            if *signature_node == placed.signature
                && matches!(references.as_slice(), [reference]
                    if reference.resolved_node == Some(placed.signs) && reference.digest_verified))
    });
    if proven { Ok(()) } else { Err(SamlFault::SignatureInvalid) }
}

/// The only signature directly below an element.
fn direct(document: &Document<'_>, signs: NodeId) -> Result<Option<Placed>, SamlFault> {
    let found = xml::named(document, signs, DSIG, "Signature")?;
    match found.as_slice() {
        [] => Ok(None),
        [signature] => Ok(Some(Placed { signature: *signature, signs })),
        _ => Err(SamlFault::SignaturePlace),
    }
}
