//! Which pool a request belongs to, and under which URLs that pool is served.
//!
//! A pool answers under `{base}/{pool_id}`, under its prefix and custom domains by the Host header, and the default pool under plain
//! `{base}`. URLs are always built from configuration, never from the Host text (U-06). Does not read headers: the faces bring
//! the host that `http::facts` decided on.

use std::sync::Arc;

use url::Url;

use crate::context::{Context, Ports};
use crate::model::domain::Domain;
use crate::model::failure::Failure;
use crate::model::user_pool::UserPool;

/// Names by which a machine calls itself; interchangeable while the public origin is one of them.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Longest pool id that Cognito's models allow.
const MAX_POOL_ID: usize = 55;

/// Longest host name (RFC 1035).
const MAX_HOST: usize = 253;

/// A pool, and the address under which this request reached it.
#[derive(Clone, Debug)]
pub struct ServedPool {
    /// The pool.
    pub pool: Arc<UserPool>,
    /// Origin and prefix of its endpoints without a trailing slash, from configuration: `https://host` or `https://host/{pool_id}`.
    pub domain_url: String,
}

/// The pool of a request. `path_pool` is the pool id when the path begins with one; `host` is the Host, lower-case, with or without
/// port. `None` when no pool is served there.
pub async fn resolve(context: &Context, path_pool: Option<&str>, host: &str) -> Result<Option<ServedPool>, Failure> {
    let ports = &context.ports;
    let name = host_name(host);
    if path_pool.is_some_and(|id| !looks_like_pool_id(id)) || name.len() > MAX_HOST {
        return Ok(None);
    }
    if is_public_host(&ports.public_url, name) {
        return if let Some(id) = path_pool {
            let pool = ports.held.pool(id).await?;
            Ok(pool.map(|pool| ServedPool { domain_url: ports.issuer(&pool.id), pool }))
        } else {
            let pool = default_pool(ports).await?;
            Ok(pool.map(|pool| ServedPool { domain_url: ports.base_url().to_owned(), pool }))
        };
    }
    // A domain serves its own pool only; ids in its paths would let one tenant's host show another's pages.
    if path_pool.is_some() {
        return Ok(None);
    }
    let Some(domain) = find_domain(ports, name).await? else { return Ok(None) };
    let pool = ports.held.pool(&domain.pool_id).await?;
    Ok(pool.map(|pool| ServedPool { domain_url: domain_url(ports, &domain), pool }))
}

/// Whether requests for that host are ours at all; anything else deserves 421 (U-06).
pub async fn is_known_host(context: &Context, host: &str) -> Result<bool, Failure> {
    let ports = &context.ports;
    let name = host_name(host);
    if name.is_empty() || name.len() > MAX_HOST {
        return Ok(false);
    }
    if is_public_host(&ports.public_url, name) {
        return Ok(true);
    }
    Ok(find_domain(ports, name).await?.is_some())
}

/// The URL that a pool's documents name: its custom domain, else `{base}/{pool_id}`, which needs no DNS.
pub async fn primary_domain_url(context: &Context, pool: &UserPool) -> Result<String, Failure> {
    let ports = &context.ports;
    let domains = ports.held.domains_of(&pool.id).await?;
    Ok(domains.iter().find(|domain| domain.custom).map_or_else(|| ports.issuer(&pool.id), |domain| domain_url(ports, domain)))
}

/// The pool of the plain origin: the configured one, or the only one.
async fn default_pool(ports: &Ports) -> Result<Option<Arc<UserPool>>, Failure> {
    Ok(match &ports.default_user_pool {
        Some(id) => ports.held.pool(id).await?,
        None => ports.held.only_pool().await?,
    })
}

async fn find_domain(ports: &Ports, name: &str) -> Result<Option<Arc<Domain>>, Failure> {
    let public = ports.public_url.host_str().unwrap_or_default();
    let prefix = name.strip_suffix(public).and_then(|rest| rest.strip_suffix('.')).filter(|prefix| !prefix.contains('.'));
    if let Some(prefix) = prefix
        && let Some(domain) = ports.held.domain(prefix).await?
        && !domain.custom
    {
        return Ok(Some(domain));
    }
    Ok(ports.held.domain(name).await?.filter(|domain| domain.custom))
}

fn domain_url(ports: &Ports, domain: &Domain) -> String {
    let public = &ports.public_url;
    let scheme = public.scheme();
    let port = public.port().map(|port| format!(":{port}")).unwrap_or_default();
    if domain.custom {
        // Behind https a custom domain has its own certificate on the usual port.
        if scheme == "https" { format!("https://{}", domain.name) } else { format!("{scheme}://{}{port}", domain.name) }
    } else {
        format!("{scheme}://{}.{}{port}", domain.name, public.host_str().unwrap_or_default())
    }
}

fn is_public_host(public_url: &Url, name: &str) -> bool {
    let public = public_url.host_str().unwrap_or_default();
    name == public || (LOOPBACK.contains(&public) && LOOPBACK.contains(&name))
}

/// The host without its port; IPv6 keeps its brackets.
fn host_name(host: &str) -> &str {
    match host.find(']') {
        Some(end) if host.starts_with('[') => &host[..=end],
        _ => host.split(':').next().unwrap_or_default(),
    }
}

fn looks_like_pool_id(id: &str) -> bool {
    id.len() <= MAX_POOL_ID
        && id.contains('_')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
