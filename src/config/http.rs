//! `[http]`: where to listen, TLS, whose forwarding headers are believed, and how long things may take.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

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
    /// Worker threads; `None`: one for each core.
    pub workers: Option<usize>,
}
