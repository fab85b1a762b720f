//! The sample app: an ordinary OpenID Connect relying party of the gateway.
//!
//! It knows the gateway by its issuer and by nothing else: endpoints and keys come from discovery. It signs in with the
//! authorization code flow (PKCE S256, state, nonce), checks every token by itself and shows what happened. Files: `gateway`
//! speaks to the gateway, `verify` checks tokens, `session` remembers browsers, `pages`, `story` and `token_view` draw.

use std::io;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use self::gateway::{Gateway, Refused};
use self::session::{Sessions, Signed};
use crate::clock::{Clock, random_word};
use crate::journal::{Hop, Journal, Party};
use crate::look;
use crate::server::{Bound, Running};

mod gateway;
mod pages;
mod session;
mod story;
mod token_view;
pub mod verify;
mod xml_view;

/// The app's only cookie.
const COOKIE: &str = "sample_app";

/// How the app knows the gateway.
#[derive(Clone)]
pub struct Config {
    /// The user pool's issuer.
    pub issuer: String,
    /// The app client's id.
    pub client_id: String,
    /// Its secret; `None` for a public client.
    pub client_secret: Option<String>,
    /// What the gateway calls the OIDC provider (`identity_provider=`).
    pub oidc_provider: String,
    /// What the gateway calls the SAML provider.
    pub saml_provider: String,
    /// Where the messages are written, shared with the stand-ins.
    pub journal: Journal,
    /// The time by which tokens are judged.
    pub clock: Clock,
}

/// The path that the gateway returns to; register `{base}/callback`.
pub const CALLBACK_PATH: &str = "/callback";
/// The path after sign-out; register `{base}/signed-out`.
pub const SIGNED_OUT_PATH: &str = "/signed-out";

struct App {
    base_url: String,
    config: Config,
    gateway: Gateway,
    sessions: Sessions,
}

/// Starts the app on a port that was bound before (its callback URL had to be known to the gateway).
pub fn start(bound: Bound, config: Config) -> io::Result<Running> {
    let base_url = bound.base_url();
    let app = web::Data::new(App { gateway: Gateway::new(&config, &base_url), sessions: Sessions::default(), base_url, config });
    bound.serve(move |routes| {
        routes
            .app_data(app.clone())
            .route("/", web::get().to(home))
            .route("/sign-in", web::get().to(sign_in))
            .route(CALLBACK_PATH, web::get().to(callback))
            .route("/flow", web::get().to(flow))
            .route("/refresh", web::post().to(refresh))
            .route("/sign-out", web::post().to(sign_out))
            .route(SIGNED_OUT_PATH, web::get().to(signed_out));
    })
}

async fn home(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let signed = session_of(&request).and_then(|id| app.sessions.signed(&id));
    look::respond(StatusCode::OK, &pages::home(&app.config, signed.as_ref()))
}

/// Begins a sign-in: fresh state, nonce and verifier, kept for this browser, then off to the gateway.
async fn sign_in(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let with = parameter(&request, "with");
    let provider = match with.as_deref() {
        Some("oidc") => Some(app.config.oidc_provider.as_str()),
        Some("saml") => Some(app.config.saml_provider.as_str()),
        _ => None,
    };
    let (id, fresh) = session_of(&request).map_or_else(|| (random_word(), true), |id| (id, false));
    let started_ms = crate::clock::now_ms();
    let begun = match app.gateway.begin(provider, started_ms).await {
        Ok(begun) => begun,
        Err(refused) => return look::respond(StatusCode::BAD_GATEWAY, &pages::failed(&refused, &[])),
    };
    app.sessions.pend(&id, begun.state, begun.pending);
    let mut answer = redirect(&begun.url);
    if fresh {
        let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
        if let Ok(value) = header::HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    answer
}

/// The gateway's answer: checked against what this browser began, then redeemed and verified.
async fn callback(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let params: Vec<(String, String)> = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let journal = &app.config.journal;
    let meaning = if params.iter().any(|(name, _)| name == "code") {
        "fedgate sends the browser back to the app with a one-time code of its own, and the app's state."
    } else {
        "fedgate sends the browser back to the app without a code."
    };
    let hop = Hop::new(Party::Gateway, Party::App, &format!("GET {CALLBACK_PATH}"), meaning).through_browser();
    journal.write(hop.with_pairs(&params));
    let id = session_of(&request).unwrap_or_default();
    let pending = parameter(&request, "state").and_then(|state| app.sessions.take_pending(&id, &state));
    let Some(pending) = pending else {
        let refused = Refused::new(
            "unknown state",
            "This browser did not begin this sign-in, or has finished it already. Begin again from the first page.",
        );
        return look::respond(StatusCode::BAD_REQUEST, &pages::failed(&refused, &[]));
    };
    let started_ms = pending.started_ms;
    match app.gateway.finish(&params, &pending).await {
        Ok(tokens) => {
            let hops = journal.between(started_ms, crate::clock::now_ms());
            app.sessions.sign_in(&id, Signed { tokens, hops, refreshed: None });
            redirect("/flow")
        }
        Err(refused) => {
            let hops = journal.between(started_ms, crate::clock::now_ms());
            look::respond(StatusCode::BAD_REQUEST, &pages::failed(&refused, &hops))
        }
    }
}

async fn flow(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    match session_of(&request).and_then(|id| app.sessions.signed(&id)) {
        Some(signed) => look::respond(StatusCode::OK, &pages::flow(&signed, (app.config.clock)())),
        None => redirect("/"),
    }
}

/// Uses the refresh token; the page then shows the new tokens.
async fn refresh(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let Some((id, mut signed)) = session_of(&request).and_then(|id| app.sessions.signed(&id).map(|signed| (id, signed))) else {
        return redirect("/");
    };
    match app.gateway.refresh(&signed.tokens).await {
        Ok(tokens) => {
            let changed = signed.tokens.changes(&tokens);
            signed.tokens = tokens;
            signed.refreshed = Some(changed);
            app.sessions.sign_in(&id, signed);
            redirect("/flow#tokens")
        }
        Err(refused) => look::respond(StatusCode::BAD_GATEWAY, &pages::failed(&refused, &[])),
    }
}

/// Revokes the refresh token, forgets the browser and ends the gateway's own session.
async fn sign_out(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let signed = session_of(&request).and_then(|id| app.sessions.sign_out(&id));
    let refresh_token = signed.as_ref().and_then(|signed| signed.tokens.refresh_token.as_deref());
    match app.gateway.sign_out(refresh_token, &format!("{}{SIGNED_OUT_PATH}", app.base_url)).await {
        Ok(url) => redirect(&url),
        Err(refused) => look::respond(StatusCode::BAD_GATEWAY, &pages::failed(&refused, &[])),
    }
}

async fn signed_out() -> HttpResponse {
    look::respond(StatusCode::OK, &pages::signed_out())
}

fn session_of(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn redirect(url: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, url)).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
