//! The administrators' `FedgateAdmin.ExplainUser`: what it shows, to whom, of which pools (P-09, P-17).

use fedgate::model::unified_identity::{Field, Given, Origin, Profile};
use fedgate::model::user::FederatedIdentity;
use serde_json::{Value, json};

use crate::cognito::aws::{Answer, Aws, Request};
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
        user_pools = ["local_Own"]
        [[admin.keys]]
        access_key_id = {:?}
        secret_access_key = {:?}
        access = "read"
        "#,
        OWN.0, OWN.1, READ.0, READ.1
    );
    let gateway = TestGateway::builder().config(&config).start().await;
    for pool_id in ["local_Own", "local_Foreign"] {
        add_ada(&gateway, pool_id).await;
    }
    gateway
}

/// Two people with one NameID that differs by its qualifier, and Ada.
async fn add_ada(gateway: &TestGateway, pool_id: &str) {
    let pool = gateway.ports().store.read().await.unwrap().user_pools().find(pool_id).await.unwrap().unwrap();
    let identity = |provider: &str, subject: &str, key: &str| FederatedIdentity {
        provider: provider.to_owned(),
        provider_type: "OIDC".to_owned(),
        subject_key: key.to_owned(),
        subject: subject.to_owned(),
        issuer: None,
        primary: true,
        created_ms: 3,
    };
    for (name, key) in [("saml_one", "[1,\"twin\"]"), ("saml_two", "[2,\"twin\"]")] {
        gateway.add_user(&pool, name, |user| user.identities.push(identity("Saml", "twin", key))).await;
    }
    let ada = gateway
        .add_user(&pool, "okta_ada", |user| {
            user.attributes = [("email", "ada@example.com"), ("name", "Ada"), ("custom:token", "the-upstream-token")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
            user.identities.push(identity("Corp:X", "ada:1815", "ada:1815"));
        })
        .await;
    let origin = |source: &str| Origin { provider: "Corp:X".to_owned(), source: source.to_owned(), at_ms: 7 };
    let origins = [("email".to_owned(), origin("cel:identity.email")), ("custom:token".to_owned(), origin("access_token"))].into();
    let given = Given { value: json!("ada@example.com"), from: vec!["email".to_owned()], seen_ms: 7, vouched: Some(true) };
    let profile = Profile { values: [(Field::Email, given)].into(), claims: [("x".to_owned(), json!(1))].into(), cut: 0 };
    let mut work = gateway.ports().store.begin().await.unwrap();
    work.users().set_origins(pool_id, &ada.sub, &origins).await.unwrap();
    work.users().set_profile((pool_id, "Corp:X", "ada:1815"), &profile, 7).await.unwrap();
    work.commit().await.unwrap();
}

async fn ask(aws: &Aws<'_>, body: &Value) -> Answer {
    let request = Request::new("FedgateAdmin.ExplainUser", body.to_string());
    aws.send(&aws.signer.sign(request, aws.host(), aws.gateway.now_ms())).await
}

fn about(user: &str) -> Value {
    json!({ "UserPoolId": "local_Own", "User": user })
}

#[tokio::test]
async fn it_tells_where_each_value_came_from() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    let told = ask(&aws, &about("okta_ada")).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.header("cache-control"), "no-store");
    let sub = told.body["sub"].as_str().unwrap().to_owned();
    assert_eq!(
        told.body["attributes"],
        json!([
            { "name": "custom:token", "value": "(a token of the provider)", "provider": "Corp:X", "source": "access_token", "at_ms": 7 },
            { "name": "email", "value": "ada@example.com", "provider": "Corp:X", "source": "cel:identity.email", "at_ms": 7 },
            { "name": "name", "value": "Ada", "provider": null, "source": null, "at_ms": null },
        ])
    );
    assert_eq!(
        told.body["identities"],
        json!([{ "provider": "Corp:X", "type": "OIDC", "subject": "ada:1815", "subject_key": "ada:1815", "issuer": null, "primary": true,
            "linked_ms": 3, "seen_ms": 7, "claims": { "x": 1 }, "cut": 0,
            "values": { "email": { "value": "ada@example.com", "from": ["email"], "seen_ms": 7, "vouched": true } } }])
    );
    assert!(!told.body.to_string().contains("the-upstream-token"), "O-29");
    let line = gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.get("user.sub")), ("admin.explain_user", "success", sub.as_str()));
    for name in [sub.as_str(), "Corp:X:ada:1815"] {
        assert_eq!(ask(&aws, &about(name)).await.body, told.body, "{name}");
    }
}

#[tokio::test]
async fn p_09_p_17_who_may_ask_and_what_is_refused() {
    let gateway = gateway().await;
    let (own, read) = (Aws::with_key(&gateway, OWN.0, OWN.1), Aws::with_key(&gateway, READ.0, READ.1));
    let ada = about("okta_ada");
    assert_eq!(ask(&own, &ada).await.status, 200);
    assert_eq!(ask(&read, &ada).await.status, 200, "it only reads");
    let foreign = json!({ "UserPoolId": "local_Foreign", "User": "okta_ada" });
    assert_eq!(ask(&read, &foreign).await.status, 200, "the control");
    let refused = [
        (&own, foreign, "ResourceNotFoundException"),
        (&read, json!({ "UserPoolId": "local_None", "User": "okta_ada" }), "ResourceNotFoundException"),
        (&read, about("nobody"), "UserNotFoundException"),
        (&read, about("Corp:X:nobody"), "UserNotFoundException"),
        (&read, about("Saml:twin"), "InvalidParameterException"),
        (&read, about(""), "InvalidParameterException"),
        (&read, json!({ "UserPoolId": "local_Own" }), "InvalidParameterException"),
        (&read, json!([]), "InvalidParameterException"),
    ];
    for (aws, body, kind) in refused {
        let answer = ask(aws, &body).await;
        assert_eq!((answer.status, answer.kind()), (400, kind), "{body}: {}", answer.body);
    }
    let unsigned = Request::new("FedgateAdmin.ExplainUser", ada.to_string());
    assert_eq!(own.send(&unsigned).await.kind(), "MissingAuthenticationTokenException");
    let forged = Aws::with_key(&gateway, READ.0, OWN.1);
    assert_eq!(ask(&forged, &ada).await.kind(), "InvalidSignatureException");
    let unknown = Request::new("FedgateAdmin.DeleteUser", ada.to_string());
    assert_eq!(own.send(&own.signer.sign(unknown, own.host(), gateway.now_ms())).await.kind(), "UnknownOperationException");
    let twice = Request::new("FedgateAdmin.ExplainUser", ada.to_string())
        .with("x-amz-target", "AWSCognitoIdentityProviderService.ListUsers");
    assert_eq!(own.send(&own.signer.sign(twice, own.host(), gateway.now_ms())).await.kind(), "UnknownOperationException");
}

/// A mistake in a mapped expression is told when the provider is saved, with its attribute and place.
#[tokio::test]
async fn mistakes_in_expressions_are_refused_when_a_provider_is_saved() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    let provider = |mapping: Value| {
        json!({
            "UserPoolId": "local_Foreign", "ProviderName": "Corp", "ProviderType": "OIDC", "AttributeMapping": mapping,
            "ProviderDetails": {
                "client_id": "upstream", "client_secret": "s", "attributes_request_method": "GET", "oidc_issuer": "https://127.0.0.1:9",
                "authorize_scopes": "openid", "authorize_url": "https://127.0.0.1:9/authorize", "token_url": "https://127.0.0.1:9/token",
                "attributes_url": "https://127.0.0.1:9/userinfo", "jwks_uri": "https://127.0.0.1:9/jwks",
            },
        })
    };
    let refused = [
        (
            json!({ "name": "cel:claims.name +" }),
            "AttributeMapping.name is not an expression: the expression ends too early at character 14 of what follows cel:",
        ),
        (
            json!({ "email": "cel:user.mail" }),
            "AttributeMapping.email is not an expression: an unknown name user; there are claims and identity at character 1 of what follows cel:",
        ),
        (json!({ "username": "cel:claims.email" }), "AttributeMapping.username must name a claim: the identity is never computed."),
    ];
    for (mapping, message) in refused {
        assert_eq!(aws.refused("CreateIdentityProvider", provider(mapping), "InvalidParameterException").await, message);
    }
    let mapping = json!({ "name": "cel:claims.name + '!'", "email": "mail" });
    let made = aws.ok("CreateIdentityProvider", provider(mapping.clone())).await;
    assert_eq!(made["IdentityProvider"]["AttributeMapping"], mapping, "the control, echoed as it was given");
}
