//! U-10, U-18: the redirect URI is matched as a text, and a bad one is a page without a way out.

use fedgate::auth_flows::authorize::redirect_uri::registrable;

use crate::oauth::world::seed::{CALLBACK, CONFIDENTIAL};
use crate::oauth::world::{AUTHORIZE, World, changed};

/// What is near a registered URI, and is none.
const NEAR: [&str; 62] = [
    "https://app.example/cb/",
    "https://app.example/cb/x",
    "https://app.example/cb/../cb",
    "https://app.example/./cb",
    "https://app.example/x/../cb",
    "https://app.example//cb",
    "https://app.example/cb..;/",
    "https://app.example/..;/cb",
    "https://app.example/cb;x=1",
    "https://app.example/CB",
    "https://app.example/c",
    "https://app.example/cbx",
    "https://app.example/cb%2e",
    "https://app.example/%63b",
    "https://app.example/cb%2f",
    "https://app.example/cb%5c",
    "https://app.example/cb%00",
    "https://app.example/cb%0d%0aLocation:x",
    "https://app.example/cb?",
    "https://app.example/cb?x=1",
    "https://app.example/cb?tenant=2",
    "https://app.example/cb?tenant=1&x=1",
    "https://app.example/cb#",
    "https://app.example/cb#x",
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://app.example:/cb",
    "HTTPS://app.example/cb",
    "https://APP.example/cb",
    "https://app.example./cb",
    "https://app.example",
    "https://app.example/",
    "https://evil.example/cb",
    "https://evil.example/https://app.example/cb",
    "https://app.example.evil.example/cb",
    "https://evilapp.example/cb",
    "https://sub.app.example/cb",
    "https://app.example@evil.example/cb",
    "https://user@app.example/cb",
    "https://user:pass@app.example/cb",
    "https://evil.example#@app.example/cb",
    "https://evil.example\\@app.example/cb",
    "https://evil.example%5c%5c@app.example/cb",
    "https:\\\\app.example\\cb",
    "https:/app.example/cb",
    "https:app.example/cb",
    "http://app.example/cb",
    "//app.example/cb",
    "/cb",
    "cb",
    " https://app.example/cb",
    "https://app.example/cb ",
    "https://app.exam\u{440}le/cb",
    "https://xn--app-example/cb",
    "https://app\u{3002}example/cb",
    "http://localhost/cb",
    "http://localhost:3001/cb",
    "http://127.0.0.1:3000/cb",
    "com.example.app://cb/",
    "com.example.app:cb",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
];

/// What may not be registered at all.
const UNREGISTRABLE: [&str; 24] = [
    "",
    "/cb",
    "//app.example/cb",
    "app.example/cb",
    "http://app.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "https://app.example/cb#fragment",
    "https://app.example/cb#",
    "https://user@app.example/cb",
    "https://user:pass@app.example/cb",
    "https://app.example\\cb",
    "https:/app.example/cb",
    "https:app.example/cb",
    "https://app.example/c b",
    "https://app.example/cb\t",
    "https://app.example/cb\r\nx",
    "https://app.example/c\u{fc}b",
    "JaVaScRiPt:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example/1",
];

#[tokio::test]
async fn a01_only_the_exact_registered_uri_gets_an_answer() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    for uri in NEAR {
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("redirect_uri", Some(uri))])).await;
        assert_eq!(answer.status, 400, "A-01: {uri}");
        assert_eq!(answer.header("location"), None, "A-02: {uri}");
        assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{uri}");
        assert!(uri.len() < 3 || !answer.body.contains(uri), "U-18: the page echoes {uri}");
    }
    // Paired control: each registered one does.
    for uri in [CALLBACK, "https://app.example/cb?tenant=1", "http://localhost:3000/cb", "com.example.app://cb"] {
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("redirect_uri", Some(uri))])).await;
        assert_eq!(answer.status, 302, "{uri}");
        let separator = if uri.contains('?') { '&' } else { '?' };
        assert!(answer.header("location").unwrap().starts_with(&format!("{uri}{separator}code=")), "{answer:?}");
    }
}

#[tokio::test]
async fn a02_a_bad_client_is_a_page_without_a_way_out() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let long = "c".repeat(5000);
    for id in [None, Some(""), Some("nobody"), Some("foreignclient0000000000000"), Some("CONFIDENTIALCLIENT00000000"), Some(&*long)]
    {
        for path in ["/oauth2/authorize", "/login"] {
            let fields = changed(&AUTHORIZE, &[("client_id", id)]);
            let answer =
                world.send("GET", &format!("{path}?{}", super::world::wire::form(&fields)), &[("Cookie", &cookie)], "").await;
            assert_eq!(answer.status, 400, "{path} {id:?}");
            assert_eq!(answer.header("location"), None, "A-02: {path} {id:?}");
        }
    }
    world.change_client(CONFIDENTIAL, |client| client.enabled = false).await;
    let answer = world.authorize(&cookie, &AUTHORIZE).await;
    assert_eq!((answer.status, answer.header("location")), (400, None), "a disabled client");
    world.change_client(CONFIDENTIAL, |client| client.enabled = true).await;
    assert_eq!(world.authorize(&cookie, &AUTHORIZE).await.status, 302, "the control");
}

#[test]
fn a01_dangerous_and_ambiguous_uris_cannot_be_registered() {
    for uri in UNREGISTRABLE {
        assert!(registrable(uri).is_err(), "{uri:?}");
    }
    assert!(registrable(&format!("https://app.example/{}", "x".repeat(1024))).is_err());
    for uri in [
        "https://app.example/cb",
        "https://app.example:8443/cb?x=1",
        "http://localhost/cb",
        "http://localhost:3000",
        "http://127.0.0.1:1/x",
        "http://[::1]:3000/x",
        "com.example.app://cb",
        "com.example.app:/cb",
    ] {
        assert_eq!(registrable(uri), Ok(()), "{uri}");
    }
}

#[tokio::test]
async fn a01_a_row_with_an_unsafe_uri_does_not_open_a_hole() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let unsafe_uris = ["javascript:alert(1)", "http://evil.example/", "https://app.example/cb#x", "https://u@app.example/"];
    world.change_client(CONFIDENTIAL, |client| client.callback_urls.extend(unsafe_uris.iter().map(|uri| (*uri).to_owned()))).await;
    for uri in unsafe_uris {
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("redirect_uri", Some(uri))])).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{uri}");
    }
    assert_eq!(world.authorize(&cookie, &AUTHORIZE).await.status, 302, "the control");
}
