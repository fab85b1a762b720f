//! Who is believed: P-01 to P-07, each refusal beside the same request that succeeds.

use serde_json::json;

use crate::cognito::aws::{Aws, Request, Signer};
use crate::harness::gateway::{ADMIN_KEY, TestGateway};
use crate::harness::storage::Backend;

const LIST: &str = "AWSCognitoIdentityProviderService.ListUserPools";

async fn gateway() -> TestGateway {
    TestGateway::start(Backend::Embedded).await
}

fn list() -> Request {
    Request::new(LIST, json!({ "MaxResults": 1 }).to_string())
}

/// Sends the signed request after a change; the kind of refusal, empty when it succeeds.
async fn outcome(aws: &Aws<'_>, sign: impl FnOnce(&mut Signer), before: Request, after: impl FnOnce(Request) -> Request) -> String {
    let mut signer = aws.signer.clone();
    sign(&mut signer);
    let request = after(signer.sign(before, aws.host(), aws.gateway.now_ms()));
    let answer = aws.send(&request).await;
    assert_eq!(answer.status == 200, answer.kind().is_empty());
    answer.kind().to_owned()
}

#[tokio::test]
async fn p_02_time_and_scope() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    for (offset_s, kind) in
        [(0, ""), (299, ""), (-299, ""), (301, "InvalidSignatureException"), (-301, "InvalidSignatureException")]
    {
        assert_eq!(outcome(&aws, |signer| signer.offset_s = offset_s, list(), |request| request).await, kind, "{offset_s}");
    }
    let wrong = [
        outcome(&aws, |signer| signer.service = "cognito-identity".to_owned(), list(), |request| request).await,
        outcome(&aws, |signer| signer.service = "sts".to_owned(), list(), |request| request).await,
        outcome(&aws, |signer| signer.scope_date = Some("20251231".to_owned()), list(), |request| request).await,
    ];
    assert_eq!(wrong, ["InvalidSignatureException"; 3]);
    assert_eq!(
        outcome(&aws, |signer| signer.terminator = "aws3_request".to_owned(), list(), |request| request).await,
        "IncompleteSignatureException"
    );
}

#[tokio::test]
async fn p_02_a_configured_region_is_exact() {
    let gateway = TestGateway::builder().config("region = \"eu-west-3\"").start().await;
    let aws = Aws::new(&gateway);
    assert_eq!(outcome(&aws, |signer| signer.region = "eu-west-3".to_owned(), list(), |request| request).await, "");
    for other in ["eu-west-1", "local", "EU-WEST-3"] {
        assert_eq!(
            outcome(&aws, |signer| signer.region = other.to_owned(), list(), |request| request).await,
            "InvalidSignatureException"
        );
    }
}

#[tokio::test]
async fn p_03_steering_headers_are_signed() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    let full = || {
        list().with("x-amz-security-token", "token").with("x-amz-user-agent", "aws-sdk-js/3").with("amz-sdk-request", "attempt=1")
    };
    assert_eq!(outcome(&aws, |_| {}, full(), |request| request).await, "");
    for name in ["host", "x-amz-date", "x-amz-target", "x-amz-security-token", "x-amz-user-agent"] {
        let kind = outcome(&aws, |signer| signer.unsigned.push(name.to_owned()), full(), |request| request).await;
        assert_eq!(kind, "InvalidSignatureException", "{name} unsigned");
    }
    // Other headers may stay out of the signature.
    assert_eq!(outcome(&aws, |signer| signer.unsigned.push("amz-sdk-request".to_owned()), full(), |request| request).await, "");
    let swapped = "AWSCognitoIdentityProviderService.CreateUserPool";
    for (name, value) in [("x-amz-target", swapped), ("x-amz-security-token", "another"), ("x-amz-user-agent", "another")] {
        let kind = outcome(&aws, |_| {}, full(), |request| request.change(name, Some(value))).await;
        assert_eq!(kind, "InvalidSignatureException", "{name} changed");
    }
    let added = outcome(&aws, |_| {}, full(), |request| request.with("x-amz-invocation-type", "Event")).await;
    assert_eq!(added, "InvalidSignatureException");
}

#[tokio::test]
async fn p_04_the_body_is_what_was_signed() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    let with_body = |body: &str| {
        let body = body.as_bytes().to_vec();
        move |request: Request| Request { body, ..request }
    };
    assert_eq!(outcome(&aws, |_| {}, list(), with_body(r#"{"MaxResults":1}"#)).await, "");
    assert_eq!(outcome(&aws, |_| {}, list(), with_body(r#"{"MaxResults":2}"#)).await, "InvalidSignatureException");
    assert_eq!(outcome(&aws, |_| {}, list(), with_body("")).await, "InvalidSignatureException");
    let hash = "cd2de95b9b2bbbb0a4b2a8d1a4bbd5b6d2ae6a9eb2f0b2d7f7e0c1c1d1cf0c2b";
    for mark in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", hash, ""] {
        let request = list().with("x-amz-content-sha256", mark);
        let kind = outcome(&aws, |signer| signer.body_hash = Some(mark.to_owned()), request, |request| request).await;
        assert_eq!(kind, "InvalidSignatureException", "{mark}");
    }
}

#[tokio::test]
async fn p_05_forms_that_sdks_vary() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    for extra in ["  spaced   inside  ", "tab\there", "a,b", "\"a  b\""] {
        // Runs of spaces count as one in the signature (AWS: `Trimall`).
        let canonical = extra.trim().split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let signed = list().with("x-amz-meta", &canonical);
        let kind = outcome(&aws, |_| {}, signed, |request| request.change("x-amz-meta", Some(extra))).await;
        assert_eq!(kind, "", "{extra:?}");
    }
    let content_type = list().change("content-type", Some("application/x-amz-json-1.0"));
    assert_eq!(outcome(&aws, |_| {}, content_type, |request| request).await, "");
    let query = Request { query: "?a=1&b=%20x".to_owned(), ..list() };
    assert_eq!(outcome(&aws, |_| {}, query, |request| request).await, "");
}

#[tokio::test]
async fn p_06_credentials_stand_in_one_place() {
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    for query in ["?X-Amz-Signature=00", "?X-Amz-Credential=x&X-Amz-Date=20260101T000000Z", "?x-amz-security-token=x"] {
        let request = Request { query: query.to_owned(), ..list() };
        assert_eq!(outcome(&aws, |_| {}, request, |request| request).await, "IncompleteSignatureException", "{query}");
    }
    let twice = outcome(
        &aws,
        |_| {},
        list(),
        |request| {
            let authorization = request.get("authorization").to_owned();
            request.with("authorization", &authorization)
        },
    );
    assert_eq!(twice.await, "IncompleteSignatureException");
    let date_twice = outcome(
        &aws,
        |_| {},
        list(),
        |request| {
            let date = request.get("x-amz-date").to_owned();
            request.with("x-amz-date", &date)
        },
    );
    assert_eq!(date_twice.await, "IncompleteSignatureException");
}

#[tokio::test]
async fn p_07_wrong_secret_unknown_key_and_nobody() {
    let gateway = gateway().await;
    assert_eq!(outcome(&Aws::new(&gateway), |_| {}, list(), |request| request).await, "");
    let wrong = Aws::with_key(&gateway, ADMIN_KEY.0, "wrong");
    assert_eq!(outcome(&wrong, |_| {}, list(), |request| request).await, "InvalidSignatureException");
    for id in ["AKIAUNKNOWN", &ADMIN_KEY.0.to_lowercase(), ""] {
        let unknown = Aws::with_key(&gateway, id, ADMIN_KEY.1);
        let kind = outcome(&unknown, |_| {}, list(), |request| request).await;
        assert_eq!(kind, "UnrecognizedClientException", "{id}");
    }
    let aws = Aws::new(&gateway);
    assert_eq!(aws.send(&list()).await.kind(), "MissingAuthenticationTokenException");
    let line = gateway.last_audit();
    assert_eq!((line.event(), line.outcome(), line.reason()), ("cognito.ListUserPools", "refused", "signature_missing"));
}

/// Signed, unsigned and wrongly signed, for every operation of the two JSON services (P-01).
#[tokio::test]
async fn p_01_every_operation_asks_for_its_caller() {
    use fedgate::cognito::model::{Need, Service};
    let gateway = gateway().await;
    let aws = Aws::new(&gateway);
    let built: Vec<&str> = fedgate::cognito::operations().map(|entry| entry.name).collect();
    for service in [Service::Idp, Service::Identity] {
        let api = service.api();
        for operation in api.operations() {
            let request = || Request::new(&format!("{}.{}", api.target_prefix.as_deref().unwrap(), operation.name), "{}");
            let scope = |signer: &mut Signer| signer.service = service.signing_name().to_owned();
            let unsigned = aws.send(&request()).await.kind().to_owned();
            let wrong = outcome(&Aws::with_key(&gateway, ADMIN_KEY.0, "wrong"), scope, request(), |request| request).await;
            let right = outcome(&aws, scope, request(), |request| request).await;
            let expected = if operation.need == Need::Signature {
                ("MissingAuthenticationTokenException", "InvalidSignatureException")
            } else {
                ("OperationNotEnabledException", "OperationNotEnabledException")
            };
            assert_eq!((unsigned.as_str(), wrong.as_str()), expected, "{}", operation.name);
            let answers = if service == Service::Idp && built.contains(&operation.name.as_str()) {
                "InvalidParameterException"
            } else {
                "OperationNotEnabledException"
            };
            assert_eq!(right, answers, "{}", operation.name);
        }
    }
    for operation in Service::Sync.api().operations() {
        let (method, template) = &operation.http;
        let path = template.replace(['{', '}'], "");
        let url = gateway.url(&path);
        let answer = crate::harness::gateway::client().request(method.parse().unwrap(), url).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["__type"], "MissingAuthenticationTokenException", "{}", operation.name);
    }
    let unknown = Request::new("AWSCognitoIdentityProviderService.DropEverything", "{}");
    assert_eq!(outcome(&aws, |_| {}, unknown, |request| request).await, "UnknownOperationException");
}
