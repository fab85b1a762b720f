//! One entity out of many: what the scanner cuts, what it refuses, and that it needs no more memory for ten thousand entities than for one.

use std::io::{BufReader, Read, Write};
use std::process::Command;

use fedgate::federation::provider::Provider as _;
use fedgate::federation::providers::saml::Saml;
use fedgate::federation::saml::aggregate::cut;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::metadata::MetadataFault::{self, *};
use fedgate::federation::saml::metadata::{self, MetadataOptions};
use fedgate::model::identity_provider::ProviderKind;
use playground::saml_idp::response::SignatureSpec;

use super::{IDP, KEY, NEXT_KEY, NOW, replace};
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;
use crate::outbound::server::{Server, respond};

const OPTIONS: MetadataOptions<'_> = MetadataOptions { expected_entity_id: Some(IDP), now_ms: NOW, allow_http: false };

fn entity(prefix: &str, id: &str, more: &str) -> String {
    let (p, certificate) = (prefix, KEY.certificate_base64());
    format!(
        "<{p}EntityDescriptor entityID=\"{id}\"><{p}IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><{p}KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></{p}KeyDescriptor>{more}<{p}SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/sso?a=1&amp;b=2\"/></{p}IDPSSODescriptor></{p}EntityDescriptor>"
    )
}

fn group(inside: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:x=\"urn:x\" Name=\"federation\">{inside}</md:EntitiesDescriptor>"
    )
}

fn good() -> String {
    group(&format!("{}\n{}\n<!-- end -->", entity("md:", "https://other.example", ""), entity("md:", IDP, "<x:any x:a='>'/>")))
}

fn cut_text(text: &str) -> Result<String, MetadataFault> {
    // A small buffer, so that every piece is met at some edge.
    cut(BufReader::with_capacity(7, text.as_bytes()), IDP)
}

#[test]
fn the_entity_keeps_its_text_namespaces_and_validity() {
    let slice = cut_text(&good()).unwrap();
    assert!(!slice.contains("other.example") && slice.contains("<x:any x:a='>'/>") && slice.contains("b=2"), "{slice}");
    assert_eq!(metadata::parse(slice.as_bytes(), &OPTIONS), metadata::parse(good().as_bytes(), &OPTIONS));

    // The default namespace of a group, another prefix, an undeclared default.
    let default =
        format!("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</EntitiesDescriptor>", entity("", IDP, ""));
    assert!(metadata::parse(cut_text(&default).unwrap().as_bytes(), &OPTIONS).is_ok());
    let foreign = replace(&good(), "<x:any x:a='>'/>", "<any/>");
    assert!(cut_text(&foreign).unwrap().contains("xmlns=\"\""), "an element without namespace stays without");

    // The earliest end of all groups counts, and the shortest wish.
    let around = |attributes: &str| good().replacen(" Name=", &format!(" {attributes} Name="), 1);
    let read = |text: &str| metadata::read(cut_text(text).unwrap().as_bytes(), &OPTIONS, &[]);
    let reading = read(&around("validUntil='2099-01-01T00:00:00Z' cacheDuration='PT6H'")).unwrap();
    assert_eq!((reading.descriptor.valid_until_ms, reading.cache_ms), (Some(4_070_908_800_000), Some(6 * 3_600_000)));
    assert_eq!(read(&around("validUntil='2020-01-01T00:00:00Z'")), Err(Expired));
    assert_eq!(cut_text(&around("validUntil='tomorrow'")), Err(Document(SamlFault::TimeForm)));

    // Alone, with declaration and byte order mark, and with an id that needs escaping.
    let alone =
        entity("", IDP, "").replacen("<EntityDescriptor", "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'", 1);
    let alone = format!("\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- a -->{alone}\n");
    assert!(metadata::parse(cut_text(&alone).unwrap().as_bytes(), &OPTIONS).is_ok());
    let escaped = good().replacen("other.example", "o.example?a=1&amp;b=&#x32;", 1);
    assert!(cut(escaped.as_bytes(), "https://o.example?a=1&b=2").is_ok());
}

/// A signature on the entity survives the cut, although its group declares its namespaces.
#[test]
fn s24_the_entitys_own_signature_is_proven() {
    let signers = super::idp_with(&[&NEXT_KEY]).signing_certificates;
    let template = SignatureSpec::default().template(&NEXT_KEY, "_e");
    let plain = entity("md:", IDP, "").replacen(" entityID", " ID=\"_e\" entityID", 1);
    let with = plain.replacen("><md:IDP", &format!(">{template}<md:IDP"), 1);
    let signed = NEXT_KEY.sign_xml(&group(&with)).unwrap();
    let read = |text: &str| metadata::read(cut_text(text).unwrap().as_bytes(), &OPTIONS, &signers);
    assert!(read(&signed).is_ok());
    assert_eq!(read(&group(&plain)), Err(Document(SamlFault::Unsigned)));
    assert_eq!(read(&signed.replace("sso?a=1", "sso?a=9")), Err(Document(SamlFault::SignatureInvalid)));
    let strangers = super::idp_with(&[&KEY]).signing_certificates;
    let slice = cut_text(&signed).unwrap();
    assert_eq!(metadata::read(slice.as_bytes(), &OPTIONS, &strangers), Err(Document(SamlFault::SignatureInvalid)));
    assert!(metadata::read(slice.as_bytes(), &OPTIONS, &[]).is_ok(), "unpinned, it does not count");
}

/// S-00 and S-25 for what stands around the entity. Each refusal changes one thing of a file that is accepted.
#[test]
fn s25_what_the_scanner_refuses() {
    let good = good();
    assert!(cut_text(&good).is_ok());
    let refused = |text: &str, fault: MetadataFault| {
        let found = cut_text(text).unwrap_err();
        assert_eq!(found, fault, "{}", text.chars().take(200).collect::<String>());
    };
    let xml = |fault| Document(fault);
    refused(&group(&entity("md:", "https://other.example", "")), EntityMissing);
    refused(&group(&entity("md:", IDP, "").repeat(2)), EntityAmbiguous);
    refused(&group(&format!("{}{}", entity("md:", IDP, ""), entity("md:", "urn:other", "").repeat(2))), EntityAmbiguous);
    refused(&replace(&good, "<md:EntityDescriptor entityID=\"https://other.example\"", "<md:EntityDescriptor"), EntityId);
    let nested = |levels: usize| {
        let open = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">".repeat(levels);
        format!("{open}{}{}", entity("md:", IDP, ""), "</md:EntitiesDescriptor>".repeat(levels))
    };
    assert!(cut_text(&nested(4)).is_ok());
    refused(&nested(5), TooDeep);
    refused(&nested(100_000), TooDeep);
    let deep = |levels: usize| good.replace("<x:any x:a='>'/>", &format!("{}{}", "<x:a>".repeat(levels), "</x:a>".repeat(levels)));
    assert!(cut_text(&deep(20)).is_ok());
    refused(&deep(40), xml(SamlFault::TooDeep));
    refused(&format!("<!DOCTYPE x>{good}"), xml(SamlFault::Doctype));
    refused(&good.replacen("<md:Entity", "<?php echo?><md:Entity", 1), xml(SamlFault::ProcessingInstruction));
    refused(&format!("<!-- --><?xml version='1.0'?>{good}"), xml(SamlFault::ProcessingInstruction));
    refused(&format!("<?xml version='1.1'?>{good}"), xml(SamlFault::Malformed));
    refused(&format!("<?xml version='1.0' encoding='ISO-8859-1'?>{good}"), xml(SamlFault::Encoding));
    refused(&good.replacen("<x:any", "<![CDATA[<x:]]><x:any", 1), xml(SamlFault::Cdata));
    refused(&good.replace("<!-- end -->", "<!-- a -- b -->"), xml(SamlFault::Malformed));
    refused(&good.replace("<!-- end -->", "<!-->"), xml(SamlFault::Malformed));
    refused(&good.replace("<!-- end -->", "words"), xml(SamlFault::Malformed));
    refused(&good[..good.len() - 1], xml(SamlFault::Malformed));
    refused(&good[..good.len() - 24], xml(SamlFault::Malformed));
    refused(&format!("{good}{good}"), xml(SamlFault::Malformed));
    refused(&format!("{good}x"), xml(SamlFault::Malformed));
    refused(&good.replace("</md:EntitiesDescriptor>", "</md:EntityDescriptor>"), xml(SamlFault::Malformed));
    refused(&good.replacen(" Name=", " Name=\"a\" Name=", 1), xml(SamlFault::DuplicateAttribute));
    refused(&good.replacen(" Name=\"federation\"", " Name=federation", 1), xml(SamlFault::Malformed));
    refused(&good.replacen(" Name=", " a=\"<\" Name=", 1), xml(SamlFault::Malformed));
    refused(&good.replacen("xmlns:x=\"urn:x\"", "xmlns:x=\"\"", 1), xml(SamlFault::Malformed));
    refused(&good.replacen("federation", "&unknown;", 1), xml(SamlFault::Malformed));
    refused(&good.replacen("federation", "a\0b", 1), xml(SamlFault::Encoding));
    refused(&good.replacen("SAML:2.0:metadata", "SAML:2.0:other", 1), Root);
    refused("", xml(SamlFault::Malformed));
    refused(&good.replacen("<x:any", &format!("<!--{}--><x:any", "x".repeat(2 * 1024 * 1024)), 1), xml(SamlFault::TooLarge));
    let large = format!("<x:a>{}</x:a>", "x".repeat(900_000)).repeat(3);
    refused(&good.replacen("<x:any x:a='>'/>", &large, 1), xml(SamlFault::TooLarge));
    let mut bytes = good.clone().into_bytes();
    bytes[good.find("federation").unwrap()] = 0xff;
    assert_eq!(cut(bytes.as_slice(), IDP), Err(xml(SamlFault::Encoding)));
}

/// A file of ten thousand entities, 80 MB, made while it is read.
struct Federation {
    next: usize,
    piece: Vec<u8>,
}

const ENTITIES: usize = 10_000;

impl Read for Federation {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.piece.is_empty() && self.next <= ENTITIES + 1 {
            let text = match self.next {
                0 => "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">".to_owned(),
                number if number == ENTITIES / 2 => entity("md:", IDP, ""),
                number if number <= ENTITIES => {
                    let more = format!("<md:NameIDFormat>{}</md:NameIDFormat>", "x".repeat(6_500));
                    entity("md:", &format!("https://idp-{number}.example/metadata"), &more)
                }
                _ => "</md:EntitiesDescriptor>".to_owned(),
            };
            self.next += 1;
            self.piece = text.into_bytes();
        }
        let count = into.len().min(self.piece.len());
        into[..count].copy_from_slice(&self.piece[..count]);
        self.piece.drain(..count);
        Ok(count)
    }
}

fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

const CHILD: &str = "FEDGATE_TEST_AGGREGATE_CHILD";

/// The peak of memory belongs to a process, so a child of this test binary reads the file: through the outbound client, the scanner, the
/// parser and the store, as a login does.
#[test]
fn a_federation_of_ten_thousand_entities_needs_little_memory() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let program = std::env::current_exe().unwrap();
    let outcome = Command::new(program)
        .args(["--exact", "saml::aggregate::the_child_that_reads_a_federation"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(outcome.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&outcome.stderr));
}

#[tokio::test]
async fn the_child_that_reads_a_federation() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let gateway = TestGateway::start(Backend::Embedded).await;
    let pool = gateway.add_pool("federation").await;
    let large = Server::start(|stream| {
        let mut file = BufReader::with_capacity(32 * 1024, Federation { next: 0, piece: Vec::new() });
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        let _ = std::io::copy(&mut file, stream);
    });
    // The small one first, so that only the difference is measured.
    let small = Server::start(|stream| respond(stream, "200 OK", &[], good().as_bytes()));
    let saml = Saml::default();
    let mut before = 0;
    for (name, server) in [("Small", &small), ("Large", &large)] {
        before = peak_kb();
        let details = [("MetadataURL", server.url()), ("EntityId", IDP.to_owned())];
        let details = details.each_ref().map(|(key, value)| (*key, value.as_str()));
        let mut provider = gateway.add_provider(&pool, name, ProviderKind::Saml, &details).await;
        saml.validate(&gateway.context(), &mut provider).await.unwrap();
        assert_eq!(provider.details["SSORedirectBindingURI"], "https://idp.example.com/sso?a=1&b=2");
    }
    let grown = peak_kb() - before;
    assert!(grown <= 20 * 1024, "{grown} kB");
}
