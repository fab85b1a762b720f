//! Attribute statements of a verified assertion.
//!
//! Owns one result for every document. Names are exact and unique over all statements (S-19), each value is one whole text
//! node (S-17) within the limits of S-35, an empty element is the empty string. A name that comes twice, or whose value
//! breaks a limit, is set aside with its fault: real providers send such things in attributes that nobody maps (Keycloak
//! repeats `Role`, directories send pictures), so only a mapping that wants it refuses the sign-in. What a name means is the
//! caller's mapping.

use std::collections::BTreeMap;

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::xml::{self, ASSERTION};

/// The attributes of an assertion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// Names and values in document order; names are unique.
    pub usable: Vec<(String, Vec<String>)>,
    /// Names that must not be used, and why.
    pub unusable: BTreeMap<String, SamlFault>,
}

/// Reads all attribute statements.
pub(super) fn read(document: &Document<'_>, assertion: NodeId) -> Result<Attributes, SamlFault> {
    let mut found = Attributes::default();
    for statement in xml::named(document, assertion, ASSERTION, "AttributeStatement")? {
        for attribute in xml::elements(document, statement)? {
            if !xml::is(document, attribute, ASSERTION, "Attribute") {
                return Err(SamlFault::Shape);
            }
            let name = xml::attribute(document, attribute, "Name").filter(|name| !name.is_empty());
            let name = name.ok_or(SamlFault::Shape)?;
            xml::check_value(name)?;
            let values = read_values(document, attribute)?;
            if found.unusable.contains_key(name) {
                continue;
            }
            let before = found.usable.len();
            found.usable.retain(|(known, _)| known != name);
            if found.usable.len() < before {
                found.unusable.insert(name.to_owned(), SamlFault::RepeatedAttribute);
                continue;
            }
            match values {
                Ok(values) => found.usable.push((name.to_owned(), values)),
                Err(fault) => {
                    found.unusable.insert(name.to_owned(), fault);
                }
            }
        }
    }
    Ok(found)
}

/// The outer fault breaks the document's structure, the inner one a value's limit.
fn read_values(document: &Document<'_>, attribute: NodeId) -> Result<Result<Vec<String>, SamlFault>, SamlFault> {
    let mut values = Vec::new();
    for value in xml::elements(document, attribute)? {
        if !xml::is(document, value, ASSERTION, "AttributeValue") {
            return Err(SamlFault::Shape);
        }
        let text = xml::whole_text(document, value)?;
        values.push(xml::check_value(text).map(|()| text.to_owned()));
    }
    Ok(values.into_iter().collect())
}
