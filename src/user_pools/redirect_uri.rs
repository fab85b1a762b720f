//! Which redirect and sign-out URIs an app client may register.
//!
//! Owns the rules at registration. At run time a request's URI must equal a registered one exactly; that is `oauth`'s.

use url::Url;

/// Schemes that run script, read local data or cannot be an app's, in any case of letters.
const REFUSED_SCHEMES: [&str; 18] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "mailto",
    "mocha",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Why a URI may not be registered; the text completes "… is not a valid redirect URI: it".
pub fn check(uri: &str) -> Result<(), &'static str> {
    if uri.contains('#') {
        return Err("has a fragment");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)) {
        return Err("holds a character that no URI may hold; write host names in their ASCII form");
    }
    if !escapes_are_whole(uri) {
        return Err("holds a broken percent escape");
    }
    let (scheme, rest) = uri.split_once(':').ok_or("has no scheme")?;
    let scheme = scheme.to_ascii_lowercase();
    let scheme_fits = scheme.starts_with(|letter: char| letter.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    if !scheme_fits {
        return Err("has no scheme");
    }
    if REFUSED_SCHEMES.contains(&scheme.as_str()) {
        return Err("has a scheme that is never allowed");
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if authority.contains('@') {
        return Err("has user information");
    }
    if has_dot_segment(path) {
        return Err("has a path with dot segments");
    }
    match scheme.as_str() {
        "http" | "https" => check_web(uri, &scheme, authority),
        _ if rest.is_empty() => Err("is only a scheme"),
        _ => Ok(()),
    }
}

fn check_web(uri: &str, scheme: &str, authority: &str) -> Result<(), &'static str> {
    let host = match authority.rfind(':').filter(|colon| *colon > authority.rfind(']').unwrap_or(0)) {
        Some(colon) => &authority[..colon],
        None => authority,
    };
    let host = host.to_ascii_lowercase();
    if host.is_empty() || host.contains(['%', '*']) {
        return Err("has no definite host");
    }
    let parsed = Url::parse(uri).map_err(|_| "does not parse")?;
    // A host that parsing rewrites (`127.1`, `0x7f.1`) is not the one that was written.
    if parsed.host_str() != Some(host.as_str()) {
        return Err("has a host in an unusual form");
    }
    if scheme == "http" && !["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()) {
        return Err("cannot use the HTTP protocol, except on localhost");
    }
    Ok(())
}

fn escapes_are_whole(uri: &str) -> bool {
    uri.match_indices('%')
        .all(|(at, _)| uri.get(at + 1..at + 3).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())))
}

/// Whether a browser would shorten the path: `.` or `..` as a segment, escaped or not, with or without a `;` parameter.
fn has_dot_segment(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_01_registration() {
        for good in [
            "https://app.example.com/callback",
            "https://app.example.com",
            "https://app.example.com:8443/cb?tenant=a&x=%20y",
            "https://xn--bcher-kva.example/cb",
            "https://app.example.com/a.b/..c/...",
            "http://localhost/cb",
            "http://localhost:3000",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "myapp://callback",
            "com.example.app:/oauth",
            "MyApp://x",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "callback",
            "//app.example.com/cb",
            "/cb",
            "https:app.example.com",
            "https:/app.example.com",
            "https://",
            "https:///cb",
            "https://?x",
            "https://*.example.com/cb",
            "https://app.example.com/cb#",
            "https://app.example.com/cb#x",
            "https://user@app.example.com/cb",
            "https://user:pw@app.example.com/cb",
            "https://good.example@evil.example/cb",
            "https://app.example.com\\@evil.example/cb",
            "https://app.example.com\\cb",
            "https://app.example.com/c b",
            "https://app.example.com/\tcb",
            "https://app.example.com/cb\n",
            "https://app.example.com/\u{0}",
            "https://b\u{fc}cher.example/cb",
            "https://app.example.com%2eevil.example/cb",
            "https://app.example.com/../cb",
            "https://app.example.com/a/..;/cb",
            "https://app.example.com/%2E%2e/cb",
            "https://app.example.com/%zz",
            "https://app.example.com/%2",
            "https://app.example.com:99999/",
            "https://app.example.com:x/",
            "https://2130706433/cb",
            "http://app.example.com/cb",
            "http://localhost.evil.example/cb",
            "http://localhost./cb",
            "http://127.1/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.2/cb",
            "http://[::2]/cb",
            "http://0.0.0.0/cb",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "javascript://localhost/%0aalert(1)",
            "data:text/html,x",
            "DATA:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example.com/x",
            "view-source:https://app.example.com",
            " https://app.example.com/cb",
            "\u{1}javascript:alert(1)",
            "java\tscript:alert(1)",
            "1app://x",
            "myapp:",
            "myapp://user@host",
            "https://app.example.com/<script>",
            "https://app.example.com/\"",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
