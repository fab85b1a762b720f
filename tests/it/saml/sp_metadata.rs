//! S-31: our metadata names what we support, with the right use, and other tools can read it.

use fedgate::federation::saml::sp_metadata::{SpMetadata, document};
use uppsala::Document;

use super::{ACS, KEY, SP};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

fn children(document: &Document<'_>) -> Vec<(String, Option<String>)> {
    let root = document.document_element().unwrap();
    let role = document.first_child_element_by_name_ns(root, MD, "SPSSODescriptor").unwrap();
    document
        .children(role)
        .into_iter()
        .filter_map(|node| document.element(node))
        .map(|element| (element.name.local_name.to_string(), element.get_attribute("Location").map(str::to_owned)))
        .collect()
}

/// The order is the schema's: keys, logout, formats, consumer services.
#[test]
fn s31_elements_in_the_order_of_the_schema() {
    let certificate = KEY.certificate_base64();
    let full = SpMetadata {
        entity_id: SP,
        acs_url: ACS,
        slo_url: Some("https://auth.example.com/saml2/logout"),
        signing_certificate: Some(&certificate),
    };
    let text = document(&full);
    let parsed = uppsala::parse(&text).unwrap();
    let names: Vec<_> = children(&parsed).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["KeyDescriptor", "SingleLogoutService", "NameIDFormat", "NameIDFormat", "NameIDFormat", "AssertionConsumerService"]
    );
    assert!(text.contains("<md:KeyDescriptor use=\"signing\">") && text.contains(&certificate));
    assert!(text.contains("AuthnRequestsSigned=\"true\"") && !text.contains("encryption"));
    assert_eq!(children(&parsed).last().unwrap().1.as_deref(), Some(ACS));
}

#[test]
fn s31_nothing_that_is_not_offered() {
    let text = document(&SpMetadata { entity_id: SP, acs_url: ACS, slo_url: None, signing_certificate: None });
    assert!(!text.contains("KeyDescriptor") && !text.contains("Logout") && text.contains("AuthnRequestsSigned=\"false\""));
    assert!(text.contains(&format!("entityID=\"{SP}\"")));
    let hostile =
        document(&SpMetadata { entity_id: "a\"><x/>", acs_url: "https://a/?b&c", slo_url: None, signing_certificate: None });
    assert_eq!(uppsala::parse(&hostile).unwrap().get_elements_by_tag_name("x").len(), 0);
}
