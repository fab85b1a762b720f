//! The sample app's conversation with the gateway: discovery, authorization request, tokens, userInfo, revocation, logout.
//!
//! Every endpoint comes from the discovery document of the configured issuer. Writes each message into the journal.
//! Neighbours: `mod.rs` serves the browser, `verify` checks what arrives here.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};
use url::Url;

use super::session::{Pending, Tokens};
use super::verify::{Expected, Use, verify};
use super::{CALLBACK_PATH, Config};
use crate::clock::{Clock, random_word};
use crate::journal::{Hop, Journal, Party, shorten};
use crate::server;

/// Why a step did not succeed, in words for the page.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) what: String,
    pub(super) detail: String,
}

impl Refused {
    pub(super) fn new(what: &str, detail: &str) -> Self {
        Self { what: what.to_owned(), detail: detail.to_owned() }
    }
}

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        Self::new("no answer", &format!("The gateway did not answer as expected: {error}"))
    }
}

/// A sign-in that begins: where to send the browser, and what to remember.
pub(super) struct Begun {
    pub(super) url: String,
    pub(super) state: String,
    pub(super) pending: Pending,
}

/// The gateway, seen from the app.
pub(super) struct Gateway {
    client: reqwest::Client,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    redirect_uri: String,
    journal: Journal,
    clock: Clock,
}

impl Gateway {
    pub(super) fn new(config: &Config, base_url: &str) -> Self {
        Self {
            client: server::http_client(),
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            redirect_uri: format!("{base_url}{CALLBACK_PATH}"),
            journal: config.journal.clone(),
            clock: config.clock.clone(),
        }
    }

    /// Prepares an authorization request for `provider`, or for the gateway's own choice page.
    pub(super) async fn begin(&self, provider: Option<&str>, started_ms: i64) -> Result<Begun, Refused> {
        let discovery = self.discover().await?;
        let (state, nonce, verifier) = (random_word(), random_word(), random_word());
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        let mut params = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid email profile"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        params.extend(provider.map(|name| ("identity_provider", name)));
        let url = Url::parse_with_params(&endpoint(&discovery, "authorization_endpoint")?, &params)
            .map_err(|_| Refused::new("bad discovery", "The authorization endpoint is not a URL."))?;
        self.journal.write(
            Hop::new(
                Party::App,
                Party::Gateway,
                &format!("GET {}", url.path()),
                "The app sends the browser to fedgate with a fresh state, nonce and PKCE challenge.",
            )
            .through_browser()
            .with(params.iter().copied()),
        );
        Ok(Begun { url: url.into(), state, pending: Pending { nonce, verifier, started_ms, discovery } })
    }

    /// Checks the callback's parameters, redeems the code and verifies what comes.
    pub(super) async fn finish(&self, params: &[(String, String)], pending: &Pending) -> Result<Tokens, Refused> {
        let value = |name: &str| params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if let Some(error) = value("error") {
            return Err(Refused::new(error, value("error_description").unwrap_or("The gateway gave no reason.")));
        }
        if value("iss").is_some_and(|iss| iss != self.issuer) {
            return Err(Refused::new("wrong issuer", "The answer names another issuer than the one that was asked."));
        }
        let code = value("code").ok_or_else(|| Refused::new("no code", "The callback carries neither a code nor an error."))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &pending.verifier),
        ];
        let meaning = "Server to server: the app redeems the code; the verifier proves that it began this sign-in.";
        let answer = self.token(&pending.discovery, &form, meaning).await?;
        self.check(&pending.discovery, &answer, Some(&pending.nonce), None).await
    }

    /// New ID and access tokens for the refresh token.
    pub(super) async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Refused> {
        let refresh_token = tokens.refresh_token.as_deref().unwrap_or_default();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let meaning = "The app asks for fresh tokens; nobody has to sign in again.";
        let answer = self.token(&tokens.discovery, &form, meaning).await?;
        self.check(&tokens.discovery, &answer, None, tokens.refresh_token.as_deref()).await
    }

    /// Revokes the refresh token and answers the address that ends the gateway's session.
    pub(super) async fn sign_out(&self, refresh_token: Option<&str>, logout_uri: &str) -> Result<String, Refused> {
        let discovery = self.discover().await?;
        if let Some(token) = refresh_token {
            let answer = self.post(&endpoint(&discovery, "revocation_endpoint")?, &[("token", token)]).await?;
            if !answer.status().is_success() {
                return Err(Refused::new("not revoked", &format!("The gateway answered {}.", answer.status())));
            }
        }
        let logout = endpoint(&discovery, "end_session_endpoint")?;
        let params = [("client_id", self.client_id.as_str()), ("logout_uri", logout_uri)];
        let url = Url::parse_with_params(&logout, &params);
        url.map(String::from).map_err(|_| Refused::new("bad discovery", "The logout endpoint is not a URL."))
    }

    async fn discover(&self) -> Result<Value, Refused> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer);
        let meaning = "The app knows one thing about fedgate, the issuer; from there it learns the endpoints.";
        self.journal.write(Hop::new(Party::App, Party::Gateway, &line("GET", &url), meaning));
        let document: Value = self.client.get(&url).send().await?.error_for_status()?.json().await?;
        if document["issuer"] == json!(self.issuer) {
            return Ok(document);
        }
        Err(Refused::new("wrong issuer", "The discovery document names another issuer than the one that was asked."))
    }

    /// A form to one of the gateway's endpoints, with the client's credentials.
    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<reqwest::Response, Refused> {
        let mut form = form.to_vec();
        let mut request = self.client.post(url);
        if let Some(secret) = &self.client_secret {
            request = request.basic_auth(&self.client_id, Some(secret));
        } else {
            form.push(("client_id", &self.client_id));
        }
        let request = request.form(&form);
        Ok(request.send().await?)
    }

    async fn token(&self, discovery: &Value, form: &[(&str, &str)], meaning: &str) -> Result<Value, Refused> {
        let url = endpoint(discovery, "token_endpoint")?;
        let answer = self.post(&url, form).await?;
        let status = answer.status();
        let document: Value = answer.json().await?;
        let mut shown = document.clone();
        for (name, value) in shown.as_object_mut().into_iter().flatten() {
            if let (true, Some(text)) = (name.ends_with("_token"), value.as_str()) {
                *value = json!(shorten(text));
            }
        }
        let authentication = self.client_secret.as_ref().map(|_| ("Authorization", "Basic (client id and secret)"));
        let hop = Hop::new(Party::App, Party::Gateway, &line("POST", &url), meaning).with(form.iter().copied());
        self.journal.write(hop.with(authentication).document(format!("{shown:#}")));
        if status.is_success() {
            return Ok(document);
        }
        let text = |name: &str| document[name].as_str().unwrap_or("no reason given").to_owned();
        Err(Refused { what: text("error"), detail: text("error_description") })
    }

    /// Verifies both tokens and asks for userInfo; a token that fails a check ends the sign-in.
    async fn check(
        &self,
        discovery: &Value,
        answer: &Value,
        nonce: Option<&str>,
        refresh: Option<&str>,
    ) -> Result<Tokens, Refused> {
        let text = |name: &str| answer[name].as_str().unwrap_or_default();
        let jwks_uri = endpoint(discovery, "jwks_uri")?;
        let meaning = "The app fetches fedgate's public keys and checks both tokens by itself.";
        self.journal.write(Hop::new(Party::App, Party::Gateway, &line("GET", &jwks_uri), meaning));
        let keys: JwkSet = self.client.get(jwks_uri).send().await?.error_for_status()?.json().await?;
        let expected = Expected { issuer: &self.issuer, client_id: &self.client_id, nonce, now: (self.clock)() };
        let id = verify(text("id_token"), Use::Id, &keys, &expected);
        let access = verify(text("access_token"), Use::Access, &keys, &expected);
        let failed = id.checks.iter().chain(&access.checks).filter(|check| !check.holds);
        let failed: Vec<&str> = failed.map(|check| check.name.as_str()).collect();
        if !failed.is_empty() {
            return Err(Refused::new("token refused", &format!("These checks failed: {}.", failed.join(", "))));
        }

        let userinfo_url = endpoint(discovery, "userinfo_endpoint")?;
        let userinfo = self.client.get(&userinfo_url).bearer_auth(text("access_token")).send().await?;
        let userinfo: Value = userinfo.error_for_status()?.json().await?;
        let meaning = "The app asks for the person's profile with the access token.";
        let hop = Hop::new(Party::App, Party::Gateway, &line("GET", &userinfo_url), meaning);
        self.journal.write(hop.document(format!("{userinfo:#}")));
        // OpenID Connect Core section 5.3.2.
        if userinfo.get("sub").is_none() || userinfo["sub"] != id.claims["sub"] {
            return Err(Refused::new("userInfo refused", "userInfo speaks of somebody else than the ID token."));
        }
        Ok(Tokens {
            id,
            access,
            refresh_token: answer["refresh_token"].as_str().or(refresh).map(str::to_owned),
            userinfo,
            discovery: discovery.clone(),
        })
    }
}

fn line(method: &str, url: &str) -> String {
    let path = Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().to_owned());
    format!("{method} {path}")
}

fn endpoint(discovery: &Value, name: &str) -> Result<String, Refused> {
    let missing = || Refused::new("bad discovery", &format!("The discovery document has no {name}."));
    discovery[name].as_str().map(str::to_owned).ok_or_else(missing)
}
