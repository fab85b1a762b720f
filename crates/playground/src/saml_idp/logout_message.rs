//! Logout messages in which everything can be chosen, and the reading of those that arrive.
//!
//! Owns the text of a LogoutRequest and a LogoutResponse as common identity providers write them, signed as either binding wants
//! it, and the places where a test may reach in. Neighbours: `logout` is the wire; `response` is the same for sign-ins.

use std::fmt::Write;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use uppsala::Parser;
use url::form_urlencoded::byte_serialize;

use super::response::{SignatureSpec, Tamper, escape, instant};
use super::signer::SigningKey;

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The usual status.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// LogoutRequest.
    Request,
    /// LogoutResponse.
    Response,
}

impl Kind {
    /// The parameter that carries it.
    pub fn field(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Everything that a logout message says.
pub struct LogoutSpec {
    /// Which message.
    pub kind: Kind,
    /// ID.
    pub id: String,
    /// Issuer.
    pub issuer: Option<String>,
    /// Destination.
    pub destination: Option<String>,
    /// IssueInstant, milliseconds.
    pub issue_instant_ms: Option<i64>,
    /// NotOnOrAfter of a request, milliseconds.
    pub not_on_or_after_ms: Option<i64>,
    /// NameID of a request.
    pub name_id: Option<String>,
    /// NameID Format.
    pub name_id_format: Option<String>,
    /// SessionIndex elements of a request.
    pub session_indexes: Vec<String>,
    /// InResponseTo of a response.
    pub in_response_to: Option<String>,
    /// Status codes of a response, the second inside the first.
    pub status: Vec<String>,
    /// Whether it is signed.
    pub signed: bool,
    /// How it is signed in a POST.
    pub signature: SignatureSpec,
    /// RelayState.
    pub relay_state: Option<String>,
    /// Changes the document before it is signed.
    pub before_signature: Option<Tamper>,
    /// Changes the document after an enveloped signature.
    pub after: Option<Tamper>,
    /// Changes the octets of a query before they are signed.
    pub octets: Option<Tamper>,
    /// Changes the finished query.
    pub query: Option<Tamper>,
}

impl LogoutSpec {
    fn new(kind: Kind, issuer: &str, destination: &str, now_ms: i64) -> Self {
        Self {
            kind,
            id: format!("_{}", crate::clock::random_word()),
            issuer: Some(issuer.to_owned()),
            destination: Some(destination.to_owned()),
            issue_instant_ms: Some(now_ms),
            not_on_or_after_ms: None,
            name_id: None,
            name_id_format: None,
            session_indexes: Vec::new(),
            in_response_to: None,
            status: Vec::new(),
            signed: true,
            signature: SignatureSpec::default(),
            relay_state: None,
            before_signature: None,
            after: None,
            octets: None,
            query: None,
        }
    }

    /// A good request to end a person's session; without an index, all of the person's sessions.
    pub fn request(issuer: &str, destination: &str, name_id: &str, index: Option<&str>, now_ms: i64) -> Self {
        Self {
            not_on_or_after_ms: Some(now_ms + 300_000),
            name_id: Some(name_id.to_owned()),
            name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
            session_indexes: index.into_iter().map(str::to_owned).collect(),
            ..Self::new(Kind::Request, issuer, destination, now_ms)
        }
    }

    /// A good answer to a request.
    pub fn response(issuer: &str, destination: &str, request_id: &str, now_ms: i64) -> Self {
        Self {
            in_response_to: Some(request_id.to_owned()),
            status: vec![SUCCESS.to_owned()],
            ..Self::new(Kind::Response, issuer, destination, now_ms)
        }
    }

    fn document(&self, signature: &str) -> String {
        let name = match self.kind {
            Kind::Request => "LogoutRequest",
            Kind::Response => "LogoutResponse",
        };
        let mut xml =
            format!(r#"<samlp:{name} xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{}" Version="2.0""#, escape(&self.id));
        let instant = |at: Option<i64>| at.map(instant);
        for (attribute, value) in [
            ("IssueInstant", instant(self.issue_instant_ms)),
            ("NotOnOrAfter", instant(self.not_on_or_after_ms)),
            ("Destination", self.destination.clone()),
            ("InResponseTo", self.in_response_to.clone()),
        ] {
            if let Some(value) = value {
                let _ = write!(xml, r#" {attribute}="{}""#, escape(&value));
            }
        }
        xml.push('>');
        if let Some(issuer) = &self.issuer {
            let _ = write!(xml, "<saml:Issuer>{}</saml:Issuer>", escape(issuer));
        }
        xml.push_str(signature);
        if let Some(name_id) = &self.name_id {
            let format = self.name_id_format.as_ref().map_or_else(String::new, |format| format!(r#" Format="{}""#, escape(format)));
            let _ = write!(xml, "<saml:NameID{format}>{}</saml:NameID>", escape(name_id));
        }
        for index in &self.session_indexes {
            let _ = write!(xml, "<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index));
        }
        if !self.status.is_empty() {
            let codes = self.status.iter().rev().fold(String::new(), |inner, code| {
                format!(r#"<samlp:StatusCode Value="{}">{inner}</samlp:StatusCode>"#, escape(code))
            });
            let _ = write!(xml, "<samlp:Status>{codes}</samlp:Status>");
        }
        let _ = write!(xml, "</samlp:{name}>");
        match &self.before_signature {
            Some(tamper) => tamper(xml),
            None => xml,
        }
    }

    /// The document as a POST carries it.
    ///
    /// # Panics
    /// When a change made the text unfit for signing.
    pub fn posted(&self, key: &SigningKey) -> String {
        let xml = if self.signed {
            let template = self.document(&self.signature.template(key, &self.id));
            key.sign_xml(&template).expect("the message can be signed")
        } else {
            self.document("")
        };
        match &self.after {
            Some(tamper) => tamper(xml),
            None => xml,
        }
    }

    /// The fields of a POST.
    pub fn fields(&self, key: &SigningKey) -> Vec<(String, String)> {
        let mut fields = vec![(self.kind.field().to_owned(), STANDARD.encode(self.posted(key)))];
        fields.extend(self.relay_state.iter().map(|value| ("RelayState".to_owned(), value.clone())));
        fields
    }

    /// The query of a redirect.
    pub fn redirect(&self, key: &SigningKey) -> String {
        let mut query = format!("{}={}", self.kind.field(), encoded(&STANDARD.encode(deflate(self.document("").as_bytes()))));
        if let Some(relay_state) = &self.relay_state {
            let _ = write!(query, "&RelayState={}", encoded(relay_state));
        }
        if self.signed {
            let _ = write!(query, "&SigAlg={}", encoded(key.method()));
            if let Some(tamper) = &self.octets {
                query = tamper(query);
            }
            let signature = key.sign_octets(query.as_bytes());
            let _ = write!(query, "&Signature={}", encoded(&STANDARD.encode(signature)));
        }
        match &self.query {
            Some(tamper) => tamper(query),
            None => query,
        }
    }
}

impl std::fmt::Debug for LogoutSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutSpec").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the stand-in needs of a logout message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Which message.
    pub kind: Kind,
    /// ID.
    pub id: String,
    /// Issuer.
    pub issuer: String,
    /// Destination.
    pub destination: Option<String>,
    /// NameID of a request.
    pub name_id: Option<String>,
    /// SessionIndex of a request.
    pub session_index: Option<String>,
    /// InResponseTo of a response.
    pub in_response_to: Option<String>,
    /// The first status code of a response.
    pub status: Option<String>,
    /// RelayState.
    pub relay_state: Option<String>,
    /// The raw query of a redirect; none for a POST.
    pub query: Option<String>,
    /// The document itself.
    pub xml: String,
}

/// Reads a message; signatures are `trust`'s.
///
/// # Errors
/// What is wrong, for the page.
pub fn read(kind: Kind, xml: String) -> Result<Arrived, String> {
    let document = Parser::new().with_forbid_dtd(true).with_max_depth(32).parse(&xml).map_err(|error| error.to_string())?;
    let root = document.document_element().ok_or("the message is empty")?;
    let element = document.element(root).ok_or("the message is empty")?;
    let name = match kind {
        Kind::Request => "LogoutRequest",
        Kind::Response => "LogoutResponse",
    };
    if !element.matches_name_ns(PROTOCOL, name) {
        return Err(format!("the message is not a {name}"));
    }
    let text = |namespace: &str, name: &str| {
        let child = document.first_child_element_by_name_ns(root, namespace, name)?;
        document.element_text(child).map(|text| text.trim().to_owned())
    };
    let status = document.first_child_element_by_name_ns(root, PROTOCOL, "Status").and_then(|status| {
        let code = document.first_child_element_by_name_ns(status, PROTOCOL, "StatusCode")?;
        document.element(code)?.get_attribute("Value").map(str::to_owned)
    });
    let attribute = |name: &str| element.get_attribute(name).map(str::to_owned);
    let arrived = Arrived {
        kind,
        id: attribute("ID").ok_or("the message has no ID")?,
        issuer: text(ASSERTION, "Issuer").ok_or("the message has no Issuer")?,
        destination: attribute("Destination"),
        name_id: text(ASSERTION, "NameID"),
        session_index: text(PROTOCOL, "SessionIndex"),
        in_response_to: attribute("InResponseTo"),
        status,
        relay_state: None,
        query: None,
        xml: String::new(),
    };
    drop(document);
    Ok(Arrived { xml, ..arrived })
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing into a vector does not fail")
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
