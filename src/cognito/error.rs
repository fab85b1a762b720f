//! The face's one error translation: every failure as Cognito's exception, with status, body and headers.
//!
//! Owns names and statuses on the wire (cognito-surface sections 1.1 and 9). Failures are matched without a wildcard, so that a new one
//! cannot be missed. Our own faults say nothing but their request id.

use crate::cognito::sigv4::SignatureFault;
use crate::model::failure::Failure;

/// An error as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `__type`.
    pub kind: &'static str,
    /// HTTP status.
    pub status: u16,
    /// For the caller.
    pub message: String,
    /// For the audit log.
    pub reason: &'static str,
}

impl Exception {
    fn client(kind: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind, status: 400, message: message.into(), reason }
    }

    /// No operation of that name.
    pub fn unknown_operation() -> Self {
        Self::client(
            "UnknownOperationException",
            "unknown_operation",
            "The operation is not known; X-Amz-Target names none or more than one.",
        )
    }

    /// The body is not the JSON that the operation takes.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::client("SerializationException", "serialization", message)
    }

    /// The caller is proven and may not do this.
    pub fn access_denied(operation: &str) -> Self {
        Self::client("AccessDeniedException", "access_denied", format!("This access key is not authorized to perform {operation}."))
    }

    /// Known by name, not built or switched off.
    pub fn not_enabled(operation: &str) -> Self {
        Failure::OperationNotEnabled(format!("{operation} is not available in this version.")).into()
    }
}

impl From<SignatureFault> for Exception {
    fn from(fault: SignatureFault) -> Self {
        let (kind, reason) = match &fault {
            SignatureFault::Missing => ("MissingAuthenticationTokenException", "signature_missing"),
            SignatureFault::Incomplete(_) => ("IncompleteSignatureException", "signature_incomplete"),
            SignatureFault::UnknownKey => ("UnrecognizedClientException", "access_key_unknown"),
            SignatureFault::Invalid(_) => ("InvalidSignatureException", "signature_invalid"),
        };
        Self::client(kind, reason, fault.to_string())
    }
}

impl From<Failure> for Exception {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason();
        let kind = match &failure {
            // The last four: settings of an identity provider that do not lead to one.
            Failure::InvalidParameter(_)
            | Failure::InvalidUserAttributes(_)
            | Failure::MappingFailed(_)
            | Failure::FederationRefused { .. }
            | Failure::ProviderDenied { .. }
            | Failure::ProviderUnavailable { .. } => "InvalidParameterException",
            Failure::ResourceNotFound(_) => "ResourceNotFoundException",
            Failure::UserNotFound(_) => "UserNotFoundException",
            Failure::NotAuthorized(_) => "NotAuthorizedException",
            Failure::DuplicateProvider(_) => "DuplicateProviderException",
            Failure::AliasExists(_) => "AliasExistsException",
            Failure::UnsupportedIdentityProvider(_) => "UnsupportedIdentityProviderException",
            Failure::LimitExceeded(_) => "LimitExceededException",
            Failure::InvalidOAuthFlow(_) => "InvalidOAuthFlowException",
            Failure::ScopeDoesNotExist(_) => "ScopeDoesNotExistException",
            Failure::ConcurrentModification(_) => "ConcurrentModificationException",
            Failure::TooManyRequests => "TooManyRequestsException",
            Failure::OperationNotEnabled(_) => "OperationNotEnabledException",
            Failure::Unavailable(_) => {
                let message = "The service is temporarily unavailable; try again shortly.".to_owned();
                return Self { kind: "ServiceUnavailableException", status: 503, message, reason };
            }
            Failure::Internal(_) => {
                let message = "An internal error occurred; the log has the details under the request id.".to_owned();
                return Self { kind: "InternalErrorException", status: 500, message, reason };
            }
        };
        Self::client(kind, reason, failure.to_string())
    }
}
