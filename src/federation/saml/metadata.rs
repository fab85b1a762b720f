//! Metadata of an identity provider: from a document to the facts that we store.
//!
//! Owns the choice of the entity and role, the endpoints, the signing certificates and the validity (S-01, S-24, S-25).
//! Does not own fetching, refreshing or the "last good kept" rule: the provider that calls this does. The facts are
//! serialisable, so that they are stored as one JSON document. A signature on the metadata counts only where the caller names who
//! must have signed (`metadata_signature`). One entity of a large file is cut out before (`aggregate`).

use std::fmt;

use serde::{Deserialize, Serialize};
use uppsala::{Document, NodeId};
use url::Url;

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::keys::SigningCertificate;
use crate::federation::saml::xml::{self, DSIG, METADATA, PROTOCOL};
use crate::federation::saml::{duration, gate, instant, metadata_signature};

/// Deepest nesting of `EntitiesDescriptor` (S-25).
pub(super) const MAX_GROUPS: usize = 4;
/// Most signing certificates of one provider.
const MAX_CERTIFICATES: usize = 16;
/// Longest entity id in bytes (SAML Core section 8.3.6).
const MAX_ENTITY_ID: usize = 1_024;
/// Longest endpoint URL in bytes.
const MAX_URL: usize = 2_048;

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// What we know of an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpDescriptor {
    /// The entity id: the only accepted Issuer.
    pub entity_id: String,
    /// Where an AuthnRequest goes by HTTP-Redirect.
    pub sso_redirect_url: Option<String>,
    /// Where an AuthnRequest goes by HTTP-POST.
    pub sso_post_url: Option<String>,
    /// Where a logout message goes by HTTP-Redirect.
    pub slo_redirect_url: Option<String>,
    /// Where a logout message goes by HTTP-POST.
    pub slo_post_url: Option<String>,
    /// Certificates whose keys may sign; never empty after `parse`.
    pub signing_certificates: Vec<SigningCertificate>,
    /// After this instant the document must not be used any more.
    pub valid_until_ms: Option<i64>,
    /// Whether the provider refuses unsigned AuthnRequests.
    pub want_authn_requests_signed: bool,
}

/// How to read a metadata document.
#[derive(Debug, Clone, Copy)]
pub struct MetadataOptions<'a> {
    /// The entity that the document must describe; without it the document must describe exactly one identity provider.
    pub expected_entity_id: Option<&'a str>,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Accept `http` endpoints. Only for development on one machine.
    pub allow_http: bool,
}

/// Why metadata was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataFault {
    /// Refused by the gate or malformed inside.
    Document(SamlFault),
    /// Not SAML 2.0 metadata.
    Root,
    /// `EntitiesDescriptor` nested too deep.
    TooDeep,
    /// No identity provider, or not the expected one.
    EntityMissing,
    /// Several identity providers and none expected, or one entity id twice.
    EntityAmbiguous,
    /// An entity id that is empty, too long or has control characters.
    EntityId,
    /// No usable signing key: none, only for encryption, unreadable or too weak.
    NoSigningKey,
    /// No single sign-on endpoint for HTTP-Redirect or HTTP-POST.
    NoEndpoint,
    /// An endpoint that is not an https URL.
    Endpoint,
    /// `validUntil` has passed.
    Expired,
    /// An aggregate that is too large to be held, signed only as a whole, although a signature is demanded: its signature cannot be checked
    /// in bounded memory, so each entity must be asked for by metadata query (MDQ).
    AggregateSignature,
}

impl MetadataFault {
    /// The machine-readable reason for the audit log: fixed, snake_case.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Document(fault) => fault.reason(),
            Self::Root => "metadata_root",
            Self::TooDeep => "metadata_nesting",
            Self::EntityMissing => "metadata_entity_missing",
            Self::EntityAmbiguous => "metadata_entity_ambiguous",
            Self::EntityId => "metadata_entity_id",
            Self::NoSigningKey => "metadata_no_signing_key",
            Self::NoEndpoint => "metadata_no_endpoint",
            Self::Endpoint => "metadata_endpoint",
            Self::Expired => "metadata_expired",
            Self::AggregateSignature => "metadata_aggregate_signature_needs_mdq",
        }
    }
}

impl fmt::Display for MetadataFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for MetadataFault {}

impl From<SamlFault> for MetadataFault {
    fn from(fault: SamlFault) -> Self {
        Self::Document(fault)
    }
}

/// An entity with one SAML 2.0 identity provider role.
struct Candidate {
    entity: NodeId,
    role: NodeId,
    /// `validUntil` of the groups around it.
    valid_until_ms: Option<i64>,
    /// The shortest `cacheDuration` around it.
    cache_ms: Option<i64>,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The identity provider.
    pub descriptor: IdpDescriptor,
    /// How long the publisher wants the document to be used without asking again, ms (`cacheDuration`).
    pub cache_ms: Option<i64>,
}

/// Reads a metadata document: `EntityDescriptor`, or `EntitiesDescriptor` with the expected entity somewhere inside.
pub fn parse(xml: &[u8], options: &MetadataOptions<'_>) -> Result<IdpDescriptor, MetadataFault> {
    read(xml, options, &[]).map(|reading| reading.descriptor)
}

/// The same, with the publisher's wish for the refresh. With `signers`, the root or the chosen entity must carry a signature by one of them
/// (S-24).
pub fn read(xml: &[u8], options: &MetadataOptions<'_>, signers: &[SigningCertificate]) -> Result<Reading, MetadataFault> {
    // Microsoft's metadata begins with a byte order mark.
    let text = gate::admit(xml.strip_prefix("\u{feff}".as_bytes()).unwrap_or(xml), gate::METADATA)?;
    let document = gate::parse(text, gate::METADATA)?;
    let root = document.document_element().ok_or(MetadataFault::Root)?;
    let mut candidates = Vec::new();
    if xml::is(&document, root, METADATA, "EntityDescriptor") {
        entity(&document, root, (None, None), &mut candidates)?;
    } else if xml::is(&document, root, METADATA, "EntitiesDescriptor") {
        group(&document, root, (None, None), 1, &mut candidates)?;
    } else {
        return Err(MetadataFault::Root);
    }
    if let Some(expected) = options.expected_entity_id {
        candidates.retain(|candidate| xml::attribute(&document, candidate.entity, "entityID") == Some(expected));
    }
    let only = match candidates.as_slice() {
        [] => return Err(MetadataFault::EntityMissing),
        [only] => only,
        _ => return Err(MetadataFault::EntityAmbiguous),
    };
    if !signers.is_empty() {
        metadata_signature::verify(&document, text, (root, only.entity), signers)?;
    }
    Ok(Reading { descriptor: describe(&document, only, options)?, cache_ms: only.cache_ms })
}

fn group(
    document: &Document<'_>,
    node: NodeId,
    around: (Option<i64>, Option<i64>),
    level: usize,
    candidates: &mut Vec<Candidate>,
) -> Result<(), MetadataFault> {
    if level > MAX_GROUPS {
        return Err(MetadataFault::TooDeep);
    }
    let around = within(document, node, around)?;
    for child in xml::elements(document, node)? {
        if xml::is(document, child, METADATA, "EntitiesDescriptor") {
            group(document, child, around, level + 1, candidates)?;
        } else if xml::is(document, child, METADATA, "EntityDescriptor") {
            entity(document, child, around, candidates)?;
        }
    }
    Ok(())
}

/// Adds the entity's SAML 2.0 identity provider roles. `around` is the earliest `validUntil` and the shortest `cacheDuration` of the groups.
fn entity(
    document: &Document<'_>,
    node: NodeId,
    around: (Option<i64>, Option<i64>),
    candidates: &mut Vec<Candidate>,
) -> Result<(), MetadataFault> {
    let around = within(document, node, around)?;
    for role in xml::named(document, node, METADATA, "IDPSSODescriptor")? {
        let protocols = xml::attribute(document, role, "protocolSupportEnumeration").unwrap_or("");
        if protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL) {
            let (valid_until_ms, cache_ms) = within(document, role, around)?;
            candidates.push(Candidate { entity: node, role, valid_until_ms, cache_ms });
        }
    }
    Ok(())
}

fn describe(document: &Document<'_>, candidate: &Candidate, options: &MetadataOptions<'_>) -> Result<IdpDescriptor, MetadataFault> {
    let entity_id = xml::attribute(document, candidate.entity, "entityID").unwrap_or("");
    if entity_id.is_empty() || entity_id.len() > MAX_ENTITY_ID || xml::check_value(entity_id).is_err() {
        return Err(MetadataFault::EntityId);
    }
    if candidate.valid_until_ms.is_some_and(|until| until <= options.now_ms) {
        return Err(MetadataFault::Expired);
    }
    let role = candidate.role;
    let endpoint = |service: &str, binding: &str| endpoint(document, role, service, binding, options.allow_http);
    let descriptor = IdpDescriptor {
        entity_id: entity_id.to_owned(),
        sso_redirect_url: endpoint("SingleSignOnService", REDIRECT)?,
        sso_post_url: endpoint("SingleSignOnService", POST)?,
        slo_redirect_url: endpoint("SingleLogoutService", REDIRECT)?,
        slo_post_url: endpoint("SingleLogoutService", POST)?,
        signing_certificates: certificates(document, role)?,
        valid_until_ms: candidate.valid_until_ms,
        want_authn_requests_signed: matches!(xml::attribute(document, role, "WantAuthnRequestsSigned"), Some("true" | "1")),
    };
    if descriptor.signing_certificates.is_empty() {
        return Err(MetadataFault::NoSigningKey);
    }
    if descriptor.sso_redirect_url.is_none() && descriptor.sso_post_url.is_none() {
        return Err(MetadataFault::NoEndpoint);
    }
    Ok(descriptor)
}

/// Keys for signing, and keys without a use, which are for both (SAML Metadata section 2.4.1.1). Of one `X509Data` only
/// the first certificate counts: what follows it is a chain, and a chain's authorities sign no messages.
fn certificates(document: &Document<'_>, role: NodeId) -> Result<Vec<SigningCertificate>, MetadataFault> {
    let mut found: Vec<SigningCertificate> = Vec::new();
    for descriptor in xml::named(document, role, METADATA, "KeyDescriptor")? {
        if !matches!(xml::attribute(document, descriptor, "use"), None | Some("signing")) {
            continue;
        }
        for info in xml::named(document, descriptor, DSIG, "KeyInfo")? {
            for data in xml::named(document, info, DSIG, "X509Data")? {
                let Some(&first) = xml::named(document, data, DSIG, "X509Certificate")?.first() else { continue };
                let certificate = SigningCertificate::read(xml::whole_text(document, first)?);
                if let Some(certificate) = certificate.filter(|certificate| !found.contains(certificate)) {
                    found.push(certificate);
                }
            }
        }
    }
    found.truncate(MAX_CERTIFICATES);
    Ok(found)
}

/// The first endpoint of a service with a binding.
fn endpoint(
    document: &Document<'_>,
    role: NodeId,
    service: &str,
    binding: &str,
    allow_http: bool,
) -> Result<Option<String>, MetadataFault> {
    let services = xml::named(document, role, METADATA, service)?;
    let Some(&first) = services.iter().find(|&&node| xml::attribute(document, node, "Binding") == Some(binding)) else {
        return Ok(None);
    };
    let location = xml::attribute(document, first, "Location").ok_or(MetadataFault::Endpoint)?;
    let url = Url::parse(location).map_err(|_| MetadataFault::Endpoint)?;
    let scheme = url.scheme() == "https" || (allow_http && url.scheme() == "http");
    let plain = url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && location.len() <= MAX_URL
        && location.bytes().all(|byte| byte.is_ascii_graphic());
    if scheme && plain { Ok(Some(location.to_owned())) } else { Err(MetadataFault::Endpoint) }
}

/// `validUntil` and `cacheDuration` of an element, with those of what is around it.
fn within(
    document: &Document<'_>,
    node: NodeId,
    around: (Option<i64>, Option<i64>),
) -> Result<(Option<i64>, Option<i64>), SamlFault> {
    let until = xml::attribute(document, node, "validUntil").map(instant::parse).transpose()?;
    let cache = xml::attribute(document, node, "cacheDuration").map(duration::parse).transpose()?;
    Ok((earliest(around.0, until), earliest(around.1, cache)))
}

/// The smaller one of two that may be absent.
pub(super) fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().min()
}
