//! The subject of an assertion: its name and the proof that the assertion was meant for us.
//!
//! Owns NameID (S-18: case-sensitive, with format and qualifiers) and the bearer confirmation (S-10, S-13; SAML Profiles
//! section 4.1.4.3). Called only on a verified assertion. InResponseTo counts here and nowhere else: this one is signed.

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::instant;
use crate::federation::saml::response::Expectation;
use crate::federation::saml::xml::{self, ASSERTION};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// The name of a subject. Two subjects are the same only if all four parts are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameId {
    /// The name itself, as sent: case-sensitive, not trimmed, 1 to 2,048 bytes.
    pub value: String,
    /// Format URI, if any.
    pub format: Option<String>,
    /// NameQualifier, if any.
    pub name_qualifier: Option<String>,
    /// SPNameQualifier, if any.
    pub sp_name_qualifier: Option<String>,
}

/// A subject with a valid bearer confirmation.
pub(super) struct Confirmed {
    pub name_id: NameId,
    /// NotOnOrAfter of the confirmation that was valid; the latest, if there are several.
    pub not_on_or_after_ms: i64,
}

/// Reads the name and requires one valid bearer confirmation.
pub(super) fn confirm(document: &Document<'_>, subject: NodeId, expectation: &Expectation<'_>) -> Result<Confirmed, SamlFault> {
    let name = xml::at_most_one(document, subject, ASSERTION, "NameID")?.ok_or(SamlFault::Subject)?;
    let name_id = read_name(document, name)?;
    let mut result = Err(SamlFault::Confirmation);
    for confirmation in xml::named(document, subject, ASSERTION, "SubjectConfirmation")? {
        if xml::attribute(document, confirmation, "Method") != Some(BEARER) {
            continue;
        }
        match (check(document, confirmation, expectation), result) {
            (Ok(until), Ok(other)) => result = Ok(until.max(other)),
            (Ok(until), Err(_)) => result = Ok(until),
            (Err(fault), Err(_)) => result = Err(fault),
            (Err(_), Ok(_)) => {}
        }
    }
    result.map(|not_on_or_after_ms| Confirmed { name_id, not_on_or_after_ms })
}

fn check(document: &Document<'_>, confirmation: NodeId, expectation: &Expectation<'_>) -> Result<i64, SamlFault> {
    let data = xml::at_most_one(document, confirmation, ASSERTION, "SubjectConfirmationData")?.ok_or(SamlFault::Confirmation)?;
    match xml::attribute(document, data, "Recipient") {
        Some(recipient) if recipient == expectation.acs_url => {}
        Some(_) => return Err(SamlFault::Recipient),
        None => return Err(SamlFault::Confirmation),
    }
    if xml::attribute(document, data, "InResponseTo") != expectation.request_id {
        return Err(SamlFault::InResponseTo);
    }
    if let Some(not_before) = xml::attribute(document, data, "NotBefore") {
        expectation.not_future(instant::parse(not_before)?)?;
    }
    let until = xml::attribute(document, data, "NotOnOrAfter").ok_or(SamlFault::Confirmation)?;
    let until = instant::parse(until)?;
    expectation.before(until)?;
    Ok(until)
}

pub(super) fn read_name(document: &Document<'_>, node: NodeId) -> Result<NameId, SamlFault> {
    let value = xml::value(document, node)?;
    if value.trim().is_empty() {
        return Err(SamlFault::Subject);
    }
    let part = |name: &str| {
        let value = xml::attribute(document, node, name);
        value.map(|value| xml::check_value(value).map(|()| value.to_owned())).transpose()
    };
    Ok(NameId {
        value,
        format: part("Format")?,
        name_qualifier: part("NameQualifier")?,
        sp_name_qualifier: part("SPNameQualifier")?,
    })
}
