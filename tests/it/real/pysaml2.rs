//! pysaml2 (PyPI) as a SAML identity provider: tests/idp/pysaml2_idp.py.
//!
//! It reads our own published metadata, as its users do. One form with `username` and `password`: alice / alice-password
//! (groups staff and admins) and bob / bob-password. Its attributes are mail, displayName and groups.

use std::process::Command;

use playground::browser::{Browser, Page};
use serde_json::json;

use crate::real::simplesamlphp::Signs;
use crate::real::{Program, file, python};

/// A running identity provider.
pub struct PySaml2 {
    /// Its entity id.
    pub entity_id: String,
    /// Where its metadata is.
    pub metadata_url: String,
    program: Program,
}

impl PySaml2 {
    /// Starts one with a fresh key that knows no service provider yet.
    pub fn start() -> Self {
        let mut command = Command::new(python());
        // One of its dependencies announces what it will drop; not ours to mend.
        command.args(["-W", "ignore"]).arg(file("tests/idp/pysaml2_idp.py"));
        let (program, ready) = Program::start(&mut command);
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { entity_id: text("entity_id"), metadata_url: text("metadata_url"), program }
    }

    /// Makes a service provider known by its metadata, or changes what it gets.
    pub fn declare(&mut self, metadata: &str, signs: Signs, encrypt: bool) {
        self.program.ask(&json!({ "metadata": metadata, "sign": signs.name(), "encrypt": encrypt }));
    }

    /// Fills its form and stops at the page that holds the response.
    pub async fn answer(&self, browser: &mut Browser, page: &Page, user: &str) -> Page {
        let found = page.forms().into_iter().find(|form| form.get("username").is_some());
        let mut form = found.unwrap_or_else(|| panic!("{}", page.text()));
        form.set("username", user);
        form.set("password", &format!("{user}-password"));
        browser.submit(page, &form).await.unwrap()
    }
}
