//! The form of requests and answers: content types, strict JSON, CORS, headers (P-08, cognito-surface section 1.1).

use serde_json::json;

use crate::cognito::aws::{Aws, Request};
use crate::harness::gateway::{TestGateway, client};
use crate::harness::storage::Backend;

#[tokio::test]
async fn p_08_strict_json_and_content_type() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    let aws = Aws::new(&gateway);
    for good in [r#"{"MaxResults":1}"#, " {\"MaxResults\" : 1} \n", r#"{"MaxResults":1,"Unknown":{"a":[1,{}]},"NextToken":null}"#] {
        let answer = aws.send_body("ListUserPools", good).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.body);
    }
    let deep = format!(r#"{{"MaxResults":1,"Unknown":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    let bad = [
        r#"{"MaxResults":1,"MaxResults":1}"#,
        r#"{"MaxResults":1,"\u004daxResults":1}"#,
        r#"{"MaxResults":1,"Unknown":{"a":1,"a":1}}"#,
        r#"{"MaxResults":1} {}"#,
        r#"{"MaxResults":1}x"#,
        r#"{"MaxResults":"1"}"#,
        r#"{"MaxResults":1.5}"#,
        r#"{"MaxResults":true}"#,
        r#"{"MaxResults":[1]}"#,
        r#"{"MaxResults":99999999999}"#,
        r#"{"MaxResults":1,}"#,
        "[]",
        "1",
        "\"x\"",
        "null",
        "{",
        "\u{feff}{}",
        deep.as_str(),
    ];
    for bad in bad {
        let answer = aws.send_body("ListUserPools", bad).await;
        assert_eq!((answer.status, answer.kind()), (400, "SerializationException"), "{bad}");
    }
    let prefix = "AWSCognitoIdentityProviderService.ListUserPools";
    for content_type in [None, Some("application/json"), Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("")] {
        let request = Request::new(prefix, r#"{"MaxResults":1}"#).change("content-type", content_type);
        let answer = aws.send(&aws.signer.sign(request, aws.host(), gateway.now_ms())).await;
        assert_eq!((answer.status, answer.kind()), (400, "UnknownOperationException"), "{content_type:?}");
    }
    let request =
        Request::new(prefix, r#"{"MaxResults":1}"#).change("content-type", Some("application/x-amz-json-1.1; charset=utf-8"));
    assert_eq!(aws.send(&aws.signer.sign(request, aws.host(), gateway.now_ms())).await.status, 200);
}

#[tokio::test]
async fn an_empty_body_is_an_empty_object() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    let answer = Aws::new(&gateway).send_body("ListUserPools", "").await;
    assert_eq!(answer.kind(), "InvalidParameterException");
    assert_eq!(
        answer.body["message"],
        "1 validation error detected: Value null at 'maxResults' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn targets_name_one_operation() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    let aws = Aws::new(&gateway);
    let good = "AWSCognitoIdentityProviderService.ListUserPools";
    for target in [
        "",
        "ListUserPools",
        "AWSCognitoIdentityProviderService",
        "AWSCognitoIdentityProviderService.listUserPools",
        "X.ListUserPools",
    ] {
        assert_eq!(aws.send(&Request::new(target, "{}")).await.kind(), "UnknownOperationException", "{target}");
    }
    let twice = Request::new(good, "{}").with("x-amz-target", good);
    assert_eq!(aws.send(&twice).await.kind(), "UnknownOperationException");
    let none = Request::new(good, "{}").change("x-amz-target", None);
    assert_eq!(aws.send(&none).await.kind(), "UnknownOperationException");
    assert_eq!(aws.send(&Request::new(good, "{}")).await.kind(), "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn browsers_may_call_and_read_the_headers() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    let preflight = client()
        .request(reqwest::Method::OPTIONS, gateway.url("/"))
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-amz-target,x-amz-user-agent,cache-control,amz-sdk-request")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    let header = |name: &str| preflight.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("access-control-allow-methods"), "POST");
    for name in
        ["content-type", "x-amz-target", "x-amz-user-agent", "authorization", "x-amz-security-token", "amz-sdk-invocation-id"]
    {
        assert!(header("access-control-allow-headers").split(", ").any(|allowed| allowed == name), "{name}");
    }
    assert!(preflight.headers().get("access-control-allow-credentials").is_none());
    let answer = Aws::new(&gateway).call("ListUserPools", &json!({ "MaxResults": 1 })).await;
    assert_eq!(answer.header("access-control-expose-headers"), "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn l_01_each_call_leaves_one_audit_line() {
    let gateway = TestGateway::start(Backend::Embedded).await;
    let aws = Aws::new(&gateway);
    let before = gateway.audit().len();
    let id = aws.pool("audited").await;
    let line = gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.get("user_pool.id")), ("cognito.CreateUserPool", "success", id.as_str()));
    assert_eq!(line.get("access_key.id"), aws.signer.key.0);
    aws.refused("DescribeUserPool", json!({ "UserPoolId": "local_none" }), "ResourceNotFoundException").await;
    let line = gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.reason()), ("cognito.DescribeUserPool", "refused", "resource_not_found"));
    assert_eq!(gateway.audit().len(), before + 2);
}
