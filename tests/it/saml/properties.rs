//! S-04, Y-16 and the promise that no input makes a parser panic.
//!
//! Mutations of validly signed documents, by bytes and by elements: whatever is still accepted must say exactly what was
//! signed. `PROPTEST_CASES` raises the number of cases.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::metadata::{self, MetadataOptions};
use fedgate::federation::saml::response::{self, VerifiedAssertion};
use playground::saml_idp::response::Sign;
use proptest::prelude::*;

use super::{KEY, NOW, SIGNED, spec, verify, verify_at};

/// A signed document and what it says.
static SIGNED_DOCUMENTS: LazyLock<Vec<(String, VerifiedAssertion)>> = LazyLock::new(|| {
    let documents = SIGNED.into_iter().map(|sign| spec(sign).build(&KEY));
    documents.map(|document| (document.clone(), verify(&document).unwrap())).collect()
});

/// Places where an element, a text or a tag begins or ends.
fn seams(document: &str) -> Vec<usize> {
    let ends = document.match_indices('>').map(|(at, _)| at + 1);
    let mut seams: Vec<usize> = document.match_indices('<').map(|(at, _)| at).chain(ends).collect();
    seams.sort_unstable();
    seams.dedup();
    seams
}

#[derive(Debug, Clone)]
enum Edit {
    Byte { at: usize, with: u8 },
    Delete { from: usize, to: usize },
    Copy { from: usize, to: usize, at: usize },
    Insert { at: usize, text: &'static str },
}

const SNIPPETS: &[&str] = &[
    "<!---->",
    "<?x?>",
    "<![CDATA[x]]>",
    "&amp;",
    "&#65;",
    " ",
    "\n",
    "\u{a0}",
    "\u{301}",
    "evil",
    "<x/>",
    " ID=\"_x\"",
    " xmlns=\"urn:x\"",
    "<saml:NameID>mallory@example.com</saml:NameID>",
    "</saml:Assertion>",
    "<saml:Assertion>",
    "<saml:Attribute Name=\"email\"><saml:AttributeValue>m@example.com</saml:AttributeValue></saml:Attribute>",
    "&#13;",
    " xml:base=\"x\"",
    " xmlns:saml=\"urn:x\"",
];

fn edit() -> impl Strategy<Value = Edit> {
    let place = 0..1_000_000_usize;
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, with)| Edit::Byte { at, with }),
        (place.clone(), place.clone()).prop_map(|(from, to)| Edit::Delete { from, to }),
        (place.clone(), place.clone(), place.clone()).prop_map(|(from, to, at)| Edit::Copy { from, to, at }),
        (place, proptest::sample::select(SNIPPETS)).prop_map(|(at, text)| Edit::Insert { at, text }),
    ]
}

fn apply(document: &mut Vec<u8>, edit: &Edit) {
    let text = String::from_utf8_lossy(document).into_owned();
    let seams = seams(&text);
    if seams.is_empty() || text.len() != document.len() {
        return;
    }
    let seam = |at: usize| seams[at % seams.len()];
    match *edit {
        Edit::Byte { at, with } => {
            let at = at % document.len();
            document[at] = with;
        }
        Edit::Delete { from, to } => {
            let (from, to) = (seam(from).min(seam(to)), seam(from).max(seam(to)));
            document.drain(from..to);
        }
        Edit::Copy { from, to, at } => {
            let (from, to) = (seam(from).min(seam(to)), seam(from).max(seam(to)));
            let piece = document[from..to].to_vec();
            document.splice(seam(at)..seam(at), piece);
        }
        Edit::Insert { at, text } => {
            // Half of the insertions stand anywhere, the others at a seam.
            let at = if at % 2 == 0 { at / 2 % (document.len() + 1) } else { seam(at / 2) };
            document.splice(at..at, text.bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(1_500)) })]

    #[test]
    fn s04_mutants_say_what_was_signed_or_nothing(which in 0..3_usize, edits in prop::collection::vec(edit(), 1..4)) {
        let (document, says) = &SIGNED_DOCUMENTS[which];
        let mut mutant = document.clone().into_bytes();
        for edit in &edits {
            apply(&mut mutant, edit);
        }
        if let Ok(mutant) = String::from_utf8(mutant)
            && let Ok(assertion) = verify(&mutant)
        {
            prop_assert_eq!(&assertion, says, "{}", mutant);
        }
    }

    #[test]
    fn s04_single_bytes(which in 0..3_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (document, says) = &SIGNED_DOCUMENTS[which];
        let mut mutant = document.clone().into_bytes();
        mutant[at.index(document.len())] ^= 1 << bit;
        if let Ok(mutant) = String::from_utf8(mutant)
            && let Ok(assertion) = verify(&mutant)
        {
            prop_assert_eq!(&assertion, says, "{}", mutant);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = response::decode(&text);
        let _ = verify(&text);
        let _ = metadata::parse(&bytes, &MetadataOptions { expected_entity_id: None, now_ms: NOW, allow_http: false });
        let _ = verify_at(&STANDARD.encode(&bytes), &super::idp(), None, NOW);
    }

    #[test]
    fn xml_like_text_never_panics(text in r#"(<\?xml version="1\.0"\?>)?(<(/)?(samlp:|saml:|ds:|md:)?[A-Z][a-z]{0,3}( [a-zA-Z:]{1,4}="[^"]{0,4}")?(/)?>|[a-z&;# ]{0,5}|<!--|-->|<!\[CDATA\[|\]\]>|<\?|<!DOCTYPE){0,30}"#) {
        let _ = verify(&text);
        let _ = metadata::parse(text.as_bytes(), &MetadataOptions { expected_entity_id: None, now_ms: NOW, allow_http: true });
    }
}

fn cases(standard: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(standard)
}

/// What is read equals what stands in the canonical octets that were digested, found there without any parser.
#[test]
fn s04_values_stand_in_the_signed_octets() {
    use bergshamra::c14n::{C14nMode, canonicalize_doc};
    use bergshamra::xml::nodeset::NodeSet;
    for (document, says) in &*SIGNED_DOCUMENTS {
        let tree = uppsala::parse(document).unwrap();
        let assertion = tree.get_elements_by_tag_name("Assertion")[0];
        let set = NodeSet::tree_without_comments(assertion, &tree);
        let octets = canonicalize_doc::<&str>(&tree, C14nMode::Exclusive, Some(&set), &[]).unwrap();
        let octets = String::from_utf8(octets).unwrap();
        assert!(octets.contains(&format!(">{}</saml:NameID>", says.name_id.value)));
        assert!(octets.contains(&format!(" ID=\"{}\"", says.assertion_id)));
        for (name, values) in &says.attributes {
            assert!(octets.contains(&format!("<saml:Attribute Name=\"{name}\"")));
            for value in values {
                assert!(octets.contains(&format!(">{value}</saml:AttributeValue>")));
            }
        }
    }
    assert_eq!(spec(Sign::Both).sign, Sign::Both);
}
