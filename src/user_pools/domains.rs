//! The host names of pools: prefix domains and custom ones (cognito-surface section 1.5, `CreateUserPoolDomain`).
//!
//! Owns which names may be taken and that a pool has at most one of each kind. Which request belongs to which pool is `address`'s.

use serde_json::{Map, Value};

use crate::context::Context;
use crate::model::domain::Domain;
use crate::model::failure::Failure;
use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};

/// A domain to create.
#[derive(Clone, Debug)]
pub struct NewDomain {
    /// The prefix or the full host name.
    pub name: String,
    /// Its settings by Cognito's member names, without `Domain` and `UserPoolId`. `CustomDomainConfig` makes it a custom domain.
    pub document: Map<String, Value>,
}

/// The rules of a name. `custom` says of which kind.
pub fn check(name: &str, custom: bool) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::InvalidParameter(text.to_owned()));
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if custom {
        let labels: Vec<&str> = name.split('.').collect();
        let numeric = labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if labels.len() < 2 || numeric || name.len() > 253 || !labels.iter().all(|label| label_fits(label)) {
            return refuse("Custom domain is not a valid subdomain: it must be a full lower-case host name.");
        }
        return Ok(());
    }
    if !label_fits(name) {
        return refuse("Invalid domain prefix: 1 to 63 lower-case letters, digits and hyphens.");
    }
    if ["aws", "amazon", "cognito"].iter().any(|reserved| name.contains(reserved)) {
        return refuse("Domain cannot contain reserved word: aws, amazon or cognito.");
    }
    Ok(())
}

/// Whether settings make a custom domain.
pub fn is_custom(document: &Map<String, Value>) -> bool {
    document.contains_key("CustomDomainConfig")
}

/// Gives a pool a domain.
pub async fn create(context: &Context, work: &mut UnitOfWork, pool: &UserPool, new: NewDomain) -> Result<Domain, Failure> {
    let custom = is_custom(&new.document);
    check(&new.name, custom)?;
    if work.domains().for_pool(&pool.id).await?.iter().any(|domain| domain.custom == custom) {
        let kind = if custom { "a custom domain" } else { "a prefix domain" };
        return Err(Failure::InvalidParameter(format!("The user pool has {kind} already.")));
    }
    let domain = Domain {
        name: new.name,
        pool_id: pool.id.clone(),
        custom,
        created_ms: context.now_ms(),
        document: Value::Object(new.document),
    };
    match work.domains().insert(&domain).await {
        Err(StoreError::Duplicate) => {
            Err(Failure::InvalidParameter("Domain already associated with another user pool.".to_owned()))
        }
        other => Ok(other.map(|()| domain)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "my-app", "0x", &"a".repeat(63)] {
            assert!(check(good, false).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "my-aws-app", "amazonia", "cognitos", &"a".repeat(64)] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        for good in ["login.example.com", "a.b"] {
            assert!(check(good, true).is_ok(), "{good}");
        }
        for bad in ["localhost", "Login.example.com", ".example.com", "a..b", "a.b.", "127.0.0.1", "a.-b"] {
            assert!(check(bad, true).is_err(), "{bad}");
        }
    }
}
