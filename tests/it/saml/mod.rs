//! Attacks on the SAML room, row by row of the requirement table (b): each with the paired control.
//!
//! Owns the bench: one identity provider with its keys, one fixed time, and the two verdicts `accepts` and `refuses`. The
//! files are named after what they attack. Documents come from the playground's signer; `second_opinion` lets xmlsec check
//! what we accept.

pub mod accepted;
mod addressing;
mod aggregate;
mod algorithms;
mod authn_request;
mod encrypted_logins;
mod encryption;
mod encryption_oracle;
mod gate;
mod idp_initiated;
mod logout;
mod logout_sessions;
mod mdq;
mod memory;
mod metadata;
mod metadata_life;
mod mutants;
mod properties;
mod redirect_binding;
mod second_opinion;
mod sp_metadata;
mod stand_in;
mod text;
mod times;
pub mod world;
mod wrapping;

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::keys::SigningCertificate;
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::response::{self, Expectation, VerifiedAssertion};
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

pub const NOW: i64 = 1_795_262_400_000;
pub const IDP: &str = "https://idp.example.com/metadata";
pub const SP: &str = "urn:amazon:cognito:sp:local_AbC123xyz";
pub const ACS: &str = "https://auth.example.com/saml2/idpresponse";
pub const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

/// The ways a Response can be signed.
pub const SIGNED: [Sign; 3] = [Sign::Response, Sign::Assertion, Sign::Both];

pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("idp.example.com"));
pub static NEXT_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::p256("idp.example.com next"));
pub static P384_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::p384("idp.example.com strong"));
pub static ATTACKER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("idp.example.com"));

/// The provider as we know it: one RSA and one EC key.
pub fn idp() -> IdpDescriptor {
    idp_with(&[&KEY, &NEXT_KEY])
}

pub fn idp_with(keys: &[&SigningKey]) -> IdpDescriptor {
    IdpDescriptor {
        entity_id: IDP.to_owned(),
        sso_redirect_url: Some("https://idp.example.com/sso".to_owned()),
        sso_post_url: None,
        slo_redirect_url: None,
        slo_post_url: None,
        signing_certificates: keys.iter().map(|key| SigningCertificate::read(&key.certificate_base64()).unwrap()).collect(),
        valid_until_ms: None,
        want_authn_requests_signed: false,
    }
}

/// A good answer to our request.
pub fn spec(sign: Sign) -> ResponseSpec {
    ResponseSpec { sign, ..ResponseSpec::new(IDP, SP, ACS, Some(REQUEST), NOW) }
}

pub fn verify_at(
    document: &str,
    idp: &IdpDescriptor,
    request_id: Option<&str>,
    now_ms: i64,
) -> Result<VerifiedAssertion, SamlFault> {
    let expectation = Expectation { idp, sp_entity_id: SP, acs_url: ACS, request_id, now_ms, skew_s: response::DEFAULT_SKEW_S };
    let verdict = response::decode(&STANDARD.encode(document)).and_then(|xml| response::verify(&xml, &expectation));
    if verdict.is_ok() {
        keep_accepted(document, idp);
    }
    verdict
}

/// For the second opinion: see `accepted`.
pub fn keep_accepted(document: &str, idp: &IdpDescriptor) {
    let certificates: Vec<String> = idp.signing_certificates.iter().map(|known| known.certificate.clone()).collect();
    accepted::keep(document, &certificates);
}

pub fn verify(document: &str) -> Result<VerifiedAssertion, SamlFault> {
    verify_at(document, &idp(), Some(REQUEST), NOW)
}

/// The control: the document is accepted and names Alice.
#[track_caller]
pub fn accepts(document: &str) {
    match verify(document) {
        Ok(assertion) => assert_eq!(assertion.name_id.value, "alice@example.com"),
        Err(fault) => panic!("refused with {fault}: {}", head(document)),
    }
}

/// The document is refused, for this reason.
#[track_caller]
pub fn refuses(document: &str, fault: SamlFault) {
    match verify(document) {
        Ok(assertion) => panic!("accepted {:?} instead of {fault}: {}", assertion.name_id, head(document)),
        Err(found) => assert_eq!(found, fault, "{}", head(document)),
    }
}

/// The processor time of a run on this thread: what a document costs, however busy the machine is.
pub fn cpu_time(run: impl FnOnce()) -> Duration {
    let spent = || {
        let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(schedstat.split(' ').next().unwrap().parse().unwrap())
    };
    let before = spent();
    run();
    spent().saturating_sub(before)
}

/// Enough of a document for a message.
fn head(document: &str) -> String {
    document.chars().take(6_000).collect()
}

/// Replaces the only occurrence.
#[track_caller]
pub fn replace(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replacen(from, to, 1)
}

/// The first element with this qualified name, from its start tag to its end tag.
#[track_caller]
pub fn element<'t>(text: &'t str, name: &str) -> &'t str {
    let start = text.find(&format!("<{name}")).unwrap();
    let end_tag = format!("</{name}>");
    let end = start + text[start..].find(&end_tag).unwrap() + end_tag.len();
    &text[start..end]
}
