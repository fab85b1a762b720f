//! What providers of plain OAuth 2.0 have in common: their settings, the way out with PKCE, and small JSON answers.
//!
//! Owns the words for what can go wrong on the way to an endpoint, so that two providers do not name one outage differently. Does not know
//! any provider: what an answer must say is checked by the file of its kind in `providers`. OpenID Connect has its own room,
//! `providers::oidc`.

use serde_json::{Map, Value};
use url::Url;

use crate::base::digest::sha256_b64;
use crate::base::secret::Secret;
use crate::context::Context;
use crate::federation::fixed_endpoints::FixedEndpoints;
use crate::federation::provider;
use crate::federation::providers::oidc::settings::{CLIENT_SECRET, client_id, invalid};
use crate::federation::providers::oidc::strict_json;
use crate::model::authorization::Authorization;
use crate::model::failure::Failure;
use crate::model::identity_provider::IdentityProvider;
use crate::outbound::{Call, Outbound, OutboundError};

/// The largest answer, bytes.
const LIMIT: usize = 64 * 1024;

/// The words of the audit log for an endpoint that does not answer as it should.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// The outbound guard did not let us call it.
    pub address: &'static str,
    /// No answer.
    pub unreachable: &'static str,
    /// More than [`LIMIT`].
    pub too_large: &'static str,
    /// Not a JSON object with each member once.
    pub malformed: &'static str,
    /// A status that says nothing to us.
    pub status: &'static str,
}

/// The token endpoint.
pub const TOKEN: Faults = Faults {
    address: "token_endpoint_address_refused",
    unreachable: "token_endpoint_unreachable",
    too_large: "token_answer_too_large",
    malformed: "token_answer_malformed",
    status: "token_endpoint_status",
};

/// The endpoint that says whose an access token is.
pub const TOKEN_CHECK: Faults = Faults {
    address: "token_check_address_refused",
    unreachable: "token_check_unreachable",
    too_large: "token_check_too_large",
    malformed: "token_check_malformed",
    status: "token_check_status",
};

/// The endpoint of the user's profile.
pub const PROFILE: Faults = Faults {
    address: "profile_address_refused",
    unreachable: "profile_unreachable",
    too_large: "profile_too_large",
    malformed: "profile_malformed",
    status: "profile_status",
};

/// An answer: its status, and its body where that is a JSON object.
#[derive(Debug)]
pub struct Told {
    /// HTTP status.
    pub status: u16,
    body: Option<Map<String, Value>>,
    faults: Faults,
}

impl Told {
    /// The object of an answer with 200.
    pub fn object(self) -> Result<Map<String, Value>, Failure> {
        if self.status != 200 {
            return Err(unavailable(self.faults.status));
        }
        self.body.ok_or(unavailable(self.faults.malformed))
    }

    /// A member of the answer, whatever its status: for errors.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.body.as_ref()?.get(name)
    }
}

/// These providers say no level of authentication, so an app that asks for one gets no sign-in through them (O-30).
pub fn refuse_levels(asked: &Authorization) -> Result<(), Failure> {
    if asked.acr_values.is_some() { Err(refused("level_not_provable")) } else { Ok(()) }
}

/// The endpoints of a login that begins: still where the operator admits them.
pub async fn admit(context: &Context, endpoints: &FixedEndpoints) -> Result<(), Failure> {
    endpoints.admit(context).await.map_err(|_| unavailable("endpoint_not_allowed"))
}

/// Asks `url` by GET; `bearer` goes into the header, so that it is in no log of a URL.
pub async fn ask(outbound: &Outbound, url: String, bearer: Option<&Secret>, faults: Faults) -> Result<Told, Failure> {
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    headers.extend(bearer.map(|token| ("authorization".to_owned(), format!("Bearer {}", token.reveal()))));
    let call = Call { method: "GET", url, headers, body: Vec::new(), limit: LIMIT };
    let answer = outbound.send(call).await.map_err(|error| {
        unavailable(match error {
            OutboundError::Refused(_) => faults.address,
            OutboundError::Unreachable(_) => faults.unreachable,
            OutboundError::TooLarge => faults.too_large,
        })
    })?;
    // Facebook's older servers call their JSON a script.
    let json = |kind: &str| kind.starts_with("application/json") || kind.starts_with("text/javascript");
    let body = if answer.content_type.as_deref().is_some_and(json) { strict_json::object(&answer.body) } else { None };
    Ok(Told { status: answer.status, body, faults })
}

/// `url` with these parameters added to its query.
pub fn with_query(url: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
    Url::parse_with_params(url, parameters).map(String::from).map_err(Failure::internal)
}

/// The parameters that every authorization request has (RFC 6749 section 4.1.1, RFC 7636 section 4.3), PKCE with S256 (O-03).
pub fn code_request<'a>(client_id: &'a str, redirect_uri: &'a str, state: &'a str, challenge: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("state", state),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    sha256_b64(verifier.as_bytes())
}

/// Settings of a kind whose keys are `known`: no others, `client_id` well formed, the secret there.
pub fn check_keys(provider: &IdentityProvider, known: &[&str]) -> Result<(), Failure> {
    let kind = provider.kind.as_str();
    if let Some(key) = provider.details.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(invalid(key, &format!("is not a key of {kind} providers")));
    }
    if let Some(other) = provider.sealed_details.keys().find(|key| *key != CLIENT_SECRET) {
        return Err(invalid(other, &format!("is not a secret of {kind} providers")));
    }
    if !provider.sealed_details.contains_key(CLIENT_SECRET) {
        return Err(invalid(CLIENT_SECRET, "is missing"));
    }
    client_id(&provider.details).map(|_| ())
}

/// The scopes of a list between commas or spaces (RFC 6749 section 3.3 for their characters).
pub fn scopes(list: &str) -> Result<Vec<&str>, Failure> {
    let scopes: Vec<&str> = list.split([',', ' ']).filter(|scope| !scope.is_empty()).collect();
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if scopes.is_empty() || !scopes.iter().all(|scope| scope.bytes().all(fits)) {
        return Err(invalid("authorize_scopes", "must be a list of scopes"));
    }
    Ok(scopes)
}

/// Our secret at the provider.
pub fn client_secret(context: &Context, provider: &IdentityProvider) -> Result<Secret, Failure> {
    provider::secret(context, provider, CLIENT_SECRET)?.ok_or(unavailable("client_secret_missing"))
}

/// Only this provider is affected (O-11).
pub fn unavailable(reason: &'static str) -> Failure {
    Failure::ProviderUnavailable { reason }
}

/// A check failed.
pub fn refused(reason: &'static str) -> Failure {
    Failure::FederationRefused { reason }
}
