//! Values: every text changed, split by a comment, CDATA, a processing instruction, an element or an entity.

use super::tree::{insert, put};
use super::{Mutant, Original};

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let document = &original.document;
    let mut found = Vec::new();
    for element in original.elements.iter().filter(|element| element.text && !original.is_key_content(&element.path)) {
        let text = original.text(&element.content);
        let mut add = |operation: &str, mutant: String| found.push(Mutant::new(operation, &element.path, mutant));
        let middle = element.content.start + text.len() / 2;
        let with = |replacement: &str| put(document, element.content.clone(), replacement);
        add("append a letter to", insert(document, element.content.end, "x"));
        add("prepend a letter to", insert(document, element.content.start, "x"));
        add("letter amid", insert(document, middle, "x"));
        add("no-break space after", insert(document, element.content.end, "\u{a0}"));
        add("combining accent after", insert(document, element.content.end, "\u{301}"));
        add("zero-width space amid", insert(document, middle, "\u{200b}"));
        add("turned direction amid", insert(document, middle, "\u{202e}"));
        add("carriage return reference after", insert(document, element.content.end, "&#13;"));
        add("full-width first letter of", with(&format!("\u{ff41}{}", &text[1..])));
        add("half of", with(&text[..text.len() / 2]));
        add("twice", with(&format!("{text}{text}")));
        add("reversed", with(&text.chars().rev().collect::<String>()));
        for (operation, split) in [
            ("comment amid", "<!---->"),
            ("comment with text amid", "<!-- .evil.example.com -->"),
            ("CDATA amid", "<![CDATA[]]>"),
            ("processing instruction amid", "<?x y?>"),
            ("element amid", "<x/>"),
            ("entity amid", "&x;"),
            ("null reference amid", "&#0;"),
            ("surrogate reference amid", "&#xD800;"),
            ("control reference amid", "&#8;"),
            ("bare ampersand amid", "&"),
            ("end of CDATA amid", "]]>"),
        ] {
            add(operation, insert(document, middle, split));
        }
        add("CDATA around", with(&format!("<![CDATA[{text}]]>")));
        add("comment around", with(&format!("<!--{text}-->")));
        add("element around", with(&format!("<x>{text}</x>")));
        add("comment before", insert(document, element.content.start, "<!--a-->"));
        add("comment after", insert(document, element.content.end, "<!--a-->"));
    }
    found
}
