//! The places of a document's source: its elements, attributes and texts by byte position.
//!
//! A plain tokenizer for what our own signer writes (no comment, no CDATA, no `>` in attribute values), so that mutants are
//! cut from the text and no parser or writer can smooth them. It judges nothing.

use std::ops::Range;

/// One element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Names from the root, as written: `samlp:Response/saml:Assertion`; a repeated sibling has its number: `…[2]`.
    pub path: String,
    /// From `<` to the end of the end tag.
    pub whole: Range<usize>,
    /// Between the tags; empty for an empty-element tag.
    pub content: Range<usize>,
    /// The start tag.
    pub tag: Range<usize>,
    /// The qualified name in the start tag.
    pub name: Range<usize>,
    /// Attributes and namespace declarations, each with the blank before it.
    pub attributes: Vec<Attribute>,
    /// Whether it holds text and no element.
    pub text: bool,
}

/// One attribute or namespace declaration.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// With the blank before it.
    pub whole: Range<usize>,
    /// As written.
    pub name: Range<usize>,
    /// Without the quotes.
    pub value: Range<usize>,
}

impl Element {
    /// Where new attributes can stand: directly behind the name.
    pub fn after_name(&self) -> usize {
        self.name.end
    }

    /// Whether this is the element or stands inside the element of that path.
    pub fn within(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// All elements in document order.
pub fn elements(document: &str) -> Vec<Element> {
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(start) = document[at..].find('<').map(|offset| at + offset) {
        let end = start + document[start..].find('>').unwrap() + 1;
        at = end;
        if document[start..].starts_with("</") {
            let mut element = found[open.pop().unwrap()].clone();
            element.whole.end = end;
            element.content.end = start;
            let index = found.iter().position(|other| other.whole.start == element.whole.start).unwrap();
            found[index] = element;
            continue;
        }
        let name = start + 1..start + 1 + document[start + 1..].find([' ', '>', '/']).unwrap();
        let parent = open.last().map_or("", |&parent| found[parent].path.as_str());
        let path = unique_path(&found, parent, &document[name.clone()]);
        if let Some(&parent) = open.last() {
            found[parent].text = false;
        }
        let empty = document[start..end].ends_with("/>");
        let tag_end = if empty { end - 2 } else { end - 1 };
        let attributes = attributes(document, name.end..tag_end);
        found.push(Element {
            path,
            whole: start..end,
            content: end..end,
            tag: start..end,
            name,
            attributes,
            text: !empty && document[end..].find('<') != Some(0),
        });
        if !empty {
            open.push(found.len() - 1);
        }
    }
    found
}

fn unique_path(found: &[Element], parent: &str, name: &str) -> String {
    let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
    let numbered = (2..).map(|number| format!("{path}[{number}]"));
    std::iter::once(path.clone()).chain(numbered).find(|path| found.iter().all(|other| other.path != *path)).unwrap()
}

fn attributes(document: &str, within: Range<usize>) -> Vec<Attribute> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at < within.end {
        let equals = at + document[at..].find('=').unwrap();
        let value = equals + 2..equals + 2 + document[equals + 2..].find('"').unwrap();
        found.push(Attribute { whole: at..value.end + 1, name: at + 1..equals, value: value.clone() });
        at = value.end + 1;
    }
    found
}

/// The document with a range replaced.
pub fn put(document: &str, place: Range<usize>, text: &str) -> String {
    format!("{}{text}{}", &document[..place.start], &document[place.end..])
}

/// The document with text inserted.
pub fn insert(document: &str, at: usize, text: &str) -> String {
    put(document, at..at, text)
}

/// The document with one element taken to another place, which lies outside it.
pub fn relocate(document: &str, from: &Range<usize>, to: usize) -> String {
    let piece = document[from.clone()].to_owned();
    if to >= from.end {
        put(&insert(document, to, &piece), from.clone(), "")
    } else {
        insert(&put(document, from.clone(), ""), to, &piece)
    }
}
