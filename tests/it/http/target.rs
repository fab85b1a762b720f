//! Which host a request is for: unknown ones are misdirected (U-06), unclear ones malformed.

use crate::harness::gateway::{TestGateway, client};
use crate::harness::raw;
use crate::http::bare::Bare;

async fn status(bare: &Bare, head: &str) -> (u16, String) {
    let answer = raw::send(&bare.url, format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await;
    let reason = bare.audit().last().map(|line| line.reason().to_owned()).unwrap_or_default();
    (answer.status, reason)
}

#[tokio::test]
async fn u06_hosts() {
    let bare = Bare::start().await;
    for good in ["known.example", "KNOWN.example:8443", "localhost"] {
        assert_eq!(status(&bare, &format!("GET /plain HTTP/1.1\r\nHost: {good}")).await.0, 200, "{good}");
    }
    let cases = [
        ("GET /plain HTTP/1.1\r\nHost: evil.example", 421, "unknown_host"),
        ("GET /plain HTTP/1.1\r\nHost: known.example.evil.example", 421, "unknown_host"),
        ("GET /plain HTTP/1.1\r\nHost: unsure.example", 503, "hosts_unavailable"),
        ("GET /plain HTTP/1.0", 400, "host_missing"),
        ("GET /plain HTTP/1.1\r\nHost: known.example/path", 400, "host_malformed"),
        ("GET /plain HTTP/1.1\r\nHost: user@known.example", 400, "host_malformed"),
        ("GET /plain HTTP/1.1\r\nHost: known.example:", 400, "host_malformed"),
        ("GET /plain HTTP/1.1\r\nHost: known.example:99999", 400, "host_malformed"),
        ("GET /plain HTTP/1.1\r\nHost: [fe80::1%25eth0]", 400, "host_malformed"),
        ("GET http://evil.example/plain HTTP/1.1\r\nHost: known.example", 400, "host_contradicts_target"),
        ("GET http://evil.example/plain HTTP/1.1\r\nHost: evil.example", 421, "unknown_host"),
    ];
    for (head, expected, reason) in cases {
        assert_eq!(status(&bare, head).await, (expected, reason.to_owned()), "{head}");
    }
    // These two end in the parser of the head, before anything of ours.
    for head in ["GET /plain HTTP/1.1\r\nHost: known.example\r\nHost: known.example", "GET /plain HTTP/1.1\r\nAccept: */*"] {
        assert_eq!(status(&bare, head).await.0, 400, "{head}");
    }
    let absolute = "GET http://known.example/plain HTTP/1.1\r\nHost: known.example";
    assert_eq!(status(&bare, absolute).await.0, 200, "the control: absolute form that agrees");
    assert_eq!(status(&bare, "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3").await.0, 200, "probes ask by address");
}

#[tokio::test]
async fn u06_forwarding_headers_of_a_direct_client_choose_no_host() {
    let bare = Bare::start().await;
    for header in ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"] {
        let value = if header == "Forwarded" { "host=evil.example" } else { "evil.example" };
        let answer = client().get(format!("{}/facts", bare.url)).header(header, value).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), format!("127.0.0.1 {}", bare.address), "{header}");
    }
}

#[tokio::test]
async fn u06_the_gateway_serves_its_origin_and_its_pools_domains_only() {
    let gateway = TestGateway::builder().public_url("https://id.example.com").start().await;
    let pool = gateway.add_pool("staff").await;
    gateway.add_domain(&pool, "corp", false).await;
    gateway.add_domain(&pool, "login.corp.example", true).await;
    let ask =
        async |host: &str| client().get(gateway.url("/nothing-here")).header("Host", host).send().await.unwrap().status().as_u16();
    for host in ["id.example.com", "ID.example.com", "corp.id.example.com", "login.corp.example"] {
        assert_eq!(ask(host).await, 404, "{host} is served");
    }
    for host in ["evil.example", "other.id.example.com", "corp.evil.example", "corp", "id.example.com.evil.example", "127.0.0.1"] {
        assert_eq!(ask(host).await, 421, "{host} is not");
    }
}
