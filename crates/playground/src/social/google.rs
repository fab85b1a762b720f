//! A stand-in for Google.
//!
//! On the wire it is Google: its paths, its code flow with PKCE, `hd`, numeric subjects in text, `iss` in the answer, error bodies such as
//! `Malformed auth code.`, error pages instead of redirects for requests that it takes for broken (`prompt=login` among them), and the
//! People API with its own form of errors. Its tokens name Google's issuer, as a gateway that points here still expects. What it shares with the
//! other stand-ins is `social`'s.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::clock::{self, Clock};
use crate::journal::{Hop, Journal, Party};
use crate::look::Brand;
use crate::oidc_idp::keys::Ring;
use crate::oidc_idp::state::header_text;
use crate::server::{self, Running};
use crate::social::{
    CodeFault, Codes, Desk, Endpoint, Lies, Person, first, hash, may_redirect, redirect_back, refusal_page, sign_in_page,
};

/// The issuer, as tokens spell it unless told otherwise.
pub const ISSUER: &str = "https://accounts.google.com";

/// How to start it; [`Config::default`] knows the client `google-client` / `google-secret` and three people.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// Exact redirect URIs; `None` allows any on a loopback address.
    pub redirect_uris: Option<Vec<String>>,
    /// Who may sign in. `extra` holds `hd` and the People API's fields.
    pub people: Vec<Person>,
    /// The time by which tokens and codes are stamped and expire.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
}

impl Default for Config {
    fn default() -> Self {
        let birthday = json!([{ "metadata": { "primary": true }, "date": { "year": 1815, "month": 12, "day": 10 } }]);
        let phones = json!([{ "value": "+1 111" }, { "metadata": { "primary": true }, "value": "+44 20 7946 0000" }]);
        let ada = Person::new("110169484474386276334", "Ada Lovelace", "ada@example.com")
            .with("hd", "example.com")
            .with("birthdays", birthday)
            .with("phoneNumbers", phones);
        let grace = Person::new("104857600000000000001", "Grace Hopper", "grace@gmail.com");
        let mut alan =
            Person::new("104857600000000000002", "Alan Turing", "alan@elsewhere.example").with("hd", "elsewhere.example");
        alan.email_verified = false;
        Self {
            port: 0,
            client_id: "google-client".to_owned(),
            client_secret: "google-secret".to_owned(),
            redirect_uris: None,
            people: vec![ada, grace, alan],
            clock: clock::system(),
            journal: Journal::default(),
        }
    }
}

/// The provider; [`Google::start`] is all there is to it.
pub struct Google;

/// A running stand-in; it ends when this is dropped.
pub struct GoogleHandle {
    /// `http://127.0.0.1:PORT` without a trailing slash.
    pub base_url: String,
    google: Arc<State>,
    _server: Running,
}

#[derive(Clone)]
struct Grant {
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: Option<String>,
    person: Option<Person>,
}

struct Inner {
    ring: Ring,
    pages: Codes<Grant>,
    codes: Codes<Grant>,
    tokens: Codes<Grant>,
    lies: Lies,
}

struct State {
    base_url: String,
    config: Config,
    desk: Desk,
    inner: Mutex<Inner>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Google {
    /// Generates a key pair, binds the port and starts to answer.
    pub fn start(config: Config) -> io::Result<GoogleHandle> {
        let bound = server::bind(config.port)?;
        let base_url = bound.base_url();
        let inner = Inner {
            ring: Ring::new(),
            pages: Codes::default(),
            codes: Codes::default(),
            tokens: Codes::default(),
            lies: Lies::default(),
        };
        let desk = Desk::new(config.clock.clone(), config.journal.clone());
        let google = Arc::new(State { base_url: base_url.clone(), config, desk, inner: Mutex::new(inner) });
        let shared = web::Data::from(Arc::clone(&google));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/oauth2/v3/certs", web::get().to(certs))
                .route("/o/oauth2/v2/auth", web::get().to(authorize))
                .route("/signin", web::post().to(sign_in))
                .route("/oauth2/v4/token", web::post().to(token))
                .route("/v1/people/me", web::get().to(people))
                .default_service(web::to(elsewhere));
        })?;
        Ok(GoogleHandle { base_url, google, _server: server })
    }
}

impl GoogleHandle {
    /// The `ProviderDetails` that point a gateway here, without the client's.
    pub fn endpoints(&self) -> [(&'static str, String); 4] {
        let at = |path: &str| format!("{}{path}", self.base_url);
        [
            ("authorize_url", at("/o/oauth2/v2/auth")),
            ("token_url", at("/oauth2/v4/token")),
            ("attributes_url", at("/v1/people/me?personFields=")),
            ("jwks_uri", at("/oauth2/v3/certs")),
        ]
    }

    /// Counters, records and faults.
    pub fn desk(&self) -> &Desk {
        &self.google.desk
    }

    /// Changes how it lies from now on.
    pub fn lie(&self, change: impl FnOnce(&mut Lies)) {
        change(&mut self.google.lock().lies);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.google.lock().lies = Lies::default();
        self.google.desk.behave();
    }

    /// Ends the life of all codes.
    pub fn expire_codes(&self) {
        self.google.lock().codes.expire();
    }

    /// A new signing key, the old one unpublished at once.
    pub fn rotate_keys(&self) {
        self.google.lock().ring.rotate(false);
    }
}

fn json_body(status: StatusCode, document: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json; charset=utf-8")
        .body(format!("{document:#}"))
}

fn oauth_error(status: StatusCode, error: &str, description: &str) -> HttpResponse {
    json_body(status, &json!({ "error": error, "error_description": description }))
}

async fn discovery(google: web::Data<State>, request: HttpRequest) -> HttpResponse {
    if let Err(fault) = google.desk.enter(Endpoint::Discovery, &request, &[]).await {
        return *fault;
    }
    let base = &google.base_url;
    json_body(
        StatusCode::OK,
        &json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{base}/o/oauth2/v2/auth"),
            "token_endpoint": format!("{base}/oauth2/v4/token"),
            "userinfo_endpoint": format!("{base}/v1/userinfo"),
            "jwks_uri": format!("{base}/oauth2/v3/certs"),
            "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "token id_token",
                "code token id_token", "none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
                "picture", "sub"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }),
    )
}

async fn certs(google: web::Data<State>, request: HttpRequest) -> HttpResponse {
    match google.desk.enter(Endpoint::Keys, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => json_body(StatusCode::OK, &google.lock().ring.jwks()),
    }
}

async fn elsewhere(google: web::Data<State>, request: HttpRequest) -> HttpResponse {
    match google.desk.enter(Endpoint::Elsewhere, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => HttpResponse::NotFound().content_type("text/html").body("<title>Error 404 (Not Found)!!1</title>"),
    }
}

async fn authorize(google: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let params = match google.desk.enter(Endpoint::Authorize, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let get = |name: &str| first(&params, name);
    google.desk.journal.write(
        Hop::new(Party::Gateway, Party::Google, "GET /o/oauth2/v2/auth", "fedgate sends the browser to Google.")
            .through_browser()
            .with_pairs(&params),
    );
    let refused = |text: &str| refusal_page(Brand::Google, text);
    if get("client_id") != Some(google.config.client_id.as_str()) {
        return refused("Error 401: invalid_client. The OAuth client was not found.");
    }
    let redirect_uri = get("redirect_uri").unwrap_or_default();
    if !may_redirect(google.config.redirect_uris.as_deref(), redirect_uri) {
        return refused("Error 400: redirect_uri_mismatch");
    }
    if get("response_type") != Some("code") {
        return refused("Error 400: invalid_request. Invalid response_type.");
    }
    if get("scope").is_none_or(str::is_empty) {
        return refused("Error 400: invalid_request. Missing required parameter: scope");
    }
    let prompts: Vec<&str> = get("prompt").unwrap_or_default().split(' ').filter(|prompt| !prompt.is_empty()).collect();
    if let Some(other) = prompts.iter().find(|prompt| !matches!(**prompt, "none" | "consent" | "select_account")) {
        return refused(&format!("Error 400: invalid_request. Invalid parameter value for prompt: Invalid prompt: {other}"));
    }
    if get("code_challenge").is_some() && get("code_challenge_method") != Some("S256") {
        return refused("Error 400: invalid_request. This stand-in takes S256 only.");
    }
    let text = |name: &str| get(name).map(str::to_owned);
    let grant = Grant {
        redirect_uri: redirect_uri.to_owned(),
        scope: text("scope").unwrap_or_default(),
        state: text("state"),
        nonce: text("nonce"),
        challenge: text("code_challenge"),
        person: None,
    };
    let page = google.lock().pages.issue(grant, google.desk.now() + 600);
    sign_in_page(Brand::Google, "/signin", &[("page", &page)], &google.config.people)
}

async fn sign_in(google: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match google.desk.enter(Endpoint::Login, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let now = google.desk.now();
    let Ok(grant) = google.lock().pages.redeem(first(&params, "page").unwrap_or_default(), now) else {
        return refusal_page(Brand::Google, "Error 400: this page was used already, or is too old.");
    };
    let mut answer: Vec<(String, String)> = grant.state.iter().map(|state| ("state".to_owned(), state.clone())).collect();
    let redirect_uri = grant.redirect_uri.clone();
    let person = google.config.people.iter().find(|person| first(&params, "person") == Some(person.id.as_str()));
    if let Some(person) = person {
        let domain = person.extra.get("hd").and_then(Value::as_str).map(str::to_owned);
        let scope = grant.scope.clone();
        let code = format!("4/0A{}", google.lock().codes.issue(Grant { person: Some(person.clone()), ..grant }, now + 600));
        let rest = [
            ("iss", Some(ISSUER.to_owned())),
            ("code", Some(code)),
            ("scope", Some(scope)),
            ("authuser", Some("0".to_owned())),
            ("hd", domain),
            ("prompt", Some("none".to_owned())),
        ];
        answer.extend(rest.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    } else {
        answer.insert(0, ("error".to_owned(), "access_denied".to_owned()));
    }
    let edit = google.lock().lies.callback.clone();
    if let Some(edit) = edit {
        edit(&mut answer);
    }
    google.desk.journal.write(
        Hop::new(Party::Google, Party::Gateway, "GET /oauth2/idpresponse", "Google sends the browser back.")
            .through_browser()
            .with_pairs(&answer),
    );
    redirect_back(&redirect_uri, &answer)
}

async fn token(google: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match google.desk.enter(Endpoint::Token, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let get = |name: &str| first(&params, name);
    let bad = |error: &str, text: &str| oauth_error(StatusCode::BAD_REQUEST, error, text);
    if get("client_id") != Some(google.config.client_id.as_str()) {
        return oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", "The OAuth client was not found.");
    }
    if get("client_secret") != Some(google.config.client_secret.as_str()) {
        return oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
    }
    if get("grant_type") != Some("authorization_code") {
        return bad("unsupported_grant_type", "Invalid grant_type");
    }
    let code = get("code").and_then(|code| code.strip_prefix("4/0A")).unwrap_or_default();
    let now = google.desk.now();
    let mut inner = google.lock();
    let grant = match inner.codes.redeem(code, now) {
        Ok(grant) => grant,
        Err(CodeFault::Unknown) => return bad("invalid_grant", "Malformed auth code."),
        Err(CodeFault::Used | CodeFault::Expired) => return bad("invalid_grant", "Bad Request"),
    };
    if get("redirect_uri") != Some(grant.redirect_uri.as_str()) {
        return bad("redirect_uri_mismatch", "Bad Request");
    }
    match (&grant.challenge, get("code_verifier")) {
        (None, _) => {}
        (Some(_), None) => return bad("invalid_grant", "Missing code verifier."),
        (Some(challenge), Some(verifier)) if hash(verifier, 32) == *challenge => {}
        (Some(_), Some(_)) => return bad("invalid_grant", "Invalid code verifier."),
    }
    let access_token = format!("ya29.{}", inner.tokens.issue(grant.clone(), now + 3599));
    let mut claims = claims(&google.config.client_id, &grant, now, &access_token);
    if let Some(edit) = inner.lies.claims.clone() {
        edit(&mut claims);
    }
    let mut answer = json!({ "access_token": access_token, "expires_in": 3599, "scope": grant.scope, "token_type": "Bearer" });
    if grant.scope.split(' ').any(|scope| scope == "openid") {
        let signing = inner.lies.signing.clone();
        let key = json!({ "alg": signing.alg(), "kid": inner.ring.signing().kid, "typ": "JWT" });
        answer["id_token"] = inner.ring.sign(&key, &claims.to_string(), &signing).into();
    }
    drop(inner);
    let meaning = "Server to server: fedgate redeems the code and gets an ID token.";
    google.desk.journal.write(
        Hop::new(Party::Gateway, Party::Google, "POST /oauth2/v4/token", meaning)
            .with_pairs(&params)
            .document(format!("{claims:#}")),
    );
    json_body(StatusCode::OK, &answer)
}

fn claims(client_id: &str, grant: &Grant, now: i64, access_token: &str) -> Value {
    let asked = |scope: &str| grant.scope.split(' ').any(|known| known == scope);
    let Some(person) = &grant.person else { return json!({}) };
    let mut claims = json!({ "iss": ISSUER, "azp": client_id, "aud": client_id, "sub": person.id });
    if let Some(domain) = person.extra.get("hd") {
        claims["hd"] = domain.clone();
    }
    if asked("email") {
        claims["email"] = json!(person.email);
        claims["email_verified"] = json!(person.email_verified);
    }
    claims["at_hash"] = json!(hash(access_token, 16));
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
    }
    if asked("profile") {
        claims["name"] = json!(person.name);
        claims["picture"] = json!(person.picture.as_deref().unwrap_or("https://lh3.googleusercontent.com/a/default-user=s96-c"));
        claims["given_name"] = json!(person.given_name);
        claims["family_name"] = json!(person.family_name);
    }
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + 3600);
    claims
}

/// The People API.
async fn people(google: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let params = match google.desk.enter(Endpoint::Profile, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let error = |code: StatusCode, message: &str, status: &str| {
        json_body(code, &json!({ "error": { "code": code.as_u16(), "message": message, "status": status } }))
    };
    let bearer = header_text(&request, header::AUTHORIZATION.as_str());
    let token = bearer.as_deref().and_then(|value| value.strip_prefix("Bearer ya29.")).unwrap_or_default();
    let Some(person) = google.lock().tokens.peek(token, google.desk.now()).and_then(|grant| grant.person.clone()) else {
        return error(StatusCode::UNAUTHORIZED, "Request had invalid authentication credentials.", "UNAUTHENTICATED");
    };
    let fields: Vec<&str> =
        first(&params, "personFields").unwrap_or_default().split(',').filter(|field| !field.is_empty()).collect();
    if fields.is_empty() {
        return error(StatusCode::BAD_REQUEST, "personFields mask is required.", "INVALID_ARGUMENT");
    }
    let mut document = json!({ "resourceName": format!("people/{}", person.id), "etag": "%EgUBAi43PRoEAQIFByIMa3Jl" });
    for field in fields {
        match field {
            "names" => document["names"] = json!([{ "metadata": { "primary": true }, "displayName": person.name }]),
            "emailAddresses" => document["emailAddresses"] = json!([{ "metadata": { "primary": true }, "value": person.email }]),
            other => {
                if let Some(value) = person.extra.get(other) {
                    document[other] = value.clone();
                }
            }
        }
    }
    let edit = google.lock().lies.profile.clone();
    if let Some(edit) = edit {
        edit(&mut document);
    }
    json_body(StatusCode::OK, &document)
}
