//! N-02: the address vectors, on the pure guard, as literal hosts of URLs, and as answers of a resolver.

use std::net::IpAddr;

use fedgate::outbound::guard::{Reach, is_public, permits};
use fedgate::outbound::{Outbound, OutboundError};

use super::{Names, get, outbound, settings};

/// Addresses that nobody may be called at unless the operator says so.
const CLOSED: [&str; 72] = [
    // unspecified and this network
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    // private
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    // carrier NAT, with a cloud's metadata
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    // loopback
    "127.0.0.0",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.255",
    // link-local, with the clouds' metadata and task credentials
    "169.254.0.0",
    "169.254.169.254",
    "169.254.169.253",
    "169.254.170.2",
    "169.254.255.255",
    // a cloud's host agent, protocol assignments, metadata in them
    "168.63.129.16",
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.0.255",
    // documentation, tunnels, benchmarks
    "192.0.2.0",
    "192.0.2.255",
    "192.52.193.1",
    "192.88.99.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    // multicast, reserved, broadcast
    "224.0.0.0",
    "224.0.0.251",
    "239.255.255.255",
    "240.0.0.0",
    "254.1.1.1",
    "255.255.255.255",
    // IPv6: unspecified, loopback
    "::",
    "::1",
    // mapped, also of a public address, and compatible
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    // NAT64: well-known and local prefix
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::7f00:1",
    // discard-only, Teredo, ORCHID, benchmarks, documentation
    "100::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    // 6to4 of loopback and of a public address, the ended 6bone
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3ffe::1",
    // ISATAP
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:7f00:1",
    // unique local (with clouds' metadata), link-local, site-local, multicast
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
];

/// Neighbours of the closed networks, and well-known public hosts.
const OPEN: [&str; 26] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.101.0",
    "203.0.114.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "2001:200::1",
];

/// Other spellings of closed IPv4 addresses, as a URL's host may carry them.
const SPELLINGS: [(&str, &str); 16] = [
    ("octal", "0177.0.0.1"),
    ("octal of all parts", "0177.0000.0000.0001"),
    ("hexadecimal", "0x7f.0.0.1"),
    ("hexadecimal in one", "0x7f000001"),
    ("decimal in one", "2130706433"),
    ("octal in one", "017700000001"),
    ("two parts", "127.1"),
    ("three parts", "127.0.1"),
    ("trailing dot", "127.0.0.1."),
    ("zero", "0"),
    ("metadata in decimal", "2852039166"),
    ("metadata in hexadecimal", "0xa9fea9fe"),
    ("metadata in mixed parts", "0xa9.254.0251.254"),
    ("full-width digits", "１２７.0.0.1"),
    ("full-width dot", "127。0。0。1"),
    ("percent-encoded", "%31%32%37.0.0.1"),
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
}

fn host(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

#[test]
fn n_02_special_addresses_are_closed_and_their_neighbours_open() {
    for text in CLOSED {
        assert!(!is_public(address(text)), "{text}");
        assert!(!permits(Reach::Public, &[], address(text)), "{text}");
    }
    for text in OPEN {
        assert!(is_public(address(text)), "{text}");
        assert!(permits(Reach::Public, &[], address(text)), "{text}");
        // N-05: plain http and other ports reach only what the operator listed.
        assert!(!permits(Reach::AllowedOnly, &[], address(text)), "{text}");
    }
}

#[test]
fn n_02_the_operator_opens_exactly_what_is_listed() {
    let allow = ["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()];
    for reach in [Reach::Public, Reach::AllowedOnly] {
        for (text, expected) in [
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("fd12::1", true),
            ("fc00::1", false),
            ("::ffff:10.1.0.1", false),
        ] {
            assert_eq!(permits(reach, &allow, address(text)), expected, "{text} {reach:?}");
        }
    }
}

#[tokio::test]
async fn n_02_literal_hosts_are_checked_in_every_spelling() {
    let guarded = outbound(&[]);
    let urls = CLOSED.map(|text| (text, format!("https://{}/", host(address(text))))).into_iter();
    for (name, url) in urls.chain(SPELLINGS.map(|(name, text)| (name, format!("https://{text}/")))) {
        assert!(matches!(guarded.check(&url).await, Err(OutboundError::Refused("address"))), "{name}: {url}");
        assert!(matches!(guarded.send(get(&url)).await, Err(OutboundError::Refused("address"))), "{name}: {url}");
    }
    // Control: the same check lets public addresses pass (nothing is sent).
    for text in OPEN {
        assert!(guarded.check(&format!("https://{}/", host(address(text)))).await.is_ok(), "{text}");
    }
}

#[tokio::test]
async fn n_02_names_are_checked_by_their_addresses() {
    let guarded = Outbound::with_lookup(&settings(&[]), Names::numbered(&CLOSED)).unwrap();
    for (number, text) in CLOSED.iter().enumerate() {
        let url = format!("https://n{number}.example.test/");
        assert!(matches!(guarded.check(&url).await, Err(OutboundError::Refused("address"))), "{text}");
        assert!(matches!(guarded.send(get(&url)).await, Err(OutboundError::Refused("address"))), "{text}");
    }
    let guarded = Outbound::with_lookup(&settings(&[]), Names::numbered(&OPEN)).unwrap();
    for (number, text) in OPEN.iter().enumerate() {
        assert!(guarded.check(&format!("https://n{number}.example.test/")).await.is_ok(), "{text}");
    }
}

#[tokio::test]
async fn n_02_localhost_by_name_is_closed_until_it_is_listed() {
    assert!(matches!(outbound(&[]).check("https://localhost/").await, Err(OutboundError::Refused("address"))));
    assert!(outbound(&["127.0.0.0/8", "::1/128"]).check("https://localhost/").await.is_ok());
}
