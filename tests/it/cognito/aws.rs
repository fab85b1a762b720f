//! A caller as an AWS SDK is one: signs by SigV4 (written here a second time, from AWS's description) and reads JSON 1.1.
//!
//! Every answer is checked against the service model: successes against the operation's output, refusals against its modelled errors or the
//! front end's.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use fedgate::cognito::model::Service;
use fedgate::cognito::validate;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::harness::gateway::{ADMIN_KEY, TestGateway, client};

/// Errors that come from before the operation.
pub const FRONT_END: [&str; 10] = [
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidParameterException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorizedException",
    "OperationNotEnabledException",
    "SerializationException",
    "UnknownOperationException",
    "UnrecognizedClientException",
];

/// A request before it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Headers in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What follows the path, with its question mark.
    pub query: String,
}

impl Request {
    /// A request for an operation of a service's target prefix.
    pub fn new(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        Self {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: body.into(),
            query: String::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces a header, or takes it away.
    #[must_use]
    pub fn change(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(header, _)| header != name);
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The value of a header.
    pub fn get(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// How a request is signed.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Key id and secret.
    pub key: (String, String),
    /// Region of the scope.
    pub region: String,
    /// Service of the scope.
    pub service: String,
    /// The date's offset from the gateway's clock, seconds.
    pub offset_s: i64,
    /// Another date in the scope than in the header.
    pub scope_date: Option<String>,
    /// The last part of the scope.
    pub terminator: String,
    /// Headers left out of the signature.
    pub unsigned: Vec<String>,
    /// Another body hash than the body's.
    pub body_hash: Option<String>,
}

impl Signer {
    /// As an SDK with that key signs.
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            key: (id.to_owned(), secret.to_owned()),
            region: "eu-central-1".to_owned(),
            service: "cognito-idp".to_owned(),
            offset_s: 0,
            scope_date: None,
            terminator: "aws4_request".to_owned(),
            unsigned: Vec::new(),
            body_hash: None,
        }
    }

    /// Signs a request for that host.
    pub fn sign(&self, request: Request, host: &str, now_ms: i64) -> Request {
        let date = basic_date(now_ms + self.offset_s * 1000);
        let mut request = request.change("x-amz-date", Some(&date));
        let mut signed: Vec<(String, String)> = request.headers.clone();
        signed.push(("host".to_owned(), host.to_owned()));
        signed.retain(|(name, _)| !self.unsigned.contains(name));
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: Vec<String> = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let lines = lines.concat();
        let hash = self.body_hash.clone().unwrap_or_else(|| hex(digest(&SHA256, &request.body).as_ref()));
        let canonical = format!("POST\n/\n{}\n{lines}\n{names}\n{hash}", request.query.trim_start_matches('?'));
        let scope_date = self.scope_date.clone().unwrap_or_else(|| date[..8].to_owned());
        let scope = format!("{scope_date}/{}/{}/{}", self.region, self.service, self.terminator);
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
        let mut key = format!("AWS4{}", self.key.1).into_bytes();
        for part in scope.split('/') {
            key = mac(&key, part.as_bytes());
        }
        let signature = hex(&mac(&key, text.as_bytes()));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.key.0);
        request.headers.push(("authorization".to_owned(), authorization));
        request
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn basic_date(ms: i64) -> String {
    let moment = time::OffsetDateTime::from_unix_timestamp(ms / 1000).unwrap();
    let text = moment.format(&time::format_description::well_known::Rfc3339).unwrap();
    text.replace(['-', ':'], "")
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as JSON.
    pub body: Value,
}

impl Answer {
    /// The exception's name; empty for successes.
    pub fn kind(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A caller of a gateway.
#[derive(Clone, Debug)]
pub struct Aws<'g> {
    /// The gateway.
    pub gateway: &'g TestGateway,
    /// How requests are signed.
    pub signer: Signer,
    http: reqwest::Client,
}

impl<'g> Aws<'g> {
    /// With the administrative key.
    pub fn new(gateway: &'g TestGateway) -> Self {
        Self::with_key(gateway, ADMIN_KEY.0, ADMIN_KEY.1)
    }

    /// With another key.
    pub fn with_key(gateway: &'g TestGateway, id: &str, secret: &str) -> Self {
        Self { gateway, signer: Signer::new(id, secret), http: client() }
    }

    /// The host that requests are for.
    pub fn host(&self) -> &str {
        self.gateway.address_url.trim_start_matches("http://")
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: &Request) -> Answer {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let url = self.gateway.url(&format!("/{}", request.query));
        let response = self.http.post(url).headers(headers).body(request.body.clone()).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: not JSON: {text}"));
        Answer { status, headers, body }
    }

    /// Signs and sends a body to an operation.
    pub async fn send_body(&self, operation: &str, body: impl Into<Vec<u8>>) -> Answer {
        let prefix = Service::Idp.api().target_prefix.as_deref().unwrap();
        let request = Request::new(&format!("{prefix}.{operation}"), body);
        self.send(&self.signer.sign(request, self.host(), self.gateway.now_ms())).await
    }

    /// Calls an operation, whatever comes; the answer fits the model.
    pub async fn call(&self, operation: &str, input: &Value) -> Answer {
        let answer = self.send_body(operation, input.to_string()).await;
        check(operation, &answer);
        answer
    }

    /// Calls an operation that must succeed.
    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, &input).await;
        assert_eq!(answer.status, 200, "{operation} {input}: {}", answer.body);
        answer.body
    }

    /// Calls an operation that must be refused so; returns the message.
    pub async fn refused(&self, operation: &str, input: Value, kind: &str) -> String {
        let answer = self.call(operation, &input).await;
        assert_eq!((answer.status, answer.kind()), (400, kind), "{operation} {input}: {}", answer.body);
        answer.body["message"].as_str().unwrap().to_owned()
    }

    /// A pool's id.
    pub async fn pool(&self, name: &str) -> String {
        let made = self.ok("CreateUserPool", serde_json::json!({ "PoolName": name })).await;
        made["UserPool"]["Id"].as_str().unwrap().to_owned()
    }
}

/// Panics unless an answer is one that the model allows.
pub fn check(operation: &str, answer: &Answer) {
    let api = Service::Idp.api();
    let shape = api.operation(operation).unwrap();
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    if answer.status == 200 {
        if let Some(output) = shape.output {
            validate::response(api, output, answer.body.clone())
                .unwrap_or_else(|misfit| panic!("{operation} answers against its model: {}", misfit.message()));
        }
        return;
    }
    let kind = answer.kind();
    assert!(FRONT_END.contains(&kind) || shape.errors.iter().any(|error| error == kind), "{operation} does not answer {kind}");
    assert_eq!(answer.header("x-amzn-errortype"), format!("{kind}:"));
    assert!(!answer.header("x-amzn-errormessage").is_empty());
    assert!(answer.body["message"].is_string());
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "nothing but type and message: {}", answer.body);
}
