//! Whose an Amazon token is, and that person's profile.
//!
//! Owns what `tokeninfo` must say (O-25) and that the profile is of the same person. The order is `login_with_amazon`'s: a token of another
//! client never reaches the profile endpoint.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::secret::Secret;
use crate::federation::oauth2::{PROFILE, TOKEN_CHECK, ask, refused, unavailable, with_query};
use crate::federation::providers::login_with_amazon::settings::{ISSUER, Settings};
use crate::model::failure::Failure;
use crate::outbound::Outbound;

/// The user whose token it is, if Amazon made it for our client and it lives.
pub async fn owner(outbound: &Outbound, settings: &Settings<'_>, token: &Secret) -> Result<String, Failure> {
    // `tokeninfo` takes the token in the query and nowhere else.
    let url = with_query(&settings.tokeninfo_url(), &[("access_token", token.reveal())])?;
    let told = ask(outbound, url, None, TOKEN_CHECK).await?;
    if told.status == 400 && told.member("error").and_then(Value::as_str) == Some("invalid_token") {
        return Err(refused("token_not_valid"));
    }
    judge(&told.object()?, settings.client_id).map_err(refused)
}

/// The profile of `subject`.
pub async fn read(
    outbound: &Outbound,
    settings: &Settings<'_>,
    token: &Secret,
    subject: &str,
) -> Result<BTreeMap<String, Value>, Failure> {
    let told = ask(outbound, settings.endpoints.url("attributes_url").to_owned(), Some(token), PROFILE).await?;
    if told.member("error").and_then(Value::as_str) == Some("insufficient_scope") {
        return Err(unavailable("profile_scope_missing"));
    }
    let profile = told.object()?;
    if text(&profile, "user_id") != Some(subject) {
        return Err(refused("profile_of_another_user"));
    }
    // Amazon says of no address that it was proven (O-17).
    Ok(profile.into_iter().filter(|(name, _)| !matches!(name.as_str(), "email_verified" | "phone_number_verified")).collect())
}

/// `tokeninfo`'s word: the owner, or why the token is not for us.
fn judge(said: &Map<String, Value>, client_id: &str) -> Result<String, &'static str> {
    if text(said, "aud") != Some(client_id) {
        return Err("token_of_another_client");
    }
    if text(said, "iss") != Some(ISSUER) {
        return Err("token_of_another_issuer");
    }
    // Not a time but the seconds that are left.
    if said.get("exp").and_then(Value::as_i64).is_none_or(|left_s| left_s <= 0) {
        return Err("token_expired");
    }
    text(said, "user_id").filter(|user| !user.is_empty()).map(str::to_owned).ok_or("token_of_no_user")
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
