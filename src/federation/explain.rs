//! Where a user's values come from: each attribute with its provider, claim or expression and time, and each linked identity in the one schema.
//!
//! Owns the look-up by user name, `sub` or `provider:subject` and the answer's form, which `fedgate explain` and the administrators' operation
//! share. Reads the store only; upstream tokens that a mapping keeps as attributes are not shown (O-29).

use serde_json::{Map, Value, json};

use crate::model::failure::Failure;
use crate::model::unified_identity::{Field, Origin, Profile};
use crate::model::user::{FederatedIdentity, User};
use crate::model::user_pool::UserPool;
use crate::store::UnitOfWork;
use crate::user_pools::search;

/// Mapped claims that are tokens of the provider.
const TOKENS: [&str; 2] = ["access_token", "id_token"];
/// What stands in their place.
const HIDDEN: &str = "(a token of the provider)";

/// A user explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The user.
    pub user: User,
    /// Attribute, value, and where it came from: none where no provider gave it.
    pub attributes: Vec<(String, String, Option<Origin>)>,
    /// Each identity with what its provider said, and when that was written, ms (0: never).
    pub identities: Vec<(FederatedIdentity, Profile, i64)>,
}

/// Explains the user that `text` names: a user name, else a `sub`, else `provider:subject`.
pub async fn explain(work: &mut UnitOfWork, pool: &UserPool, text: &str) -> Result<Explanation, Failure> {
    let user = find(work, pool, text).await?.ok_or_else(|| Failure::UserNotFound("User does not exist.".to_owned()))?;
    let origins = work.users().origins(&pool.id, &user.sub).await?;
    let profiles = work.users().profiles(&pool.id, &user.sub).await?;
    let attributes = user.attributes.iter().map(|(name, value)| {
        let origin = origins.get(name).cloned();
        let token = origin.as_ref().is_some_and(|origin| TOKENS.contains(&origin.source.as_str()));
        (name.clone(), if token { HIDDEN.to_owned() } else { value.clone() }, origin)
    });
    let attributes = attributes.collect();
    let identities =
        user.identities.iter().cloned().zip(profiles).map(|(identity, (profile, seen_ms))| (identity, profile, seen_ms));
    let identities = identities.collect();
    Ok(Explanation { user, attributes, identities })
}

async fn find(work: &mut UnitOfWork, pool: &UserPool, text: &str) -> Result<Option<User>, Failure> {
    if let Some(user) = work.users().find_by_username(&pool.id, &pool.canonical_username(text)).await? {
        return Ok(Some(user));
    }
    if let Some(user) = work.users().find_by_sub(&pool.id, text).await? {
        return Ok(Some(user));
    }
    // Names of providers may hold colons, and so may subjects: the first split that somebody owns.
    for (place, _) in text.match_indices(':').take(8) {
        let (provider, subject) = (&text[..place], &text[place + 1..]);
        if let Some(user) = work.users().find_by_identity(&pool.id, provider, subject).await? {
            return Ok(Some(user));
        }
        let mut found = work.users().list_by_subject(&pool.id, provider, subject, 2).await?;
        if found.len() > 1 {
            let text = "More than one user has this subject; name the user by user name or sub.";
            return Err(Failure::InvalidParameter(text.to_owned()));
        }
        if let Some(user) = found.pop() {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

impl Explanation {
    /// As JSON; times are ms since the epoch, null where unknown.
    pub fn to_json(&self) -> Value {
        let attributes = self.attributes.iter().map(|(name, value, origin)| {
            json!({
                "name": name,
                "value": value,
                "provider": origin.as_ref().map(|origin| &origin.provider),
                "source": origin.as_ref().map(|origin| &origin.source).filter(|source| !source.is_empty()),
                "at_ms": origin.as_ref().map(|origin| origin.at_ms),
            })
        });
        let identities = self.identities.iter().map(|(identity, profile, seen_ms)| {
            json!({
                "provider": identity.provider,
                "type": identity.provider_type,
                "subject": identity.subject,
                "subject_key": identity.subject_key,
                "issuer": identity.issuer,
                "primary": identity.primary,
                "linked_ms": identity.created_ms,
                "seen_ms": (*seen_ms != 0).then_some(seen_ms),
                "values": values(profile),
                "claims": profile.claims,
                "cut": profile.cut,
            })
        });
        json!({
            "username": self.user.username,
            "sub": self.user.sub,
            "status": search::status_name(self.user.status),
            "enabled": self.user.enabled,
            "attributes": attributes.collect::<Vec<_>>(),
            "identities": identities.collect::<Vec<_>>(),
        })
    }
}

fn values(profile: &Profile) -> Value {
    let mut shown = Map::new();
    for field in Field::ALL {
        if let Some(given) = profile.values.get(&field) {
            shown.insert(field.as_str().to_owned(), json!(given));
        }
    }
    Value::Object(shown)
}
