//! The claims of ID tokens, access tokens and userInfo (cognito-surface sections 3.4, 4.2, 4.3).
//!
//! Owns which attribute an app sees: what its client may read, narrowed by the granted scopes. Pure: time and ids come from the
//! caller. Does not sign.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::model::app_client::AppClient;
use crate::model::grant::Grant;
use crate::model::user::{FederatedIdentity, User};

/// The standard attributes of Cognito, which may become claims under their own names. Custom ones carry the prefix `custom:`.
const STANDARD: [&str; 19] = [
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

/// What a token is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The pool's issuer.
    pub issuer: &'a str,
    /// The app client.
    pub client: &'a AppClient,
    /// The user.
    pub user: &'a User,
    /// The family.
    pub grant: &'a Grant,
    /// The scopes of these tokens: the grant's, or fewer.
    pub scopes: &'a [String],
    /// Now, seconds.
    pub now_s: i64,
}

/// The claims of an access token.
pub fn access(subject: &Subject<'_>, jti: &str) -> Value {
    let Subject { issuer, client, user, grant, scopes, now_s } = *subject;
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.sub));
    insert_groups(&mut claims, user);
    claims.insert("iss".into(), json!(issuer));
    claims.insert("version".into(), json!(2));
    claims.insert("client_id".into(), json!(client.id));
    if client.revocation {
        claims.insert("origin_jti".into(), json!(grant.id));
    }
    claims.insert("event_id".into(), json!(grant.event_id));
    claims.insert("token_use".into(), json!("access"));
    claims.insert("scope".into(), json!(scopes.join(" ")));
    claims.insert("auth_time".into(), json!(grant.auth_time_ms.div_euclid(1000)));
    claims.insert("exp".into(), json!(now_s.saturating_add(client.access_token_s)));
    claims.insert("iat".into(), json!(now_s));
    claims.insert("jti".into(), json!(jti));
    claims.insert("username".into(), json!(user.username));
    Value::Object(claims)
}

/// The claims of an ID token that goes out together with `access_token`.
pub fn id(subject: &Subject<'_>, access_token: &str, jti: &str) -> Value {
    let Subject { issuer, client, user, grant, scopes, now_s } = *subject;
    let mut claims = Map::new();
    for (name, value) in readable(user, client, scopes) {
        claims.insert(name.to_owned(), typed(name, value));
    }
    claims.insert("at_hash".into(), json!(at_hash(access_token)));
    claims.insert("sub".into(), json!(user.sub));
    insert_groups(&mut claims, user);
    claims.insert("iss".into(), json!(issuer));
    claims.insert("cognito:username".into(), json!(user.username));
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    if client.revocation {
        claims.insert("origin_jti".into(), json!(grant.id));
    }
    claims.insert("aud".into(), json!(client.id));
    if !user.identities.is_empty() {
        claims.insert("identities".into(), user.identities.iter().map(identity_claim).collect());
    }
    claims.insert("event_id".into(), json!(grant.event_id));
    claims.insert("token_use".into(), json!("id"));
    claims.insert("auth_time".into(), json!(grant.auth_time_ms.div_euclid(1000)));
    claims.insert("exp".into(), json!(now_s.saturating_add(client.id_token_s)));
    claims.insert("iat".into(), json!(now_s));
    if client.revocation {
        claims.insert("jti".into(), json!(jti));
    }
    Value::Object(claims)
}

/// The body of a userInfo answer: every value a string (Cognito).
pub fn user_info(user: &User, client: &AppClient, scopes: &[String]) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(user.sub));
    if !user.identities.is_empty() {
        claims.insert("identities".into(), json!(identities_attribute(&user.identities)));
    }
    for (name, value) in readable(user, client, scopes) {
        claims.insert(name.to_owned(), json!(value));
    }
    claims.insert("username".into(), json!(user.username));
    Value::Object(claims)
}

/// The `identities` attribute as Cognito shows it to administrators and in userInfo: a JSON text (cognito-surface section 3.8).
pub fn identities_attribute(identities: &[FederatedIdentity]) -> String {
    let entries: Vec<Value> = identities
        .iter()
        .map(|identity| {
            json!({
                "userId": identity.subject,
                "providerName": identity.provider,
                "providerType": identity.provider_type,
                "issuer": identity.issuer,
                "primary": identity.primary,
                "dateCreated": identity.created_ms,
            })
        })
        .collect();
    Value::Array(entries).to_string()
}

/// An entry of the `identities` claim: numbers and booleans as strings.
fn identity_claim(identity: &FederatedIdentity) -> Value {
    json!({
        "dateCreated": identity.created_ms.to_string(),
        "userId": identity.subject,
        "providerName": identity.provider,
        "providerType": identity.provider_type,
        "issuer": identity.issuer,
        "primary": identity.primary.to_string(),
    })
}

/// Cognito puts every user that a provider created into the group `{pool_id}_{ProviderName}`.
fn insert_groups(claims: &mut Map<String, Value>, user: &User) {
    let groups: Vec<Value> = user
        .identities
        .iter()
        .filter(|identity| identity.primary)
        .map(|identity| json!(format!("{}_{}", user.pool_id, identity.provider)))
        .collect();
    if !groups.is_empty() {
        claims.insert("cognito:groups".into(), Value::Array(groups));
    }
}

/// The attributes that this client may read under these scopes, by name.
fn readable<'a>(user: &'a User, client: &'a AppClient, scopes: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    user.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(move |(name, _)| {
        is_attribute(name) && in_scope(name, scopes) && (client.read_attributes.is_empty() || listed(&client.read_attributes, name))
    })
}

/// Only attributes become claims: a stray name must not overwrite `iss` or `cognito:groups`.
fn is_attribute(name: &str) -> bool {
    STANDARD.contains(&name) || name.starts_with("custom:") || name.starts_with("dev:")
}

/// `openid` alone opens everything; with `email`, `phone` or `profile` beside it, only what those name (section 3.4).
fn in_scope(name: &str, scopes: &[String]) -> bool {
    if !listed(scopes, "openid") {
        return false;
    }
    if !["email", "phone", "profile"].into_iter().any(|narrow| listed(scopes, narrow)) {
        return true;
    }
    match name {
        "email" | "email_verified" => listed(scopes, "email"),
        "phone_number" | "phone_number_verified" => listed(scopes, "phone"),
        _ => listed(scopes, "profile"),
    }
}

fn listed(list: &[String], name: &str) -> bool {
    list.iter().any(|item| item == name)
}

/// The JSON type of an attribute in an ID token.
fn typed(name: &str, value: &str) -> Value {
    match name {
        "email_verified" | "phone_number_verified" => json!(value == "true"),
        "updated_at" => value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number)),
        "address" => json!({ "formatted": value }),
        _ => json!(value),
    }
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash of the access token.
fn at_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}
