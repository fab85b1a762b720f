//! `fedgate explain POOL USER`: the unified identity of a user: each value, from which provider and mapping it came, and when.
//!
//! Owns the arguments and the two forms of the answer: lines with tabs between their columns, or JSON. Reads the store only, so it works beside a
//! running gateway. What is told is `federation::explain`'s, as is the operation for administrators that answers the same.

use clap::Args;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::probe;
use crate::commands::output::{self, Refused};
use crate::commands::{self, From};
use crate::federation::explain::{self, Explanation};
use crate::model::failure::Failure;
use crate::model::unified_identity::{Field, Given};
use crate::store::StoreError;
use crate::user_pools::search;

/// Whom to explain.
#[derive(Debug, Args)]
pub struct Whom {
    /// Id of the user pool
    pool: String,
    /// User name, sub, or provider:subject
    user: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    from: From,
}

/// Runs it.
pub async fn run(whom: Whom) -> Result<(), Refused> {
    let config = whom.from.load()?;
    let store = probe::store_in_use(&config).await.map_err(|error| commands::explain(&config, &error))?;
    let unread = |error: StoreError| Refused::Other(format!("the store cannot be read: {}", probe::reason(&error)));
    let mut work = store.read().await.map_err(unread)?;
    let pool = work.user_pools().find(&whom.pool).await.map_err(unread)?;
    let pool = pool.ok_or_else(|| Refused::Other(format!("there is no user pool {}", whom.pool)))?;
    let explained = explain::explain(&mut work, &pool, &whom.user).await.map_err(|failure| match failure {
        Failure::UserNotFound(_) => Refused::Other(format!("there is no user {} in the user pool {}", plain(&whom.user), pool.id)),
        other => Refused::Other(other.to_string()),
    })?;
    if whom.json {
        output::line(&format!("{:#}", explained.to_json()));
    } else {
        for line in lines(&explained) {
            output::line(&line);
        }
    }
    Ok(())
}

fn lines(explained: &Explanation) -> Vec<String> {
    let user = &explained.user;
    let enabled = if user.enabled { "enabled" } else { "disabled" };
    let mut lines = vec![row(&["user", &user.username, &user.sub, search::status_name(user.status), enabled])];
    for (name, value, origin) in &explained.attributes {
        let (provider, source, at) = origin.as_ref().map_or(("", "", 0), |origin| (&origin.provider, &origin.source, origin.at_ms));
        lines.push(row(&["attribute", name, value, provider, source, &instant(at)]));
    }
    for (identity, profile, seen_ms) in &explained.identities {
        let role = if identity.primary { "primary" } else { "linked" };
        lines.push(row(&["identity", &identity.provider, &identity.provider_type, &identity.subject, role, &instant(*seen_ms)]));
        for field in Field::ALL {
            let Some(given) = profile.values.get(&field) else { continue };
            lines.push(row(&["", field.as_str(), &shown(given), &given.from.join(" "), vouched(given), &instant(given.seen_ms)]));
        }
        for (name, value) in &profile.claims {
            lines.push(row(&["", "claim", name, &value.to_string()]));
        }
        if profile.cut > 0 {
            lines.push(row(&["", "cut", &format!("{} values or claims did not fit", profile.cut)]));
        }
    }
    lines
}

fn vouched(given: &Given) -> &'static str {
    match given.vouched {
        None => "-",
        Some(true) => "verified",
        Some(false) => "not verified",
    }
}

fn shown(given: &Given) -> String {
    match (given.value.as_str(), given.value.as_array()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(items)) => items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", "),
        (None, None) => given.value.to_string(),
    }
}

/// Columns, empty ones as a dash but for the indent.
fn row(columns: &[&str]) -> String {
    let cells =
        columns.iter().enumerate().map(|(place, text)| if text.is_empty() && place > 0 { "-".to_owned() } else { plain(text) });
    cells.collect::<Vec<_>>().join("\t")
}

/// A text that stays in its column: nothing that a provider sends may move the terminal's cursor or turn its letters around.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out
}

fn instant(ms: i64) -> String {
    if ms == 0 {
        return String::new();
    }
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}
