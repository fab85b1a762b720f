//! Facebook's ID token, where its answer has one: of the dialog, or of limited login.
//!
//! Two issuers, each with keys of its own: a token is believed only as the issuer whose published key signed it. The checks of the claims
//! are OpenID Connect's (`providers::oidc`), RS256 only. Which user must be named is `facebook`'s.

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::context::Context;
use crate::federation::documents::{Documents, Key, Rules};
use crate::federation::oauth2::refused;
use crate::federation::providers::facebook::settings::Settings;
use crate::federation::providers::oidc::id_token::{self, Expected, RS256_ONLY, Unverified};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::key_set::{self, KeySet};
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

const HOUR_MS: i64 = 3_600_000;

/// The verifier with Facebook's kept keys.
#[derive(Debug)]
pub struct IdTokens {
    key_sets: Documents<KeySet>,
}

/// A token and what it came with.
#[derive(Debug)]
pub struct Received<'a> {
    /// Not verified yet.
    pub token: &'a Secret,
    /// The nonce of this login.
    pub nonce: &'a str,
    /// The access token beside it.
    pub access_token: &'a Secret,
    /// The code that was redeemed.
    pub code: &'a str,
}

impl Default for IdTokens {
    fn default() -> Self {
        Self {
            key_sets: Documents::new(Rules {
                accept: "application/jwk-set+json, application/json",
                limit: key_set::LIMIT,
                ttl_ms: HOUR_MS,
                stale_ms: 24 * HOUR_MS,
                entries: 1024,
            }),
        }
    }
}

impl IdTokens {
    /// The subject of a token that is in order.
    pub async fn subject(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
        received: &Received<'_>,
    ) -> Result<String, Failure> {
        let unverified = Unverified::read(received.token.reveal(), &RS256_ONLY).map_err(refused)?;
        let (issuer, claims) = self.verified(context, provider, settings, &unverified).await?;
        let expected = Expected {
            issuer: &Issuer::Exact(issuer),
            answered_by: None,
            client_id: settings.client_id,
            trusted_audiences: &[],
            nonce: received.nonce,
            access_token: received.access_token.reveal(),
            code: received.code,
            now_s: context.now_ms().div_euclid(1000),
            max_age_s: None,
            signed_in_after_s: None,
            acr_values: &[],
        };
        id_token::check(&claims, unverified.algorithm, &expected).map_err(refused)
    }

    /// The claims, and the issuer whose key signed them. Without a `kid` nothing says whose key to try.
    async fn verified(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        settings: &Settings<'_>,
        token: &Unverified<'_>,
    ) -> Result<(&'static str, Map<String, Value>), Failure> {
        if token.kid.is_none() {
            return Err(refused("key_unknown"));
        }
        let attempt = |set: &KeySet| set.find(token.kid.as_deref(), token.algorithm).and_then(|key| token.verify(key));
        let mut newest = Vec::new();
        for (issuer, url) in &settings.issuers {
            let key = Key { pool_id: provider.pool_id.clone(), provider: provider.name.clone(), url: url.clone() };
            let held = match self.key_sets.get(context, &key, KeySet::parse).await {
                Ok(held) => held,
                // The other issuer's keys may be there.
                Err(failure) => {
                    newest.push(Err(failure));
                    continue;
                }
            };
            match attempt(&held.document) {
                Ok(claims) => return Ok((*issuer, claims)),
                Err("key_unknown") => newest.push(Ok((*issuer, key, held))),
                Err(reason) => return Err(refused(reason)),
            }
        }
        // An unknown key asks for newer sets, once (O-08, O-10).
        let mut failure = refused("key_unknown");
        for candidate in newest {
            match candidate {
                Ok((_, _, held)) if held.just_fetched => {}
                Ok((issuer, key, held)) => {
                    let newer = self.key_sets.newer(context, &key, &held.document, KeySet::parse).await?;
                    match attempt(&newer.document) {
                        Ok(claims) => return Ok((issuer, claims)),
                        Err("key_unknown") => {}
                        Err(reason) => return Err(refused(reason)),
                    }
                }
                Err(unavailable) => failure = unavailable,
            }
        }
        Err(failure)
    }
}
