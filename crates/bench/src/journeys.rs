//! The operations that are measured: brokered logins, the token endpoint and the published documents.
//!
//! A [`Driver`] performs one as a browser and an app would; the stand-ins answer in this process, whose time is not counted.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playground::app::CALLBACK_PATH;
use playground::browser::{Browser, Stop, parameter};
use playground::clock::random_word;
use playground::demo::{Demo, OIDC_PROVIDER, SAML_PROVIDER};
use playground::gateway::Settings;
use playground::server;
use reqwest::Client;
use serde_json::Value;
use url::Url;

use crate::Failure;
use crate::floor::Floor;
use crate::proc::{self, Stopwatch};

/// Who signs in at the OIDC stand-in.
const AT_OIDC: &str = "Ada Lovelace";
/// Who signs in at the SAML stand-in.
const AT_SAML: &str = "Katherine Johnson";
/// No operation is repeated longer than this.
const LONGEST: Duration = Duration::from_secs(9);

/// An operation.
#[derive(Clone, Copy)]
pub enum Journey {
    /// Authorize, the OIDC stand-in, callback with code exchange and userinfo, then the app's code for tokens.
    OidcLogin,
    /// Authorize, the SAML stand-in, assertion consumer, then the app's code for tokens.
    SamlLogin,
    /// A refresh token for an ID and an access token.
    Refresh,
    /// The user's attributes for an access token.
    UserInfo,
    /// The discovery document.
    Discovery,
    /// The published keys.
    Jwks,
}

/// What it cost.
pub struct Measured {
    /// How often it ran.
    pub count: u32,
    /// The gateway's CPU time for one, in milliseconds.
    pub cpu_ms: f64,
    /// The client's wait, in milliseconds.
    pub median_ms: f64,
    /// The same for the slowest hundredth.
    pub p99_ms: f64,
}

impl Journey {
    /// In the order of the report.
    pub const ALL: [Self; 6] = [Self::OidcLogin, Self::SamlLogin, Self::Refresh, Self::UserInfo, Self::Discovery, Self::Jwks];

    /// Its line in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::OidcLogin => "brokered OIDC login, with tokens",
            Self::SamlLogin => "brokered SAML login, with tokens",
            Self::Refresh => "token endpoint, refresh",
            Self::UserInfo => "userinfo",
            Self::Discovery => "discovery",
            Self::Jwks => "JWKS",
        }
    }

    /// The RSA work that the protocol demands, in milliseconds: two signed tokens, the upstream's signature, the bearer's.
    pub fn floor_ms(self, floor: &Floor) -> f64 {
        match self {
            Self::OidcLogin | Self::SamlLogin => 2.0 * floor.sign_ms + floor.verify_ms,
            Self::Refresh => 2.0 * floor.sign_ms,
            Self::UserInfo => floor.verify_ms,
            Self::Discovery | Self::Jwks => 0.0,
        }
    }

    /// How often to run it: before the measurement, and in it.
    fn counts(self) -> (u32, u32) {
        match self {
            Self::OidcLogin | Self::SamlLogin => (10, 300),
            Self::Refresh => (20, 1500),
            Self::UserInfo | Self::Discovery | Self::Jwks => (50, 5000),
        }
    }
}

/// Performs operations against one gateway.
pub struct Driver {
    client: Client,
    settings: Settings,
    callback: String,
    refresh_token: String,
    access_token: String,
}

impl Driver {
    /// For this demo's gateway.
    pub fn new(demo: &Demo) -> Self {
        let settings = demo.settings.clone();
        let callback = format!("{}{CALLBACK_PATH}", settings.app_url);
        Self { client: server::http_client(), settings, callback, refresh_token: String::new(), access_token: String::new() }
    }

    /// Runs an operation until its count or its time is over; `gateway` is the process whose CPU time counts.
    pub async fn measure(&mut self, journey: Journey, gateway: u32) -> Result<Measured, Failure> {
        let (warm_up, most) = journey.counts();
        for _ in 0..warm_up {
            self.perform(journey).await?;
        }
        let mut waits = Vec::new();
        let before = proc::cpu_ms(gateway)?;
        let whole = Stopwatch::start();
        let mut count = 0;
        while count < most && whole.elapsed() < LONGEST {
            let one = Stopwatch::start();
            self.perform(journey).await?;
            waits.push(one.ms());
            count += 1;
        }
        let cpu_ms = (proc::cpu_ms(gateway)? - before) / f64::from(count);
        waits.sort_by(f64::total_cmp);
        let at = |per_cent: usize| waits[(waits.len() - 1) * per_cent / 100];
        Ok(Measured { count, cpu_ms, median_ms: at(50), p99_ms: at(99) })
    }

    async fn perform(&mut self, journey: Journey) -> Result<(), Failure> {
        let issuer = self.settings.issuer();
        match journey {
            Journey::OidcLogin => self.login(OIDC_PROVIDER, AT_OIDC).await,
            Journey::SamlLogin => self.login(SAML_PROVIDER, AT_SAML).await,
            Journey::Refresh => {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", &self.refresh_token)];
                let tokens = self.token(&fields).await?;
                tokens["id_token"].as_str().ok_or("no ID token")?;
                Ok(())
            }
            Journey::UserInfo => {
                let request = self.client.get(format!("{issuer}/oauth2/userInfo")).bearer_auth(&self.access_token);
                answered(request).await.map(drop)
            }
            Journey::Discovery => answered(self.client.get(format!("{issuer}/.well-known/openid-configuration"))).await.map(drop),
            Journey::Jwks => answered(self.client.get(format!("{issuer}/.well-known/jwks.json"))).await.map(drop),
        }
    }

    /// A person without cookies signs in through `provider`; the app then redeems the code.
    async fn login(&mut self, provider: &str, person: &str) -> Result<(), Failure> {
        let (verifier, state) = (random_word(), random_word());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let mut url = Url::parse(&format!("{}/oauth2/authorize", self.settings.issuer()))?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.callback),
            ("scope", "openid email profile"),
            ("state", &state),
            ("nonce", &random_word()),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(digest)),
            ("code_challenge_method", "S256"),
            ("identity_provider", provider),
        ]);
        let mut browser = Browser::with_client(self.client.clone());
        let reached = match browser.open_until(url.as_str(), &self.callback).await? {
            Stop::Reached(url) => url,
            Stop::Page(page) => browser.press_until(&page, person, &self.callback).await?.reached()?,
        };
        if parameter(&reached, "state").as_deref() != Some(&state) {
            return Err(format!("another state came back: {reached}").into());
        }
        let code = parameter(&reached, "code").ok_or_else(|| format!("no code: {reached}"))?;
        let tokens = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &self.callback),
                ("code_verifier", &verifier),
            ])
            .await?;
        let text = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
        self.refresh_token = text("refresh_token")?;
        self.access_token = text("access_token")?;
        Ok(())
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Result<Value, Failure> {
        let request = self.client.post(format!("{}/oauth2/token", self.settings.issuer()));
        let request = request.basic_auth(&self.settings.client_id, Some(&self.settings.client_secret));
        Ok(serde_json::from_str(&answered(request.form(fields)).await?)?)
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Result<String, Failure> {
    let answer = request.send().await?;
    let (status, url) = (answer.status(), answer.url().path().to_owned());
    let body = answer.text().await?;
    if status.is_success() { Ok(body) } else { Err(format!("{url}: {status} {body}").into()) }
}
