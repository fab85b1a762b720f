//! Which host a request is for (RFC 9112 section 3.2; U-06).
//!
//! Owns the reading of `Host` and of absolute-form targets, and the trait by which `app` says which hosts are served: from any other
//! one the request is misdirected (421). Nothing here ever becomes part of a URL that we write.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap};
use thiserror::Error;

/// Why a request names no usable host: all of them are 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TargetFault {
    /// More than one Host header.
    #[error("host_repeated")]
    Repeated,
    /// No host at all.
    #[error("host_missing")]
    Missing,
    /// Not a host name or address with an optional port.
    #[error("host_malformed")]
    Malformed,
    /// The absolute-form target and the Host header differ.
    #[error("host_contradicts_target")]
    Contradiction,
}

impl TargetFault {
    /// The word for the audit log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Repeated => "host_repeated",
            Self::Missing => "host_missing",
            Self::Malformed => "host_malformed",
            Self::Contradiction => "host_contradicts_target",
        }
    }
}

/// Whether a host is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Yes.
    Yes,
    /// No: 421.
    No,
    /// It cannot be told now, since the store does not answer: 503.
    Unknown,
}

/// Says which hosts are served: the public origin and the domains of pools.
pub trait Hosts: Send + Sync + std::fmt::Debug {
    /// Whether requests for `host` (lower-case, with port if given) are served.
    fn serves<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = Served> + Send + 'a>>;
}

/// The host of a request, lower-case, with port if given. `forwarded` is what a trusted proxy reports and wins over `Host`.
pub fn host(uri: &Uri, headers: &HeaderMap, forwarded: Option<&str>) -> Result<String, TargetFault> {
    let mut lines = headers.get_all(HOST);
    let line = lines.next();
    if lines.next().is_some() {
        return Err(TargetFault::Repeated);
    }
    let header = match line {
        Some(line) => Some(normal(line.to_str().map_err(|_| TargetFault::Malformed)?)?),
        None => None,
    };
    let authority = uri.authority().map(|authority| normal(authority.as_str())).transpose()?;
    if let (Some(header), Some(authority)) = (&header, &authority)
        && header != authority
    {
        return Err(TargetFault::Contradiction);
    }
    if let Some(forwarded) = forwarded {
        return normal(forwarded);
    }
    authority.or(header).ok_or(TargetFault::Missing)
}

/// Lower-case `host[:port]`; user information, paths, spaces and zones are refused.
fn normal(text: &str) -> Result<String, TargetFault> {
    let (name, port) = match text.rfind(':').filter(|colon| *colon > text.rfind(']').unwrap_or(0)) {
        Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
        None => (text, None),
    };
    let name_fits = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    let port_fits =
        port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    if name_fits && port_fits { Ok(text.to_ascii_lowercase()) } else { Err(TargetFault::Malformed) }
}
