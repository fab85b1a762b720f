//! A process that refuses 100,000 hostile documents is no larger afterwards (issue: at most 20 MB).
//!
//! The other tests share their process's memory, so the test runs this binary once more with the one function that does the
//! work, and reads its figures: most documents go straight into `decode` and `verify`, two thousand as answers to logins of
//! their own through a gateway's assertion consumer service.

use std::process::Command;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation};
use playground::saml_idp::response::Sign;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

use super::{ACS, ATTACKER, KEY, NOW, REQUEST, SP, idp, mutants, spec};
use crate::federation::broker_world::World;
use crate::harness::gateway;
use crate::harness::storage::Backend;

const DOCUMENTS: usize = 100_000;
const THROUGH_THE_GATEWAY: usize = 2_000;
const MOST_GROWTH: usize = 20_000_000;
/// What the child prints before its figure.
const MARK: &str = "bytes grown: ";

static IDP: LazyLock<IdpDescriptor> = LazyLock::new(idp);

#[test]
fn a_hundred_thousand_hostile_documents_leave_no_memory_behind() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "saml::memory::refuses_hostile_documents", "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let figure = text.split_once(MARK).unwrap_or_else(|| panic!("no figure in {text}")).1;
    let grown: usize = figure.split_whitespace().next().unwrap().parse().unwrap();
    assert!(grown < MOST_GROWTH, "{grown} bytes");
}

#[tokio::test]
#[ignore = "the test above starts it in a process of its own"]
#[expect(clippy::print_stdout, reason = "the figure for the process that started this one")]
async fn refuses_hostile_documents() {
    let world = World::new(Backend::Embedded).await;
    let hostile = fields();
    // Nine of ten are the beginning of one only, so that unoptimised code is through in time.
    let short: Vec<String> = hostile.iter().map(|field| field[..field.len().min(1_600)].to_owned()).collect();
    let mut number = 0;
    let mut straight = |count: usize| {
        for _ in 0..count {
            let list = if number % 10 == 0 { &hostile } else { &short };
            refuse(&list[number / 3 % list.len()], number);
            number += 1;
        }
    };
    // What stays for good is there after the first round: thread stacks, caches, the allocator's own.
    straight(10 * hostile.len());
    through_the_gateway(&world, &hostile, 300).await;
    let before = resident();
    straight(DOCUMENTS - THROUGH_THE_GATEWAY);
    through_the_gateway(&world, &hostile, THROUGH_THE_GATEWAY).await;
    println!("\n{MARK}{}", resident().saturating_sub(before));
}

/// Refused, and another document each time, so that nothing that remembers documents could look innocent.
fn refuse(field: &str, number: usize) {
    let expectation =
        Expectation { idp: &IDP, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms: NOW, skew_s: DEFAULT_SKEW_S };
    let verdict = response::decode(field).and_then(|mut xml| {
        xml.extend_from_slice(" ".repeat(number % 13).as_bytes());
        response::verify(&xml, &expectation)
    });
    assert!(verdict.is_err());
}

/// Begins a login for each document and posts it as the provider's answer.
async fn through_the_gateway(world: &World, hostile: &[String], count: usize) {
    let http = gateway::client();
    let start = world.authorize("Saml");
    // The largest ones are the form's limit, not the verifier's.
    let fitting: Vec<&String> = hostile.iter().filter(|field| field.len() < 60_000).collect();
    for number in 0..count {
        let begun = http.get(&start).send().await.unwrap();
        let cookies: Vec<&str> = begun.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        let cookies: Vec<&str> = cookies.into_iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
        let location = Url::parse(begun.headers()[LOCATION].to_str().unwrap()).unwrap();
        let relay_state = location.query_pairs().find(|(name, _)| name == "RelayState").unwrap().1.into_owned();
        let form = [("SAMLResponse", fitting[number % fitting.len()].as_str()), ("RelayState", relay_state.as_str())];
        let answer = http.post(world.acs()).header(COOKIE, cookies.join("; ")).form(&form).send().await.unwrap();
        assert!(!answer.status().is_server_error() && answer.status().as_u16() != 429, "{}", answer.status());
    }
    assert_eq!(world.users().await, 0);
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// Mutants of signed documents, forgeries, and documents that are made to cost: deep, wide, long, many of everything.
fn fields() -> Vec<String> {
    let good = spec(Sign::Both).build(&KEY);
    let forged = spec(Sign::Both).build(&ATTACKER);
    let mut documents = vec![forged];
    let entities: String = (1..12).map(|n| format!("<!ENTITY e{n} \"&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};\">", n - 1)).collect();
    documents.push(format!("<!DOCTYPE r [<!ENTITY e0 \"haha\">{entities}]><r>&e11;</r>"));
    let within =
        |text: &str| good.replacen("<samlp:Status>", &format!("<samlp:Extensions>{text}</samlp:Extensions><samlp:Status>"), 1);
    documents.push(within(&format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000))));
    documents.push(within(&"<a/>".repeat(2_100)));
    documents.push(within(&"<a xmlns:b=\"urn:b\" b:c=\"d\"/>".repeat(1_800)));
    documents.push(within(&format!("<a {}/>", (0..90).map(|n| format!("a{n}=\"\" ")).collect::<String>())));
    documents.push(within(&format!("<a {}/>", (0..60).map(|n| format!("xmlns:a{n}=\"urn:{n}\" ")).collect::<String>())));
    documents.push(within(&format!("<a b=\"{}\"/>", "c".repeat(40_000))));
    documents.push(within(&"&amp;".repeat(8_000)));
    documents.push(within(&"text ".repeat(8_000)));
    documents.push(within(&"<a ID=\"_same\"/>".repeat(1_500)));
    documents.push(within(&(0..1_500).map(|n| format!("<a ID=\"_id{n}\"/>")).collect::<String>()));
    documents.push(good.replace("<ds:SignatureValue>", &format!("<ds:SignatureValue>{}", "A".repeat(40_000))));
    documents.push(good.replace("<ds:DigestValue>", &format!("<ds:DigestValue>{}", "A".repeat(40_000))));
    let algorithm = "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    documents.push(good.replacen(algorithm, &format!("Algorithm=\"{}\"/>", "x".repeat(40_000)), 1));
    documents.push("<".repeat(40_000));
    documents.push("<a".repeat(20_000));
    documents.push(format!("<!--{}", "-".repeat(40_000)));
    let mut fields: Vec<String> = documents.iter().map(|document| STANDARD.encode(document)).collect();
    fields.push("A".repeat(response::MAX_ENCODED + 1));
    fields.push(STANDARD.encode("<a>".repeat(60_000)));
    fields.push("=".repeat(10_000));
    fields.extend(mutants::sample(13));
    fields
}
