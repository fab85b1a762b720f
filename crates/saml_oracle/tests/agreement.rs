//! The gateway's SAML room against samael and xmlsec: what we accept they accept, what they sign we accept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::metadata::{self, IdpDescriptor, MetadataOptions};
use fedgate::federation::saml::response::{self, Expectation, VerifiedAssertion};
use playground::clock::now_ms;
use playground::saml_idp::request;
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;
use saml_oracle::{Opinion, RelyingParty, opinion, sign, signed_part};

const IDP: &str = "https://idp.example.com/metadata";
const SP: &str = "urn:amazon:cognito:sp:local_AbC123xyz";
const ACS: &str = "https://auth.example.com/saml2/idpresponse";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
const SIGNED: [Sign; 3] = [Sign::Response, Sign::Assertion, Sign::Both];

static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("idp.example.com"));
static EC: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::p256("idp.example.com"));

fn metadata_of(key: &SigningKey) -> String {
    request::metadata(IDP, "https://idp.example.com", &[key.certificate_base64()], false, &["HTTP-Redirect"])
}

fn describe(key: &SigningKey) -> IdpDescriptor {
    let options = MetadataOptions { expected_entity_id: Some(IDP), now_ms: now_ms(), allow_http: false };
    metadata::parse(metadata_of(key).as_bytes(), &options).unwrap()
}

/// samael judges by the system's clock, so the documents are made now.
fn spec(sign: Sign) -> ResponseSpec {
    ResponseSpec { sign, ..ResponseSpec::new(IDP, SP, ACS, Some(REQUEST), now_ms()) }
}

fn ours(document: &str, key: &SigningKey) -> Result<VerifiedAssertion, SamlFault> {
    let idp = describe(key);
    let expectation =
        Expectation { idp: &idp, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms: now_ms(), skew_s: 60 };
    response::verify(document.as_bytes(), &expectation)
}

fn theirs(document: &str, key: &SigningKey) -> Result<Opinion, String> {
    let metadata = metadata_of(key);
    opinion(document, &RelyingParty { idp_metadata: &metadata, entity_id: SP, acs_url: ACS, request_id: REQUEST })
}

fn same(ours: &VerifiedAssertion, theirs: &Opinion) {
    assert_eq!(ours.name_id.value, theirs.name_id);
    assert_eq!(ours.assertion_id, theirs.assertion_id);
    assert_eq!(ours.attributes, theirs.attributes);
}

#[test]
fn samael_accepts_what_we_accept_and_reads_the_same() {
    for sign in SIGNED {
        for key in [&*RSA, &*EC] {
            let document = spec(sign).build(key);
            same(&ours(&document, key).unwrap(), &theirs(&document, key).unwrap());
        }
    }
}

#[test]
fn both_refuse_what_is_forged() {
    for sign in SIGNED {
        let document = spec(sign).build(&RSA);
        assert!(ours(&document, &RSA).is_ok() && theirs(&document, &RSA).is_ok());
        let changed = document.replace("staff", "root");
        assert!(ours(&changed, &RSA).is_err() && theirs(&changed, &RSA).is_err());
        assert!(ours(&document, &EC).is_err() && theirs(&document, &EC).is_err());
    }
}

/// The template is ours, digests and signatures are xmlsec's.
#[test]
fn we_accept_what_xmlsec_signs() {
    let key = STANDARD.decode(RSA.private_key_pem().lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let template = |id: &str| spec(Sign::Nothing).signature.template(&RSA, id);
    let unsigned = spec(Sign::Nothing);
    let document = unsigned.build(&RSA);
    let behind = |document: &str, issuer: usize, id: &str| {
        let at = document.match_indices("</saml:Issuer>").nth(issuer).unwrap().0 + "</saml:Issuer>".len();
        format!("{}{}{}", &document[..at], template(id), &document[at..])
    };
    let response = sign(&behind(&document, 0, &unsigned.response_id), &key).unwrap();
    assert_eq!(ours(&response, &RSA).unwrap().name_id.value, "alice@example.com");
    let assertion = sign(&behind(&document, 1, &unsigned.assertion_id), &key).unwrap();
    assert_eq!(ours(&assertion, &RSA).unwrap().name_id.value, "alice@example.com");
    let both = sign(&behind(&assertion, 0, &unsigned.response_id), &key).unwrap();
    assert_eq!(both.matches("<ds:SignatureValue>").count(), 2);
    assert_eq!(ours(&both, &RSA).unwrap().name_id.value, "alice@example.com");
    for signed in [response, assertion, both] {
        same(&ours(&signed, &RSA).unwrap(), &theirs(&signed, &RSA).unwrap());
        assert!(ours(&signed.replace("alice", "mallory"), &RSA).is_err());
    }
}

/// Whatever we still accept after a change, xmlsec accepts too, and the signed part says what we read.
#[test]
fn xmlsec_agrees_about_every_accepted_mutant() {
    let snippets = ["\n", " ", "<a/>", " a=\"b\"", "&amp;", "<saml:Advice/>", " xmlns:n=\"urn:n\"", "text", "\r\n"];
    let mut accepted = 0;
    for sign in SIGNED {
        let document = spec(sign).build(&RSA);
        let seams: Vec<usize> =
            document.match_indices(['<', '>']).map(|(at, found)| if found == ">" { at + 1 } else { at }).collect();
        for &seam in &seams {
            for snippet in snippets {
                let mutant = format!("{}{snippet}{}", &document[..seam], &document[seam..]);
                let Ok(assertion) = ours(&mutant, &RSA) else { continue };
                accepted += 1;
                let part = signed_part(&mutant, &RSA.certificate_base64()).unwrap();
                assert!(part.contains(&format!(">{}</saml:NameID>", assertion.name_id.value)), "{mutant}");
            }
        }
    }
    assert!(accepted > 0, "some white space is neutral");
}
