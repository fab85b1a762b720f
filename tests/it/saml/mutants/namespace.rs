//! Namespaces: prefixes renamed, bound to something else, unbound, and id attributes that only look like one.
//!
//! A declaration that no name uses is neutral under exclusive canonicalization (`neutral`); here stand only those that change
//! what a name means, and those that are not well-formed.

use playground::saml_idp::response::Sign;

use super::tree::{Element, insert, put};
use super::{Mutant, Original};

const PREFIXES: [(&str, &str); 4] = [
    ("samlp", "urn:oasis:names:tc:SAML:2.0:protocol"),
    ("saml", "urn:oasis:names:tc:SAML:2.0:assertion"),
    ("ds", "http://www.w3.org/2000/09/xmldsig#"),
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let mut found = Vec::new();
    for element in original.elements.iter().filter(|element| !original.is_key_content(&element.path)) {
        prefixes(original, element, &mut found);
        names(original, element, &mut found);
        ids(original, element, &mut found);
        let at = element.after_name();
        for (what, attribute) in [
            ("declare xml", " xmlns:xml=\"urn:x\""),
            ("declare xmlns", " xmlns:xmlns=\"urn:x\""),
            ("declare another prefix for xml", " xmlns:x=\"http://www.w3.org/XML/1998/namespace\""),
            ("xml:lang", " xml:lang=\"en\""),
            ("xml:base", " xml:base=\"http://127.0.0.1:9/\""),
            ("an unbound prefix", " n:x=\"y\""),
            (
                "a schema location",
                " xmlns:l=\"http://www.w3.org/2001/XMLSchema-instance\" l:schemaLocation=\"urn:x http://127.0.0.1:9/\"",
            ),
        ] {
            found.push(Mutant::new(what, &element.path, insert(&original.document, at, attribute)));
        }
    }
    found
}

/// The prefixes that the element or something inside uses.
fn prefixes(original: &Original, element: &Element, found: &mut Vec<Mutant>) {
    let document = &original.document;
    let whole = original.text(&element.whole);
    for (prefix, uri) in PREFIXES {
        if !whole.contains(&format!("<{prefix}:")) && !whole.contains(&format!(" {prefix}:")) {
            continue;
        }
        let mut add = |what: &str, mutant: String| found.push(Mutant::new(format!("{what} {prefix} at"), &element.path, mutant));
        let declared = format!("xmlns:{prefix}=");
        if !whole.contains(&declared) {
            add("bind", insert(document, element.after_name(), &format!(" {declared}\"urn:x\"")));
            add("unbind", insert(document, element.after_name(), &format!(" {declared}\"\"")));
        }
        let Some(declaration) = element.attributes.iter().find(|a| original.text(&a.name) == format!("xmlns:{prefix}")) else {
            continue;
        };
        for (what, other) in [
            ("another name for", "urn:x".to_owned()),
            ("other case of the name of", uri.to_uppercase()),
            ("a blank after the name of", format!("{uri} ")),
            ("a slash after the name of", format!("{uri}/")),
            ("no name for", String::new()),
            ("an escaped name for", format!("%75{uri}")),
        ] {
            add(what, put(document, declaration.value.clone(), &other));
        }
        add("double the declaration of", insert(document, declaration.whole.end, original.text(&declaration.whole)));
        let uses = whole
            .replace(&format!("<{prefix}:"), "<q:")
            .replace(&format!("</{prefix}:"), "</q:")
            .replace(&format!(" {prefix}:"), " q:");
        add("rename", put(document, element.whole.clone(), &uses.replace(&declared, "xmlns:q=")));
        add("rename the uses of", put(document, element.whole.clone(), &uses));
        // The root may declare it as well: then nothing has changed for a reader.
        if element.whole.start == 0 || !original.text(&original.elements[0].tag).contains(&declared) {
            add("delete the declaration of", put(document, declaration.whole.clone(), ""));
            add("rename the declaration of", put(document, element.whole.clone(), &whole.replace(&declared, "xmlns:q=")));
        }
    }
}

/// The element's own name: another prefix, none, a prefix too many.
fn names(original: &Original, element: &Element, found: &mut Vec<Mutant>) {
    let name = original.text(&element.name);
    let (prefix, local) = name.split_once(':').unwrap();
    let uri = PREFIXES.iter().find(|(known, _)| *known == prefix).unwrap().1;
    let rest = &original.document[element.name.end..element.tag.end];
    let content = original.text(&element.content);
    let named = |name: &str, declaration: &str| {
        let end = if rest.ends_with("/>") { String::new() } else { format!("{content}</{name}>") };
        put(&original.document, element.whole.clone(), &format!("<{name}{declaration}{rest}{end}"))
    };
    let mut add = |what: &str, mutant: String| found.push(Mutant::new(what, &element.path, mutant));
    add("other prefix, same name", named(&format!("q:{local}"), &format!(" xmlns:q=\"{uri}\"")));
    add("default namespace, same name", named(local, &format!(" xmlns=\"{uri}\"")));
    add("other prefix, other name", named(&format!("q:{local}"), " xmlns:q=\"urn:x\""));
    add("unbound prefix", named(&format!("q:{local}"), ""));
    add("no prefix", named(local, ""));
    add("two prefixes", named(&format!("{prefix}:{name}"), ""));
}

/// Attributes that one verifier takes for an id and another does not.
fn ids(original: &Original, element: &Element, found: &mut Vec<Mutant>) {
    let id = if original.spec.sign == Sign::Assertion { &original.spec.assertion_id } else { &original.spec.response_id };
    for spelling in ["ID=", "Id=", "id=", "xml:id=", "AssertionID=", "xmlns:i=\"urn:i\" i:ID=", "xmlns:ID=\"urn:i\" ID:ID="] {
        let mutant = insert(&original.document, element.after_name(), &format!(" {spelling}\"{id}\""));
        found.push(Mutant::new(format!("the signed id as {spelling}"), &element.path, mutant));
    }
}
