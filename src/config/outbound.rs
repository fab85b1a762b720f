//! `[outbound]`: what the gateway may call although it is not on the public internet.

use ipnet::IpNet;

use crate::config::reader::Reader;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Networks that may be called although they are not public; also where plain http is allowed.
    pub allow: Vec<IpNet>,
    /// The contents of PEM files with additional roots.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Option<Outbound> {
    let allow = reader.networks("outbound.allow");
    let extra_roots = reader.contents("outbound.extra_roots");
    Some(Outbound { allow: allow?, extra_roots: extra_roots? })
}
