//! S-01, S-24, S-25: which metadata we take. Each refusal changes one thing of a document that is accepted.

use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::metadata::{
    self, IdpDescriptor,
    MetadataFault::{self, *},
    MetadataOptions,
};

use super::{IDP, KEY, NEXT_KEY, NOW, element, replace};

const WEAK: &str = include_str!("../../fixtures/saml/rsa1024.certificate");

const OPTIONS: MetadataOptions<'_> = MetadataOptions { expected_entity_id: Some(IDP), now_ms: NOW, allow_http: false };

fn key_descriptor(usage: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn entity(id: &str, keys: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{id}\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/slo\"/><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://idp.example.com/soap\"/><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/sso?x=1\"/><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/sso/post\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

fn good() -> String {
    entity(IDP, &key_descriptor(" use=\"signing\"", &KEY.certificate_base64()))
}

fn parse(text: &str) -> Result<IdpDescriptor, MetadataFault> {
    metadata::parse(text.as_bytes(), &OPTIONS)
}

#[test]
fn good_metadata_is_read_and_survives_storage() {
    let descriptor = parse(&good()).unwrap();
    assert_eq!(descriptor.entity_id, IDP);
    assert_eq!(descriptor.sso_redirect_url.as_deref(), Some("https://idp.example.com/sso?x=1"));
    assert_eq!(descriptor.sso_post_url.as_deref(), Some("https://idp.example.com/sso/post"));
    assert_eq!(descriptor.slo_redirect_url.as_deref(), Some("https://idp.example.com/slo"));
    assert_eq!(descriptor.slo_post_url, None);
    assert_eq!(descriptor.signing_certificates.len(), 1);
    assert_eq!(descriptor.valid_until_ms, None);
    assert!(!descriptor.want_authn_requests_signed);
    let stored = serde_json::to_string(&descriptor).unwrap();
    assert_eq!(serde_json::from_str::<IdpDescriptor>(&stored).unwrap(), descriptor);
}

#[test]
fn s01_no_usable_signing_key() {
    let with = |keys: &str| parse(&entity(IDP, keys));
    let certificate = KEY.certificate_base64();
    assert!(with(&key_descriptor(" use=\"signing\"", &certificate)).is_ok());
    assert_eq!(with(""), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor(" use=\"encryption\"", &certificate)), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor(" use=\"\"", &certificate)), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor("", "")), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor("", "AAAA")), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor("", "not base64")), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor("", &certificate[..certificate.len() / 2 / 4 * 4])), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor("", &"A".repeat(20_000))), Err(NoSigningKey));
    assert_eq!(with(&key_descriptor(" use=\"signing\"", WEAK)), Err(NoSigningKey), "1,024 bits");
    assert_eq!(
        with(
            &key_descriptor("", &certificate).replace(element(&key_descriptor("", &certificate), "ds:X509Data"), "<ds:X509Data/>")
        ),
        Err(NoSigningKey)
    );
    let value =
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";
    assert_eq!(
        with(&key_descriptor("", &certificate).replace(element(&key_descriptor("", &certificate), "ds:X509Data"), value)),
        Err(NoSigningKey)
    );
}

/// CVE-2026-16443: a key without a use verifies too.
#[test]
fn s24_keys_without_use_and_several_keys() {
    let certificate = KEY.certificate_base64();
    let with = |keys: String| parse(&entity(IDP, &keys)).unwrap().signing_certificates;
    assert_eq!(with(key_descriptor("", &certificate)).len(), 1);
    let two = key_descriptor(" use=\"signing\"", &certificate) + &key_descriptor("", &NEXT_KEY.certificate_base64());
    let keys: Vec<String> = with(two.clone()).into_iter().map(|certificate| certificate.key).collect();
    assert_eq!(keys, ["RSA-2048", "EC-P256"]);
    assert_eq!(with(two.clone() + &key_descriptor("", WEAK)).len(), 2, "the weak one does not count");
    assert_eq!(with(two.clone() + &two).len(), 2, "repeated certificates count once");
    let lines = certificate
        .as_bytes()
        .chunks(64)
        .map(|line| format!("\n   {}", str::from_utf8(line).unwrap()))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(with(key_descriptor("", &lines)), with(key_descriptor("", &certificate)));
}

#[test]
fn s24_endpoints() {
    let good = good();
    let to = |location: &str| parse(&replace(&good, "https://idp.example.com/sso/post", location));
    assert!(to("https://other.example.com:8443/a/b?c=d&amp;e=f").is_ok());
    for bad in [
        "http://idp.example.com/sso",
        "javascript:alert(1)",
        "data:text/html,x",
        "//idp.example.com/sso",
        "/sso",
        "",
        "https://",
        "https://user@idp.example.com/sso",
        "https://user:pw@idp.example.com/sso",
        "https://idp.example.com/sso#x",
        "https://idp.example.com/s so",
        " https://idp.example.com/sso",
        "https://idp.example.com/&#10;sso",
        "HTTPS ://x",
    ] {
        assert_eq!(to(bad), Err(Endpoint), "{bad}");
    }
    assert_eq!(to(&format!("https://idp.example.com/{}", "x".repeat(2_048))), Err(Endpoint));
    assert_eq!(parse(&replace(&good, "https://idp.example.com/slo", "http://idp.example.com/slo")), Err(Endpoint));
    assert_eq!(parse(&good.replace("HTTP-Redirect", "X").replace("HTTP-POST", "Y")), Err(NoEndpoint));
    let plain = good.replace("https://idp", "http://idp");
    let plain = plain.replacen("http://idp.example.com/metadata", IDP, 1);
    assert_eq!(parse(&plain), Err(Endpoint));
    assert!(metadata::parse(plain.as_bytes(), &MetadataOptions { allow_http: true, ..OPTIONS }).is_ok());
    let script = replace(&good, "https://idp.example.com/sso/post", "javascript:alert(1)");
    assert_eq!(metadata::parse(script.as_bytes(), &MetadataOptions { allow_http: true, ..OPTIONS }), Err(Endpoint));
}

#[test]
fn s24_the_entity_id_is_fixed() {
    assert_eq!(parse(&entity("https://other.example.com", &key_descriptor("", &KEY.certificate_base64()))), Err(EntityMissing));
    assert_eq!(parse(&good().replace(IDP, &IDP.to_uppercase())), Err(EntityMissing));
    let any = MetadataOptions { expected_entity_id: None, ..OPTIONS };
    assert_eq!(metadata::parse(good().as_bytes(), &any).unwrap().entity_id, IDP);
    for bad in ["", "a&#10;b"] {
        let document = entity(bad, &key_descriptor("", &KEY.certificate_base64()));
        assert_eq!(metadata::parse(document.as_bytes(), &any), Err(EntityId));
    }
    let long = |length| entity(&"x".repeat(length), &key_descriptor("", &KEY.certificate_base64()));
    assert!(metadata::parse(long(1_024).as_bytes(), &any).is_ok());
    assert_eq!(metadata::parse(long(1_025).as_bytes(), &any), Err(EntityId));
}

#[test]
fn s24_valid_until() {
    let until = |offset: i64| {
        let instant = playground::saml_idp::response::instant(NOW + offset);
        replace(&good(), " entityID", &format!(" validUntil=\"{instant}\" entityID"))
    };
    assert_eq!(parse(&until(1_000)).unwrap().valid_until_ms, Some(NOW + 1_000));
    assert_eq!(parse(&until(0)), Err(Expired));
    assert_eq!(parse(&until(-1_000)), Err(Expired));
    let role = until(1_000).replace("<md:IDPSSODescriptor ", "<md:IDPSSODescriptor validUntil=\"2020-01-01T00:00:00Z\" ");
    assert_eq!(parse(&role), Err(Expired));
    let odd = replace(&good(), " entityID", " validUntil=\"tomorrow\" entityID");
    assert_eq!(parse(&odd), Err(Document(SamlFault::TimeForm)));
}

fn nested(levels: usize, inside: &str) -> String {
    let open = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">".repeat(levels);
    format!("{open}{inside}{}", "</md:EntitiesDescriptor>".repeat(levels))
}

#[test]
fn s25_groups() {
    let good = good();
    let other = entity("https://other.example.com", &key_descriptor("", &NEXT_KEY.certificate_base64()));
    for levels in 1..=4 {
        assert_eq!(parse(&nested(levels, &format!("{other}{good}"))).unwrap().entity_id, IDP);
    }
    assert_eq!(parse(&nested(5, &good)), Err(TooDeep));
    assert_eq!(parse(&nested(100_000, &good)), Err(Document(SamlFault::TooLarge)));
    assert_eq!(parse(&nested(20_000, &good)), Err(Document(SamlFault::TooDeep)));
    assert_eq!(parse(&nested(1, "")), Err(EntityMissing));
    assert_eq!(parse(&nested(1, &other)), Err(EntityMissing));
    assert_eq!(parse(&nested(1, &format!("{good}{good}"))), Err(EntityAmbiguous), "the same entity twice");
    let any = MetadataOptions { expected_entity_id: None, ..OPTIONS };
    assert_eq!(metadata::parse(nested(1, &format!("{other}{good}")).as_bytes(), &any), Err(EntityAmbiguous));
    assert!(metadata::parse(nested(1, &good).as_bytes(), &any).is_ok());
    let expired =
        nested(1, &good).replacen("<md:EntitiesDescriptor ", "<md:EntitiesDescriptor validUntil=\"2020-01-01T00:00:00Z\" ", 1);
    assert_eq!(parse(&expired), Err(Expired));
}

#[test]
fn s24_the_gate_is_the_same_except_comments_and_size() {
    let good = good();
    assert!(parse(&format!("\u{feff}<?xml version=\"1.0\"?>{good}")).is_ok(), "one byte order mark, as Microsoft sends it");
    assert_eq!(parse(&format!("\u{feff}\u{feff}{good}")), Err(Document(SamlFault::Encoding)));
    assert!(parse(&format!("<?xml version=\"1.0\"?><!-- our IdP -->{good}<!-- end -->")).is_ok());
    let inside = replace(&good, "<ds:X509Certificate>", "<!-- <md:IDPSSODescriptor> --><ds:X509Certificate>");
    assert!(parse(&inside).is_ok());
    let split = replace(&good, "<ds:X509Certificate>", "<ds:X509Certificate><!-- a -->");
    assert_eq!(parse(&split), Err(Document(SamlFault::SplitText)));
    assert_eq!(parse(&format!("<!DOCTYPE x>{good}")), Err(Document(SamlFault::Doctype)));
    assert_eq!(parse(&format!("<?x?>{good}")), Err(Document(SamlFault::ProcessingInstruction)));
    assert_eq!(parse(&format!("{good}<!-- open")), Err(Document(SamlFault::Malformed)));
    assert_eq!(parse(&good[..good.len() - 1]), Err(Document(SamlFault::Malformed)));
    assert_eq!(parse("<a/>"), Err(Root));
    assert_eq!(parse(&good.replace("metadata\" entityID", "metadatas\" entityID")), Err(Root));
    assert_eq!(
        parse(&good.replace(
            "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
            "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\""
        )),
        Err(EntityMissing)
    );
    let padded = |size: usize| format!("{good}{}", " ".repeat(size - good.len()));
    assert!(parse(&padded(2 * 1024 * 1024)).is_ok());
    assert_eq!(parse(&padded(2 * 1024 * 1024 + 1)), Err(Document(SamlFault::TooLarge)));
}

#[test]
fn signed_requests_wanted() {
    for (value, wanted) in [("true", true), ("1", true), ("false", false), ("yes", false)] {
        let document =
            good().replace("<md:IDPSSODescriptor ", &format!("<md:IDPSSODescriptor WantAuthnRequestsSigned=\"{value}\" "));
        assert_eq!(parse(&document).unwrap().want_authn_requests_signed, wanted);
    }
}
