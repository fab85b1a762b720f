//! Operations on users, and the one form in which a user is shown.
//!
//! Owns the order of attributes: `sub` first, `identities` last, as on Cognito.

pub mod admin_disable_provider_for_user;
pub mod admin_link_provider_for_user;
pub mod list_users;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::operation::Entry;
use crate::cognito::wire;
use crate::federation::link::Named;
use crate::model::failure::Failure;
use crate::model::user::{FederatedIdentity, User};
use crate::user_pools::search;

/// The family.
pub const OPERATIONS: &[Entry] = &[
    Entry::of::<admin_disable_provider_for_user::AdminDisableProviderForUser>(),
    Entry::of::<admin_link_provider_for_user::AdminLinkProviderForUser>(),
    Entry::of::<list_users::ListUsers>(),
];

/// A user by a provider's attribute (Cognito: `ProviderUserIdentifierType`). The service model requires no member; the operations do.
#[derive(Debug, Deserialize)]
pub struct Identifier {
    #[serde(rename = "ProviderName")]
    provider: Option<String>,
    #[serde(rename = "ProviderAttributeName")]
    attribute: Option<String>,
    #[serde(rename = "ProviderAttributeValue")]
    value: Option<String>,
}

impl Identifier {
    /// The user that it names. `member` is its place in the request.
    pub fn named(self, member: &str) -> Result<Named, Failure> {
        let given = |name: &str, value: Option<String>| {
            value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| Failure::InvalidParameter(format!("{member}.{name} must be given.")))
        };
        Ok(Named {
            provider: given("ProviderName", self.provider)?,
            attribute: self.attribute.unwrap_or_default(),
            value: given("ProviderAttributeValue", self.value)?,
        })
    }
}

/// A user as lists show it (Cognito: `UserType`), with all attributes or only those of `wanted`.
fn described(user: &User, wanted: Option<&[String]>) -> Value {
    let sub = std::iter::once(("sub".to_owned(), user.sub.clone()));
    let own = user.attributes.iter().map(|(name, value)| (name.clone(), value.clone()));
    let identities = (!user.identities.is_empty()).then(|| ("identities".to_owned(), identities(&user.identities)));
    let attributes: Vec<Value> = sub
        .chain(own)
        .chain(identities)
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted.contains(name)))
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    json!({
        "Username": user.username,
        "Attributes": attributes,
        "UserCreateDate": wire::date(user.created_ms),
        "UserLastModifiedDate": wire::date(user.modified_ms),
        "Enabled": user.enabled,
        "UserStatus": search::status_name(user.status),
    })
}

/// The value of the `identities` attribute: JSON text.
fn identities(list: &[FederatedIdentity]) -> String {
    let shown = list.iter().map(|identity| {
        json!({
            "userId": identity.subject,
            "providerName": identity.provider,
            "providerType": identity.provider_type,
            "issuer": identity.issuer,
            "primary": identity.primary,
            "dateCreated": identity.created_ms,
        })
    });
    Value::Array(shown.collect()).to_string()
}
