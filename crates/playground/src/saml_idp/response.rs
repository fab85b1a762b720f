//! A SAML Response in which everything can be chosen.
//!
//! Owns the text of a Response with one assertion, as common identity providers write it, and the places where a test may
//! reach in: every field, the XML before the assertion is signed, before the Response is signed, and after. `None` leaves an
//! attribute or element out.

use std::fmt::Write;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::saml_idp::encrypt::EncryptionSpec;
use crate::saml_idp::signer::SigningKey;

/// A change of the XML text.
pub type Tamper = Box<dyn Fn(String) -> String + Send + Sync>;

/// Which elements are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Nothing.
    Nothing,
    /// The Response.
    Response,
    /// The assertion.
    Assertion,
    /// The assertion, then the Response around it.
    Both,
}

/// How a signature is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSpec {
    /// `CanonicalizationMethod`.
    pub canonicalization: String,
    /// `SignatureMethod`; none takes the key's own with SHA-256.
    pub method: Option<String>,
    /// `DigestMethod`.
    pub digest: String,
    /// `Transforms`, in order.
    pub transforms: Vec<String>,
    /// Content of `KeyInfo`; none takes the key's own certificate.
    pub key_info: Option<String>,
}

/// Everything that a Response says.
pub struct ResponseSpec {
    /// What is signed.
    pub sign: Sign,
    /// How.
    pub signature: SignatureSpec,
    /// ID of the Response.
    pub response_id: String,
    /// ID of the assertion.
    pub assertion_id: String,
    /// IssueInstant of both, milliseconds.
    pub issue_instant_ms: i64,
    /// Issuer of the Response.
    pub response_issuer: Option<String>,
    /// Issuer of the assertion.
    pub assertion_issuer: Option<String>,
    /// Destination of the Response.
    pub destination: Option<String>,
    /// InResponseTo of the Response.
    pub response_in_response_to: Option<String>,
    /// Status code.
    pub status: String,
    /// NameID value.
    pub name_id: String,
    /// NameID Format.
    pub name_id_format: Option<String>,
    /// Confirmation method.
    pub confirmation_method: String,
    /// Recipient of the confirmation.
    pub recipient: Option<String>,
    /// InResponseTo of the confirmation.
    pub in_response_to: Option<String>,
    /// NotOnOrAfter of the confirmation, milliseconds.
    pub confirmation_not_on_or_after_ms: Option<i64>,
    /// Whether there is a Conditions element.
    pub conditions: bool,
    /// NotBefore of the conditions, milliseconds.
    pub not_before_ms: Option<i64>,
    /// NotOnOrAfter of the conditions, milliseconds.
    pub not_on_or_after_ms: Option<i64>,
    /// One list of audiences for each AudienceRestriction.
    pub audiences: Vec<Vec<String>>,
    /// AuthnInstant, milliseconds; none leaves the statement out.
    pub authn_instant_ms: Option<i64>,
    /// SessionIndex.
    pub session_index: Option<String>,
    /// SessionNotOnOrAfter, milliseconds.
    pub session_not_on_or_after_ms: Option<i64>,
    /// Attributes.
    pub attributes: Vec<(String, Vec<String>)>,
    /// How the signed assertion is encrypted; none sends it plain.
    pub encryption: Option<EncryptionSpec>,
    /// Changes the assertion before it is signed.
    pub before_assertion_signature: Option<Tamper>,
    /// Changes the Response before it is signed.
    pub before_response_signature: Option<Tamper>,
    /// Changes the finished document.
    pub after: Option<Tamper>,
}

impl ResponseSpec {
    /// A good answer to a request: signed assertion, valid for five minutes.
    pub fn new(idp: &str, sp_entity_id: &str, acs_url: &str, request_id: Option<&str>, now_ms: i64) -> Self {
        let five_minutes = 300_000;
        Self {
            sign: Sign::Assertion,
            signature: SignatureSpec::default(),
            response_id: format!("_r{now_ms:x}"),
            assertion_id: format!("_a{now_ms:x}"),
            issue_instant_ms: now_ms,
            response_issuer: Some(idp.to_owned()),
            assertion_issuer: Some(idp.to_owned()),
            destination: Some(acs_url.to_owned()),
            response_in_response_to: request_id.map(str::to_owned),
            status: "urn:oasis:names:tc:SAML:2.0:status:Success".to_owned(),
            name_id: "alice@example.com".to_owned(),
            name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
            confirmation_method: "urn:oasis:names:tc:SAML:2.0:cm:bearer".to_owned(),
            recipient: Some(acs_url.to_owned()),
            in_response_to: request_id.map(str::to_owned),
            confirmation_not_on_or_after_ms: Some(now_ms + five_minutes),
            conditions: true,
            not_before_ms: Some(now_ms - 5_000),
            not_on_or_after_ms: Some(now_ms + five_minutes),
            audiences: vec![vec![sp_entity_id.to_owned()]],
            authn_instant_ms: Some(now_ms - 1_000),
            session_index: Some("_s1".to_owned()),
            session_not_on_or_after_ms: Some(now_ms + 8 * 3_600_000),
            attributes: vec![
                ("email".to_owned(), vec!["alice@example.com".to_owned()]),
                ("groups".to_owned(), vec!["staff".to_owned(), "admins".to_owned()]),
            ],
            encryption: None,
            before_assertion_signature: None,
            before_response_signature: None,
            after: None,
        }
    }

    /// Writes and signs the document.
    ///
    /// # Panics
    /// When a change made the text unfit for signing.
    pub fn build(&self, key: &SigningKey) -> String {
        let signs = |what| self.sign == what || self.sign == Sign::Both;
        let mut assertion = self.assertion(key, signs(Sign::Assertion));
        if let Some(tamper) = &self.before_assertion_signature {
            assertion = tamper(assertion);
        }
        if signs(Sign::Assertion) {
            assertion = key.sign_xml(&assertion).expect("the assertion can be signed");
        }
        if let Some(encryption) = &self.encryption {
            assertion = encryption.encrypt(&assertion);
        }
        let mut response = self.response(key, signs(Sign::Response), &assertion);
        if let Some(tamper) = &self.before_response_signature {
            response = tamper(response);
        }
        if signs(Sign::Response) {
            response = key.sign_xml(&response).expect("the response can be signed");
        }
        match &self.after {
            Some(tamper) => tamper(response),
            None => response,
        }
    }

    fn response(&self, key: &SigningKey, signed: bool, assertion: &str) -> String {
        let mut xml = format!(
            concat!(
                r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
                r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" Version="2.0" IssueInstant="{}""#,
            ),
            escape(&self.response_id),
            instant(self.issue_instant_ms),
        );
        optional(&mut xml, "Destination", self.destination.as_deref());
        optional(&mut xml, "InResponseTo", self.response_in_response_to.as_deref());
        xml.push('>');
        if let Some(issuer) = &self.response_issuer {
            let _ = write!(xml, "<saml:Issuer>{}</saml:Issuer>", escape(issuer));
        }
        if signed {
            xml.push_str(&self.signature.template(key, &self.response_id));
        }
        let _ = write!(
            xml,
            r#"<samlp:Status><samlp:StatusCode Value="{}"/></samlp:Status>{assertion}</samlp:Response>"#,
            escape(&self.status)
        );
        xml
    }

    fn assertion(&self, key: &SigningKey, signed: bool) -> String {
        let mut xml = format!(
            concat!(
                r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#,
                r#" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#,
                r#" ID="{}" Version="2.0" IssueInstant="{}">"#,
            ),
            escape(&self.assertion_id),
            instant(self.issue_instant_ms),
        );
        if let Some(issuer) = &self.assertion_issuer {
            let _ = write!(xml, "<saml:Issuer>{}</saml:Issuer>", escape(issuer));
        }
        if signed {
            xml.push_str(&self.signature.template(key, &self.assertion_id));
        }
        self.write_subject(&mut xml);
        self.write_conditions(&mut xml);
        self.write_statements(&mut xml);
        xml.push_str("</saml:Assertion>");
        xml
    }

    fn write_subject(&self, xml: &mut String) {
        xml.push_str("<saml:Subject><saml:NameID");
        optional(xml, "Format", self.name_id_format.as_deref());
        let _ = write!(
            xml,
            r#">{}</saml:NameID><saml:SubjectConfirmation Method="{}"><saml:SubjectConfirmationData"#,
            escape(&self.name_id),
            escape(&self.confirmation_method),
        );
        optional(xml, "InResponseTo", self.in_response_to.as_deref());
        optional(xml, "Recipient", self.recipient.as_deref());
        optional(xml, "NotOnOrAfter", self.confirmation_not_on_or_after_ms.map(instant).as_deref());
        xml.push_str("/></saml:SubjectConfirmation></saml:Subject>");
    }

    fn write_conditions(&self, xml: &mut String) {
        if !self.conditions {
            return;
        }
        xml.push_str("<saml:Conditions");
        optional(xml, "NotBefore", self.not_before_ms.map(instant).as_deref());
        optional(xml, "NotOnOrAfter", self.not_on_or_after_ms.map(instant).as_deref());
        xml.push('>');
        for restriction in &self.audiences {
            xml.push_str("<saml:AudienceRestriction>");
            for audience in restriction {
                let _ = write!(xml, "<saml:Audience>{}</saml:Audience>", escape(audience));
            }
            xml.push_str("</saml:AudienceRestriction>");
        }
        xml.push_str("</saml:Conditions>");
    }

    fn write_statements(&self, xml: &mut String) {
        if let Some(authn) = self.authn_instant_ms {
            let _ = write!(xml, r#"<saml:AuthnStatement AuthnInstant="{}""#, instant(authn));
            optional(xml, "SessionIndex", self.session_index.as_deref());
            optional(xml, "SessionNotOnOrAfter", self.session_not_on_or_after_ms.map(instant).as_deref());
            xml.push_str(concat!(
                "><saml:AuthnContext><saml:AuthnContextClassRef>",
                "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
                "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
            ));
        }
        if self.attributes.is_empty() {
            return;
        }
        xml.push_str("<saml:AttributeStatement>");
        for (name, values) in &self.attributes {
            let _ = write!(
                xml,
                r#"<saml:Attribute Name="{}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">"#,
                escape(name)
            );
            for value in values {
                let _ = write!(xml, r#"<saml:AttributeValue xsi:type="xs:string">{}</saml:AttributeValue>"#, escape(value));
            }
            xml.push_str("</saml:Attribute>");
        }
        xml.push_str("</saml:AttributeStatement>");
    }
}

impl std::fmt::Debug for ResponseSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseSpec").field("sign", &self.sign).field("name_id", &self.name_id).finish_non_exhaustive()
    }
}

impl Default for SignatureSpec {
    fn default() -> Self {
        let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#".to_owned();
        Self {
            canonicalization: exclusive.clone(),
            method: None,
            digest: "http://www.w3.org/2001/04/xmlenc#sha256".to_owned(),
            transforms: vec!["http://www.w3.org/2000/09/xmldsig#enveloped-signature".to_owned(), exclusive],
            key_info: None,
        }
    }
}

impl SignatureSpec {
    /// An empty signature over the element with this id.
    pub fn template(&self, key: &SigningKey, id: &str) -> String {
        let transforms = self.transforms.iter().fold(String::new(), |mut text, transform| {
            let _ = write!(text, r#"<ds:Transform Algorithm="{}"/>"#, escape(transform));
            text
        });
        let key_info = self.key_info.clone().unwrap_or_else(|| {
            let certificate = key.certificate_base64();
            format!("<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>")
        });
        format!(
            concat!(
                r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>"#,
                r#"<ds:CanonicalizationMethod Algorithm="{}"/><ds:SignatureMethod Algorithm="{}"/>"#,
                r##"<ds:Reference URI="#{}"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod Algorithm="{}"/>"##,
                "<ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>",
                "<ds:KeyInfo>{}</ds:KeyInfo></ds:Signature>",
            ),
            escape(&self.canonicalization),
            escape(self.method.as_deref().unwrap_or(key.method())),
            escape(id),
            transforms,
            escape(&self.digest),
            key_info,
        )
    }
}

fn optional(xml: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(xml, r#" {name}="{}""#, escape(value));
    }
}

/// `2026-11-21T12:00:00.5Z`.
pub fn instant(instant_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(instant_ms) * 1_000_000)
        .ok()
        .and_then(|instant| instant.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// Escapes text for XML and HTML, content and double-quoted attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
