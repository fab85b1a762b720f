//! The pages' translation of failures: a status and the fixed page (U-18).
//!
//! Matched without a wildcard, so that a new failure cannot be missed. Nothing of the failure reaches the page; the log has it under the
//! reference that the page shows.

use std::error::Error as _;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;

use crate::context::Context;
use crate::http::audit::AuditEvent;
use crate::http::page;
use crate::model::failure::Failure;

/// The page of a refused request.
pub fn refused(context: &Context, event: AuditEvent) -> HttpResponse {
    let mut response = page::error(StatusCode::BAD_REQUEST, &context.request_id);
    event.attach(&mut response);
    response
}

/// No pool is served here.
pub fn not_found(context: &Context, event: &'static str) -> HttpResponse {
    let mut response = page::error(StatusCode::NOT_FOUND, &context.request_id);
    AuditEvent::refused(event, "pool_unknown").attach(&mut response);
    response
}

/// The page of a failure.
pub fn failed(context: &Context, event: &'static str, failure: &Failure) -> HttpResponse {
    let status = status(failure);
    let mut response = page::error(status, &context.request_id);
    if status == StatusCode::SERVICE_UNAVAILABLE
        && let Ok(seconds) = "5".parse()
    {
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    let event = if status.is_server_error() {
        tracing::error!(request.id = %context.request_id, error = %failure, source = ?failure.source(), "a page could not be served");
        AuditEvent::error(event, failure.reason())
    } else {
        AuditEvent::refused(event, failure.reason())
    };
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
        | Failure::InvalidUserAttributes(_)
        | Failure::MappingFailed(_) => StatusCode::BAD_REQUEST,
        Failure::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Failure::ProviderUnavailable { .. } | Failure::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
