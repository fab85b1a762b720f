//! AdminLinkProviderForUser and AdminDisableProviderForUser over HTTP: Cognito's members, errors and echo (cognito-surface section 3.9).
//! What a link may stand on is tested in `federation::linking`.

use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::cognito::identity_providers::oidc;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(links_are_made_shown_and_ended);

fn link(pool: &str, to: &str, source: [&str; 3]) -> Value {
    json!({
        "UserPoolId": pool,
        "DestinationUser": { "ProviderName": "Cognito", "ProviderAttributeValue": to },
        "SourceUser": user(source),
    })
}

fn user([provider, attribute, value]: [&str; 3]) -> Value {
    json!({ "ProviderName": provider, "ProviderAttributeName": attribute, "ProviderAttributeValue": value })
}

async fn listed(aws: &Aws<'_>, pool: &str, username: &str) -> (String, Value) {
    let filter = format!("username = \"{username}\"");
    let found = aws.ok("ListUsers", json!({ "UserPoolId": pool, "Filter": filter })).await["Users"][0].clone();
    let identities = found["Attributes"].as_array().unwrap().iter().find(|attribute| attribute["Name"] == "identities");
    let identities = identities.map_or(json!([]), |found| serde_json::from_str(found["Value"].as_str().unwrap()).unwrap());
    (found["UserStatus"].as_str().unwrap().to_owned(), identities)
}

async fn links_are_made_shown_and_ended(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("linking").await;
    aws.ok("CreateIdentityProvider", oidc(&pool, "Corp")).await;
    let stored = gateway.ports().store.read().await.unwrap().user_pools().find(&pool).await.unwrap().unwrap();
    for name in ["ada", "grace"] {
        gateway.add_user(&stored, name, |_| {}).await;
    }
    let subject = |value| ["Corp", "Cognito_Subject", value];

    assert_eq!(aws.ok("AdminLinkProviderForUser", link(&pool, "ada", subject("1815"))).await, json!({}));
    let (status, identities) = listed(&aws, &pool, "ada").await;
    assert_eq!((status.as_str(), identities.as_array().unwrap().len()), ("CONFIRMED", 1));
    let expected = json!({ "userId": "1815", "providerName": "Corp", "providerType": "OIDC", "issuer": null, "primary": false,
        "dateCreated": gateway.now_ms() });
    assert_eq!(identities[0], expected);

    let text = aws.refused("AdminLinkProviderForUser", link(&pool, "ada", subject("1815")), "InvalidParameterException").await;
    assert_eq!(text, "SourceUser is already linked to DestinationUser.");
    aws.refused("AdminLinkProviderForUser", link(&pool, "grace", subject("1815")), "AliasExistsException").await;
    aws.refused("AdminLinkProviderForUser", link(&pool, "nobody", subject("1")), "UserNotFoundException").await;
    aws.refused("AdminLinkProviderForUser", link(&pool, "ada", ["None", "Cognito_Subject", "1"]), "ResourceNotFoundException")
        .await;
    aws.refused("AdminLinkProviderForUser", link(&pool, "ada", ["Corp", "", "1"]), "InvalidParameterException").await;
    for member in ["DestinationUser", "SourceUser"] {
        let mut input = link(&pool, "ada", subject("2"));
        input[member]["ProviderAttributeValue"] = json!("");
        let text = aws.refused("AdminLinkProviderForUser", input, "InvalidParameterException").await;
        assert_eq!(text, format!("{member}.ProviderAttributeValue must be given."));
    }
    for value in ["2", "3", "4"] {
        aws.ok("AdminLinkProviderForUser", link(&pool, "ada", subject(value))).await;
    }
    aws.ok("AdminLinkProviderForUser", link(&pool, "ada", ["Corp", "employee", "7"])).await;
    aws.refused("AdminLinkProviderForUser", link(&pool, "ada", subject("6")), "LimitExceededException").await;
    assert_eq!(listed(&aws, &pool, "ada").await.1.as_array().unwrap().len(), 4, "a link that waits is no identity yet");

    let disable = |named: [&str; 3]| json!({ "UserPoolId": pool, "User": user(named) });
    for named in [subject("1815"), ["Corp", "employee", "7"]] {
        assert_eq!(aws.ok("AdminDisableProviderForUser", disable(named)).await, json!({}));
        aws.refused("AdminDisableProviderForUser", disable(named), "UserNotFoundException").await;
    }
    aws.refused("AdminDisableProviderForUser", disable(["None", "Cognito_Subject", "1"]), "ResourceNotFoundException").await;
    aws.ok("AdminLinkProviderForUser", link(&pool, "grace", subject("1815"))).await;
    aws.ok("AdminDisableProviderForUser", disable(["Cognito", "Cognito_Subject", "grace"])).await;
    assert_eq!(listed(&aws, &pool, "grace").await.0, "EXTERNAL_PROVIDER");
    aws.refused("AdminDisableProviderForUser", disable(["Cognito", "Cognito_Subject", "nobody"]), "UserNotFoundException").await;
    assert_eq!(gateway.last_audit().reason(), "user_not_found");
}
