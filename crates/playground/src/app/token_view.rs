//! A token as a card: what was verified, then its header and claims with a short explanation of each.
//!
//! The explanations are those of Cognito's claims, which the gateway issues. Neighbours: `pages` places it, `verify` checked it.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::verify::{Use, Verified};
use crate::look::{self, escape};

/// A document up to this length stays on one line.
const SHORT: usize = 50;

/// The card of one token.
pub(super) fn card(title: &str, which: Use, token: &Verified, now: i64) -> String {
    let marks = token.checks.iter().map(|check| {
        let class = if check.holds { "mark" } else { "mark bad" };
        format!("<li class=\"{class}\">{}</li>", escape(&check.name))
    });
    let marks = marks.collect::<Vec<_>>().concat();
    let verdict = if token.all_hold() {
        "<span class=\"verdict\">Verified</span>"
    } else {
        "<span class=\"verdict bad\">Not to be trusted</span>"
    };
    format!(
        r#"<section class="card token"><header><h3>{title}</h3>{verdict}</header>
<ul class="marks">{marks}</ul>
{}
<details><summary>Header</summary>{}</details>
</section>
"#,
        members(&token.claims, |name, value| explain(which, name, value, now)),
        members(&token.header, |name, _| match name {
            "kid" => Some("Which of fedgate's published keys signed it; ID and access tokens have different ones.".to_owned()),
            "alg" => Some("RSA with SHA-256; the app accepts nothing else.".to_owned()),
            _ => None,
        }),
    )
}

/// The members of an object as a list of names and values.
pub(super) fn members(object: &Value, explain: impl Fn(&str, &Value) -> Option<String>) -> String {
    look::fields(object.as_object().into_iter().flatten().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(_) | Value::Array(_) if value.to_string().len() > SHORT => format!("{value:#}"),
            other => other.to_string(),
        };
        let note = explain(name, value).map(|note| format!("<small>{}</small>", escape(&note))).unwrap_or_default();
        (name.as_str(), escape(&text) + &note)
    }))
}

fn explain(which: Use, name: &str, value: &Value, now: i64) -> Option<String> {
    if let ("exp" | "iat" | "auth_time", Some(at)) = (name, value.as_i64()) {
        return Some(moment(name, at, now));
    }
    let note = match (name, which) {
        ("sub", _) => "The person, for ever: never reused, never derived from an e-mail address.",
        ("iss", _) => "Who issued it: this user pool of fedgate.",
        ("aud", _) => "For whom: this app's client id.",
        ("client_id", _) => "The app that may use it.",
        ("token_use", Use::Id) => "An ID token, for the app only: who signed in.",
        ("token_use", Use::Access) => "An access token, for APIs: what the bearer may do.",
        ("event_id", _) => "The sign-in that all these tokens stem from.",
        ("jti", _) => "This token's own number.",
        ("origin_jti", _) => "The family: what a revocation ends.",
        ("cognito:username" | "username", _) => "The name in the user pool: provider, underscore, the provider's own id.",
        ("cognito:groups", _) => "Groups; a provider's own group comes first.",
        ("identities", _) => "Where the person came from: provider, its type, and their id there.",
        ("nonce", _) => "The app's own random value, echoed: this token answers this sign-in.",
        ("at_hash", _) => "Ties the ID token to the access token beside it.",
        ("email_verified", _) => "Whether the address was proven; only a provider's true counts.",
        ("scope", _) => "What the person's sign-in allows at userInfo and APIs.",
        ("version", _) => "The format of Cognito's access tokens.",
        ("email" | "name" | "given_name" | "family_name", _) => "Mapped from the provider's answer.",
        _ => return None,
    };
    Some(note.to_owned())
}

/// A time claim in words.
fn moment(name: &str, at: i64, now: i64) -> String {
    let written = OffsetDateTime::from_unix_timestamp(at).ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default();
    let minutes = (at - now).abs().div_euclid(60);
    let distance = match (minutes, at > now) {
        (0, _) => "now".to_owned(),
        (count, true) => format!("in {count} min"),
        (count, false) => format!("{count} min ago"),
    };
    let meaning = match name {
        "exp" => "expires",
        "iat" => "issued",
        _ => "signed in",
    };
    format!("{meaning} {distance}, {written}")
}
