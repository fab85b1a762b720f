//! OAuth errors: what the protocol defines, and the face's one translation of failures, matched without a wildcard.
//!
//! Owns codes, statuses and texts (RFC 6749 sections 4.1.2.1 and 5.2), their JSON and page forms, and that a fault of ours is logged once.
//! Texts are fixed: nothing of the request or of a provider's answer is echoed (O-28, U-18).

use std::error::Error as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::page;
use crate::model::failure::Failure;

/// The media type of token answers (Cognito's spelling).
pub const JSON: &str = "application/json;charset=UTF-8";

/// An error on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// HTTP status, where the error is not a redirect.
    pub status: StatusCode,
    /// `error`.
    pub code: &'static str,
    /// `error_description`; empty for none.
    pub description: String,
    /// For the audit log.
    pub reason: &'static str,
    /// More for the audit log, by dotted name: what is known of pool and client (L-01).
    pub facts: Vec<(&'static str, String)>,
}

impl OAuthError {
    /// A 400.
    pub fn bad_request(code: &'static str, description: &str, reason: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, description: description.to_owned(), reason, facts: Vec::new() }
    }

    /// Adds a fact for the audit log.
    #[must_use]
    pub fn about(mut self, name: &'static str, value: &str) -> Self {
        self.facts.push((name, value.to_owned()));
        self
    }

    /// `invalid_request`.
    pub fn invalid_request(description: &str, reason: &'static str) -> Self {
        Self::bad_request("invalid_request", description, reason)
    }

    /// `invalid_client`, never saying which part was wrong. Cognito: 400 at the token endpoint.
    pub fn invalid_client(reason: &'static str) -> Self {
        Self::bad_request("invalid_client", "", reason)
    }

    /// `invalid_grant`, never saying which part was wrong.
    pub fn invalid_grant(reason: &'static str) -> Self {
        Self::bad_request("invalid_grant", "", reason)
    }

    /// The JSON form, with an audit event attached.
    pub fn respond(&self, event: &'static str) -> HttpResponse {
        let mut body = Map::new();
        body.insert("error".into(), json!(self.code));
        if !self.description.is_empty() {
            body.insert("error_description".into(), json!(self.description));
        }
        let mut response = json_response(self.status, &Value::Object(body));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        self.event(event).attach(&mut response);
        response
    }

    /// The fixed page, with an audit event attached (A-02: no `Location`).
    pub fn page(&self, context: &Context, event: &'static str) -> HttpResponse {
        let mut response = page::error(self.status, &context.request_id);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        self.event(event).attach(&mut response);
        response
    }

    /// The audit event of this error.
    pub fn event(&self, name: &'static str) -> AuditEvent {
        let ours = self.status.is_server_error();
        let event = if ours { AuditEvent::error(name, self.reason) } else { AuditEvent::refused(name, self.reason) };
        event.with_all(self.facts.clone())
    }
}

/// Translates a failure, and logs it when it is ours.
pub fn translate(context: &Context, failure: &Failure) -> OAuthError {
    let (status, code, description) = words(failure);
    if status.is_server_error() {
        tracing::error!(request.id = %context.request_id, error = %failure, source = ?failure.source(), "an OAuth request failed");
    }
    OAuthError { status, code, description: description.to_owned(), reason: failure.reason(), facts: Vec::new() }
}

fn words(failure: &Failure) -> (StatusCode, &'static str, &str) {
    let bad = StatusCode::BAD_REQUEST;
    match failure {
        Failure::InvalidParameter(_) => (bad, "invalid_request", "a parameter is not valid"),
        Failure::ResourceNotFound(_) => (bad, "invalid_request", "the resource does not exist"),
        Failure::UserNotFound(_) | Failure::NotAuthorized(_) => (bad, "access_denied", "not authorized"),
        Failure::DuplicateProvider(_) | Failure::AliasExists(_) | Failure::ConcurrentModification(_) => {
            (bad, "invalid_request", "conflicting change")
        }
        Failure::UnsupportedIdentityProvider(_) => (bad, "invalid_request", "the identity provider cannot do this"),
        Failure::LimitExceeded(_) => (bad, "invalid_request", "a limit is reached"),
        Failure::InvalidOAuthFlow(_) => (bad, "unauthorized_client", "the client may not use this flow"),
        Failure::ScopeDoesNotExist(_) => (bad, "invalid_scope", "scope is not valid"),
        Failure::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", "too many requests"),
        Failure::OperationNotEnabled(_) => (bad, "invalid_request", "the operation is not enabled"),
        Failure::FederationRefused { .. } => (bad, "invalid_request", "the identity provider's answer was refused"),
        Failure::ProviderDenied { code } => (bad, code, "the identity provider did not sign the user in"),
        Failure::ProviderUnavailable { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the identity provider is unavailable")
        }
        // Our own text: it names the attribute, never the value.
        Failure::InvalidUserAttributes(text) => (bad, "invalid_request", text),
        Failure::MappingFailed(_) => (bad, "invalid_request", "Invalid user attributes"),
        Failure::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again shortly"),
        Failure::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal error"),
    }
}

/// A JSON answer that nobody may keep.
pub fn json_response(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .body(body.to_string())
}

/// The answer to a method that an endpoint does not have.
pub async fn method_not_allowed(_request: HttpRequest) -> HttpResponse {
    let error = OAuthError {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "invalid_request",
        description: "method not allowed".to_owned(),
        reason: "method_not_allowed",
        facts: Vec::new(),
    };
    error.respond("oauth.method")
}

/// No pool is served at this address.
pub fn no_pool() -> OAuthError {
    OAuthError {
        status: StatusCode::NOT_FOUND,
        code: "invalid_request",
        description: "no user pool is served here".to_owned(),
        reason: "pool_unknown",
        facts: Vec::new(),
    }
}
