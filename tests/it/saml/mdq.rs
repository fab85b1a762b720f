//! Metadata query (MDQ): one entity asked for by its id; and the same sign-in by an aggregate, each with and without a pinned signer (S-24).

use playground::browser::Browser;
use playground::saml_idp::signer::SigningKey;

use super::metadata_life::{Place, refusals, sign_in};

#[tokio::test]
async fn a_sign_in_with_metadata_by_query() {
    let place = Place::new().await;
    let (base, entity_id) = (place.world.saml.query_url(), place.world.saml.entity_id.clone());
    place.configure(&[("MetadataURL", &base), ("EntityId", &entity_id)]).await;
    assert!(sign_in(&place.world, &place.world.gateway).await);

    place.configure(&[("MetadataURL", &base), ("EntityId", "https://nobody.example/?a=b c")]).await;
    let page = Browser::new().open(&place.world.authorize("Saml")).await;
    assert!(page.is_err() || page.is_ok_and(|page| !page.text().contains("Katherine")), "no such entity");
    assert_eq!(refusals(&place.world, "document_status"), 1);
}

#[tokio::test]
async fn s24_a_query_is_answered_with_the_pinned_signature_or_not_at_all() {
    let place = Place::new().await;
    let (base, entity_id) = (place.world.saml.query_url(), place.world.saml.entity_id.clone());
    let signer = SigningKey::rsa("federation");
    let (pem, base64) = (signer.certificate_pem(), signer.certificate_base64());
    for certificate in [pem, base64] {
        let details =
            [("MetadataURL", base.as_str()), ("EntityId", &entity_id), ("MetadataSigningCertificate", certificate.as_str())];
        place.configure(&details).await;
        place.world.saml.sign_metadata(None);
        assert!(!sign_in(&place.world, &place.world.gateway).await, "unsigned");
        place.world.gateway.advance_s(90);
        place.world.saml.sign_metadata(Some(SigningKey::rsa("stranger")));
        assert!(!sign_in(&place.world, &place.world.gateway).await, "signed by somebody else");
        place.world.gateway.advance_s(90);
        place.world.saml.sign_metadata(Some(signer.clone()));
        assert!(sign_in(&place.world, &place.world.gateway).await, "the control");
    }
    assert_eq!((refusals(&place.world, "unsigned"), refusals(&place.world, "signature_invalid")), (2, 2));
}

#[tokio::test]
async fn a_sign_in_with_metadata_from_an_aggregate() {
    let place = Place::new().await;
    let idp = &place.world.saml;
    let group = |inside: &str| {
        format!("<e:EntitiesDescriptor xmlns:e=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inside}</e:EntitiesDescriptor>")
    };
    let bare = |text: String| text.split_once("?>").unwrap().1.to_owned();
    let other = bare(idp.metadata()).replace(&idp.entity_id, "https://other.example/metadata");
    idp.publish_file(group(&format!("{other}{}", bare(idp.metadata()))));
    let (url, entity_id) = (idp.file_url(), idp.entity_id.clone());
    place.configure(&[("MetadataURL", &url), ("EntityId", &entity_id)]).await;
    assert!(sign_in(&place.world, &place.world.gateway).await);
    let kept = place.kept().await.unwrap();
    assert!(kept.body.contains(&entity_id) && !kept.body.contains("other.example"), "only its own part: {}", kept.body);

    // A roll-over inside the file.
    place.world.gateway.advance_s(3_700);
    idp.rotate_key(SigningKey::p256("next"), true, false);
    idp.publish_file(group(&format!("{other}{}", bare(idp.metadata()))));
    place.upkeep().await;
    assert_ne!(place.kept().await.unwrap().digest, kept.digest);
    assert!(sign_in(&place.world, &place.world.gateway).await);

    // The entity twice: refused, and what was kept stays.
    place.world.gateway.advance_s(3_700);
    idp.publish_file(group(&bare(idp.metadata()).repeat(2)));
    place.upkeep().await;
    assert_eq!(refusals(&place.world, "metadata_entity_ambiguous"), 1);
    assert!(sign_in(&place.world, &place.world.gateway).await);
}

/// A signature over the whole file is proven while the file is small enough to be held; a large one needs MDQ or signed entities.
#[tokio::test]
async fn s24_a_pinned_signature_over_an_aggregate() {
    let place = Place::new().await;
    let idp = &place.world.saml;
    let signer = SigningKey::rsa("federation");
    let template = playground::saml_idp::response::SignatureSpec::default().template(&signer, "_all");
    let bare = |text: String| text.split_once("?>").unwrap().1.to_owned();
    let file = |filler: &str| {
        let inside = bare(idp.metadata());
        let group = format!(
            "<e:EntitiesDescriptor xmlns:e=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_all\">{template}{inside}<!--{filler}--></e:EntitiesDescriptor>"
        );
        signer.sign_xml(&group).unwrap()
    };
    let (url, entity_id, certificate) = (idp.file_url(), idp.entity_id.clone(), signer.certificate_base64());
    let details = [("MetadataURL", url.as_str()), ("EntityId", &entity_id), ("MetadataSigningCertificate", &certificate)];
    place.configure(&details).await;
    idp.publish_file(file("small"));
    assert!(sign_in(&place.world, &place.world.gateway).await);

    place.configure(&details).await;
    let large = file("").replace("<!---->", &format!("<!--{}-->", "x".repeat(900_000)).repeat(3));
    idp.publish_file(large);
    assert!(!sign_in(&place.world, &place.world.gateway).await);
    assert_eq!(refusals(&place.world, "metadata_aggregate_signature_needs_mdq"), 1);

    place.configure(&details).await;
    idp.publish_file(file("small").replace("/sso\"", "/sso2\""));
    assert!(!sign_in(&place.world, &place.world.gateway).await, "changed after signing");
    assert_eq!(refusals(&place.world, "signature_invalid"), 1);
}
