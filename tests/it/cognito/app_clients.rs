//! CreateUserPoolClient, DescribeUserPoolClient, ListUserPoolClients.

use fedgate::model::app_client::OAuthFlow;
use fedgate::model::identity_provider::ProviderKind;
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(a_client_is_made_as_asked, secrets_are_made_or_taken, contradictions_are_refused);

fn web_client(pool_id: &str) -> Value {
    json!({
        "UserPoolId": pool_id,
        "ClientName": "web",
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email"],
        "CallbackURLs": ["https://app.example.com/callback", "http://localhost:3000/cb", "myapp://cb"],
        "LogoutURLs": ["https://app.example.com/"],
        "DefaultRedirectURI": "https://app.example.com/callback",
        "SupportedIdentityProviders": ["COGNITO", "Corp"],
        "AccessTokenValidity": 10,
        "IdTokenValidity": 15,
        "RefreshTokenValidity": 2,
        "TokenValidityUnits": { "AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours" },
        "ReadAttributes": ["email", "name"],
        "WriteAttributes": ["name"],
        "PreventUserExistenceErrors": "ENABLED",
    })
}

async fn a_client_is_made_as_asked(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = gateway.add_pool("clients").await;
    gateway.add_provider(&pool, "Corp", ProviderKind::Oidc, &[]).await;
    let given = web_client(&pool.id);
    let made = aws.ok("CreateUserPoolClient", given.clone()).await["UserPoolClient"].clone();
    for (member, value) in given.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
    assert_eq!(made["ClientId"].as_str().unwrap().len(), 26);
    assert!(made.get("ClientSecret").is_none());
    assert_eq!((&made["EnableTokenRevocation"], &made["AuthSessionValidity"]), (&json!(true), &json!(3)));
    let asked = json!({ "UserPoolId": pool.id, "ClientId": made["ClientId"] });
    assert_eq!(aws.ok("DescribeUserPoolClient", asked).await["UserPoolClient"], made);
    let mut work = gateway.ports().store.read().await.unwrap();
    let stored = work.app_clients().find(&pool.id, made["ClientId"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.access_token_s, stored.id_token_s, stored.refresh_token_s), (600, 900, 7200));
    assert_eq!(stored.flows, [OAuthFlow::Code]);
    assert_eq!(stored.providers, ["COGNITO", "Corp"]);

    let plain =
        aws.ok("CreateUserPoolClient", json!({ "UserPoolId": pool.id, "ClientName": "plain" })).await["UserPoolClient"].clone();
    assert_eq!(plain["RefreshTokenValidity"], 30);
    assert!(plain.get("TokenValidityUnits").is_none(), "never invented");
    let listed = aws.ok("ListUserPoolClients", json!({ "UserPoolId": pool.id, "MaxResults": 60 })).await;
    assert_eq!(listed["UserPoolClients"].as_array().unwrap().len(), 2);
}

async fn secrets_are_made_or_taken(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool_id = aws.pool("secrets").await;
    let create = |more: Value| {
        let mut input = json!({ "UserPoolId": pool_id, "ClientName": "server" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let made = aws.ok("CreateUserPoolClient", create(json!({ "GenerateSecret": true }))).await["UserPoolClient"].clone();
    assert_eq!(made["ClientSecret"].as_str().unwrap().len(), 51);
    assert!(made.get("GenerateSecret").is_none());
    let asked = json!({ "UserPoolId": pool_id, "ClientId": made["ClientId"] });
    assert_eq!(aws.ok("DescribeUserPoolClient", asked).await["UserPoolClient"]["ClientSecret"], made["ClientSecret"]);
    let own = "anOwnSecretOfThirtyCharacters_";
    let made = aws.ok("CreateUserPoolClient", create(json!({ "ClientSecret": own }))).await["UserPoolClient"].clone();
    assert_eq!(made["ClientSecret"], own);
    aws.refused(
        "CreateUserPoolClient",
        create(json!({ "ClientSecret": own, "GenerateSecret": true })),
        "InvalidParameterException",
    )
    .await;
    let text =
        aws.refused("CreateUserPoolClient", create(json!({ "ClientSecret": "short-canary" })), "InvalidParameterException").await;
    assert!(!text.contains("canary"), "{text}");
    // K-04, K-08: at rest there is only a digest and a sealed text.
    let mut work = gateway.ports().store.read().await.unwrap();
    let stored = work.app_clients().list(&pool_id, None, 10).await.unwrap();
    assert!(stored.iter().all(|client| !serde_json::to_string(client).unwrap().contains(own)));
}

async fn contradictions_are_refused(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = gateway.add_pool("clients").await;
    gateway.add_provider(&pool, "Corp", ProviderKind::Oidc, &[]).await;
    let with = |member: &str, value: Value| {
        let mut input = web_client(&pool.id);
        input[member] = value;
        input
    };
    for (member, value, kind) in [
        ("AllowedOAuthFlows", json!([]), "InvalidOAuthFlowException"),
        ("AllowedOAuthFlows", json!(["code", "client_credentials"]), "InvalidOAuthFlowException"),
        ("AllowedOAuthFlows", json!(["client_credentials"]), "InvalidOAuthFlowException"),
        ("AllowedOAuthScopes", json!([]), "InvalidOAuthFlowException"),
        ("AllowedOAuthScopes", json!(["shop/buy"]), "ScopeDoesNotExistException"),
        ("CallbackURLs", json!(["http://app.example.com/"]), "InvalidParameterException"),
        ("CallbackURLs", json!(["JaVaScRiPt:alert(1)"]), "InvalidParameterException"),
        ("CallbackURLs", json!(["https://app.example.com/#x"]), "InvalidParameterException"),
        ("LogoutURLs", json!(["https://user@app.example.com/"]), "InvalidParameterException"),
        ("DefaultRedirectURI", json!("https://app.example.com/other"), "InvalidParameterException"),
        ("SupportedIdentityProviders", json!(["Nobody"]), "InvalidParameterException"),
        ("AccessTokenValidity", json!(4), "InvalidParameterException"),
        ("RefreshTokenValidity", json!(90_000), "InvalidParameterException"),
        ("ReadAttributes", json!(["custom:none"]), "InvalidParameterException"),
        ("WriteAttributes", json!(["email_verified"]), "InvalidParameterException"),
        ("UserPoolId", json!("local_Unknown"), "ResourceNotFoundException"),
    ] {
        aws.refused("CreateUserPoolClient", with(member, value), kind).await;
    }
    let stored = gateway.ports().store.read().await.unwrap().app_clients().list(&pool.id, None, 10).await.unwrap();
    assert!(stored.is_empty(), "nothing was stored");
    aws.ok("CreateUserPoolClient", web_client(&pool.id)).await;
}
