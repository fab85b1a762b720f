//! S-00, S-36: documents that must not get as far as a parser or a digest, each limit with both sides.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault::{self, *};
use fedgate::federation::saml::response;
use playground::saml_idp::response::Sign;

use super::{KEY, accepts, cpu_time, element, refuses, replace, spec, verify};

/// A change of a good, signed document and the reason for its refusal.
type Case = (&'static str, fn(&str) -> String, SamlFault);

fn after_root_tag(text: &str, insert: &str) -> String {
    let at = text.find('>').unwrap() + 1;
    format!("{}{insert}{}", &text[..at], &text[at..])
}

fn on_root(text: &str, attribute: &str) -> String {
    text.replacen("<samlp:Response ", &format!("<samlp:Response {attribute} "), 1)
}

const CASES: &[Case] = &[
    ("empty document", |_| String::new(), Malformed),
    ("white space only", |_| "  \n".to_owned(), Malformed),
    ("text only", |_| "hello".to_owned(), Malformed),
    ("byte order mark", |t| format!("\u{feff}{t}"), Encoding),
    ("NUL at the end", |t| format!("{t}\0"), Encoding),
    ("NUL in a value", |t| replace(t, "staff", "sta\0ff"), Encoding),
    ("DOCTYPE", |t| format!("<!DOCTYPE Response>{t}"), Doctype),
    ("DOCTYPE with system id", |t| format!("<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\">{t}"), Doctype),
    ("internal subset", |t| format!("<!DOCTYPE r [<!ATTLIST a ID ID #IMPLIED>]>{t}"), Doctype),
    (
        "entity bomb",
        |t| format!("<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}", replace(t, "staff", "&b;")),
        Doctype,
    ),
    ("external entity", |t| format!("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>{t}"), Doctype),
    ("DOCTYPE inside the root", |t| after_root_tag(t, "<!DOCTYPE x>"), Doctype),
    ("lower-case doctype", |t| format!("<!doctype r>{t}"), Doctype),
    ("lone ENTITY", |t| format!("<!ENTITY a \"b\">{t}"), Doctype),
    ("comment before the root", |t| format!("<!-- a -->{t}"), Comment),
    ("comment after the root", |t| format!("{t}<!-- a -->"), Comment),
    ("comment between elements", |t| after_root_tag(t, "<!-- a -->"), Comment),
    ("comment that hides an end tag", |t| after_root_tag(t, "<!--></samlp:Response>-->"), Comment),
    ("processing instruction before", |t| format!("<?php x?>{t}"), ProcessingInstruction),
    ("processing instruction after", |t| format!("{t}<?x y?>"), ProcessingInstruction),
    ("processing instruction inside", |t| after_root_tag(t, "<?x?>"), ProcessingInstruction),
    ("style sheet", |t| format!("<?xml-stylesheet href=\"http://127.0.0.1:9/\"?>{t}"), ProcessingInstruction),
    ("second declaration", |t| after_root_tag(t, "<?xml version=\"1.0\"?>"), ProcessingInstruction),
    ("declaration after white space", |t| format!(" <?xml version=\"1.0\"?>{t}"), ProcessingInstruction),
    ("CDATA", |t| after_root_tag(t, "<![CDATA[ ]]>"), Cdata),
    ("XML 1.1", |t| format!("<?xml version=\"1.1\"?>{t}"), Malformed),
    ("declared UTF-16", |t| format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{t}"), Encoding),
    ("declared UTF-7", |t| format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{t}"), Encoding),
    ("declared ISO-8859-1", |t| format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{t}"), Encoding),
    ("UTF-7 octets", |t| t.replace('<', "+ADw-"), Malformed),
    ("two roots", |t| format!("{t}{t}"), Malformed),
    ("trailing element", |t| format!("{t}<x/>"), Malformed),
    ("trailing text", |t| format!("{t}x"), Malformed),
    ("leading text", |t| format!("x{t}"), Malformed),
    ("missing end tag", |t| t.strip_suffix("</samlp:Response>").unwrap().to_owned(), Malformed),
    ("truncated in a tag", |t| t[..t.len() - 3].to_owned(), Malformed),
    ("crossed end tags", |t| replace(t, "</samlp:Status><saml:Assertion", "<saml:Assertion") + "</samlp:Status>", Malformed),
    ("wrong end tag", |t| replace(t, "</samlp:Response>", "</samlp:response>"), Malformed),
    ("one end tag too many", |t| format!("{t}</samlp:Response>"), Malformed),
    ("undeclared prefix", |t| after_root_tag(t, "<nope:a/>"), Malformed),
    ("undeclared attribute prefix", |t| on_root(t, "nope:a=\"1\""), Malformed),
    ("duplicate attribute", |t| on_root(t, "Version=\"2.0\""), Malformed),
    ("duplicate attribute by namespace", |t| on_root(t, "xmlns:p=\"urn:x\" xmlns:q=\"urn:x\" p:a=\"1\" q:a=\"2\""), Malformed),
    ("undeclared entity", |t| replace(t, "staff", "&staff;"), Malformed),
    ("bare ampersand", |t| replace(t, "staff", "a & b"), Malformed),
    ("angle bracket in attribute", |t| on_root(t, "a=\"<\""), Malformed),
    ("unquoted attribute", |t| on_root(t, "a=b"), Malformed),
    ("attribute without value", |t| on_root(t, "a"), Malformed),
    ("forbidden character reference", |t| replace(t, "staff", "&#1;"), Malformed),
    ("forbidden character", |t| replace(t, "staff", "\u{1}"), Malformed),
    ("NUL character reference", |t| replace(t, "staff", "&#0;"), Malformed),
    ("bracket end in text", |t| replace(t, "staff", "]]>"), Malformed),
    ("xmlns prefix rebound", |t| on_root(t, "xmlns:xmlns=\"urn:x\""), Malformed),
    ("xml prefix rebound", |t| on_root(t, "xmlns:xml=\"urn:x\""), Malformed),
    ("prefix undeclared", |t| on_root(t, "xmlns:saml=\"\""), Malformed),
    ("duplicate xml:id", |t| on_root(t, &format!("xml:id=\"{}\"", spec(Sign::Nothing).response_id)), DuplicateId),
];

#[test]
fn s00_corpus() {
    let good = spec(Sign::Assertion).build(&KEY);
    accepts(&good);
    for &(name, change, fault) in CASES {
        let document = change(&good);
        let took = cpu_time(|| assert_eq!(verify(&document).err(), Some(fault), "{name}"));
        assert!(took.as_millis() < 20, "{name} took {took:?}");
    }
    assert!(CASES.len() >= 40);
}

#[test]
fn s00_a_declaration_and_white_space_around_the_root_are_fine() {
    let good = spec(Sign::Assertion).build(&KEY);
    accepts(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{good}\n"));
    accepts(&format!("<?xml version='1.0' encoding='utf-8' standalone='yes'?>{good}"));
    accepts(&format!("\n{good}"));
}

/// Every limit on both sides; the filling stands before the assertion, where only the gate meets it.
/// Namespaces in XML 1.0 section 5: only the default namespace can be unbound. Canonicalization does not write the declaration, so the
/// digest still fits, while the elements inside have another name: signed attributes would vanish.
#[test]
fn s00_a_prefix_is_never_unbound() {
    for sign in super::SIGNED {
        let good = spec(sign).build(&KEY);
        accepts(&good);
        for name in ["<saml:AttributeStatement", "<saml:NameID", "<samlp:Status"] {
            for prefix in ["saml", "samlp", "nobody"] {
                refuses(&good.replacen(name, &format!("{name} xmlns:{prefix}=\"\""), 1), SamlFault::Malformed);
            }
        }
        accepts(&good.replacen("<saml:AttributeStatement", "<saml:AttributeStatement xmlns=\"\"", 1));
    }
}

#[test]
fn s00_limits() {
    let with = |filling: &str| {
        let good = spec(Sign::Assertion).build(&KEY);
        let at = good.find("<samlp:Status>").unwrap();
        format!("{}<samlp:Extensions>{filling}</samlp:Extensions>{}", &good[..at], &good[at..])
    };
    let count = |text: &str| text.matches('<').count() - text.matches("</").count();
    let elements = count(&with(""));
    accepts(&with(&"<a/>".repeat(2_000 - elements)));
    refuses(&with(&"<a/>".repeat(2_001 - elements)), TooManyElements);

    let nested = |levels: usize| with(&format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels)));
    accepts(&nested(30));
    refuses(&nested(31), TooDeep);
    refuses(&nested(20_000), TooDeep);

    let attributes = |count: usize| {
        let list = (0..count).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
        with(&format!("<a{list}/>"))
    };
    accepts(&attributes(64));
    refuses(&attributes(65), TooManyAttributes);
    refuses(&attributes(20_000), TooManyAttributes);

    let namespaces = |count: usize| {
        let list = (0..count).map(|n| format!(" xmlns:n{n}=\"urn:{n}\"")).collect::<Vec<_>>().concat();
        with(&format!("<a{list}/>"))
    };
    accepts(&namespaces(32));
    refuses(&namespaces(33), TooManyAttributes);
}

#[test]
fn s00_size_is_checked_before_decoding() {
    let fits = "A".repeat(response::MAX_ENCODED);
    assert!(response::decode(&fits).is_ok());
    let longer = format!("{fits}A");
    assert_eq!(response::decode(&longer), Err(TooLarge));
    // Not base64 at all, but refused for its length: nothing was decoded.
    assert_eq!(response::decode(&"*".repeat(response::MAX_ENCODED + 1)), Err(TooLarge));
}

#[test]
fn s00_decoding_is_strict() {
    let good = spec(Sign::Assertion).build(&KEY);
    let encoded = STANDARD.encode(&good);
    let wrapped =
        encoded.as_bytes().chunks(76).map(|line| format!("{}\r\n", str::from_utf8(line).unwrap())).collect::<Vec<_>>().concat();
    assert_eq!(response::decode(&wrapped).unwrap(), good.as_bytes(), "line breaks are usual");
    for bad in ["*", "AAA", "AA=A", "AAAA=", "-_-_", "AAAA\u{e9}"] {
        assert_eq!(response::decode(bad), Err(NotBase64), "{bad}");
    }
}

#[test]
fn s00_other_encodings_of_a_good_document() {
    let good = spec(Sign::Assertion).build(&KEY);
    let idp = super::idp();
    let expectation = |bytes: &[u8]| {
        response::verify(
            bytes,
            &response::Expectation {
                idp: &idp,
                sp_entity_id: super::SP,
                acs_url: super::ACS,
                request_id: Some(super::REQUEST),
                now_ms: super::NOW,
                skew_s: 60,
            },
        )
    };
    assert!(expectation(good.as_bytes()).is_ok());
    let little: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(expectation(&little), Err(Encoding));
    assert_eq!(expectation(&big), Err(Encoding));
    assert_eq!(expectation(&[&[0xff, 0xfe][..], &little].concat()), Err(Encoding));
    let latin: Vec<u8> = replace(&good, "staff", "caf\u{e9}").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(expectation(&latin), Err(Encoding));
    assert_eq!(expectation(&[good.as_bytes(), &[0xc0, 0x80]].concat()), Err(Encoding));
}

/// S-36: what other libraries fetched is refused by its form. Nothing in the room can open files or connections; the
/// listener proves that nothing arrives.
#[test]
fn s36_nothing_is_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let good = spec(Sign::Assertion).build(&KEY);
    let reference = format!("URI=\"#{}\"", spec(Sign::Assertion).assertion_id);
    for target in [url.as_str(), "file:///etc/hostname", "ftp://127.0.0.1/x", "x.xml", "cid:x"] {
        refuses(&replace(&good, &reference, &format!("URI=\"{target}\"")), Reference);
        refuses(&format!("<!DOCTYPE r SYSTEM \"{target}\">{good}"), Doctype);
        let retrieval = format!("<ds:RetrievalMethod URI=\"{target}\"/>");
        let document = good.replace(element(&good, "ds:X509Data"), &retrieval);
        // The key comes from the stored metadata, so the KeyInfo may say what it likes.
        accepts(&document);
    }
    accepts(&on_root(
        &good,
        &format!("xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:x {url}\""),
    ));
    assert!(listener.accept().is_err(), "somebody connected");
}
