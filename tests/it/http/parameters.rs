//! Parameters: each once, strictly decoded, bounded (O-27, A-29).

use fedgate::http::parameters::{ParameterFault, Parameters};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Parameters, ParameterFault> {
    Parameters::parse(text, 100)
}

#[test]
fn decoding() {
    let found = parse("a=1&b=x+y%20z&&c&d=&e=%C3%A9%2B&f=a=b").unwrap();
    assert_eq!(found.get("a"), Some("1"));
    assert_eq!(found.get("b"), Some("x y z"));
    assert_eq!(found.get("e"), Some("é+"));
    assert_eq!(found.get("f"), Some("a=b"));
    assert_eq!((found.get("c"), found.get("d"), found.get("nope")), (None, None, None), "empty counts as absent");
    assert_eq!(found.all().len(), 6);
    assert_eq!(parse("").unwrap(), Parameters::default());
}

#[test]
fn a29_repeated_parameters_are_refused() {
    for text in ["a=1&a=1", "a=1&b=2&a=", "a&a", "%61=1&a=2", "a=&a="] {
        assert_eq!(parse(text), Err(ParameterFault::Repeated("a".to_owned())), "{text}");
    }
    assert!(parse("a=1&A=1").is_ok(), "names differ by case");
}

#[test]
fn malformed_parameters_are_refused() {
    for text in
        ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%C3", "a=%00", "a=%0d%0a", "%0a=1", "a=\u{7f}", "a=%e2%80", "a=%u0041", "a=%+1"]
    {
        assert_eq!(parse(text), Err(ParameterFault::Malformed), "{text}");
    }
}

#[test]
fn bounds_are_exact() {
    assert!(parse(&format!("a={}", "x".repeat(100))).is_ok());
    assert_eq!(parse(&format!("a={}", "x".repeat(101))), Err(ParameterFault::TooLong));
    assert!(parse(&format!("a={}", "%41".repeat(100))).is_ok(), "the decoded length counts");
    let many = |count: usize| (0..count).map(|index| format!("p{index}=1")).collect::<Vec<_>>().join("&");
    assert!(parse(&many(64)).is_ok());
    assert_eq!(parse(&many(65)), Err(ParameterFault::TooLong));
    assert!(parse(&format!("{}=1", "n".repeat(128))).is_ok());
    assert_eq!(parse(&format!("{}=1", "n".repeat(129))), Err(ParameterFault::TooLong));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn what_was_encoded_comes_back(value in "[^\\p{C}]{1,20}") {
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let found = Parameters::parse(&format!("v={encoded}"), 1000).unwrap();
        prop_assert_eq!(found.get("v"), Some(value.as_str()));
    }
}
