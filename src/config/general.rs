//! Keys without a section: the public origin, the region and the default pool.

use url::Url;

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
