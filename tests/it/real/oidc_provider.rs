//! The certified OpenID provider `oidc-provider` (npm) as an upstream identity provider.
//!
//! Signs in by forms: first `login` and `password` (any), then a consent. PKCE is required, `iss` is in every answer.

use std::process::Command;

use playground::browser::{Browser, Page, Stop};
use serde_json::{Value, json};

use crate::real::{Program, file, node};

/// A running provider.
pub struct OidcProvider {
    /// Its issuer, without a trailing slash.
    pub issuer: String,
    program: Program,
}

impl OidcProvider {
    /// `settings`: `clients`, `accounts`, `id_token_claims`, `port`, as tests/idp/oidc-provider.mjs describes them.
    pub fn start(settings: &Value) -> Self {
        let mut command = Command::new(node());
        command.arg(file("tests/idp/oidc-provider.mjs")).arg(settings.to_string());
        let (program, ready) = Program::start(&mut command);
        Self { issuer: ready["issuer"].as_str().unwrap().to_owned(), program }
    }

    /// Registers a confidential client for one redirect URI.
    pub fn register(&mut self, client_id: &str, client_secret: &str, redirect_uri: &str) {
        let client = json!({ "client_id": client_id, "client_secret": client_secret, "redirect_uris": [redirect_uri] });
        self.program.ask(&json!({ "client": client }));
    }

    /// Replaces its signing keys; nothing signed by the old ones verifies any more.
    pub fn rotate_keys(&mut self) {
        self.program.ask(&json!({ "rotate_keys": true }));
    }

    /// Fills its forms as a person would, from its sign-in page on; `end` is the start of the gateway's callback or of
    /// whatever address the browser shall not ask any more.
    pub async fn sign_in(&self, browser: &mut Browser, page: &Page, login: &str, end: &str) -> Stop {
        let mut form = page.form_with_button("Sign-in").unwrap();
        form.set("login", login);
        form.set("password", "any");
        let next = browser.submit(page, &form).await.unwrap();
        match browser.follow_until(next, end).await.unwrap() {
            Stop::Page(page) if page.form_with_button("Continue").is_ok() => {
                browser.press_until(&page, "Continue", end).await.unwrap()
            }
            stop => stop,
        }
    }
}
