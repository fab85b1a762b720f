//! The rows that the tests stand on: two pools with the same names in them, clients of each kind, a provider and its users.

use std::collections::BTreeMap;

use fedgate::base::digest;
use fedgate::model::app_client::{AppClient, OAuthFlow};
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::user::{FederatedIdentity, User, UserStatus};
use fedgate::model::user_pool::UserPool;
use fedgate::store::Store;
use fedgate::store::signing_keys::StoredKey;
use serde_json::json;

/// The pool of most tests.
pub const POOL: &str = "local_Alpha0001";
/// Another tenant.
pub const OTHER_POOL: &str = "local_Bravo0002";
/// A client without a secret.
pub const PUBLIC: &str = "publicclient00000000000000";
/// A client with a secret.
pub const CONFIDENTIAL: &str = "confidentialclient00000000";
/// The same, another one: what one has, the other must not use.
pub const SECOND: &str = "secondclient00000000000000";
/// The secret of the confidential clients.
pub const SECRET: &str = "s3cretofthetestclientwith51lowercaselettersordigits";
/// The user.
pub const SUB: &str = "5f0c3c1e-6f5e-4f6b-9f0e-0a1b2c3d4e5f";
/// The user's name.
pub const USERNAME: &str = "acme_00u1";
/// The redirect URI of most tests.
pub const CALLBACK: &str = "https://app.example/cb";
/// The provider that the user signed in with.
pub const PROVIDER: &str = "Acme";

/// A pool.
pub fn pool(id: &str) -> UserPool {
    UserPool {
        id: id.to_owned(),
        name: id.to_owned(),
        created_ms: 1,
        modified_ms: 1,
        declared: false,
        username_case_sensitive: false,
        document: json!({}),
    }
}

/// A client that may do everything that is served.
pub fn client(pool_id: &str, id: &str, secret: Option<&str>) -> AppClient {
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    AppClient {
        pool_id: pool_id.to_owned(),
        id: id.to_owned(),
        name: format!("App <{id}>"),
        secret_digest: secret.map(|secret| digest::sha256_b64(secret.as_bytes())),
        secret_sealed: None,
        callback_urls: texts(&[CALLBACK, "https://app.example/cb?tenant=1", "http://localhost:3000/cb", "com.example.app://cb"]),
        logout_urls: texts(&["https://app.example/bye"]),
        flows: vec![OAuthFlow::Code],
        scopes: texts(&["openid", "email", "phone", "profile", "notes/read"]),
        providers: texts(&["COGNITO", PROVIDER]),
        access_token_s: 3600,
        id_token_s: 3600,
        refresh_token_s: 30 * 86_400,
        revocation: true,
        read_attributes: Vec::new(),
        write_attributes: Vec::new(),
        enabled: true,
        created_ms: 1,
        modified_ms: 1,
        declared: false,
        document: json!({}),
    }
}

/// A provider.
pub fn provider(pool_id: &str, name: &str) -> IdentityProvider {
    IdentityProvider {
        pool_id: pool_id.to_owned(),
        name: name.to_owned(),
        kind: ProviderKind::Oidc,
        details: BTreeMap::new(),
        sealed_details: BTreeMap::new(),
        attribute_mapping: BTreeMap::new(),
        identifiers: vec![format!("{}.example", name.to_lowercase())],
        enabled: true,
        created_ms: 1,
        modified_ms: 1,
        declared: false,
        document: json!({}),
    }
}

/// A user whom the provider created.
pub fn user(pool_id: &str) -> User {
    let attributes = [
        ("email", "ann@example.com"),
        ("email_verified", "true"),
        ("phone_number", "+4930123456"),
        ("phone_number_verified", "false"),
        ("name", "Ann <b>"),
        ("address", "Street 1"),
        ("updated_at", "1700000000"),
        ("custom:level", "7"),
    ];
    User {
        pool_id: pool_id.to_owned(),
        sub: SUB.to_owned(),
        username: USERNAME.to_owned(),
        status: UserStatus::ExternalProvider,
        enabled: true,
        attributes: attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        identities: vec![FederatedIdentity {
            provider: PROVIDER.to_owned(),
            provider_type: "OIDC".to_owned(),
            subject_key: "00u1".to_owned(),
            subject: "00u1".to_owned(),
            issuer: None,
            primary: true,
            created_ms: 1_700_000_000_123,
        }],
        signed_out_ms: 0,
        created_ms: 1,
        modified_ms: 1,
    }
}

/// Writes both pools with these keys.
pub async fn plant(store: &Store, keys: &[StoredKey]) {
    let mut work = store.begin().await.unwrap();
    for id in [POOL, OTHER_POOL] {
        work.user_pools().insert(&pool(id)).await.unwrap();
        work.identity_providers().insert(&provider(id, PROVIDER)).await.unwrap();
        work.users().insert(&user(id)).await.unwrap();
    }
    for key in keys {
        work.signing_keys().insert(key).await.unwrap();
    }
    // A client id is unique over all pools, hence the other pool's own.
    for client in [
        client(POOL, PUBLIC, None),
        client(POOL, CONFIDENTIAL, Some(SECRET)),
        client(POOL, SECOND, Some(SECRET)),
        client(OTHER_POOL, "foreignclient0000000000000", Some(SECRET)),
    ] {
        work.app_clients().insert(&client).await.unwrap();
    }
    work.commit().await.unwrap();
}
