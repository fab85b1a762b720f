//! Pools, clients, providers and users straight into the store, for tests whose subject is something else.
//!
//! Each function takes what the test cares about and fills the rest; for more, change the value in the closure.

use fedgate::base::{digest, ids};
use fedgate::model::app_client::{AppClient, OAuthFlow};
use fedgate::model::domain::Domain;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use fedgate::model::user::{User, UserStatus};
use fedgate::model::user_pool::UserPool;
use serde_json::json;

use crate::harness::gateway::TestGateway;

impl TestGateway {
    /// A pool with its signing keys.
    pub async fn add_pool(&self, name: &str) -> UserPool {
        let ports = self.ports();
        let pool = UserPool {
            id: ids::user_pool_id(&ports.region, &ports.random),
            name: name.to_owned(),
            created_ms: self.now_ms(),
            modified_ms: self.now_ms(),
            declared: false,
            username_case_sensitive: false,
            document: json!({ "PoolName": name }),
        };
        let mut work = ports.store.begin().await.unwrap();
        work.user_pools().insert(&pool).await.unwrap();
        ports.keys.create_for_pool(&mut work, &pool.id).await.unwrap();
        work.commit().await.unwrap();
        pool
    }

    /// An app client: public, code flow, all scopes, callback `https://app.example.com/callback`.
    pub async fn add_client(&self, pool: &UserPool, change: impl FnOnce(&mut AppClient)) -> AppClient {
        let ports = self.ports();
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut client = AppClient {
            pool_id: pool.id.clone(),
            id: ids::client_id(&ports.random),
            name: "app".to_owned(),
            secret_digest: None,
            secret_sealed: None,
            callback_urls: texts(&["https://app.example.com/callback"]),
            logout_urls: texts(&["https://app.example.com/"]),
            flows: vec![OAuthFlow::Code],
            scopes: texts(&["openid", "email", "profile", "phone"]),
            providers: Vec::new(),
            access_token_s: 3600,
            id_token_s: 3600,
            refresh_token_s: 30 * 86_400,
            revocation: true,
            read_attributes: Vec::new(),
            write_attributes: Vec::new(),
            enabled: true,
            created_ms: self.now_ms(),
            modified_ms: self.now_ms(),
            declared: false,
            document: json!({ "ClientName": "app" }),
        };
        change(&mut client);
        let mut work = ports.store.begin().await.unwrap();
        work.app_clients().insert(&client).await.unwrap();
        work.commit().await.unwrap();
        client
    }

    /// An app client with a secret; returns the secret too.
    pub async fn add_confidential_client(&self, pool: &UserPool, change: impl FnOnce(&mut AppClient)) -> (AppClient, String) {
        let secret = ids::client_secret(&self.ports().random);
        let id = ids::client_id(&self.ports().random);
        let sealed = self.ports().seal.seal(&[&pool.id, "app_client", &id, "secret"], secret.as_bytes()).unwrap();
        let client = self
            .add_client(pool, |client| {
                client.id = id;
                client.secret_digest = Some(digest::sha256_b64(secret.as_bytes()));
                client.secret_sealed = Some(sealed);
                change(client);
            })
            .await;
        (client, secret)
    }

    /// An identity provider with these details, unchecked.
    pub async fn add_provider(
        &self,
        pool: &UserPool,
        name: &str,
        kind: ProviderKind,
        details: &[(&str, &str)],
    ) -> IdentityProvider {
        let texts = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let provider = IdentityProvider {
            pool_id: pool.id.clone(),
            name: name.to_owned(),
            kind,
            details: texts(details),
            sealed_details: texts(&[]),
            attribute_mapping: texts(&[("email", "email")]),
            identifiers: Vec::new(),
            enabled: true,
            created_ms: self.now_ms(),
            modified_ms: self.now_ms(),
            declared: false,
            document: serde_json::json!({}),
        };
        let mut work = self.ports().store.begin().await.unwrap();
        work.identity_providers().insert(&provider).await.unwrap();
        work.commit().await.unwrap();
        provider
    }

    /// A user without external identities, confirmed.
    pub async fn add_user(&self, pool: &UserPool, username: &str, change: impl FnOnce(&mut User)) -> User {
        let mut user = User {
            pool_id: pool.id.clone(),
            sub: ids::uuid(&self.ports().random),
            username: username.to_owned(),
            status: UserStatus::Confirmed,
            enabled: true,
            attributes: [("email".to_owned(), format!("{username}@example.com"))].into(),
            identities: Vec::new(),
            signed_out_ms: 0,
            created_ms: self.now_ms(),
            modified_ms: self.now_ms(),
        };
        change(&mut user);
        let mut work = self.ports().store.begin().await.unwrap();
        work.users().insert(&user).await.unwrap();
        work.commit().await.unwrap();
        user
    }

    /// A domain: a prefix, or a custom host name.
    pub async fn add_domain(&self, pool: &UserPool, name: &str, custom: bool) {
        let domain = Domain {
            name: name.to_owned(),
            pool_id: pool.id.clone(),
            custom,
            created_ms: self.now_ms(),
            document: serde_json::json!({}),
        };
        let mut work = self.ports().store.begin().await.unwrap();
        work.domains().insert(&domain).await.unwrap();
        work.commit().await.unwrap();
    }
}
