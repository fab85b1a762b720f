//! S-31: our metadata names what we support, with the right use, and other tools can read it.

use std::process::Command;

use fedgate::federation::saml::sp_metadata::{SpMetadata, document};
use uppsala::Document;

use super::{ACS, KEY, NOW, SP};
use crate::real;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

const BARE: SpMetadata<'_> = SpMetadata {
    entity_id: SP,
    acs_url: ACS,
    slo_url: None,
    signing_certificates: &[],
    requests_signed: false,
    encryption_certificate: None,
    valid_until_ms: None,
};

fn children(document: &Document<'_>) -> Vec<(String, Option<String>)> {
    let root = document.document_element().unwrap();
    let role = document.first_child_element_by_name_ns(root, MD, "SPSSODescriptor").unwrap();
    document
        .children(role)
        .into_iter()
        .filter_map(|node| document.element(node))
        .map(|element| (element.name.local_name.to_string(), element.get_attribute("Location").map(str::to_owned)))
        .collect()
}

/// With everything that it can say.
fn full() -> String {
    let certificates = [KEY.certificate_base64(), super::ATTACKER.certificate_base64()];
    document(&SpMetadata {
        slo_url: Some("https://auth.example.com/saml2/logout"),
        signing_certificates: &certificates,
        requests_signed: true,
        encryption_certificate: Some(&certificates[0]),
        valid_until_ms: Some(NOW),
        ..BARE
    })
}

/// The order is the schema's: keys, logout, formats, consumer services.
#[test]
fn s31_elements_in_the_order_of_the_schema() {
    let text = full();
    let parsed = uppsala::parse(&text).unwrap();
    let mut names: Vec<_> = children(&parsed).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    assert_eq!(names, ["KeyDescriptor", "SingleLogoutService", "NameIDFormat", "AssertionConsumerService"]);
    assert_eq!(text.matches("<md:KeyDescriptor use=\"signing\">").count(), 2);
    assert_eq!(text.matches("<md:KeyDescriptor use=\"encryption\">").count(), 1);
    assert!(text.contains("AuthnRequestsSigned=\"true\"") && text.contains("validUntil=\"2026-11-21T12:00:00Z\""));
    assert_eq!(children(&parsed).last().unwrap().1.as_deref(), Some(ACS));
    // D-08: only what is accepted, below the right use.
    let (_, encryption) = text.split_once("use=\"encryption\"").unwrap();
    let methods: Vec<&str> =
        encryption.split("<md:EncryptionMethod Algorithm=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(
        methods,
        [
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
        ]
    );
}

#[test]
fn s31_nothing_that_is_not_offered() {
    let text = document(&BARE);
    assert!(!text.contains("KeyDescriptor") && !text.contains("Logout") && text.contains("AuthnRequestsSigned=\"false\""));
    assert!(text.contains(&format!("entityID=\"{SP}\"")) && !text.contains("validUntil"));
    let hostile = document(&SpMetadata { entity_id: "a\"><x/>", acs_url: "https://a/?b&c", ..BARE });
    assert_eq!(uppsala::parse(&hostile).unwrap().get_elements_by_tag_name("x").len(), 0);
}

/// The schema of OASIS as pysaml2 brings it, and pysaml2's own reading of the document.
#[test]
fn s31_the_schema_and_another_tool_agree() {
    let script = r#"
import sys
from saml2.xml.schema import validate
from saml2.mdstore import InMemoryMetaData
text = sys.stdin.read()
validate(text)
store = InMemoryMetaData([], text, check_validity=False)
store.load()
(entity, roles), = store.items()
keys = [key["use"] for key in roles["spsso_descriptor"][0].get("key_descriptor", [])]
print(entity, ",".join(keys))
"#;
    let read = |text: &str| {
        use std::io::Write as _;
        let mut child = Command::new(real::python())
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() { Ok(said) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    };
    assert_eq!(read(&full()).unwrap(), format!("{SP} signing,signing,encryption"));
    assert_eq!(read(&document(&BARE)).unwrap(), SP);
    // Controls: the schema is really asked.
    assert!(read(&full().replace("use=\"encryption\"", "use=\"both\"")).is_err());
    assert!(read(&full().replace("<md:NameIDFormat>", "<md:Nonsense/><md:NameIDFormat>")).is_err());
}
