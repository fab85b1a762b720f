//! The signature: bits of its values, its algorithms, how many parts it has, and keys in the message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playground::saml_idp::response::ResponseSpec;

use super::tree::{Element, insert, put};
use super::{Mutant, Original, spec};
use crate::saml::{ATTACKER, P384_KEY, element};

const METHODS: &[&str] = &[
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "none",
    "",
];

const DIGESTS: &[&str] = &[
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmldsig-more#md5",
    "http://www.w3.org/2001/04/xmldsig-more#sha224",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2001/04/xmlenc#ripemd160",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "http://www.w3.org/2001/04/xmlenc#SHA256",
    "none",
    "",
];

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let mut found = Vec::new();
    for signature in original.signatures() {
        for part in ["ds:SignatureValue", "ds:SignedInfo/ds:Reference/ds:DigestValue"] {
            of_value(original, original.element(&format!("{}/{part}", signature.path)), &mut found);
        }
        for (part, algorithms) in [("ds:SignatureMethod", METHODS), ("ds:Reference/ds:DigestMethod", DIGESTS)] {
            let path = format!("{}/ds:SignedInfo/{part}", signature.path);
            let value = original.element(&path).attributes[0].value.clone();
            for algorithm in algorithms {
                found.push(Mutant::new(
                    format!("algorithm {algorithm} in"),
                    &path,
                    put(&original.document, value.clone(), algorithm),
                ));
            }
        }
        counts(original, signature, &mut found);
        borrowed(original, signature, &mut found);
    }
    found
}

/// Four bits of every byte of a digest, one of every byte of a signature value, and other lengths and forms.
fn of_value(original: &Original, element: &Element, found: &mut Vec<Mutant>) {
    let value = STANDARD.decode(original.text(&element.content)).unwrap();
    let mut add = |operation: String, value: &[u8]| {
        let mutant = put(&original.document, element.content.clone(), &STANDARD.encode(value));
        found.push(Mutant::new(operation, &element.path, mutant));
    };
    let bits = if value.len() <= 32 { 4 } else { 1 };
    for at in 0..value.len() {
        for bit in 0..bits {
            let mut flipped = value.clone();
            flipped[at] ^= 1 << ((bit * 2 + at) % 8);
            add(format!("bit {bit} of byte {at} of"), &flipped);
        }
    }
    for length in [1, value.len() / 2, value.len() - 1] {
        add(format!("first {length} bytes of"), &value[..length]);
    }
    add("zero before".to_owned(), &[&[0], value.as_slice()].concat());
    add("zero after".to_owned(), &[value.as_slice(), &[0]].concat());
    add("twice".to_owned(), &[value.as_slice(), &value].concat());
    add("zeros for".to_owned(), &vec![0; value.len()]);
    add("ones for".to_owned(), &vec![0xff; value.len()]);
    let one = [vec![0; value.len() - 1], vec![1]].concat();
    add("the number one for".to_owned(), &one);
    let text = original.text(&element.content);
    for (operation, other) in [
        ("without padding", text.trim_end_matches('=').to_owned()),
        ("more padding", format!("{text}=")),
        ("padding amid", text.replacen(&text[8..12], &format!("{}====", &text[8..12]), 1)),
        ("other alphabet", text.replace('+', "-").replace('/', "_")),
        ("reversed", text.chars().rev().collect()),
        ("other case", text.to_ascii_lowercase()),
        ("spare bits", spare_bits(text)),
        ("text behind the padding", format!("{text}AAAA")),
        ("a star amid", text.replacen(&text[8..12], "****", 1)),
    ] {
        found.push(Mutant::new(
            format!("{operation}: base64 of"),
            &element.path,
            put(&original.document, element.content.clone(), &other),
        ));
    }
}

/// The last letter before the padding with a bit set that decoding drops.
fn spare_bits(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    let last = ALPHABET.iter().position(|&letter| letter == body.as_bytes()[body.len() - 1]).unwrap();
    format!("{}{}{}", &body[..body.len() - 1], char::from(ALPHABET[last ^ 1]), &text[body.len()..])
}

/// Several of what there is one of, in both orders, the false one with another id or value.
fn counts(original: &Original, signature: &Element, found: &mut Vec<Mutant>) {
    let document = &original.document;
    for part in [
        "",
        "/ds:SignedInfo",
        "/ds:SignedInfo/ds:CanonicalizationMethod",
        "/ds:SignedInfo/ds:SignatureMethod",
        "/ds:SignedInfo/ds:Reference",
        "/ds:SignedInfo/ds:Reference/ds:Transforms",
        "/ds:SignedInfo/ds:Reference/ds:DigestMethod",
        "/ds:SignedInfo/ds:Reference/ds:DigestValue",
        "/ds:SignatureValue",
        "/ds:KeyInfo",
    ] {
        let path = format!("{}{part}", signature.path);
        let element = original.element(&path);
        let whole = original.text(&element.whole);
        for (what, other) in [
            ("another id", whole.replace(&original.spec.assertion_id, "_evil").replace(&original.spec.response_id, "_evil")),
            (
                "an empty URI",
                whole
                    .replace(&format!("#{}", original.spec.response_id), "")
                    .replace(&format!("#{}", original.spec.assertion_id), ""),
            ),
            ("zeros", whole.replace(['1', '2', '3', '4', '5', 'a', 'b', 'c', 'd', 'e'], "0")),
            ("nothing", String::new()),
        ] {
            found.push(Mutant::new(format!("before it one with {what}:"), &path, insert(document, element.whole.start, &other)));
            found.push(Mutant::new(format!("after it one with {what}:"), &path, insert(document, element.whole.end, &other)));
            found.push(Mutant::new(format!("in its place one with {what}:"), &path, put(document, element.whole.clone(), &other)));
        }
    }
}

/// Signatures, values and keys of others: an attacker with a certificate of the same name, another key, another document.
fn borrowed(original: &Original, signature: &Element, found: &mut Vec<Mutant>) {
    let sign = original.spec.sign;
    let document = &original.document;
    let other_id = ResponseSpec { response_id: "_other".to_owned(), assertion_id: "_another".to_owned(), ..spec(sign) };
    let other_name = ResponseSpec { name_id: "mallory@example.com".to_owned(), ..spec(sign) };
    let donors = [
        ("the attacker's document", spec(sign).build(&ATTACKER)),
        ("a P-384 key's document", spec(sign).build(&P384_KEY)),
        ("another document of the provider", other_id.build(original.key)),
        ("a document for another person", other_name.build(original.key)),
    ];
    let nth = usize::from(signature.path.contains("Assertion") && original.signatures().count() == 2);
    for (whose, donor) in &donors {
        let theirs = donor.split("<ds:Signature ").nth(nth + 1).unwrap();
        for part in ["ds:SignatureValue", "ds:SignedInfo", "ds:KeyInfo", "ds:DigestValue"] {
            let at = original.elements.iter().find(|e| e.within(&signature.path) && e.path.ends_with(part)).unwrap();
            let mutant = put(document, at.whole.clone(), element(theirs, part));
            found.push(Mutant::new(format!("of {whose}:"), &at.path, mutant));
        }
    }
    let attacker = ATTACKER.certificate_base64();
    let info = original.element(&format!("{}/ds:KeyInfo", signature.path)).content.clone();
    let forged = spec(sign).build(&ATTACKER);
    let own = original.key.certificate_base64();
    for (what, content) in [
        ("a KeyName", "<ds:KeyName>evil</ds:KeyName>".to_owned()),
        ("a RetrievalMethod", "<ds:RetrievalMethod URI=\"http://127.0.0.1:9/key\"/>".to_owned()),
        (
            "a KeyInfoReference",
            "<dsig11:KeyInfoReference xmlns:dsig11=\"http://www.w3.org/2009/xmldsig11#\" URI=\"#_x\"/>".to_owned(),
        ),
        ("the provider's certificate", format!("<ds:X509Data><ds:X509Certificate>{own}</ds:X509Certificate></ds:X509Data>")),
        (
            "both certificates",
            format!(
                "<ds:X509Data><ds:X509Certificate>{attacker}</ds:X509Certificate><ds:X509Certificate>{own}</ds:X509Certificate></ds:X509Data>"
            ),
        ),
    ] {
        let forged = forged.replace(element(&forged, "ds:X509Data"), &content);
        found.push(Mutant::new(format!("forged with {what} as the key of"), &signature.path, forged));
        let place = format!("{}/ds:KeyInfo", signature.path);
        found.push(Mutant::new(format!("{what} in"), &place, put(document, info.clone(), &content)));
    }
}
