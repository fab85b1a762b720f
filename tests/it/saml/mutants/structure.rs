//! Structure: the wrapping vectors, and every element and attribute deleted, doubled, moved, wrapped, opened and renamed.

use playground::saml_idp::response::Sign;

use super::tree::{Element, insert, put, relocate};
use super::{Mutant, Original, spec};
use crate::saml::wrapping;
use crate::saml::{ATTACKER, element};

const EVIL: &str = "<saml:NameID>mallory@example.com</saml:NameID>";
const WRAP: (&str, &str) = ("<x:Wrap xmlns:x=\"urn:x\">", "</x:Wrap>");

/// The hand-made vectors of `wrapping` (XSW1 to XSW8 and others), each also with the evil twin under the signed id, and XSW9.
pub(super) fn wrapping(original: &Original) -> Vec<Mutant> {
    let parts = wrapping::Parts::of(&original.spec, original.key);
    let mut found = Vec::new();
    for (name, forge) in wrapping::VECTORS {
        let document = forge(&parts);
        let twin = document.replace("\"_evil\"", &format!("\"{}\"", original.spec.assertion_id));
        found.push(Mutant::new(format!("{name}, evil twin with the same id"), "", twin));
        found.push(Mutant::new(*name, "", document));
    }
    // XSW9: the signed document stands beside as a second root or inside a foreign tree; only the Reference finds it.
    let forged = spec(Sign::Nothing).build(&ATTACKER).replace("alice@example.com", "mallory@example.com");
    let signature = element(&original.document, "ds:Signature");
    for (name, document) in [
        ("XSW9 two roots, the evil first", format!("{forged}{}", original.document)),
        ("XSW9 two roots, the evil last", format!("{}{forged}", original.document)),
        ("XSW9 evil around with the signature first", forged.replacen('>', &format!(">{signature}{}", original.document), 1)),
        ("XSW9 evil after the end tag", original.document.replace("</samlp:Response>", &format!("{forged}</samlp:Response>"))),
    ] {
        found.push(Mutant::new(name, "", document));
    }
    found
}

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let mut found = Vec::new();
    for (index, element) in original.elements.iter().enumerate() {
        if original.is_key_content(&element.path) {
            continue;
        }
        let next = original.elements[index + 1..].iter().find(|next| next.whole.start >= element.whole.end);
        of_element(original, element, next, &mut found);
        for attribute in 0..element.attributes.len() {
            of_attribute(original, element, attribute, &mut found);
        }
    }
    found
}

fn of_element(original: &Original, element: &Element, next: Option<&Element>, found: &mut Vec<Mutant>) {
    let document = &original.document;
    let path = &element.path;
    let whole = original.text(&element.whole).to_owned();
    let mut add = |operation: &str, mutant: String| found.push(Mutant::new(operation, path, mutant));
    let root = original.elements[0].clone();
    if element.whole != root.whole {
        add("delete", put(document, element.whole.clone(), ""));
        add("double", insert(document, element.whole.end, &whole));
        add("move to the start of the root:", relocate(document, &element.whole, root.content.start));
        add("move to the end of the root:", relocate(document, &element.whole, root.content.end));
        add("copy to the start of the root:", insert(document, root.content.start, &whole));
        add("copy to the end of the root:", insert(document, root.content.end, &whole));
        add("keep only the tags out of", put(document, element.whole.clone(), original.text(&element.content)));
    }
    add("wrap", put(document, element.whole.clone(), &format!("{}{whole}{}", WRAP.0, WRAP.1)));
    if let Some(next) =
        next.filter(|next| next.path.rsplit_once('/').map(|(parent, _)| parent) == path.rsplit_once('/').map(|(parent, _)| parent))
    {
        add("swap with its neighbour", relocate(document, &element.whole, next.whole.end));
    }
    if element.content.is_empty() {
        return;
    }
    let content = original.text(&element.content).to_owned();
    add("empty", put(document, element.content.clone(), ""));
    add("wrap the content of", put(document, element.content.clone(), &format!("{}{content}{}", WRAP.0, WRAP.1)));
    add("evil first in", insert(document, element.content.start, EVIL));
    add("evil last in", insert(document, element.content.end, EVIL));
    add("text first in", insert(document, element.content.start, "text"));
    add("text last in", insert(document, element.content.end, "text"));
    if element.path.matches('/').count() < 3 {
        add("the whole document in", insert(document, element.content.end, document));
    }
    let name = original.text(&element.name);
    let renamed = format!("<{name}X{}{content}</{name}X>", &document[element.name.end..element.tag.end]);
    add("rename", put(document, element.whole.clone(), &renamed));
    let twin = whole.replace("alice@example.com", "mallory@example.com").replace("staff", "root");
    add("evil copy before", insert(document, element.whole.start, &twin));
    add("evil copy after", insert(document, element.whole.end, &twin));
}

fn of_attribute(original: &Original, element: &Element, index: usize, found: &mut Vec<Mutant>) {
    let attribute = &element.attributes[index];
    let (name, value) = (original.text(&attribute.name), original.text(&attribute.value));
    if name.starts_with("xmlns") {
        return;
    }
    let document = &original.document;
    let mut add = |operation: &str, text: &str| {
        let mutant = put(document, attribute.whole.clone(), text);
        found.push(Mutant::new(operation, &format!("{}/@{name}", element.path), mutant));
    };
    add("delete", "");
    add("double", &format!(" {name}=\"{value}\" {name}=\"{value}\""));
    add("empty", &format!(" {name}=\"\""));
    add("lengthen", &format!(" {name}=\"{value}x\""));
    add("blank before", &format!(" {name}=\" {value}\""));
    add("blank after", &format!(" {name}=\"{value} \""));
    add("change the first letter of", &format!(" {name}=\"~{}\"", value.get(1..).unwrap_or_default()));
    add("other case of", &format!(" {name}=\"{}\"", other_case(value)));
    add("other case of the name", &format!(" {}=\"{value}\"", other_case(name)));
    add("other name", &format!(" {name}X=\"{value}\""));
    add("foreign namespace", &format!(" xmlns:x=\"urn:x\" x:{}=\"{value}\"", name.replace(':', "")));
    add("foreign twin", &format!(" {name}=\"{value}\" xmlns:x=\"urn:x\" x:{}=\"evil\"", name.replace(':', "")));
    add("markup in", &format!(" {name}=\"<{value}\""));
}

fn other_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}
