//! Z-01: the SAML gate on raw bytes. What it lets through is well-formed, within the limits and free of what it forbids.

use fedgate::federation::saml::gate;

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Ok(text) = gate::admit(bytes, gate::MESSAGE) else { return };
    assert!(text.len() <= gate::MESSAGE.bytes && !text.contains("<!"));
    let Ok(document) = gate::parse(text, gate::MESSAGE) else { return };
    let nodes = document.descendants(document.root());
    let elements: Vec<_> = nodes.iter().filter_map(|&node| document.element(node)).collect();
    assert!(elements.len() <= gate::MESSAGE.elements);
    assert!(nodes.iter().all(|&node| document.ancestors(node).len() <= gate::MESSAGE.depth as usize + 1));
    assert!(document.doctype.is_none());
    for element in elements {
        assert!(element.namespace_declarations.iter().all(|(prefix, name)| prefix.is_empty() || !name.is_empty()));
        assert!(element.name.prefix.as_ref().is_none_or(|_| element.name.namespace_uri.is_some()), "{}", element.name.local_name);
    }
}
