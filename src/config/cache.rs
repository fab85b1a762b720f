//! `[cache]`: the shared cache.

use crate::base::secret::Secret;
use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// `memory:`, `redis://…` or `rediss://…`; a secret, since it may hold a password.
    pub url: Secret,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Cache> {
    let url = reader.secret("cache.url")?;
    let text = url.reveal();
    let known = text == "memory:"
        || ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme) && url::Url::parse(text).is_ok());
    let message = if known {
        None
    } else if ["redis+sentinel:", "redis+cluster:"].iter().any(|scheme| text.starts_with(scheme)) {
        Some("Redis Sentinel and Cluster are not available yet")
    } else {
        Some("must be memory:, redis://host or rediss://host")
    };
    if let Some(message) = message {
        reader.report.add(reader.place("cache.url").as_ref(), "cache.url", message);
        return None;
    }
    Some(Cache { url })
}
