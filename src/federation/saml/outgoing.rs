//! How a message of ours leaves: by HTTP-Redirect or HTTP-POST, signed or not (SAML Bindings sections 3.4 and 3.5, Core section 5).
//!
//! Owns the query with its signature over the exact octets, and the enveloped XML signature after the Issuer. The key is handed in
//! and signs off the event loop; its private half is never here. What the messages say is `authn_request`'s and the logout files'.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use url::form_urlencoded::byte_serialize;

use crate::federation::saml::xml::escape;
use crate::keys::KeyError;
use crate::keys::saml_keys::SpKey;

/// The signature method of all our signatures (Cognito: `RequestSigningAlgorithm` = `rsa-sha256`).
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// After what our signature stands in our messages.
const ISSUER_END: &str = "</saml:Issuer>";

/// Which field carries the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Field {
    /// The name of the parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// The URL of the HTTP-Redirect binding. With a key the query ends with `SigAlg` and `Signature`, the signature being over the octets
/// before it (Bindings section 3.4.4.1).
pub async fn redirect_url(
    destination: &str,
    field: Field,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<&Arc<SpKey>>,
) -> Result<String, KeyError> {
    let mut query = query(field, xml, relay_state);
    if let Some(key) = key {
        let _ = write!(query, "&SigAlg={}", encoded(RSA_SHA256));
        let signature = key.sign(query.clone().into_bytes()).await?;
        let _ = write!(query, "&Signature={}", encoded(&STANDARD.encode(signature)));
    }
    Ok(joined(destination, &query))
}

/// The message with an enveloped signature over its root, which must have an ID and begin with our Issuer.
pub async fn signed(xml: &str, key: &Arc<SpKey>) -> Result<String, KeyError> {
    let template = Template::of(xml).ok_or(KeyError::Crypto("a message that cannot be signed"))?;
    let signature = key.sign(template.octets).await?;
    let (head, tail) = xml.split_at(template.place);
    Ok(format!(
        concat!(
            r#"{head}<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}"#,
            "<ds:SignatureValue>{value}</ds:SignatureValue>",
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            "</ds:Signature>{tail}",
        ),
        head = head,
        info = template.signed_info,
        value = STANDARD.encode(signature),
        certificate = key.certificate,
        tail = tail,
    ))
}

/// What a signature over a message will be, before it is made.
struct Template {
    /// Where it will stand in the text.
    place: usize,
    /// `ds:SignedInfo` as it stands in the document.
    signed_info: String,
    /// `ds:SignedInfo` as it is signed.
    octets: Vec<u8>,
}

impl Template {
    fn of(xml: &str) -> Option<Self> {
        let canonical = |xml: &str| canonicalize::<&str>(xml, C14nMode::Exclusive, None, &[]).ok();
        let document = uppsala::parse(xml).ok()?;
        let id = document.element(document.document_element()?)?.get_attribute("ID")?.to_owned();
        let signed_info = format!(
            concat!(
                r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
                r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#,
                r#"<ds:SignatureMethod Algorithm="{RSA_SHA256}"/><ds:Reference URI="{hash}{id}"><ds:Transforms>"#,
                r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"#,
                r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>"#,
                r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#,
                "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            ),
            RSA_SHA256 = RSA_SHA256,
            hash = '#',
            id = escape(&id),
            digest = STANDARD.encode(digest(&SHA256, &canonical(xml)?)),
        );
        Some(Self { place: xml.find(ISSUER_END)? + ISSUER_END.len(), octets: canonical(&signed_info)?, signed_info })
    }
}

/// `SAMLRequest=…&RelayState=…`, not signed yet.
pub fn query(field: Field, xml: &str, relay_state: Option<&str>) -> String {
    let mut query = format!("{}={}", field.name(), encoded(&STANDARD.encode(deflate(xml.as_bytes()))));
    if let Some(relay_state) = relay_state {
        let _ = write!(query, "&RelayState={}", encoded(relay_state));
    }
    query
}

/// A query behind a URL that may have one already.
pub fn joined(destination: &str, query: &str) -> String {
    let separator = match destination.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, rest)) if rest.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{destination}{separator}{query}")
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Raw DEFLATE (RFC 1951), as the redirect binding wants it.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing into a vector does not fail")
}
