//! Z-04: metadata. What is accepted has a usable signing key and https endpoints, and survives storage.
#![no_main]

use fedgate::federation::saml::metadata::{self, MetadataOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = MetadataOptions { expected_entity_id: None, now_ms: 1_795_262_400_000, allow_http: false };
    let Ok(descriptor) = metadata::parse(bytes, &options) else { return };
    assert!(!descriptor.entity_id.is_empty());
    assert!(descriptor.signing_certificates.iter().any(|certificate| certificate.verification_key().is_some()));
    let endpoints = [
        &descriptor.sso_redirect_url,
        &descriptor.sso_post_url,
        &descriptor.slo_redirect_url,
        &descriptor.slo_post_url,
    ];
    assert!(endpoints.into_iter().flatten().all(|url| url.to_ascii_lowercase().starts_with("https://")));
    assert!(descriptor.sso_redirect_url.is_some() || descriptor.sso_post_url.is_some());
});
