//! Z-02: mutations of a validly signed Response. Whatever is accepted says exactly what was signed.
//!
//! The input is a list of edits: two bytes of position, one of length, one of kind, then the text to insert.
#![no_main]

use std::sync::LazyLock;

use fedgate::federation::saml::keys::SigningCertificate;
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::response::{self, Expectation, VerifiedAssertion};
use libfuzzer_sys::fuzz_target;
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

const NOW: i64 = 1_795_262_400_000;

struct Bench {
    idp: IdpDescriptor,
    documents: Vec<(String, VerifiedAssertion)>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let key = SigningKey::rsa("idp");
    let certificate = SigningCertificate::read(&key.certificate_base64()).expect("a new certificate");
    let idp = IdpDescriptor {
        entity_id: "https://idp".to_owned(),
        sso_redirect_url: None,
        sso_post_url: None,
        slo_redirect_url: None,
        slo_post_url: None,
        signing_certificates: vec![certificate],
        valid_until_ms: None,
        want_authn_requests_signed: false,
    };
    let documents = [Sign::Response, Sign::Assertion, Sign::Both].map(|sign| {
        let spec = ResponseSpec { sign, ..ResponseSpec::new("https://idp", "urn:sp", "https://sp/acs", Some("_r"), NOW) };
        let document = spec.build(&key);
        let says = verify(document.as_bytes(), &idp).expect("a good document");
        (document, says)
    });
    Bench { idp, documents: documents.into() }
});

fn verify(document: &[u8], idp: &IdpDescriptor) -> Option<VerifiedAssertion> {
    let expectation = Expectation {
        idp,
        sp_entity_id: "urn:sp",
        acs_url: "https://sp/acs",
        request_id: Some("_r"),
        now_ms: NOW,
        skew_s: 60,
    };
    response::verify(document, &expectation).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, mut edits)) = bytes.split_first() else { return };
    let (document, says) = &BENCH.documents[usize::from(which) % BENCH.documents.len()];
    let mut mutant = document.clone().into_bytes();
    while let [high, low, length, kind, rest @ ..] = edits {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (mutant.len() + 1);
        let length = usize::from(*length);
        let end = (at + length).min(mutant.len());
        match kind % 3 {
            0 => drop(mutant.drain(at..end)),
            1 => {
                let piece = mutant[at..end].to_vec();
                let to = usize::from(*kind) * 64 % (mutant.len() + 1);
                drop(mutant.splice(to..to, piece));
            }
            _ => drop(mutant.splice(at..at, rest.iter().copied().take(length))),
        }
        edits = rest.get(length..).unwrap_or_default();
    }
    if let Some(assertion) = verify(&mutant, &BENCH.idp) {
        assert_eq!(&assertion, says);
    }
});
