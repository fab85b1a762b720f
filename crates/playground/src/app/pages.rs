//! The sample app's pages: the first one, the sign-in as it happened, and the ends.
//!
//! Only HTML; what is shown was fetched and checked elsewhere. Neighbours: `mod.rs` asks for a page, `story` and `token_view`
//! draw its parts, `look` gives the frame.

use super::Config;
use super::gateway::Refused;
use super::session::Signed;
use super::verify::Use;
use super::{story, token_view};
use crate::journal::Hop;
use crate::look::{self, Brand, escape};

const CHOICE_MARK: &str = concat!(
    r#"<svg viewBox="0 0 32 32" fill="none" aria-hidden="true"><rect x="2" y="2" width="28" height="28" rx="9" fill="currentColor" opacity=".16"/>"#,
    r#"<path d="M10 11.5h12M10 16h12M10 20.5h7" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/></svg>"#
);

/// The first page: three doors, and who is who.
pub(super) fn home(config: &Config, signed: Option<&Signed>) -> String {
    let hello = signed.map_or_else(String::new, |signed| {
        format!("<p class=\"note\">You are signed in as {}. <a href=\"/flow\">See how it went</a></p>\n", escape(name(signed)))
    });
    let oidc = door("oidc", Brand::Oidc.mark(), "Sign in with Example OIDC", "fedgate asks an OpenID Connect provider");
    let saml = door("saml", Brand::Saml.mark(), "Sign in with Example SAML", "fedgate asks a SAML 2.0 identity provider");
    let choice = door("choose", CHOICE_MARK, "Choose on fedgate's own page", "The app names no provider; the person decides");
    let body = format!(
        r#"<h1>One issuer for the app, any provider for its people</h1>
<p class="lede">This app knows one place to sign in: fedgate. Which provider stands behind it, and which protocol that one speaks, is none of the app's business.</p>
{hello}<nav class="doors" aria-label="Ways to sign in">
{oidc}{saml}{choice}</nav>
<h2>What will happen</h2>
<ol class="path" aria-label="The way of a sign-in">
<li>Sample app<small>asks for sign-in</small></li><li class="to" aria-hidden="true">⇄</li><li>fedgate<small>brokers, checks, issues</small></li><li class="to" aria-hidden="true">⇄</li><li>Provider<small>knows the person</small></li>
</ol>
<p class="note" style="margin-top:1.2rem">Press a door, then a name. Afterwards this app shows every message of your own sign-in, and the tokens that it received, decoded and verified against the keys of <code>{}</code>.</p>"#,
        escape(&config.issuer)
    );
    look::wide_page(Brand::App, "Sign in", &body)
}

fn door(with: &str, mark: &str, title: &str, detail: &str) -> String {
    let brand = if with == "choose" { "app" } else { with };
    format!(
        "<a class=\"door\" data-brand=\"{brand}\" href=\"/sign-in?with={with}\">{mark}<div><b>{title}</b><span>{detail}</span></div><i aria-hidden=\"true\">→</i></a>\n"
    )
}

/// The sign-in as it happened.
pub(super) fn flow(signed: &Signed, now: i64) -> String {
    let tokens = &signed.tokens;
    let provider = provider(signed);
    let refreshed = match &signed.refreshed {
        None => String::new(),
        Some(changed) => format!(
            "<p class=\"note\">These are fresh tokens, from the refresh token. New in them: {}.</p>",
            escape(&changed.join(", "))
        ),
    };
    let refresh_button = if tokens.refresh_token.is_some() {
        "<form method=\"post\" action=\"/refresh\"><button>Refresh the tokens</button></form>"
    } else {
        ""
    };
    let body = format!(
        r##"<div class="hello"><span class="avatar" aria-hidden="true">{}</span><div><h1>Hello, {}</h1><p>{} · signed in through {}</p></div></div>
<div class="row">{refresh_button}<form method="post" action="/sign-out"><button class="plain">Sign out</button></form><a class="button quiet" href="/">Sign in again</a></div>
<h2>The sign-in, message by message</h2>
<p class="note">Recorded by the app and the provider while it happened: {} messages. Codes, tokens and secrets are shortened. <a href="#tokens">Skip to the tokens</a></p>
{}
<h2 id="tokens">The tokens that the app received</h2>
<p class="note">Each check was made by this app, with nothing but fedgate's published documents.</p>
{refreshed}
{}{}
<section class="card token"><header><h3>userInfo</h3><span class="verdict">Same person as the ID token</span></header>
{}
</section>"##,
        escape(&look::initials(name(signed))),
        escape(name(signed)),
        escape(tokens.id.text("email").unwrap_or("no e-mail address")),
        escape(&provider),
        signed.hops.len(),
        story::steps(&signed.hops),
        token_view::card("ID token", Use::Id, &tokens.id, now),
        token_view::card("Access token", Use::Access, &tokens.access, now),
        token_view::members(&tokens.userinfo, |_, _| None),
    );
    look::wide_page(Brand::App, "The sign-in, message by message", &body)
}

fn name(signed: &Signed) -> &str {
    let id = &signed.tokens.id;
    ["name", "email", "cognito:username"].into_iter().find_map(|claim| id.text(claim)).unwrap_or("somebody")
}

fn provider(signed: &Signed) -> String {
    let identity = &signed.tokens.id.claims["identities"][0];
    let text = |member: &str| identity[member].as_str().unwrap_or_default();
    match (text("providerName"), text("providerType")) {
        ("", _) => "fedgate".to_owned(),
        (name, kind) => format!("{name} ({kind})"),
    }
}

/// A sign-in that did not succeed, with the messages so far.
pub(super) fn failed(refused: &Refused, hops: &[Hop]) -> String {
    let story = if hops.is_empty() { String::new() } else { format!("<h2>Message by message</h2>\n{}", story::steps(hops)) };
    let body = format!(
        r#"<h1>Nobody was signed in</h1>
<p class="warn"><b>{}</b><br>{}</p>
<p class="row" style="margin-top:1.6rem"><a class="button" href="/">Back to the first page</a></p>
{story}"#,
        escape(&refused.what),
        escape(&refused.detail)
    );
    look::wide_page(Brand::App, "Nobody was signed in", &body)
}

/// The page after sign-out.
pub(super) fn signed_out() -> String {
    let body = r#"<h1>You are signed out</h1>
<p class="lede">The app forgot you and revoked its refresh token, and fedgate ended its session. The provider may still know you; that is its own affair.</p>
<p class="row"><a class="button" href="/">Back to the first page</a></p>"#;
    look::page(Brand::App, "Signed out", body)
}
