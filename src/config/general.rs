//! Keys without a section: the public origin, the region and the default pool.

use url::Url;

use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    /// The origin that browsers and apps see: scheme, host and port only. `None`: derived from the address that is listened on.
    pub public_url: Option<Url>,
    /// First part of pool ids.
    pub region: String,
    /// The pool on the plain origin.
    pub default_user_pool: Option<String>,
}

/// Reads the keys.
pub fn read(reader: &mut Reader<'_>) -> Option<General> {
    let public_url = reader.origin("public_url");
    let region = reader.text("region");
    let default_user_pool = reader.text("default_user_pool");
    if let Some(region) = &region
        && !(region.len() <= 45 && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    {
        reader.report.add(reader.place("region").as_ref(), "region", "must be letters, digits and hyphens, at most 45");
    }
    Some(General { public_url, region: region?, default_user_pool })
}
