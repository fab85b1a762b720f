//! One identity provider with its key, the time, and signed documents, made once for each process.

use std::sync::LazyLock;

use fedgate::federation::saml::keys::SigningCertificate;
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::response::Expectation;
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

/// The time, ms.
pub const NOW: i64 = 1_795_262_400_000;
/// The identity provider.
pub const IDP: &str = "https://idp";
/// The ways a Response can be signed.
pub const SIGNS: [Sign; 3] = [Sign::Response, Sign::Assertion, Sign::Both];

/// The provider's key.
pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("idp"));

/// The provider as we know it.
pub static DESCRIPTOR: LazyLock<IdpDescriptor> = LazyLock::new(|| IdpDescriptor {
    entity_id: IDP.to_owned(),
    sso_redirect_url: None,
    sso_post_url: None,
    slo_redirect_url: None,
    slo_post_url: None,
    signing_certificates: vec![SigningCertificate::read(&KEY.certificate_base64()).expect("a new certificate")],
    valid_until_ms: None,
    want_authn_requests_signed: false,
});

/// A good answer.
pub fn spec(sign: Sign) -> ResponseSpec {
    ResponseSpec { sign, ..ResponseSpec::new(IDP, "urn:sp", "https://sp/acs", Some("_r"), NOW) }
}

/// What a good answer fits.
pub fn expectation() -> Expectation<'static> {
    Expectation {
        idp: &DESCRIPTOR,
        sp_entity_id: "urn:sp",
        acs_url: "https://sp/acs",
        request_id: Some("_r"),
        now_ms: NOW,
        skew_s: 60,
    }
}
