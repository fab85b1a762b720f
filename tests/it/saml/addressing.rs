//! S-09 to S-14: from whom, to whom, in answer to what. Everything is validly signed here; only the content is wrong.

use fedgate::federation::saml::fault::SamlFault::{self, *};
use playground::saml_idp::response::{ResponseSpec, Sign};

use super::{ACS, KEY, NOW, REQUEST, SIGNED, SP, accepts, idp, refuses, spec, verify_at};

type Case = (&'static str, fn(&mut ResponseSpec), SamlFault);

const OTHER: &str = "https://other.example.com/metadata";

const CASES: &[Case] = &[
    (
        "S-09 both issued by another provider",
        |s| {
            s.assertion_issuer = Some(OTHER.into());
            s.response_issuer = Some(OTHER.into());
        },
        Issuer,
    ),
    ("S-09 assertion of another provider", |s| s.assertion_issuer = Some(OTHER.into()), Issuer),
    ("S-09 response of another provider", |s| s.response_issuer = Some(OTHER.into()), Issuer),
    ("S-09 no issuer of the assertion", |s| s.assertion_issuer = None, Issuer),
    ("S-09 issuer with a blank", |s| s.assertion_issuer = Some(format!("{} ", super::IDP)), Issuer),
    ("S-09 issuer in other case", |s| s.assertion_issuer = Some(super::IDP.to_uppercase()), Issuer),
    ("S-09 empty issuer", |s| s.assertion_issuer = Some(String::new()), Issuer),
    ("S-10 no InResponseTo at the subject", |s| s.in_response_to = None, InResponseTo),
    (
        "S-10 only on the Response",
        |s| {
            s.in_response_to = None;
            s.response_in_response_to = Some(REQUEST.into());
        },
        InResponseTo,
    ),
    ("S-10 another request at the subject", |s| s.in_response_to = Some("_other".into()), InResponseTo),
    ("S-10 another request on the Response", |s| s.response_in_response_to = Some("_other".into()), InResponseTo),
    ("S-10 empty", |s| s.in_response_to = Some(String::new()), InResponseTo),
    ("S-10 other case", |s| s.in_response_to = Some(REQUEST.to_uppercase()), InResponseTo),
    ("S-12 no Conditions", |s| s.conditions = false, Conditions),
    ("S-12 no restriction", |s| s.audiences = vec![], Audience),
    ("S-12 empty restriction", |s| s.audiences = vec![vec![]], Audience),
    ("S-12 another audience", |s| s.audiences = vec![vec!["urn:other".into()]], Audience),
    ("S-12 two restrictions, one match", |s| s.audiences = vec![vec![SP.into()], vec!["urn:other".into()]], Audience),
    ("S-12 two restrictions, the other match", |s| s.audiences = vec![vec!["urn:other".into()], vec![SP.into()]], Audience),
    ("S-12 prefix", |s| s.audiences = vec![vec![SP[..SP.len() - 1].into()]], Audience),
    ("S-12 longer", |s| s.audiences = vec![vec![format!("{SP}x")]], Audience),
    ("S-12 other case", |s| s.audiences = vec![vec![SP.to_uppercase()]], Audience),
    ("S-12 trailing blank", |s| s.audiences = vec![vec![format!("{SP} ")]], Audience),
    ("S-12 leading line break", |s| s.audiences = vec![vec![format!("\n{SP}")]], Audience),
    ("S-13 no Recipient", |s| s.recipient = None, Confirmation),
    ("S-13 another pool's ACS", |s| s.recipient = Some("https://auth2.example.com/saml2/idpresponse".into()), Recipient),
    ("S-13 other scheme", |s| s.recipient = Some(ACS.replace("https", "http")), Recipient),
    ("S-13 trailing slash", |s| s.recipient = Some(format!("{ACS}/")), Recipient),
    ("S-13 with a port", |s| s.recipient = Some(ACS.replace(".com/", ".com:443/")), Recipient),
    ("S-13 host in other case", |s| s.recipient = Some(ACS.replace("auth", "Auth")), Recipient),
    ("S-13 no NotOnOrAfter", |s| s.confirmation_not_on_or_after_ms = None, Confirmation),
    ("S-13 not bearer", |s| s.confirmation_method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".into(), Confirmation),
    ("S-13 holder of key", |s| s.confirmation_method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".into(), Confirmation),
    ("S-14 another Destination", |s| s.destination = Some("https://evil.example.com/acs".into()), Destination),
    ("S-14 Destination with query", |s| s.destination = Some(format!("{ACS}?x=1")), Destination),
    ("S-14 empty Destination", |s| s.destination = Some(String::new()), Destination),
    ("S-15 no AuthnStatement", |s| s.authn_instant_ms = None, AuthnStatement),
];

#[test]
fn s09_to_s15_wrong_content_in_good_signatures() {
    for sign in SIGNED {
        accepts(&spec(sign).build(&KEY));
        for (name, change, fault) in CASES {
            let mut wrong = spec(sign);
            change(&mut wrong);
            assert_eq!(super::verify(&wrong.build(&KEY)).err(), Some(*fault), "{name} ({sign:?})");
        }
    }
}

#[test]
fn s09_the_response_may_be_silent_about_its_issuer() {
    accepts(&ResponseSpec { response_issuer: None, ..spec(Sign::Assertion) }.build(&KEY));
    accepts(&ResponseSpec { response_issuer: None, ..spec(Sign::Response) }.build(&KEY));
}

#[test]
fn s14_destination_is_required_when_the_response_is_signed() {
    let silent = |sign| ResponseSpec { destination: None, ..spec(sign) }.build(&KEY);
    accepts(&silent(Sign::Assertion));
    refuses(&silent(Sign::Response), Destination);
    refuses(&silent(Sign::Both), Destination);
}

#[test]
fn s12_several_audiences_are_or_several_restrictions_are_and() {
    let with = |audiences: Vec<Vec<&str>>| {
        let audiences = audiences.into_iter().map(|list| list.into_iter().map(str::to_owned).collect()).collect();
        ResponseSpec { audiences, ..spec(Sign::Assertion) }.build(&KEY)
    };
    accepts(&with(vec![vec!["urn:other", SP]]));
    accepts(&with(vec![vec![SP], vec![SP, "urn:other"]]));
    refuses(&with(vec![vec!["urn:other", "urn:more"]]), Audience);
}

#[test]
fn s12_unknown_conditions_refuse() {
    let with = |condition: &'static str| {
        let change = move |text: String| text.replace("</saml:Conditions>", &format!("{condition}</saml:Conditions>"));
        ResponseSpec { before_assertion_signature: Some(Box::new(change)), ..spec(Sign::Assertion) }.build(&KEY)
    };
    accepts(&with("<saml:OneTimeUse/>"));
    accepts(&with("<saml:ProxyRestriction Count=\"0\"/>"));
    refuses(&with("<saml:Condition xsi:type=\"xs:string\"/>"), Conditions);
    refuses(&with("<x:DelegationRestriction xmlns:x=\"urn:x\"/>"), Conditions);
}

/// S-11: an unsolicited Response answers nothing, not even something old.
#[test]
fn s11_unsolicited_responses() {
    let unsolicited = |sign| ResponseSpec { in_response_to: None, response_in_response_to: None, ..spec(sign) };
    for sign in SIGNED {
        assert!(verify_at(&unsolicited(sign).build(&KEY), &idp(), None, NOW).is_ok());
        // Expected by us, but it answers nothing.
        refuses(&unsolicited(sign).build(&KEY), InResponseTo);
        // D-04: not expected by us, but it answers something.
        assert_eq!(verify_at(&spec(sign).build(&KEY), &idp(), None, NOW), Err(InResponseTo));
        let at_subject = ResponseSpec { in_response_to: Some("_stale".into()), ..unsolicited(sign) };
        assert_eq!(verify_at(&at_subject.build(&KEY), &idp(), None, NOW), Err(InResponseTo));
        let at_response = ResponseSpec { response_in_response_to: Some("_stale".into()), ..unsolicited(sign) };
        assert_eq!(verify_at(&at_response.build(&KEY), &idp(), None, NOW), Err(InResponseTo));
    }
}

/// One good bearer confirmation among others is enough; a good one of another kind is not.
#[test]
fn s13_several_confirmations() {
    let bearer = |recipient: &str, request: &str| {
        format!(
            "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData Recipient=\"{recipient}\" InResponseTo=\"{request}\" NotOnOrAfter=\"{}\"/></saml:SubjectConfirmation>",
            playground::saml_idp::response::instant(NOW + 60_000),
        )
    };
    let with = |confirmation: String, recipient: &str| {
        let change = move |text: String| text.replace("</saml:Subject>", &format!("{confirmation}</saml:Subject>"));
        ResponseSpec {
            recipient: Some(recipient.to_owned()),
            before_assertion_signature: Some(Box::new(change)),
            ..spec(Sign::Assertion)
        }
        .build(&KEY)
    };
    accepts(&with(bearer("https://else.example.com", REQUEST), ACS));
    accepts(&with(bearer(ACS, REQUEST), "https://else.example.com"));
    refuses(&with(bearer(ACS, "_other"), "https://else.example.com"), InResponseTo);
    refuses(&with(bearer("https://else.example.com", REQUEST), "https://else.example.com"), Recipient);
}

/// What the caller gets.
#[test]
fn a_verified_assertion_says_what_the_document_says() {
    for sign in SIGNED {
        let spec = spec(sign);
        let assertion = super::verify(&spec.build(&KEY)).unwrap();
        assert_eq!(assertion.assertion_id, spec.assertion_id);
        assert_eq!(assertion.issuer, super::IDP);
        assert_eq!(assertion.name_id.value, spec.name_id);
        assert_eq!(assertion.name_id.format, spec.name_id_format);
        assert_eq!(assertion.name_id.name_qualifier, None);
        assert_eq!(assertion.attributes, spec.attributes);
        assert_eq!(assertion.session_index, spec.session_index);
        assert_eq!(assertion.session_not_on_or_after_ms, spec.session_not_on_or_after_ms);
        assert_eq!(assertion.authn_instant_ms, spec.authn_instant_ms);
        assert_eq!(assertion.replay_until_ms, spec.confirmation_not_on_or_after_ms.unwrap() + 60_000);
    }
}
