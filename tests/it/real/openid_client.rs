//! The app: `openid-client` (npm), a certified relying-party library, run once for each step.

use std::process::Command;

use serde_json::{Value, json};

use crate::real::{file, node, run};

/// An app that is a client of the gateway.
#[derive(Clone, Debug)]
pub struct App {
    /// The user pool's issuer.
    pub issuer: String,
    /// Its client id.
    pub client_id: String,
    /// Its secret, unless it is a public client.
    pub client_secret: Option<String>,
    /// Its callback.
    pub redirect_uri: String,
}

impl App {
    /// Begins a sign-in: `url` to open in the browser, and `code_verifier`, `state`, `nonce` for [`App::finish`].
    /// `parameters` are added to the authorization request, such as `{"identity_provider": "Campus"}`.
    pub async fn start(&self, parameters: Value) -> Value {
        let (done, answer) = self.step("start", json!({ "parameters": parameters })).await;
        assert!(done, "{answer}");
        answer
    }

    /// Ends it: `tokens`, the verified `claims` of the ID token, and `userinfo`; or what the library objects to.
    pub async fn finish(&self, started: &Value, callback_url: &str) -> Result<Value, Value> {
        let mut input = started.clone();
        input["callback_url"] = callback_url.into();
        self.judged("finish", input).await
    }

    /// New tokens for a refresh token: `tokens` and `claims`.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Value, Value> {
        self.judged("refresh", json!({ "refresh_token": refresh_token })).await
    }

    /// Revokes a refresh token.
    pub async fn revoke(&self, token: &str) -> Result<Value, Value> {
        self.judged("revoke", json!({ "token": token })).await
    }

    /// The issuer's metadata, once the library has accepted it.
    pub async fn discover(&self) -> Result<Value, Value> {
        self.judged("discover", json!({})).await
    }

    async fn judged(&self, command: &str, input: Value) -> Result<Value, Value> {
        let (done, answer) = self.step(command, input).await;
        if done { Ok(answer) } else { Err(answer) }
    }

    async fn step(&self, command: &str, mut input: Value) -> (bool, Value) {
        input["issuer"] = self.issuer.as_str().into();
        input["client_id"] = self.client_id.as_str().into();
        input["client_secret"] = self.client_secret.as_deref().into();
        input["redirect_uri"] = self.redirect_uri.as_str().into();
        let mut program = Command::new(node());
        program.arg(file("tests/idp/openid-client.mjs")).arg(command).arg(input.to_string());
        run(program).await
    }
}
