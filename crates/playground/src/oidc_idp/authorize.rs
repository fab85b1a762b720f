//! The public side of the OIDC stand-in: discovery, JWKS, the authorization endpoint and its sign-in page.
//!
//! Checks what a strict provider checks (OpenID Connect Core section 3.1.2.2, RFC 7636, RFC 9207) and sends every answer,
//! refusals included, with `state` and `iss`. Codes are redeemed in `token`.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::state::{Idp, Request, json_answer, pairs, single};
use super::tamper::Endpoint;
use super::{Client, Person};
use crate::clock::random_word;
use crate::journal::{Hop, Party};
use crate::look::{self, Brand, escape};

/// How long a code lives, in seconds.
const CODE_LIFETIME: i64 = 60;
/// How long the sign-in page may stay open, in seconds.
const PAGE_LIFETIME: i64 = 600;

/// OpenID Connect Discovery section 4.
pub(super) async fn discovery(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    if let Err(fault) = idp.enter(Endpoint::Discovery, &request, &[]).await {
        return *fault;
    }
    let issuer = &idp.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "given_name", "family_name",
            "email", "email_verified", "picture", "groups"],
        "authorization_response_iss_parameter_supported": true,
    });
    let edit = idp.lock().tamper.discovery.clone();
    if let Some(edit) = edit {
        edit(&mut document);
    }
    idp.journal.write(Hop::new(
        Party::Gateway,
        Party::OidcIdp,
        "GET /.well-known/openid-configuration",
        "fedgate learns the provider's endpoints.",
    ));
    json_answer(StatusCode::OK, &document)
}

/// The published keys (RFC 7517).
pub(super) async fn jwks(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    if let Err(fault) = idp.enter(Endpoint::Jwks, &request, &[]).await {
        return *fault;
    }
    let (mut document, edit) = {
        let state = idp.lock();
        (state.ring.jwks(), state.tamper.jwks.clone())
    };
    if let Some(edit) = edit {
        edit(&mut document);
    }
    idp.journal.write(Hop::new(
        Party::Gateway,
        Party::OidcIdp,
        "GET /jwks",
        "fedgate fetches the provider's public keys to check the ID token's signature.",
    ));
    json_answer(StatusCode::OK, &document)
}

/// A path that nobody published; counted, since a gateway that follows a token's `jku` would come here.
pub(super) async fn elsewhere(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    match idp.enter(Endpoint::Elsewhere, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => HttpResponse::NotFound().body("not found"),
    }
}

/// The authorization endpoint: checks the request and shows the sign-in page.
pub(super) async fn authorize(idp: web::Data<Idp>, request: HttpRequest) -> HttpResponse {
    let params = match idp.enter(Endpoint::Authorize, &request, &[]).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    idp.journal.write(
        Hop::new(
            Party::Gateway,
            Party::OidcIdp,
            "GET /authorize",
            "fedgate sends the browser to the provider, with its own state, nonce and PKCE challenge.",
        )
        .through_browser()
        .with_pairs(&params),
    );
    let Some(client) = single(&params, "client_id").ok().flatten().and_then(|id| known_client(&idp, id)) else {
        return refused("This provider does not know the application that sent you here.");
    };
    let Some(redirect_uri) = single(&params, "redirect_uri").ok().flatten().filter(|uri| may_redirect(client, uri)) else {
        return refused("The address to return to is not registered for this application.");
    };
    let state = single(&params, "state").ok().flatten();
    if let Err((error, description)) = check(&params) {
        return go_back(&idp, redirect_uri, state, &[("error", error), ("error_description", description)]);
    }
    let text = |name: &str| single(&params, name).ok().flatten().map(str::to_owned);
    let pending = Request {
        client_id: client.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        scope: text("scope").unwrap_or_default(),
        state: state.map(str::to_owned),
        nonce: text("nonce"),
        code_challenge: text("code_challenge").unwrap_or_default(),
        sub: String::new(),
        auth_time: 0,
        expires_at: idp.now() + PAGE_LIFETIME,
        spent: false,
    };
    let transaction = random_word();
    let hint = text("login_hint");
    let people = {
        let mut inner = idp.lock();
        inner.pending.insert(transaction.clone(), pending);
        inner.people.clone()
    };
    page(StatusCode::OK, "Sign in", &sign_in_page(&transaction, &people, hint.as_deref()))
}

/// The sign-in page's form: a person, or `cancel`.
pub(super) async fn login(idp: web::Data<Idp>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match idp.enter(Endpoint::Login, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let value = |name: &str| single(&params, name).ok().flatten();
    let now = idp.now();
    let pending = value("transaction").and_then(|key| idp.lock().pending.remove(key));
    let Some(mut pending) = pending.filter(|pending| pending.expires_at > now) else {
        return refused("This sign-in page was used already, or is too old.");
    };
    let state = pending.state.clone();
    let redirect_uri = pending.redirect_uri.clone();
    let person = value("person").and_then(|sub| idp.lock().people.iter().find(|known| known.sub == sub).cloned());
    let Some(person) = person else {
        let denied = [("error", "access_denied"), ("error_description", "The person did not sign in.")];
        return go_back(&idp, &redirect_uri, state.as_deref(), &denied);
    };
    idp.journal.write(
        Hop::new(Party::Browser, Party::OidcIdp, "POST /login", "You choose who you are; a real provider would ask for proof.")
            .through_browser()
            .with([("person", person.name.as_str())]),
    );
    let code = random_word();
    pending.sub = person.sub;
    pending.auth_time = now;
    pending.expires_at = now + CODE_LIFETIME;
    idp.lock().codes.insert(code.clone(), pending);
    go_back(&idp, &redirect_uri, state.as_deref(), &[("code", code.as_str())])
}

/// The client of that id.
pub(super) fn known_client<'a>(idp: &'a Idp, client_id: &str) -> Option<&'a Client> {
    idp.clients.iter().find(|client| client.client_id == client_id)
}

fn may_redirect(client: &Client, uri: &str) -> bool {
    match &client.redirect_uris {
        Some(registered) => registered.iter().any(|known| known == uri),
        None => url::Url::parse(uri)
            .is_ok_and(|url| url.fragment().is_none() && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))),
    }
}

fn check(params: &[(String, String)]) -> Result<(), (&'static str, &'static str)> {
    const DOUBLED: (&str, &str) = ("invalid_request", "a parameter is there twice");
    let one = |name: &str| single(params, name).map_err(|()| DOUBLED);
    for (name, _) in params {
        one(name)?;
    }
    match one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "only code is supported")),
        None => return Err(("invalid_request", "response_type is missing")),
    }
    if !one("scope")?.unwrap_or_default().split(' ').any(|scope| scope == "openid") {
        return Err(("invalid_scope", "scope must contain openid"));
    }
    if one("code_challenge_method")? != Some("S256") {
        return Err(("invalid_request", "PKCE with S256 is required"));
    }
    // A SHA-256 in base64url is 43 characters (RFC 7636 section 4.2).
    let challenge = one("code_challenge")?.unwrap_or_default();
    if challenge.len() != 43 || !challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(("invalid_request", "code_challenge is not a SHA-256 in base64url"));
    }
    if one("prompt")?.unwrap_or_default().split(' ').any(|prompt| prompt == "none") {
        return Err(("login_required", "nobody is signed in here"));
    }
    Ok(())
}

/// The redirect back to the gateway, with `state` and `iss` (RFC 9207).
fn go_back(idp: &Idp, redirect_uri: &str, state: Option<&str>, answer: &[(&str, &str)]) -> HttpResponse {
    let mut params: Vec<(String, String)> = answer.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if let Some(state) = state {
        params.push(("state".to_owned(), state.to_owned()));
    }
    params.push(("iss".to_owned(), idp.issuer.clone()));
    let edit = idp.lock().tamper.callback.clone();
    if let Some(edit) = edit {
        edit(&mut params);
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    let path = url::Url::parse(redirect_uri).map(|url| url.path().to_owned()).unwrap_or_default();
    let meaning = if answer.iter().any(|(name, _)| *name == "code") {
        "The provider sends the browser back with a one-time code, fedgate's state and its own name (iss)."
    } else {
        "The provider sends the browser back with a refusal."
    };
    let hop = Hop::new(Party::OidcIdp, Party::Gateway, &format!("GET {path}"), meaning).through_browser();
    idp.journal.write(hop.with_pairs(&pairs(&query)));
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{redirect_uri}{joint}{query}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish()
}

fn sign_in_page(transaction: &str, people: &[Person], hint: Option<&str>) -> String {
    let mut buttons = String::new();
    for person in people {
        let hinted = hint.is_some_and(|hint| hint.eq_ignore_ascii_case(&person.email));
        let detail = if person.email_verified { person.email.clone() } else { format!("{} · not verified", person.email) };
        buttons.push_str(&look::person_button(&person.sub, &person.name, &detail, hinted));
    }
    format!(
        r#"<h1>Who are you today?</h1>
<p class="lede">A stand-in for an OpenID Connect provider. Press a name to sign in; no password is asked.</p>
<form method="post" action="/login" class="people">
<input type="hidden" name="transaction" value="{}">
{buttons}<button class="quiet" name="cancel" value="1">Cancel and go back</button>
</form>"#,
        escape(transaction)
    )
}

fn refused(text: &str) -> HttpResponse {
    page(
        StatusCode::BAD_REQUEST,
        "Request refused",
        &format!("<h1>This request was refused</h1><p class=\"lede\">{}</p>", escape(text)),
    )
}

fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    look::respond(status, &look::page(Brand::Oidc, title, body))
}
