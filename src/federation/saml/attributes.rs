//! Attribute statements of a verified assertion.
//!
//! Owns one result for every document: names are exact and unique over all statements (S-19), each value is one whole text
//! node (S-17) within the limits of S-35, an empty element is the empty string. What a name means is the caller's mapping.

use std::collections::HashSet;

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::xml::{self, ASSERTION};

/// Names and values in document order.
pub(super) fn read(document: &Document<'_>, assertion: NodeId) -> Result<Vec<(String, Vec<String>)>, SamlFault> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for statement in xml::named(document, assertion, ASSERTION, "AttributeStatement")? {
        for attribute in xml::elements(document, statement)? {
            if !xml::is(document, attribute, ASSERTION, "Attribute") {
                return Err(SamlFault::Shape);
            }
            let name = xml::attribute(document, attribute, "Name").filter(|name| !name.is_empty());
            let name = name.ok_or(SamlFault::Shape)?;
            xml::check_value(name)?;
            if !seen.insert(name) {
                return Err(SamlFault::RepeatedAttribute);
            }
            let mut values = Vec::new();
            for value in xml::elements(document, attribute)? {
                if !xml::is(document, value, ASSERTION, "AttributeValue") {
                    return Err(SamlFault::Shape);
                }
                values.push(xml::value(document, value)?);
            }
            found.push((name.to_owned(), values));
        }
    }
    Ok(found)
}
