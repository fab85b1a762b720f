//! Z-01: the SAML gate on raw bytes. What it lets through is well-formed, within the limits and free of what it forbids.
#![no_main]

use fedgate::federation::saml::gate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = gate::admit(bytes, gate::MESSAGE) else { return };
    assert!(text.len() <= gate::MESSAGE.bytes && !text.contains("<!"));
    let Ok(document) = gate::parse(text, gate::MESSAGE) else { return };
    let nodes = document.descendants(document.root());
    let elements = nodes.iter().filter(|&&node| document.element(node).is_some()).count();
    assert!(elements <= gate::MESSAGE.elements);
    assert!(nodes.iter().all(|&node| document.ancestors(node).len() <= gate::MESSAGE.depth as usize + 1));
    assert!(document.doctype.is_none());
});
