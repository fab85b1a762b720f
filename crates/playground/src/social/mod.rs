//! Stand-ins for the social providers, and what they have in common.
//!
//! Each file beneath speaks the true wire of one provider, its odd corners and error bodies included, and signs in whoever presses a
//! name. Here is the rest: people, the counter and recorder that every endpoint passes first, single-use codes with a life, and the
//! ways to go wrong that all share: an endpoint may answer an error status, HTML instead of JSON, or nothing at all; codes may be made to
//! expire; the sign-in page has a way to cancel. Faults are those of `oidc_idp::tamper`.

pub mod all;
pub mod amazon;
pub mod apple;
pub mod facebook;
pub mod google;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::clock::{Clock, random_word};
use crate::journal::Journal;
use crate::look::{self, Brand, escape};
use crate::oidc_idp::state::{faulty, header_text, pairs};
use crate::oidc_idp::tamper::{Edit, EditPairs, Fault, SignWith};

/// The endpoints that social providers have, for counters and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A discovery document.
    Discovery,
    /// The published keys.
    Keys,
    /// Where the browser arrives.
    Authorize,
    /// The sign-in page's form.
    Login,
    /// Where codes are redeemed.
    Token,
    /// Where a token is inspected (Facebook `debug_token`, Amazon `tokeninfo`).
    Inspect,
    /// Where the profile is (People API, Graph `me`, `/user/profile`).
    Profile,
    /// Anywhere else.
    Elsewhere,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The provider's id for them.
    pub id: String,
    /// Full name.
    pub name: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// E-mail address, if they have one.
    pub email: Option<String>,
    /// Whether the provider vouches for the address, where it says so at all.
    pub email_verified: bool,
    /// URL of a picture.
    pub picture: Option<String>,
    /// What only one provider knows: `hd`, `postal_code`, `is_private_email` …
    pub extra: Map<String, Value>,
}

impl Person {
    /// A person with a verified address; first and last name are the parts of `name` around its first space.
    pub fn new(id: &str, name: &str, email: &str) -> Self {
        let (given, family) = name.split_once(' ').unwrap_or((name, ""));
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            email: Some(email.to_owned()),
            email_verified: true,
            ..Self::default()
        }
    }

    /// The same person with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where.
    pub endpoint: Endpoint,
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Parameters of the query and the form, in order of arrival, doubles kept.
    pub params: Vec<(String, String)>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

impl Seen {
    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        first(&self.params, name)
    }
}

/// The first value of a parameter.
pub fn first<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What is altered besides the [`Fault`]s; the default alters nothing.
#[derive(Clone, Default)]
pub struct Lies {
    /// The claims of ID tokens before they are signed.
    pub claims: Option<Edit>,
    /// The parameters of the answer that the browser brings back.
    pub callback: Option<EditPairs>,
    /// The profile document.
    pub profile: Option<Edit>,
    /// How tokens are signed.
    pub signing: SignWith,
}

impl Lies {
    /// Alters ID tokens.
    pub fn claims(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.claims = Some(std::sync::Arc::new(edit));
    }

    /// Alters answers.
    pub fn callback(&mut self, edit: impl Fn(&mut Vec<(String, String)>) + Send + Sync + 'static) {
        self.callback = Some(std::sync::Arc::new(edit));
    }

    /// Alters profiles.
    pub fn profile(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.profile = Some(std::sync::Arc::new(edit));
    }
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFault {
    /// Nobody made it.
    Unknown,
    /// It was redeemed before.
    Used,
    /// It is too old.
    Expired,
}

struct Issued<T> {
    grant: T,
    expires_at: i64,
    used: bool,
}

/// Single-use things with a life: codes, access tokens, pages that wait for a person.
pub struct Codes<T>(BTreeMap<String, Issued<T>>);

impl<T: Clone> Codes<T> {
    /// A fresh word for `grant` that lives until `expires_at`, seconds.
    pub fn issue(&mut self, grant: T, expires_at: i64) -> String {
        let code = random_word();
        self.put(&code, grant, expires_at);
        code
    }

    /// A word of the caller's making.
    pub fn put(&mut self, code: &str, grant: T, expires_at: i64) {
        self.0.insert(code.to_owned(), Issued { grant, expires_at, used: false });
    }

    /// Takes a code: it works once.
    pub fn redeem(&mut self, code: &str, now: i64) -> Result<T, CodeFault> {
        let issued = self.0.get_mut(code).ok_or(CodeFault::Unknown)?;
        if issued.used {
            return Err(CodeFault::Used);
        }
        if issued.expires_at <= now {
            return Err(CodeFault::Expired);
        }
        issued.used = true;
        Ok(issued.grant.clone())
    }

    /// Looks without taking: for tokens.
    pub fn peek(&self, code: &str, now: i64) -> Option<&T> {
        self.0.get(code).filter(|issued| issued.expires_at > now && !issued.used).map(|issued| &issued.grant)
    }

    /// Ends the life of all of them.
    pub fn expire(&mut self) {
        self.0.values_mut().for_each(|issued| issued.expires_at = i64::MIN);
    }
}

impl<T> Default for Codes<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

#[derive(Default)]
struct Book {
    counts: BTreeMap<Endpoint, u64>,
    seen: Vec<Seen>,
    faults: BTreeMap<Endpoint, Fault>,
}

/// The door of a stand-in: counts, records, and fails as it was told to.
pub struct Desk {
    /// The time by which codes and tokens live.
    pub clock: Clock,
    /// Where the messages are written for the sample app.
    pub journal: Journal,
    book: Mutex<Book>,
}

impl Desk {
    /// A new one.
    pub fn new(clock: Clock, journal: Journal) -> Self {
        Self { clock, journal, book: Mutex::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since the epoch.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Counts and records a request and answers its parameters, or `Err` with the fault that was asked for.
    pub async fn enter(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        form: &[u8],
    ) -> Result<Vec<(String, String)>, Box<HttpResponse>> {
        let mut params = pairs(request.query_string());
        params.extend(pairs(&String::from_utf8_lossy(form)));
        let seen = Seen {
            endpoint,
            method: request.method().to_string(),
            target: request.uri().to_string(),
            params: params.clone(),
            authorization: header_text(request, header::AUTHORIZATION.as_str()),
        };
        let fault = {
            let mut book = self.book();
            *book.counts.entry(endpoint).or_default() += 1;
            book.seen.push(seen);
            let fault = book.faults.get(&endpoint).cloned();
            if let Some(left) = book.faults.get_mut(&endpoint).and_then(|fault| fault.times.as_mut()) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    book.faults.remove(&endpoint);
                }
            }
            fault.unwrap_or_default()
        };
        if fault.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        fault.answer.map_or(Ok(params), |answer| Err(Box::new(faulty(answer))))
    }

    /// Lets an endpoint fail: `Fault::status(500)`, `Fault::html()`, or [`slow`].
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.book().faults.insert(endpoint, fault);
    }

    /// Honest again.
    pub fn behave(&self) {
        self.book().faults.clear();
    }

    /// How many requests an endpoint has had.
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.book().counts.get(&endpoint).copied().unwrap_or(0)
    }

    /// The requests of an endpoint, oldest first.
    pub fn seen(&self, endpoint: Endpoint) -> Vec<Seen> {
        self.book().seen.iter().filter(|seen| seen.endpoint == endpoint).cloned().collect()
    }
}

/// An endpoint that is slower than any caller's patience: the caller's time-out ends the exchange, ten minutes before the answer.
pub fn slow() -> Fault {
    Fault::delay(600_000)
}

/// The sign-in page: a button for each person, and one to cancel. `fields` are hidden fields of the form, which posts to `action`.
pub fn sign_in_page(brand: Brand, action: &str, fields: &[(&str, &str)], people: &[Person]) -> HttpResponse {
    let hidden: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value)))
        .collect();
    let buttons: String = people
        .iter()
        .map(|person| look::person_button(&person.id, &person.name, person.email.as_deref().unwrap_or("no e-mail address"), false))
        .collect();
    let body = format!(
        r#"<h1>Who are you today?</h1>
<p class="lede">A stand-in for the real service. Press a name to sign in; no password is asked.</p>
<form method="post" action="{}" class="people">
{hidden}{buttons}<button class="quiet" name="cancel" value="1">Cancel and go back</button>
</form>"#,
        escape(action)
    );
    look::respond(StatusCode::OK, &look::page(brand, "Sign in", &body))
}

/// The page that posts an answer back by itself (OAuth 2.0 Form Post Response Mode), with a button for browsers without script.
pub fn post_back(brand: Brand, action: &str, fields: &[(String, String)]) -> HttpResponse {
    const SCRIPT: &str = "document.forms[0].submit()";
    let inputs: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value)))
        .collect();
    let body = format!(
        r#"<h1>Taking you back</h1>
<form method="post" action="{}">
{inputs}<button>Continue</button>
</form>
<script>{SCRIPT}</script>"#,
        escape(action)
    );
    let hash = STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    );
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .content_type("text/html; charset=utf-8")
        .body(look::page(brand, "Taking you back", &body))
}

/// The redirect that brings an answer back.
pub fn redirect_back(redirect_uri: &str, params: &[(String, String)]) -> HttpResponse {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    HttpResponse::Found()
        .insert_header((header::LOCATION, format!("{redirect_uri}{joint}{query}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The first `keep` bytes of the SHA-256, base64url: code challenges (32) and `at_hash` (16).
pub fn hash(text: &str, keep: usize) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..keep])
}

/// The page that the service shows when it cannot send the browser back.
pub fn refusal_page(brand: Brand, text: &str) -> HttpResponse {
    let body = format!("<h1>This request was refused</h1><p class=\"lede\">{}</p>", escape(text));
    look::respond(StatusCode::BAD_REQUEST, &look::page(brand, "Request refused", &body))
}

/// Whether a redirect URI may be used: one of those registered, or any on a loopback address when none are.
pub fn may_redirect(registered: Option<&[String]>, uri: &str) -> bool {
    match registered {
        Some(registered) => registered.iter().any(|known| known == uri),
        None => url::Url::parse(uri)
            .is_ok_and(|url| url.fragment().is_none() && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))),
    }
}
