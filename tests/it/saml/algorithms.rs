//! S-03, S-06, S-23: which transforms, canonicalizations, digests, signature methods and keys count.

use fedgate::federation::saml::fault::SamlFault::*;
use fedgate::federation::saml::keys::SigningCertificate;
use playground::saml_idp::response::{ResponseSpec, Sign};

use super::second_opinion::xmlsec_agrees;
use super::{KEY, NEXT_KEY, NOW, P384_KEY, REQUEST, SIGNED, accepts, cpu_time, element, idp_with, refuses, spec, verify_at};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A certificate of a 1,024-bit RSA key, which real providers still had in 2014.
const WEAK: &str = include_str!("../../fixtures/saml/rsa1024.certificate");

fn transforms(sign: Sign, list: &[&str]) -> String {
    // The template is signed as it should be and then renamed: the refusal must come before any digest.
    let good = spec(sign).build(&KEY);
    let inside = list.iter().map(|uri| format!("<ds:Transform Algorithm=\"{uri}\"/>")).collect::<Vec<_>>().concat();
    good.replace(element(&good, "ds:Transforms"), &format!("<ds:Transforms>{inside}</ds:Transforms>"))
}

#[test]
fn s03_only_enveloped_and_exclusive() {
    for sign in SIGNED {
        accepts(&transforms(sign, &[ENVELOPED, EXCLUSIVE]));
        for list in [
            &[][..],
            &[ENVELOPED],
            &[EXCLUSIVE],
            &[EXCLUSIVE, ENVELOPED],
            &[ENVELOPED, ENVELOPED],
            &[ENVELOPED, EXCLUSIVE, EXCLUSIVE],
            &[ENVELOPED, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"],
            &[ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"],
            &[ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11"],
            &[ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"],
            &["http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE],
            &["http://www.w3.org/2002/06/xmldsig-filter2", EXCLUSIVE],
            &["http://www.w3.org/2000/09/xmldsig#base64", EXCLUSIVE],
            &["http://www.w3.org/2002/07/decrypt#XML", EXCLUSIVE],
            &[ENVELOPED, ""],
        ] {
            refuses(&transforms(sign, list), Transform);
        }
    }
}

#[test]
fn s03_nothing_is_executed_inside_a_transform() {
    let good = spec(Sign::Assertion).build(&KEY);
    let bomb = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\"><xsl:call-template name=\"a\"/></xsl:template><xsl:template name=\"a\"><xsl:call-template name=\"a\"/><xsl:call-template name=\"a\"/></xsl:template></xsl:stylesheet>";
    for algorithm in ["http://www.w3.org/TR/1999/REC-xslt-19991116", ENVELOPED, EXCLUSIVE] {
        let inside = format!(
            "<ds:Transforms><ds:Transform Algorithm=\"{algorithm}\">{bomb}</ds:Transform><ds:Transform Algorithm=\"{EXCLUSIVE}\"/></ds:Transforms>"
        );
        let document = good.replace(element(&good, "ds:Transforms"), &inside);
        assert!(cpu_time(|| refuses(&document, Transform)).as_millis() < 50);
    }
    // What exclusive canonicalization may carry, and what not.
    let with = |inside: &str| {
        let transform = format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\">{inside}</ds:Transform>");
        good.replace(&format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/>"), &transform)
    };
    let list = format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"xs\"/>");
    refuses(&with(&list), SignatureInvalid);
    refuses(&with(&format!("{list}{list}")), Transform);
    refuses(&with("text"), Transform);
    let prefixes = |count: usize| list.replace("\"xs\"", &format!("\"{}\"", "x ".repeat(count)));
    refuses(&with(&prefixes(10)), SignatureInvalid);
    refuses(&with(&prefixes(11)), Transform);
}

/// OpenSAML and Shibboleth write a prefix list; it is part of what is signed.
#[test]
fn s03_a_signed_prefix_list_is_accepted() {
    for sign in SIGNED {
        let list = format!("><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"xs\"/></ds:Transform>");
        let change = move |text: String| {
            let short = format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"");
            if text.matches("<ds:DigestValue></ds:DigestValue>").count() == 0 {
                return text;
            }
            text.replacen(&format!("{short}/>"), &format!("{short}{list}"), 1)
        };
        let (first, second) = (change.clone(), change);
        accepts(
            &ResponseSpec {
                before_assertion_signature: Some(Box::new(first)),
                before_response_signature: Some(Box::new(second)),
                ..spec(sign)
            }
            .build(&KEY),
        );
    }
}

#[test]
fn s03_canonicalization_of_the_signed_info() {
    for sign in SIGNED {
        let good = spec(sign).build(&KEY);
        for uri in [
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
            "http://www.w3.org/2006/12/xml-c14n11",
            "",
        ] {
            let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
            let other = format!("<ds:CanonicalizationMethod Algorithm=\"{uri}\"/>");
            refuses(&good.replace(method, &other), Canonicalization);
            let honest = spec(sign);
            let honest = ResponseSpec {
                signature: playground::saml_idp::response::SignatureSpec {
                    canonicalization: uri.to_owned(),
                    ..honest.signature.clone()
                },
                ..honest
            };
            if uri.contains("20010315") {
                refuses(&honest.build(&KEY), Canonicalization);
            }
        }
    }
}

#[test]
fn s06_strong_algorithms_are_accepted() {
    const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
    let idp = idp_with(&[&KEY, &NEXT_KEY, &P384_KEY]);
    for sign in SIGNED {
        for (key, method) in [
            (&*KEY, "rsa-sha256"),
            (&*KEY, "rsa-sha384"),
            (&*KEY, "rsa-sha512"),
            (&*NEXT_KEY, "ecdsa-sha256"),
            (&*P384_KEY, "ecdsa-sha384"),
        ] {
            for digest in [
                "http://www.w3.org/2001/04/xmlenc#sha256",
                "http://www.w3.org/2001/04/xmldsig-more#sha384",
                "http://www.w3.org/2001/04/xmlenc#sha512",
            ] {
                let mut strong = spec(sign);
                strong.signature.method = Some(format!("{MORE}{method}"));
                strong.signature.digest = digest.to_owned();
                let document = strong.build(key);
                assert!(verify_at(&document, &idp, Some(REQUEST), NOW).is_ok(), "{method} {digest}");
                assert!(xmlsec_agrees(&document, key), "{method} {digest}");
            }
        }
    }
}

#[test]
fn s06_weak_and_foreign_algorithms_are_refused() {
    for sign in SIGNED {
        let good = spec(sign).build(&KEY);
        for uri in [
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "http://www.w3.org/2009/xmldsig11#dsa-sha256",
            "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
            "",
            "rsa-sha256",
        ] {
            refuses(&good.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", uri), SignatureAlgorithm);
        }
        for uri in [
            "http://www.w3.org/2000/09/xmldsig#sha1",
            "http://www.w3.org/2001/04/xmldsig-more#md5",
            "http://www.w3.org/2001/04/xmldsig-more#sha224",
            "http://www.w3.org/2001/04/xmlenc#ripemd160",
            "",
        ] {
            refuses(&good.replace("http://www.w3.org/2001/04/xmlenc#sha256", uri), DigestAlgorithm);
        }
        let method = "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>";
        let truncated = method.replace("/>", "><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>");
        refuses(&good.replace(method, &truncated), SignatureAlgorithm);
        accepts(&good);
    }
}

/// The algorithm and the key must be of one family: the message does not choose.
#[test]
fn s06_the_key_decides_the_family() {
    let rsa_only = idp_with(&[&KEY]);
    let ec_only = idp_with(&[&NEXT_KEY]);
    let document = spec(Sign::Assertion).build(&KEY);
    assert!(verify_at(&document, &rsa_only, Some(REQUEST), NOW).is_ok());
    assert_eq!(verify_at(&document, &ec_only, Some(REQUEST), NOW), Err(SignatureInvalid));
    let renamed = document.replace("rsa-sha256", "ecdsa-sha256");
    assert_eq!(verify_at(&renamed, &rsa_only, Some(REQUEST), NOW), Err(SignatureInvalid));
    assert_eq!(verify_at(&renamed, &ec_only, Some(REQUEST), NOW), Err(SignatureInvalid));
}

#[test]
fn s06_a_key_of_1024_bits_is_no_key() {
    assert_eq!(SigningCertificate::read(WEAK), None);
    let mut idp = idp_with(&[]);
    let weak: String = WEAK.split_whitespace().collect();
    let stored = serde_json::json!({ "certificate": weak, "key": "RSA-2048" });
    idp.signing_certificates.push(serde_json::from_value(stored).unwrap());
    let document = spec(Sign::Assertion).build(&KEY);
    assert_eq!(verify_at(&document, &idp, Some(REQUEST), NOW), Err(NoSigningKey), "forced into the store");
    idp.signing_certificates.push(SigningCertificate::read(&KEY.certificate_base64()).unwrap());
    assert!(verify_at(&document, &idp, Some(REQUEST), NOW).is_ok());
    assert_eq!(SigningCertificate::read(&KEY.certificate_base64()).unwrap().key, "RSA-2048");
    assert_eq!(SigningCertificate::read(&NEXT_KEY.certificate_base64()).unwrap().key, "EC-P256");
}

#[test]
fn s23_certificates_roll_over() {
    for sign in SIGNED {
        let (old, new) = (spec(sign).build(&KEY), spec(sign).build(&NEXT_KEY));
        let verdicts = |idp: &_| [&old, &new].map(|document| verify_at(document, idp, Some(REQUEST), NOW).is_ok());
        assert_eq!(verdicts(&idp_with(&[&KEY])), [true, false]);
        assert_eq!(verdicts(&idp_with(&[&KEY, &NEXT_KEY])), [true, true]);
        assert_eq!(verdicts(&idp_with(&[&NEXT_KEY, &KEY])), [true, true]);
        assert_eq!(verdicts(&idp_with(&[&NEXT_KEY])), [false, true]);
    }
}

/// S-33: the dearest documents that an unknown sender can make us digest, against a usual one of 0.2 ms in a release build.
#[test]
fn s33_worst_case() {
    let fill = |unit: &str, budget: usize| unit.repeat(budget / unit.len());
    let wide = (0..30).map(|n| format!(" xmlns:n{n}=\"u:{n}\" n{n}:a=\"\"")).collect::<Vec<_>>().concat();
    let declarations = (0..32).map(|n| format!(" xmlns:n{n}=\"u:n\"")).collect::<Vec<_>>().concat();
    let deep = format!("{}{}", format!("<a{declarations}>").repeat(28), "</a>".repeat(28));
    let prefixes = format!(
        "<ds:Transform Algorithm=\"{EXCLUSIVE}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{}\"/></ds:Transform>",
        (0..10).map(|n| format!("n{n} ")).collect::<Vec<_>>().concat()
    );
    let good = spec(Sign::Both).build(&KEY);
    let usual = cpu_time(|| accepts(&good));
    for (name, filling) in [
        ("elements", fill("<a/>", 1_900 * 4)),
        ("attributes", fill(&format!("<a{wide}/>"), 180_000)),
        ("namespaces in scope", format!("<b{declarations}>{deep}{}</b>", fill("<n1:c/>", 1_800 * 7))),
        ("text", fill("&amp;", 180_000)),
    ] {
        let document = good.replace("<saml:AttributeStatement>", &format!("<saml:AttributeStatement>{filling}"));
        let document = document.replace(&format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/>"), &prefixes);
        let cost = cpu_time(|| refuses(&document, SignatureInvalid));
        // An unoptimised build takes about fifteen times as long as a release build, where the bound is 50 ms.
        assert!(cost.as_millis() < 750, "{name}: {cost:?} for {} bytes, usual {usual:?}", document.len());
    }
}

/// Canonical XML 1.0 section 1.3: relative namespace names fail. Signed by the provider itself, as xmlsec would not.
#[test]
fn s03_namespace_names_are_absolute() {
    let signed = |name: &'static str| {
        let change =
            move |text: String| text.replacen("<saml:Subject>", &format!("<saml:Subject xmlns:a=\"{name}\" a:b=\"c\">"), 1);
        ResponseSpec { before_assertion_signature: Some(Box::new(change)), ..spec(Sign::Assertion) }.build(&KEY)
    };
    for name in ["urn:x", "https://example.com/a%20b#c", "tag:example.com,2026:x"] {
        accepts(&signed(name));
    }
    for name in ["relative", "../up", "//host/path", "http://a b", "http://example.com:port/", "urn:%zz", "urn:a#b#c", "urn:\u{e9}"]
    {
        refuses(&signed(name), Canonicalization);
    }
}
