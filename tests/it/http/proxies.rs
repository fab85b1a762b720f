//! Forwarding headers: whom to believe, and what (U-07, A-38).

use std::fmt::Write as _;
use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use fedgate::http::forwarded::{Origin, origin};
use ipnet::IpNet;

use crate::harness::gateway::client;
use crate::http::bare::Bare;

fn seen(peer: &str, headers: &[(&str, &str)]) -> Origin {
    let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:1::/48"].iter().map(|net| net.parse().unwrap()).collect();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    origin(Some(peer.parse().unwrap()), &map, &trusted)
}

fn address(peer: &str, headers: &[(&str, &str)]) -> String {
    seen(peer, headers).address.unwrap().to_string()
}

#[test]
fn u07_a_trusted_proxy_is_believed_and_a_direct_client_is_not() {
    for headers in [[("X-Forwarded-For", "198.51.100.7")], [("Forwarded", "for=198.51.100.7")]] {
        assert_eq!(address("10.0.0.1", &headers), "198.51.100.7");
        assert_eq!(address("203.0.113.9", &headers), "203.0.113.9", "spoofed by a direct client");
    }
    assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
}

#[test]
fn u07_the_right_most_untrusted_hop_is_the_client() {
    let cases = [
        ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("1.2.3.4, 198.51.100.7, 10.2.0.1, 10.3.0.1", "198.51.100.7"),
        ("198.51.100.7,10.2.0.1", "198.51.100.7"),
        ("10.9.9.9, 10.2.0.1", "10.9.9.9"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8:2::7]:4711", "2001:db8:2::7"),
        ("2001:db8:2::7", "2001:db8:2::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ];
    for (list, expected) in cases {
        assert_eq!(address("10.0.0.1", &[("X-Forwarded-For", list)]), expected, "{list}");
    }
}

#[test]
fn u07_invalid_values_end_the_walk() {
    // Left of a value that is no address nothing is vouched for: the nearest hop that is known stays.
    for bad in ["unknown", "_hidden", "fe80::1%eth0", "[fe80::1%25eth0]", "example.com", "1.2.3.4.5", "", "256.1.1.1", "\"x"] {
        assert_eq!(address("10.0.0.1", &[("X-Forwarded-For", &format!("198.51.100.7, {bad}"))]), "10.0.0.1", "{bad}");
        assert_eq!(address("10.0.0.1", &[("X-Forwarded-For", &format!("198.51.100.7, {bad}, 10.2.0.1"))]), "10.2.0.1", "{bad}");
    }
    for bad in ["for=unknown", "for=_secret", "for=\"[fe80::1%eth0]\"", "proto=https", "for=1.2.3.4;for=5.6.7.8", "for=\"1.2.3.4"] {
        assert_eq!(address("10.0.0.1", &[("Forwarded", &format!("for=198.51.100.7, {bad}"))]), "10.0.0.1", "{bad}");
    }
}

#[test]
fn u07_a_hundred_hops() {
    let spoofed: String = (0..100).fold(String::new(), |mut list, hop| {
        let _ = write!(list, "192.0.2.{hop}, ");
        list
    });
    assert_eq!(address("10.0.0.1", &[("X-Forwarded-For", &format!("{spoofed}198.51.100.7"))]), "198.51.100.7");
    let trusted = vec!["10.1.1.1"; 100].join(", ");
    assert_eq!(address("10.0.0.1", &[("X-Forwarded-For", &format!("198.51.100.7, {trusted}"))]), "198.51.100.7");
}

#[test]
fn u07_one_kind_of_header_only() {
    let both = [("Forwarded", "for=198.51.100.7"), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(address("10.0.0.1", &both), "198.51.100.7", "Forwarded wins");
    let useless = [("Forwarded", "proto=https"), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(address("10.0.0.1", &useless), "10.0.0.1", "and does not fall back");
}

#[test]
fn u07_forwarded_syntax() {
    let cases = [
        ("for=\"[2001:db8:2::7]:4711\"", "2001:db8:2::7"),
        ("For=198.51.100.7;Proto=https;by=10.0.0.1", "198.51.100.7"),
        ("for=192.0.2.1, for=\"198.51.100.7\" ; host=\"a,b\"", "198.51.100.7"),
        ("for=192.0.2.1;host=\"x, for=6.6.6.6\", for=198.51.100.7", "198.51.100.7"),
    ];
    for (value, expected) in cases {
        assert_eq!(address("10.0.0.1", &[("Forwarded", value)]), expected, "{value}");
    }
    let two_lines = [("Forwarded", "for=192.0.2.1"), ("Forwarded", "for=198.51.100.7")];
    assert_eq!(address("10.0.0.1", &two_lines), "198.51.100.7");
    let from_v6 = [("Forwarded", "for=198.51.100.7")];
    assert_eq!(address("2001:db8:1::5", &from_v6), "198.51.100.7");
}

#[test]
fn u06_the_host_comes_from_the_same_kind_and_only_from_trusted_peers() {
    let x = [("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Host", "evil.example, id.example")];
    assert_eq!(seen("10.0.0.1", &x).host.as_deref(), Some("id.example"));
    assert_eq!(seen("203.0.113.9", &x).host, None);
    let forwarded = [("Forwarded", "for=198.51.100.7;host=id.example"), ("X-Forwarded-Host", "evil.example")];
    assert_eq!(seen("10.0.0.1", &forwarded).host.as_deref(), Some("id.example"));
    assert_eq!(seen("203.0.113.9", &forwarded).host, None);
}

#[tokio::test]
async fn u07_over_the_wire() {
    let trusting = Bare::with(None, |seam| seam.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let wary = Bare::start().await;
    let ask = async |bare: &Bare| {
        let request = client().get(format!("{}/facts", bare.url)).header("X-Forwarded-For", "198.51.100.7");
        request.header("X-Forwarded-Host", "known.example").send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(ask(&trusting).await, "198.51.100.7 known.example");
    assert_eq!(ask(&wary).await, format!("127.0.0.1 {}", wary.address));
}

#[test]
fn the_peer_itself_may_be_a_mapped_address() {
    let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
    assert_eq!(address(&mapped.to_string(), &[("X-Forwarded-For", "198.51.100.7")]), "198.51.100.7");
}
