//! Who calls: the access keys that administrators hold, and what each may do.
//!
//! Owns the mapping from a proven key to a [`Caller`] and the caller's reach (all pools or some, read or full). The proof itself is `sigv4`.

use actix_web::HttpRequest;

use crate::base::secret::Secret;
use crate::cognito::sigv4::{self, Scope, SignatureFault, SignedRequest};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Operations that change nothing. Answers to it hold no secrets (P-17): with an app client's secret one could act as the app.
    Read,
}

/// An access key of an administrator or a program.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// Its public id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// What it may do.
    pub access: Access,
    /// The ids of the only pools that it reaches; all pools when absent.
    pub user_pools: Option<Vec<String>>,
}

/// Who called an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody unproven, of a public operation.
    Anyone,
    /// The holder of an access key.
    Key {
        /// The key's id.
        id: String,
        /// What it may do.
        access: Access,
        /// The only pools that it reaches.
        user_pools: Option<Vec<String>>,
    },
}

impl Caller {
    /// Whether the caller may act on that pool. A pool out of reach reads as one that does not exist (P-09).
    pub fn reaches(&self, pool_id: &str) -> bool {
        match self {
            Self::Anyone | Self::Key { user_pools: None, .. } => true,
            Self::Key { user_pools: Some(pools), .. } => pools.iter().any(|pool| pool == pool_id),
        }
    }

    /// Whether the caller acts on the whole installation, such as creating pools.
    pub fn reaches_everything(&self) -> bool {
        matches!(self, Self::Key { user_pools: None, .. })
    }

    /// Whether the caller may change things and see secrets.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Key { access: Access::Full, .. })
    }

    /// The caller's name, to which page tokens are bound.
    pub fn name(&self) -> &str {
        match self {
            Self::Anyone => "",
            Self::Key { id, .. } => id,
        }
    }
}

/// Proves the caller of a signed operation.
pub fn prove(
    request: &HttpRequest,
    host: &str,
    body: &[u8],
    keys: &[AccessKey],
    scope: Scope<'_>,
) -> Result<Caller, SignatureFault> {
    let mut headers: Vec<(String, Vec<u8>)> =
        request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    // What the client signed is the host that it asked for; behind a trusted proxy that is not the Host of this hop.
    for (name, value) in &mut headers {
        if name == "host" && !value.eq_ignore_ascii_case(host.as_bytes()) {
            host.as_bytes().clone_into(value);
        }
    }
    let signed = SignedRequest {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        headers,
        body,
    };
    let id = sigv4::verify(&signed, scope, |id| keys.iter().find(|key| key.id == id).map(|key| &key.secret))?;
    let key = keys.iter().find(|key| key.id == id).ok_or(SignatureFault::UnknownKey)?;
    Ok(Caller::Key { id, access: key.access, user_pools: key.user_pools.clone() })
}
