//! The fixed error page: one text, one reference id, nothing from the request (U-18, S-32).
//!
//! Owns the page that browser-facing faces show when there is nowhere safe to redirect to. Why it was shown is in the audit log only.
//! It needs no script and no file: its one style sheet stands inside and is allowed by hash.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2333;--soft:#5b6478;--line:#e3e7ef;--card:#fff;--ground:#f4f6fa;--mark:#c2410c;--tint:#fff1e8}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf4;--soft:#9aa5bb;--line:#2b3346;--card:#171d2b;--ground:#0e131e;--mark:#fb923c;--tint:#33200f}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);\
font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{width:100%;max-width:26rem;padding:2.25rem;background:var(--card);border:1px solid var(--line);border-radius:16px;\
box-shadow:0 12px 40px rgba(10,20,50,.08)}\
.mark{display:grid;place-items:center;width:3rem;height:3rem;border-radius:12px;background:var(--tint);color:var(--mark);font-size:1.5rem;font-weight:700}\
h1{margin:1.25rem 0 .5rem;font-size:1.35rem;line-height:1.25;letter-spacing:-.01em}\
p{margin:0;color:var(--soft)}\
dl{margin:1.75rem 0 0;padding-top:1.25rem;border-top:1px solid var(--line);font-size:.8125rem}\
dt{color:var(--soft)}\
dd{margin:.15rem 0 0;font-family:ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!("default-src 'none'; {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", style_source(STYLE))
});

/// The `style-src` directive that allows exactly this inline style sheet.
pub fn style_source(style: &str) -> String {
    format!("style-src 'sha256-{}'", STANDARD.encode(digest(&SHA256, style.as_bytes()).as_ref()))
}

/// The error page.
pub fn error(status: StatusCode, reference: &str) -> HttpResponse {
    let (title, text) = words(status);
    let reference: String = reference.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '-').take(64).collect();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<div class=\"mark\" aria-hidden=\"true\">!</div>\n<h1>{title}</h1>\n<p>{text}</p>\n\
         <dl><dt>Reference</dt><dd>{reference}</dd></dl>\n</main>\n</body>\n</html>\n"
    );
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(html)
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        404 => ("Page not found", "There is nothing at this address. Go back to the application and start again from there."),
        429 => ("Too many attempts", "Please wait a little, then go back to the application and start again."),
        503 => ("Not available right now", "Sign-in cannot be served at the moment. Please try again shortly."),
        _ if status.is_client_error() => (
            "Sign-in could not be completed",
            "The request was not accepted. Go back to the application and start again. If it happens again, tell its support the reference below.",
        ),
        _ => (
            "Something went wrong",
            "That was a fault on our side. Please try again. If it happens again, tell the application’s support the reference below.",
        ),
    }
}
