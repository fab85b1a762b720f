//! S-17, S-18, S-19, S-35: values are whole, unique, short and printable, or the document is refused.

use fedgate::federation::saml::fault::SamlFault::{self, *};
use playground::saml_idp::response::{ResponseSpec, Sign};

use super::{KEY, SIGNED, accepts, refuses, spec, verify};

/// Signs a document after changing both the assertion's text, in whichever signature comes first.
fn signed(sign: Sign, from: &'static str, to: String) -> String {
    let change = move |text: String| {
        assert!(text.contains(from) || text.contains(&to), "{from}");
        text.replace(from, &to)
    };
    ResponseSpec { before_assertion_signature: Some(Box::new(change)), ..spec(sign) }.build(&KEY)
}

#[test]
fn s17_split_values_in_validly_signed_documents() {
    let name = ">alice@example.com</saml:NameID>";
    let cases: &[(&str, &str, SamlFault)] = &[
        (name, ">alice@example.com<!-- -->.evil.com</saml:NameID>", Comment),
        (name, ">alice@example.com<?x?>.evil.com</saml:NameID>", ProcessingInstruction),
        (name, "><![CDATA[alice@example.com]]></saml:NameID>", Cdata),
        (name, ">alice@<![CDATA[example.com]]></saml:NameID>", Cdata),
        (name, ">alice@example.com<b/>.evil.com</saml:NameID>", SplitText),
        (name, "><b>alice@example.com</b></saml:NameID>", SplitText),
        (name, "></saml:NameID>", Subject),
        (name, ">  </saml:NameID>", Subject),
        (">staff</saml:AttributeValue>", ">st<b/>aff</saml:AttributeValue>", SplitText),
        (">staff</saml:AttributeValue>", "><saml:NameID>staff</saml:NameID></saml:AttributeValue>", SplitText),
        (">staff</saml:AttributeValue>", ">st<!---->aff</saml:AttributeValue>", Comment),
        ("</saml:Audience>", "<b/></saml:Audience>", SplitText),
        ("</saml:Issuer>", "<b/></saml:Issuer>", SplitText),
    ];
    for &(from, to, fault) in cases {
        // The template cannot be signed with a comment or PI and survive the gate; it is refused before its signature.
        refuses(&signed(Sign::Assertion, from, to.to_owned()), fault);
        refuses(&signed(Sign::Response, from, to.to_owned()), fault);
    }
    for sign in SIGNED {
        accepts(&spec(sign).build(&KEY));
    }
}

#[test]
fn s17_predefined_entities_and_character_references_are_whole_text() {
    for (written, read) in [
        ("a&amp;b", "a&b"),
        ("&lt;b&gt;", "<b>"),
        ("&quot;&apos;", "\"'"),
        ("&#x41;&#66;c", "ABc"),
        ("caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}"),
        ("a&amp;&amp;b &lt;", "a&&b <"),
    ] {
        for sign in [Sign::Assertion, Sign::Response] {
            let document = signed(sign, ">staff<", format!(">{written}<"));
            let groups = verify(&document).unwrap().attributes.into_iter().find(|(name, _)| name == "groups").unwrap().1;
            assert_eq!(groups, [read, "admins"]);
        }
    }
}

#[test]
fn s18_names_differ_by_case_format_and_qualifiers() {
    let name = |change: fn(&mut ResponseSpec)| {
        let mut spec = spec(Sign::Assertion);
        change(&mut spec);
        verify(&spec.build(&KEY)).unwrap().name_id
    };
    let alice = name(|_| ());
    assert_eq!(alice, name(|_| ()));
    assert_ne!(alice, name(|s| s.name_id = "Alice@example.com".into()));
    assert_ne!(alice, name(|s| s.name_id_format = None));
    assert_ne!(alice, name(|s| s.name_id = " alice@example.com".into()));
    let qualified = |attribute: &str| {
        let document = signed(Sign::Assertion, "<saml:NameID", format!("<saml:NameID {attribute}"));
        verify(&document).unwrap().name_id
    };
    let idp = qualified("NameQualifier=\"https://idp.example.com\"");
    assert_eq!(idp.name_qualifier.as_deref(), Some("https://idp.example.com"));
    let sp = qualified("SPNameQualifier=\"urn:sp\"");
    assert_eq!(sp.sp_name_qualifier.as_deref(), Some("urn:sp"));
    assert!(alice != idp && idp != sp && alice != sp);
}

#[test]
fn s19_repeated_attribute_names() {
    let with = |attributes: &[(&str, &[&str])]| {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(name, values)| ((*name).into(), values.iter().map(|&v| v.into()).collect())).collect();
        ResponseSpec { attributes, ..spec(Sign::Assertion) }.build(&KEY)
    };
    accepts(&with(&[("email", &["a"]), ("Email", &["b"])]));
    refuses(&with(&[("email", &["a"]), ("email", &["b"])]), RepeatedAttribute);
    refuses(&with(&[("email", &["a"]), ("x", &[]), ("email", &["a"])]), RepeatedAttribute);
    refuses(&with(&[("", &["a"])]), Shape);
    assert_eq!(verify(&with(&[])).unwrap().attributes, []);
    assert_eq!(
        verify(&with(&[("empty", &[]), ("blank", &[""])])).unwrap().attributes,
        [("empty".to_owned(), vec![]), ("blank".to_owned(), vec![String::new()])]
    );
    // In a second statement, and with another NameFormat.
    let second = "</saml:AttributeStatement><saml:AttributeStatement><saml:Attribute Name=\"email\" NameFormat=\"urn:x\"/></saml:AttributeStatement>";
    refuses(&signed(Sign::Assertion, "</saml:AttributeStatement>", second.to_owned()), RepeatedAttribute);
    accepts(&signed(Sign::Assertion, "</saml:AttributeStatement>", second.replace("\"email\"", "\"other\"")));
    // Foreign namespaces inside the statement.
    let foreign = "<x:Attribute xmlns:x=\"urn:x\" Name=\"role\"/></saml:AttributeStatement>";
    refuses(&signed(Sign::Assertion, "</saml:AttributeStatement>", foreign.to_owned()), Shape);
    let value = "><x:AttributeValue xmlns:x=\"urn:x\">root</x:AttributeValue><saml:AttributeValue xsi:type=\"xs:string\">staff<";
    refuses(&signed(Sign::Assertion, "><saml:AttributeValue xsi:type=\"xs:string\">staff<", value.to_owned()), Shape);
}

#[test]
fn s35_lengths_and_control_characters() {
    let name = |value: &str| ResponseSpec { name_id: value.to_owned(), ..spec(Sign::Assertion) }.build(&KEY);
    let value = |value: &str| {
        ResponseSpec { attributes: vec![("a".to_owned(), vec![value.to_owned()])], ..spec(Sign::Assertion) }.build(&KEY)
    };
    for build in [&name as &dyn Fn(&str) -> String, &value] {
        assert!(verify(&build(&"x".repeat(2_048))).is_ok());
        refuses(&build(&"x".repeat(2_049)), ValueTooLong);
        assert!(verify(&build(&"\u{e9}".repeat(1_024))).is_ok());
        refuses(&build(&"\u{e9}".repeat(1_025)), ValueTooLong);
        // Shown escaped, so markup is only text.
        let script = "<script>alert(1)</script>&\"'";
        assert!(verify(&build(script)).is_ok());
        for bad in ["a\nb", "a\tb", "a\u{7f}b", "a\u{85}b", "a\u{202e}b", "a\u{2066}b", "a\u{202a}b"] {
            refuses(&build(bad), ControlCharacter);
        }
    }
    refuses(&signed(Sign::Assertion, ">staff<", ">st&#13;&#10;Set-Cookie: x<".to_owned()), ControlCharacter);
    refuses(&signed(Sign::Assertion, "Name=\"groups\"", "Name=\"gr&#10;oups\"".to_owned()), ControlCharacter);
    refuses(&ResponseSpec { session_index: Some("x".repeat(2_049)), ..spec(Sign::Assertion) }.build(&KEY), ValueTooLong);
}

#[test]
fn s32_a_fault_never_quotes_the_document() {
    for fault in [Comment, Issuer, SignatureInvalid, Malformed, Audience] {
        assert_eq!(fault.to_string(), fault.reason());
        assert!(fault.reason().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    }
}
