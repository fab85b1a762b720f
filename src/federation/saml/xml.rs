//! Small readers and writers of XML that the files of this room share.
//!
//! Owns the namespace names, element access that refuses mixed content, whole-text reading (S-17) and escaping. Knows no
//! rule of SAML. Readers take the parsed tree and a node; they never look outside that node.

use uppsala::{Document, NodeId, NodeKind};

use crate::federation::saml::fault::SamlFault;

/// SAML 2.0 protocol.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// SAML 2.0 assertion.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// SAML 2.0 metadata.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML signature.
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML encryption.
pub const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// XML encryption 1.1.
pub const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// Exclusive canonicalization without comments; also the namespace of `InclusiveNamespaces`.
pub const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Longest value that a reader returns, in bytes (S-35; Cognito: attribute values).
pub const MAX_VALUE: usize = 2_048;

/// The local name of an element, or nothing for other nodes.
pub fn local_name<'d>(document: &'d Document<'_>, node: NodeId) -> &'d str {
    document.element(node).map_or("", |element| &element.name.local_name)
}

/// Whether a node is the named element.
pub fn is(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, name))
}

/// An attribute without namespace.
pub fn attribute<'d>(document: &'d Document<'_>, node: NodeId, name: &str) -> Option<&'d str> {
    document
        .element(node)?
        .attributes
        .iter()
        .find(|attribute| attribute.name.namespace_uri.is_none() && attribute.name.local_name == name)
        .map(|attribute| &*attribute.value)
}

/// The child elements of an element that may hold only elements, comments and white space.
pub fn elements(document: &Document<'_>, node: NodeId) -> Result<Vec<NodeId>, SamlFault> {
    let mut found = Vec::new();
    for child in document.children_iter(node) {
        match document.node_kind(child) {
            Some(NodeKind::Element(_)) => found.push(child),
            Some(NodeKind::Text(text)) if text.bytes().all(|byte| byte.is_ascii_whitespace()) => {}
            Some(NodeKind::Comment(_)) => {}
            _ => return Err(SamlFault::Shape),
        }
    }
    Ok(found)
}

/// The child elements with this name.
pub fn named(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Result<Vec<NodeId>, SamlFault> {
    let mut found = elements(document, node)?;
    found.retain(|&child| is(document, child, namespace, name));
    Ok(found)
}

/// The only child element with this name, if there is one; two are a fault.
pub fn at_most_one(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Result<Option<NodeId>, SamlFault> {
    match named(document, node, namespace, name)?.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        _ => Err(SamlFault::Shape),
    }
}

/// The text of an element that holds one text node or nothing.
pub fn whole_text<'d>(document: &'d Document<'_>, node: NodeId) -> Result<&'d str, SamlFault> {
    let mut children = document.children_iter(node);
    match (children.next(), children.next()) {
        (None, _) => Ok(""),
        (Some(only), None) => match document.node_kind(only) {
            Some(NodeKind::Text(text)) => Ok(text),
            _ => Err(SamlFault::SplitText),
        },
        _ => Err(SamlFault::SplitText),
    }
}

/// A value that leaves this room: whole text within the limits of S-35.
pub fn value(document: &Document<'_>, node: NodeId) -> Result<String, SamlFault> {
    let text = whole_text(document, node)?;
    check_value(text)?;
    Ok(text.to_owned())
}

/// At most [`MAX_VALUE`] bytes; no control character and none that turns the direction of the text around it.
pub fn check_value(text: &str) -> Result<(), SamlFault> {
    if text.len() > MAX_VALUE {
        return Err(SamlFault::ValueTooLong);
    }
    let bad = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(bad) { Err(SamlFault::ControlCharacter) } else { Ok(()) }
}

/// Escapes text for element content and double-quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
