//! Every document that the gateway accepted while its own tests ran, before two other implementations.
//!
//! `tests/it` leaves them under target/tmp/saml-accepted; `make test` runs this afterwards. Each signature of each document must
//! hold for xmlsec as samael calls it and for Debian's program `xmlsec1`, with one of the certificates that the gateway
//! trusted. The program may follow References inside the document only (S-36). What was judged is deleted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use saml_oracle::signed_part;

/// Fewer than this means that the tests before this one did not leave them.
const LEAST: usize = 300;
/// Documents for one run of the program.
const BATCH: usize = 200;

/// The elements that can be signed: the message (Response, LogoutRequest, LogoutResponse) and the assertion in it; where the signature stands.
const PLACES: [(&str, &str); 2] =
    [("message", "/*/*[local-name()='Signature']"), ("assertion", "/*/*[local-name()='Assertion']/*[local-name()='Signature']")];

struct Accepted {
    document: String,
    certificates: Vec<String>,
}

fn read_all(folder: &Path) -> Vec<Accepted> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let certificates = value["certificates"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
        Accepted { document: value["document"].as_str().unwrap().to_owned(), certificates: certificates.collect() }
    };
    paths.iter().map(read).collect()
}

fn pem(certificate: &str) -> String {
    let lines: Vec<&str> = certificate.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Whether every one of these files verifies with this certificate at this place.
fn program_agrees(files: &[PathBuf], certificate: &Path, place: &str) -> bool {
    let mut program = Command::new("xmlsec1");
    program.args(["--verify", "--enabled-key-data", "key-name", "--enabled-reference-uris", "same-doc", "--pubkey-cert-pem"]);
    program.arg(certificate);
    for element in ["protocol:Response", "protocol:LogoutRequest", "protocol:LogoutResponse", "assertion:Assertion"] {
        program.args(["--id-attr:ID", &format!("urn:oasis:names:tc:SAML:2.0:{element}")]);
    }
    let output = program.args(["--node-xpath", place]).args(files).output();
    output.expect("the program xmlsec1 is installed (package xmlsec1)").status.success()
}

/// The first of the certificates with which xmlsec finds the document's signatures valid.
fn signer(accepted: &Accepted) -> Option<&str> {
    let certificates = accepted.certificates.iter().map(String::as_str);
    certificates.into_iter().find(|certificate| signed_part(&accepted.document, certificate).is_ok())
}

#[test]
#[ignore = "`make test` runs it after the tests that leave the documents"]
fn samael_and_xmlsec_accept_every_document_that_the_gateway_accepted() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saml-accepted");
    let all = read_all(&folder);
    assert!(all.len() >= LEAST, "{} documents under {}: run `cargo test --test it` first", all.len(), folder.display());
    let work = tempfile::tempdir().unwrap();
    // One run of the program for many documents of one key with a signature at one place.
    let mut groups: BTreeMap<(String, usize), Vec<PathBuf>> = BTreeMap::new();
    let mut refused = Vec::new();
    for (number, accepted) in all.iter().enumerate() {
        let Some(certificate) = signer(accepted) else {
            refused.push(format!("samael: {}", accepted.document));
            continue;
        };
        let file = work.path().join(format!("{number}.xml"));
        std::fs::write(&file, &accepted.document).unwrap();
        for (index, signed) in signed_places(&accepted.document).into_iter().enumerate() {
            if signed {
                groups.entry((certificate.to_owned(), index)).or_default().push(file.clone());
            }
        }
    }
    let certificate = work.path().join("certificate.pem");
    for ((key, index), files) in &groups {
        std::fs::write(&certificate, pem(key)).unwrap();
        for batch in files.chunks(BATCH) {
            if program_agrees(batch, &certificate, PLACES[*index].1) {
                continue;
            }
            let alone = |file: &&PathBuf| !program_agrees(std::slice::from_ref(*file), &certificate, PLACES[*index].1);
            refused.extend(
                batch
                    .iter()
                    .filter(alone)
                    .map(|file| format!("xmlsec1 ({}): {}", PLACES[*index].0, std::fs::read_to_string(file).unwrap())),
            );
        }
    }
    assert!(refused.is_empty(), "{} of {}:\n{}", refused.len(), all.len(), refused.join("\n\n"));
    // The control: the program is really asked, and a batch fails with its worst document.
    let first = all.iter().position(|accepted| accepted.document.contains("alice")).unwrap();
    let changed = all[first].document.replacen("alice", "mallory", 1);
    let forged = work.path().join("forged.xml");
    std::fs::write(&forged, &changed).unwrap();
    std::fs::write(&certificate, pem(signer(&all[first]).unwrap())).unwrap();
    assert!(signed_part(&changed, signer(&all[first]).unwrap()).is_err());
    let places = signed_places(&changed);
    let place = PLACES[places.iter().position(|signed| *signed).unwrap()].1;
    let good = work.path().join(format!("{first}.xml"));
    assert!(program_agrees(std::slice::from_ref(&good), &certificate, place));
    assert!(!program_agrees(&[good, forged], &certificate, place));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Whether the Response and whether the assertion is signed.
fn signed_places(document: &str) -> [bool; 2] {
    let tree = uppsala::parse(document).unwrap();
    let root = tree.document_element().unwrap();
    let named = |node, name| tree.element(node).is_some_and(|element| element.name.local_name == name);
    let assertion = tree.children(root).into_iter().find(|&node| named(node, "Assertion"));
    [Some(root), assertion]
        .map(|parent| parent.is_some_and(|parent| tree.children(parent).into_iter().any(|node| named(node, "Signature"))))
}
