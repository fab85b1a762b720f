//! Our AuthnRequest and the two ways to send it (SAML Core section 3.4, Bindings sections 3.4 and 3.5).
//!
//! Owns the document, the redirect URL with its optional signature over the exact octets, and the fields of the POST form.
//! Identifiers and signatures come from outside: the caller injects random bytes and a signing closure, since keys and
//! randomness live on lower floors. POST requests are not signed here.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use url::form_urlencoded::byte_serialize;

use crate::federation::saml::instant;
use crate::federation::saml::xml::escape;

/// `SigAlg` of a signed redirect (Cognito: `RequestSigningAlgorithm` = `rsa-sha256`).
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// What an AuthnRequest says.
#[derive(Debug, Clone, Copy)]
pub struct AuthnRequest<'a> {
    /// The request id, from [`request_id`]; the answer's InResponseTo must equal it.
    pub id: &'a str,
    /// Now, in milliseconds since the epoch.
    pub issue_instant_ms: i64,
    /// The identity provider's endpoint that the request is sent to.
    pub destination: &'a str,
    /// Our entity id.
    pub sp_entity_id: &'a str,
    /// Where the answer shall be posted.
    pub acs_url: &'a str,
    /// Ask for a fresh sign-in even if the identity provider has a session (`prompt=login`).
    pub force_authn: bool,
    /// The wanted NameID format; none leaves the choice to the identity provider, as Cognito does.
    pub name_id_format: Option<&'a str>,
}

/// Signs the octets of a redirect: RSA PKCS#1 v1.5 with SHA-256.
pub type Sign<'a, E> = dyn Fn(&[u8]) -> Result<Vec<u8>, E> + 'a;

/// A form for the HTTP-POST binding: the browser posts the fields to the action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    /// The identity provider's endpoint.
    pub action: String,
    /// Field names and values, not yet escaped for HTML.
    pub fields: Vec<(String, String)>,
}

/// A request id: 128 random bits as an NCName (S-27).
pub fn request_id(random: [u8; 16]) -> String {
    let mut id = String::with_capacity(33);
    id.push('_');
    for byte in random {
        for digit in [byte >> 4, byte & 0x0f] {
            id.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    id
}

impl AuthnRequest<'_> {
    /// The document.
    pub fn to_xml(&self) -> String {
        let force = if self.force_authn { r#" ForceAuthn="true""# } else { "" };
        let policy = self
            .name_id_format
            .map_or_else(String::new, |format| format!(r#"<samlp:NameIDPolicy AllowCreate="true" Format="{}"/>"#, escape(format)));
        format!(
            concat!(
                r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
                r#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="2.0""#,
                r#" IssueInstant="{instant}" Destination="{destination}"{force}"#,
                r#" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST""#,
                r#" AssertionConsumerServiceURL="{acs}"><saml:Issuer>{issuer}</saml:Issuer>{policy}</samlp:AuthnRequest>"#,
            ),
            id = escape(self.id),
            instant = instant::format(self.issue_instant_ms),
            destination = escape(self.destination),
            acs = escape(self.acs_url),
            issuer = escape(self.sp_entity_id),
            force = force,
            policy = policy,
        )
    }

    /// The URL for the HTTP-Redirect binding. `sign` gets the octets `SAMLRequest=…&RelayState=…&SigAlg=…` and returns an
    /// RSA PKCS#1 v1.5 SHA-256 signature over them; its failure is handed through.
    pub fn redirect_url<E>(&self, relay_state: &str, sign: Option<&Sign<'_, E>>) -> Result<String, E> {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let mut query = format!(
            "SAMLRequest={}&RelayState={}",
            encoded(&STANDARD.encode(deflate(self.to_xml().as_bytes()))),
            encoded(relay_state)
        );
        if let Some(sign) = sign {
            query = format!("{query}&SigAlg={}", encoded(RSA_SHA256));
            let signature = sign(query.as_bytes())?;
            query = format!("{query}&Signature={}", encoded(&STANDARD.encode(signature)));
        }
        let separator = match self.destination.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, rest)) if rest.ends_with('&') => "",
            Some(_) => "&",
        };
        Ok(format!("{}{separator}{query}", self.destination))
    }

    /// The form for the HTTP-POST binding, unsigned.
    pub fn post_form(&self, relay_state: &str) -> PostForm {
        PostForm {
            action: self.destination.to_owned(),
            fields: vec![
                ("SAMLRequest".to_owned(), STANDARD.encode(self.to_xml())),
                ("RelayState".to_owned(), relay_state.to_owned()),
            ],
        }
    }
}

/// Raw DEFLATE (RFC 1951), as the redirect binding wants it.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing into a vector does not fail")
}
