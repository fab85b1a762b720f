//! The one error enum of the inside, in the vocabulary of Cognito's exceptions plus what only browsers and providers see.
//!
//! Each face translates it exhaustively, without a wildcard, so that a new failure cannot be missed. `detail` texts are for
//! the caller where a face shows them, and never hold secrets or document text; `reason` is a machine-readable word for the
//! audit log.

use thiserror::Error;

use crate::model::unified_identity::MappingFault;

/// Why a request was refused or could not be served.
#[derive(Debug, Error)]
pub enum Failure {
    /// A member or parameter is malformed or contradicts another (Cognito: `InvalidParameterException`).
    #[error("{0}")]
    InvalidParameter(String),
    /// The named thing does not exist (Cognito: `ResourceNotFoundException`).
    #[error("{0}")]
    ResourceNotFound(String),
    /// The user does not exist (Cognito: `UserNotFoundException`).
    #[error("{0}")]
    UserNotFound(String),
    /// The caller, client or user is not entitled (Cognito: `NotAuthorizedException`).
    #[error("{0}")]
    NotAuthorized(String),
    /// A provider of that name exists already (Cognito: `DuplicateProviderException`).
    #[error("{0}")]
    DuplicateProvider(String),
    /// The identity or alias belongs to another user (Cognito: `AliasExistsException`).
    #[error("{0}")]
    AliasExists(String),
    /// The operation does not fit this type of provider (Cognito: `UnsupportedIdentityProviderException`).
    #[error("{0}")]
    UnsupportedIdentityProvider(String),
    /// A limit is reached (Cognito: `LimitExceededException`).
    #[error("{0}")]
    LimitExceeded(String),
    /// The client settings contradict OAuth's rules (Cognito: `InvalidOAuthFlowException`).
    #[error("{0}")]
    InvalidOAuthFlow(String),
    /// A scope is on no resource server (Cognito: `ScopeDoesNotExistException`).
    #[error("{0}")]
    ScopeDoesNotExist(String),
    /// Two changes met (Cognito: `ConcurrentModificationException`).
    #[error("{0}")]
    ConcurrentModification(String),
    /// Too many requests (Cognito: `TooManyRequestsException`).
    #[error("too many requests")]
    TooManyRequests,
    /// The operation is known but switched off or not built (`OperationNotEnabledException`).
    #[error("{0}")]
    OperationNotEnabled(String),
    /// A login came back wrong: state, signature, issuer, time … `reason` is for the audit log only; users see a fixed
    /// text and a reference id (O-28, S-32).
    #[error("the sign-in answer was refused: {reason}")]
    FederationRefused {
        /// Machine-readable, snake_case.
        reason: &'static str,
    },
    /// The identity provider answered with an error or the user cancelled there. `code` is one of a fixed list.
    #[error("the identity provider answered {code}")]
    ProviderDenied {
        /// An OAuth error code from a fixed list, or `access_denied`.
        code: &'static str,
    },
    /// The identity provider cannot be reached or does not speak its protocol; only this provider is affected (O-11).
    #[error("the identity provider is unavailable: {reason}")]
    ProviderUnavailable {
        /// Machine-readable, snake_case.
        reason: &'static str,
    },
    /// A mapped value is missing or cannot be stored; the text names the attribute, not the value.
    #[error("{0}")]
    InvalidUserAttributes(String),
    /// What a provider said does not fit the pool; the sign-in ends at the app with a reference, the log names attribute and claim.
    #[error("{0}")]
    MappingFailed(Box<MappingFault>),
    /// A port is down or slow: 503 with `Retry-After`.
    #[error("{0} is unavailable")]
    Unavailable(&'static str),
    /// Our fault. The source goes to the log, never to the caller.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// Wraps a fault of ours.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// A machine-readable word for the audit log.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::InvalidParameter(_) => "invalid_parameter",
            Self::ResourceNotFound(_) => "resource_not_found",
            Self::UserNotFound(_) => "user_not_found",
            Self::NotAuthorized(_) => "not_authorized",
            Self::DuplicateProvider(_) => "duplicate_provider",
            Self::AliasExists(_) => "alias_exists",
            Self::UnsupportedIdentityProvider(_) => "unsupported_identity_provider",
            Self::LimitExceeded(_) => "limit_exceeded",
            Self::InvalidOAuthFlow(_) => "invalid_oauth_flow",
            Self::ScopeDoesNotExist(_) => "scope_does_not_exist",
            Self::ConcurrentModification(_) => "concurrent_modification",
            Self::TooManyRequests => "too_many_requests",
            Self::OperationNotEnabled(_) => "operation_not_enabled",
            Self::FederationRefused { reason } | Self::ProviderUnavailable { reason } => reason,
            Self::ProviderDenied { code } => code,
            Self::InvalidUserAttributes(_) => "invalid_user_attributes",
            Self::MappingFailed(fault) => fault.reason.as_str(),
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}
