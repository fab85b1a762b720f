//! The explicit list of changes that no signature covers and that change nothing that is read (S-04, Y-16).
//!
//! Two halves: places and operations of the other families where a mutant may be accepted (`reason`), and changes that must
//! be accepted, since providers make them (`changes`). In both the values must be those of the original.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playground::saml_idp::response::Sign;

use super::tree::{insert, put};
use super::{Mutant, Original};

/// Where a mutant may be accepted.
enum Place {
    /// This element itself, or its attribute: what a signature around leaves out.
    At(&'static str),
    /// The element and everything inside.
    In(&'static str),
}

use Place::{At, In};

/// What is signed in the original, the operations by the start of their name (none: all), the place, and why.
struct Rule {
    signs: &'static [Sign],
    operations: &'static [&'static str],
    place: Place,
    why: &'static str,
}

const ALL: &[Sign] = &[Sign::Response, Sign::Assertion, Sign::Both];
const OUTER: &[Sign] = &[Sign::Response, Sign::Both];
const INNER: &[Sign] = &[Sign::Assertion];
const BYTES: &[&str] = &[
    "bit",
    "byte",
    "insertion",
    "removal",
    "letter",
    "removed stretch",
    "doubled stretch",
    "another name",
    "other case",
    "a blank",
    "a slash",
    "an escaped",
];
const UNREAD: &[&str] =
    &["xml:", "a schema location", "declare", "other prefix, same name", "default namespace, same name", "bind", "foreign twin"];

const RULES: &[Rule] = &[
    Rule {
        signs: ALL,
        operations: BYTES,
        place: At("samlp:Response/saml:Assertion/@xmlns:xs"),
        why: "a prefix that only a value uses (xsi:type, which nobody reads) is not digested",
    },
    Rule {
        signs: ALL,
        operations: BYTES,
        place: At("samlp:Response/saml:Assertion/@xmlns:saml"),
        why: "the root declares the same prefix: without this declaration nothing changes",
    },
    Rule {
        signs: OUTER,
        operations: &[],
        place: In("samlp:Response/ds:Signature/ds:KeyInfo"),
        why: "keys in the message are ignored (S-05)",
    },
    Rule {
        signs: INNER,
        operations: &[],
        place: In("samlp:Response/saml:Assertion/ds:Signature/ds:KeyInfo"),
        why: "keys in the message are ignored (S-05)",
    },
    Rule {
        signs: OUTER,
        operations: UNREAD,
        place: At("samlp:Response/ds:Signature"),
        why: "the signature's own tag is not digested",
    },
    Rule {
        signs: OUTER,
        operations: UNREAD,
        place: At("samlp:Response/ds:Signature/ds:SignatureValue"),
        why: "the signature's own value is not digested",
    },
    Rule {
        signs: INNER,
        operations: UNREAD,
        place: At("samlp:Response/saml:Assertion/ds:Signature"),
        why: "the signature's own tag is not digested",
    },
    Rule {
        signs: INNER,
        operations: UNREAD,
        place: At("samlp:Response/saml:Assertion/ds:Signature/ds:SignatureValue"),
        why: "the signature's own value is not digested",
    },
    Rule {
        signs: OUTER,
        operations: &["carriage return reference after"],
        place: At("samlp:Response/ds:Signature/ds:SignatureValue"),
        why: "white space in base64",
    },
    Rule {
        signs: INNER,
        operations: &["carriage return reference after"],
        place: At("samlp:Response/saml:Assertion/ds:Signature/ds:SignatureValue"),
        why: "white space in base64",
    },
    Rule {
        signs: INNER,
        operations: &["swap with its neighbour"],
        place: At("samlp:Response/saml:Assertion/ds:Signature"),
        why: "the enveloped signature is not digested, wherever among the children it stands",
    },
    Rule {
        signs: INNER,
        operations: &["swap with its neighbour"],
        place: At("samlp:Response/saml:Assertion/saml:Issuer"),
        why: "the same, seen from the Issuer",
    },
    Rule {
        signs: &[Sign::Both],
        operations: &["delete", "in its place one with nothing"],
        place: At("samlp:Response/ds:Signature"),
        why: "the assertion has a signature of its own",
    },
    Rule { signs: INNER, operations: &[], place: At("samlp:Response"), why: "the envelope is not signed; it never binds" },
    Rule {
        signs: INNER,
        operations: &[],
        place: In("samlp:Response/saml:Issuer"),
        why: "the envelope is not signed; it never binds",
    },
    Rule {
        signs: INNER,
        operations: &[],
        place: In("samlp:Response/samlp:Status"),
        why: "the envelope is not signed; it never binds",
    },
];

/// Why this mutant may be accepted; `None` for all others.
pub(super) fn reason(original: &Original, mutant: &Mutant) -> Option<&'static str> {
    let mut why = None;
    for place in &mutant.places {
        let rule = RULES.iter().find(|rule| {
            rule.signs.contains(&original.spec.sign)
                && (rule.operations.is_empty() || rule.operations.iter().any(|operation| mutant.name.starts_with(operation)))
                && rule.place.holds(place)
        })?;
        why = Some(rule.why);
    }
    why
}

impl Place {
    fn holds(&self, place: &str) -> bool {
        match self {
            At(path) => place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("/@")),
            In(path) => place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// Changes that must be accepted.
pub(super) fn changes(original: &Original) -> Vec<Mutant> {
    let document = &original.document;
    let mut found: Vec<(&str, String)> = vec![
        ("an XML declaration", format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{document}")),
        ("a declaration of standalone", format!("<?xml version=\"1.0\" standalone=\"no\"?>{document}")),
        ("white space after the root", format!("{document}\r\n\t ")),
        ("single quotes", document.replace('"', "'")),
        ("blanks in tags", document.replace("\">", "\" \n>").replace("\"/>", "\"\t/>")),
        ("blanks around equals signs", document.replace("=\"", " = \"")),
        ("end tags for empty elements", end_tags(document)),
        ("references to letters", document.replace(">alice", ">&#x61;l&#105;ce").replace("staff", "&#115;taff")),
        ("a quote by reference", document.replace("Version=\"2.0\"", "Version=\"&#50;.0\"")),
        ("Windows line ends in a tag", document.replace(" Format=", "\r\n Format=")),
    ];
    for element in &original.elements {
        let at = element.after_name();
        let tag = &document[element.tag.clone()];
        // Exclusive canonicalization writes a declaration only where its prefix is used.
        found.push(("a declaration that nobody uses", insert(document, at, " xmlns:unused=\"urn:unused\"")));
        found.push((
            "another binding of a prefix used in values only",
            insert(document, at, if tag.contains("xmlns:xs=") { "" } else { " xmlns:xs=\"urn:x\"" }),
        ));
        if let [first, .., last] = element.attributes.as_slice() {
            let turned = format!("{}{}", original.text(&last.whole), original.text(&(first.whole.start..last.whole.start)));
            found.push(("attributes in another order", put(document, first.whole.start..last.whole.end, &turned)));
        }
    }
    for value in original.elements.iter().filter(|element| original.is_outer(&element.path, "ds:SignatureValue")) {
        let lines: Vec<&str> =
            original.text(&value.content).as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        found.push(("a signature value in lines", put(document, value.content.clone(), &format!("\n{}\n", lines.join("\n")))));
    }
    for info in original.elements.iter().filter(|element| original.is_outer(&element.path, "ds:KeyInfo")) {
        found.push(("no key in the message", put(document, info.whole.clone(), "")));
        found.push(("an empty KeyInfo", put(document, info.content.clone(), "")));
    }
    let mut mutants: Vec<Mutant> = found.into_iter().map(|(name, document)| Mutant::new(name, "", document)).collect();
    let field = STANDARD.encode(document);
    let lines: Vec<&str> = field.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for (name, between) in [("a field in lines", "\r\n"), ("a field with blanks", " "), ("a field with tabs", "\t")] {
        mutants.push(Mutant { name: name.to_owned(), places: Vec::new(), field: lines.join(between) });
    }
    mutants
}

/// `<a/>` as `<a></a>`.
fn end_tags(document: &str) -> String {
    let mut changed = document.to_owned();
    while let Some(end) = changed.find("/>") {
        let start = changed[..end].rfind('<').unwrap() + 1;
        let name = changed[start..end].split([' ', '\n']).next().unwrap().to_owned();
        changed.replace_range(end..end + 2, &format!("></{name}>"));
    }
    changed
}
