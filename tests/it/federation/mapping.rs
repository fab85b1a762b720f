//! Mappings by expression: what the language says, that it is bounded whatever comes, and what becomes of its values.

use std::collections::BTreeMap;

use fedgate::base::expression::{Facts, Fault, MAX_STEPS, Meter, Program};
use fedgate::federation::attribute_mapping::{self, Inputs};
use fedgate::federation::identity::unified;
use fedgate::model::external_identity::ExternalIdentity;
use fedgate::model::identity_provider::{IdentityProvider, ProviderKind};
use proptest::prelude::*;
use serde_json::{Value, json};

fn table(value: &Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value.clone()).unwrap()
}

fn run(text: &str, claims: &Value) -> Result<Value, Fault> {
    let program = Program::compile(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
    let identity = json!({ "email": "ada@example.com", "groups": ["a", "b"] });
    program.run(Facts { claims: &table(claims), identity: &table(&identity) }, &Meter::default())
}

#[test]
fn expressions_say_what_cel_says() {
    let claims = json!({
        "email": "Ada@Example.COM", "n": 7, "d": 1.5, "yes": true, "nothing": null, "mail": ["a@b.example", "c@d.example"],
        "memberOf": ["CN=Admins,OU=Groups,DC=corp", "CN=Dev,OU=Groups,DC=corp", "cn=odd"], "address": { "city": "Wien" },
        "urn:oid:2.5.4.42": ["Ada"], "groups": ["eng", "ops", "eng"],
    });
    let cases = [
        ("claims.email", json!("Ada@Example.COM")),
        ("claims.email.lowerAscii()", json!("ada@example.com")),
        ("identity.email == claims.email.lowerAscii()", json!(true)),
        ("claims.email.split('@')[1].lowerAscii()", json!("example.com")),
        ("claims['urn:oid:2.5.4.42'][0]", json!("Ada")),
        ("claims.mail.first()", json!("a@b.example")),
        ("[].first()", json!(null)),
        ("claims.address.city + ', ' + string(claims.n)", json!("Wien, 7")),
        ("has(claims.absent) ? claims.absent : null", json!(null)),
        ("has(claims.address.city) && !has(claims.address.street)", json!(true)),
        ("claims.memberOf.map(g, g.extract(r'^CN=([^,]+)')).filter(g, g != null).join(';')", json!("Admins;Dev")),
        ("claims.memberOf.map(g, g.matches(r'^CN='), g.extract(r'^CN=([^,]+)').lowerAscii())", json!(["admins", "dev"])),
        ("claims.groups.translate({'eng': ['engineering', 'staff'], 'ops': 'staff'})", json!(["engineering", "staff"])),
        ("claims.groups.map(g, g in {'ops': 1} ? 'x' : g).distinct().sort()", json!(["eng", "x"])),
        ("'ops' in claims.groups && !('hr' in claims.groups)", json!(true)),
        ("claims.groups.exists(g, g.startsWith('op')) && claims.groups.all(g, g.size() == 3)", json!(true)),
        ("size(claims.groups) + claims.groups.size() * 2 - 1 / 1 % 5", json!(8)),
        ("-claims.n + 10 > 2 || claims.nothing.x", json!(true)),
        ("claims.n == 7.0 && 1.5 <= claims.d && claims.d < claims.n", json!(true)),
        ("claims.yes ? 'staff' : 'guest'", json!("staff")),
        ("claims.groups.map(a, claims.mail.map(a, a.size())[0])", json!([11, 11, 11])),
        ("'a,b,,c'.split(',').map(x, x.trim().upperAscii()).join()", json!("ABC")),
        ("int('42') + int(2.9)", json!(44)),
        ("'aXbX'.replace('X', '--').contains('b--') && 'abc'.endsWith('c')", json!(true)),
        ("[1, 2,] + [3] == [1, 2, 3]", json!(true)),
        ("'é'.size()", json!(1)),
    ];
    for (text, expected) in cases {
        assert_eq!(run(text, &claims), Ok(expected), "{text}");
    }
    assert_eq!(run(r#""\u00e9\x41\"" + r'\d'"#, &claims), Ok(json!("éA\"\\d")));
}

#[test]
fn what_has_no_value_is_a_fault_that_names_the_claim() {
    let claims = json!({ "email": "a@b.example", "n": 1, "list": [1], "big": i64::MAX, "object": {} });
    let cases = [
        ("claims.absent", Fault::Missing("absent".to_owned())),
        ("claims['absent']", Fault::Missing("absent".to_owned())),
        ("{}[claims.email]", Fault::Missing(String::new())),
        ("claims.n + 'x'", Fault::Type),
        ("claims.email.first()", Fault::Type),
        ("claims.n ? 1 : 2", Fault::Type),
        ("claims.email.x", Fault::Type),
        ("claims.object", Fault::Type),
        ("[1, 'x'].sort()", Fault::Type),
        ("claims.list[1]", Fault::Range),
        ("claims.list[-1]", Fault::Range),
        ("claims.big + 1", Fault::Range),
        ("1 / 0", Fault::Range),
        ("int('x')", Fault::Range),
    ];
    for (text, expected) in cases {
        assert_eq!(run(text, &claims), Err(expected), "{text}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let deep = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    let chain = format!("1{}", " + 1".repeat(200));
    let long = format!("'{}'", "x".repeat(1_024));
    let cases = [
        ("", 1, "ends too early"),
        ("claims.email +", 15, "ends too early"),
        ("claim.email", 1, "unknown name claim"),
        ("claims.email.lower()", 14, "no function lower"),
        ("claims.email.split()", 14, "no function split"),
        ("claims.g.map(x, y)", 17, "unknown name y"),
        ("claims.g.map(claims.x, 1)", 20, "unexpected ."),
        ("claims.g.matches(claims.p)", 10, "written out"),
        ("claims.g.matches('[')", 10, "not a regular expression"),
        ("claims.g.matches('(a{100}){100}{100}')", 10, "too large"),
        ("'abc", 1, "closing quote"),
        ("'\\q'", 2, "escape"),
        ("1 @ 2", 3, "unknown sign"),
        ("has(claims)", 1, "takes a field"),
        ("99999999999999999999", 1, "out of range"),
        (&deep, 41, "nesting"),
        (&chain, 163, "nesting"),
        (&long, 1, "at most 1024"),
        ("[1, 2", 6, "ends too early"),
        ("{'a' 1}", 6, "unexpected value"),
        ("a.b c", 1, "unknown name a"),
        ("claims.b claims", 10, "unexpected claims"),
    ];
    for (text, position, what) in cases {
        let mistake = Program::compile(text).unwrap_err();
        assert_eq!(mistake.position, position, "{text}: {mistake}");
        assert!(mistake.what.contains(what), "{text}: {mistake}");
    }
}

/// The worst that claims can do to costly expressions: they end by the meter, and soon. The limit here is for an unoptimised build on a busy machine.
#[test]
#[expect(clippy::disallowed_methods, reason = "measures")]
fn hostile_claims_burn_no_time() {
    let groups: Vec<String> = (0..1_000).map(|number| format!("group-{number:04}-{}", "x".repeat(40))).collect();
    let claims = json!({ "g": groups, "long": "a".repeat(16_000), "many": "a,".repeat(8_000), "evil": format!("{}!", "a".repeat(2_000)),
        "huge": vec!["x"; 1_001], "wide": "x".repeat(100_000) });
    let cases = [
        ("claims.g.exists(a, claims.g.exists(b, claims.g.exists(c, a + b == c)))", Fault::TooCostly),
        ("claims.g.map(a, claims.g.map(b, a + b))", Fault::TooCostly),
        ("claims.g.map(a, claims.long)", Fault::TooCostly),
        ("claims.g.map(a, claims.long + a)", Fault::TooCostly),
        ("claims.g.distinct()", Fault::TooCostly),
        ("claims.g.filter(a, a.matches(r'(\\w+\\s?)+$'))", Fault::TooCostly),
        ("claims.g.map(a, claims.evil.matches(r'^(a|a)*$'))", Fault::TooCostly),
        ("claims.many.split(',')", Fault::TooLong),
        ("claims.long.replace('a', claims.long)", Fault::TooLong),
        ("claims.long.replace('', 'xx')", Fault::TooLong),
        ("claims.huge.map(a, a)", Fault::TooLong),
        ("claims.wide.lowerAscii()", Fault::TooLong),
        ("claims.wide.matches('x')", Fault::TooLong),
        ("(claims.g + claims.g).size()", Fault::TooLong),
        ("claims.g.join(claims.long)", Fault::TooLong),
    ];
    let mut slowest = std::time::Duration::ZERO;
    for (text, expected) in cases {
        let program = Program::compile(text).unwrap();
        let (claims, identity, meter) = (table(&claims), BTreeMap::new(), Meter::default());
        let start = std::time::Instant::now();
        let result = program.run(Facts { claims: &claims, identity: &identity }, &meter);
        slowest = slowest.max(start.elapsed());
        assert_eq!(result, Err(expected), "{text}");
    }
    assert!(slowest < std::time::Duration::from_millis(500), "{slowest:?}");
    let few = json!({ "g": &groups[..100] });
    assert!(run("claims.g.map(a, a.extract(r'^group-(\\d+)')).distinct().join(',')", &few).is_ok(), "the control: 100 groups");
}

fn provider(kind: ProviderKind, mapping: &[(&str, &str)]) -> IdentityProvider {
    IdentityProvider {
        pool_id: "local_AbC123xyz".to_owned(),
        name: "Corp".to_owned(),
        kind,
        details: BTreeMap::new(),
        sealed_details: BTreeMap::new(),
        attribute_mapping: mapping.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        identifiers: Vec::new(),
        enabled: true,
        created_ms: 0,
        modified_ms: 0,
        declared: false,
        document: json!({}),
    }
}

fn proven(claims: &Value) -> ExternalIdentity {
    ExternalIdentity {
        subject: "ada-1815".to_owned(),
        subject_key: "ada-1815".to_owned(),
        issuer: None,
        claims: table(claims),
        auth_time_ms: None,
        session_until_ms: None,
        logout: None,
        one_time: None,
    }
}

fn mapped(provider: &IdentityProvider, claims: &Value, writable: &[&str], pool: &Value) -> Result<Value, (String, String)> {
    let proven = proven(claims);
    let identity = unified::unify(provider, &proven, 1);
    let writable: Vec<String> = writable.iter().map(|name| (*name).to_owned()).collect();
    let inputs = Inputs {
        mapping: &provider.attribute_mapping,
        claims: &proven.claims,
        identity: &identity,
        writable: &writable,
        pool_document: pool,
    };
    match attribute_mapping::map(inputs) {
        Ok(mapped) => Ok(mapped.into_iter().map(|(name, mapped)| (name, json!([mapped.value, mapped.source]))).collect()),
        Err(fault) => Err((fault.reason.as_str().to_owned(), fault.claim)),
    }
}

#[test]
fn expressions_fill_attributes() {
    let mapping = [
        ("custom:groups", "cel:identity.groups.translate({'engineering': 'eng', 'admins': 'adm'})"),
        ("custom:domain", "cel:identity.email.split('@')[1]"),
        ("nickname", "cel:has(claims.nick) ? claims.nick : null"),
        ("name", "name"),
    ];
    let claims = json!({ "email": "ada@example.com", "groups": ["engineering", "admins", "other"], "name": "Ada" });
    let expected = json!({
        "custom:domain": ["example.com", mapping[1].1], "custom:groups": ["[eng,adm]", mapping[0].1], "name": ["Ada", "name"],
    });
    assert_eq!(mapped(&provider(ProviderKind::Oidc, &mapping), &claims, &[], &json!({})), Ok(expected));
}

/// A mapping that fails names its attribute and claim; S-19, S-35 and O-29 hold for expressions too.
#[test]
fn expressions_keep_the_rules_of_mapped_values() {
    let claims = json!({ "email": "ada@example.com", "access_token": "secret", "bad": "a\u{202e}b", "list": vec!["x"; 900] });
    let map_one = |attribute: &str, expression: &str| {
        mapped(&provider(ProviderKind::Oidc, &[(attribute, expression)]), &claims, &[], &json!({}))
    };
    let refused = |reason: &str, claim: &str| Err((reason.to_owned(), claim.to_owned()));
    assert_eq!(map_one("name", "cel:'x' + 'y'"), Ok(json!({ "name": ["xy", "cel:'x' + 'y'"] })), "the control");
    assert_eq!(map_one("sub", "cel:'x'"), Ok(json!({})));
    assert_eq!(map_one("identities", "cel:'x'"), Ok(json!({})));
    assert_eq!(map_one("name", "cel:claims.access_token"), refused("expression_failed", "access_token"));
    assert_eq!(map_one("name", "cel:claims.absent"), refused("expression_failed", "absent"));
    assert_eq!(map_one("name", "cel:claims.bad"), refused("attribute_malformed", "cel:claims.bad"));
    assert_eq!(map_one("name", "cel:claims.list.map(a, 'xyz')"), refused("attribute_too_long", "cel:claims.list.map(a, 'xyz')"));
    assert_eq!(map_one("name", "cel:claims."), refused("expression_malformed", "cel:claims."));
    let costly = "cel:claims.list.map(a, claims.list.map(b, a))";
    assert_eq!(map_one("name", costly), refused("expression_too_costly", costly));
}

/// O-17: an address that an expression makes is vouched for only when it is the provider's own, or when an expression says so.
#[test]
fn o_17_a_made_address_is_not_the_one_that_was_vouched_for() {
    let claims = json!({ "email": "Ada@example.com", "email_verified": true });
    let verified = |email: &str, verified: &str| {
        let mapping = [("email", email), ("email_verified", verified)];
        mapped(&provider(ProviderKind::Oidc, &mapping), &claims, &[], &json!({})).unwrap()["email_verified"][0] == "true"
    };
    assert!(verified("email", "email_verified"), "the control");
    assert!(verified("cel:claims.email.lowerAscii()", "email_verified"), "the same address");
    assert!(!verified("cel:'boss@example.com'", "email_verified"));
    assert!(!verified("cel:claims.email.replace('Ada', 'boss')", "email_verified"));
    assert!(verified("cel:'boss@example.com'", "cel:true"), "the operator's own word");
    assert!(!verified("cel:'boss@example.com'", "cel:'yes'"));
}

#[test]
fn required_attributes_are_always_writable() {
    let pool = json!({ "Schema": [{ "Name": "email", "Required": true }] });
    let provider = provider(ProviderKind::Oidc, &[("email", "email"), ("name", "name")]);
    let claims = json!({ "email": "a@b.example", "name": "A" });
    let names = |pool: &Value| -> Vec<String> {
        mapped(&provider, &claims, &["nickname"], pool).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&pool), ["email", "email_verified"]);
    assert!(names(&json!({})).is_empty(), "the control");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-e]", inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-e]".prop_map(|name| format!("claims.{name}")),
        Just("claims".to_owned()),
        Just("identity.groups".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "[a-z]{0,5}".prop_map(|text| format!("'{text}'")),
        prop_oneof![Just("null"), Just("true"), Just("1.5")].prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let sign = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "in", "&&", "||"]);
        let call = prop::sample::select(vec![
            "size()",
            "first()",
            "distinct()",
            "sort()",
            "lowerAscii()",
            "trim()",
            "join()",
            "join(',')",
            "split(',')",
            "split('')",
            "replace('', 'ab')",
            "matches('a*')",
            "extract('(.)')",
            "translate({'a': ['b']})",
            "a",
            "map(x, x)",
            "filter(x, x != null)",
            "all(x, has(claims.a))",
            "exists(x, x == 1)",
            "map(x, claims.a.map(y, [x, y]))",
            "contains('a')",
        ]);
        prop_oneof![
            (inner.clone(), sign, inner.clone()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            (inner.clone(), call).prop_map(|(a, call)| format!("{a}.{call}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop_oneof![Just("string"), Just("int"), Just("size")]
                .prop_flat_map(move |name| inner.clone().prop_map(move |a| format!("{name}({a})"))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Program::compile(&text);
    }

    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(prop::sample::select(vec![
        "claims", "identity", ".", "a", "(", ")", "[", "]", "{", "}", ",", ":", "?", "!", "-", "+", "&&", "in", "has", "map", "x", "'t'", "1", "null",
    ]), 0..60)) {
        let _ = Program::compile(&words.join(" "));
    }

    #[test]
    fn any_expression_ends_within_its_bounds(text in any_expression(), claims in prop::collection::btree_map("[a-e]", any_json(), 0..5)) {
        if let Ok(program) = Program::compile(&text) {
            let meter = Meter::default();
            let identity = BTreeMap::from([("groups".to_owned(), json!(["a", "b"]))]);
            let result = program.run(Facts { claims: &claims, identity: &identity }, &meter);
            prop_assert!(meter.left() <= MAX_STEPS);
            if let Ok(value) = result {
                prop_assert!(value.to_string().len() <= 4_000_000);
            }
        }
    }

    #[test]
    fn any_claims_map_within_bounds(
        text in any_expression(),
        claims in prop::collection::btree_map("[a-e]|email|groups|name|picture|email_verified", any_json(), 0..8),
        kind in prop::sample::select(ProviderKind::ALL.to_vec()),
    ) {
        let source = format!("cel:{text}");
        let provider = provider(kind, &[("name", "name"), ("email", "email"), ("email_verified", "email_verified"), ("custom:x", &source)]);
        let claims = serde_json::to_value(claims).unwrap();
        if let Ok(mapped) = mapped(&provider, &claims, &[], &json!({})) {
            for (_, value) in mapped.as_object().unwrap() {
                let value = value[0].as_str().unwrap();
                prop_assert!(value.len() <= 2_048 && !value.chars().any(char::is_control));
            }
        }
    }
}
