//! Linking: which external identities sign in as which user, beyond the one that made the user (Cognito: `AdminLinkProviderForUser`).
//!
//! Owns what a link may stand on. A link is made by an administrator here, or by a user in `link_proof`; never by an e-mail match (O-16, O-18,
//! O-19). A subject is linked at once where it is the whole identity key; a SAML NameID and an attribute wait in the store until the first
//! sign-in that brings them takes them, once. Making users is `identity`'s.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::auth_flows::authorization::OWN_DIRECTORY;
use crate::context::Context;
use crate::model::external_identity::ExternalIdentity;
use crate::model::failure::Failure;
use crate::model::identity_provider::{IdentityProvider, ProviderKind};
use crate::model::user::{FederatedIdentity, User, UserStatus};
use crate::store::identity_links::PendingLink;
use crate::store::{StoreError, UnitOfWork};
use crate::user_pools::identity_providers;

/// Cognito's name for the subject among attributes.
pub const SUBJECT: &str = "Cognito_Subject";

/// Links of a user, used and waiting, beside the identity that made it (Cognito: 5).
const MAX_LINKS: usize = 5;

/// Longest attribute name and value, bytes: the store's index must hold both.
const MAX_NAME: usize = 256;
const MAX_VALUE: usize = 1_024;

/// Longest subject, bytes.
const MAX_SUBJECT: usize = 2_048;

/// Claims that tell of a token or of what users choose for themselves; OpenID Connect Core section 5.7: none of them identifies anybody.
const NO_IDENTIFIERS: [&str; 34] = [
    "acr",
    "address",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "birthdate",
    "c_hash",
    "email_verified",
    "exp",
    "family_name",
    "gender",
    "given_name",
    "groups",
    "hd",
    "iat",
    "iss",
    "jti",
    "locale",
    "middle_name",
    "name",
    "nbf",
    "nickname",
    "nonce",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "roles",
    "sid",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Attributes whose values look like addresses and are identifiers by their standards (SAML subject-id, pairwise-id, eduPersonUniqueId).
const SCOPED_IDENTIFIERS: [&str; 4] = [
    "eduPersonUniqueId",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
    "urn:oasis:names:tc:SAML:attribute:subject-id",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.13",
];

/// SAML's name format for subjects that mean nothing after the session.
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// A user as an administrator names one (Cognito: `ProviderUserIdentifierType`).
#[derive(Clone, Debug)]
pub struct Named {
    /// `Cognito`, or the name of a provider.
    pub provider: String,
    /// `Cognito_Subject`, or the name of a claim or attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

impl Named {
    fn is_native(&self) -> bool {
        self.provider.eq_ignore_ascii_case(OWN_DIRECTORY)
    }

    /// The provider's name for its subject: Cognito's word, or the claim itself.
    fn is_subject(&self, kind: ProviderKind) -> bool {
        match kind {
            ProviderKind::Saml => self.attribute == SUBJECT || self.attribute == "NameID",
            ProviderKind::Oidc => self.attribute == SUBJECT || self.attribute == "sub",
            _ => self.attribute == SUBJECT,
        }
    }
}

/// Links a source to a destination.
///
/// # Errors
/// `UserNotFound` without such a destination, `ResourceNotFound` without such a provider, `AliasExists` when the source is somebody else's,
/// `InvalidParameter` when it has a profile of its own, `LimitExceeded` beyond five links.
pub async fn link(context: &Context, pool_id: &str, destination: &Named, source: &Named) -> Result<User, Failure> {
    let now_ms = context.now_ms();
    let mut work = context.ports.store.begin().await?;
    let user = destined(&mut work, pool_id, destination).await?;
    if source.is_native() {
        return Err(invalid("SourceUser must be a user of an external identity provider."));
    }
    let provider = identity_providers::find(&mut work, pool_id, &source.provider).await?;
    check_source(&provider, source)?;
    // From here on whoever links to the same user waits, so that the count holds.
    if !work.users().touch(pool_id, &user.sub, now_ms).await? {
        return Err(no_user());
    }
    let user = work.users().find_by_sub(pool_id, &user.sub).await?.ok_or_else(no_user)?;
    let by_subject = source.is_subject(provider.kind);
    if by_subject {
        check_unowned(&work.users().find_by_subject(pool_id, &provider.name, &source.value).await?, &user)?;
    }
    let attribute = if by_subject { SUBJECT } else { &source.attribute };
    if let Some(waiting) = work.identity_links().find(pool_id, &provider.name, attribute, &source.value).await? {
        return Err(if waiting.sub == user.sub { linked_already() } else { taken() });
    }
    check_room(&mut work, &user).await?;
    let made = if by_subject && provider.kind != ProviderKind::Saml {
        let identity = FederatedIdentity {
            provider: provider.name.clone(),
            provider_type: provider.kind.as_str().to_owned(),
            subject_key: source.value.clone(),
            subject: source.value.clone(),
            issuer: None,
            primary: false,
            created_ms: now_ms,
        };
        work.users().link(pool_id, &user.sub, &identity).await
    } else {
        let (provider, attribute, value) = (provider.name, attribute.to_owned(), source.value.clone());
        let waiting = PendingLink { provider, attribute, value, sub: user.sub.clone(), created_ms: now_ms };
        work.identity_links().insert(pool_id, &waiting).await
    };
    match made {
        // Somebody was faster by a moment.
        Err(StoreError::Duplicate) => return Err(taken()),
        other => other?,
    }
    work.commit().await?;
    Ok(user)
}

/// Unlinks a source, or ends the native way in of a user. Sessions and grants that came that way end.
///
/// # Errors
/// `UserNotFound` when nothing is linked so, `InvalidParameter` for the identity that made its user: that user is disabled or deleted instead.
pub async fn unlink(context: &Context, pool_id: &str, named: &Named) -> Result<Vec<String>, Failure> {
    let mut work = context.ports.store.begin().await?;
    let subs = if named.is_native() {
        vec![end_native(context, &mut work, pool_id, named).await?]
    } else {
        end_links(context, &mut work, pool_id, named).await?
    };
    work.commit().await?;
    Ok(subs)
}

/// Lets an identity take the link that waits for it: from then on it is its user's. Whether there was one. Call it when nobody has the
/// identity, in the unit of work that lets the user in. Of two identities that bring the same attribute one gets the link.
pub async fn claim(
    context: &Context,
    work: &mut UnitOfWork,
    provider: &IdentityProvider,
    identity: &ExternalIdentity,
) -> Result<bool, Failure> {
    let waiting = waiting_for(work, provider, identity).await?;
    let Some(first) = waiting.first() else { return Ok(false) };
    if waiting.iter().any(|link| link.sub != first.sub) {
        return Err(Failure::FederationRefused { reason: "link_ambiguous" });
    }
    for (place, link) in waiting.iter().enumerate() {
        if !work.identity_links().take(&provider.pool_id, link).await? {
            // Another sign-in took it at this moment.
            return if place == 0 { Ok(false) } else { Err(met()) };
        }
    }
    match work.users().link(&provider.pool_id, &first.sub, &linked(context, provider, identity)).await {
        Err(StoreError::Duplicate) => return Err(met()),
        other => other?,
    }
    Ok(true)
}

/// The links that wait for this identity.
pub async fn waiting_for(
    work: &mut UnitOfWork,
    provider: &IdentityProvider,
    identity: &ExternalIdentity,
) -> Result<Vec<PendingLink>, StoreError> {
    let mut found = Vec::new();
    let mut after = String::new();
    while let Some(attribute) = work.identity_links().next_attribute(&provider.pool_id, &provider.name, &after).await? {
        if let Some(value) = evidence(provider, identity, &attribute) {
            found.extend(work.identity_links().find(&provider.pool_id, &provider.name, &attribute, &value).await?);
        }
        after = attribute;
    }
    Ok(found)
}

/// An external identity as a link of a user.
pub fn linked(context: &Context, provider: &IdentityProvider, identity: &ExternalIdentity) -> FederatedIdentity {
    FederatedIdentity {
        provider: provider.name.clone(),
        provider_type: provider.kind.as_str().to_owned(),
        subject_key: identity.subject_key.clone(),
        subject: identity.subject.clone(),
        issuer: identity.issuer.clone(),
        primary: false,
        created_ms: context.now_ms(),
    }
}

/// Whether a subject can be kept: not empty, of ordinary length, without control characters (S-35).
pub fn is_linkable(subject: &str) -> bool {
    !subject.is_empty() && subject.len() <= MAX_SUBJECT && !subject.chars().any(char::is_control)
}

/// Refuses the sixth link.
pub async fn check_room(work: &mut UnitOfWork, user: &User) -> Result<(), Failure> {
    let linked = user.identities.iter().filter(|identity| !identity.primary).count();
    let waiting = work.identity_links().of_user(&user.pool_id, &user.sub).await?.len();
    if linked + waiting < MAX_LINKS {
        return Ok(());
    }
    Err(Failure::LimitExceeded(format!("A user can have at most {MAX_LINKS} linked identities.")))
}

/// Ends what came through a provider for a user: grants now, sessions and codes where they are looked at.
pub async fn end_proofs(
    context: &Context,
    work: &mut UnitOfWork,
    pool_id: &str,
    sub: &str,
    provider: &str,
) -> Result<(), StoreError> {
    let now_ms = context.now_ms();
    work.users().touch(pool_id, sub, now_ms).await?;
    work.grants().revoke_of_user(pool_id, sub, provider, now_ms).await?;
    work.identity_links().end(pool_id, sub, provider, now_ms).await
}

/// What the identity shows of an attribute, if a link may stand on it: one value, and of addresses only those that the provider vouches for.
fn evidence(provider: &IdentityProvider, identity: &ExternalIdentity, attribute: &str) -> Option<String> {
    if attribute == SUBJECT {
        return (!is_transient(provider, identity)).then(|| identity.subject.clone());
    }
    let value = single(identity.claims.get(attribute)?)?;
    let is_address = attribute == "email" || attribute == "phone_number" || value.contains('@');
    if is_address && !SCOPED_IDENTIFIERS.contains(&attribute) && !vouched(provider, &identity.claims, &value) {
        return None;
    }
    Some(value)
}

fn is_transient(provider: &IdentityProvider, identity: &ExternalIdentity) -> bool {
    provider.kind == ProviderKind::Saml
        && serde_json::from_str::<Value>(&identity.subject_key).map_or(true, |key| key[0] == TRANSIENT)
}

/// Text or a whole number, alone: of several values nobody knows which one is meant.
fn single(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::Array(items) => match items.as_slice() {
            [only @ Value::String(_)] => single(only),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the provider vouches for this very address: its claim of the address has this value, and the claim beside it says verified. For
/// SAML, which has no such claim of its own, the attribute mapping must name one for `email_verified` (O-17).
fn vouched(provider: &IdentityProvider, claims: &BTreeMap<String, Value>, address: &str) -> bool {
    [("email", "email_verified"), ("phone_number", "phone_number_verified")].into_iter().any(|(name, verified)| {
        let claim = |attribute: &str| provider.attribute_mapping.get(attribute).map_or(attribute.to_owned(), Clone::clone);
        let stated = claims.get(&claim(name)).and_then(single);
        let word = match claims.get(&claim(verified)) {
            Some(Value::Bool(word)) => *word,
            Some(other) if provider.kind == ProviderKind::Saml && provider.attribute_mapping.contains_key(verified) => {
                single(other).is_some_and(|text| text == "true")
            }
            _ => false,
        };
        word && stated.as_deref() == Some(address)
    })
}

async fn destined(work: &mut UnitOfWork, pool_id: &str, named: &Named) -> Result<User, Failure> {
    let pool = work.user_pools().find(pool_id).await?.ok_or_else(no_user)?;
    // By user name and nothing else: an e-mail address or phone number finds nobody.
    let user = work.users().find_by_username(pool_id, &pool.canonical_username(&named.value)).await?;
    let through = |user: &User| user.identities.iter().any(|identity| identity.provider == named.provider);
    user.filter(|user| named.is_native() || through(user)).ok_or_else(no_user)
}

fn check_source(provider: &IdentityProvider, source: &Named) -> Result<(), Failure> {
    let (name, value) = (source.attribute.as_str(), source.value.as_str());
    if name.is_empty() || name.len() > MAX_NAME || value.is_empty() || value.len() > MAX_VALUE {
        return Err(invalid("SourceUser needs a ProviderAttributeName and a ProviderAttributeValue of ordinary length."));
    }
    if name.chars().chain(value.chars()).any(char::is_control) {
        return Err(invalid("SourceUser contains a control character."));
    }
    if provider.kind.is_social() && name != SUBJECT {
        return Err(invalid("SourceUser of a social identity provider must be named by Cognito_Subject."));
    }
    if NO_IDENTIFIERS.contains(&name) {
        return Err(Failure::InvalidParameter(format!("The claim {name} does not identify a user; link by another one.")));
    }
    Ok(())
}

/// Nobody signed in as the source before, and nobody has it linked.
fn check_unowned(owners: &[(String, FederatedIdentity)], user: &User) -> Result<(), Failure> {
    if owners.iter().any(|(_, identity)| identity.primary) {
        let text = "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link.";
        return Err(invalid(text));
    }
    match owners.first() {
        None => Ok(()),
        Some((sub, _)) if *sub == user.sub => Err(linked_already()),
        Some(_) => Err(taken()),
    }
}

/// The user's own directory: no password is kept yet, so what can end is the way in itself and what came through it.
async fn end_native(context: &Context, work: &mut UnitOfWork, pool_id: &str, named: &Named) -> Result<String, Failure> {
    let mut user = destined(work, pool_id, named).await?;
    end_proofs(context, work, pool_id, &user.sub, OWN_DIRECTORY).await?;
    user.status = UserStatus::ExternalProvider;
    user.modified_ms = context.now_ms();
    work.users().update(&user).await?;
    Ok(user.sub)
}

async fn end_links(context: &Context, work: &mut UnitOfWork, pool_id: &str, named: &Named) -> Result<Vec<String>, Failure> {
    // A provider may be gone before its links are.
    let kind = work.identity_providers().find(pool_id, &named.provider).await?.map(|provider| provider.kind);
    let by_subject = kind.map_or(named.attribute == SUBJECT, |kind| named.is_subject(kind));
    let attribute = if by_subject { SUBJECT } else { &named.attribute };
    let mut subs = Vec::new();
    if let Some(waiting) = work.identity_links().find(pool_id, &named.provider, attribute, &named.value).await? {
        work.identity_links().take(pool_id, &waiting).await?;
        subs.push(waiting.sub);
    }
    let owners = if by_subject { work.users().find_by_subject(pool_id, &named.provider, &named.value).await? } else { Vec::new() };
    for (sub, identity) in owners.iter().filter(|(_, identity)| !identity.primary) {
        work.users().unlink(pool_id, sub, &identity.provider, &identity.subject_key).await?;
        end_proofs(context, work, pool_id, sub, &identity.provider).await?;
        subs.push(sub.clone());
    }
    if !subs.is_empty() {
        return Ok(subs);
    }
    if owners.is_empty() {
        if kind.is_none() {
            identity_providers::find(work, pool_id, &named.provider).await?;
        }
        return Err(no_user());
    }
    Err(invalid("The user was created by this identity and is not linked to another one; disable or delete the user instead."))
}

fn no_user() -> Failure {
    Failure::UserNotFound("User does not exist.".to_owned())
}

fn taken() -> Failure {
    Failure::AliasExists("SourceUser is already linked to another user.".to_owned())
}

fn met() -> Failure {
    Failure::ConcurrentModification("the identity is being linked".to_owned())
}

fn linked_already() -> Failure {
    invalid("SourceUser is already linked to DestinationUser.")
}

fn invalid(text: &str) -> Failure {
    Failure::InvalidParameter(text.to_owned())
}
