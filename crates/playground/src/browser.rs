//! A browser without a screen: cookies, redirects one by one, links and forms.
//!
//! It runs no script; the one thing that it does as if it did is to send a form that pages send by themselves (a SAML
//! message or a `form_post` answer). It follows the cookie rules that sign-ins depend on: host, path, `Secure`, `__Host-`,
//! expiry and `SameSite`. Neighbours: `demo` walks the journeys with it, and so do the gateway's tests.

use std::fmt;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use reqwest::{Client, Method};
use url::Url;

use self::cookies::Jar;
use self::html::{Form, Link};
use crate::server;

pub mod cookies;
pub mod html;

/// More redirects than any sign-in needs: a loop.
const MOST_REDIRECTS: usize = 20;

/// Why a page could not be had.
#[derive(Debug)]
pub enum BrowserError {
    /// The address is none.
    Url(String),
    /// The server did not answer properly.
    Http(reqwest::Error),
    /// More than twenty redirects.
    TooManyRedirects(Url),
    /// The page lacks what was to be pressed or followed; the text says what, with the page's beginning.
    Missing(String),
}

impl fmt::Display for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(text) => write!(f, "not a URL: {text}"),
            Self::Http(error) => write!(f, "{error}"),
            Self::TooManyRedirects(url) => write!(f, "too many redirects, the last one to {url}"),
            Self::Missing(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for BrowserError {}

impl From<reqwest::Error> for BrowserError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address that was asked.
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Page {
    /// Where a redirect leads, resolved; `None` if this is none.
    pub fn location(&self) -> Option<Url> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.url.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The page's forms.
    pub fn forms(&self) -> Vec<Form> {
        html::forms(&self.body)
    }

    /// The page's links.
    pub fn links(&self) -> Vec<Link> {
        html::links(&self.body)
    }

    /// The page's words, without tags, styles and scripts.
    pub fn text(&self) -> String {
        html::text(&self.body)
    }

    /// The first parameter of that name in the page's address.
    pub fn query(&self, name: &str) -> Option<String> {
        parameter(&self.url, name)
    }

    /// The form that has a button with this label, value or name (in that order of preference), ready to be sent with it.
    pub fn form_with_button(&self, press: &str) -> Result<Form, BrowserError> {
        let mut forms = self.forms();
        for matches in [html::Button::has_label, html::Button::has_value, html::Button::has_name] {
            let place = forms.iter().position(|form| form.buttons.iter().any(|button| matches(button, press)));
            if let Some(place) = place {
                let mut form = forms.swap_remove(place);
                if let Some(button) = form.buttons.iter().find(|button| matches(button, press)).cloned() {
                    form.press(&button);
                }
                return Ok(form);
            }
        }
        Err(self.missing(&format!("a button \"{press}\"")))
    }

    /// An error that says what this page lacks.
    pub fn missing(&self, what: &str) -> BrowserError {
        let text: String = self.text().chars().take(300).collect();
        BrowserError::Missing(format!("{} ({}) has no {what}; it says: {text}", self.url, self.status))
    }
}

/// The first parameter of that name in an address.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// A person's browser. Each has its own cookies.
pub struct Browser {
    client: Client,
    /// The cookies, open to tests that steal or drop one.
    pub jar: Jar,
    /// Every address asked so far, with method and status, in order.
    pub visits: Vec<(Method, Url, u16)>,
    /// The page that is open: it decides what is same-site.
    current: Option<Url>,
    /// Sent with every request, for example `Accept-Language`.
    pub headers: HeaderMap,
}

impl Browser {
    /// A new one without cookies.
    pub fn new() -> Self {
        Self::with_client(server::http_client())
    }

    /// One that uses this client, which must not follow redirects by itself; for servers with a private CA.
    pub fn with_client(client: Client) -> Self {
        Self { client, jar: Jar::default(), visits: Vec::new(), current: None, headers: HeaderMap::new() }
    }

    /// Asks one address; follows nothing.
    pub async fn get(&mut self, url: &str) -> Result<Page, BrowserError> {
        self.send(Method::GET, parse(url)?, None).await
    }

    /// Sends one form; follows nothing.
    pub async fn post(&mut self, url: &str, fields: &[(String, String)]) -> Result<Page, BrowserError> {
        self.send(Method::POST, parse(url)?, Some(fields)).await
    }

    /// Types an address into the bar: no referring site, then redirects to their end.
    pub async fn open(&mut self, url: &str) -> Result<Page, BrowserError> {
        self.current = None;
        let page = self.get(url).await?;
        self.follow(page).await
    }

    /// Like [`Browser::open`], but stops before an address that starts with `end` and answers it.
    pub async fn open_until(&mut self, url: &str, end: &str) -> Result<Stop, BrowserError> {
        self.current = None;
        let page = self.get(url).await?;
        self.follow_until(page, end).await
    }

    /// Follows redirects, and forms that send themselves, to the page where a person has to act.
    pub async fn follow(&mut self, page: Page) -> Result<Page, BrowserError> {
        match self.walk(page, None).await? {
            Stop::Page(page) => Ok(page),
            Stop::Reached(url) => Err(BrowserError::TooManyRedirects(url)),
        }
    }

    /// Like [`Browser::follow`], but stops before an address that starts with `end` and answers it.
    pub async fn follow_until(&mut self, page: Page, end: &str) -> Result<Stop, BrowserError> {
        self.walk(page, Some(end)).await
    }

    /// Sends a form that stands on `page`; follows nothing.
    pub async fn submit(&mut self, page: &Page, form: &Form) -> Result<Page, BrowserError> {
        self.current = Some(page.url.clone());
        let target = page.url.join(&form.action).map_err(|_| BrowserError::Url(form.action.clone()))?;
        if form.post {
            return self.send(Method::POST, target, Some(&form.fields)).await;
        }
        let mut target = target;
        target.query_pairs_mut().clear().extend_pairs(&form.fields);
        self.send(Method::GET, target, None).await
    }

    /// Presses the button with that label, value or name, and follows.
    pub async fn press(&mut self, page: &Page, button: &str) -> Result<Page, BrowserError> {
        let form = page.form_with_button(button)?;
        let next = self.submit(page, &form).await?;
        self.follow(next).await
    }

    /// Like [`Browser::press`], but stops before an address that starts with `end`.
    pub async fn press_until(&mut self, page: &Page, button: &str, end: &str) -> Result<Stop, BrowserError> {
        let form = page.form_with_button(button)?;
        let next = self.submit(page, &form).await?;
        self.follow_until(next, end).await
    }

    /// Follows the link whose words contain `label`, and its redirects.
    pub async fn click(&mut self, page: &Page, label: &str) -> Result<Page, BrowserError> {
        let link = page.links().into_iter().find(|link| link.label.contains(label));
        let link = link.ok_or_else(|| page.missing(&format!("a link \"{label}\"")))?;
        let target = page.url.join(&link.href).map_err(|_| BrowserError::Url(link.href))?;
        self.current = Some(page.url.clone());
        let next = self.send(Method::GET, target, None).await?;
        self.follow(next).await
    }

    async fn walk(&mut self, mut page: Page, end: Option<&str>) -> Result<Stop, BrowserError> {
        for _ in 0..MOST_REDIRECTS {
            if let Some(next) = page.location() {
                if end.is_some_and(|end| next.as_str().starts_with(end)) {
                    return Ok(Stop::Reached(next));
                }
                // 307 and 308 would repeat a POST; nothing here may ask a browser to do that with a sign-in.
                page = self.send(Method::GET, next, None).await?;
            } else if let Some(form) = page.forms().into_iter().find(Form::sends_itself) {
                page = self.submit(&page, &form).await?;
            } else {
                self.current = Some(page.url.clone());
                return Ok(Stop::Page(page));
            }
        }
        Err(BrowserError::TooManyRedirects(page.url))
    }

    async fn send(&mut self, method: Method, url: Url, form: Option<&[(String, String)]>) -> Result<Page, BrowserError> {
        let mut request = self.client.request(method.clone(), url.clone()).headers(self.headers.clone());
        let cookies = self.jar.header(&url, &method, self.current.as_ref());
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        if let Some(current) = &self.current {
            if method == Method::POST {
                request = request.header(ORIGIN, current.origin().ascii_serialization());
            }
            // The default policy of browsers: strict-origin-when-cross-origin.
            let referrer =
                if current.origin() == url.origin() { current.as_str() } else { &current.origin().ascii_serialization() };
            request = request.header(REFERER, referrer);
        }
        if let Some(fields) = form {
            let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        for cookie in headers.get_all(SET_COOKIE) {
            if let Ok(text) = cookie.to_str() {
                self.jar.set(&url, text);
            }
        }
        self.visits.push((method, url.clone(), status));
        Ok(Page { url, status, headers, body: answer.text().await? })
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a walk ended.
#[derive(Clone, Debug)]
pub enum Stop {
    /// Before the awaited address, which was not asked.
    Reached(Url),
    /// At a page where a person has to act.
    Page(Page),
}

impl Stop {
    /// The awaited address; a page instead is an error that shows what it says.
    pub fn reached(self) -> Result<Url, BrowserError> {
        match self {
            Self::Reached(url) => Ok(url),
            Self::Page(page) => Err(page.missing("redirect to the awaited address")),
        }
    }

    /// The page; the awaited address instead is an error.
    pub fn page(self) -> Result<Page, BrowserError> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Reached(url) => Err(BrowserError::Missing(format!("went to {url} without asking a person"))),
        }
    }
}

fn parse(url: &str) -> Result<Url, BrowserError> {
    Url::parse(url).map_err(|_| BrowserError::Url(url.to_owned()))
}
