//! S-01, S-02, S-05, S-07: wrapping and other ways to have one element signed and another one read.
//!
//! Every vector is built from a validly signed document, three times: signed Response, signed assertion, both. The evil
//! name is Mallory's; a vector passes only if the document is refused, and the reason is one of those of the rule.

use fedgate::federation::saml::fault::SamlFault::{self, *};
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

use super::{ATTACKER, IDP, KEY, SIGNED, SP, accepts, element, idp_with, refuses, replace, spec, verify, verify_at};

const MALLORY: &str = "mallory@example.com";
const ALICE: &str = "alice@example.com";

/// A signed document, taken apart.
pub(super) struct Parts {
    whole: String,
    /// The signed assertion, or the assertion inside the signed Response.
    assertion: String,
    /// The signature that vectors move around.
    signature: String,
    /// The same assertion for Mallory with another ID and no signature.
    evil: String,
    /// A whole unsigned Response for Mallory.
    evil_shell: String,
    /// The id that is signed.
    signed_id: String,
}

impl Parts {
    fn new(sign: Sign) -> Self {
        Self::of(&spec(sign), &KEY)
    }

    pub(super) fn of(spec: &ResponseSpec, key: &SigningKey) -> Self {
        let whole = spec.build(key);
        let assertion = element(&whole, "saml:Assertion").to_owned();
        let signature = element(&whole, "ds:Signature").to_owned();
        let unsigned = super::spec(Sign::Nothing).build(key);
        let unsigned = unsigned.replace(ALICE, MALLORY).replace(&spec.assertion_id, "_evil");
        let evil = element(&unsigned, "saml:Assertion").to_owned();
        let evil_shell = unsigned.replace(&spec.response_id, "_evilresponse");
        let signed_id = if spec.sign == Sign::Assertion { &spec.assertion_id } else { &spec.response_id }.clone();
        Self { whole, assertion, signature, evil, evil_shell, signed_id }
    }

    /// Replaces the assertion.
    fn with(&self, replacement: &str) -> String {
        replace(&self.whole, &self.assertion, replacement)
    }

    /// Puts text directly before the assertion.
    fn before(&self, text: &str) -> String {
        self.with(&format!("{text}{}", self.assertion))
    }

    /// The evil assertion with content put behind its Issuer.
    fn evil_with(&self, content: &str) -> String {
        let issuer = element(&self.evil, "saml:Issuer");
        self.evil.replace(issuer, &format!("{issuer}{content}"))
    }

    /// A whole Response for Mallory around something.
    fn evil_response(&self, content: &str) -> String {
        let issuer = element(&self.evil_shell, "saml:Issuer");
        self.evil_shell.replacen(issuer, &format!("{issuer}{content}"), 1)
    }

    fn without_signature(&self) -> String {
        self.whole.replace(&self.signature, "")
    }
}

fn object(signature: &str, content: &str) -> String {
    signature.replace("</ds:Signature>", &format!("<ds:Object>{content}</ds:Object></ds:Signature>"))
}

pub(super) type Vector = (&'static str, fn(&Parts) -> String);

pub(super) const VECTORS: &[Vector] = &[
    ("XSW1: signed original inside the Signature of the forgery", |p| {
        p.evil_response(&object(&p.signature, &p.without_signature()))
    }),
    ("XSW2: signed original beside a detached Signature", |p| {
        p.evil_response(&format!("{}{}", p.signature, p.without_signature()))
    }),
    ("XSW3: evil sibling before", |p| p.before(&p.evil)),
    ("XSW4: evil wraps the signed", |p| p.with(&p.evil_with(&p.assertion))),
    ("XSW5: evil takes the signature, original at the end", |p| p.with(&format!("{}{}", p.evil_with(&p.signature), p.assertion))),
    ("XSW6: original inside the evil's signature", |p| p.with(&p.evil_with(&object(&p.signature, &p.assertion)))),
    ("XSW7: evil in Extensions", |p| p.before(&format!("<samlp:Extensions>{}</samlp:Extensions>", p.evil))),
    ("XSW8: original in the signature's Object", |p| {
        p.with(&p.evil_with(&object(&p.signature, &p.assertion.replace(&p.signature, ""))))
    }),
    ("evil sibling after", |p| p.with(&format!("{}{}", p.assertion, p.evil))),
    ("signed under the evil's Advice", |p| p.with(&p.evil_with(&format!("<saml:Advice>{}</saml:Advice>", p.assertion)))),
    ("evil under the signed assertion's Advice", |p| {
        p.whole.replace("<saml:AuthnStatement", &format!("<saml:Advice>{}</saml:Advice><saml:AuthnStatement", p.evil))
    }),
    ("signed in Extensions, evil in place", |p| {
        p.with(&p.evil).replace("<samlp:Status>", &format!("<samlp:Extensions>{}</samlp:Extensions><samlp:Status>", p.assertion))
    }),
    ("signed in StatusDetail, evil in place", |p| {
        p.with(&p.evil)
            .replace("</samlp:Status>", &format!("<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>", p.assertion))
    }),
    ("signed in KeyInfo, evil in place", |p| {
        let signature = p.signature.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{}", p.assertion));
        p.with(&p.evil_with(&signature))
    }),
    ("donor Response in Extensions of the forgery", |p| {
        p.evil_response(&format!("<samlp:Extensions>{}</samlp:Extensions>", p.whole))
    }),
    ("donor Response in StatusDetail of the forgery", |p| {
        p.evil_response("")
            .replace("</samlp:Status>", &format!("<samlp:StatusDetail>{}</samlp:StatusDetail></samlp:Status>", p.whole))
    }),
    ("donor Response in place of the assertion", |p| p.with(&p.whole)),
    ("signature moved to the end of the document", |p| {
        p.without_signature().replace("</samlp:Response>", &format!("{}</samlp:Response>", p.signature)).replace(ALICE, MALLORY)
    }),
    ("signature before the Issuer of a forgery", |p| {
        p.evil_response("").replacen("<saml:Issuer>", &format!("{}<saml:Issuer>", p.signature), 1)
    }),
    ("signature in the Subject", |p| p.without_signature().replace("<saml:NameID", &format!("{}<saml:NameID", p.signature))),
    ("signature in the Status", |p| p.without_signature().replace("</samlp:Status>", &format!("{}</samlp:Status>", p.signature))),
    ("signature twice in one place", |p| p.whole.replace(&p.signature, &format!("{0}{0}", p.signature))),
    ("same signature in both places", |p| p.evil_response(&p.signature).replacen("_evil\"", &format!("{}\"", p.signed_id), 1)),
    ("every signature taken away", |p| {
        let left = p.without_signature();
        if left.contains("<ds:Signature") { left.replace(element(&left, "ds:Signature"), "") } else { left }
    }),
    ("signature in a foreign namespace", |p| p.whole.replace("http://www.w3.org/2000/09/xmldsig#\"", "urn:x\"")),
    ("foreign signature beside the real", |p| p.before("<x:Signature xmlns:x=\"urn:x\"/>")),
    ("empty Reference URI", |p| p.whole.replace(&format!("URI=\"#{}\"", p.signed_id), "URI=\"\"")),
    ("no Reference URI", |p| p.whole.replace(&format!(" URI=\"#{}\"", p.signed_id), "")),
    ("Reference to a fragment of nothing", |p| p.whole.replace(&format!("URI=\"#{}\"", p.signed_id), "URI=\"#\"")),
    ("XPointer to the same id", |p| {
        p.whole.replace(&format!("URI=\"#{}\"", p.signed_id), &format!("URI=\"#xpointer(id('{}'))\"", p.signed_id))
    }),
    ("XPointer to the root", |p| p.whole.replace(&format!("URI=\"#{}\"", p.signed_id), "URI=\"#xpointer(/)\"")),
    ("an ID that is an XPointer", |p| {
        p.whole
            .replace(&format!("ID=\"{}\"", p.signed_id), "ID=\"xpointer(/)\"")
            .replace(&format!("#{}", p.signed_id), "#xpointer(/)")
    }),
    ("two References", |p| {
        let reference = element(&p.signature, "ds:Reference");
        p.whole.replace(&p.signature, &p.signature.replace(reference, &format!("{reference}{reference}")))
    }),
    ("first Reference to the evil, last to the signed", |p| {
        let reference = element(&p.signature, "ds:Reference");
        let evil = reference.replace(&p.signed_id, "_evil");
        p.before(&p.evil).replace(reference, &format!("{evil}{reference}"))
    }),
    ("two SignedInfo, the evil first", |p| {
        let info = element(&p.signature, "ds:SignedInfo");
        p.whole.replace(info, &format!("{}{info}", info.replace(&p.signed_id, "_evil")))
    }),
    ("two SignedInfo, the evil last", |p| {
        let info = element(&p.signature, "ds:SignedInfo");
        p.whole.replace(info, &format!("{info}{}", info.replace(&p.signed_id, "_evil")))
    }),
    ("two SignatureValues", |p| {
        let value = element(&p.signature, "ds:SignatureValue");
        p.whole.replace(value, &format!("{value}{value}"))
    }),
    ("two DigestValues", |p| {
        let value = element(&p.signature, "ds:DigestValue");
        p.whole.replace(value, &format!("<ds:DigestValue>AAAA</ds:DigestValue>{value}"))
    }),
    ("an Object in the signature", |p| p.whole.replace(&p.signature, &object(&p.signature, "<a/>"))),
    ("a Manifest in the signature", |p| p.whole.replace(&p.signature, &object(&p.signature, "<ds:Manifest/>"))),
    ("duplicate ID", |p| p.before(&p.evil.replace("_evil", &p.signed_id))),
    ("duplicate ID on another element", |p| p.whole.replace("<samlp:Status>", &format!("<samlp:Status ID=\"{}\">", p.signed_id))),
    ("twin by xml:id", |p| p.whole.replace("<samlp:Status>", &format!("<samlp:Status xml:id=\"{}\">", p.signed_id))),
    ("twin by Id", |p| p.whole.replace("<samlp:Status>", &format!("<samlp:Status Id=\"{}\">", p.signed_id))),
    ("twin by id", |p| p.whole.replace("<samlp:Status>", &format!("<samlp:Status id=\"{}\">", p.signed_id))),
    ("twin by ID in a namespace", |p| {
        p.whole.replace("<samlp:Status>", &format!("<samlp:Status xmlns:x=\"urn:x\" x:ID=\"{}\">", p.signed_id))
    }),
    ("twin by AssertionID", |p| p.whole.replace("<samlp:Status>", &format!("<samlp:Status AssertionID=\"{}\">", p.signed_id))),
    ("ID typed by a DTD", |p| {
        format!(
            "<!DOCTYPE r [<!ATTLIST Status n ID #IMPLIED>]>{}",
            p.whole.replace("<samlp:Status>", &format!("<samlp:Status n=\"{}\">", p.signed_id))
        )
    }),
    ("the signed element's ID in lower case", |p| {
        p.whole.replace(&format!(" ID=\"{}\"", p.signed_id), &format!(" id=\"{}\"", p.signed_id))
    }),
    ("the signed element's ID in a namespace", |p| {
        p.whole.replace(&format!(" ID=\"{}\"", p.signed_id), &format!(" xmlns:x=\"urn:x\" x:ID=\"{}\"", p.signed_id))
    }),
    ("a second id on the signed element", |p| {
        p.whole.replace(&format!(" ID=\"{}\"", p.signed_id), &format!(" ID=\"{}\" Id=\"_other\"", p.signed_id))
    }),
    ("look-alike Assertion in a foreign namespace", |p| {
        p.before(&p.evil.replace("saml:Assertion", "x:Assertion").replacen("<x:Assertion", "<x:Assertion xmlns:x=\"urn:x\"", 1))
    }),
    ("SAML 1 Assertion beside", |p| p.before("<Assertion xmlns=\"urn:oasis:names:tc:SAML:1.0:assertion\" AssertionID=\"_one\"/>")),
    ("EncryptedAssertion beside", |p| p.before("<saml:EncryptedAssertion/>")),
    ("nested Response", |p| p.evil_response("").replace(element(&p.evil_response(""), "saml:Assertion"), &p.whole)),
    ("wrapped in an Envelope", |p| {
        format!("<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{}</e:Body></e:Envelope>", p.whole)
    }),
    ("name changed", |p| p.whole.replace(&format!(">{ALICE}</saml:NameID>"), &format!(">{MALLORY}</saml:NameID>"))),
    ("attribute changed", |p| p.whole.replace("staff", "root")),
    ("attribute added", |p| p.whole.replace("<saml:AttributeStatement>", "<saml:AttributeStatement><saml:Attribute Name=\"x\"/>")),
    ("second NameID", |p| p.whole.replace("<saml:NameID", &format!("<saml:NameID>{MALLORY}</saml:NameID><saml:NameID"))),
    ("second Subject", |p| {
        p.whole
            .replace("<saml:Subject>", &format!("<saml:Subject><saml:NameID>{MALLORY}</saml:NameID></saml:Subject><saml:Subject>"))
    }),
    ("signature value of the attacker", |p| {
        let forged = spec(Sign::Assertion).build(&ATTACKER);
        p.whole.replace(element(&p.signature, "ds:SignatureValue"), element(&forged, "ds:SignatureValue"))
    }),
];

/// Refusals that count: found by structure, or by a digest that does not fit.
const REASONS: &[SamlFault] = &[
    AssertionCount,
    SignaturePlace,
    SignatureShape,
    Reference,
    DuplicateId,
    IdForm,
    Shape,
    Root,
    Unsigned,
    Doctype,
    EncryptionUnsupported,
    SignatureInvalid,
];

#[test]
fn s02_wrapping_vectors_in_three_ways_of_signing() {
    assert!(VECTORS.len() >= 40);
    for sign in SIGNED {
        let parts = Parts::new(sign);
        accepts(&parts.whole);
        for (name, forge) in VECTORS {
            let document = forge(&parts);
            assert_ne!(document, parts.whole, "{name} changed nothing ({sign:?})");
            match verify(&document) {
                Ok(assertion) => panic!("{name} ({sign:?}) was accepted for {}", assertion.name_id.value),
                Err(fault) => assert!(REASONS.contains(&fault), "{name} ({sign:?}): {fault}"),
            }
        }
    }
}

/// Something else that the provider has signed and published is no sign-in.
#[test]
fn s02_signed_donors_of_other_kinds() {
    let sign = |xml: &str, id: &str, after: &str| {
        let template = spec(Sign::Nothing).signature.template(&KEY, id);
        KEY.sign_xml(&replace(xml, after, &format!("{after}{template}"))).unwrap()
    };
    let metadata = sign(
        &format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m\" entityID=\"{IDP}\"><md:IDPSSODescriptor/></md:EntityDescriptor>"
        ),
        "_m",
        &format!("entityID=\"{IDP}\">"),
    );
    let logout = sign(
        &format!(
            "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_l\" Version=\"2.0\"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status/></samlp:LogoutResponse>"
        ),
        "_l",
        "</saml:Issuer>",
    );
    refuses(&metadata, Root);
    refuses(&logout, Root);
    let parts = Parts::new(Sign::Assertion);
    for donor in [&metadata, &logout] {
        refuses(&parts.evil_response(&format!("<samlp:Extensions>{donor}</samlp:Extensions>")), SignaturePlace);
        let signature = element(donor, "ds:Signature");
        refuses(&parts.evil_response(signature), Reference);
        let named =
            parts.evil_response(signature).replace("\"_evilresponse\"", if donor.contains("_m\"") { "\"_m\"" } else { "\"_l\"" });
        refuses(&named, SignatureInvalid);
    }
}

#[test]
fn s08_signed_failure_with_an_injected_assertion() {
    let failure = spec(Sign::Response);
    let failure = ResponseSpec { status: "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(), ..failure };
    refuses(&failure.build(&KEY), Status);
    // The usual failure report has no assertion.
    let report = spec(Sign::Nothing).build(&KEY);
    let report = report.replace(element(&report, "saml:Assertion"), "");
    refuses(&report, AssertionCount);
    refuses(&report.replace("status:Success", "status:Responder"), Status);
    for sign in SIGNED {
        accepts(&spec(sign).build(&KEY));
        let failure = ResponseSpec { status: "urn:oasis:names:tc:SAML:2.0:status:Requester".to_owned(), ..spec(sign) };
        refuses(&failure.build(&KEY), Status);
        refuses(&spec(Sign::Assertion).build(&KEY).replace("status:Success", "status:success"), Status);
    }
}

#[test]
fn s01_unsigned_is_never_accepted() {
    refuses(&spec(Sign::Nothing).build(&KEY), Unsigned);
    // D-01: a provider without keys, forced past the metadata check.
    let document = spec(Sign::Assertion).build(&KEY);
    assert_eq!(verify_at(&document, &idp_with(&[]), Some(super::REQUEST), super::NOW), Err(NoSigningKey));
    assert_eq!(verify_at(&spec(Sign::Nothing).build(&KEY), &idp_with(&[]), Some(super::REQUEST), super::NOW), Err(Unsigned));
    accepts(&document);
}

/// An error at any step of the verifier is a refusal.
#[test]
fn s01_broken_signatures() {
    for sign in SIGNED {
        let good = spec(sign).build(&KEY);
        accepts(&good);
        let value = element(&good, "ds:SignatureValue").to_owned();
        let digest = element(&good, "ds:DigestValue").to_owned();
        for (from, name) in [(&value, "ds:SignatureValue"), (&digest, "ds:DigestValue")] {
            let with = |content: &str| good.replace(from.as_str(), &format!("<{name}>{content}</{name}>"));
            refuses(&with(""), SignatureShape);
            refuses(&with(" \n "), SignatureShape);
            refuses(&with("<a/>"), SignatureShape);
            refuses(&with("*"), SignatureShape);
            refuses(&with("AAA"), SignatureInvalid);
            refuses(&with("AAAA"), SignatureInvalid);
            refuses(&with(&"A".repeat(40_000)), SignatureInvalid);
        }
    }
}

#[test]
fn s05_keys_in_the_message_are_ignored() {
    for sign in SIGNED {
        accepts(&spec(sign).build(&KEY));
        refuses(&spec(sign).build(&ATTACKER), SignatureInvalid);
        let mut claimed = spec(sign);
        let certificate = KEY.certificate_base64();
        claimed.signature.key_info =
            Some(format!("<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"));
        refuses(&claimed.build(&ATTACKER), SignatureInvalid);
        let mut strange = spec(sign);
        strange.signature.key_info = Some("<ds:KeyName>nobody</ds:KeyName>".to_owned());
        accepts(&strange.build(&KEY));
    }
}

#[test]
fn s07_one_assertion_directly_below_the_response() {
    let good = spec(Sign::Response);
    accepts(&good.build(&KEY));
    let tampered = |change: fn(String) -> String| {
        ResponseSpec { before_response_signature: Some(Box::new(change)), ..spec(Sign::Response) }.build(&KEY)
    };
    refuses(
        &tampered(|t| {
            let a = element(&t, "saml:Assertion").to_owned();
            t.replace(&a, "")
        }),
        AssertionCount,
    );
    refuses(
        &tampered(|t| {
            let a = element(&t, "saml:Assertion").to_owned();
            t.replace(&a, &format!("{a}{}", a.replace("_a1", "_b1")))
        }),
        AssertionCount,
    );
    refuses(
        &tampered(|t| {
            let a = element(&t, "saml:Assertion").to_owned();
            t.replace(&a, &format!("<samlp:Extensions>{a}</samlp:Extensions>"))
        }),
        AssertionCount,
    );
    refuses(&tampered(|t| t.replace("</samlp:Response>", "<saml:EncryptedAssertion/></samlp:Response>")), EncryptionUnsupported);
    refuses(&tampered(|t| t.replace("<saml:NameID", "<saml:EncryptedID/><saml:NameID")), EncryptionUnsupported);
    refuses(&tampered(|t| t.replace("saml:Assertion", "samlp:Assertion")), AssertionCount);
    refuses(&tampered(|t| t.replace("</samlp:Status>", "</samlp:Status>text")), Shape);
    refuses(&tampered(|t| t.replace("</samlp:Status>", "</samlp:Status><a/>")), Shape);
    // A signature over both that is good, and one inside that is not.
    let both = spec(Sign::Both).build(&KEY);
    let inner = spec(Sign::Assertion).build(&ATTACKER);
    let assertion = element(&inner, "saml:Assertion").to_owned();
    let half = ResponseSpec {
        before_response_signature: Some(Box::new(move |t| {
            let a = element(&t, "saml:Assertion").to_owned();
            t.replace(&a, &assertion)
        })),
        ..spec(Sign::Response)
    };
    accepts(&both);
    refuses(&half.build(&KEY), SignatureInvalid);
    assert!(both.contains(SP));
}
