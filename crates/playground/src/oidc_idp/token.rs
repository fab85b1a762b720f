//! The private side of the OIDC stand-in: the token endpoint and userinfo.
//!
//! Redeems a code once, for the client, redirect URI and verifier that it was made for (RFC 6749 section 4.1.3, RFC 7636
//! section 4.6); a second use also ends the access token of the first. Signs the ID token as `tamper` asks.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::authorize::known_client;
use super::state::{Access, Idp, Request, header_text, json_answer, oauth_error, single};
use super::tamper::Endpoint;
use super::{Client, Person};
use crate::clock::random_word;
use crate::journal::{Hop, Party};

/// How long ID and access tokens live, in seconds.
const TOKEN_LIFETIME: i64 = 3600;

/// RFC 6749 section 3.2.
pub(super) async fn token(idp: web::Data<Idp>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let params = match idp.enter(Endpoint::Token, &request, &body).await {
        Ok(params) => params,
        Err(fault) => return *fault,
    };
    let authorization = header_text(&request, header::AUTHORIZATION.as_str());
    match redeem(&idp, &params, authorization.as_deref()) {
        Ok(document) => json_answer(StatusCode::OK, &document),
        Err(("invalid_client", description)) => {
            let mut answer = oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", description);
            let challenge = header::HeaderValue::from_static("Basic realm=\"Example OIDC\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            answer
        }
        Err((error, description)) => oauth_error(StatusCode::BAD_REQUEST, error, description),
    }
}

type Refusal = (&'static str, &'static str);

fn redeem(idp: &Idp, params: &[(String, String)], authorization: Option<&str>) -> Result<Value, Refusal> {
    let one = |name: &str| single(params, name).map_err(|()| ("invalid_request", "a parameter is there twice"));
    let client = authenticate(idp, one("client_id")?, one("client_secret")?, authorization)?;
    match one("grant_type")? {
        Some("authorization_code") => {}
        Some(_) => {
            return Err(("unsupported_grant_type", "only authorization_code is supported"));
        }
        None => return Err(("invalid_request", "grant_type is missing")),
    }
    let code = one("code")?.ok_or(("invalid_request", "code is missing"))?;
    let redirect_uri = one("redirect_uri")?.ok_or(("invalid_request", "redirect_uri is missing"))?;
    let verifier = one("code_verifier")?.ok_or(("invalid_request", "code_verifier is missing"))?;

    let mut inner = idp.lock();
    let found = inner.codes.get_mut(code).ok_or(("invalid_grant", "the code is unknown"))?;
    if found.spent {
        inner.tokens.retain(|_, token| token.code != code);
        return Err(("invalid_grant", "the code was used before"));
    }
    if found.client_id != client.client_id || found.redirect_uri != redirect_uri {
        return Err(("invalid_grant", "the code was made for another client or redirect URI"));
    }
    if found.expires_at <= idp.now() {
        return Err(("invalid_grant", "the code has expired"));
    }
    if half_hash(verifier.as_bytes(), 32) != found.code_challenge {
        return Err(("invalid_grant", "the code verifier does not fit"));
    }
    found.spent = true;
    let grant = found.clone();
    let person = inner.people.iter().find(|known| known.sub == grant.sub).cloned();
    let person = person.ok_or(("invalid_grant", "the person is gone"))?;
    let access_token = random_word();
    inner.tokens.insert(
        access_token.clone(),
        Access {
            sub: grant.sub.clone(),
            client_id: grant.client_id.clone(),
            scope: grant.scope.clone(),
            code: code.to_owned(),
            expires_at: idp.now() + TOKEN_LIFETIME,
        },
    );
    drop(inner);

    let (id_token, shown) = id_token(idp, &grant, &person, &access_token);
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME,
        "scope": grant.scope,
        "id_token": id_token,
    });
    let edit = idp.lock().tamper.token_response.clone();
    if let Some(edit) = edit {
        edit(&mut answer);
    }
    idp.journal.write(
        Hop::new(
            Party::Gateway,
            Party::OidcIdp,
            "POST /token",
            "Server to server: fedgate proves who it is and that it began this sign-in, and gets an ID token.",
        )
        .with_pairs(params)
        .with(authorization.map(|value| ("Authorization", value)))
        .document(shown),
    );
    Ok(answer)
}

/// RFC 6749 section 2.3.1: Basic or form, never both; a public client sends its id only.
fn authenticate<'a>(
    idp: &'a Idp,
    id: Option<&str>,
    secret: Option<&str>,
    authorization: Option<&str>,
) -> Result<&'a Client, Refusal> {
    const REFUSED: Refusal = ("invalid_client", "unknown client or wrong secret");
    let (id, secret) = match authorization {
        None => (id.map(str::to_owned), secret.map(str::to_owned)),
        Some(_) if secret.is_some() => {
            return Err(("invalid_request", "two ways of client authentication"));
        }
        Some(value) => {
            let (basic_id, basic_secret) = basic(value).ok_or(REFUSED)?;
            if id.is_some_and(|id| id != basic_id) {
                return Err(("invalid_request", "two client ids"));
            }
            (Some(basic_id), Some(basic_secret))
        }
    };
    let client = known_client(idp, &id.ok_or(REFUSED)?).ok_or(REFUSED)?;
    if client.client_secret == secret { Ok(client) } else { Err(REFUSED) }
}

fn basic(value: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    let pair = format!("v={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

/// The first `keep` bytes of the SHA-256, base64url.
fn half_hash(text: &[u8], keep: usize) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, text).as_ref()[..keep])
}

/// The signed token, and its decoded form for the journal.
fn id_token(idp: &Idp, grant: &Request, person: &Person, access_token: &str) -> (String, String) {
    let now = idp.now();
    let mut claims = json!({
        "iss": idp.issuer,
        "sub": person.sub,
        "aud": grant.client_id,
        "exp": now + TOKEN_LIFETIME,
        "iat": now,
        "auth_time": grant.auth_time,
        // OpenID Connect Core section 3.1.3.6: the left half of the hash.
        "at_hash": half_hash(access_token.as_bytes(), 16),
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
    }
    if idp.claims_in_id_token {
        add_profile(&mut claims, person, &grant.scope);
    }
    let mut inner = idp.lock();
    let tamper = inner.tamper.clone();
    let mut header = json!({ "kid": inner.ring.signing().kid, "typ": "JWT", "alg": tamper.signing.alg() });
    if let Some(edit) = &tamper.id_token_header {
        edit(&mut header);
    }
    if let Some(edit) = &tamper.id_token_claims {
        edit(&mut claims);
    }
    let shown = format!("{header:#}\n{claims:#}");
    let mut payload = claims.to_string();
    if let Some(edit) = &tamper.id_token_payload {
        payload = edit(payload);
    }
    let mut token = inner.ring.sign(&header, &payload, &tamper.signing);
    if let Some(edit) = &tamper.id_token {
        token = edit(token);
    }
    (token, shown)
}

fn add_profile(document: &mut Value, person: &Person, scope: &str) {
    let asked = |wanted: &str| scope.split(' ').any(|scope| scope == wanted);
    if asked("profile") {
        document["name"] = json!(person.name);
        document["given_name"] = json!(person.given_name);
        document["family_name"] = json!(person.family_name);
        if let Some(picture) = &person.picture {
            document["picture"] = json!(picture);
        }
    }
    if asked("email") {
        document["email"] = json!(person.email);
        document["email_verified"] = json!(person.email_verified);
    }
    if asked("groups") {
        document["groups"] = json!(person.groups);
    }
}

/// OpenID Connect Core section 5.3.
pub(super) async fn userinfo(idp: web::Data<Idp>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if let Err(fault) = idp.enter(Endpoint::Userinfo, &request, &body).await {
        return *fault;
    }
    let bearer = header_text(&request, header::AUTHORIZATION.as_str());
    let bearer = bearer.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    let mut inner = idp.lock();
    let access = bearer.and_then(|token| inner.tokens.get(token)).filter(|access| access.expires_at > idp.now()).cloned();
    let person = access.as_ref().and_then(|access| inner.people.iter().find(|known| known.sub == access.sub)).cloned();
    let (Some(access), Some(person)) = (access, person) else {
        return HttpResponse::Unauthorized().insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")).finish();
    };
    let mut document = json!({ "sub": person.sub });
    add_profile(&mut document, &person, &access.scope);
    let tamper = inner.tamper.clone();
    if let Some(edit) = &tamper.userinfo {
        edit(&mut document);
    }
    idp.journal.write(
        Hop::new(
            Party::Gateway,
            Party::OidcIdp,
            "GET /userinfo",
            "fedgate asks for the person's profile with the provider's access token.",
        )
        .document(format!("{document:#}")),
    );
    if !tamper.userinfo_as_jwt {
        return json_answer(StatusCode::OK, &document);
    }
    let mut signed = json!({ "iss": idp.issuer, "aud": access.client_id });
    if let (Some(signed), Some(claims)) = (signed.as_object_mut(), document.as_object()) {
        signed.extend(claims.clone());
    }
    let signing = tamper.userinfo_signing.as_ref().unwrap_or(&tamper.signing);
    let header = json!({ "kid": inner.ring.signing().kid, "alg": signing.alg() });
    let token = inner.ring.sign(&header, &signed.to_string(), signing);
    HttpResponse::Ok().content_type("application/jwt").body(token)
}
