//! The one audit line of a request (L-01): who did what, from where, with which outcome and reason.
//!
//! A face attaches an [`AuditEvent`] to its response; the middleware writes exactly one line (`target: "audit"`) for it, or a generic
//! `request.refused` line for a 4xx or 5xx without one. Fields never hold secrets, tokens or document text (L-02).

use actix_web::HttpResponse;

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

    /// Attaches the event to the response that it explains.
    pub fn attach(self, response: &mut HttpResponse) {
        response.extensions_mut().insert(self);
    }
}
