//! The SAML face's one error translation: every refusal is the fixed page; the reason is in the audit log only (S-32).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};

use crate::http::audit::AuditEvent;
use crate::http::page;
use crate::model::failure::Failure;

/// The page for a failure, with its audit event attached.
pub fn page(event: &'static str, failure: &Failure, reference: &str) -> HttpResponse {
    let status = status(failure);
    let mut response = page::error(status, reference);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let event = if status.is_server_error() {
        AuditEvent::error(event, failure.reason())
    } else {
        AuditEvent::refused(event, failure.reason())
    };
    if let Failure::Internal(source) = failure {
        tracing::error!(request.id = reference, error = %source, "internal error");
    }
    event.attach(&mut response);
    response
}

fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::InvalidParameter(_)
        | Failure::ResourceNotFound(_)
        | Failure::UserNotFound(_)
        | Failure::NotAuthorized(_)
        | Failure::DuplicateProvider(_)
        | Failure::AliasExists(_)
        | Failure::UnsupportedIdentityProvider(_)
        | Failure::LimitExceeded(_)
        | Failure::InvalidOAuthFlow(_)
        | Failure::ScopeDoesNotExist(_)
        | Failure::ConcurrentModification(_)
        | Failure::OperationNotEnabled(_)
        | Failure::FederationRefused { .. }
        | Failure::ProviderDenied { .. }
        | Failure::ProviderUnavailable { .. }
        | Failure::InvalidUserAttributes(_)
        | Failure::MappingFailed(_) => StatusCode::BAD_REQUEST,
        Failure::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Failure::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
