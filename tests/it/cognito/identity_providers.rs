//! CreateIdentityProvider, DescribeIdentityProvider, ListIdentityProviders.

use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::audit;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(an_oidc_provider_is_made_and_shown, refusals_store_nothing, p_15_secrets_are_shown_only_where_cognito_shows_them);

pub const SECRET: &str = "canary-0f3b7a-upstream-secret";

pub fn oidc(pool_id: &str, name: &str) -> Value {
    json!({
        "UserPoolId": pool_id,
        "ProviderName": name,
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "upstream",
            "client_secret": SECRET,
            "attributes_request_method": "GET",
            "oidc_issuer": "https://127.0.0.1:9",
            "authorize_scopes": "openid email",
            "authorize_url": "https://127.0.0.1:9/authorize",
            "token_url": "https://127.0.0.1:9/token",
            "attributes_url": "https://127.0.0.1:9/userinfo",
            "jwks_uri": "https://127.0.0.1:9/jwks",
        },
        "AttributeMapping": { "email": "mail", "username": "sub" },
    })
}

async fn an_oidc_provider_is_made_and_shown(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("providers").await;
    let mut given = oidc(&pool, "Corp");
    given["IdpIdentifiers"] = json!(["corp.example", "corp"]);
    given["AcrMapping"] = json!({ "Level1": "urn:low" });
    let made = aws.ok("CreateIdentityProvider", given.clone()).await["IdentityProvider"].clone();
    for (member, value) in given.as_object().unwrap() {
        if member != "ProviderDetails" {
            assert_eq!(&made[member], value, "{member}");
        }
    }
    for (key, value) in given["ProviderDetails"].as_object().unwrap() {
        assert_eq!(&made["ProviderDetails"][key], value, "{key}");
    }
    assert_eq!(made["ProviderDetails"]["attributes_url_add_attributes"], "false");
    let asked = json!({ "UserPoolId": pool, "ProviderName": "Corp" });
    assert_eq!(aws.ok("DescribeIdentityProvider", asked).await["IdentityProvider"], made);
    let listed = aws.ok("ListIdentityProviders", json!({ "UserPoolId": pool })).await;
    assert_eq!(
        (&listed["Providers"][0]["ProviderName"], &listed["Providers"][0]["ProviderType"]),
        (&json!("Corp"), &json!("OIDC"))
    );
    assert!(listed.get("NextToken").is_none());
    // K-04: at rest the secret is sealed.
    let mut work = gateway.ports().store.read().await.unwrap();
    let stored = work.identity_providers().find(&pool, "Corp").await.unwrap().unwrap();
    assert!(!serde_json::to_string(&stored).unwrap().contains(SECRET));
}

async fn refusals_store_nothing(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("providers").await;
    let with = |member: &str, value: Value| {
        let mut input = oidc(&pool, "Corp");
        input[member] = value;
        input
    };
    let many: Vec<String> = (0..51).map(|number| format!("id{number}")).collect();
    for (input, kind) in [
        (with("ProviderType", json!("Google")), "InvalidParameterException"),
        (with("ProviderType", json!("Facebook")), "InvalidParameterException"),
        (with("ProviderName", json!("_Corp")), "InvalidParameterException"),
        (with("ProviderName", json!("ab")), "InvalidParameterException"),
        (with("ProviderName", json!("COGNITO")), "InvalidParameterException"),
        (with("ProviderDetails", json!({})), "InvalidParameterException"),
        (with("AttributeMapping", json!({ "custom:none": "x" })), "InvalidParameterException"),
        (with("AttributeMapping", json!({ "sub": "x" })), "InvalidParameterException"),
        (with("IdpIdentifiers", json!(["a", "a"])), "InvalidParameterException"),
        (with("IdpIdentifiers", json!(many)), "InvalidParameterException"),
        (with("UserPoolId", json!("local_None")), "ResourceNotFoundException"),
    ] {
        let text = aws.refused("CreateIdentityProvider", input, kind).await;
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(aws.ok("ListIdentityProviders", json!({ "UserPoolId": pool })).await["Providers"], json!([]));
    aws.ok("CreateIdentityProvider", with("IdpIdentifiers", json!(["a"]))).await;
    aws.refused("CreateIdentityProvider", with("IdpIdentifiers", json!([])), "DuplicateProviderException").await;
    let mut second = with("IdpIdentifiers", json!(["a"]));
    second["ProviderName"] = json!("Second");
    aws.refused("CreateIdentityProvider", second.clone(), "InvalidParameterException").await;
    second["IdpIdentifiers"] = json!(["b"]);
    aws.ok("CreateIdentityProvider", second).await;
    aws.refused("DescribeIdentityProvider", json!({ "UserPoolId": pool, "ProviderName": "Nobody" }), "ResourceNotFoundException")
        .await;
}

async fn p_15_secrets_are_shown_only_where_cognito_shows_them(backend: Backend) {
    let read_key = ("AKIAREADREADREADREAD", "the-secret-of-a-key-that-only-reads");
    let config =
        format!("[[admin.keys]]\naccess_key_id = {:?}\nsecret_access_key = {:?}\naccess = \"read\"", read_key.0, read_key.1);
    let gateway = TestGateway::builder().backend(backend).config(&config).start().await;
    let (aws, reader) = (Aws::new(&gateway), Aws::with_key(&gateway, read_key.0, read_key.1));
    let pool = aws.pool("providers").await;
    aws.ok("CreateIdentityProvider", oidc(&pool, "Corp")).await;
    let client = json!({ "UserPoolId": pool, "ClientName": "c", "ClientSecret": "canary0f3b7aclientsecret_" });
    let client = aws.ok("CreateUserPoolClient", client).await["UserPoolClient"]["ClientId"].clone();
    let of_pool = json!({ "UserPoolId": pool });
    let provider = json!({ "UserPoolId": pool, "ProviderName": "Corp" });
    let client = json!({ "UserPoolId": pool, "ClientId": client });
    let without = [
        aws.ok("DescribeUserPool", of_pool.clone()).await,
        aws.ok("ListUserPools", json!({ "MaxResults": 60 })).await,
        aws.ok("ListIdentityProviders", of_pool.clone()).await,
        aws.ok("ListUserPoolClients", of_pool.clone()).await,
        aws.ok("ListUsers", of_pool.clone()).await,
        // P-17: with a secret the reader could act as the app, or as us at the provider.
        reader.ok("DescribeIdentityProvider", provider.clone()).await,
        reader.ok("DescribeUserPoolClient", client.clone()).await,
    ];
    assert!(without.iter().all(|answer| !answer.to_string().contains("canary")), "{without:?}");
    assert!(aws.ok("DescribeIdentityProvider", provider).await.to_string().contains(SECRET), "the control");
    assert!(aws.ok("DescribeUserPoolClient", client).await.to_string().contains("canary"), "the control");
    // L-02
    assert!(!audit::everything().contains("canary-0f3b7a") && !audit::everything().contains("canary0f3b7a"));
}
