//! Encoding: the bytes of the document and of the form field, document types and entities, comments and instructions.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::tree::insert;
use super::{Mutant, Original};

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let document = &original.document;
    let mut found = Vec::new();
    for (name, bytes) in character_sets(document) {
        found.push(Mutant::new(name, "", bytes));
    }
    for (name, prefix) in [
        ("another version", "<?xml version=\"1.1\"?>"),
        ("version 2", "<?xml version=\"2.0\"?>"),
        ("no version", "<?xml encoding=\"UTF-8\"?>"),
        ("UTF-16 declared", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"),
        ("UTF-7 declared", "<?xml version=\"1.0\" encoding=\"UTF-7\"?>"),
        ("Latin-1 declared", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"),
        ("ASCII declared", "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>"),
        ("EBCDIC declared", "<?xml version=\"1.0\" encoding=\"IBM037\"?>"),
        ("an empty declaration", "<?xml?>"),
        ("an open declaration", "<?xml version=\"1.0\""),
        ("two declarations", "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>"),
        ("a blank before the declaration", " <?xml version=\"1.0\"?>"),
        ("a stylesheet", "<?xml-stylesheet href=\"http://127.0.0.1:9/\"?>"),
        ("a document type", "<!DOCTYPE samlp:Response>"),
        ("an external document type", "<!DOCTYPE samlp:Response SYSTEM \"http://127.0.0.1:9/x.dtd\">"),
        ("a local document type", "<!DOCTYPE samlp:Response SYSTEM \"file:///etc/passwd\">"),
        ("a public document type", "<!DOCTYPE samlp:Response PUBLIC \"-//X//Y\" \"http://127.0.0.1:9/x.dtd\">"),
        ("an entity", "<!DOCTYPE r [<!ENTITY x \"mallory\">]>"),
        ("an external entity", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
        ("a parameter entity", "<!DOCTYPE r [<!ENTITY % x SYSTEM \"http://127.0.0.1:9/\"> %x;]>"),
        ("a default attribute", "<!DOCTYPE r [<!ATTLIST saml:NameID Format CDATA \"urn:x\">]>"),
        ("a typed id", "<!DOCTYPE r [<!ATTLIST samlp:Status n ID #IMPLIED>]>"),
        ("lower-case document type", "<!doctype html>"),
        ("an element declaration", "<!ELEMENT x ANY>"),
        ("text", "text"),
        ("an element", "<x/>"),
        ("a form feed", "\u{c}"),
    ] {
        found.push(Mutant::new(format!("{name} before the root"), "", format!("{prefix}{document}")));
        found.push(Mutant::new(format!("{name} after the root"), "", format!("{document}{prefix}")));
        let inside = document.find('>').unwrap() + 1;
        found.push(Mutant::new(format!("{name} in the root"), "", insert(document, inside, prefix)));
    }
    let seams = document.match_indices('<').map(|(at, _)| at).chain([document.len()]);
    for (number, at) in seams.enumerate() {
        let kinds =
            [("comment", "<!--c-->"), ("instruction", "<?p i?>"), ("CDATA", "<![CDATA[ ]]>"), ("entity", "&e;"), ("NUL", "\0")];
        // Two of the five at each seam, in turn.
        for (name, text) in [kinds[number % 5], kinds[(number + 2) % 5]] {
            found.push(Mutant::new(format!("{name} at seam {number}"), "", insert(document, at, text)));
        }
    }
    for letter in ["\0", "\u{1}", "\u{fffe}", "\u{feff}"] {
        let at = document.find("alice").unwrap();
        found.push(Mutant::new(format!("{letter:?} in a name"), "", insert(document, at, letter)));
    }
    for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe9", b"\xc0\xbc"] {
        let at = document.find("alice").unwrap();
        let mutant = [&document.as_bytes()[..at], bytes, &document.as_bytes()[at..]].concat();
        found.push(Mutant::new(format!("{bytes:x?} in a name"), "", mutant));
    }
    for share in 1..40 {
        found.push(Mutant::new(format!("cut at {share}/40"), "", &document[..document.len() * share / 40]));
    }
    found.extend(fields(document));
    found
}

fn character_sets(document: &str) -> Vec<(String, Vec<u8>)> {
    let wide = |declared: &str, big: bool, mark: bool| {
        let text = format!("{}{declared}{document}", if mark { "\u{feff}" } else { "" });
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    let mut found = Vec::new();
    for declared in ["", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"] {
        for (big, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            found.push((format!("UTF-16 big {big} mark {mark} {declared}"), wide(declared, big, mark)));
        }
    }
    let utf32 = document.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    found.push(("UTF-32".to_owned(), utf32));
    found.push(("byte order mark".to_owned(), format!("\u{feff}{document}").into_bytes()));
    found.push(("UTF-7".to_owned(), document.replace('<', "+ADw-").replace('>', "+AD4-").into_bytes()));
    found.push(("escaped".to_owned(), document.replace('<', "&lt;").into_bytes()));
    found.push(("CDATA around all".to_owned(), format!("<x><![CDATA[{document}]]></x>").into_bytes()));
    found
}

/// The form field: other alphabets, paddings and packings of the same bytes.
fn fields(document: &str) -> Vec<Mutant> {
    let good = STANDARD.encode(document);
    let compressed = |level: Compression| {
        let mut raw = DeflateEncoder::new(Vec::new(), level);
        raw.write_all(document.as_bytes()).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(document.as_bytes()).unwrap();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        gzip.write_all(document.as_bytes()).unwrap();
        [raw.finish().unwrap(), zlib.finish().unwrap(), gzip.finish().unwrap()]
    };
    let mut found: Vec<(String, String)> = vec![
        ("raw XML".to_owned(), document.to_owned()),
        ("base64 twice".to_owned(), STANDARD.encode(&good)),
        ("URL alphabet marked".to_owned(), format!("{}-_", URL_SAFE.encode(document))),
        ("URL alphabet of other bytes".to_owned(), URL_SAFE_NO_PAD.encode(format!("{document}\u{ffff}?>"))),
        ("percent signs".to_owned(), good.replacen('A', "%41", 1)),
        ("more padding".to_owned(), format!("{good}====")),
        ("padding amid".to_owned(), insert(&good, good.len() / 8 * 4, "=")),
        ("text behind".to_owned(), format!("{good}!")),
        ("another document behind".to_owned(), format!("{good}={good}")),
        ("the same document behind".to_owned(), STANDARD.encode(format!("{document}{document}"))),
        ("one letter less".to_owned(), good[..good.len() - 1].to_owned()),
        ("one letter less at the start".to_owned(), good[1..].to_owned()),
        ("without padding".to_owned(), STANDARD_NO_PAD.encode(format!("{document} \n")[..].as_bytes()).replace('=', "") + "="),
        ("NUL amid".to_owned(), insert(&good, 40, "\0")),
        ("no-break space amid".to_owned(), insert(&good, 40, "\u{a0}")),
        ("data URL".to_owned(), format!("data:text/xml;base64,{good}")),
        ("nothing".to_owned(), String::new()),
        ("only padding".to_owned(), "====".to_owned()),
        ("hexadecimal".to_owned(), document.bytes().map(|byte| format!("{byte:02x}")).collect()),
    ];
    for level in 0..10 {
        for (kind, bytes) in ["raw", "zlib", "gzip"].iter().zip(compressed(Compression::new(level))) {
            found.push((format!("{kind} deflate, level {level}"), STANDARD.encode(bytes)));
        }
    }
    found.into_iter().map(|(name, field)| Mutant { name, places: vec![String::new()], field }).collect()
}
