//! The fixed error page (U-18, S-32).

use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use fedgate::http::page::error;

fn text(status: StatusCode, reference: &str) -> (String, String) {
    let response = error(status, reference);
    let policy = response.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
    let bytes = response.into_body().try_into_bytes().unwrap();
    (String::from_utf8(bytes.to_vec()).unwrap(), policy)
}

#[test]
fn it_shows_the_reference_and_nothing_else_varies() {
    let (page, policy) = text(StatusCode::BAD_REQUEST, "0f7ea854-78cd-4187-bb61-b4a391417f0a");
    assert!(page.contains("<dd>0f7ea854-78cd-4187-bb61-b4a391417f0a</dd>"));
    assert!(!page.contains("<script") && !page.contains("http"), "needs no script and no file");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"));
    for status in [400, 401, 403, 404, 429, 500, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(error(status, "x").status(), status);
    }
}

#[test]
fn u18_a_reference_cannot_become_markup() {
    let (page, _) = text(StatusCode::BAD_REQUEST, "a\"><script>alert(1)</script>\r\n");
    assert!(page.contains("<dd>ascriptalert1script</dd>"), "{page}");
}

#[test]
fn the_policy_allows_exactly_its_own_style() {
    use base64::Engine as _;
    let (page, policy) = text(StatusCode::NOT_FOUND, "x");
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
    assert!(policy.contains(&base64::engine::general_purpose::STANDARD.encode(hash)));
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains(" style="));
}
