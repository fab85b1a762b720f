//! The code flow that every kind built on OpenID Connect shares: PKCE, nonce, one code, one verified ID token.
//!
//! Owns the authorization request, what a login remembers, and the order in which an answer is checked. A kind says who the provider is
//! ([`Party`]) and what its claims mean; state and single use are the broker's. Each check is a file beside this one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::base::digest::sha256_b64;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::federation::documents::{Documents, Key, Rules};
use crate::federation::provider::{Answer, Begun, Start};
use crate::federation::providers::oidc::answer;
use crate::federation::providers::oidc::endpoints::Endpoints;
use crate::federation::providers::oidc::id_token::{self, Expected, Unverified};
use crate::federation::providers::oidc::issuer::Issuer;
use crate::federation::providers::oidc::key_set::{self, KeySet};
use crate::federation::providers::oidc::token_request::{self, Redemption};
use crate::model::departure::Departure;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;

const HOUR_MS: i64 = 3_600_000;

/// How discovery and keys are kept.
pub const RULES: Rules =
    Rules { accept: "application/json", limit: key_set::LIMIT, ttl_ms: HOUR_MS, stale_ms: 24 * HOUR_MS, entries: 4096 };

/// A provider as one login meets it.
#[derive(Debug)]
pub struct Party<'a> {
    /// Whose answers count.
    pub issuer: Issuer<'a>,
    /// Our client id there.
    pub client_id: &'a str,
    /// What is asked for.
    pub scopes: Vec<&'a str>,
    /// Audiences that may stand in a token beside ours (O-12).
    pub trusted_audiences: Vec<&'a str>,
    /// Where it is.
    pub endpoints: Endpoints,
    /// Whether it takes PKCE. Only a provider that is known not to goes without (O-03).
    pub pkce: bool,
    /// More parameters of the authorization request.
    pub extra: Vec<(&'static str, String)>,
}

/// What an answer proved.
#[derive(Debug)]
pub struct Proven {
    /// The ID token's claims, every one of them checked.
    pub claims: Map<String, Value>,
    /// `sub`.
    pub subject: String,
    /// The identity key (O-16).
    pub subject_key: String,
    /// When the provider says that the user signed in, ms.
    pub auth_time_ms: Option<i64>,
    /// The provider's access token.
    pub access_token: Secret,
    /// The ID token itself.
    pub id_token: Secret,
}

/// What a login must see again at its end; kept in the cache by the broker.
#[derive(Serialize, Deserialize)]
struct Memory {
    nonce: String,
    verifier: String,
    /// The settings that the login began with: an answer must not meet others.
    issuer: String,
    client_id: String,
    iss_required: bool,
    begun_s: i64,
    max_age_s: Option<i64>,
    /// Whether a fresh sign-in was asked for (`prompt=login`).
    sign_in_anew: bool,
    /// The levels of which one was asked for (`acr_values`).
    #[serde(default)]
    acr_values: Vec<String>,
}

/// The published keys of the providers, and what is done with them.
#[derive(Debug)]
pub struct Engine {
    key_sets: Documents<KeySet>,
}

impl Default for Engine {
    fn default() -> Self {
        Self { key_sets: Documents::new(Rules { accept: "application/jwk-set+json, application/json", ..RULES }) }
    }
}

impl Engine {
    /// Where the browser goes, and what to remember.
    pub fn begin(&self, context: &Context, party: &Party<'_>, start: &Start<'_>) -> Result<Begun, Failure> {
        let asked = start.authorization;
        let memory = Memory {
            nonce: context.ports.random.token(),
            verifier: context.ports.random.token(),
            issuer: party.issuer.configured().to_owned(),
            client_id: party.client_id.to_owned(),
            iss_required: party.endpoints.iss_required,
            begun_s: context.now_ms().div_euclid(1000),
            max_age_s: asked.max_age_s,
            sign_in_anew: asked.prompt.as_deref().is_some_and(|prompt| prompt.split(' ').any(|value| value == "login")),
            acr_values: asked.acr_values.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        };
        let url = authorize_url(party, &memory, start).map_err(Failure::internal)?;
        let memory = serde_json::to_value(memory).map_err(Failure::internal)?;
        Ok(Begun { departure: Departure::Redirect(url), memory })
    }

    /// Refuses an answer to a login that began with other settings: to be asked before anything of the settings of now is used.
    pub fn check_unchanged(answer: &Answer<'_>, issuer: &Issuer<'_>, client_id: &str) -> Result<(), Failure> {
        remembered(answer, issuer, client_id).map(|_| ())
    }

    /// Redeems the answer's code and checks the ID token that it gives.
    pub async fn prove(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        party: &Party<'_>,
        secret: Option<&Secret>,
        answer: &Answer<'_>,
    ) -> Result<Proven, Failure> {
        let memory = remembered(answer, &party.issuer, party.client_id)?;
        let endpoints = &party.endpoints;
        let iss_required = memory.iss_required || endpoints.iss_required;
        let code = answer::code(answer.parameters, &party.issuer, iss_required)?;
        let redemption = Redemption {
            url: &endpoints.token_url,
            client_id: party.client_id,
            client_secret: secret,
            secret_in_form: endpoints.secret_in_form,
            code,
            redirect_uri: &answer.callback_url,
            verifier: party.pkce.then_some(memory.verifier.as_str()),
        };
        let tokens = token_request::redeem(&context.ports.outbound, &redemption).await?;
        let id_token = tokens.id_token.ok_or(refused("id_token_missing"))?;
        let Signed { claims, algorithm } = self.signed(context, provider, party, id_token.reveal()).await?;
        let expected = Expected {
            issuer: &party.issuer,
            answered_by: answer.parameters.get("iss").map(String::as_str),
            client_id: party.client_id,
            trusted_audiences: &party.trusted_audiences,
            nonce: &memory.nonce,
            access_token: tokens.access_token.reveal(),
            code,
            now_s: context.now_ms().div_euclid(1000),
            max_age_s: memory.max_age_s,
            signed_in_after_s: memory.sign_in_anew.then_some(memory.begun_s),
            acr_values: &memory.acr_values,
        };
        let subject = id_token::check(&claims, algorithm, &expected).map_err(refused)?;
        Ok(Proven {
            subject_key: party.issuer.subject_key(&claims, &subject),
            auth_time_ms: claims.get("auth_time").and_then(Value::as_i64).map(|seconds| seconds.saturating_mul(1000)),
            claims,
            subject,
            access_token: tokens.access_token,
            id_token,
        })
    }

    /// The claims of a compact JWS that one of the provider's keys signed; an unknown key asks for a newer set, once (O-08, O-10).
    pub async fn signed(
        &self,
        context: &Context,
        provider: &IdentityProvider,
        party: &Party<'_>,
        token: &str,
    ) -> Result<Signed, Failure> {
        let token = Unverified::read(token, &party.endpoints.algorithms).map_err(refused)?;
        let key = place(provider, party.endpoints.jwks_uri.clone());
        let signed = |claims| Signed { claims, algorithm: token.algorithm };
        let attempt = |set: &Arc<KeySet>| {
            let key = set.find(token.kid.as_deref(), token.algorithm)?;
            let claims = token.verify(key)?;
            // One set for many tenants may hold keys that are for some of them only.
            let shared = matches!(party.issuer, Issuer::Tenants { .. });
            let iss = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
            if shared && !key.signs_for(iss) { Err("key_of_another_issuer") } else { Ok(claims) }
        };
        let held = self.key_sets.get(context, &key, KeySet::parse).await?;
        let reason = match attempt(&held.document) {
            Ok(claims) => return Ok(signed(claims)),
            Err(reason) => reason,
        };
        // Without a `kid`, a rotated key shows only as a signature that does not fit.
        let may_be_rotated = reason == "key_unknown" || token.kid.is_none();
        if held.just_fetched || !may_be_rotated {
            return Err(refused(reason));
        }
        let newer = self.key_sets.newer(context, &key, &held.document, KeySet::parse).await?;
        attempt(&newer.document).map(signed).map_err(refused)
    }
}

/// Claims whose signature holds; nothing else about them has been checked.
#[derive(Debug)]
pub struct Signed {
    /// The claims.
    pub claims: Map<String, Value>,
    /// What they were signed with.
    pub algorithm: jsonwebtoken::Algorithm,
}

fn remembered(answer: &Answer<'_>, issuer: &Issuer<'_>, client_id: &str) -> Result<Memory, Failure> {
    let memory = Memory::deserialize(answer.memory).map_err(Failure::internal)?;
    if memory.issuer == issuer.configured() && memory.client_id == client_id {
        Ok(memory)
    } else {
        Err(refused("provider_changed"))
    }
}

/// Where a document of a provider is kept.
pub fn place(provider: &IdentityProvider, url: String) -> Key {
    Key { pool_id: provider.pool_id.clone(), provider: provider.name.clone(), url }
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}

/// OpenID Connect Core section 3.1.2.1 with PKCE (RFC 7636 section 4.3). The endpoint's own query stays.
fn authorize_url(party: &Party<'_>, memory: &Memory, start: &Start<'_>) -> Result<String, url::ParseError> {
    let mut url = Url::parse(&party.endpoints.authorize_url)?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code").append_pair("client_id", party.client_id);
        query.append_pair("state", start.handle);
        if party.pkce {
            query.append_pair("code_challenge", &sha256_b64(memory.verifier.as_bytes()));
            query.append_pair("code_challenge_method", "S256");
        }
        query.append_pair("redirect_uri", &start.callback_url).append_pair("scope", &party.scopes.join(" "));
        query.append_pair("nonce", &memory.nonce);
        query.extend_pairs(party.extra.iter().map(|(name, value)| (*name, value.as_str())));
    }
    Ok(url.into())
}
