//! The gate: what raw XML must satisfy before any other code looks at it (S-00).
//!
//! Two steps. `admit` scans the bytes without a parser: size, encoding, no DOCTYPE, no processing instruction, no CDATA,
//! no comment in messages, nesting, element and attribute counts; its cost is one pass. `parse` builds the one tree that
//! verification and reading share, with a strict parser that knows no document type, and then checks what needs names:
//! attribute limits for each kind, duplicate attributes, unique ids in every spelling. It knows nothing of SAML's
//! elements; `structure` does. A raw `<` cannot stand in text or attribute values, so the scan is exact.

use std::collections::HashSet;

use uppsala::{Document, Parser};

use crate::federation::saml::fault::SamlFault;

/// Attributes that one element may carry.
pub const MAX_ATTRIBUTES: usize = 64;
/// Namespace declarations that one element may carry.
pub const MAX_NAMESPACES: usize = 32;
/// Longest id.
const MAX_ID: usize = 256;

/// The limits for one kind of document.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Nesting, the root being 1.
    pub depth: u32,
    /// Elements in the document.
    pub elements: usize,
    /// Whether comments are tolerated (they are dropped by the readers, never part of a value).
    pub comments: bool,
}

/// Protocol messages.
pub const MESSAGE: Limits = Limits { bytes: 256 * 1024, depth: 32, elements: 2_000, comments: false };

/// Metadata documents: larger, and people put comments into them.
pub const METADATA: Limits = Limits { bytes: 2 * 1024 * 1024, depth: 32, elements: 40_000, comments: true };

/// Checks the raw bytes and returns them as text.
pub fn admit(xml: &[u8], limits: Limits) -> Result<&str, SamlFault> {
    if xml.len() > limits.bytes {
        return Err(SamlFault::TooLarge);
    }
    let text = std::str::from_utf8(xml).map_err(|_| SamlFault::Encoding)?;
    if text.starts_with('\u{feff}') || xml.contains(&0) {
        return Err(SamlFault::Encoding);
    }
    let mut rest = skip_declaration(text)?;
    let (mut depth, mut elements) = (0_u32, 0_usize);
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        match rest.as_bytes().first() {
            None => return Err(SamlFault::Malformed),
            Some(b'?') => return Err(SamlFault::ProcessingInstruction),
            Some(b'!') => rest = skip_comment(rest, limits)?,
            Some(b'/') => depth = depth.checked_sub(1).ok_or(SamlFault::Malformed)?,
            Some(_) => {
                let tag = scan_tag(rest)?;
                elements += 1;
                if elements > limits.elements {
                    return Err(SamlFault::TooManyElements);
                }
                if depth >= limits.depth {
                    return Err(SamlFault::TooDeep);
                }
                depth += u32::from(!tag.empty);
                rest = &rest[tag.length..];
            }
        }
    }
    if depth == 0 { Ok(text) } else { Err(SamlFault::Malformed) }
}

/// Builds the tree from admitted text.
pub fn parse(text: &str, limits: Limits) -> Result<Document<'_>, SamlFault> {
    let document = Parser::new()
        .with_forbid_dtd(true)
        .with_max_entity_expansion(0)
        .with_max_depth(limits.depth)
        .parse(text)
        .map_err(|_| SamlFault::Malformed)?;
    if let Some(declaration) = &document.xml_declaration {
        if declaration.version != "1.0" {
            return Err(SamlFault::Malformed);
        }
        if declaration.encoding.as_ref().is_some_and(|name| !name.eq_ignore_ascii_case("utf-8")) {
            return Err(SamlFault::Encoding);
        }
    }
    let mut ids = HashSet::new();
    for node in document.descendants(document.root()) {
        let Some(element) = document.element(node) else { continue };
        if element.attributes.len() > MAX_ATTRIBUTES || element.namespace_declarations.len() > MAX_NAMESPACES {
            return Err(SamlFault::TooManyAttributes);
        }
        // Namespaces in XML 1.0 section 5 lets only the default namespace be unbound. The parser does not mind, and
        // canonicalization does not write it: a signed element would lose its meaning under a digest that still fits.
        if element.namespace_declarations.iter().any(|(prefix, name)| !prefix.is_empty() && name.is_empty()) {
            return Err(SamlFault::Malformed);
        }
        for (index, attribute) in element.attributes.iter().enumerate() {
            let name = &attribute.name;
            let same = |other: &uppsala::Attribute<'_>| {
                other.name.local_name == name.local_name && other.name.namespace_uri == name.namespace_uri
            };
            if element.attributes[..index].iter().any(same) {
                return Err(SamlFault::DuplicateAttribute);
            }
            if is_id(&name.local_name) && !ids.insert(attribute.value.to_string()) {
                return Err(SamlFault::DuplicateId);
            }
        }
    }
    Ok(document)
}

/// Whether an attribute of this local name may be taken for an id by anyone: `ID`, `Id`, `id`, `xml:id`, `AssertionID`.
pub fn is_id(local_name: &str) -> bool {
    local_name.eq_ignore_ascii_case("id") || local_name.eq_ignore_ascii_case("AssertionID")
}

/// Whether a value has the form of an id (`xs:ID`, ASCII part of it). Anything else could mean more than itself inside a
/// Reference, such as `xpointer(...)`.
pub fn is_id_value(value: &str) -> bool {
    value.len() <= MAX_ID
        && value.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Skips `<?xml … ?>` at the very start. The parser checks its grammar later.
fn skip_declaration(text: &str) -> Result<&str, SamlFault> {
    let Some(rest) = text.strip_prefix("<?xml") else { return Ok(text) };
    if !rest.starts_with([' ', '\t', '\r', '\n']) {
        return Err(SamlFault::ProcessingInstruction);
    }
    rest.find("?>").map(|end| &rest[end + 2..]).ok_or(SamlFault::Malformed)
}

/// `rest` begins after a `<` with `!`.
fn skip_comment(rest: &str, limits: Limits) -> Result<&str, SamlFault> {
    if let Some(body) = rest.strip_prefix("!--") {
        if !limits.comments {
            return Err(SamlFault::Comment);
        }
        return body.find("-->").map(|end| &body[end + 3..]).ok_or(SamlFault::Malformed);
    }
    if rest.starts_with("![CDATA[") {
        return Err(SamlFault::Cdata);
    }
    // Whatever else a declaration is called, it belongs to a document type.
    Err(SamlFault::Doctype)
}

struct Tag {
    /// Bytes up to and including the closing `>`.
    length: usize,
    /// Whether it is an empty-element tag.
    empty: bool,
}

/// Measures one start tag; `rest` begins after its `<`.
fn scan_tag(rest: &str) -> Result<Tag, SamlFault> {
    let bytes = rest.as_bytes();
    let (mut quote, mut values) = (None, 0_usize);
    for (index, &byte) in bytes.iter().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) if byte == b'<' => return Err(SamlFault::Malformed),
            Some(_) => {}
            None => match byte {
                b'"' | b'\'' => {
                    values += 1;
                    if values > MAX_ATTRIBUTES + MAX_NAMESPACES {
                        return Err(SamlFault::TooManyAttributes);
                    }
                    quote = Some(byte);
                }
                b'>' => return Ok(Tag { length: index + 1, empty: index > 0 && bytes[index - 1] == b'/' }),
                b'<' => return Err(SamlFault::Malformed),
                _ => {}
            },
        }
    }
    Err(SamlFault::Malformed)
}
