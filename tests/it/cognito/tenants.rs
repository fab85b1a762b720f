//! What a key reaches: pools that are out of reach read as pools that do not exist (P-09); read-only keys change nothing (P-17).

use fedgate::cognito::model::Service;
use fedgate::cognito::operation::{Effect, Reach};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::cognito::identity_providers::oidc;
use crate::harness::gateway::TestGateway;

const OWN: (&str, &str) = ("AKIAOWNOWNOWNOWNOWN0", "the-secret-of-a-key-for-one-pool");
const READ: (&str, &str) = ("AKIAREADREADREADREAD", "the-secret-of-a-key-that-only-reads");

async fn gateway() -> TestGateway {
    let config = format!(
        r#"
        [[user_pools]]
        id = "local_Own"
        name = "own"
        [[user_pools]]
        id = "local_Foreign"
        name = "foreign"
        [[admin.keys]]
        access_key_id = {:?}
        secret_access_key = {:?}
        user_pools = ["local_Own", "local_Deleted"]
        [[admin.keys]]
        access_key_id = {:?}
        secret_access_key = {:?}
        access = "read"
        "#,
        OWN.0, OWN.1, READ.0, READ.1
    );
    TestGateway::builder().config(&config).start().await
}

/// A request of every built operation, for that pool.
pub fn request(operation: &str, pool_id: &str) -> Value {
    match operation {
        "CreateUserPool" => json!({ "PoolName": "made" }),
        "ListUserPools" => json!({ "MaxResults": 60 }),
        "CreateUserPoolClient" => json!({ "UserPoolId": pool_id, "ClientName": "made" }),
        "DescribeUserPoolClient" => json!({ "UserPoolId": pool_id, "ClientId": "made" }),
        "CreateUserPoolDomain" => json!({ "UserPoolId": pool_id, "Domain": "made" }),
        "DescribeUserPoolDomain" => json!({ "Domain": "foreign-domain" }),
        "CreateIdentityProvider" => oidc(pool_id, "Made"),
        "DescribeIdentityProvider" | "UpdateIdentityProvider" => json!({ "UserPoolId": pool_id, "ProviderName": "Corp" }),
        "DeleteIdentityProvider" => json!({ "UserPoolId": pool_id, "ProviderName": "Leaving" }),
        "GetIdentityProviderByIdentifier" => json!({ "UserPoolId": pool_id, "IdpIdentifier": "corp" }),
        "AdminLinkProviderForUser" => json!({
            "UserPoolId": pool_id,
            "DestinationUser": { "ProviderName": "Cognito", "ProviderAttributeValue": "somebody" },
            "SourceUser": { "ProviderName": "Corp", "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": "1" },
        }),
        "AdminDisableProviderForUser" => json!({
            "UserPoolId": pool_id,
            "User": { "ProviderName": "Cognito", "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": "somebody" },
        }),
        _ => json!({ "UserPoolId": pool_id }),
    }
}

/// Puts into a pool what the requests on existing things name.
pub async fn furnish(gateway: &TestGateway, pool_id: &str) {
    let admin = Aws::new(gateway);
    for name in ["Corp", "Leaving"] {
        let mut input = oidc(pool_id, name);
        input["IdpIdentifiers"] = json!([name.to_lowercase()]);
        admin.ok("CreateIdentityProvider", input).await;
    }
    let pool = gateway.ports().store.read().await.unwrap().user_pools().find(pool_id).await.unwrap().unwrap();
    gateway.add_user(&pool, "somebody", |_| {}).await;
}

#[tokio::test]
async fn p_09_a_pool_out_of_reach_does_not_exist() {
    let gateway = gateway().await;
    let (own, admin) = (Aws::with_key(&gateway, OWN.0, OWN.1), Aws::new(&gateway));
    furnish(&gateway, "local_Foreign").await;
    admin.ok("CreateUserPoolDomain", json!({ "UserPoolId": "local_Foreign", "Domain": "foreign-domain" })).await;
    let before = rows(&gateway, "local_Foreign").await;
    for entry in fedgate::cognito::operations() {
        match entry.reach {
            Reach::Pool => {
                let mut messages = Vec::new();
                for pool in ["local_Foreign", "local_Deleted", "local_Unknown"] {
                    let answer = own.call(entry.name, &request(entry.name, pool)).await;
                    assert_eq!(answer.kind(), "ResourceNotFoundException", "{} {pool}", entry.name);
                    messages.push(answer.body["message"].as_str().unwrap().replace(pool, "X"));
                }
                messages.dedup();
                assert_eq!(messages, ["User pool X does not exist."], "{}", entry.name);
            }
            Reach::Everything => drop(own.refused(entry.name, request(entry.name, ""), "AccessDeniedException").await),
            Reach::Own => {
                let text = own.ok(entry.name, request(entry.name, "")).await.to_string();
                assert!(!text.contains("local_Foreign"), "{}: {text}", entry.name);
                assert!(admin.ok(entry.name, request(entry.name, "")).await.to_string().contains("local_Foreign"), "the control");
            }
        }
    }
    assert_eq!(rows(&gateway, "local_Foreign").await, before);
    own.ok("DescribeUserPool", json!({ "UserPoolId": "local_Own" })).await;
    own.ok("CreateUserPoolClient", request("CreateUserPoolClient", "local_Own")).await;
}

#[tokio::test]
async fn p_17_a_read_only_key_changes_nothing() {
    let gateway = gateway().await;
    let (reader, admin) = (Aws::with_key(&gateway, READ.0, READ.1), Aws::new(&gateway));
    furnish(&gateway, "local_Own").await;
    for entry in fedgate::cognito::operations().filter(|entry| entry.effect == Effect::Write) {
        reader.refused(entry.name, request(entry.name, "local_Own"), "AccessDeniedException").await;
    }
    assert_eq!(rows(&gateway, "local_Own").await, (0, 2, 0));
    for entry in fedgate::cognito::operations().filter(|entry| entry.effect == Effect::Write) {
        admin.ok(entry.name, request(entry.name, "local_Own")).await;
    }
    assert_eq!(rows(&gateway, "local_Own").await, (1, 2, 1), "one was made and one left");
    reader.ok("DescribeUserPool", json!({ "UserPoolId": "local_Own" })).await;
    // Names that promise a change are not marked as reading.
    for entry in fedgate::cognito::operations().filter(|entry| entry.effect == Effect::Read) {
        let reads = ["Describe", "List", "Get"].iter().any(|verb| entry.name.starts_with(verb));
        assert!(reads && entry.service == Service::Idp, "{}", entry.name);
    }
}

/// How many clients, providers and domains a pool has.
pub async fn rows(gateway: &TestGateway, pool_id: &str) -> (usize, usize, usize) {
    let mut work = gateway.ports().store.read().await.unwrap();
    let clients = work.app_clients().list(pool_id, None, 1000).await.unwrap().len();
    let providers = work.identity_providers().list(pool_id, None, 1000).await.unwrap().len();
    (clients, providers, work.domains().for_pool(pool_id).await.unwrap().len())
}
