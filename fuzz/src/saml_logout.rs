//! Z-05: LogoutRequests and LogoutResponses by redirect and by POST. What is accepted says what was signed, and a redirect's signature
//! covers the very octets that arrived.
//!
//! The first byte of an input chooses the message, the rest is a list of edits.

use std::sync::LazyLock;

use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::logout::{self, Addressed, Delivery, Outcome, SignedRequest};
use fedgate::federation::saml::outgoing::Field;
use playground::saml_idp::logout_message::LogoutSpec;

use super::bench::{DESCRIPTOR, IDP, KEY, NOW};
use super::edits;

const SLO: &str = "https://sp/slo";

/// What a verified message says.
#[derive(Debug, PartialEq)]
enum Says {
    Request(SignedRequest),
    Response(Outcome),
}

/// The octets that a message arrives as.
enum Original {
    Query(String),
    Posted(String),
}

static ORIGINALS: LazyLock<Vec<(Original, Field, Says)>> = LazyLock::new(|| {
    let request = LogoutSpec::request(IDP, SLO, "alice@example.com", Some("_s1"), NOW);
    let response = LogoutSpec::response(IDP, SLO, "_r", NOW);
    let originals = [
        (Original::Query(request.redirect(&KEY)), Field::Request),
        (Original::Posted(request.posted(&KEY)), Field::Request),
        (Original::Query(response.redirect(&KEY)), Field::Response),
        (Original::Posted(response.posted(&KEY)), Field::Response),
    ];
    let known = originals.map(|(original, field)| {
        let octets = match &original {
            Original::Query(text) | Original::Posted(text) => text.as_bytes().to_vec(),
        };
        let says = verify(&original, field, &octets).expect("a good message");
        assert!(!matches!(&says, Says::Request(request) if request.wish.is_err()));
        (original, field, says)
    });
    known.into()
});

fn verify(like: &Original, field: Field, octets: &[u8]) -> Result<Says, SamlFault> {
    let delivery = match like {
        Original::Query(_) => Delivery::from_query(std::str::from_utf8(octets).map_err(|_| SamlFault::Encoding)?)?,
        Original::Posted(_) => Delivery::Post { field, xml: octets.to_vec(), relay_state: None },
    };
    let addressed = Addressed { idp: &DESCRIPTOR, slo_url: SLO, now_ms: NOW, skew_s: 60 };
    match delivery.field() {
        Field::Request => logout::verify_request(&delivery, &addressed).map(Says::Request),
        Field::Response => logout::verify_response(&delivery, &addressed, "_r").map(Says::Response),
    }
}

/// The part of a query that its signature covers.
fn signed_part(query: &str) -> Option<&str> {
    query.split_once("&Signature=").map(|(signed, _)| signed)
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&which, script)) = bytes.split_first() else { return };
    let (original, field, says) = &ORIGINALS[usize::from(which) % ORIGINALS.len()];
    let text = match original {
        Original::Query(text) | Original::Posted(text) => text,
    };
    let mutant = edits::apply(text.as_bytes(), script);
    let Ok(said) = verify(original, *field, &mutant) else { return };
    assert_eq!(&said, says);
    if let (Original::Query(query), Ok(mutant)) = (original, std::str::from_utf8(&mutant)) {
        assert_eq!(signed_part(mutant), signed_part(query), "{mutant}");
    }
}
