//! A stand-in for Login with Amazon: consent page, token endpoint, `tokeninfo` and profile.
//!
//! Its corners are Amazon's: people are `amzn1.account.…`, tokens begin with `Atza|`, errors are `{"error","error_description"}` with a
//! `request_id`, `tokeninfo` counts `exp` in seconds that are left, and of no address it is said that it was proven. Neighbours: `social` has
//! the people, the door and the faults.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::clock::{self, Clock, random_word};
use crate::journal::{Hop, Journal, Party};
use crate::look::Brand;
use crate::oidc_idp::state::header_text;
use crate::oidc_idp::tamper::{Edit, EditPairs};
use crate::server::{self, Running};
use crate::social::{self, Codes, Desk, Endpoint, Person, first};

/// How long a page or a code waits, seconds.
const CODE_LIFETIME: i64 = 300;
/// How long an access token lives, seconds.
const TOKEN_LIFETIME: i64 = 3600;

/// How to start one; the default has one client and two people.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// `amzn1.application-oa2-client.…`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Exact redirect URIs; `None` allows any on a loopback address.
    pub redirect_uris: Option<Vec<String>>,
    /// Who may sign in.
    pub people: Vec<Person>,
    /// The time by which codes and tokens live.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
}

impl Default for Config {
    fn default() -> Self {
        let person = |id: &str, name: &str, email: &str, code: &str| {
            Person::new(&format!("amzn1.account.{id}"), name, email).with("postal_code", code)
        };
        Self {
            port: 0,
            client_id: "amzn1.application-oa2-client.a1b2c3d4".to_owned(),
            client_secret: "amzn1.oa2-cs.v1.amazon-client-secret".to_owned(),
            redirect_uris: None,
            people: vec![
                person("AGM6SZ5NXBADAAAAAAAAAAAAAAAA", "Ada Lovelace", "ada@example.com", "98052"),
                person("AGM6SZ5NXBGRACEAAAAAAAAAAAAA", "Grace Hopper", "grace@example.com", "10001"),
            ],
            clock: clock::system(),
            journal: Journal::default(),
        }
    }
}

/// What is altered; the default alters nothing.
#[derive(Clone, Default)]
pub struct Tamper {
    /// The parameters of the redirect back.
    pub callback: Option<EditPairs>,
    /// The token endpoint's answer.
    pub token: Option<Edit>,
    /// The answer of `tokeninfo`.
    pub tokeninfo: Option<Edit>,
    /// The profile.
    pub profile: Option<Edit>,
}

/// A page that waits for a person, a code that waits for the client, or a token.
#[derive(Clone)]
struct Grant {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    scope: String,
    challenge: Option<String>,
    person: String,
    expires_at: i64,
}

struct Inner {
    people: Vec<Person>,
    pages: Codes<Grant>,
    codes: Codes<Grant>,
    tokens: Codes<Grant>,
    tamper: Tamper,
}

struct Service {
    client_id: String,
    client_secret: String,
    redirect_uris: Option<Vec<String>>,
    desk: Desk,
    inner: Mutex<Inner>,
}

/// A running stand-in; it ends when this is dropped.
pub struct AmazonHandle {
    /// `http://127.0.0.1:PORT`.
    pub base_url: String,
    amazon: Arc<Service>,
    _server: Running,
}

/// The stand-in; [`Amazon::start`] is all there is to it.
pub struct Amazon;

impl Amazon {
    /// Starts one.
    pub fn start(config: Config) -> io::Result<AmazonHandle> {
        let bound = server::bind(config.port)?;
        let base_url = bound.base_url();
        let amazon = Arc::new(Service {
            client_id: config.client_id,
            client_secret: config.client_secret,
            redirect_uris: config.redirect_uris,
            desk: Desk::new(config.clock, config.journal),
            inner: Mutex::new(Inner {
                people: config.people,
                pages: Codes::default(),
                codes: Codes::default(),
                tokens: Codes::default(),
                tamper: Tamper::default(),
            }),
        });
        let shared = web::Data::from(Arc::clone(&amazon));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/ap/oa", web::get().to(consent))
                .route("/login", web::post().to(login))
                .route("/auth/o2/token", web::post().to(token))
                .route("/auth/o2/tokeninfo", web::get().to(tokeninfo))
                .route("/user/profile", web::get().to(profile))
                .default_service(web::to(elsewhere));
        })?;
        Ok(AmazonHandle { base_url, amazon, _server: server })
    }
}

impl AmazonHandle {
    /// The `ProviderDetails` that lead here in place of Amazon, by Cognito's keys; the secret is among them.
    pub fn provider_details(&self, scopes: &str) -> Vec<(&'static str, String)> {
        let base = &self.base_url;
        vec![
            ("client_id", self.amazon.client_id.clone()),
            ("client_secret", self.amazon.client_secret.clone()),
            ("authorize_scopes", scopes.to_owned()),
            ("authorize_url", format!("{base}/ap/oa")),
            ("token_url", format!("{base}/auth/o2/token")),
            ("attributes_url", format!("{base}/user/profile")),
        ]
    }

    /// The door: counters, requests as they arrived, faults.
    pub fn desk(&self) -> &Desk {
        &self.amazon.desk
    }

    /// Changes what is altered from now on.
    pub fn tamper(&self, change: impl FnOnce(&mut Tamper)) {
        change(&mut self.amazon.lock().tamper);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.amazon.lock().tamper = Tamper::default();
        self.amazon.desk.behave();
    }

    /// Ends the life of all codes: who redeems one now is too late.
    pub fn expire_codes(&self) {
        self.amazon.lock().codes.expire();
    }

    /// A token of a person for any client, as if that client had asked.
    pub fn token_for(&self, client_id: &str, person: &str) -> String {
        let grant = Grant {
            client_id: client_id.to_owned(),
            redirect_uri: String::new(),
            state: None,
            scope: "profile postal_code".to_owned(),
            challenge: None,
            person: person.to_owned(),
            expires_at: 0,
        };
        self.amazon.issue(grant)
    }
}

impl Service {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(&self, mut grant: Grant) -> String {
        let token = format!("Atza|{}", random_word());
        grant.expires_at = self.desk.now() + TOKEN_LIFETIME;
        let expires_at = grant.expires_at;
        self.lock().tokens.put(&token, grant, expires_at);
        token
    }

    /// Sends the browser back.
    fn go_back(&self, grant: &Grant, answer: &[(&str, &str)]) -> HttpResponse {
        let mut params: Vec<(String, String)> =
            answer.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        params.extend(grant.state.clone().map(|state| ("state".to_owned(), state)));
        let edit = self.lock().tamper.callback.clone();
        if let Some(edit) = edit {
            edit(&mut params);
        }
        let hop = Hop::new(Party::Amazon, Party::Gateway, "GET /oauth2/idpresponse", "Amazon sends the browser back.");
        self.desk.journal.write(hop.through_browser().with_pairs(&params));
        let query = Serializer::new(String::new()).extend_pairs(&params).finish();
        HttpResponse::Found().insert_header((header::LOCATION, format!("{}?{query}", grant.redirect_uri))).finish()
    }
}

/// An error as Amazon writes it.
fn error(status: StatusCode, code: &str, description: &str) -> HttpResponse {
    let body = json!({ "error": code, "error_description": description, "request_id": random_word()[..36] });
    json_answer(status, &body)
}

fn json_answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json;charset=UTF-8")
        .body(body.to_string())
}

fn edited(edit: Option<Edit>, mut body: Value) -> HttpResponse {
    if let Some(edit) = edit {
        edit(&mut body);
    }
    json_answer(StatusCode::OK, &body)
}

async fn elsewhere(amazon: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    match amazon.desk.enter(Endpoint::Elsewhere, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => HttpResponse::NotFound().finish(),
    }
}

/// The consent page.
async fn consent(amazon: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    let params = match amazon.desk.enter(Endpoint::Authorize, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop = Hop::new(Party::Gateway, Party::Amazon, "GET /ap/oa", "fedgate sends the browser to Amazon's consent page.");
    amazon.desk.journal.write(hop.through_browser().with_pairs(&params));
    let given = |name: &str| first(&params, name);
    let refused = |text: &str| social::refusal_page(Brand::Amazon, text);
    if given("client_id") != Some(&amazon.client_id) {
        return refused("An unknown client was requested.");
    }
    let redirect_uri = given("redirect_uri").unwrap_or_default();
    if !social::may_redirect(amazon.redirect_uris.as_deref(), redirect_uri) {
        return refused("The redirect URI you provided has not been whitelisted for your application.");
    }
    let grant = Grant {
        client_id: amazon.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: given("state").map(str::to_owned),
        scope: given("scope").unwrap_or_default().to_owned(),
        challenge: given("code_challenge").filter(|_| given("code_challenge_method") == Some("S256")).map(str::to_owned),
        person: String::new(),
        expires_at: 0,
    };
    if given("response_type") != Some("code") {
        let answer = [("error", "unsupported_response_type"), ("error_description", "response_type must be code")];
        return amazon.go_back(&grant, &answer);
    }
    let known = ["profile", "profile:user_id", "postal_code"];
    if grant.scope.is_empty() || !grant.scope.split(' ').all(|scope| known.contains(&scope)) {
        let answer = [("error", "invalid_scope"), ("error_description", "An unknown scope was requested")];
        return amazon.go_back(&grant, &answer);
    }
    let expires_at = amazon.desk.now() + CODE_LIFETIME;
    let (page, people) = {
        let mut inner = amazon.lock();
        (inner.pages.issue(grant, expires_at), inner.people.clone())
    };
    social::sign_in_page(Brand::Amazon, "/login", &[("page", &page)], &people)
}

/// The page's form: a person, or `cancel`.
async fn login(amazon: web::Data<Service>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match amazon.desk.enter(Endpoint::Login, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let now = amazon.desk.now();
    let page = amazon.lock().pages.redeem(first(&params, "page").unwrap_or_default(), now);
    let Ok(mut grant) = page else {
        return social::refusal_page(Brand::Amazon, "This page was used already, or is too old.");
    };
    let known = |id: &&str| amazon.lock().people.iter().any(|person| person.id == *id);
    let Some(person) = first(&params, "person").filter(known) else {
        return amazon.go_back(&grant, &[("error_description", "Access not permitted."), ("error", "access_denied")]);
    };
    person.clone_into(&mut grant.person);
    let scope = grant.scope.clone();
    let code = amazon.lock().codes.issue(grant.clone(), now + CODE_LIFETIME);
    amazon.go_back(&grant, &[("code", &code), ("scope", &scope)])
}

/// Code for token.
async fn token(amazon: web::Data<Service>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match amazon.desk.enter(Endpoint::Token, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop = Hop::new(Party::Gateway, Party::Amazon, "POST /auth/o2/token", "Server to server: code for token.");
    amazon.desk.journal.write(hop.with_pairs(&params));
    let given = |name: &str| first(&params, name).unwrap_or_default();
    let bad = |code: &str, text: &str| error(StatusCode::BAD_REQUEST, code, text);
    if given("client_id") != amazon.client_id || given("client_secret") != amazon.client_secret {
        return error(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed");
    }
    if given("grant_type") != "authorization_code" {
        return bad("unsupported_grant_type", "The grant type is not supported");
    }
    let now = amazon.desk.now();
    let redeemed = amazon.lock().codes.redeem(given("code"), now);
    let Ok(grant) = redeemed else {
        return bad("invalid_grant", "The request has an invalid grant parameter : code");
    };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, given("code_verifier").as_bytes()));
    let verified = grant.challenge.as_ref().is_none_or(|asked| *asked == challenge);
    if grant.redirect_uri != given("redirect_uri") || !verified {
        return bad("invalid_grant", "The request has an invalid grant parameter : redirect_uri or code_verifier");
    }
    let access_token = amazon.issue(grant);
    let refresh_token = format!("Atzr|{}", random_word());
    let body = json!({
        "access_token": access_token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME, "refresh_token": refresh_token,
    });
    edited(amazon.lock().tamper.token.clone(), body)
}

/// Whose token it is.
async fn tokeninfo(amazon: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    let params = match amazon.desk.enter(Endpoint::Inspect, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let meaning = "fedgate asks for which client the token was made, before it reads anything with it.";
    amazon.desk.journal.write(Hop::new(Party::Gateway, Party::Amazon, "GET /auth/o2/tokeninfo", meaning));
    let now = amazon.desk.now();
    let found = amazon.lock().tokens.peek(first(&params, "access_token").unwrap_or_default(), now).cloned();
    let Some(found) = found else {
        return error(StatusCode::BAD_REQUEST, "invalid_token", "The request has an invalid parameter : access_token");
    };
    let left = found.expires_at - now;
    let body = json!({
        "iss": "https://www.amazon.com", "user_id": found.person, "aud": found.client_id,
        "app_id": "amzn1.application.0a1b2c3d", "exp": left, "iat": now - (TOKEN_LIFETIME - left),
    });
    edited(amazon.lock().tamper.tokeninfo.clone(), body)
}

/// The profile.
async fn profile(amazon: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    let params = match amazon.desk.enter(Endpoint::Profile, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    amazon.desk.journal.write(Hop::new(Party::Gateway, Party::Amazon, "GET /user/profile", "fedgate reads the profile."));
    let bearer = header_text(&request, header::AUTHORIZATION.as_str());
    let bearer = bearer.as_deref().and_then(|value| value.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    let token = bearer.map(|(_, token)| token).or_else(|| first(&params, "access_token")).unwrap_or_default();
    let now = amazon.desk.now();
    let inner = amazon.lock();
    let found = inner.tokens.peek(token, now);
    let person = found.and_then(|grant| inner.people.iter().find(|person| person.id == grant.person).map(|person| (grant, person)));
    let Some((grant, person)) = person else {
        return error(StatusCode::BAD_REQUEST, "invalid_token", "The request has an invalid parameter : access_token");
    };
    let asked = |wanted: &str| grant.scope.split(' ').any(|scope| scope == wanted);
    let mut body = json!({ "user_id": person.id });
    if asked("profile") {
        body["name"] = json!(person.name);
        body["email"] = json!(person.email);
    }
    if asked("postal_code") {
        body["postal_code"] = person.extra.get("postal_code").cloned().unwrap_or_default();
    }
    edited(inner.tamper.profile.clone(), body)
}
