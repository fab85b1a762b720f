//! The Response of an identity provider: from the form field to a verified assertion.
//!
//! Owns the order of all checks: gate, structure, signatures, status, and only then issuer, addressing, times, subject,
//! audience and values, read inside the verified assertion of the same tree. Nothing is offered for reading before
//! verification; the caller finds its transaction by RelayState. The caller also inserts `assertion_id` into the durable
//! replay table until `replay_until_ms` (S-16): this room remembers nothing.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uppsala::{Document, NodeId};

use crate::federation::saml::encryption::{self, Decryption};
use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::metadata::IdpDescriptor;
use crate::federation::saml::structure;
use crate::federation::saml::subject::NameId;
use crate::federation::saml::xml::{self, ASSERTION};
use crate::federation::saml::{attributes, conditions, gate, instant, signature, subject};

/// Longest `SAMLResponse` field in characters; checked before decoding.
pub const MAX_ENCODED: usize = 256 * 1024;
/// Clock skew when the caller has no other wish, in seconds.
pub const DEFAULT_SKEW_S: i64 = 60;
/// Largest clock skew, in seconds (S-15).
pub const MAX_SKEW_S: i64 = 180;
/// Oldest assertion, in seconds, beside the skew (S-15; with the default skew Cognito's six minutes).
pub const MAX_AGE_S: i64 = 300;

/// What the caller's transaction expects of the Response.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The identity provider that this transaction chose.
    pub idp: &'a IdpDescriptor,
    /// Our entity id, compared exactly with the audience.
    pub sp_entity_id: &'a str,
    /// Our configured assertion consumer service URL; never derived from the Host header.
    pub acs_url: &'a str,
    /// The id of our AuthnRequest. `None` means unsolicited (IdP-initiated): then InResponseTo must be absent.
    pub request_id: Option<&'a str>,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Tolerated clock difference in seconds; clamped to 0..=180.
    pub skew_s: i64,
}

impl Expectation<'_> {
    /// The effective skew in milliseconds.
    pub(super) fn skew_ms(&self) -> i64 {
        self.skew_s.clamp(0, MAX_SKEW_S) * 1000
    }

    /// Fails when an instant lies in the future.
    pub(super) fn not_future(&self, instant_ms: i64) -> Result<(), SamlFault> {
        if instant_ms > self.now_ms.saturating_add(self.skew_ms()) { Err(SamlFault::TooEarly) } else { Ok(()) }
    }

    /// Fails when a NotOnOrAfter has been reached.
    pub(super) fn before(&self, not_on_or_after_ms: i64) -> Result<(), SamlFault> {
        if self.now_ms >= not_on_or_after_ms.saturating_add(self.skew_ms()) { Err(SamlFault::Expired) } else { Ok(()) }
    }
}

/// What a verified assertion says. Every value was inside the signed element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// The assertion's ID: unique for its issuer, to be consumed once.
    pub assertion_id: String,
    /// The issuer, equal to the expected identity provider.
    pub issuer: String,
    /// The subject's name.
    pub name_id: NameId,
    /// Usable attributes in document order: name and values; names are unique.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Attributes that a mapping must not use, and why: a repeated name (S-19), a value beyond the limits (S-35).
    pub unusable_attributes: BTreeMap<String, SamlFault>,
    /// SessionIndex of the first authentication statement, for logout.
    pub session_index: Option<String>,
    /// The identity provider's wish for the end of the session.
    pub session_not_on_or_after_ms: Option<i64>,
    /// When the person signed in at the identity provider.
    pub authn_instant_ms: Option<i64>,
    /// Until when the assertion id must be remembered: NotOnOrAfter of the confirmation plus the skew.
    pub replay_until_ms: i64,
}

impl VerifiedAssertion {
    /// Why a sign-in must be refused that maps these attribute names; none of them unusable gives nothing.
    pub fn fault_of_mapped<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<SamlFault> {
        names.into_iter().find_map(|name| self.unusable_attributes.get(name).copied())
    }
}

/// Decodes the `SAMLResponse` form field of the HTTP-POST binding (SAML Bindings section 3.5.4); line breaks are allowed.
pub fn decode(saml_response_b64: &str) -> Result<Vec<u8>, SamlFault> {
    if saml_response_b64.len() > MAX_ENCODED {
        return Err(SamlFault::TooLarge);
    }
    // The usual field has no white space; the copy is for the others.
    if let Ok(decoded) = STANDARD.decode(saml_response_b64) {
        return Ok(decoded);
    }
    let packed: Vec<u8> = saml_response_b64.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|_| SamlFault::NotBase64)
}

/// Verifies a decoded Response. Takes about 0.2 ms of CPU for the usual document, at most tens of milliseconds for the
/// largest; call it off the event loop (S-33).
pub fn verify(xml: &[u8], expectation: &Expectation<'_>) -> Result<VerifiedAssertion, SamlFault> {
    let text = gate::admit(xml, gate::MESSAGE)?;
    let document = gate::parse(text, gate::MESSAGE)?;
    let skeleton = structure::skeleton(&document)?;
    signature::verify(&document, text, &skeleton, &expectation.idp.signing_certificates)?;
    structure::check_status(&document, skeleton.response)?;
    let signed = skeleton.signatures.iter().any(|placed| placed.signs == skeleton.response);
    check_response(&document, skeleton.response, signed, expectation)?;
    read_assertion(&document, skeleton.assertion, expectation)
}

/// Verifies a decoded Response whose assertion must be encrypted (S-20, S-21): the gate and the signature of the outer document first,
/// then the assertion is opened, passes the gate as a document of its own, and its own signature is verified. One of the two
/// signatures must be there; values are read from the opened document only. Costs two milliseconds more than [`verify`] for
/// each of our keys that is tried.
pub fn verify_encrypted(
    xml: &[u8],
    expectation: &Expectation<'_>,
    decryption: &Decryption<'_>,
) -> Result<VerifiedAssertion, SamlFault> {
    let certificates = &expectation.idp.signing_certificates;
    let text = gate::admit(xml, gate::MESSAGE)?;
    let document = gate::parse(text, gate::MESSAGE)?;
    let skeleton = structure::sealed_skeleton(&document)?;
    let sealed = encryption::read(&document, skeleton.encrypted)?;
    let signed = skeleton.signature.is_some();
    sealed.check_algorithms(decryption.allow_legacy, signed)?;
    if let Some(placed) = skeleton.signature {
        signature::verify_placed(&document, text, &[placed], certificates)?;
    }
    structure::check_status(&document, skeleton.response)?;
    check_response(&document, skeleton.response, signed, expectation)?;
    sealed.open(decryption, |plain| {
        let text = gate::admit(plain, gate::MESSAGE)?;
        let document = gate::parse(text, gate::MESSAGE)?;
        let opened = structure::opened_skeleton(&document)?;
        match opened.signature {
            Some(placed) => {
                signature::verify_placed(&document, text, &[placed], certificates).map_err(|_| SamlFault::DecryptedSignature)?;
            }
            None if signed => {}
            None => return Err(SamlFault::Unsigned),
        }
        // From here on the octets are the identity provider's: a fault tells nothing about ciphertexts, and is named.
        Ok(read_assertion(&document, opened.assertion, expectation))
    })?
}

/// The envelope. When only the assertion is signed nothing here is proven, so it can refuse but never bind.
fn check_response(document: &Document<'_>, response: NodeId, signed: bool, expectation: &Expectation<'_>) -> Result<(), SamlFault> {
    if let Some(issuer) = xml::at_most_one(document, response, ASSERTION, "Issuer")? {
        check_issuer(document, issuer, expectation)?;
    }
    match xml::attribute(document, response, "Destination") {
        Some(destination) if destination == expectation.acs_url => {}
        None if !signed => {}
        _ => return Err(SamlFault::Destination),
    }
    match xml::attribute(document, response, "InResponseTo") {
        Some(request) if Some(request) == expectation.request_id => {}
        None => {}
        Some(_) => return Err(SamlFault::InResponseTo),
    }
    check_age(document, response, expectation)
}

fn read_assertion(
    document: &Document<'_>,
    assertion: NodeId,
    expectation: &Expectation<'_>,
) -> Result<VerifiedAssertion, SamlFault> {
    if xml::attribute(document, assertion, "Version") != Some("2.0") {
        return Err(SamlFault::Shape);
    }
    let assertion_id = xml::attribute(document, assertion, "ID").ok_or(SamlFault::IdForm)?.to_owned();
    let issuer = xml::at_most_one(document, assertion, ASSERTION, "Issuer")?.ok_or(SamlFault::Issuer)?;
    let issuer = check_issuer(document, issuer, expectation)?;
    check_age(document, assertion, expectation)?;
    let subject = xml::at_most_one(document, assertion, ASSERTION, "Subject")?.ok_or(SamlFault::Subject)?;
    let confirmed = subject::confirm(document, subject, expectation)?;
    conditions::check(document, assertion, expectation)?;
    let session = conditions::session(document, assertion, expectation)?;
    let attributes = attributes::read(document, assertion)?;
    Ok(VerifiedAssertion {
        assertion_id,
        issuer,
        name_id: confirmed.name_id,
        attributes: attributes.usable,
        unusable_attributes: attributes.unusable,
        session_index: session.index,
        session_not_on_or_after_ms: session.not_on_or_after_ms,
        authn_instant_ms: Some(session.authn_instant_ms),
        replay_until_ms: confirmed.not_on_or_after_ms.saturating_add(expectation.skew_ms()),
    })
}

/// S-09: exactly the entity id of the identity provider that the transaction chose.
fn check_issuer(document: &Document<'_>, node: NodeId, expectation: &Expectation<'_>) -> Result<String, SamlFault> {
    const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    let issuer = xml::value(document, node)?;
    let entity = xml::attribute(document, node, "Format").is_none_or(|format| format == ENTITY);
    if entity && issuer == expectation.idp.entity_id { Ok(issuer) } else { Err(SamlFault::Issuer) }
}

/// S-15: issued not in the future and not longer ago than five minutes, skew added on both sides.
fn check_age(document: &Document<'_>, node: NodeId, expectation: &Expectation<'_>) -> Result<(), SamlFault> {
    let issued = instant::parse(xml::attribute(document, node, "IssueInstant").ok_or(SamlFault::TimeForm)?)?;
    expectation.not_future(issued)?;
    if expectation.now_ms > issued.saturating_add(MAX_AGE_S * 1000 + expectation.skew_ms()) {
        return Err(SamlFault::Expired);
    }
    Ok(())
}
