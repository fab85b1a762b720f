//! Conditions and authentication statements of a verified assertion.
//!
//! Owns validity times, audience (S-12; SAML Core section 2.5) and what the first authentication statement says about the
//! identity provider's session. Several restrictions are ANDed, the audiences within one are ORed, as Core says. A
//! condition that we do not know makes the assertion invalid. `OneTimeUse` needs nothing here: every assertion is consumed
//! once by the caller.

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::instant;
use crate::federation::saml::response::Expectation;
use crate::federation::saml::xml::{self, ASSERTION};

/// Facts of the authentication at the identity provider.
pub(super) struct Session {
    pub index: Option<String>,
    pub not_on_or_after_ms: Option<i64>,
    pub authn_instant_ms: i64,
}

/// Checks times and audience.
pub(super) fn check(document: &Document<'_>, assertion: NodeId, expectation: &Expectation<'_>) -> Result<(), SamlFault> {
    let conditions = xml::at_most_one(document, assertion, ASSERTION, "Conditions")?.ok_or(SamlFault::Conditions)?;
    if let Some(not_before) = xml::attribute(document, conditions, "NotBefore") {
        expectation.not_future(instant::parse(not_before)?)?;
    }
    if let Some(until) = xml::attribute(document, conditions, "NotOnOrAfter") {
        expectation.before(instant::parse(until)?)?;
    }
    let mut restricted = false;
    for condition in xml::elements(document, conditions)? {
        if xml::is(document, condition, ASSERTION, "AudienceRestriction") {
            check_audience(document, condition, expectation.sp_entity_id)?;
            restricted = true;
        } else if !xml::is(document, condition, ASSERTION, "OneTimeUse")
            && !xml::is(document, condition, ASSERTION, "ProxyRestriction")
        {
            return Err(SamlFault::Conditions);
        }
    }
    if restricted { Ok(()) } else { Err(SamlFault::Audience) }
}

/// One restriction must name us exactly: no prefix, no folding, no trimming.
fn check_audience(document: &Document<'_>, restriction: NodeId, entity_id: &str) -> Result<(), SamlFault> {
    let mut named = false;
    for audience in xml::elements(document, restriction)? {
        if !xml::is(document, audience, ASSERTION, "Audience") {
            return Err(SamlFault::Conditions);
        }
        named |= xml::whole_text(document, audience)? == entity_id;
    }
    if named { Ok(()) } else { Err(SamlFault::Audience) }
}

/// Reads the first authentication statement; every statement's session end must lie ahead.
pub(super) fn session(document: &Document<'_>, assertion: NodeId, expectation: &Expectation<'_>) -> Result<Session, SamlFault> {
    let mut first: Option<Session> = None;
    for statement in xml::named(document, assertion, ASSERTION, "AuthnStatement")? {
        let authn = xml::attribute(document, statement, "AuthnInstant").ok_or(SamlFault::TimeForm)?;
        let authn_instant_ms = instant::parse(authn)?;
        expectation.not_future(authn_instant_ms)?;
        let end = xml::attribute(document, statement, "SessionNotOnOrAfter").map(instant::parse).transpose()?;
        if let Some(end) = end {
            expectation.before(end)?;
        }
        let index = xml::attribute(document, statement, "SessionIndex");
        if let Some(index) = index {
            xml::check_value(index)?;
        }
        match &mut first {
            None => {
                let index = index.map(str::to_owned);
                first = Some(Session { index, not_on_or_after_ms: end, authn_instant_ms });
            }
            Some(first) => {
                first.not_on_or_after_ms = [first.not_on_or_after_ms, end].into_iter().flatten().min();
            }
        }
    }
    first.ok_or(SamlFault::AuthnStatement)
}
