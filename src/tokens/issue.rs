//! Issues the tokens of a grant, and the opaque refresh token.
//!
//! Owns ids and order: the ID token carries the hash of the access token (`at_hash`), so the access token is signed first. The caller
//! stores the grant; nothing here writes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::ids;
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::keys::TokenUse;
use crate::model::app_client::AppClient;
use crate::model::failure::Failure;
use crate::model::grant::Grant;
use crate::model::user::User;
use crate::tokens::claims::{self, Subject};

/// `{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`: the head of Cognito's refresh tokens, which some clients look at.
pub const REFRESH_HEAD: &str = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ";

/// Freshly signed tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret,
    /// The ID token, when the scope `openid` was granted.
    pub id_token: Option<Secret>,
    /// Life of the access token, seconds.
    pub expires_in_s: i64,
}

/// Signs the tokens of a grant for `scopes` (the grant's, or fewer).
pub async fn issue(
    context: &Context,
    client: &AppClient,
    user: &User,
    grant: &Grant,
    scopes: &[String],
) -> Result<Tokens, Failure> {
    let ports = &context.ports;
    let issuer = ports.issuer(&grant.pool_id);
    let subject = Subject { issuer: &issuer, client, user, grant, scopes, now_s: ports.clock.now_s() };
    let claims = claims::access(&subject, &ids::uuid(&ports.random));
    let access_token = ports.keys.sign(&grant.pool_id, TokenUse::Access, &claims).await?;
    let id_token = if scopes.iter().any(|scope| scope == "openid") {
        let claims = claims::id(&subject, &access_token, &ids::uuid(&ports.random));
        Some(Secret::new(ports.keys.sign(&grant.pool_id, TokenUse::Id, &claims).await?))
    } else {
        None
    };
    Ok(Tokens { access_token: Secret::new(access_token), id_token, expires_in_s: client.access_token_s })
}

/// A new refresh token: five parts like Cognito's, with far more than 256 random bits; it means nothing but its row.
pub fn refresh_token(random: &Random) -> Secret {
    Secret::new(format!(
        "{REFRESH_HEAD}.{}.{}.{}.{}",
        URL_SAFE_NO_PAD.encode(random.bytes::<256>()),
        URL_SAFE_NO_PAD.encode(random.bytes::<12>()),
        URL_SAFE_NO_PAD.encode(random.bytes::<96>()),
        URL_SAFE_NO_PAD.encode(random.bytes::<16>()),
    ))
}

/// Whether a text has the shape of a refresh token.
pub fn looks_like_refresh_token(text: &str) -> bool {
    text.starts_with(REFRESH_HEAD) && text.split('.').count() == 5
}
