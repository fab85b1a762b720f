//! Transforms and canonicalization: every algorithm that some verifier knows, in every place, with and without content.

use super::tree::{insert, put};
use super::{Mutant, Original};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Algorithm and content.
const TRANSFORMS: &[(&str, &str)] = &[
    (ENVELOPED, ""),
    (EXCLUSIVE, ""),
    (EXCLUSIVE, "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"/>"),
    (EXCLUSIVE, "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"#default samlp\"/>"),
    ("http://www.w3.org/2001/10/xml-exc-c14n#WithComments", ""),
    ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""),
    ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", ""),
    ("http://www.w3.org/2006/12/xml-c14n11", ""),
    ("http://www.w3.org/2006/12/xml-c14n11#WithComments", ""),
    ("http://www.w3.org/2010/xml-c14n2", ""),
    ("http://www.w3.org/2000/09/xmldsig#base64", ""),
    ("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(ancestor-or-self::*[local-name()='NameID'])</ds:XPath>"),
    ("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>false()</ds:XPath>"),
    (
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//*[local-name()='NameID']</f:XPath>",
    ),
    (
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\">x</xsl:template></xsl:stylesheet>",
    ),
    ("http://www.w3.org/2001/04/decrypt#XML", ""),
    ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform", ""),
    ("urn:unknown", ""),
    ("", ""),
];

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let document = &original.document;
    let mut found = Vec::new();
    for signature in original.signatures() {
        let within = |part: &str| original.element(&format!("{}/ds:SignedInfo/{part}", signature.path));
        let list = within("ds:Reference/ds:Transforms");
        let places = [within("ds:Reference/ds:Transforms/ds:Transform"), within("ds:Reference/ds:Transforms/ds:Transform[2]")];
        let method = within("ds:CanonicalizationMethod");
        for (index, (algorithm, content)) in TRANSFORMS.iter().enumerate() {
            let transform = format!("<ds:Transform Algorithm=\"{algorithm}\">{content}</ds:Transform>");
            let mut add = |place: &str, mutant: String| {
                found.push(Mutant::new(format!("transform {index} {algorithm} {place}"), &signature.path, mutant));
            };
            add("first in", insert(document, list.content.start, &transform));
            add("second in", insert(document, places[1].whole.start, &transform));
            add("last in", insert(document, list.content.end, &transform));
            add("alone in", put(document, list.content.clone(), &transform));
            for (number, place) in places.iter().enumerate() {
                // An original transform written with an end tag is the same in canonical form: that one is in `neutral`.
                let same = content.is_empty() && [ENVELOPED, EXCLUSIVE][number] == *algorithm;
                if !same {
                    add(&format!("for number {number} in"), put(document, place.whole.clone(), &transform));
                }
            }
            if *algorithm != EXCLUSIVE || !content.is_empty() {
                let other = format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">{content}</ds:CanonicalizationMethod>");
                add("for the canonicalization of", put(document, method.whole.clone(), &other));
            }
        }
        let [first, second] = places.map(|place| original.text(&place.whole));
        for (name, content) in [
            ("turned round", format!("{second}{first}")),
            ("only enveloped", first.to_owned()),
            ("only canonicalization", second.to_owned()),
            ("none", String::new()),
            ("in a foreign namespace", format!("{first}{second}").replace("ds:Transform", "saml:Transform")),
            ("nested", first.replace("/>", &format!(">{second}</ds:Transform>"))),
        ] {
            found.push(Mutant::new(
                format!("transforms {name} in"),
                &signature.path,
                put(document, list.content.clone(), &content),
            ));
        }
        let reference = within("ds:Reference");
        for uri in
            ["", "#", "#xpointer(/)", "#_nobody", "http://127.0.0.1:9/x", "file:///etc/passwd", "cid:x", "#%5f", " ", "##", "urn:x"]
        {
            let mutant = put(document, reference.attributes[0].value.clone(), uri);
            found.push(Mutant::new(format!("Reference to {uri:?} in"), &signature.path, mutant));
        }
        for extra in
            [" Type=\"http://www.w3.org/2000/09/xmldsig#Object\"", " Id=\"_ref\"", " xml:base=\"http://127.0.0.1:9/\"", " x=\"y\""]
        {
            let mutant = insert(document, reference.after_name(), extra);
            found.push(Mutant::new(format!("Reference with{extra} in"), &signature.path, mutant));
        }
    }
    found
}
