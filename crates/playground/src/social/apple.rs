//! A stand-in for Sign in with Apple.
//!
//! On the wire it is Apple: the answer comes as a form that posts itself, name and e-mail stand in the `user` field at the first
//! authorization only, booleans are texts, errors are bare codes, and the client secret must be an ES256 token of the team's key, which is
//! verified in all its parts. Tokens name Apple's issuer, as a gateway that points here still expects. What it shares with the other
//! stand-ins is `social`'s.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::clock::{self, Clock};
use crate::journal::{Hop, Journal, Party};
use crate::look::Brand;
use crate::oidc_idp::keys::Ring;
use crate::server::{self, Running};
use crate::social::{
    CodeFault, Codes, Desk, Endpoint, Lies, Person, first, hash, may_redirect, post_back, redirect_back, refusal_page, sign_in_page,
};

/// The issuer, and the audience of client secrets.
pub const ISSUER: &str = "https://appleid.apple.com";

/// The longest life of a client secret, seconds: six months by Apple's count.
const SECRET_LIFE: i64 = 15_777_000;

/// How to start it; [`Config::default`] knows a services id, a team with one key, and two people.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// The services id.
    pub client_id: String,
    /// The team that owns it.
    pub team_id: String,
    /// The team's key.
    pub key_id: String,
    /// Exact redirect URIs; `None` allows any on a loopback address.
    pub redirect_uris: Option<Vec<String>>,
    /// Who may sign in; `extra` may hold `is_private_email`.
    pub people: Vec<Person>,
    /// Whether `email_verified` and `is_private_email` are texts (as Apple mostly sends them) or booleans.
    pub booleans_as_text: bool,
    /// The time by which tokens and codes are stamped and expire.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
}

impl Default for Config {
    fn default() -> Self {
        let ada = Person::new("001815.0a1b2c3d4e5f60718293a4b5c6d7e8f9.1210", "Ada Lovelace", "ada@example.com");
        let hidden =
            Person::new("001906.f9e8d7c6b5a4938271605f4e3d2c1b0a.1209", "Grace Hopper", "x7k2m9p4qd@privaterelay.appleid.com")
                .with("is_private_email", true);
        Self {
            port: 0,
            client_id: "com.example.signin".to_owned(),
            team_id: "TEAM123456".to_owned(),
            key_id: "KEY1234567".to_owned(),
            redirect_uris: None,
            people: vec![ada, hidden],
            booleans_as_text: true,
            clock: clock::system(),
            journal: Journal::default(),
        }
    }
}

/// The provider; [`Apple::start`] is all there is to it.
pub struct Apple;

/// A running stand-in; it ends when this is dropped.
pub struct AppleHandle {
    /// `http://127.0.0.1:PORT` without a trailing slash.
    pub base_url: String,
    apple: Arc<State>,
    _server: Running,
}

#[derive(Clone)]
struct Grant {
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    response_type: String,
    posts: bool,
    person: Option<Person>,
    authorized_at: i64,
}

struct Inner {
    ring: Ring,
    pages: Codes<Grant>,
    codes: Codes<Grant>,
    /// Who has authorized the app before: Apple tells their names no more.
    known: BTreeSet<String>,
    lies: Lies,
}

struct State {
    base_url: String,
    config: Config,
    desk: Desk,
    private_pkcs8: Vec<u8>,
    public_key: Vec<u8>,
    inner: Mutex<Inner>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Apple {
    /// Generates the keys of both sides, binds the port and starts to answer.
    pub fn start(config: Config) -> io::Result<AppleHandle> {
        let bound = server::bind(config.port)?;
        let base_url = bound.base_url();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let private_pkcs8 = pkcs8.map_err(|_| io::Error::other("no P-256 key"))?.as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private_pkcs8);
        let public_key = pair.map_err(|_| io::Error::other("no P-256 key"))?.public_key().as_ref().to_vec();
        let inner = Inner {
            ring: Ring::new(),
            pages: Codes::default(),
            codes: Codes::default(),
            known: BTreeSet::new(),
            lies: Lies::default(),
        };
        let desk = Desk::new(config.clock.clone(), config.journal.clone());
        let apple =
            Arc::new(State { base_url: base_url.clone(), config, desk, private_pkcs8, public_key, inner: Mutex::new(inner) });
        let shared = web::Data::from(Arc::clone(&apple));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/auth/keys", web::get().to(keys))
                .route("/auth/authorize", web::get().to(authorize))
                .route("/signin", web::post().to(sign_in))
                .route("/auth/token", web::post().to(token))
                .default_service(web::to(elsewhere));
        })?;
        Ok(AppleHandle { base_url, apple, _server: server })
    }
}

impl AppleHandle {
    /// The `ProviderDetails` that point a gateway here, without the client's.
    pub fn endpoints(&self) -> [(&'static str, String); 3] {
        let at = |path: &str| format!("{}{path}", self.base_url);
        [("authorize_url", at("/auth/authorize")), ("token_url", at("/auth/token")), ("jwks_uri", at("/auth/keys"))]
    }

    /// The `.p8` file that Apple gave the team, once.
    pub fn private_key_pem(&self) -> String {
        let body = STANDARD.encode(&self.apple.private_pkcs8);
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    /// Counters, records and faults.
    pub fn desk(&self) -> &Desk {
        &self.apple.desk
    }

    /// Changes how it lies from now on.
    pub fn lie(&self, change: impl FnOnce(&mut Lies)) {
        change(&mut self.apple.lock().lies);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.apple.lock().lies = Lies::default();
        self.apple.desk.behave();
    }

    /// Ends the life of all codes.
    pub fn expire_codes(&self) {
        self.apple.lock().codes.expire();
    }

    /// Everybody has revoked the app: the next authorization is a first one again.
    pub fn forget_authorizations(&self) {
        self.apple.lock().known.clear();
    }
}

fn json_body(status: StatusCode, document: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json;charset=ISO-8859-1")
        .body(document.to_string())
}

async fn discovery(apple: web::Data<State>, request: HttpRequest) -> HttpResponse {
    if let Err(fault) = apple.desk.enter(Endpoint::Discovery, &request, &[]).await {
        return *fault;
    }
    let base = &apple.base_url;
    json_body(
        StatusCode::OK,
        &json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{base}/auth/authorize"),
            "token_endpoint": format!("{base}/auth/token"),
            "jwks_uri": format!("{base}/auth/keys"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "name"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "is_private_email", "iss", "nonce",
                "nonce_supported", "real_user_status", "sub", "transfer_sub"],
        }),
    )
}

/// Several keys, as Apple has; one of them is an EC key that signs no ID token.
async fn keys(apple: web::Data<State>, request: HttpRequest) -> HttpResponse {
    if let Err(fault) = apple.desk.enter(Endpoint::Keys, &request, &[]).await {
        return *fault;
    }
    let mut document = apple.lock().ring.jwks();
    let (x, y) = apple.public_key[1..].split_at(32);
    let other = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "ec-key",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    if let Some(keys) = document["keys"].as_array_mut() {
        keys.push(other);
    }
    json_body(StatusCode::OK, &document)
}

async fn elsewhere(apple: web::Data<State>, request: HttpRequest) -> HttpResponse {
    match apple.desk.enter(Endpoint::Elsewhere, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => HttpResponse::NotFound().finish(),
    }
}

async fn authorize(apple: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let params = match apple.desk.enter(Endpoint::Authorize, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let get = |name: &str| first(&params, name);
    apple.desk.journal.write(
        Hop::new(
            Party::Gateway,
            Party::Apple,
            "GET /auth/authorize",
            "fedgate sends the browser to Apple and asks for a posted form.",
        )
        .through_browser()
        .with_pairs(&params),
    );
    let refused = |text: &str| refusal_page(Brand::Apple, text);
    if get("client_id") != Some(apple.config.client_id.as_str()) {
        return refused("invalid_client");
    }
    let redirect_uri = get("redirect_uri").unwrap_or_default();
    if !may_redirect(apple.config.redirect_uris.as_deref(), redirect_uri) {
        return refused("invalid_request: Invalid web redirect url.");
    }
    let scope = get("scope").unwrap_or_default();
    if scope.split(' ').any(|scope| !matches!(scope, "" | "openid" | "email" | "name")) {
        return refused("invalid_scope");
    }
    if !matches!(get("response_type"), Some("code" | "code id_token")) {
        return refused("unsupported_response_type");
    }
    let posts = get("response_mode") == Some("form_post");
    if scope.split(' ').any(|scope| matches!(scope, "email" | "name")) && !posts {
        return refused("invalid_request: response_mode must be form_post when name or email scope is requested.");
    }
    let text = |name: &str| get(name).map(str::to_owned);
    let grant = Grant {
        redirect_uri: redirect_uri.to_owned(),
        scope: scope.to_owned(),
        state: text("state"),
        nonce: text("nonce"),
        response_type: text("response_type").unwrap_or_default(),
        posts,
        person: None,
        authorized_at: 0,
    };
    let page = apple.lock().pages.issue(grant, apple.desk.now() + 600);
    sign_in_page(Brand::Apple, "/signin", &[("page", &page)], &apple.config.people)
}

async fn sign_in(apple: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match apple.desk.enter(Endpoint::Login, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let now = apple.desk.now();
    let Ok(mut grant) = apple.lock().pages.redeem(first(&params, "page").unwrap_or_default(), now) else {
        return refusal_page(Brand::Apple, "Your session has expired.");
    };
    let mut answer: Vec<(String, String)> = grant.state.iter().map(|state| ("state".to_owned(), state.clone())).collect();
    let (redirect_uri, posts) = (grant.redirect_uri.clone(), grant.posts);
    let person = apple.config.people.iter().find(|person| first(&params, "person") == Some(person.id.as_str()));
    if let Some(person) = person {
        grant.person = Some(person.clone());
        grant.authorized_at = now;
        let asked = |scope: &str| grant.scope.split(' ').any(|known| known == scope);
        let (asks_name, asks_email, with_token) = (asked("name"), asked("email"), grant.response_type.contains("id_token"));
        let mut inner = apple.lock();
        let code = format!("c{}.0.mrx.{}", &hash(&person.id, 16), inner.codes.issue(grant.clone(), now + 300));
        answer.push(("code".to_owned(), code));
        if with_token {
            let token = id_token(&apple.config, &mut inner, &grant, now, None).0;
            answer.push(("id_token".to_owned(), token));
        }
        if inner.known.insert(person.id.clone()) && (asks_name || asks_email) {
            let mut user = json!({});
            if asks_name {
                user["name"] = json!({ "firstName": person.given_name, "lastName": person.family_name });
            }
            if asks_email {
                user["email"] = json!(person.email);
            }
            answer.push(("user".to_owned(), user.to_string()));
        }
    } else {
        answer.push(("error".to_owned(), "user_cancelled_authorize".to_owned()));
    }
    let edit = apple.lock().lies.callback.clone();
    if let Some(edit) = edit {
        edit(&mut answer);
    }
    let line = if posts { "POST /oauth2/idpresponse" } else { "GET /oauth2/idpresponse" };
    let hop = Hop::new(Party::Apple, Party::Gateway, line, "Apple sends the browser back.");
    apple.desk.journal.write(hop.through_browser().with_pairs(&answer));
    if posts { post_back(Brand::Apple, &redirect_uri, &answer) } else { redirect_back(&redirect_uri, &answer) }
}

async fn token(apple: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match apple.desk.enter(Endpoint::Token, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let get = |name: &str| first(&params, name);
    let bare = |error: &str| json_body(StatusCode::BAD_REQUEST, &json!({ "error": error }));
    let now = apple.desk.now();
    let secret = get("client_secret").unwrap_or_default();
    if get("client_id") != Some(apple.config.client_id.as_str()) || secret_is_good(&apple, secret, now).is_none() {
        return bare("invalid_client");
    }
    if get("grant_type") != Some("authorization_code") {
        return bare("unsupported_grant_type");
    }
    let code = get("code").and_then(|code| code.rsplit_once(".mrx.")).map_or("", |(_, word)| word);
    let stale = |text: &str| json_body(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant", "error_description": text }));
    let mut inner = apple.lock();
    let grant = match inner.codes.redeem(code, now) {
        Ok(grant) => grant,
        Err(CodeFault::Unknown) => return bare("invalid_grant"),
        Err(CodeFault::Used | CodeFault::Expired) => return stale("The code has expired or has been revoked."),
    };
    if get("redirect_uri") != Some(grant.redirect_uri.as_str()) {
        return stale("redirect_uri mismatch. The code was not issued to this redirect_uri.");
    }
    let access_token = format!("a{}.0.mrx.{}", &hash(code, 16), clock::random_word());
    let (id_token, claims) = id_token(&apple.config, &mut inner, &grant, now, Some(&access_token));
    drop(inner);
    let meaning = "Server to server: fedgate proves the team by a signed client secret, redeems the code and gets an ID token.";
    let hop = Hop::new(Party::Gateway, Party::Apple, "POST /auth/token", meaning);
    apple.desk.journal.write(hop.with_pairs(&params).document(format!("{claims:#}")));
    json_body(
        StatusCode::OK,
        &json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": format!("r{}.0.mrx.{}", &hash(code, 16), clock::random_word()),
            "id_token": id_token,
        }),
    )
}

/// Apple's rules for the client secret, every one of them.
fn secret_is_good(apple: &State, secret: &str, now: i64) -> Option<()> {
    let (signed, signature) = secret.rsplit_once('.')?;
    let (head, payload) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (head, claims) = (read(head)?, read(payload)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &apple.public_key).verify(signed.as_bytes(), &signature).ok()?;
    let config = &apple.config;
    let (issued, expires) = (claims["iat"].as_i64()?, claims["exp"].as_i64()?);
    let good = head["alg"] == "ES256"
        && head["kid"] == config.key_id.as_str()
        && claims["iss"] == config.team_id.as_str()
        && claims["sub"] == config.client_id.as_str()
        && claims["aud"] == ISSUER
        && issued <= now + 60
        && expires > now
        && expires - now <= SECRET_LIFE;
    good.then_some(())
}

fn id_token(config: &Config, inner: &mut Inner, grant: &Grant, now: i64, access_token: Option<&str>) -> (String, Value) {
    let Some(person) = &grant.person else { return Default::default() };
    let flag = |value: bool| if config.booleans_as_text { json!(value.to_string()) } else { json!(value) };
    let mut claims = json!({ "iss": ISSUER, "aud": config.client_id, "exp": now + 86_400, "iat": now, "sub": person.id });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
        claims["nonce_supported"] = json!(true);
    }
    if let Some(access_token) = access_token {
        claims["at_hash"] = json!(hash(access_token, 16));
    }
    if grant.scope.split(' ').any(|scope| scope == "email") {
        claims["email"] = json!(person.email);
        claims["email_verified"] = flag(person.email_verified);
        if person.extra.get("is_private_email") == Some(&json!(true)) {
            claims["is_private_email"] = flag(true);
        }
    }
    claims["auth_time"] = json!(grant.authorized_at);
    if let Some(edit) = inner.lies.claims.clone() {
        edit(&mut claims);
    }
    let signing = inner.lies.signing.clone();
    let head = json!({ "kid": inner.ring.signing().kid, "alg": signing.alg() });
    (inner.ring.sign(&head, &claims.to_string(), &signing), claims)
}
