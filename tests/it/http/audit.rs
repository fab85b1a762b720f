//! One audit line a request, and nothing in it that could be more than one (L-01, L-03, L-04).

use crate::harness::gateway::client;
use crate::http::bare::Bare;

#[tokio::test]
async fn l01_a_face_s_event_is_one_line_with_the_facts() {
    let bare = Bare::start().await;
    let answer = client().get(format!("{}/audited?red", bare.url)).send().await.unwrap();
    let lines = bare.audit();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!((line.event(), line.outcome(), line.reason()), ("test.done", "success", ""));
    assert_eq!(line.get("request.id"), answer.headers()["x-request-id"].to_str().unwrap());
    assert_eq!(line.get("client.address"), "127.0.0.1");
    assert_eq!((line.get("http.method"), line.get("http.route"), line.get("http.status")), ("GET", "/audited", "200"));
    assert_eq!((line.get("client.id"), line.get("colour")), ("abc", "red"));
}

#[tokio::test]
async fn l01_a_refusal_without_an_event_gets_a_generic_line_and_a_success_none() {
    let bare = Bare::start().await;
    client().get(format!("{}/plain", bare.url)).send().await.unwrap();
    assert!(bare.audit().is_empty());
    client().get(format!("{}/none", bare.url)).send().await.unwrap();
    client().delete(format!("{}/plain", bare.url)).send().await.unwrap();
    client().get(format!("{}/fault", bare.url)).send().await.unwrap();
    let seen: Vec<_> = bare.audit().iter().map(|line| format!("{} {} {}", line.event(), line.outcome(), line.reason())).collect();
    let expected =
        ["request.refused refused unknown_path", "request.refused refused method_not_allowed", "request.refused error internal"];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn l03_neither_path_nor_query_is_logged() {
    let bare = Bare::start().await;
    client().get(format!("{}/local_x/oauth2/canary-path?code=canary-query", bare.url)).send().await.unwrap();
    client()
        .post(format!("{}/local_x/oauth2/token?code=canary-query", bare.url))
        .header("Host", "canary-host.example")
        .send()
        .await
        .unwrap();
    assert_eq!(bare.audit().len(), 2);
    for line in bare.audit() {
        assert!(!format!("{line:?}").contains("canary"), "{line:?}");
    }
}

#[tokio::test]
async fn l04_a_value_stays_on_its_line() {
    let bare = Bare::start().await;
    client().get(format!("{}/audited", bare.url)).send().await.unwrap();
    let line = bare.audit().pop().unwrap();
    assert_eq!(line.get("text"), r"a\u{d}\u{a}b\u{1b}[31mc\u{0}d\u{2028}e");
}
