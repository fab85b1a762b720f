//! What the OIDC stand-in's endpoints share: people, pending sign-ins, codes, tokens, keys, lies and counters.
//!
//! Owns the one lock and the door that every endpoint passes first (counting, faults). Knows no page and no protocol rule
//! beyond expiry; those are in `authorize` and `token`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::keys::Ring;
use super::tamper::{Endpoint, FaultAnswer, Tamper};
use super::{Client, Config, Person, Seen};
use crate::clock::Clock;
use crate::journal::Journal;

/// An authorization request that waits for a person, or a code that waits for its client.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: String,
    pub(super) sub: String,
    pub(super) auth_time: i64,
    pub(super) expires_at: i64,
    pub(super) spent: bool,
}

/// An access token.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) sub: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) code: String,
    pub(super) expires_at: i64,
}

/// Everything that changes.
pub(super) struct Inner {
    pub(super) people: Vec<Person>,
    pub(super) pending: BTreeMap<String, Request>,
    pub(super) codes: BTreeMap<String, Request>,
    pub(super) tokens: BTreeMap<String, Access>,
    pub(super) ring: Ring,
    pub(super) tamper: Tamper,
    pub(super) counts: BTreeMap<Endpoint, u64>,
    pub(super) seen: Vec<Seen>,
}

/// One provider.
pub(super) struct Idp {
    pub(super) issuer: String,
    pub(super) clients: Vec<Client>,
    pub(super) clock: Clock,
    pub(super) journal: Journal,
    pub(super) claims_in_id_token: bool,
    inner: Mutex<Inner>,
}

impl Idp {
    pub(super) fn new(issuer: String, config: Config) -> Self {
        Self {
            issuer,
            clients: config.clients,
            clock: config.clock,
            journal: config.journal,
            claims_in_id_token: config.claims_in_id_token,
            inner: Mutex::new(Inner {
                people: config.people,
                pending: BTreeMap::new(),
                codes: BTreeMap::new(),
                tokens: BTreeMap::new(),
                ring: Ring::new(),
                tamper: Tamper::default(),
                counts: BTreeMap::new(),
                seen: Vec::new(),
            }),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Counts and records a request, then answers `Err` with the fault that was asked for, if any.
    pub(super) async fn enter(
        &self,
        endpoint: Endpoint,
        request: &HttpRequest,
        form: &[u8],
    ) -> Result<Vec<(String, String)>, Box<HttpResponse>> {
        let mut params = pairs(request.query_string());
        if !form.is_empty() {
            params.extend(pairs(&String::from_utf8_lossy(form)));
        }
        let authorization = header_text(request, header::AUTHORIZATION.as_str());
        let (delay_ms, answer) = {
            let mut state = self.lock();
            *state.counts.entry(endpoint).or_default() += 1;
            state.seen.push(Seen { endpoint, params: params.clone(), authorization });
            match state.tamper.faults.get_mut(&endpoint) {
                None => (0, None),
                Some(fault) => {
                    let planned = (fault.delay_ms, fault.answer.clone());
                    if let Some(left) = &mut fault.times {
                        *left = left.saturating_sub(1);
                        if *left == 0 {
                            state.tamper.faults.remove(&endpoint);
                        }
                    }
                    planned
                }
            }
        };
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        answer.map_or(Ok(params), |answer| Err(Box::new(faulty(answer))))
    }
}

/// Splits a query or form; doubles are kept.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// A header's value, if it is text.
pub(crate) fn header_text(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The single value of a parameter; `Err` if it is there more than once (RFC 6749 section 3.1).
pub(crate) fn single<'a>(params: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = params.iter().filter(|(known, _)| known == name);
    let first = values.next();
    if values.next().is_some() { Err(()) } else { Ok(first.map(|(_, value)| value.as_str())) }
}

/// A JSON answer that nobody may keep.
pub(crate) fn json_answer(status: StatusCode, document: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(document.to_string())
}

/// An OAuth error as JSON.
pub(crate) fn oauth_error(status: StatusCode, error: &str, description: &str) -> HttpResponse {
    json_answer(status, &json!({ "error": error, "error_description": description }))
}

/// The answer that a fault asks for.
pub(crate) fn faulty(answer: FaultAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(answer.content_type);
    if let Some(location) = answer.location {
        response.insert_header((header::LOCATION, location));
    }
    if answer.repeat == 1 {
        return response.body(answer.body);
    }
    response.body(BoxBody::new(Repeated { chunk: web::Bytes::from(answer.body), left: answer.repeat }))
}

/// A body that sends the same chunk again and again, its length unannounced.
struct Repeated {
    chunk: web::Bytes,
    left: usize,
}

impl MessageBody for Repeated {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(self.chunk.clone())))
    }
}
