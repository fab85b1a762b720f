//! A second opinion on encryption: Debian's `xmlsec1` opens what the stand-in encrypted, and we open what `xmlsec1` encrypted.

use std::path::Path;
use std::process::Command;

use playground::saml_idp::encrypt::{Content, EncryptionSpec, Place as KeyPlace, Transport};
use playground::saml_idp::response::Sign;
use playground::saml_idp::signer::SigningKey;

use super::encryption::Us;
use super::{KEY, element, replace, spec};

fn xmlsec(arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new("xmlsec1").args(arguments).current_dir(folder).output().expect("the program xmlsec1 is installed");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// So our stand-in writes what others read, and the tests of the gateway do not test two mistakes against each other.
#[test]
fn xmlsec_opens_what_the_stand_in_encrypts() {
    let receiver = SigningKey::rsa("receiver");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), receiver.private_key_pem()).unwrap();
    let plain = spec(Sign::Assertion).build(&KEY);
    let assertion = element(&plain, "saml:Assertion");
    for content in Content::ALL {
        for transport in [Transport::OaepMgf1p, Transport::Pkcs1] {
            let encryption = EncryptionSpec {
                content,
                transport,
                place: KeyPlace::Inside,
                ..EncryptionSpec::to(&receiver.certificate_base64())
            };
            std::fs::write(folder.path().join("sealed.xml"), encryption.encrypt(assertion)).unwrap();
            let opened = xmlsec(&["--decrypt", "--privkey-pem", "key.pem", "sealed.xml"], folder.path());
            let opened = opened.unwrap_or_else(|| panic!("{content:?} {transport:?}"));
            assert!(opened.contains("alice@example.com") && !opened.contains("CipherValue"), "{opened}");
        }
    }
    // Control: another key opens nothing.
    std::fs::write(folder.path().join("other.pem"), SigningKey::rsa("other").private_key_pem()).unwrap();
    assert_eq!(xmlsec(&["--decrypt", "--privkey-pem", "other.pem", "sealed.xml"], folder.path()), None);
}

#[tokio::test]
async fn we_open_what_xmlsec_encrypts() {
    let us = Us::new().await;
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<&str> = us.keys[0].certificate.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    std::fs::write(folder.path().join("ours.pem"), pem).unwrap();
    for (algorithm, session) in [("aes128-gcm", "aes-128"), ("aes256-gcm", "aes-256")] {
        for sign in super::SIGNED {
            let mut answer = spec(sign);
            let (session, place) = (session.to_owned(), folder.path().to_owned());
            let template = format!(
                concat!(
                    r#"<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">"#,
                    r#"<EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#{}"/>"#,
                    r#"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="http://www.w3.org/2001/04/xmlenc#">"#,
                    r#"<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>"#,
                    "<CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo>",
                    "<CipherData><CipherValue/></CipherData></EncryptedData>",
                ),
                algorithm
            );
            answer.before_response_signature = Some(Box::new(move |response| {
                let assertion = element(&response, "saml:Assertion").to_owned();
                std::fs::write(place.join("assertion.xml"), &assertion).unwrap();
                std::fs::write(place.join("template.xml"), &template).unwrap();
                let arguments = [
                    "--encrypt",
                    "--pubkey-cert-pem",
                    "ours.pem",
                    "--session-key",
                    &session,
                    "--xml-data",
                    "assertion.xml",
                    "template.xml",
                ];
                let sealed = xmlsec(&arguments, &place).expect("xmlsec1 encrypts");
                let (_, sealed) = sealed.split_once("?>").unwrap();
                replace(&response, &assertion, &format!("<saml:EncryptedAssertion>{}</saml:EncryptedAssertion>", sealed.trim()))
            }));
            us.accepts(&answer.build(&KEY));
        }
    }
}
