//! Security headers on every answer, whoever made it (U-12).

use reqwest::header::HeaderMap;

use crate::harness::gateway::{TestGateway, client};
use crate::http::bare::Bare;

fn check(headers: &HeaderMap, what: &str, secure: bool) {
    let get = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(get("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(get("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(get("x-frame-options"), "DENY", "{what}");
    assert!(!get("content-security-policy").is_empty(), "{what}");
    assert!(!get("cache-control").is_empty(), "{what}");
    assert_eq!(!get("strict-transport-security").is_empty(), secure, "{what}: HSTS goes with https");
    assert_eq!(get("x-request-id").len(), 36, "{what}");
    assert_eq!(get("server"), "", "{what}: L-10");
}

#[tokio::test]
async fn u12_every_class_of_answer_has_them() {
    for secure in [false, true] {
        let bare = Bare::with(None, |seam| seam.secure = secure).await;
        let cases = [("/plain", 200), ("/redirect", 303), ("/none", 404), ("/page", 400), ("/fault", 500), ("/panic", 500)];
        for (path, status) in cases {
            let answer = client().get(format!("{}{path}", bare.url)).send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            check(answer.headers(), path, secure);
        }
        let not_allowed = client().delete(format!("{}/plain", bare.url)).send().await.unwrap();
        assert_eq!(not_allowed.status(), 405);
        check(not_allowed.headers(), "405", secure);
        let misdirected = client().get(format!("{}/plain", bare.url)).header("Host", "evil.example").send().await.unwrap();
        assert_eq!(misdirected.status(), 421);
        check(misdirected.headers(), "421", secure);
        let too_large = client().post(format!("{}/plain", bare.url)).body(vec![0; 16 * 1024 + 1]).send().await.unwrap();
        assert_eq!(too_large.status(), 413);
        check(too_large.headers(), "413", secure);
    }
}

#[tokio::test]
async fn u12_a_handler_keeps_its_policy_and_caching_but_not_framing() {
    let bare = Bare::start().await;
    let answer = client().get(format!("{}/own", bare.url)).send().await.unwrap();
    let get = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(get("content-security-policy"), "default-src 'self'");
    assert_eq!(get("cache-control"), "public, max-age=60");
    assert_eq!(get("x-frame-options"), "DENY");
    let plain = client().get(format!("{}/plain", bare.url)).send().await.unwrap();
    assert_eq!(plain.headers()["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(plain.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn u12_the_real_faces_too() {
    let gateway = TestGateway::builder().start().await;
    let pool = gateway.add_pool("staff").await;
    let paths = [
        "/".to_owned(),
        "/healthz".to_owned(),
        "/nope".to_owned(),
        format!("/{}/.well-known/openid-configuration", pool.id),
        format!("/{}/oauth2/authorize", pool.id),
        format!("/{}/oauth2/token", pool.id),
        format!("/{}/oauth2/userInfo", pool.id),
        format!("/{}/saml2/idpresponse", pool.id),
        format!("/{}/saml2/metadata", pool.id),
        format!("/{}/login", pool.id),
        format!("/{}/logout", pool.id),
    ];
    for path in paths {
        for answer in
            [client().get(gateway.url(&path)).send().await.unwrap(), client().post(gateway.url(&path)).send().await.unwrap()]
        {
            check(answer.headers(), &path, false);
            assert!(answer.status().as_u16() < 500, "{path}: {}", answer.status());
        }
    }
}

#[tokio::test]
async fn a_panic_is_a_500_with_its_audit_line_and_the_server_lives_on() {
    let bare = Bare::start().await;
    let answer = client().get(format!("{}/panic", bare.url)).send().await.unwrap();
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(!answer.text().await.unwrap().contains("test's panic"));
    let line = bare.audit().pop().unwrap();
    assert_eq!((line.outcome(), line.reason(), line.get("request.id")), ("error", "panic", request_id.as_str()));
    assert_eq!(client().get(format!("{}/plain", bare.url)).send().await.unwrap().status(), 200);
}
