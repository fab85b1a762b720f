//! Single logout messages (SAML Core section 3.7, Profiles section 4.4; S-28, S-29).
//!
//! Owns LogoutRequest and LogoutResponse, written by us and read from an identity provider. A received message passes the same
//! gate as a Response, holds no assertion anywhere, and is proven by an enveloped signature of its root (POST) or by the
//! signature of the query (redirect); nothing of it is believed before, but that its Issuer says which provider's keys to try.
//! Does not know sessions, keys of ours or the replay table: the caller does.

use uppsala::{Document, NodeId};

use crate::federation::saml::fault::SamlFault;
use crate::federation::saml::metadata::IdpDescriptor;
use crate::federation::saml::outgoing::Field;
use crate::federation::saml::redirect_binding::{self, SignedQuery};
use crate::federation::saml::response::{MAX_AGE_S, MAX_SKEW_S};
use crate::federation::saml::structure::{self, Placed};
use crate::federation::saml::subject::{self, NameId};
use crate::federation::saml::xml::{self, ASSERTION, DSIG, PROTOCOL, escape};
use crate::federation::saml::{gate, instant, response, signature};

/// The identity provider ended everything.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// Our fixed failure status: the request was signed, but not acceptable.
pub const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
/// Our fixed failure status: we could not do it.
pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
/// Most sessions that one request may name.
const MAX_INDEXES: usize = 100;

/// A message as it arrived, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// HTTP-Redirect.
    Redirect(SignedQuery),
    /// HTTP-POST.
    Post {
        /// Which field carried it.
        field: Field,
        /// The document.
        xml: Vec<u8>,
        /// `RelayState`.
        relay_state: Option<String>,
    },
}

impl Delivery {
    /// From a raw query.
    pub fn from_query(query: &str) -> Result<Self, SamlFault> {
        redirect_binding::read(query).map(Self::Redirect)
    }

    /// From the fields of a form, each of which came once.
    pub fn from_form(request: Option<&str>, response: Option<&str>, relay_state: Option<&str>) -> Result<Self, SamlFault> {
        let (field, encoded) = match (request, response) {
            (Some(encoded), None) => (Field::Request, encoded),
            (None, Some(encoded)) => (Field::Response, encoded),
            _ => return Err(SamlFault::Parameters),
        };
        if relay_state.is_some_and(|text| text.len() > redirect_binding::MAX_RELAY_STATE) {
            return Err(SamlFault::TooLarge);
        }
        Ok(Self::Post { field, xml: response::decode(encoded)?, relay_state: relay_state.map(str::to_owned) })
    }

    /// Which field carried it.
    pub fn field(&self) -> Field {
        match self {
            Self::Redirect(query) => query.field,
            Self::Post { field, .. } => *field,
        }
    }

    /// `RelayState`: our handle with a response, the provider's own with a request.
    pub fn relay_state(&self) -> Option<&str> {
        match self {
            Self::Redirect(query) => query.relay_state.as_deref(),
            Self::Post { relay_state, .. } => relay_state.as_deref(),
        }
    }

    fn xml(&self) -> &[u8] {
        match self {
            Self::Redirect(query) => &query.xml,
            Self::Post { xml, .. } => xml,
        }
    }
}

/// What a message must fit.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// The identity provider whose keys prove it and who must be its Issuer.
    pub idp: &'a IdpDescriptor,
    /// Our single logout URL: the only Destination.
    pub slo_url: &'a str,
    /// The time, ms.
    pub now_ms: i64,
    /// Tolerated clock difference in seconds; clamped to 0..=180.
    pub skew_s: i64,
}

/// A LogoutRequest whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// Its id: our answer's InResponseTo, to be consumed once.
    pub id: String,
    /// What it wants; a fault when it is signed, but not fresh, not meant for us or not readable.
    pub wish: Result<Wish, SamlFault>,
}

/// Whose sessions a LogoutRequest ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The subject.
    pub name_id: NameId,
    /// The sessions; none named means all of the subject's.
    pub session_indexes: Vec<String>,
    /// Until when the id must be remembered, ms.
    pub replay_until_ms: i64,
}

/// What a LogoutResponse says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is ended.
    Done,
    /// The identity provider ended its own session, but not every other party answered it.
    Partial,
    /// The identity provider could not do it.
    Failed,
}

/// The Issuer that a message claims: says whose keys to try, and proves nothing.
pub fn claimed_issuer(delivery: &Delivery) -> Result<String, SamlFault> {
    let text = gate::admit(delivery.xml(), gate::MESSAGE)?;
    let document = gate::parse(text, gate::MESSAGE)?;
    let root = Root::find(&document, delivery)?;
    xml::value(&document, root.issuer)
}

/// Verifies a LogoutRequest. An error means that nothing proves who sent it; after that every fault is part of the answer.
pub fn verify_request(delivery: &Delivery, addressed: &Addressed<'_>) -> Result<SignedRequest, SamlFault> {
    let text = gate::admit(delivery.xml(), gate::MESSAGE)?;
    let document = gate::parse(text, gate::MESSAGE)?;
    let root = Root::find(&document, delivery)?;
    if delivery.field() != Field::Request {
        return Err(SamlFault::Root);
    }
    root.prove(&document, text, delivery, addressed.idp)?;
    let id = xml::attribute(&document, root.node, "ID").ok_or(SamlFault::IdForm)?.to_owned();
    Ok(SignedRequest { id, wish: wish(&document, &root, addressed) })
}

fn wish(document: &Document<'_>, root: &Root, addressed: &Addressed<'_>) -> Result<Wish, SamlFault> {
    let issued = addressed.check(document, root)?;
    if let Some(until) = xml::attribute(document, root.node, "NotOnOrAfter") {
        addressed.before(instant::parse(until)?)?;
    }
    let name = xml::at_most_one(document, root.node, ASSERTION, "NameID")?.ok_or(SamlFault::Subject)?;
    let name_id = subject::read_name(document, name)?;
    let indexes = xml::named(document, root.node, PROTOCOL, "SessionIndex")?;
    if indexes.len() > MAX_INDEXES {
        return Err(SamlFault::TooManyElements);
    }
    let session_indexes = indexes.into_iter().map(|node| xml::value(document, node)).collect::<Result<Vec<_>, _>>()?;
    // As long as its age lets it pass, on either side of the skew.
    let replay_until_ms = issued.saturating_add(MAX_AGE_S * 1000).saturating_add(2 * MAX_SKEW_S * 1000);
    Ok(Wish { name_id, session_indexes, replay_until_ms })
}

/// Verifies a LogoutResponse to our request of that id.
pub fn verify_response(delivery: &Delivery, addressed: &Addressed<'_>, request_id: &str) -> Result<Outcome, SamlFault> {
    let text = gate::admit(delivery.xml(), gate::MESSAGE)?;
    let document = gate::parse(text, gate::MESSAGE)?;
    let root = Root::find(&document, delivery)?;
    if delivery.field() != Field::Response {
        return Err(SamlFault::Root);
    }
    root.prove(&document, text, delivery, addressed.idp)?;
    addressed.check(&document, &root)?;
    if xml::attribute(&document, root.node, "InResponseTo") != Some(request_id) {
        return Err(SamlFault::InResponseTo);
    }
    outcome(&document, root.node)
}

/// PartialLogout stands as the second status code, below either of the two first ones that providers choose.
fn outcome(document: &Document<'_>, response: NodeId) -> Result<Outcome, SamlFault> {
    let status = xml::at_most_one(document, response, PROTOCOL, "Status")?.ok_or(SamlFault::Shape)?;
    let first = xml::at_most_one(document, status, PROTOCOL, "StatusCode")?.ok_or(SamlFault::Shape)?;
    let second = xml::at_most_one(document, first, PROTOCOL, "StatusCode")?;
    let value = |node| xml::attribute(document, node, "Value");
    Ok(match (value(first), second.and_then(value)) {
        (Some(PARTIAL), _) | (_, Some(PARTIAL)) => Outcome::Partial,
        (Some(SUCCESS), _) => Outcome::Done,
        _ => Outcome::Failed,
    })
}

impl Addressed<'_> {
    fn skew_ms(&self) -> i64 {
        self.skew_s.clamp(0, MAX_SKEW_S) * 1000
    }

    fn before(&self, not_on_or_after_ms: i64) -> Result<(), SamlFault> {
        if self.now_ms >= not_on_or_after_ms.saturating_add(self.skew_ms()) { Err(SamlFault::Expired) } else { Ok(()) }
    }

    /// Issuer, Destination and age; gives the instant of issue. A signed message must say where it goes (SAML Bindings
    /// sections 3.4.5.2 and 3.5.5.2).
    fn check(&self, document: &Document<'_>, root: &Root) -> Result<i64, SamlFault> {
        const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
        let entity = xml::attribute(document, root.issuer, "Format").is_none_or(|format| format == ENTITY);
        if !entity || xml::value(document, root.issuer)? != self.idp.entity_id {
            return Err(SamlFault::Issuer);
        }
        if xml::attribute(document, root.node, "Destination") != Some(self.slo_url) {
            return Err(SamlFault::Destination);
        }
        let issued = instant::parse(xml::attribute(document, root.node, "IssueInstant").ok_or(SamlFault::TimeForm)?)?;
        if issued > self.now_ms.saturating_add(self.skew_ms()) {
            return Err(SamlFault::TooEarly);
        }
        if self.now_ms > issued.saturating_add(MAX_AGE_S * 1000 + self.skew_ms()) {
            return Err(SamlFault::Expired);
        }
        Ok(issued)
    }
}

/// The skeleton of an admissible logout message.
struct Root {
    node: NodeId,
    issuer: NodeId,
    signature: Option<Placed>,
}

impl Root {
    /// Finds it by names, places and algorithms only; no value is believed.
    fn find(document: &Document<'_>, delivery: &Delivery) -> Result<Self, SamlFault> {
        let node = document.document_element().ok_or(SamlFault::Malformed)?;
        let (name, order): (_, &[(&str, &str)]) = match delivery.field() {
            Field::Request => (
                "LogoutRequest",
                &[
                    (ASSERTION, "Issuer"),
                    (DSIG, "Signature"),
                    (PROTOCOL, "Extensions"),
                    (ASSERTION, "NameID"),
                    (PROTOCOL, "SessionIndex"),
                ],
            ),
            Field::Response => {
                ("LogoutResponse", &[(ASSERTION, "Issuer"), (DSIG, "Signature"), (PROTOCOL, "Extensions"), (PROTOCOL, "Status")])
            }
        };
        if !xml::is(document, node, PROTOCOL, name) || xml::attribute(document, node, "Version") != Some("2.0") {
            return Err(SamlFault::Root);
        }
        let mut signature = None;
        for inner in document.descendants(document.root()) {
            match xml::local_name(document, inner) {
                "EncryptedID" | "EncryptedData" | "EncryptedAssertion" => return Err(SamlFault::EncryptionUnsupported),
                "Assertion" | "Response" => return Err(SamlFault::AssertionCount),
                "Signature" => {
                    let placed = Placed { signature: inner, signs: node };
                    let in_place = document.parent(inner) == Some(node) && xml::is(document, inner, DSIG, "Signature");
                    if !in_place || signature.replace(placed).is_some() {
                        return Err(SamlFault::SignaturePlace);
                    }
                }
                _ => {}
            }
        }
        structure::check_id(document, node)?;
        check_order(document, node, order)?;
        if let Some(placed) = signature {
            structure::check_signature(document, placed)?;
        }
        let issuer = xml::at_most_one(document, node, ASSERTION, "Issuer")?.ok_or(SamlFault::Issuer)?;
        Ok(Self { node, issuer, signature })
    }

    /// The redirect binding signs the query, and takes the signature out of the document (SAML Bindings section 3.4.4.1).
    fn prove(&self, document: &Document<'_>, text: &str, delivery: &Delivery, idp: &IdpDescriptor) -> Result<(), SamlFault> {
        match (delivery, self.signature) {
            (Delivery::Redirect(query), None) => query.verify(&idp.signing_certificates),
            (Delivery::Redirect(_), Some(_)) => Err(SamlFault::SignaturePlace),
            (Delivery::Post { .. }, Some(placed)) => signature::verify_placed(document, text, &[placed], &idp.signing_certificates),
            (Delivery::Post { .. }, None) => Err(SamlFault::Unsigned),
        }
    }
}

/// Child elements are these, in this order, each at most once but `SessionIndex`.
fn check_order(document: &Document<'_>, node: NodeId, order: &[(&str, &str)]) -> Result<(), SamlFault> {
    let mut place = 0;
    for child in xml::elements(document, node)? {
        let found = order[place..].iter().position(|(namespace, name)| xml::is(document, child, namespace, name));
        place += found.ok_or(SamlFault::Shape)?;
        if order[place].1 != "SessionIndex" {
            place += 1;
        }
    }
    Ok(())
}

/// Our request.
#[derive(Debug, Clone, Copy)]
pub struct LogoutRequest<'a> {
    /// The request id; the answer's InResponseTo must equal it.
    pub id: &'a str,
    /// Now, ms.
    pub issue_instant_ms: i64,
    /// The identity provider's logout endpoint.
    pub destination: &'a str,
    /// Our entity id.
    pub sp_entity_id: &'a str,
    /// The subject, as the identity provider named it.
    pub name_id: &'a NameId,
    /// The session, if the identity provider named one.
    pub session_index: Option<&'a str>,
}

impl LogoutRequest<'_> {
    /// The document; `outgoing` signs it.
    pub fn to_xml(&self) -> String {
        let NameId { value, format, name_qualifier, sp_name_qualifier } = self.name_id;
        let parts = [("Format", format), ("NameQualifier", name_qualifier), ("SPNameQualifier", sp_name_qualifier)];
        let attributes: String =
            parts.iter().filter_map(|(name, value)| Some(format!(r#" {name}="{}""#, escape(value.as_deref()?)))).collect();
        let index = self
            .session_index
            .map_or_else(String::new, |index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index)));
        format!(
            concat!(
                r#"<samlp:LogoutRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{id}" Version="2.0""#,
                r#" IssueInstant="{instant}" NotOnOrAfter="{until}" Destination="{destination}">"#,
                "<saml:Issuer>{issuer}</saml:Issuer><saml:NameID{attributes}>{name}</saml:NameID>{index}</samlp:LogoutRequest>",
            ),
            PROTOCOL = PROTOCOL,
            ASSERTION = ASSERTION,
            id = escape(self.id),
            instant = instant::format(self.issue_instant_ms),
            until = instant::format(self.issue_instant_ms.saturating_add(MAX_AGE_S * 1000)),
            destination = escape(self.destination),
            issuer = escape(self.sp_entity_id),
            attributes = attributes,
            name = escape(value),
            index = index,
        )
    }
}

/// Our answer.
#[derive(Debug, Clone, Copy)]
pub struct LogoutResponse<'a> {
    /// The answer's id.
    pub id: &'a str,
    /// Now, ms.
    pub issue_instant_ms: i64,
    /// The identity provider's logout endpoint.
    pub destination: &'a str,
    /// Our entity id.
    pub sp_entity_id: &'a str,
    /// The id of the request.
    pub in_response_to: &'a str,
    /// [`SUCCESS`] or one of the fixed failure statuses.
    pub status: &'static str,
}

impl LogoutResponse<'_> {
    /// The document; `outgoing` signs it.
    pub fn to_xml(&self) -> String {
        format!(
            concat!(
                r#"<samlp:LogoutResponse xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="{id}" Version="2.0""#,
                r#" IssueInstant="{instant}" Destination="{destination}" InResponseTo="{request}"><saml:Issuer>{issuer}</saml:Issuer>"#,
                r#"<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>"#,
            ),
            PROTOCOL = PROTOCOL,
            ASSERTION = ASSERTION,
            id = escape(self.id),
            instant = instant::format(self.issue_instant_ms),
            destination = escape(self.destination),
            request = escape(self.in_response_to),
            issuer = escape(self.sp_entity_id),
            status = self.status,
        )
    }
}
