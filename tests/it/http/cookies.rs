//! Cookies: names by exact octets, attributes (U-02, U-03).

use actix_web::test::TestRequest;
use fedgate::http::cookies::{CookieKind, clear, read, set};
use url::Url;

const SESSION: CookieKind<'_> = CookieKind::Session("local_AbC123xyz");

fn secure() -> Url {
    Url::parse("https://id.example.com").unwrap()
}

fn plain() -> Url {
    Url::parse("http://127.0.0.1:8080").unwrap()
}

fn seen(lines: &[&[u8]], url: &Url, kind: CookieKind<'_>) -> Option<String> {
    let mut request = TestRequest::default();
    for line in lines {
        request = request.append_header(("Cookie", actix_web::http::header::HeaderValue::from_bytes(line).unwrap()));
    }
    read(&request.to_http_request(), url, kind)
}

#[test]
fn u02_attributes_on_an_https_origin() {
    let session = set(&secure(), SESSION, "value", None).to_string();
    assert_eq!(session, "__Host-fedgate-session-local_AbC123xyz=value; HttpOnly; SameSite=Lax; Secure; Path=/");
    let browser = set(&secure(), CookieKind::Browser, "value", Some(600)).to_string();
    assert_eq!(browser, "__Host-fedgate-browser=value; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=600");
    let cleared = clear(&secure(), SESSION).to_string();
    assert!(cleared.starts_with(
        "__Host-fedgate-session-local_AbC123xyz=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970"
    ));
}

#[test]
fn u02_a_plain_origin_gets_what_browsers_take_there() {
    let browser = set(&plain(), CookieKind::Browser, "value", None).to_string();
    assert_eq!(browser, "fedgate-browser=value; HttpOnly; Path=/", "SameSite=None needs Secure");
    assert_eq!(set(&plain(), SESSION, "v", None).to_string(), "fedgate-session-local_AbC123xyz=v; HttpOnly; SameSite=Lax; Path=/");
}

#[test]
fn u03_the_value_of_exactly_our_cookie() {
    let ours: &[u8] = b"__Host-fedgate-browser=abc-DEF_1.2~3";
    assert_eq!(seen(&[ours], &secure(), CookieKind::Browser).as_deref(), Some("abc-DEF_1.2~3"));
    assert_eq!(seen(&[b"a=b; __Host-fedgate-browser=x;c=d"], &secure(), CookieKind::Browser).as_deref(), Some("x"));
    assert_eq!(seen(&[b"a=b", b"__Host-fedgate-browser=x"], &secure(), CookieKind::Browser).as_deref(), Some("x"));
    assert_eq!(seen(&[b"fedgate-browser=x"], &plain(), CookieKind::Browser).as_deref(), Some("x"));
}

#[test]
fn u03_anything_doubtful_is_no_session() {
    let cases: [&[&[u8]]; 16] = [
        &[],
        &[b"__Host-fedgate-browser=x; __Host-fedgate-browser=x"],
        &[b"__Host-fedgate-browser=x", b"__Host-fedgate-browser=y"],
        &[b"__Host-fedgate-browser=x; __Host-fedgate-browser"],
        &[b"fedgate-browser=x"],
        &[b"__host-fedgate-browser=x"],
        &[b"__Host-fedgate-browser =x"],
        &[b"\xc2\xa0__Host-fedgate-browser=x"],
        &[b"\xe2\x80\x80__Host-fedgate-browser=x"],
        &[b"\x85__Host-fedgate-browser=x"],
        &[b"$Version=1; __Host-fedgate-browser=x"],
        &[b"__Host-fedgate-browser=\"x\""],
        &[b"__Host-fedgate-browser="],
        &[b"__Host-fedgate-browser"],
        &[b"__Host-fedgate-browser=a b"],
        &[b"__Host-fedgate-browser=\xff"],
    ];
    for lines in cases {
        assert_eq!(seen(lines, &secure(), CookieKind::Browser), None, "{lines:?}");
    }
    let long = format!("__Host-fedgate-browser={}", "x".repeat(1025));
    assert_eq!(seen(&[long.as_bytes()], &secure(), CookieKind::Browser), None);
    let other_pool: &[u8] = b"__Host-fedgate-session-local_other=x";
    assert_eq!(seen(&[other_pool], &secure(), SESSION), None);
}
