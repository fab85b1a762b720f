//! Complete records for the suite: every optional field filled at least once, text beyond ASCII.

use std::collections::BTreeMap;

use fedgate::model::app_client::{AppClient, OAuthFlow};
use fedgate::model::grant::Grant;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::user::{FederatedIdentity, User, UserStatus};
use fedgate::model::user_pool::UserPool;
use fedgate::store::Store;
use serde_json::json;

/// The pool that [`add_pool`] makes.
pub const POOL: &str = "local_AbC123xyz";

pub fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub fn pool(id: &str) -> UserPool {
    UserPool {
        id: id.to_owned(),
        name: "Zoë's pool 🦊".to_owned(),
        created_ms: 1_795_219_200_001,
        modified_ms: -1,
        declared: false,
        username_case_sensitive: true,
        document: json!({"z": [1, null, "é"], "a": {"deep": true}}),
    }
}

pub async fn add_pool(store: &Store, id: &str) {
    let mut work = store.begin().await.unwrap();
    work.user_pools().insert(&pool(id)).await.unwrap();
    work.commit().await.unwrap();
}

pub fn client(pool_id: &str, id: &str) -> AppClient {
    AppClient {
        pool_id: pool_id.to_owned(),
        id: id.to_owned(),
        name: format!("client {id} ü"),
        secret_digest: Some("digest".to_owned()),
        secret_sealed: Some("v1.sealed".to_owned()),
        callback_urls: vec!["https://app.example/cb".to_owned(), "myapp://cb".to_owned()],
        logout_urls: vec![],
        flows: vec![OAuthFlow::Code],
        scopes: vec!["openid".to_owned()],
        providers: vec!["COGNITO".to_owned(), "Okta".to_owned()],
        access_token_s: 3_600,
        id_token_s: 300,
        refresh_token_s: 315_360_000,
        revocation: true,
        read_attributes: vec!["email".to_owned()],
        write_attributes: vec![],
        enabled: true,
        created_ms: 1,
        modified_ms: 2,
        declared: false,
        document: json!({"ClientName": "x", "A": 1}),
    }
}

pub fn provider(pool_id: &str, name: &str, identifiers: &[&str]) -> IdentityProvider {
    IdentityProvider {
        pool_id: pool_id.to_owned(),
        name: name.to_owned(),
        kind: ProviderKind::Saml,
        details: map(&[("MetadataURL", "https://idp.example/é")]),
        sealed_details: map(&[("client_secret", "v1.x.y")]),
        attribute_mapping: map(&[("email", "urn:oid:0.9.2342.19200300.100.1.3")]),
        identifiers: identifiers.iter().map(|identifier| (*identifier).to_owned()).collect(),
        enabled: true,
        created_ms: 5,
        modified_ms: 6,
        declared: false,
        document: json!({"ProviderName": "x", "A": 1}),
    }
}

pub fn identity(provider: &str, subject_key: &str, created_ms: i64) -> FederatedIdentity {
    FederatedIdentity {
        provider: provider.to_owned(),
        provider_type: "SAML".to_owned(),
        subject_key: subject_key.to_owned(),
        subject: "zoë@example.com".to_owned(),
        issuer: Some("https://idp.example/metadata".to_owned()),
        primary: created_ms == 1,
        created_ms,
    }
}

pub fn user(pool_id: &str, username: &str) -> User {
    User {
        pool_id: pool_id.to_owned(),
        sub: format!("sub-of-{username}"),
        username: username.to_owned(),
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes: map(&[("email", "zoë@example.com"), ("custom:x", "Ω 🦊")]),
        identities: vec![],
        signed_out_ms: 0,
        created_ms: 7,
        modified_ms: 8,
    }
}

pub fn grant(pool_id: &str, id: &str) -> Grant {
    Grant {
        id: id.to_owned(),
        pool_id: pool_id.to_owned(),
        client_id: "client".to_owned(),
        sub: "sub".to_owned(),
        provider: "Okta".to_owned(),
        code_digest: Some(format!("code of {id}")),
        refresh_digest: Some(format!("refresh of {id}")),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        nonce: Some("nonce ✓".to_owned()),
        auth_time_ms: 9,
        event_id: "event".to_owned(),
        created_ms: 10,
        expires_ms: i64::MAX,
        revoked_ms: None,
    }
}
