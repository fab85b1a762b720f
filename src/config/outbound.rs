//! `[outbound]`: what the gateway may call although it is not on the public internet.

use ipnet::IpNet;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Networks that may be called although they are not public; also where plain http is allowed.
    pub allow: Vec<IpNet>,
    /// The contents of PEM files with additional roots.
    pub extra_roots: Vec<Vec<u8>>,
}
