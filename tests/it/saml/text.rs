//! S-17, S-18, S-19, S-35: values are whole, unique, short and printable, or the document is refused.

use fedgate::federation::saml::fault::SamlFault::{self, *};
use fedgate::federation::saml::response::VerifiedAssertion;
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

/// Keycloak repeats `Role` unless told otherwise, so a repeated name refuses only the mapping that wants it.
#[test]
fn s19_repeated_attribute_names() {
    let with = |attributes: &[(&str, &[&str])]| {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(name, values)| ((*name).into(), values.iter().map(|&v| v.into()).collect())).collect();
        ResponseSpec { attributes, ..spec(Sign::Assertion) }.build(&KEY)
    };
    let names =
        |assertion: &VerifiedAssertion| -> Vec<String> { assertion.attributes.iter().map(|(name, _)| name.clone()).collect() };
    let cases = verify(&with(&[("email", &["a"]), ("Email", &["b"])])).unwrap();
    assert_eq!((names(&cases).len(), cases.fault_of_mapped(["email", "Email"])), (2, None));
    for smuggled in [
        with(&[("email", &["a"]), ("x", &["b"]), ("email", &["b"])]),
        with(&[("email", &["a"]), ("email", &["a"]), ("x", &["b"])]),
        with(&[("email", &["a"]), ("email", &["a"]), ("email", &["a"]), ("x", &["b"])]),
        with(&[("email", &["a"]), ("email", &["a\nb"]), ("x", &["b"])]),
        with(&[("email", &["a\nb"]), ("email", &["a"]), ("x", &["b"])]),
        with(&[("email", &[]), ("email", &["a"]), ("x", &["b"])]),
    ] {
        let assertion = verify(&smuggled).unwrap();
        assert_eq!(names(&assertion), ["x"]);
        assert!(assertion.fault_of_mapped(["x", "email"]).is_some());
        assert_eq!(assertion.fault_of_mapped(["x"]), None, "the control: an unmapped repetition is harmless");
    }
    let twice = verify(&with(&[("email", &["a"]), ("email", &["b"])])).unwrap();
    assert_eq!(twice.fault_of_mapped(["email"]), Some(RepeatedAttribute));
    refuses(&with(&[("", &["a"])]), Shape);
    assert_eq!(verify(&with(&[])).unwrap().attributes, []);
    assert_eq!(
        verify(&with(&[("empty", &[]), ("blank", &[""])])).unwrap().attributes,
        [("empty".to_owned(), vec![]), ("blank".to_owned(), vec![String::new()])]
    );
    // In a second statement, and with another NameFormat.
    let second = "</saml:AttributeStatement><saml:AttributeStatement><saml:Attribute Name=\"email\" NameFormat=\"urn:x\"/></saml:AttributeStatement>";
    let split = verify(&signed(Sign::Assertion, "</saml:AttributeStatement>", second.to_owned())).unwrap();
    assert_eq!(split.fault_of_mapped(["email"]), Some(RepeatedAttribute));
    accepts(&signed(Sign::Assertion, "</saml:AttributeStatement>", second.replace("\"email\"", "\"other\"")));
    // Foreign namespaces inside the statement.
    let foreign = "<x:Attribute xmlns:x=\"urn:x\" Name=\"role\"/></saml:AttributeStatement>";
    refuses(&signed(Sign::Assertion, "</saml:AttributeStatement>", foreign.to_owned()), Shape);
    let value = "><x:AttributeValue xmlns:x=\"urn:x\">root</x:AttributeValue><saml:AttributeValue xsi:type=\"xs:string\">staff<";
    refuses(&signed(Sign::Assertion, "><saml:AttributeValue xsi:type=\"xs:string\">staff<", value.to_owned()), Shape);
}

#[test]
fn s35_lengths_and_control_characters() {
    let name = |value: &str| verify(&ResponseSpec { name_id: value.to_owned(), ..spec(Sign::Assertion) }.build(&KEY)).err();
    let value = |value: &str| {
        let attributes = vec![("a".to_owned(), vec!["good".to_owned(), value.to_owned()]), ("b".to_owned(), vec![])];
        let assertion = verify(&ResponseSpec { attributes, ..spec(Sign::Assertion) }.build(&KEY)).unwrap();
        assert_eq!(assertion.fault_of_mapped(["b"]), None);
        let fault = assertion.fault_of_mapped(["a", "b"]);
        assert_eq!(assertion.attributes.len(), if fault.is_some() { 1 } else { 2 });
        fault
    };
    for fault in [&name as &dyn Fn(&str) -> Option<SamlFault>, &value] {
        assert_eq!(fault(&"x".repeat(2_048)), None);
        assert_eq!(fault(&"x".repeat(2_049)), Some(ValueTooLong));
        assert_eq!(fault(&"\u{e9}".repeat(1_024)), None);
        assert_eq!(fault(&"\u{e9}".repeat(1_025)), Some(ValueTooLong));
        // Shown escaped, so markup is only text.
        assert_eq!(fault("<script>alert(1)</script>&\"'"), None);
        for bad in ["a\nb", "a\tb", "a\u{7f}b", "a\u{85}b", "a\u{202e}b", "a\u{2066}b", "a\u{202a}b"] {
            assert_eq!(fault(bad), Some(ControlCharacter));
        }
    }
    let crlf = signed(Sign::Assertion, ">staff<", ">st&#13;&#10;Set-Cookie: x<".to_owned());
    assert_eq!(verify(&crlf).unwrap().fault_of_mapped(["groups"]), Some(ControlCharacter));
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
