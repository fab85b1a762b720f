//! What we accept must also verify with xmlsec: an independent implementation says whether a signature holds.
//!
//! Runs the `xmlsec1` program (Debian package of that name), one run for each signature. A missing program is a failure.

use std::path::Path;
use std::process::Command;

use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

use super::{KEY, NEXT_KEY, SIGNED, accepts, spec, verify};

/// Where a signature may stand.
const PLACES: [&str; 2] = ["/*/*[local-name()='Signature']", "/*/*[local-name()='Assertion']/*[local-name()='Signature']"];

/// Whether xmlsec finds every signature of the document valid with this key alone. At least one there must be.
pub fn xmlsec_agrees(document: &str, key: &SigningKey) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let xml = write("document.xml", document);
    let certificate = write("certificate.pem", &key.certificate_pem());
    let tree = uppsala::parse(document).unwrap();
    let root = tree.document_element().unwrap();
    let assertion = tree.get_elements_by_tag_name("Assertion")[0];
    let signed = [root, assertion].map(|parent| {
        tree.children(parent).into_iter().any(|node| tree.element(node).is_some_and(|e| e.name.local_name == "Signature"))
    });
    let verdicts: Vec<bool> =
        PLACES.iter().zip(signed).filter(|(_, there)| *there).map(|(place, _)| run(&xml, &certificate, place)).collect();
    !verdicts.is_empty() && verdicts.into_iter().all(|verdict| verdict)
}

fn run(xml: &Path, certificate: &Path, place: &str) -> bool {
    let output = Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem"])
        .arg(certificate)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--node-xpath", place])
        .arg(xml)
        .output()
        .expect("the program xmlsec1 is installed (package xmlsec1)");
    output.status.success()
}

#[test]
fn xmlsec_agrees_with_what_we_accept() {
    for sign in SIGNED {
        for key in [&*KEY, &*NEXT_KEY] {
            let document = spec(sign).build(key);
            accepts(&document);
            assert!(xmlsec_agrees(&document, key), "{document}");
        }
    }
}

/// The control: xmlsec is really asked.
#[test]
fn xmlsec_refuses_what_is_forged() {
    for sign in SIGNED {
        let document = spec(sign).build(&KEY);
        assert!(xmlsec_agrees(&document, &KEY));
        let changed = document.replace("staff", "root");
        assert!(verify(&changed).is_err() && !xmlsec_agrees(&changed, &KEY));
        assert!(!xmlsec_agrees(&document, &super::ATTACKER));
    }
}

/// Unusual but right: names that need escaping, other prefixes, white space, references to characters.
#[test]
fn xmlsec_agrees_about_unusual_documents() {
    let changes: &[fn(String) -> String] = &[
        |t| t.replace(">staff<", ">&#x41;&amp;&lt;&gt;\u{e9}\u{1f600}<"),
        |t| t.replace("<saml:Subject>", "\n  <saml:Subject>\n"),
        |t| t.replace("saml:", "a:").replace("xmlns:saml=", "xmlns:a="),
        |t| t.replace("Name=\"email\"", "\n  Name = 'email'\tFriendlyName=\"a&#xA;b &quot;c&quot;\""),
        |t| {
            t.replace(
                "<saml:AttributeStatement>",
                "<saml:AttributeStatement xmlns:unused=\"urn:unused\" xmlns:b=\"urn:b\" b:c=\"d\">",
            )
        },
        |t| t.replace("<saml:AuthnStatement", "<saml:AuthnStatement xml:lang=\"en\""),
    ];
    for sign in [Sign::Response, Sign::Assertion] {
        for change in changes {
            let document = ResponseSpec { before_assertion_signature: Some(Box::new(*change)), ..spec(sign) }.build(&KEY);
            accepts(&document);
            assert!(xmlsec_agrees(&document, &KEY), "{document}");
        }
    }
}
