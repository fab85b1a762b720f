//! Our AuthnRequest (SAML Core section 3.4).
//!
//! Owns the document, the redirect URL and the fields of the POST form, each with or without our signature. Identifiers come
//! from outside: the caller injects random bytes, since randomness lives on a lower floor. Bindings and signatures are
//! `outgoing`'s.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::federation::saml::instant;
use crate::federation::saml::outgoing::{self, Field};
use crate::federation::saml::xml::escape;
use crate::keys::KeyError;
use crate::keys::saml_keys::SpKey;

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

    /// The URL for the HTTP-Redirect binding, signed over its octets when there is a key.
    pub async fn redirect_url(&self, relay_state: &str, key: Option<&Arc<SpKey>>) -> Result<String, KeyError> {
        outgoing::redirect_url(self.destination, Field::Request, &self.to_xml(), Some(relay_state), key).await
    }

    /// The form for the HTTP-POST binding; the document carries an enveloped signature when there is a key.
    pub async fn post_form(&self, relay_state: &str, key: Option<&Arc<SpKey>>) -> Result<PostForm, KeyError> {
        let mut xml = self.to_xml();
        if let Some(key) = key {
            xml = outgoing::signed(&xml, key).await?;
        }
        Ok(PostForm {
            action: self.destination.to_owned(),
            fields: vec![
                (Field::Request.name().to_owned(), STANDARD.encode(xml)),
                ("RelayState".to_owned(), relay_state.to_owned()),
            ],
        })
    }
}
