//! Where things stand in a Response, and which algorithms it may name: decided before any digest is computed.
//!
//! Owns the rules against signature wrapping (S-02), transforms and canonicalization (S-03), algorithms (S-06) and the
//! number of assertions (S-07). It reads names, places and algorithm identifiers only; no value that it meets is believed.
//! `signature` verifies exactly the signatures that this file found, `response` reads exactly the assertion it found.

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::gate;
use crate::federation::saml::xml::{self, ASSERTION, DSIG, EXCLUSIVE_C14N, PROTOCOL};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Most prefixes in a `PrefixList`: canonicalization copies every one of them at every element, before the signature is
/// known to be good. Providers send one or two.
const MAX_PREFIXES: usize = 10;
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];
const SIGNATURES: [&str; 6] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];

/// A signature and the element that it stands in and signs.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// The `ds:Signature` element.
    pub signature: NodeId,
    /// Its parent: the Response or the Assertion.
    pub signs: NodeId,
}

/// The skeleton of an admissible Response.
#[derive(Debug)]
pub struct Skeleton {
    /// `samlp:Response`, the root.
    pub response: NodeId,
    /// The one `saml:Assertion`, directly below the root.
    pub assertion: NodeId,
    /// One or two signatures in document order.
    pub signatures: Vec<Placed>,
}

/// The skeleton of an admissible Response whose assertion is encrypted.
#[derive(Debug)]
pub struct SealedSkeleton {
    /// `samlp:Response`, the root.
    pub response: NodeId,
    /// The one `saml:EncryptedAssertion`, directly below the root.
    pub encrypted: NodeId,
    /// The signature over the whole Response, if there is one.
    pub signature: Option<Placed>,
}

/// The skeleton of a decrypted assertion, a document of its own.
#[derive(Debug)]
pub struct OpenedSkeleton {
    /// `saml:Assertion`, the root.
    pub assertion: NodeId,
    /// Its own signature, if there is one.
    pub signature: Option<Placed>,
}

/// Finds the skeleton or says which rule it breaks.
pub fn skeleton(document: &Document<'_>) -> Result<Skeleton, SamlFault> {
    let response = document.document_element().ok_or(SamlFault::Malformed)?;
    if !xml::is(document, response, PROTOCOL, "Response") || xml::attribute(document, response, "Version") != Some("2.0") {
        return Err(SamlFault::Root);
    }
    let assertion = only_assertion(document, response)?;
    let signatures = signatures(document, response, assertion)?;
    check_id(document, response)?;
    check_id(document, assertion)?;
    check_order(
        document,
        response,
        &[(ASSERTION, "Issuer"), (DSIG, "Signature"), (PROTOCOL, "Extensions"), (PROTOCOL, "Status"), (ASSERTION, "Assertion")],
    )?;
    for placed in &signatures {
        check_signature(document, *placed)?;
    }
    Ok(Skeleton { response, assertion, signatures })
}

/// Finds the skeleton of a Response that must be encrypted, or says which rule it breaks. Of what is inside `EncryptedAssertion` it looks
/// at names only: the form is `encryption`'s.
pub fn sealed_skeleton(document: &Document<'_>) -> Result<SealedSkeleton, SamlFault> {
    let response = document.document_element().ok_or(SamlFault::Malformed)?;
    if !xml::is(document, response, PROTOCOL, "Response") || xml::attribute(document, response, "Version") != Some("2.0") {
        return Err(SamlFault::Root);
    }
    let mut found = None;
    for node in document.descendants(document.root()) {
        match xml::local_name(document, node) {
            "Assertion" => return Err(SamlFault::NotEncrypted),
            "EncryptedID" | "EncryptedAttribute" => return Err(SamlFault::EncryptionUnsupported),
            "EncryptedAssertion" if found.replace(node).is_some() => return Err(SamlFault::AssertionCount),
            _ => {}
        }
    }
    let Some(encrypted) = found else {
        return Err(check_status(document, response).err().unwrap_or(SamlFault::AssertionCount));
    };
    if document.parent(encrypted) != Some(response) || !xml::is(document, encrypted, ASSERTION, "EncryptedAssertion") {
        return Err(SamlFault::AssertionCount);
    }
    let signature = only_signature(document, response)?;
    check_id(document, response)?;
    check_order(
        document,
        response,
        &[
            (ASSERTION, "Issuer"),
            (DSIG, "Signature"),
            (PROTOCOL, "Extensions"),
            (PROTOCOL, "Status"),
            (ASSERTION, "EncryptedAssertion"),
        ],
    )?;
    Ok(SealedSkeleton { response, encrypted, signature })
}

/// Finds the skeleton of a decrypted assertion: nothing but one `saml:Assertion`, with at most its own signature.
pub fn opened_skeleton(document: &Document<'_>) -> Result<OpenedSkeleton, SamlFault> {
    let assertion = document.document_element().ok_or(SamlFault::Malformed)?;
    if !xml::is(document, assertion, ASSERTION, "Assertion") {
        return Err(SamlFault::Root);
    }
    for node in document.descendants(document.root()) {
        match xml::local_name(document, node) {
            "Assertion" if node != assertion => return Err(SamlFault::AssertionCount),
            "EncryptedAssertion" | "EncryptedID" | "EncryptedAttribute" | "EncryptedData" => {
                return Err(SamlFault::EncryptionUnsupported);
            }
            _ => {}
        }
    }
    check_id(document, assertion)?;
    Ok(OpenedSkeleton { assertion, signature: only_signature(document, assertion)? })
}

/// The only element that anyone could call a signature, if there is one: a child of that element and good inside.
fn only_signature(document: &Document<'_>, signs: NodeId) -> Result<Option<Placed>, SamlFault> {
    let mut found = None;
    for node in document.descendants(document.root()) {
        if xml::local_name(document, node) != "Signature" {
            continue;
        }
        let placed = Placed { signature: node, signs };
        if document.parent(node) != Some(signs) || !xml::is(document, node, DSIG, "Signature") || found.replace(placed).is_some() {
            return Err(SamlFault::SignaturePlace);
        }
    }
    if let Some(placed) = found {
        check_signature(document, placed)?;
    }
    Ok(found)
}

/// Counts by local name in any namespace: no reader anywhere may find a second one.
fn only_assertion(document: &Document<'_>, response: NodeId) -> Result<NodeId, SamlFault> {
    let mut found = None;
    for node in document.descendants(document.root()) {
        let name = xml::local_name(document, node);
        if matches!(name, "EncryptedAssertion" | "EncryptedID" | "EncryptedAttribute" | "EncryptedData") {
            return Err(SamlFault::EncryptionUnsupported);
        }
        if name == "Assertion" && found.replace(node).is_some() {
            return Err(SamlFault::AssertionCount);
        }
    }
    let Some(assertion) = found else {
        // A failure report carries no assertion: name it as what it claims to be. It is refused either way.
        return Err(check_status(document, response).err().unwrap_or(SamlFault::AssertionCount));
    };
    let in_place = document.parent(assertion) == Some(response) && xml::is(document, assertion, ASSERTION, "Assertion");
    if in_place { Ok(assertion) } else { Err(SamlFault::AssertionCount) }
}

/// The first-level status code must be Success (S-08).
pub fn check_status(document: &Document<'_>, response: NodeId) -> Result<(), SamlFault> {
    let status = xml::at_most_one(document, response, PROTOCOL, "Status")?.ok_or(SamlFault::Shape)?;
    let code = xml::at_most_one(document, status, PROTOCOL, "StatusCode")?.ok_or(SamlFault::Status)?;
    if xml::attribute(document, code, "Value") == Some(SUCCESS) { Ok(()) } else { Err(SamlFault::Status) }
}

/// Every element that anyone could call a signature must be a child of the Response or the Assertion, one in each.
fn signatures(document: &Document<'_>, response: NodeId, assertion: NodeId) -> Result<Vec<Placed>, SamlFault> {
    let mut found: Vec<Placed> = Vec::new();
    for node in document.descendants(document.root()) {
        if xml::local_name(document, node) != "Signature" {
            continue;
        }
        let parent = document.parent(node).filter(|&parent| parent == response || parent == assertion);
        let Some(signs) = parent.filter(|_| xml::is(document, node, DSIG, "Signature")) else {
            return Err(SamlFault::SignaturePlace);
        };
        if found.iter().any(|other| other.signs == signs) {
            return Err(SamlFault::SignaturePlace);
        }
        found.push(Placed { signature: node, signs });
    }
    if found.is_empty() { Err(SamlFault::Unsigned) } else { Ok(found) }
}

/// The element has `ID`, in this spelling, and nothing else that could be taken for an id.
pub(super) fn check_id(document: &Document<'_>, node: NodeId) -> Result<(), SamlFault> {
    let element = document.element(node).ok_or(SamlFault::Malformed)?;
    let mut ids = element.attributes.iter().filter(|attribute| gate::is_id(&attribute.name.local_name));
    let good = |attribute: &uppsala::Attribute<'_>| {
        attribute.name.namespace_uri.is_none() && attribute.name.local_name == "ID" && gate::is_id_value(&attribute.value)
    };
    match (ids.next(), ids.next()) {
        (Some(only), None) if good(only) => Ok(()),
        _ => Err(SamlFault::IdForm),
    }
}

/// Child elements are these, each at most once, in this order.
fn check_order(document: &Document<'_>, node: NodeId, order: &[(&str, &str)]) -> Result<(), SamlFault> {
    let mut allowed = order.iter();
    for child in xml::elements(document, node)? {
        if !allowed.any(|(namespace, name)| xml::is(document, child, namespace, name)) {
            return Err(SamlFault::Shape);
        }
    }
    Ok(())
}

/// The inside of one signature (SAML Core section 5.4).
pub(super) fn check_signature(document: &Document<'_>, placed: Placed) -> Result<(), SamlFault> {
    let parts = exactly(document, placed.signature, &["SignedInfo", "SignatureValue"], Some("KeyInfo"))?;
    base64_only(document, parts[1])?;
    let info = exactly(document, parts[0], &["CanonicalizationMethod", "SignatureMethod", "Reference"], None)?;
    if algorithm(document, info[0]) != EXCLUSIVE_C14N {
        return Err(SamlFault::Canonicalization);
    }
    only_prefix_list(document, info[0], SamlFault::Canonicalization)?;
    if !SIGNATURES.contains(&algorithm(document, info[1])) || document.children_count(info[1]) != 0 {
        return Err(SamlFault::SignatureAlgorithm);
    }
    check_reference(document, info[2], placed.signs)
}

fn check_reference(document: &Document<'_>, reference: NodeId, signs: NodeId) -> Result<(), SamlFault> {
    let uri = xml::attribute(document, reference, "URI").and_then(|uri| uri.strip_prefix('#'));
    if uri.is_none() || uri != xml::attribute(document, signs, "ID") {
        return Err(SamlFault::Reference);
    }
    let parts = exactly(document, reference, &["Transforms", "DigestMethod", "DigestValue"], None)?;
    let transforms = xml::elements(document, parts[0])?;
    let names: Vec<&str> = transforms.iter().map(|&transform| algorithm(document, transform)).collect();
    if names != [ENVELOPED, EXCLUSIVE_C14N] {
        return Err(SamlFault::Transform);
    }
    for &transform in &transforms {
        if !xml::is(document, transform, DSIG, "Transform") {
            return Err(SamlFault::Transform);
        }
        only_prefix_list(document, transform, SamlFault::Transform)?;
    }
    if !DIGESTS.contains(&algorithm(document, parts[1])) || document.children_count(parts[1]) != 0 {
        return Err(SamlFault::DigestAlgorithm);
    }
    base64_only(document, parts[2])
}

/// The children are these elements of XML signature, in this order, perhaps followed by one more.
fn exactly(document: &Document<'_>, node: NodeId, names: &[&str], optional: Option<&str>) -> Result<Vec<NodeId>, SamlFault> {
    let children = xml::elements(document, node).map_err(|_| SamlFault::SignatureShape)?;
    let wanted = names.iter().copied().chain(optional);
    let fits = children.len() >= names.len()
        && children.len() <= names.len() + usize::from(optional.is_some())
        && children.iter().zip(wanted).all(|(&child, name)| xml::is(document, child, DSIG, name));
    if fits { Ok(children) } else { Err(SamlFault::SignatureShape) }
}

pub(super) fn algorithm<'d>(document: &'d Document<'_>, node: NodeId) -> &'d str {
    xml::attribute(document, node, "Algorithm").unwrap_or("")
}

/// Exclusive canonicalization may carry one `InclusiveNamespaces`; nothing else may stand inside an algorithm.
fn only_prefix_list(document: &Document<'_>, node: NodeId, fault: SamlFault) -> Result<(), SamlFault> {
    let children = xml::elements(document, node).map_err(|_| fault)?;
    match children.as_slice() {
        [] => Ok(()),
        [only]
            if algorithm(document, node) == EXCLUSIVE_C14N
                && xml::is(document, *only, EXCLUSIVE_C14N, "InclusiveNamespaces")
                && document.children_count(*only) == 0
                && xml::attribute(document, *only, "PrefixList").is_none_or(|list| {
                    list.split_ascii_whitespace().count() <= MAX_PREFIXES && list.len() <= 64 * MAX_PREFIXES
                }) =>
        {
            Ok(())
        }
        _ => Err(fault),
    }
}

/// A digest or signature value: one text node of base64 and white space, not empty.
fn base64_only(document: &Document<'_>, node: NodeId) -> Result<(), SamlFault> {
    let text = xml::whole_text(document, node).map_err(|_| SamlFault::SignatureShape)?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace();
    let empty = text.bytes().all(|byte| byte.is_ascii_whitespace());
    if !empty && text.bytes().all(good) { Ok(()) } else { Err(SamlFault::SignatureShape) }
}
