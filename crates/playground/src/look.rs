//! One look for the stand-ins and the sample app.
//!
//! A page is a complete HTML document with its style sheet inside: no script, no external resource, light and dark, from
//! 320 pixels up. Owns escaping and the marks (logos); knows nothing of protocols. Neighbours: `oidc_idp`, `saml_idp`, `app`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;

const STYLE: &str = include_str!("look.css");

/// A mark with one letter.
macro_rules! mark {
    ($letter:literal) => {
        concat!(
            r#"<svg viewBox="0 0 32 32" fill="none" aria-hidden="true"><circle cx="16" cy="16" r="14" fill="currentColor" opacity=".16"/>"#,
            r#"<text x="16" y="21.5" text-anchor="middle" font-family="system-ui, sans-serif" font-size="16" font-weight="600" fill="currentColor">"#,
            $letter,
            "</text></svg>"
        )
    };
}

/// Whose page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    /// The sample app.
    App,
    /// The stand-in OpenID Connect provider.
    Oidc,
    /// The stand-in SAML identity provider.
    Saml,
    /// The stand-in Google.
    Google,
    /// The stand-in Apple.
    Apple,
    /// The stand-in Facebook.
    Facebook,
    /// The stand-in Amazon.
    Amazon,
}

impl Brand {
    /// The name in the page's head.
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "Sample app",
            Self::Oidc => "Example OIDC",
            Self::Saml => "Example SAML",
            Self::Google => "Stand-in for Google",
            Self::Apple => "Stand-in for Apple",
            Self::Facebook => "Stand-in for Facebook",
            Self::Amazon => "Stand-in for Amazon",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Oidc => "oidc",
            Self::Saml => "saml",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Facebook => "facebook",
            Self::Amazon => "amazon",
        }
    }

    fn role(self) -> &'static str {
        match self {
            Self::App => "an app that trusts fedgate",
            _ => "a stand-in identity provider",
        }
    }

    /// The mark as inline SVG; it takes the current text colour.
    pub fn mark(self) -> &'static str {
        match self {
            Self::App => concat!(
                r#"<svg viewBox="0 0 32 32" fill="none" aria-hidden="true"><rect x="2" y="2" width="28" height="28" rx="9" fill="currentColor" opacity=".16"/>"#,
                r#"<path d="M9.5 9.5h5v5h-5zM17.5 9.5h5v5h-5zM9.5 17.5h5v5h-5z" fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/><circle cx="20" cy="20" r="3.2" fill="currentColor"/></svg>"#
            ),
            Self::Oidc => concat!(
                r#"<svg viewBox="0 0 32 32" fill="none" aria-hidden="true"><circle cx="16" cy="16" r="14" fill="currentColor" opacity=".16"/>"#,
                r#"<circle cx="16" cy="16" r="6.6" stroke="currentColor" stroke-width="2.6"/><circle cx="16" cy="16" r="2" fill="currentColor"/></svg>"#
            ),
            // Plain initials: the true marks belong to their owners.
            Self::Google => mark!("G"),
            Self::Apple => mark!("A"),
            Self::Facebook => mark!("F"),
            Self::Amazon => mark!("L"),
            Self::Saml => concat!(
                r#"<svg viewBox="0 0 32 32" fill="none" aria-hidden="true"><path d="M16 2 28.1 9v14L16 30 3.9 23V9Z" fill="currentColor" opacity=".16"/>"#,
                r#"<path d="M20.5 11.5c-1-1.4-2.6-2-4.5-2-2.6 0-4.5 1.2-4.5 3.1 0 4.5 9.2 2.3 9.2 6.9 0 2-2 3.2-4.7 3.2-2 0-3.800-.8-4.800-2.300" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/></svg>"#
            ),
        }
    }
}

/// A narrow page: one question, one answer.
pub fn page(brand: Brand, title: &str, body: &str) -> String {
    shell(brand, title, body, "")
}

/// A page to read: a column of about eighty characters.
pub fn wide_page(brand: Brand, title: &str, body: &str) -> String {
    shell(brand, title, body, " class=\"wide\"")
}

fn shell(brand: Brand, title: &str, body: &str, main_class: &str) -> String {
    let (name, key, role, mark) = (brand.name(), brand.key(), brand.role(), brand.mark());
    let title = escape(title);
    format!(
        r#"<!doctype html>
<html lang="en" data-brand="{key}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title} · {name}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<div class="bar">{mark}<span>{name}</span><small>{role}</small></div>
<main{main_class}>
{body}
</main>
<footer>Part of the fedgate playground. Nothing here is real.</footer>
</body>
</html>
"#
    )
}

/// A button that signs `name` in: `person=value` when the form is sent.
pub fn person_button(value: &str, name: &str, detail: &str, hinted: bool) -> String {
    format!(
        r#"<button class="person{}" name="person" value="{}"><span class="avatar" aria-hidden="true">{}</span><span class="who">{}<span>{}</span></span></button>
"#,
        if hinted { " hinted" } else { "" },
        escape(value),
        escape(&initials(name)),
        escape(name),
        escape(detail)
    )
}

/// A list of names and values; the values are HTML already.
pub fn fields<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let rows = members.map(|(name, value)| format!("<dt>{}</dt><dd>{value}</dd>", escape(name)));
    format!("<dl class=\"fields\">{}</dl>", rows.collect::<Vec<_>>().concat())
}

/// The first letters of the first and last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// Escapes text for HTML, attribute values included.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A page as an answer: never stored, never framed, no script.
pub fn respond(status: StatusCode, html: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(html.to_owned())
}
