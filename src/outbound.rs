//! The only HTTP client: time-outs, size limits, no redirects, and the address guard against request forgery (N-01 to N-10).
//!
//! Owns every connection that the gateway opens to a URL from configuration or from a provider's document. Does not parse what
//! comes back; callers read bounded bytes. `guard` decides about addresses; it is asked inside the client's resolver, so that the
//! address checked is the address connected to (N-07).

pub mod guard;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Response};
use thiserror::Error;
use tokio::sync::mpsc::Sender;
use url::{Host, Url};

use crate::outbound::guard::{Reach, permits};

/// The longest time to resolve a name, connect and greet by TLS.
const CONNECT: Duration = Duration::from_secs(2);
/// The longest time of a whole call, body included.
const TOTAL: Duration = Duration::from_secs(5);
/// How long a connection waits for the next call: enough for the calls of one login, and well under what servers allow (5 s is usual),
/// since a connection that the server closes at that very moment would cost a code that can be redeemed only once.
const IDLE: Duration = Duration::from_secs(2);
/// Longer `etag` and `last-modified` headers are not remembered.
const VALIDATOR_MAX: usize = 256;
/// Longer URLs are nobody's.
const URL_MAX: usize = 4096;

/// Why a call did not give an answer.
#[derive(Debug, Error)]
pub enum OutboundError {
    /// The URL is not https, has user information or another port, or its address is not public and not allowed.
    #[error("the address is not allowed: {0}")]
    Refused(&'static str),
    /// No answer in time or at all.
    #[error("no answer: {0}")]
    Unreachable(&'static str),
    /// The answer is larger than the caller's limit.
    #[error("the answer is too large")]
    TooLarge,
}

/// An answer. Its `Debug` form shows no content: answers carry tokens.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`, lower-cased, if given.
    pub content_type: Option<String>,
    /// `etag`, if given and short.
    pub etag: Option<String>,
    /// `last-modified`, if given and short.
    pub last_modified: Option<String>,
    /// The whole body, within the caller's limit.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A call. Its `Debug` form shows neither headers nor body: they carry credentials.
#[derive(Clone)]
pub struct Call {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The largest body accepted, bytes, after decompression.
    pub limit: usize,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Settings of the client.
#[derive(Clone, Debug, Default)]
pub struct OutboundSettings {
    /// Networks that may be called although they are not public; also where plain http is allowed.
    pub allow: Vec<IpNet>,
    /// PEM certificates of additional roots.
    pub extra_roots: Vec<Vec<u8>>,
}

/// The answer of a name lookup.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How names become addresses; the system's resolver, or a test's.
pub trait Lookup: Send + Sync + fmt::Debug {
    /// Every address of a host.
    fn lookup(&self, host: &str) -> Found;
}

/// The system's resolver.
#[derive(Debug)]
struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> Found {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// No address of the host may be called.
#[derive(Debug, Error)]
#[error("no address of the host may be called")]
struct AddressRefused;

/// The resolver inside a client: hands out only addresses that the guard permits.
#[derive(Debug)]
struct Guarded {
    reach: Reach,
    allow: Arc<[IpNet]>,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.lookup(name.as_str());
        let (reach, allow) = (self.reach, Arc::clone(&self.allow));
        Box::pin(async move {
            let permitted = select(reach, &allow, found.await?)?;
            // Port 0: the client puts the URL's own in its place.
            Ok(Box::new(permitted.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// Keeps what may be called; with nothing left the host is refused.
fn select(reach: Reach, allow: &[IpNet], found: Vec<IpAddr>) -> Result<Vec<IpAddr>, AddressRefused> {
    let permitted: Vec<IpAddr> = found.into_iter().filter(|address| permits(reach, allow, *address)).collect();
    if permitted.is_empty() { Err(AddressRefused) } else { Ok(permitted) }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    // Two clients, since a pooled connection must never serve a call of a wider or another reach than it was opened for.
    public: Client,
    allowed: Client,
    allow: Arc<[IpNet]>,
    lookup: Arc<dyn Lookup>,
}

impl Outbound {
    /// Builds the client.
    pub fn new(settings: &OutboundSettings) -> Result<Self, OutboundError> {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// Builds the client with another resolver.
    pub fn with_lookup(settings: &OutboundSettings, lookup: Arc<dyn Lookup>) -> Result<Self, OutboundError> {
        let allow: Arc<[IpNet]> = settings.allow.clone().into();
        let roots = roots(&settings.extra_roots)?;
        let guarded = |reach| Guarded { reach, allow: Arc::clone(&allow), lookup: Arc::clone(&lookup) };
        let public = client(guarded(Reach::Public), &roots)?;
        let allowed = client(guarded(Reach::AllowedOnly), &roots)?;
        Ok(Self { public, allowed, allow, lookup })
    }

    /// Sends a call: connect 2 s, 5 s in all, no redirects, environment proxies ignored.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        self.called(call, TOTAL, None).await
    }

    /// The same for a large document, with a time of its own: the body of a 200 goes to `pieces` as it comes and is nowhere held whole; the
    /// answer's own body is empty then. When nobody receives any more, the call ends.
    pub async fn stream(&self, call: Call, total: Duration, pieces: Sender<Vec<u8>>) -> Result<Answer, OutboundError> {
        self.called(call, total, Some(pieces)).await
    }

    async fn called(&self, call: Call, total: Duration, pieces: Option<Sender<Vec<u8>>>) -> Result<Answer, OutboundError> {
        let target = Target::parse(&call.url)?;
        self.check_literal(&target)?;
        let host = target.url.host_str().unwrap_or_default().to_owned();
        let outcome = match tokio::time::timeout(total, self.exchange(target, call, total, pieces)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(OutboundError::Unreachable("timeout")),
        };
        match &outcome {
            Ok(answer) => tracing::debug!(outbound.host = host, outbound.status = answer.status, "called"),
            Err(error) => tracing::info!(outbound.host = host, outbound.fault = %error, "a call failed"),
        }
        outcome
    }

    /// Whether a URL could be called now: its form, and its host's addresses. Nothing is sent to it.
    pub async fn check(&self, url: &str) -> Result<(), OutboundError> {
        let target = Target::parse(url)?;
        self.check_literal(&target)?;
        let Some(Host::Domain(name)) = target.url.host() else { return Ok(()) };
        let Ok(Ok(found)) = tokio::time::timeout(CONNECT, self.lookup.lookup(name)).await else {
            return Err(OutboundError::Unreachable("name"));
        };
        select(target.reach, &self.allow, found).map(|_| ()).map_err(|AddressRefused| OutboundError::Refused("address"))
    }

    /// A literal address never meets the resolver, so it is checked here.
    fn check_literal(&self, target: &Target) -> Result<(), OutboundError> {
        let address: IpAddr = match target.url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(OutboundError::Refused("host")),
        };
        if permits(target.reach, &self.allow, address) { Ok(()) } else { Err(OutboundError::Refused("address")) }
    }

    async fn exchange(
        &self,
        target: Target,
        call: Call,
        total: Duration,
        pieces: Option<Sender<Vec<u8>>>,
    ) -> Result<Answer, OutboundError> {
        let client = match target.reach {
            Reach::Public => &self.public,
            Reach::AllowedOnly => &self.allowed,
        };
        let method = match call.method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            _ => return Err(OutboundError::Refused("method")),
        };
        let mut request =
            client.request(method, target.url).timeout(total).header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in &call.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| OutboundError::Refused("header"))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| OutboundError::Refused("header"))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if !call.body.is_empty() {
            request = request.body(call.body);
        }
        let response = request.send().await.map_err(|error| fault(&error))?;
        read(response, call.limit, pieces).await
    }
}

/// A URL whose form is right, and how far it may reach.
struct Target {
    url: Url,
    reach: Reach,
}

impl Target {
    fn parse(text: &str) -> Result<Self, OutboundError> {
        if text.len() > URL_MAX {
            return Err(OutboundError::Refused("url"));
        }
        // The parser turns octal, hexadecimal and short forms of IPv4 into the address that they mean.
        let url = Url::parse(text).map_err(|_| OutboundError::Refused("url"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Refused("user_information"));
        }
        let reach = match (url.scheme(), url.port()) {
            // No port means the scheme's own: 443.
            ("https", None) => Reach::Public,
            ("https" | "http", _) => Reach::AllowedOnly,
            _ => return Err(OutboundError::Refused("scheme")),
        };
        Ok(Self { url, reach })
    }
}

fn roots(extra: &[Vec<u8>]) -> Result<Vec<Certificate>, OutboundError> {
    let mut roots = Vec::new();
    for pem in extra {
        let bundle = Certificate::from_pem_bundle(pem).map_err(|_| OutboundError::Refused("extra_roots"))?;
        if bundle.is_empty() {
            return Err(OutboundError::Refused("extra_roots"));
        }
        roots.extend(bundle);
    }
    Ok(roots)
}

fn client(resolver: Guarded, roots: &[Certificate]) -> Result<Client, OutboundError> {
    let resolver = Arc::new(resolver);
    let built = builder(&resolver).tls_certs_merge(roots.iter().cloned()).build();
    // A machine without any root certificate can still start; it trusts the configured ones only.
    built
        .or_else(|_| builder(&resolver).tls_certs_only(roots.iter().cloned()).build())
        .map_err(|_| OutboundError::Unreachable("client"))
}

#[expect(clippy::disallowed_methods, reason = "the one door outwards")]
fn builder(resolver: &Arc<Guarded>) -> reqwest::ClientBuilder {
    Client::builder()
        .dns_resolver(Arc::clone(resolver))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(8)
        .http1_max_headers(100)
        .user_agent(concat!("fedgate/", env!("CARGO_PKG_VERSION")))
}

/// Reads a body up to the limit; a longer one is not read to its end.
async fn read(mut response: Response, limit: usize, pieces: Option<Sender<Vec<u8>>>) -> Result<Answer, OutboundError> {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // We ask for identity and decompress nothing; a bomb is not opened at all.
    if header(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(OutboundError::Unreachable("content_encoding"));
    }
    let content_type = header(CONTENT_TYPE).map(str::to_ascii_lowercase);
    let short = |name| header(name).filter(|text| text.len() <= VALIDATOR_MAX).map(str::to_owned);
    let (etag, last_modified) = (short(ETAG), short(LAST_MODIFIED));
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(OutboundError::TooLarge);
    }
    let pieces = pieces.filter(|_| status == 200);
    let (mut body, mut length) = (Vec::new(), 0);
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        length += chunk.len();
        if length > limit {
            return Err(OutboundError::TooLarge);
        }
        match &pieces {
            Some(pieces) => pieces.send(chunk.to_vec()).await.map_err(|_| OutboundError::Unreachable("receiver"))?,
            None => body.extend_from_slice(&chunk),
        }
    }
    Ok(Answer { status, content_type, etag, last_modified, body })
}

/// A fixed word for a client error: its text may hold what a server sent (N-08).
fn fault(error: &reqwest::Error) -> OutboundError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<AddressRefused>() {
            return OutboundError::Refused("address");
        }
        if cause.is::<rustls::Error>() {
            return OutboundError::Unreachable("tls");
        }
        // An I/O error names as its source not what it wraps, but the source of that.
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    OutboundError::Unreachable(if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection"
    } else {
        "exchange"
    })
}
