//! IdP-initiated sign-in: an answer that no login of ours began (SAML Profiles section 4.1.5; Cognito: `IDPInit`; S-11).
//!
//! Owns what RelayState may say then, Cognito's parameters in the long form
//! (`identity_provider=…&client_id=…&redirect_uri=…&response_type=code&scope=…`) or the short one (`redirect_uri=…&state=…`), and who may
//! be served. The parameters pass the same table of checks as `/oauth2/authorize`; the answer is the provider's to check; the user,
//! session and code are the broker's.
//!
//! What cannot be had: PKCE (RelayState is a fixed setting at the provider, so a challenge in it would be no secret), so that
//! clients which must send a challenge, the public ones, are refused; and the proof that this browser asked. Whoever has an
//! account at the provider can therefore sign another browser in as himself (login CSRF). As with Cognito this is confined to providers that
//! allow it and to clients which offer nothing but such providers, and a sign-in replaces the browser's session: the cookie
//! of the session before does not come along with a cross-site POST, so nobody here could ask it.

use std::collections::BTreeMap;

use crate::auth_flows::authorize::{self, Named, Refusal, Validated};
use crate::base::digest::sha256_b64;
use crate::context::Context;
use crate::federation::broker::{Broker, Facts, Landing, acs_url, admitted_provider, callback_url, landed_failure, sp_entity_id};
use crate::federation::provider::{Answer, unsolicited};
use crate::model::app_client::AppClient;
use crate::model::external_identity::OneTimeId;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, Protocol};
use crate::user_pools::address::ServedPool;

/// What RelayState may say. Anything else would be decided once and for all at the provider, PKCE and nonce above all.
const ALLOWED: [&str; 6] = ["identity_provider", "client_id", "redirect_uri", "response_type", "scope", "state"];

/// Rows that are read at a time.
const PAGE: u32 = 60;

/// How long the digest of an answer is kept beyond its own one-time id, ms.
const ANSWER_LIFE_MS: i64 = 600_000;

impl Broker {
    /// Takes an answer that nobody asked for. `asked` are the parameters in RelayState, `parameters` those of the answer. Refusals are
    /// told as `/oauth2/authorize` and a login that we began tell them.
    pub async fn unsolicited(
        &self,
        context: &Context,
        served: &ServedPool,
        asked: &BTreeMap<String, String>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Landing, Failure> {
        if asked.keys().any(|name| !ALLOWED.contains(&name.as_str())) {
            return Err(refused("relay_state_parameter"));
        }
        let asked = self.completed(context, &served.pool.id, asked).await?;
        let provider_name = asked.get("identity_provider").cloned().unwrap_or_default();
        if !self.is_open(context, &served.pool.id, &provider_name).await? {
            return Err(refused("unsolicited_not_enabled"));
        }
        let validated = match authorize::validate(context, served, &asked).await? {
            Ok(validated) => validated,
            Err(Refusal::Page { reason }) => return Err(refused(reason)),
            Err(Refusal::Redirect { url, reason }) => {
                let facts = Facts {
                    pool_id: served.pool.id.clone(),
                    client_id: asked.get("client_id").cloned().unwrap_or_default(),
                    provider: provider_name,
                    sub: None,
                    refused: Some(reason),
                    more: Vec::new(),
                };
                return Ok(Landing { redirect_to: url, session: None, facts });
            }
        };
        match self.let_in(context, &validated, parameters).await {
            Ok(landing) => Ok(landing),
            Err(failure) => landed_failure(context, &validated.authorization, &provider_name, failure),
        }
    }

    async fn let_in(
        &self,
        context: &Context,
        validated: &Validated,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Landing, Failure> {
        let authorization = &validated.authorization;
        let Named::External(name) = &validated.named else { return Err(refused("provider_unavailable_to_client")) };
        let provider = admitted_provider(context, authorization, name).await?;
        for offered in &validated.client.providers {
            if !self.is_open(context, &authorization.pool_id, offered).await? {
                return Err(refused("client_offers_other_providers"));
            }
        }
        let nothing = unsolicited();
        let answer = Answer {
            parameters,
            memory: &nothing,
            callback_url: callback_url(authorization),
            acs_url: acs_url(authorization),
            sp_entity_id: sp_entity_id(&authorization.pool_id),
        };
        let identity = self.spoken(provider.kind)?.complete(context, &provider, answer).await?;
        // The provider's own id decides; the whole message stands where the handle of a login would.
        let message = parameters.get("SAMLResponse").map_or("", String::as_str);
        let handle = OneTimeId {
            kind: "unsolicited".to_owned(),
            digest: sha256_b64(message.as_bytes()),
            expires_ms: context.now_ms() + ANSWER_LIFE_MS,
        };
        if identity.one_time.is_none() {
            return Err(refused("answer_without_id"));
        }
        self.welcome(context, authorization, &provider, identity, handle).await
    }

    /// Whether that provider exists, is enabled and may send what nobody asked for.
    async fn is_open(&self, context: &Context, pool_id: &str, name: &str) -> Result<bool, Failure> {
        let provider = context.ports.held.provider(pool_id, name).await?;
        Ok(provider.is_some_and(|provider| provider.enabled && self.opens(&provider)))
    }

    fn opens(&self, provider: &IdentityProvider) -> bool {
        provider.kind.protocol() == Protocol::Saml
            && self.provider(provider.kind).is_some_and(|spoken| spoken.takes_unsolicited(provider))
    }

    /// The short form names only the redirect URI: it stands for the one client that has it and the one provider that this client
    /// offers. Where that is not one, nothing is guessed.
    async fn completed(
        &self,
        context: &Context,
        pool_id: &str,
        asked: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mut asked = asked.clone();
        asked.retain(|_, value| !value.is_empty());
        if asked.contains_key("client_id") {
            return Ok(asked);
        }
        let redirect_uri = asked.get("redirect_uri").ok_or(refused("redirect_uri_missing"))?;
        let client = only_client(context, pool_id, redirect_uri).await?.ok_or(refused("client_ambiguous"))?;
        if !asked.contains_key("identity_provider") {
            let [only] = client.providers.as_slice() else { return Err(refused("provider_ambiguous")) };
            asked.insert("identity_provider".to_owned(), only.clone());
        }
        asked.insert("client_id".to_owned(), client.id);
        asked.entry("response_type".to_owned()).or_insert_with(|| "code".to_owned());
        Ok(asked)
    }
}

/// The pool's only client with that callback URL.
async fn only_client(context: &Context, pool_id: &str, redirect_uri: &str) -> Result<Option<AppClient>, Failure> {
    let mut work = context.ports.store.read().await?;
    let (mut found, mut after): (Option<AppClient>, Option<String>) = (None, None);
    loop {
        let page = work.app_clients().list(pool_id, after.as_deref(), PAGE).await?;
        after = page.last().map(|client| client.id.clone());
        let last = page.len() < PAGE as usize;
        for client in page.into_iter().filter(|client| client.enabled && client.callback_urls.iter().any(|uri| uri == redirect_uri))
        {
            if found.replace(client).is_some() {
                return Ok(None);
            }
        }
        if last {
            return Ok(found);
        }
    }
}

fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
