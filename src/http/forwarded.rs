//! Forwarding headers: the client's address and host as trusted proxies report them (U-07, A-38; RFC 7239).
//!
//! Owns whom to believe. Headers count only when the peer is a trusted proxy, and then only one kind: `Forwarded` when it is there,
//! else `X-Forwarded-For`. The list is read from the right; the first hop that is not a trusted proxy is the client. A value that is
//! no address (obfuscated, `unknown`, a zone, a name) ends the walk, since nothing to the left of it is vouched for. No DNS.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What the proxies say about the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address: the peer itself unless a trusted proxy reports another.
    pub address: Option<IpAddr>,
    /// The host that the client asked the proxy for, if a trusted proxy reports it; unchecked text.
    pub host: Option<String>,
}

/// One hop of a list: who it was, and which host it asked for.
#[derive(Clone, Debug, Default)]
struct Hop {
    address: Option<IpAddr>,
    host: Option<String>,
}

/// Reads the client's origin from the peer's address and the request's headers.
pub fn origin(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Origin {
    let peer = peer.map(|address| address.to_canonical());
    let Some(near) = peer.filter(|address| is_trusted(*address, trusted)) else {
        return Origin { address: peer, host: None };
    };
    if headers.contains_key(FORWARDED) {
        let list = joined(headers, &FORWARDED);
        return walk(near, split(&list, ',').into_iter().rev().map(forwarded_element), trusted);
    }
    let list = joined(headers, &X_FORWARDED_FOR);
    let hops = list.rsplit(',').map(|item| Hop { address: address(item.trim()), host: None });
    let mut origin = walk(near, hops, trusted);
    origin.host = last_item(&joined(headers, &X_FORWARDED_HOST));
    origin
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

fn walk(near: IpAddr, hops: impl Iterator<Item = Hop>, trusted: &[IpNet]) -> Origin {
    let mut origin = Origin { address: Some(near), host: None };
    for hop in hops {
        let Some(address) = hop.address else { break };
        origin = Origin { address: Some(address), host: hop.host };
        if !is_trusted(address, trusted) {
            break;
        }
    }
    origin
}

/// All lines of a header as one list. A line that is not visible ASCII becomes an item that no reader accepts.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get_all(name).map(|line| line.to_str().unwrap_or("?")).collect::<Vec<_>>().join(",")
}

fn last_item(list: &str) -> Option<String> {
    list.rsplit(',').next().map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

/// An element of `Forwarded`: `for=192.0.2.43;proto=https;host=example.com`. A doubled `for` or `host` is no hop at all.
fn forwarded_element(element: &str) -> Hop {
    let mut hop = Hop::default();
    let (mut fors, mut hosts) = (0, 0);
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => {
                fors += 1;
                hop.address = address(&value);
            }
            "host" => {
                hosts += 1;
                hop.host = Some(value);
            }
            _ => {}
        }
    }
    if fors > 1 || hosts > 1 { Hop::default() } else { hop }
}

/// Splits outside quoted strings.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (index, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if char == at && !quoted => {
                parts.push(&text[start..index]);
                start = index + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => value.to_owned(),
    }
}

/// An address with or without port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let parsed = match bare {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6),
        None if text.contains('%') => None,
        None => text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())),
    };
    parsed.map(|address| address.to_canonical())
}
