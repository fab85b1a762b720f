//! A stand-in for Facebook: the login dialog and the Graph API, version in the path.
//!
//! Its corners are Facebook's: tokens by GET, errors as `{"error":{"message",…,"code","error_subcode"}}`, refusal of calls without a right
//! `appsecret_proof`, `debug_token`, the fragment `#_=_` behind every answer, and an ID token where `openid` was asked. `graph` is the
//! private side. Neighbours: `social` has the people, the door and the faults; keys are `oidc_idp::keys`.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded::Serializer;

use crate::clock::{self, Clock, random_word};
use crate::journal::{Hop, Journal, Party};
use crate::look::Brand;
use crate::oidc_idp::keys::Ring;
use crate::oidc_idp::tamper::{Edit, EditPairs, SignWith};
use crate::server::{self, Running};
use crate::social::{self, Codes, Desk, Endpoint, Person, first};

mod graph;

/// How long a page or a code waits, seconds.
const CODE_LIFETIME: i64 = 600;
/// How long an access token lives, seconds: about sixty days.
const TOKEN_LIFETIME: i64 = 5_183_944;

/// How to start one; the default has the app `1234567890` / `facebook-app-secret` and three people, one without an address.
#[derive(Clone)]
pub struct Config {
    /// Loopback port; 0 = any free one.
    pub port: u16,
    /// The app's id.
    pub app_id: String,
    /// The app's secret.
    pub app_secret: String,
    /// The version that every path must name.
    pub version: String,
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
        let mut alan = Person::new("10150000000000003", "Alan Turing", "");
        alan.email = None;
        Self {
            port: 0,
            app_id: "1234567890".to_owned(),
            app_secret: "facebook-app-secret".to_owned(),
            version: "v17.0".to_owned(),
            redirect_uris: None,
            people: vec![
                Person::new("10150000000000001", "Ada Lovelace", "ada@example.com"),
                Person::new("10150000000000002", "Grace Hopper", "grace@example.com"),
                alan,
            ],
            clock: clock::system(),
            journal: Journal::default(),
        }
    }
}

/// Which of Facebook's issuers signs ID tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Issuer {
    /// `https://www.facebook.com`.
    #[default]
    Www,
    /// `https://limited.facebook.com`.
    Limited,
}

/// What is altered; the default alters nothing.
#[derive(Clone, Default)]
pub struct Tamper {
    /// The parameters of the redirect back.
    pub callback: Option<EditPairs>,
    /// The token endpoint's answer.
    pub token: Option<Edit>,
    /// The `data` of `debug_token`.
    pub debug: Option<Edit>,
    /// The profile.
    pub profile: Option<Edit>,
    /// The claims of the ID token before it is signed.
    pub id_token: Option<Edit>,
    /// How the ID token is signed.
    pub signing: SignWith,
    /// Who signs it.
    pub issuer: Issuer,
}

/// A dialog that waits for a person, or a code that waits for the app.
#[derive(Clone)]
struct Dialog {
    redirect_uri: String,
    state: Option<String>,
    scopes: Vec<String>,
    nonce: Option<String>,
    challenge: Option<String>,
    auth_nonce: Option<String>,
    person: String,
}

/// An access token.
#[derive(Clone)]
struct Access {
    app_id: String,
    dialog: Dialog,
    issued_at: i64,
    expires_at: i64,
}

struct Inner {
    people: Vec<Person>,
    pages: Codes<Dialog>,
    codes: Codes<Dialog>,
    tokens: Codes<Access>,
    www: Ring,
    limited: Ring,
    tamper: Tamper,
}

struct Service {
    app_id: String,
    app_secret: String,
    version: String,
    redirect_uris: Option<Vec<String>>,
    desk: Desk,
    inner: Mutex<Inner>,
}

impl Service {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running stand-in; it ends when this is dropped.
pub struct FacebookHandle {
    /// `http://127.0.0.1:PORT`.
    pub base_url: String,
    facebook: Arc<Service>,
    _server: Running,
}

/// The stand-in; [`Facebook::start`] is all there is to it.
pub struct Facebook;

impl Facebook {
    /// Starts one.
    pub fn start(config: Config) -> io::Result<FacebookHandle> {
        let bound = server::bind(config.port)?;
        let base_url = bound.base_url();
        let facebook = Arc::new(Service {
            app_id: config.app_id,
            app_secret: config.app_secret,
            version: config.version,
            redirect_uris: config.redirect_uris,
            desk: Desk::new(config.clock, config.journal),
            inner: Mutex::new(Inner {
                people: config.people,
                pages: Codes::default(),
                codes: Codes::default(),
                tokens: Codes::default(),
                www: Ring::new(),
                limited: Ring::new(),
                tamper: Tamper::default(),
            }),
        });
        let shared = web::Data::from(Arc::clone(&facebook));
        let server = bound.serve(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/{version}/dialog/oauth", web::get().to(dialog))
                .route("/login", web::post().to(login))
                .route("/{version}/oauth/access_token", web::get().to(graph::access_token))
                .route("/{version}/debug_token", web::get().to(graph::debug_token))
                .route("/{version}/me", web::get().to(graph::me))
                .route("/.well-known/oauth/openid/jwks/", web::get().to(graph::keys))
                .route("/limited/.well-known/oauth/openid/jwks/", web::get().to(graph::limited_keys))
                .default_service(web::to(graph::elsewhere));
        })?;
        Ok(FacebookHandle { base_url, facebook, _server: server })
    }
}

impl FacebookHandle {
    /// The `ProviderDetails` that lead here in place of Facebook, by Cognito's keys; the secret is among them.
    pub fn provider_details(&self, scopes: &str) -> Vec<(&'static str, String)> {
        let (base, version) = (&self.base_url, &self.facebook.version);
        vec![
            ("client_id", self.facebook.app_id.clone()),
            ("client_secret", self.facebook.app_secret.clone()),
            ("authorize_scopes", scopes.to_owned()),
            ("api_version", version.clone()),
            ("authorize_url", format!("{base}/{version}/dialog/oauth")),
            ("token_url", format!("{base}/{version}/oauth/access_token")),
            ("attributes_url", format!("{base}/{version}/me?fields=")),
        ]
    }

    /// The door: counters, requests as they arrived, faults.
    pub fn desk(&self) -> &Desk {
        &self.facebook.desk
    }

    /// Changes what is altered from now on.
    pub fn tamper(&self, change: impl FnOnce(&mut Tamper)) {
        change(&mut self.facebook.lock().tamper);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.facebook.lock().tamper = Tamper::default();
        self.facebook.desk.behave();
    }

    /// Ends the life of all codes: who redeems one now is too late.
    pub fn expire_codes(&self) {
        self.facebook.lock().codes.expire();
    }

    /// New signing keys; the old ones vanish.
    pub fn rotate_keys(&self) {
        let mut inner = self.facebook.lock();
        inner.www.rotate(false);
        inner.limited.rotate(false);
    }

    /// A token of a person for any app, as if that app had asked.
    pub fn token_for(&self, app_id: &str, person: &str) -> String {
        let dialog = Dialog {
            redirect_uri: String::new(),
            state: None,
            scopes: vec!["public_profile".to_owned(), "email".to_owned()],
            nonce: None,
            challenge: None,
            auth_nonce: None,
            person: person.to_owned(),
        };
        self.facebook.issue(app_id, dialog)
    }
}

impl Service {
    fn issue(&self, app_id: &str, dialog: Dialog) -> String {
        let token = format!("EAAB{}", random_word().replace(['-', '_'], "Z"));
        let now = self.desk.now();
        let access = Access { app_id: app_id.to_owned(), dialog, issued_at: now, expires_at: now + TOKEN_LIFETIME };
        // What Facebook says of a token that has expired needs the token to be known still.
        self.lock().tokens.put(&token, access, i64::MAX);
        token
    }
}

/// The login dialog.
async fn dialog(facebook: web::Data<Service>, path: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let params = match facebook.desk.enter(Endpoint::Authorize, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop = Hop::new(
        Party::Gateway,
        Party::Facebook,
        "GET /dialog/oauth",
        "fedgate sends the browser to the login dialog, with its own state and PKCE challenge.",
    );
    facebook.desk.journal.write(hop.through_browser().with_pairs(&params));
    let refused = |text: &str| social::refusal_page(Brand::Facebook, text);
    if *path != facebook.version || first(&params, "client_id") != Some(&facebook.app_id) {
        return refused("Invalid App ID: The provided app ID does not look like a valid app ID.");
    }
    let redirect_uri = first(&params, "redirect_uri").unwrap_or_default();
    if !social::may_redirect(facebook.redirect_uris.as_deref(), redirect_uri) {
        return refused(
            "URL Blocked: This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings.",
        );
    }
    if first(&params, "response_type").is_some_and(|kind| kind != "code") {
        return refused("Invalid parameter: response_type.");
    }
    let text = |name: &str| first(&params, name).map(str::to_owned);
    let fresh = first(&params, "auth_type") == Some("reauthenticate");
    let waiting = Dialog {
        redirect_uri: redirect_uri.to_owned(),
        state: text("state"),
        scopes: text("scope").unwrap_or_default().split([',', ' ']).map(str::to_owned).collect(),
        nonce: text("nonce"),
        challenge: text("code_challenge").filter(|_| first(&params, "code_challenge_method") == Some("S256")),
        auth_nonce: text("auth_nonce").filter(|_| fresh),
        person: String::new(),
    };
    let expires_at = facebook.desk.now() + CODE_LIFETIME;
    let (page, people) = {
        let mut inner = facebook.lock();
        (inner.pages.issue(waiting, expires_at), inner.people.clone())
    };
    social::sign_in_page(Brand::Facebook, "/login", &[("page", &page)], &people)
}

/// The dialog's form: a person, or `cancel`.
async fn login(facebook: web::Data<Service>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match facebook.desk.enter(Endpoint::Login, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let now = facebook.desk.now();
    let page = facebook.lock().pages.redeem(first(&params, "page").unwrap_or_default(), now);
    let Ok(mut dialog) = page else {
        return social::refusal_page(Brand::Facebook, "This page was used already, or is too old.");
    };
    let known = |id: &&str| facebook.lock().people.iter().any(|person| person.id == *id);
    let Some(person) = first(&params, "person").filter(known) else {
        // As the real dialog says it.
        let denied = [
            ("error", "access_denied"),
            ("error_code", "200"),
            ("error_description", "Permissions error"),
            ("error_reason", "user_denied"),
        ];
        return go_back(&facebook, &dialog, &denied);
    };
    person.clone_into(&mut dialog.person);
    let code = format!("AQD{}", random_word());
    facebook.lock().codes.put(&code, dialog.clone(), now + CODE_LIFETIME);
    go_back(&facebook, &dialog, &[("code", &code)])
}

/// The redirect back, with the fragment that Facebook puts behind it.
fn go_back(facebook: &Service, dialog: &Dialog, answer: &[(&str, &str)]) -> HttpResponse {
    let mut params: Vec<(String, String)> = answer.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    params.extend(dialog.state.clone().map(|state| ("state".to_owned(), state)));
    let edit = facebook.lock().tamper.callback.clone();
    if let Some(edit) = edit {
        edit(&mut params);
    }
    let hop = Hop::new(Party::Facebook, Party::Gateway, "GET /oauth2/idpresponse", "Facebook sends the browser back.");
    facebook.desk.journal.write(hop.through_browser().with_pairs(&params));
    let query = Serializer::new(String::new()).extend_pairs(&params).finish();
    HttpResponse::Found().insert_header((header::LOCATION, format!("{}?{query}#_=_", dialog.redirect_uri))).finish()
}
