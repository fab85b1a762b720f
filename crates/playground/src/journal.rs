//! What happened on the wire, as the stand-ins and the sample app saw it.
//!
//! Each of them writes the messages that it sends or receives; the sample app shows those of one sign-in as a story.
//! Nothing here is canned, and nothing that would let a reader continue the sign-in is kept: codes, tokens and secrets are
//! shortened when they are written. Neighbours: `oidc_idp`, `saml_idp`, `app`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock;

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The person's browser.
    Browser,
    /// The sample app.
    App,
    /// The gateway, fedgate.
    Gateway,
    /// The stand-in OpenID Connect provider.
    OidcIdp,
    /// The stand-in SAML identity provider.
    SamlIdp,
    /// The stand-in Google.
    Google,
    /// The stand-in Apple.
    Apple,
    /// The stand-in Facebook.
    Facebook,
    /// The stand-in Amazon.
    Amazon,
}

impl Party {
    /// The name that the pages show.
    pub fn label(self) -> &'static str {
        match self {
            Self::Browser => "Browser",
            Self::App => "Sample app",
            Self::Gateway => "fedgate",
            Self::OidcIdp => "Example OIDC",
            Self::SamlIdp => "Example SAML",
            Self::Google => "Stand-in for Google",
            Self::Apple => "Stand-in for Apple",
            Self::Facebook => "Stand-in for Facebook",
            Self::Amazon => "Stand-in for Amazon",
        }
    }
}

/// One message.
#[derive(Clone, Debug)]
pub struct Hop {
    /// When, in milliseconds since the epoch (system time).
    pub at_ms: i64,
    /// The sender.
    pub from: Party,
    /// The receiver.
    pub to: Party,
    /// True if the message travelled through the person's browser.
    pub through_browser: bool,
    /// Method and path, for example `GET /authorize`.
    pub line: String,
    /// What it means, in one sentence.
    pub meaning: String,
    /// Its parameters, secrets shortened.
    pub fields: Vec<(String, String)>,
    /// A document that it carried (XML, decoded token), ready to print.
    pub document: Option<String>,
}

impl Hop {
    /// A message that travels now, without parameters.
    pub fn new(from: Party, to: Party, line: &str, meaning: &str) -> Self {
        Self {
            at_ms: clock::now_ms(),
            from,
            to,
            through_browser: false,
            line: line.to_owned(),
            meaning: meaning.to_owned(),
            fields: Vec::new(),
            document: None,
        }
    }

    /// Marks it as carried by the browser (a redirect or a form).
    #[must_use]
    pub fn through_browser(mut self) -> Self {
        self.through_browser = true;
        self
    }

    /// Adds parameters; the secret ones are shortened.
    #[must_use]
    pub fn with<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.fields.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), redact(name, value))));
        self
    }

    /// Adds a list of owned parameters; the secret ones are shortened.
    #[must_use]
    pub fn with_pairs(self, fields: &[(String, String)]) -> Self {
        self.with(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Adds the document that it carried.
    #[must_use]
    pub fn document(mut self, text: String) -> Self {
        self.document = Some(text);
        self
    }
}

/// The shared book; clones write into the same one.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<Hop>>>);

/// More than a demo needs; older entries go first.
const KEPT: usize = 500;

impl Journal {
    /// Writes one message.
    pub fn write(&self, hop: Hop) {
        let mut hops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hops.len() >= KEPT {
            hops.remove(0);
        }
        hops.push(hop);
    }

    /// The messages from `from_ms` to `to_ms` inclusive, in the order in which they travelled.
    pub fn between(&self, from_ms: i64, to_ms: i64) -> Vec<Hop> {
        let hops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Hop> = hops.iter().filter(|hop| (from_ms..=to_ms).contains(&hop.at_ms)).cloned().collect();
        found.sort_by_key(|hop| hop.at_ms);
        found
    }
}

/// Parameters whose value would let a reader act.
const SECRET: [&str; 10] = [
    "code",
    "code_verifier",
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "Authorization",
    "SAMLRequest",
    "SAMLResponse",
    "token",
];

fn redact(name: &str, value: &str) -> String {
    if SECRET.contains(&name) { shorten(value) } else { value.to_owned() }
}

/// The first eight characters and how many there were: enough to recognise a value, too little to use it.
pub fn shorten(value: &str) -> String {
    let count = value.chars().count();
    let head: String = value.chars().take(8.min(count / 2)).collect();
    format!("{head}… ({count} characters)")
}
