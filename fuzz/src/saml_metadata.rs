//! Z-04: metadata. What is accepted has a usable signing key and https endpoints, and survives storage.
//!
//! An input that begins with a zero byte is a list of edits of a good document.

use std::sync::LazyLock;

use fedgate::federation::saml::metadata::{self, IdpDescriptor, MetadataOptions};
use playground::saml_idp::request;

use super::bench::{IDP, KEY, NOW};
use super::edits;

static GOOD: LazyLock<String> = LazyLock::new(|| request::metadata(IDP, "https://idp", &[KEY.certificate_base64()], false, &[]));

/// Runs one input.
pub fn run(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0, script)) => judge(&edits::apply(GOOD.as_bytes(), script)),
        _ => judge(bytes),
    }
}

fn judge(bytes: &[u8]) {
    let options = MetadataOptions { expected_entity_id: None, now_ms: NOW, allow_http: false };
    let Ok(descriptor) = metadata::parse(bytes, &options) else { return };
    assert!(!descriptor.entity_id.is_empty());
    assert!(descriptor.signing_certificates.iter().any(|certificate| certificate.verification_key().is_some()));
    let endpoints =
        [&descriptor.sso_redirect_url, &descriptor.sso_post_url, &descriptor.slo_redirect_url, &descriptor.slo_post_url];
    assert!(endpoints.into_iter().flatten().all(|url| url.to_ascii_lowercase().starts_with("https://")));
    assert!(descriptor.sso_redirect_url.is_some() || descriptor.sso_post_url.is_some());
    assert!(descriptor.valid_until_ms.is_none_or(|until| until > NOW));
    let stored = serde_json::to_string(&descriptor).expect("a descriptor is JSON");
    assert_eq!(serde_json::from_str::<IdpDescriptor>(&stored).expect("what was stored"), descriptor);
}
