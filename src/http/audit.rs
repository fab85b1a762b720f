//! The one audit line of a request (L-01): who did what, from where, with which outcome and reason.
//!
//! A face attaches an [`AuditEvent`] to its response; the middleware writes exactly one line (`target: "audit"`) for it, or a generic
//! `request.refused` line for a 4xx or 5xx without one. Fields never hold secrets, tokens or document text (L-02), the raw query is
//! never logged (L-03), and control characters are escaped (L-04).

use actix_web::HttpResponse;
use serde_json::{Map, Value as Json};

use crate::http::facts::RequestFacts;

/// What happened, for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Stable name such as `oauth.token` or `federation.complete`.
    pub name: &'static str,
    /// `success`, `refused` or `error`.
    pub outcome: &'static str,
    /// Machine-readable, snake_case; empty on success.
    pub reason: &'static str,
    /// More facts by dotted name: `user_pool.id`, `client.id`, `user.sub`, `provider`.
    pub fields: Vec<(&'static str, String)>,
}

impl AuditEvent {
    /// A success.
    pub fn success(name: &'static str) -> Self {
        Self { name, outcome: "success", reason: "", fields: Vec::new() }
    }

    /// A refusal for a reason.
    pub fn refused(name: &'static str, reason: &'static str) -> Self {
        Self { name, outcome: "refused", reason, fields: Vec::new() }
    }

    /// A success, or a refusal for a reason.
    pub fn decided(name: &'static str, refused: Option<&'static str>) -> Self {
        refused.map_or_else(|| Self::success(name), |reason| Self::refused(name, reason))
    }

    /// Our own fault.
    pub fn error(name: &'static str, reason: &'static str) -> Self {
        Self { name, outcome: "error", reason, fields: Vec::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn with_all(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Attaches the event to the response that it explains.
    pub fn attach(self, response: &mut HttpResponse) {
        response.extensions_mut().insert(self);
    }
}

/// What the seam knows about a request when its answer is ready.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Id and client address.
    pub facts: &'a RequestFacts,
    /// The request's method.
    pub method: &'a str,
    /// The pattern of the route, such as `/{pool_id}/oauth2/token`; never the path or query itself.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// Which process wrote the line.
    pub replica: &'a str,
}

/// Writes the line. Facts with a name of their own become fields, the others a JSON object in `details`.
pub fn write(line: Line<'_>, event: &AuditEvent) {
    let known = |name: &str| event.fields.iter().rev().find(|(field, _)| *field == name).map(|(_, value)| printable(value));
    let details: Map<String, Json> = event
        .fields
        .iter()
        .filter(|(field, _)| !["user_pool.id", "client.id", "user.sub", "provider"].contains(field))
        .map(|(field, value)| ((*field).to_owned(), Json::String(printable(value))))
        .collect();
    let address = line.facts.client_address.map(|address| address.to_string());
    let method = printable(line.method);
    tracing::info!(
        target: "audit",
        event = event.name,
        outcome = event.outcome,
        reason = event.reason,
        request.id = line.facts.request_id,
        client.address = address,
        http.method = method,
        http.route = line.route,
        http.status = line.status,
        user_pool.id = known("user_pool.id"),
        client.id = known("client.id"),
        user.sub = known("user.sub"),
        provider = known("provider"),
        details = (!details.is_empty()).then(|| Json::Object(details).to_string()),
        replica = line.replica,
    );
}

/// A text that stays on its line: control and line-breaking characters escaped, at most 256 characters.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(256));
    for char in text.chars().take(256) {
        if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(char.escape_unicode());
        } else {
            out.push(char);
        }
    }
    out
}
