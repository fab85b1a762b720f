//! Which addresses may be called: the public internet, and what the operator allows besides (N-02).
//!
//! Owns the table of special-purpose networks (IANA registries of IPv4 and IPv6 special-purpose addresses) and the decision for one
//! address. Does not resolve names and opens no connection: `outbound` asks here for the very address that it connects to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Which addresses a call may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The public internet and the operator's networks: https on its default port.
    Public,
    /// Only the operator's networks: plain http, or a port of its own.
    AllowedOnly,
}

/// Whether `address` may be called.
pub fn permits(reach: Reach, allow: &[IpNet], address: IpAddr) -> bool {
    allow.iter().any(|network| network.contains(&address)) || (reach == Reach::Public && is_public(address))
}

/// Whether an address is of the public internet. IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo,
/// ISATAP) are not, whatever they carry: nobody publishes them, and they are a way around an IPv4 rule.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(network, prefix)| within_v4(address, *network, *prefix)),
        IpAddr::V6(address) => {
            // Only 2000::/3 is global unicast; all the rest is special or not assigned.
            within_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !SPECIAL_V6.iter().any(|(network, prefix)| within_v6(address, *network, *prefix))
                && !is_isatap(address)
        }
    }
}

const SPECIAL_V4: [(Ipv4Addr, u8); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // this network; Linux connects 0.0.0.0 to itself
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier NAT; 100.100.100.200 is a cloud's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's host agent, in public clothes
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local; 169.254.169.254 is the clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments; 192.0.0.192 is a cloud's metadata
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 52, 193, 0), 24),  // automatic multicast tunnels
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved
    (Ipv4Addr::BROADCAST, 32),             // broadcast
];

const SPECIAL_V6: [(Ipv6Addr, u8); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, ORCHID, benchmarks
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16), // the ended 6bone
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn within_v4(address: Ipv4Addr, network: Ipv4Addr, prefix: u8) -> bool {
    (u32::from(address) ^ u32::from(network)).leading_zeros() >= u32::from(prefix)
}

fn within_v6(address: Ipv6Addr, network: Ipv6Addr, prefix: u8) -> bool {
    (u128::from(address) ^ u128::from(network)).leading_zeros() >= u32::from(prefix)
}

/// RFC 5214 section 6.1: an interface identifier that carries an IPv4 address, under any prefix.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, high, low, ..] = address.segments();
    matches!(high, 0 | 0x0200) && low == 0x5efe
}
