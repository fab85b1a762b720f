//! Debian's SimpleSAMLphp as a SAML identity provider.
//!
//! Signs in by one form with `username` and `password`: alice / alice-password (groups staff and admins) and bob /
//! bob-password (staff). Its attributes are uid, mail, displayName, givenName, sn and groups.

use std::process::Command;

use playground::browser::{Browser, Page, Stop};
use serde_json::{Value, json};

use crate::real::{Program, file, python};

/// What it signs.
#[derive(Clone, Copy, Debug)]
pub enum Signs {
    /// The assertion only.
    Assertion,
    /// The response only.
    Response,
    /// Both.
    Both,
}

impl Signs {
    /// As the programs in tests/idp know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
        }
    }
}

/// A running identity provider.
pub struct SimpleSaml {
    /// Its entity id.
    pub entity_id: String,
    /// Where its metadata is.
    pub metadata_url: String,
    program: Program,
}

impl SimpleSaml {
    /// Starts one with a fresh key that knows no service provider yet.
    pub fn start() -> Self {
        let mut command = Command::new(python());
        command.arg(file("tests/idp/simplesamlphp.py")).arg("{}");
        let (program, ready) = Program::start(&mut command);
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { entity_id: text("entity_id"), metadata_url: text("metadata_url"), program }
    }

    /// Makes a service provider known, with a persistent name id.
    pub fn declare(&mut self, sp_entity_id: &str, acs_url: &str, signs: Signs) {
        self.declare_as(&json!({ "sp_entity_id": sp_entity_id, "acs_url": acs_url, "sign": signs.name() }));
    }

    /// Makes a service provider known, with every option that tests/idp/simplesamlphp.py describes.
    pub fn declare_as(&mut self, service_provider: &Value) {
        self.program.ask(service_provider);
    }

    /// Fills its form as a person would and lets the page that follows post itself; `end` is the start of the address that
    /// the browser shall not ask any more.
    pub async fn sign_in(&self, browser: &mut Browser, page: &Page, user: &str, end: &str) -> Stop {
        let next = self.answer(browser, page, user).await;
        browser.follow_until(next, end).await.unwrap()
    }

    /// Fills its form and stops at the page that holds the response.
    pub async fn answer(&self, browser: &mut Browser, page: &Page, user: &str) -> Page {
        let mut form = page.forms().into_iter().find(|form| form.get("AuthState").is_some()).unwrap();
        form.set("username", user);
        form.set("password", &format!("{user}-password"));
        browser.submit(page, &form).await.unwrap()
    }
}
