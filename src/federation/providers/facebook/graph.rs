//! The calls of the Graph API: code for token, whose token it is, and the profile.
//!
//! Every call with a token carries its `appsecret_proof`, so that a stolen token is worth nothing without our secret, and tokens travel in a
//! header. Owns Facebook's form of errors and what `debug_token` must say (O-24). The order of the calls is `facebook`'s.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use crate::base::digest::same;
use crate::base::secret::Secret;
use crate::federation::oauth2::{Faults, PROFILE, TOKEN, TOKEN_CHECK, Told, ask, refused, unavailable, with_query};
use crate::federation::providers::facebook::{text, vouches_for};
use crate::model::failure::Failure;
use crate::outbound::Outbound;

/// What makes the dialog ask the user anew, and what `debug_token` then says.
pub const REAUTHENTICATE: &str = "reauthenticate";

/// The error of a request that is not right; the subcode says more.
const BAD_REQUEST: i64 = 100;
/// The token of a call, or the one that it asks about, is not good.
const TOKEN_REFUSED: i64 = 190;
/// The code has expired, belongs to another redirect URI, was used before.
const CODE_REFUSED: [i64; 3] = [36_007, 36_008, 36_009];
/// The app is unknown, or its secret is wrong.
const APP_REFUSED: [i64; 2] = [1, 101];

/// The Graph API, for one login.
pub struct Graph<'a> {
    /// The way out.
    pub outbound: &'a Outbound,
    /// Origin and version.
    pub root: &'a str,
    /// Our app's id.
    pub client_id: &'a str,
    /// Our app's secret.
    pub secret: Secret,
}

/// What the code was worth.
#[derive(Debug)]
pub struct Tokens {
    /// For the Graph API.
    pub access_token: Secret,
    /// Not verified yet.
    pub id_token: Option<Secret>,
}

/// What a token must prove besides its owner.
#[derive(Debug)]
pub struct Fresh<'a> {
    /// The current time, seconds.
    pub now_s: i64,
    /// The nonce of a sign-in that had to be anew.
    pub auth_nonce: Option<&'a str>,
}

impl Graph<'_> {
    /// Redeems the code. Facebook takes this by GET, our secret in the query (Cognito: `token_request_method`).
    pub async fn redeem(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Tokens, Failure> {
        let parameters = [
            ("client_id", self.client_id),
            ("client_secret", self.secret.reveal()),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        let url = with_query(&format!("{}/oauth/access_token", self.root), &parameters)?;
        let told = ask(self.outbound, url, None, TOKEN).await?;
        if let Some((code, subcode)) = error(&told) {
            return Err(match code {
                BAD_REQUEST if CODE_REFUSED.contains(&subcode) => refused("code_refused"),
                code if APP_REFUSED.contains(&code) => unavailable("client_refused"),
                _ if told.status == 400 => refused("token_request_refused"),
                _ => unavailable(TOKEN.status),
            });
        }
        let answer = told.object()?;
        let token = |name: &str| text(&answer, name).filter(|token| !token.is_empty()).map(Secret::new);
        let bearer = text(&answer, "token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        match token("access_token").filter(|token| bearer && fits_header(token)) {
            Some(access_token) => Ok(Tokens { access_token, id_token: token("id_token") }),
            None => Err(unavailable(TOKEN.malformed)),
        }
    }

    /// The user whose token it is, if it is of our app, valid and not expired (O-24).
    pub async fn owner(&self, token: &Secret, fresh: &Fresh<'_>) -> Result<String, Failure> {
        // The app's own token; there is no call for it.
        let app = Secret::new(format!("{}|{}", self.client_id, self.secret.reveal()));
        let told = self.get("debug_token", &[("input_token", token.reveal())], &app, TOKEN_CHECK).await?;
        match error(&told) {
            // A token that is of another app, or none at all, is no fault of the service.
            Some((BAD_REQUEST | TOKEN_REFUSED, _)) => return Err(refused("token_not_valid")),
            Some(_) => return Err(unavailable(TOKEN_CHECK.status)),
            None => {}
        }
        let answer = told.object()?;
        let data = answer.get("data").and_then(Value::as_object).ok_or(unavailable(TOKEN_CHECK.malformed))?;
        judge(data, self.client_id, fresh).map_err(refused)
    }

    /// The profile of `subject`, with the fields that the mapping names.
    pub async fn profile(
        &self,
        token: &Secret,
        mapping: &BTreeMap<String, String>,
        subject: &str,
    ) -> Result<BTreeMap<String, Value>, Failure> {
        let told = self.get("me", &[("fields", &fields(mapping))], token, PROFILE).await?;
        if let Some((BAD_REQUEST, _)) = error(&told) {
            return Err(unavailable("profile_fields_refused"));
        }
        let profile = told.object()?;
        if text(&profile, "id") != Some(subject) {
            return Err(refused("profile_of_another_user"));
        }
        Ok(profile.into_iter().filter(|(name, _)| vouches_for(name)).collect())
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)], token: &Secret, faults: Faults) -> Result<Told, Failure> {
        let proof = proof(&self.secret, token);
        let mut all = parameters.to_vec();
        all.push(("appsecret_proof", &proof));
        ask(self.outbound, with_query(&format!("{}/{path}", self.root), &all)?, Some(token), faults).await
    }
}

/// The HMAC-SHA256 of the token under our secret, in hex.
fn proof(secret: &Secret, token: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    hmac::sign(&key, token.reveal().as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What may not stand in a header cannot be a token.
fn fits_header(token: &Secret) -> bool {
    token.reveal().bytes().all(|byte| byte.is_ascii_graphic())
}

/// Code and subcode of Facebook's `{"error":{…}}`; its texts are not read (O-28).
fn error(told: &Told) -> Option<(i64, i64)> {
    let error = told.member("error")?;
    let number = |name: &str| error.get(name).and_then(Value::as_i64).unwrap_or_default();
    Some((number("code"), number("error_subcode")))
}

/// `debug_token`'s word: the owner, or why the token is not for us.
fn judge(data: &Map<String, Value>, client_id: &str, fresh: &Fresh<'_>) -> Result<String, &'static str> {
    if text(data, "app_id") != Some(client_id) {
        return Err("token_of_another_app");
    }
    if data.get("is_valid") != Some(&Value::Bool(true)) {
        return Err("token_not_valid");
    }
    if text(data, "type").is_some_and(|kind| kind != "USER") {
        return Err("token_of_no_user");
    }
    // Zero means that it never expires.
    match data.get("expires_at").and_then(Value::as_i64) {
        Some(0) => {}
        Some(at_s) if at_s > fresh.now_s => {}
        Some(_) => return Err("token_expired"),
        None => return Err("token_expiry_missing"),
    }
    if let Some(nonce) = fresh.auth_nonce {
        let said = |name: &str| data.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Value::as_str);
        let same_nonce = said("auth_nonce").is_some_and(|said| same(said.as_bytes(), nonce.as_bytes()));
        if said("auth_type") != Some(REAUTHENTICATE) || !same_nonce {
            return Err("sign_in_not_fresh");
        }
    }
    text(data, "user_id").filter(|user| !user.is_empty()).map(str::to_owned).ok_or("token_of_no_user")
}

/// `id` and the claims of the mapping that can be fields; tokens and what Facebook may not vouch for are none.
fn fields(mapping: &BTreeMap<String, String>) -> String {
    let mut names = BTreeSet::from(["id"]);
    let is_field = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !matches!(name, "access_token" | "id_token")
            && vouches_for(name)
    };
    names.extend(mapping.values().map(String::as_str).filter(|name| is_field(name)));
    names.into_iter().collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values were computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn a_proof_is_the_hmac_of_the_token() {
        let proof = proof(&Secret::new("app-secret"), &Secret::new("EAAtoken"));
        assert_eq!(proof, "9f9f0867bc3df2d00cecd6aa6fb78e65b64c050401bd6ec5b84d98503d443d34");
    }

    #[test]
    fn fields_follow_the_mapping() {
        let mapping = [("username", "id"), ("email", "email"), ("email_verified", "email_verified"), ("custom:t", "access_token")];
        let mapping = mapping.map(|(attribute, claim)| (attribute.to_owned(), claim.to_owned()));
        assert_eq!(fields(&mapping.into()), "email,id");
        assert_eq!(fields(&BTreeMap::from([("name".to_owned(), "name,feed{message}".to_owned())])), "id");
    }
}
