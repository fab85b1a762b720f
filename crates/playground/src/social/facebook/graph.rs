//! The Graph API of the Facebook stand-in: tokens, `debug_token`, `me` and the published keys.
//!
//! Error bodies, their types and numbers are Facebook's. A call with a token is refused unless its `appsecret_proof` is right, as in an
//! app that requires proof.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Access, Dialog, Issuer, Service, TOKEN_LIFETIME};
use crate::clock::random_word;
use crate::journal::{Hop, Party};
use crate::oidc_idp::state::header_text;
use crate::social::{CodeFault, Endpoint, Person, first};

type Params = Vec<(String, String)>;

/// An error as Facebook writes it.
struct GraphError {
    message: String,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
}

fn error(message: &str, kind: &'static str, code: i64) -> GraphError {
    GraphError { message: message.to_owned(), kind, code, subcode: None }
}

fn bad_code(message: &str, subcode: i64) -> GraphError {
    GraphError { subcode: Some(subcode), ..error(message, "OAuthException", 100) }
}

fn answer(outcome: Result<Value, GraphError>) -> HttpResponse {
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => {
            let mut shown = json!({ "message": error.message, "type": error.kind, "code": error.code });
            if let Some(subcode) = error.subcode {
                shown["error_subcode"] = json!(subcode);
            }
            shown["fbtrace_id"] = json!(random_word()[..22]);
            (StatusCode::BAD_REQUEST, json!({ "error": shown }))
        }
    };
    HttpResponse::build(status).content_type("application/json; charset=UTF-8").body(body.to_string())
}

async fn enter(facebook: &Service, endpoint: Endpoint, version: &str, request: &HttpRequest) -> Result<Params, Box<HttpResponse>> {
    let params = facebook.desk.enter(endpoint, request, &[]).await?;
    if version == facebook.version {
        return Ok(params);
    }
    Err(Box::new(answer(Err(error("Unknown path components: /", "OAuthException", 2500)))))
}

/// Nothing is here.
pub(super) async fn elsewhere(facebook: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    match facebook.desk.enter(Endpoint::Elsewhere, &request, &[]).await {
        Err(fault) => *fault,
        Ok(_) => HttpResponse::NotFound().finish(),
    }
}

/// The keys of `https://www.facebook.com`.
pub(super) async fn keys(facebook: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    published(&facebook, &request, Issuer::Www).await
}

/// The keys of `https://limited.facebook.com`.
pub(super) async fn limited_keys(facebook: web::Data<Service>, request: HttpRequest) -> HttpResponse {
    published(&facebook, &request, Issuer::Limited).await
}

async fn published(facebook: &Service, request: &HttpRequest, issuer: Issuer) -> HttpResponse {
    if let Err(fault) = facebook.desk.enter(Endpoint::Keys, request, &[]).await {
        return *fault;
    }
    let inner = facebook.lock();
    let ring = if issuer == Issuer::Www { &inner.www } else { &inner.limited };
    answer(Ok(ring.jwks()))
}

/// Code for token.
pub(super) async fn access_token(facebook: web::Data<Service>, path: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let params = match enter(&facebook, Endpoint::Token, &path, &request).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop = Hop::new(Party::Gateway, Party::Facebook, "GET /oauth/access_token", "Server to server: code for token.");
    facebook.desk.journal.write(hop.with_pairs(&params));
    answer(redeem(&facebook, &params))
}

fn redeem(facebook: &Service, params: &Params) -> Result<Value, GraphError> {
    let given = |name: &str| first(params, name).unwrap_or_default();
    if given("client_id") != facebook.app_id {
        return Err(error(
            "Error validating application. Cannot get application info due to a system error.",
            "OAuthException",
            101,
        ));
    }
    if given("client_secret") != facebook.app_secret {
        return Err(error("Error validating client secret.", "OAuthException", 1));
    }
    let now = facebook.desk.now();
    let redeemed = facebook.lock().codes.redeem(given("code"), now);
    let dialog = redeemed.map_err(|fault| match fault {
        CodeFault::Used => bad_code("This authorization code has been used.", 36_009),
        CodeFault::Expired => bad_code("This authorization code has expired.", 36_007),
        CodeFault::Unknown => error("Invalid verification code format.", "OAuthException", 100),
    })?;
    if given("redirect_uri") != dialog.redirect_uri {
        let text = "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request";
        return Err(bad_code(text, 36_008));
    }
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, given("code_verifier").as_bytes()));
    if dialog.challenge.as_ref().is_some_and(|asked| *asked != challenge) {
        return Err(error("Invalid code_verifier parameter.", "OAuthException", 100));
    }
    let token = facebook.issue(&facebook.app_id, dialog.clone());
    let mut body = json!({ "access_token": token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME });
    if dialog.scopes.iter().any(|scope| scope == "openid") {
        body["id_token"] = json!(id_token(facebook, &dialog));
    }
    let edit = facebook.lock().tamper.token.clone();
    if let Some(edit) = edit {
        edit(&mut body);
    }
    Ok(body)
}

fn id_token(facebook: &Service, dialog: &Dialog) -> String {
    let mut inner = facebook.lock();
    let tamper = inner.tamper.clone();
    let now = facebook.desk.now();
    let (issuer, ring) = match tamper.issuer {
        Issuer::Www => ("https://www.facebook.com", &mut inner.www),
        Issuer::Limited => ("https://limited.facebook.com", &mut inner.limited),
    };
    let mut claims = json!({
        "iss": issuer, "aud": facebook.app_id, "sub": dialog.person, "iat": now, "exp": now + 3600, "jti": random_word(),
    });
    if let Some(nonce) = &dialog.nonce {
        claims["nonce"] = json!(nonce);
    }
    if let Some(edit) = &tamper.id_token {
        edit(&mut claims);
    }
    let header = json!({ "alg": tamper.signing.alg(), "typ": "JWT", "kid": ring.signing().kid });
    ring.sign(&header, &claims.to_string(), &tamper.signing)
}

/// The token of a call, from the header or the query, if its proof is right.
fn proven(facebook: &Service, params: &Params, request: &HttpRequest) -> Result<String, GraphError> {
    let bearer = header_text(request, "authorization");
    let bearer = bearer.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    let token = bearer.or_else(|| first(params, "access_token"));
    let token = token.ok_or_else(|| {
        error("An active access token must be used to query information about the current user.", "OAuthException", 2500)
    })?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, facebook.app_secret.as_bytes());
    let right: String = hmac::sign(&key, token.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    match first(params, "appsecret_proof") {
        None => Err(error("API calls from the server require an appsecret_proof argument", "GraphMethodException", 100)),
        Some(given) if given != right => {
            Err(error("Invalid appsecret_proof provided in the API argument", "GraphMethodException", 100))
        }
        Some(_) => Ok(token.to_owned()),
    }
}

fn access(facebook: &Service, token: &str) -> Option<Access> {
    facebook.lock().tokens.peek(token, facebook.desk.now()).cloned()
}

/// Whose token it is.
pub(super) async fn debug_token(facebook: web::Data<Service>, path: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let params = match enter(&facebook, Endpoint::Inspect, &path, &request).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop =
        Hop::new(Party::Gateway, Party::Facebook, "GET /debug_token", "fedgate asks whether the token belongs to its own app.");
    facebook.desk.journal.write(hop);
    answer(inspect(&facebook, &params, &request))
}

fn inspect(facebook: &Service, params: &Params, request: &HttpRequest) -> Result<Value, GraphError> {
    let token = proven(facebook, params, request)?;
    if token != format!("{}|{}", facebook.app_id, facebook.app_secret) {
        return Err(error(
            "(#100) You must provide an app access token, or a user access token of a developer",
            "OAuthException",
            100,
        ));
    }
    let Some(found) = access(facebook, first(params, "input_token").unwrap_or_default()) else {
        return Ok(
            json!({ "data": { "error": { "code": 190, "message": "Invalid OAuth access token." }, "is_valid": false, "scopes": [] } }),
        );
    };
    if found.app_id != facebook.app_id {
        return Err(error("(#100) The App_id in the input_token did not match the Viewing App", "OAuthException", 100));
    }
    let mut data = json!({
        "app_id": found.app_id, "type": "USER", "application": "fedgate", "expires_at": found.expires_at,
        "data_access_expires_at": found.expires_at, "is_valid": found.expires_at > facebook.desk.now(), "issued_at": found.issued_at,
        "scopes": found.dialog.scopes, "user_id": found.dialog.person,
    });
    if let Some(nonce) = &found.dialog.auth_nonce {
        data["metadata"] = json!({ "auth_type": "reauthenticate", "auth_nonce": nonce });
    }
    let edit = facebook.lock().tamper.debug.clone();
    if let Some(edit) = edit {
        edit(&mut data);
    }
    Ok(json!({ "data": data }))
}

/// The profile.
pub(super) async fn me(facebook: web::Data<Service>, path: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let params = match enter(&facebook, Endpoint::Profile, &path, &request).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let hop = Hop::new(Party::Gateway, Party::Facebook, "GET /me", "fedgate reads the fields that its attribute mapping names.");
    facebook.desk.journal.write(hop.with(first(&params, "fields").map(|fields| ("fields", fields))));
    answer(profile(&facebook, &params, &request))
}

fn profile(facebook: &Service, params: &Params, request: &HttpRequest) -> Result<Value, GraphError> {
    let token = proven(facebook, params, request)?;
    let invalid = || error("Invalid OAuth access token - Cannot parse access token", "OAuthException", 190);
    let found = access(facebook, &token).ok_or_else(invalid)?;
    let person = facebook.lock().people.iter().find(|person| person.id == found.dialog.person).cloned().ok_or_else(invalid)?;
    let fields: Vec<&str> = first(params, "fields").unwrap_or("id,name").split(',').collect();
    let mut shown = Map::new();
    for field in fields.iter().copied().chain(["id"]) {
        match value(&person, field, &found.dialog) {
            Some(Value::Null) => {}
            Some(value) => {
                shown.insert(field.to_owned(), value);
            }
            None => {
                let text = format!("(#100) Tried accessing nonexisting field ({field}) on node type (User)");
                return Err(error(&text, "OAuthException", 100));
            }
        }
    }
    let mut shown = Value::Object(shown);
    let edit = facebook.lock().tamper.profile.clone();
    if let Some(edit) = edit {
        edit(&mut shown);
    }
    Ok(shown)
}

/// A field; null is left out, `None` does not exist.
fn value(person: &Person, field: &str, dialog: &Dialog) -> Option<Value> {
    Some(match field {
        "id" => json!(person.id),
        "name" => json!(person.name),
        "first_name" => json!(person.given_name),
        "last_name" => json!(person.family_name),
        "email" if dialog.scopes.iter().any(|scope| scope == "email") => json!(person.email),
        "email" => Value::Null,
        "picture" => {
            let url = person.picture.clone().unwrap_or_else(|| "https://platform-lookaside.example/picture".to_owned());
            json!({ "data": { "height": 50, "is_silhouette": person.picture.is_none(), "url": url, "width": 50 } })
        }
        other => person.extra.get(other)?.clone(),
    })
}
