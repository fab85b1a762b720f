//! `[http]`: where to listen, TLS, whose forwarding headers are believed, and how long things may take.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Certificate and key files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whose `Forwarded` and `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long in-flight requests may take after a stop signal, seconds.
    pub drain_s: u64,
    /// Open connections at most.
    pub max_connections: usize,
    /// Where `/metrics` is served; `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Worker threads; `None`: one for each core.
    pub workers: Option<usize>,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Http> {
    let listen = reader.address("http.listen");
    let trusted_proxies = reader.networks("http.trusted_proxies");
    let drain_s = reader.integer("http.drain_seconds");
    let max_connections = reader.integer("http.max_connections");
    let metrics_listen = reader.address("http.metrics_listen");
    let workers = reader.integer("http.workers");
    let tls = tls(reader);
    Some(Http {
        listen: listen?,
        tls,
        trusted_proxies: trusted_proxies?,
        drain_s: u64::try_from(drain_s?).ok()?,
        max_connections: usize::try_from(max_connections?).ok()?,
        metrics_listen,
        workers: workers.and_then(|workers| usize::try_from(workers).ok()),
    })
}

fn tls(reader: &mut Reader<'_>) -> Option<(PathBuf, PathBuf)> {
    let places = (reader.place("http.tls.cert"), reader.place("http.tls.key"));
    match &places {
        (Some(place), None) => reader.report.add(Some(place), "http.tls.cert", "needs http.tls.key beside it"),
        (None, Some(place)) => reader.report.add(Some(place), "http.tls.key", "needs http.tls.cert beside it"),
        _ => {}
    }
    let cert = reader.file("http.tls.cert");
    let key = reader.file("http.tls.key");
    cert.zip(key)
}
