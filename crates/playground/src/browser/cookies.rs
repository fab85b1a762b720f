//! The cookie rules that sign-ins depend on (RFC 6265bis): host, path, `Secure`, name prefixes, expiry, `SameSite`.
//!
//! As in browsers, ports do not separate cookies, and loopback addresses count as secure. A site is the whole host here, for
//! want of a list of public suffixes. Neighbour: `browser` asks for a header and hands over what was set.

use reqwest::Method;
use url::Url;

/// How far a cookie travels to other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Same-site requests only.
    Strict,
    /// Also when a link or redirect opens a page with GET. What browsers assume when nothing is said.
    Lax,
    /// Always; needs `Secure`.
    None,
}

/// One stored cookie.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that set it, or the `Domain` that it named.
    pub domain: String,
    /// True if only that very host gets it.
    pub host_only: bool,
    /// The path below which it is sent.
    pub path: String,
    /// Only over TLS (or to a loopback address).
    pub secure: bool,
    /// Out of reach of scripts.
    pub http_only: bool,
    /// How far it travels.
    pub same_site: SameSite,
}

/// The cookies of one browser.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    /// In order of creation.
    pub cookies: Vec<Cookie>,
}

impl Jar {
    /// The first cookie of that name, whatever its host.
    pub fn get(&self, name: &str) -> Option<&Cookie> {
        self.cookies.iter().find(|cookie| cookie.name == name)
    }

    /// Forgets the cookies of that name.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name != name);
    }

    /// Stores, replaces or deletes what a `Set-Cookie` of `url` says; refuses what a browser would refuse.
    pub fn set(&mut self, url: &Url, header: &str) {
        let Some((cookie, gone)) = parse(url, header) else {
            return;
        };
        self.cookies.retain(|known| known.name != cookie.name || known.domain != cookie.domain || known.path != cookie.path);
        if !gone {
            self.cookies.push(cookie);
        }
    }

    /// The `Cookie` header of a request for `url` that the page `from` caused; empty if there is none.
    pub fn header(&self, url: &Url, method: &Method, from: Option<&Url>) -> String {
        let same_site = from.is_none_or(|from| from.scheme() == url.scheme() && from.host_str() == url.host_str());
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| {
                host_fits(cookie, url)
                    && path_fits(&cookie.path, url.path())
                    && (!cookie.secure || is_secure(url))
                    && match cookie.same_site {
                        SameSite::None => true,
                        SameSite::Lax => same_site || *method == Method::GET,
                        SameSite::Strict => same_site,
                    }
            })
            .collect();
        // Longer paths first (RFC 6265 section 5.4).
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
    }
}

fn parse(url: &Url, header: &str) -> Option<(Cookie, bool)> {
    let mut parts = header.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let host = url.host_str()?;
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.to_owned(),
        host_only: true,
        path: default_path(url.path()),
        secure: false,
        http_only: false,
        same_site: SameSite::Lax,
    };
    let mut gone = false;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                if host != domain && !host.ends_with(&format!(".{domain}")) {
                    return None;
                }
                cookie.domain = domain;
                cookie.host_only = false;
            }
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                }
            }
            "max-age" => gone = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
            // Deletion by date is the only use of Expires that matters here.
            "expires" => gone = gone || value.contains("1970"),
            _ => {}
        }
    }
    let host_prefix = cookie.name.starts_with("__Host-");
    let bad_prefix = (host_prefix && (!cookie.host_only || cookie.path != "/" || !cookie.secure))
        || (cookie.name.starts_with("__Secure-") && !cookie.secure);
    let bad_secure = cookie.secure && !is_secure(url) || cookie.same_site == SameSite::None && !cookie.secure;
    if bad_prefix || bad_secure { None } else { Some((cookie, gone)) }
}

fn host_fits(cookie: &Cookie, url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| host == cookie.domain || (!cookie.host_only && host.ends_with(&format!(".{}", cookie.domain))))
}

/// RFC 6265 section 5.1.4.
fn path_fits(path: &str, asked: &str) -> bool {
    asked == path || asked.strip_prefix(path).is_some_and(|rest| path.ends_with('/') || rest.starts_with('/'))
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
        || url.host_str().is_some_and(|host| host.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_lax_cookie_stays_behind_when_another_site_posts() {
        let mut jar = Jar::default();
        jar.set(&url("https://a.test/x"), "lax=1; Path=/; SameSite=Lax");
        jar.set(&url("https://a.test/x"), "open=2; Path=/; SameSite=None; Secure");
        jar.set(&url("https://a.test/x"), "strict=3; Path=/; SameSite=Strict");
        let to = url("https://a.test/acs");
        let other = url("https://b.test/");
        assert_eq!(jar.header(&to, &Method::POST, Some(&other)), "open=2");
        assert_eq!(jar.header(&to, &Method::GET, Some(&other)), "lax=1; open=2");
        assert_eq!(jar.header(&to, &Method::POST, Some(&to)), "lax=1; open=2; strict=3");
    }

    #[test]
    fn prefixes_secure_and_none_are_enforced() {
        let mut jar = Jar::default();
        let plain = url("http://a.test/");
        for refused in ["__Host-a=1; Path=/", "s=1; Secure", "n=1; SameSite=None", "d=1; Domain=b.test"] {
            jar.set(&plain, refused);
        }
        assert!(jar.cookies.is_empty());
        jar.set(&url("http://127.0.0.1:9/"), "__Host-a=1; Path=/; Secure");
        assert_eq!(jar.header(&url("http://127.0.0.1:8/y"), &Method::GET, None), "__Host-a=1");
    }

    #[test]
    fn paths_narrow_and_zero_age_deletes() {
        let mut jar = Jar::default();
        jar.set(&url("http://a.test/p/q"), "a=1");
        assert_eq!(jar.header(&url("http://a.test/p/z"), &Method::GET, None), "a=1");
        assert_eq!(jar.header(&url("http://a.test/pz"), &Method::GET, None), "");
        jar.set(&url("http://a.test/p/q"), "a=; Max-Age=0");
        assert!(jar.cookies.is_empty());
    }
}
