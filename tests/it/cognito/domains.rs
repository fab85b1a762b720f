//! CreateUserPoolDomain, DescribeUserPoolDomain.

use serde_json::json;

use crate::cognito::aws::Aws;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(a_pool_gets_one_domain_of_each_kind, names_are_checked);

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:000000000000:certificate/x";

async fn a_pool_gets_one_domain_of_each_kind(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let (pool, other) = (aws.pool("a").await, aws.pool("b").await);
    let prefix = |pool: &str, name: &str| json!({ "UserPoolId": pool, "Domain": name });
    assert_eq!(aws.ok("CreateUserPoolDomain", prefix(&pool, "login-a")).await, json!({ "ManagedLoginVersion": 1 }));
    let text = aws.refused("CreateUserPoolDomain", prefix(&other, "login-a"), "InvalidParameterException").await;
    assert_eq!(text, "Domain already associated with another user pool.");
    aws.refused("CreateUserPoolDomain", prefix(&pool, "second"), "InvalidParameterException").await;
    let custom = json!({ "UserPoolId": pool, "Domain": "login.example.com", "CustomDomainConfig": { "CertificateArn": CERTIFICATE },
        "ManagedLoginVersion": 2 });
    let made = aws.ok("CreateUserPoolDomain", custom.clone()).await;
    assert_eq!(made, json!({ "ManagedLoginVersion": 2, "CloudFrontDomain": "127.0.0.1" }));
    let shown = aws.ok("DescribeUserPool", json!({ "UserPoolId": pool })).await["UserPool"].clone();
    assert_eq!((&shown["Domain"], &shown["CustomDomain"]), (&json!("login-a"), &json!("login.example.com")));
    let described = aws.ok("DescribeUserPoolDomain", json!({ "Domain": "login.example.com" })).await["DomainDescription"].clone();
    assert_eq!((&described["Status"], &described["UserPoolId"]), (&json!("ACTIVE"), &json!(pool)));
    assert_eq!(described["CustomDomainConfig"], custom["CustomDomainConfig"]);
    assert_eq!(aws.ok("DescribeUserPoolDomain", json!({ "Domain": "unknown" })).await, json!({ "DomainDescription": {} }));
}

async fn names_are_checked(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = aws.pool("a").await;
    for name in ["Login", "-a", "a-", "a_b", "a.b", "my-aws-login", "cognito", "xamazon", ""] {
        aws.refused("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": name }), "InvalidParameterException").await;
    }
    let config = json!({ "CertificateArn": CERTIFICATE });
    for name in ["login", "127.0.0.1", "a..b"] {
        let input = json!({ "UserPoolId": pool, "Domain": name, "CustomDomainConfig": config });
        aws.refused("CreateUserPoolDomain", input, "InvalidParameterException").await;
    }
    let input = json!({ "UserPoolId": pool, "Domain": "x", "ManagedLoginVersion": 3 });
    aws.refused("CreateUserPoolDomain", input, "InvalidParameterException").await;
    aws.refused("CreateUserPoolDomain", json!({ "UserPoolId": "local_None", "Domain": "x" }), "ResourceNotFoundException").await;
    aws.ok("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "x" })).await;
}
