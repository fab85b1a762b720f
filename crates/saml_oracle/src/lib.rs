//! Tests only: samael with xmlsec as the second opinion on SAML documents.
//!
//! Owns two questions to the other implementation: does it accept this Response, and what does it read in it; and two
//! services of its signer. It is no protection: on its own it accepts wrapped, truncated and unaddressed documents and
//! fetches what a Reference names, so it is asked only about documents that the gateway has accepted already. The tests are in
//! `tests/agreement.rs`; an ordinary build never sees this crate, since it links OpenSSL, libxml2 and libxmlsec1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};
use samael::metadata::EntityDescriptor;
use samael::service_provider::ServiceProviderBuilder;

/// What samael read in a Response that it accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// NameID.
    pub name_id: String,
    /// Assertion ID.
    pub assertion_id: String,
    /// Attributes in document order.
    pub attributes: Vec<(String, Vec<String>)>,
}

/// The relying party in whose name samael judges.
#[derive(Debug, Clone, Copy)]
pub struct RelyingParty<'a> {
    /// Metadata of the identity provider.
    pub idp_metadata: &'a str,
    /// Our entity id.
    pub entity_id: &'a str,
    /// Our assertion consumer service.
    pub acs_url: &'a str,
    /// The id of our request.
    pub request_id: &'a str,
}

const ALGORITHMS: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// Samael's whole verdict, by the system's clock.
///
/// # Errors
/// Its reason.
pub fn opinion(response: &str, party: &RelyingParty<'_>) -> Result<Opinion, String> {
    let metadata: EntityDescriptor = party.idp_metadata.parse().map_err(|error| format!("metadata: {error}"))?;
    let provider = ServiceProviderBuilder::default()
        .entity_id(party.entity_id.to_owned())
        .acs_url(party.acs_url.to_owned())
        .idp_metadata(metadata)
        .allowed_signature_algorithms(ALGORITHMS.to_vec())
        .build()
        .map_err(|error| error.to_string())?;
    let assertion = provider.parse_xml_response(response, Some(&[party.request_id])).map_err(|error| error.to_string())?;
    let statements = assertion.attribute_statements.unwrap_or_default();
    let attributes = statements.into_iter().flat_map(|statement| statement.attributes).map(|attribute| {
        let values = attribute.values.into_iter().map(|value| value.value.unwrap_or_default()).collect();
        (attribute.name.unwrap_or_default(), values)
    });
    Ok(Opinion {
        name_id: assertion.subject.and_then(|subject| subject.name_id).map(|name| name.value).unwrap_or_default(),
        assertion_id: assertion.id,
        attributes: attributes.collect(),
    })
}

/// Only xmlsec's verdict: whether every signature holds with this certificate; gives the signed part.
///
/// # Errors
/// Its reason.
pub fn signed_part(document: &str, certificate_base64: &str) -> Result<String, String> {
    let certificate = CertificateDer::from(STANDARD.decode(certificate_base64).map_err(|error| error.to_string())?);
    Crypto::reduce_xml_to_signed(document, &[certificate], ReduceMode::ValidateAndMarkNoAncestors)
        .map_err(|error| error.to_string())
}

/// Lets xmlsec fill the first empty signature of a template.
///
/// # Errors
/// Its reason.
pub fn sign(template: &str, private_key_der: &[u8]) -> Result<String, String> {
    Crypto::sign_xml(template, private_key_der).map_err(|error| error.to_string())
}
