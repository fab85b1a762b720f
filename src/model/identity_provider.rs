//! A configured identity provider of a pool.
//!
//! Owns the kinds and the stored settings. What the settings mean is each provider's own file in `federation/providers`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kinds of provider (Cognito: `IdentityProviderTypeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderKind {
    /// Any OpenID Connect provider.
    Oidc,
    /// Any SAML 2.0 identity provider.
    Saml,
    /// Google.
    Google,
    /// Facebook.
    Facebook,
    /// Sign in with Apple.
    SignInWithApple,
    /// Login with Amazon.
    LoginWithAmazon,
}

/// At which of our endpoints a kind's answers arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `{domain}/oauth2/idpresponse`.
    OAuth,
    /// `{domain}/saml2/idpresponse`.
    Saml,
}

impl ProviderKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Oidc, Self::Saml, Self::Google, Self::Facebook, Self::SignInWithApple, Self::LoginWithAmazon];

    /// Cognito's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "OIDC",
            Self::Saml => "SAML",
            Self::Google => "Google",
            Self::Facebook => "Facebook",
            Self::SignInWithApple => "SignInWithApple",
            Self::LoginWithAmazon => "LoginWithAmazon",
        }
    }

    /// The kind of that spelling.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a pool has at most one provider of this kind, named like the kind (Cognito: the social providers).
    pub fn is_social(self) -> bool {
        !matches!(self, Self::Oidc | Self::Saml)
    }

    /// Where its answers arrive.
    pub fn protocol(self) -> Protocol {
        if self == Self::Saml { Protocol::Saml } else { Protocol::OAuth }
    }
}

/// An identity provider of a pool. Its identity is (pool, name).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// The pool that owns it.
    pub pool_id: String,
    /// 3 to 32 characters, unique in the pool.
    pub name: String,
    /// What it speaks.
    pub kind: ProviderKind,
    /// Settings by Cognito's `ProviderDetails` keys, without secrets.
    pub details: BTreeMap<String, String>,
    /// Secret settings (`client_secret`) by the same keys, sealed by `keys::seal`.
    pub sealed_details: BTreeMap<String, String>,
    /// Pool attribute → provider claim; `username` names the claim of the subject.
    pub attribute_mapping: BTreeMap<String, String>,
    /// Other names by which an app may ask for it, unique in the pool.
    pub identifiers: Vec<String>,
    /// Whether sign-in through it is allowed (O-20).
    pub enabled: bool,
    /// Creation time, ms.
    pub created_ms: i64,
    /// Time of the last change, ms.
    pub modified_ms: i64,
    /// Whether the configuration file owns it.
    pub declared: bool,
    /// The settings as given, without secrets (a JSON object): for the exact echo, and to see whether a declaration changed.
    #[serde(default)]
    pub document: Value,
}
