//! S-29, message by message: what a logout message must be before anything in it counts. Which sessions end is `logout_sessions`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::logout::{
    self, Addressed, Delivery, LogoutRequest, LogoutResponse, Outcome, SUCCESS, SignedRequest,
};
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::subject::NameId;
use playground::saml_idp::logout_message::{Kind, LogoutSpec, read};
use playground::saml_idp::response::Sign;
use playground::saml_idp::signer::SigningKey;

use super::{ATTACKER, IDP, KEY, NEXT_KEY, NOW, REQUEST, SP, accepted, element, idp, replace};

const SLO: &str = "https://auth.example.com/saml2/logout";
const ALICE: &str = "alice@example.com";
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";

fn request() -> LogoutSpec {
    LogoutSpec::request(IDP, SLO, ALICE, Some("_s1"), NOW)
}

fn response() -> LogoutSpec {
    LogoutSpec::response(IDP, SLO, REQUEST, NOW)
}

fn posted(kind: Kind, xml: &str) -> Delivery {
    let field = STANDARD.encode(xml);
    match kind {
        Kind::Request => Delivery::from_form(Some(&field), None, None).unwrap(),
        Kind::Response => Delivery::from_form(None, Some(&field), None).unwrap(),
    }
}

/// A message by both bindings.
fn both(spec: &LogoutSpec, key: &SigningKey) -> [Delivery; 2] {
    [posted(spec.kind, &spec.posted(key)), Delivery::from_query(&spec.redirect(key)).unwrap()]
}

fn verify(delivery: &Delivery) -> Result<SignedRequest, SamlFault> {
    let idp = idp();
    let verified = logout::verify_request(delivery, &Addressed { idp: &idp, slo_url: SLO, now_ms: NOW, skew_s: 60 });
    keep_posted(delivery, &idp, verified.is_ok());
    verified
}

fn confirm(delivery: &Delivery) -> Result<Outcome, SamlFault> {
    let idp = idp();
    let verified = logout::verify_response(delivery, &Addressed { idp: &idp, slo_url: SLO, now_ms: NOW, skew_s: 60 }, REQUEST);
    keep_posted(delivery, &idp, verified.is_ok());
    verified
}

/// For the second opinion: a redirect's signature is not in its document.
fn keep_posted(delivery: &Delivery, idp: &IdpDescriptor, proven: bool) {
    if let (Delivery::Post { xml, .. }, true) = (delivery, proven) {
        let certificates: Vec<String> = idp.signing_certificates.iter().map(|known| known.certificate.clone()).collect();
        accepted::keep(std::str::from_utf8(xml).unwrap(), &certificates);
    }
}

#[track_caller]
fn accepts(delivery: &Delivery) {
    let wish = verify(delivery).unwrap().wish.unwrap();
    assert_eq!((wish.name_id.value.as_str(), wish.session_indexes.as_slice()), (ALICE, &["_s1".to_owned()][..]));
}

/// Nothing proves who sent it.
#[track_caller]
fn unproven(delivery: &Delivery, fault: SamlFault) {
    assert_eq!(verify(delivery).unwrap_err(), fault);
}

/// Proven, but not what we act upon.
#[track_caller]
fn refuses(change: impl Fn(&mut LogoutSpec), fault: SamlFault) {
    let mut spec = request();
    change(&mut spec);
    for delivery in both(&spec, &KEY) {
        assert_eq!(verify(&delivery).unwrap().wish.unwrap_err(), fault);
    }
    for delivery in both(&request(), &KEY) {
        accepts(&delivery);
    }
}

/// Whether Debian's `xmlsec1` finds the signature of a posted request valid with this key.
fn xmlsec_agrees(document: &str, key: &SigningKey) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (xml, certificate) = (folder.path().join("document.xml"), folder.path().join("certificate.pem"));
    std::fs::write(&xml, document).unwrap();
    std::fs::write(&certificate, key.certificate_pem()).unwrap();
    let output = std::process::Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "key-name", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest"])
        .arg("--pubkey-cert-pem")
        .args([&certificate, &xml])
        .output()
        .expect("the program xmlsec1 is installed (package xmlsec1)");
    output.status.success()
}

#[test]
fn what_we_accept_xmlsec_accepts() {
    for key in [&*KEY, &*NEXT_KEY] {
        let document = request().posted(key);
        accepts(&posted(Kind::Request, &document));
        assert!(xmlsec_agrees(&document, key), "{document}");
        assert!(!xmlsec_agrees(&replace(&document, ALICE, "mallory@example.com"), key), "the program really looks");
    }
}

#[test]
fn s29_a_request_must_be_signed_by_that_provider() {
    for key in [&*KEY, &*NEXT_KEY] {
        for delivery in both(&request(), key) {
            accepts(&delivery);
            assert_eq!(logout::claimed_issuer(&delivery), Ok(IDP.to_owned()));
        }
    }
    for delivery in both(&request(), &ATTACKER) {
        unproven(&delivery, SamlFault::SignatureInvalid);
    }
    let mut unsigned = request();
    unsigned.signed = false;
    unproven(&posted(Kind::Request, &unsigned.posted(&KEY)), SamlFault::Unsigned);
    // A signature inside the document proves nothing in a redirect, where it has no place.
    let signed = request().posted(&KEY);
    let mut smuggled = request();
    smuggled.before_signature = Some(Box::new(move |_| signed.clone()));
    for key in [&*KEY, &*ATTACKER] {
        unproven(&Delivery::from_query(&smuggled.redirect(key)).unwrap(), SamlFault::SignaturePlace);
    }
    unproven(&posted(Kind::Request, &replace(&request().posted(&KEY), ALICE, "mallory@example.com")), SamlFault::SignatureInvalid);
}

#[test]
fn s29_a_request_is_fresh_and_meant_for_us() {
    refuses(|spec| spec.issuer = Some("https://other.example.com".to_owned()), SamlFault::Issuer);
    refuses(|spec| spec.destination = Some(format!("{SLO}/")), SamlFault::Destination);
    refuses(|spec| spec.destination = None, SamlFault::Destination);
    refuses(|spec| spec.issue_instant_ms = None, SamlFault::TimeForm);
    refuses(|spec| spec.name_id = None, SamlFault::Subject);
    refuses(|spec| spec.name_id = Some(" ".to_owned()), SamlFault::Subject);
    refuses(|spec| spec.session_indexes = vec!["x".to_owned(); 101], SamlFault::TooManyElements);
    for (shift, verdict) in
        [(61_000, Some(SamlFault::TooEarly)), (60_000, None), (-360_000, None), (-361_000, Some(SamlFault::Expired))]
    {
        let mut spec = request();
        (spec.issue_instant_ms, spec.not_on_or_after_ms) = (Some(NOW + shift), None);
        for delivery in both(&spec, &KEY) {
            assert_eq!(verify(&delivery).unwrap().wish.err(), verdict, "{shift}");
        }
    }
    for (shift, verdict) in [(-59_000, None), (-60_000, Some(SamlFault::Expired))] {
        let mut spec = request();
        spec.not_on_or_after_ms = Some(NOW + shift);
        for delivery in both(&spec, &KEY) {
            assert_eq!(verify(&delivery).unwrap().wish.err(), verdict, "{shift}");
        }
    }
    let mut everything = request();
    everything.session_indexes.clear();
    assert_eq!(verify(&both(&everything, &KEY)[1]).unwrap().wish.unwrap().session_indexes, Vec::<String>::new());
}

/// S-02, S-29: signed things inside unsigned ones. The one that samael took: a captured signed assertion in `Extensions`.
#[test]
fn s02_a_signature_counts_only_for_the_root_it_stands_in() {
    let genuine = request().posted(&KEY);
    accepts(&posted(Kind::Request, &genuine));
    let mut forged = LogoutSpec::request(IDP, SLO, "mallory@example.com", Some("_s9"), NOW);
    forged.signed = false;
    let forged = forged.posted(&KEY);
    let inside = |donor: &str, place: &str| match place {
        "extensions" => replace(&forged, "<saml:NameID", &format!("<samlp:Extensions>{donor}</samlp:Extensions><saml:NameID")),
        _ => replace(&forged, "</samlp:LogoutRequest>", &format!("{donor}</samlp:LogoutRequest>")),
    };
    let assertion = super::spec(Sign::Assertion).build(&KEY);
    let assertion = element(&assertion, "saml:Assertion");
    let signature = element(&genuine, "ds:Signature");
    for place in ["extensions", "end"] {
        unproven(&posted(Kind::Request, &inside(assertion, place)), SamlFault::AssertionCount);
        unproven(&posted(Kind::Request, &inside(&genuine, place)), SamlFault::SignaturePlace);
    }
    // The signature of another message, moved to the right place.
    let moved = replace(&forged, "</saml:Issuer>", &format!("</saml:Issuer>{signature}"));
    unproven(&posted(Kind::Request, &moved), SamlFault::Reference);
    let id = genuine.split("ID=\"").nth(1).unwrap().split('"').next().unwrap();
    let own = forged.split("ID=\"").nth(1).unwrap().split('"').next().unwrap();
    unproven(&posted(Kind::Request, &moved.replace(own, id)), SamlFault::SignatureInvalid);
    // Two signatures; one behind its place; one in another name space.
    let twice = replace(&genuine, signature, &format!("{signature}{signature}"));
    unproven(&posted(Kind::Request, &twice), SamlFault::SignaturePlace);
    let late = replace(&replace(&genuine, signature, ""), "</samlp:LogoutRequest>", &format!("{signature}</samlp:LogoutRequest>"));
    unproven(&posted(Kind::Request, &late), SamlFault::Shape);
    unproven(&posted(Kind::Request, &inside("<x:Signature xmlns:x=\"urn:x\"/>", "extensions")), SamlFault::SignaturePlace);
}

/// S-00, S-17, S-18: the same gate as for responses.
#[test]
fn s00_the_gate_stands_before_logout_messages_too() {
    let change = |from: &'static str, to: &'static str| {
        let mut spec = request();
        spec.before_signature = Some(Box::new(move |xml| replace(&xml, from, to)));
        Delivery::from_query(&spec.redirect(&KEY)).unwrap()
    };
    accepts(&change(ALICE, ALICE));
    unproven(&change(ALICE, "alice@example.com<!-- -->.evil"), SamlFault::Comment);
    unproven(&change(ALICE, "<?x?>alice@example.com"), SamlFault::ProcessingInstruction);
    unproven(&change(ALICE, "<![CDATA[alice@example.com]]>"), SamlFault::Cdata);
    unproven(&change("<samlp:LogoutRequest ", "<!DOCTYPE x><samlp:LogoutRequest "), SamlFault::Doctype);
    unproven(&change("</samlp:LogoutRequest>", "</samlp:LogoutRequest><x/>"), SamlFault::Malformed);
    unproven(&change("Version=\"2.0\"", "Version=\"1.1\""), SamlFault::Root);
    unproven(&change("Version=\"2.0\"", "Version=\"2.0\" Id=\"_x\""), SamlFault::IdForm);
    unproven(&change("<samlp:SessionIndex>", "<samlp:Other/><samlp:SessionIndex>"), SamlFault::Shape);
    unproven(&change("</samlp:SessionIndex>", "</samlp:SessionIndex><saml:EncryptedID/>"), SamlFault::EncryptionUnsupported);
    let split = verify(&change(ALICE, "alice@<b/>example.com")).unwrap();
    assert_eq!(split.wish.unwrap_err(), SamlFault::SplitText);
    // One message is not the other.
    unproven(&posted(Kind::Request, &response().posted(&KEY)), SamlFault::Root);
    unproven(&posted(Kind::Response, &response().posted(&KEY)), SamlFault::Root);
    assert_eq!(confirm(&posted(Kind::Request, &request().posted(&KEY))), Err(SamlFault::Root));
    assert_eq!(Delivery::from_form(None, None, None), Err(SamlFault::Parameters));
    assert_eq!(Delivery::from_form(Some("AA=="), Some("AA=="), None), Err(SamlFault::Parameters));
    assert_eq!(Delivery::from_form(Some(&"A".repeat(256 * 1024 + 4)), None, None), Err(SamlFault::TooLarge));
    assert_eq!(Delivery::from_form(Some("AA=="), None, Some(&"x".repeat(2_049))), Err(SamlFault::TooLarge));
}

#[test]
fn a_response_answers_our_request_and_says_what_became_of_it() {
    let outcome = |change: &dyn Fn(&mut LogoutSpec)| {
        let mut spec = response();
        change(&mut spec);
        let [posted, redirected] = both(&spec, &KEY).map(|delivery| confirm(&delivery));
        assert_eq!(posted, redirected);
        posted
    };
    let status = |codes: &[&str]| {
        let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        outcome(&|spec| spec.status.clone_from(&codes))
    };
    assert_eq!(outcome(&|_| {}), Ok(Outcome::Done));
    assert_eq!(status(&[SUCCESS, PARTIAL]), Ok(Outcome::Partial));
    assert_eq!(status(&[RESPONDER, PARTIAL]), Ok(Outcome::Partial));
    assert_eq!(status(&[RESPONDER]), Ok(Outcome::Failed));
    assert_eq!(status(&[]), Err(SamlFault::Shape));
    assert_eq!(outcome(&|spec| spec.in_response_to = Some("_other".to_owned())), Err(SamlFault::InResponseTo));
    assert_eq!(outcome(&|spec| spec.in_response_to = None), Err(SamlFault::InResponseTo));
    assert_eq!(outcome(&|spec| spec.issuer = Some("https://other.example.com".to_owned())), Err(SamlFault::Issuer));
    assert_eq!(outcome(&|spec| spec.issuer = None), Err(SamlFault::Issuer));
    assert_eq!(outcome(&|spec| spec.destination = Some(SP.to_owned())), Err(SamlFault::Destination));
    assert_eq!(outcome(&|spec| spec.issue_instant_ms = Some(NOW - 361_000)), Err(SamlFault::Expired));
    for delivery in both(&response(), &ATTACKER) {
        assert_eq!(confirm(&delivery), Err(SamlFault::SignatureInvalid));
    }
    let mut unsigned = response();
    unsigned.signed = false;
    assert_eq!(confirm(&posted(Kind::Response, &unsigned.posted(&KEY))), Err(SamlFault::Unsigned));
}

/// What we write is read by another parser with every value intact.
#[test]
fn our_messages_say_what_they_were_told() {
    let name_id = NameId {
        value: "a<b>&\"c'@example.com".to_owned(),
        format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        name_qualifier: Some("https://idp.example.com/?a=1&b=\"2\"".to_owned()),
        sp_name_qualifier: None,
    };
    let request = LogoutRequest {
        id: REQUEST,
        issue_instant_ms: NOW,
        destination: "https://idp.example.com/slo?a=1&b=2",
        sp_entity_id: SP,
        name_id: &name_id,
        session_index: Some("_s<1>"),
    };
    let arrived = read(Kind::Request, request.to_xml()).unwrap();
    assert_eq!((arrived.id.as_str(), arrived.issuer.as_str()), (REQUEST, SP));
    assert_eq!(arrived.destination.as_deref(), Some("https://idp.example.com/slo?a=1&b=2"));
    assert_eq!(arrived.name_id.as_deref(), Some(name_id.value.as_str()));
    assert_eq!(arrived.session_index.as_deref(), Some("_s<1>"));
    assert!(arrived.xml.contains(r#"NameQualifier="https://idp.example.com/?a=1&amp;b=&quot;2&quot;""#), "{}", arrived.xml);
    assert!(!arrived.xml.contains("SPNameQualifier"));
    let response = LogoutResponse {
        id: "_answer",
        issue_instant_ms: NOW,
        destination: "https://idp.example.com/slo",
        sp_entity_id: SP,
        in_response_to: REQUEST,
        status: SUCCESS,
    };
    let arrived = read(Kind::Response, response.to_xml()).unwrap();
    assert_eq!((arrived.in_response_to.as_deref(), arrived.status.as_deref()), (Some(REQUEST), Some(SUCCESS)));
}
