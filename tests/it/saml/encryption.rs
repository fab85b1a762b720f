//! S-20 to S-22: encrypted assertions. What must be signed, what may be encrypted how, and that a failure says nothing.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::encryption::Decryption;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation, VerifiedAssertion};
use fedgate::keys::saml_keys::SpKey;
use playground::saml_idp::encrypt::{Content, EncryptionSpec, Place as KeyPlace, Reach, Transport};
use playground::saml_idp::response::{ResponseSpec, Sign, Tamper};
use playground::saml_idp::signer::SigningKey;

use super::{ACS, ATTACKER, KEY, NOW, REQUEST, SIGNED, SP, cpu_time, element, idp, replace, spec};
use crate::keys::common::{POOL, Place};

const GOOD: [Content; 2] = [Content::Aes128Gcm, Content::Aes256Gcm];
const GOOD_TRANSPORT: [Transport; 3] = [Transport::OaepMgf1p, Transport::OaepSha1, Transport::OaepSha256];

/// We, with one key for this provider.
pub(super) struct Us {
    pub(super) place: Place,
    pub(super) keys: Vec<Arc<SpKey>>,
}

impl Us {
    pub(super) async fn new() -> Self {
        let place = Place::new().await;
        let keys = place.ring.saml_encryption_keys(POOL, "idp").await.unwrap();
        Self { place, keys }
    }

    fn to_us(&self) -> EncryptionSpec {
        EncryptionSpec::to(&self.keys[0].certificate)
    }

    fn open(&self, document: &str, allow_legacy: bool) -> Result<VerifiedAssertion, SamlFault> {
        let idp = idp();
        let expectation = Expectation {
            idp: &idp,
            sp_entity_id: SP,
            acs_url: ACS,
            request_id: Some(REQUEST),
            now_ms: NOW,
            skew_s: DEFAULT_SKEW_S,
        };
        let decryption = Decryption { keys: &self.keys, allow_legacy, decoy: &[7; 32] };
        response::decode(&STANDARD.encode(document)).and_then(|xml| response::verify_encrypted(&xml, &expectation, &decryption))
    }

    #[track_caller]
    pub(super) fn accepts(&self, document: &str) {
        match self.open(document, false) {
            Ok(assertion) => assert_eq!(assertion.name_id.value, "alice@example.com"),
            Err(fault) => panic!("refused with {fault}: {document}"),
        }
    }

    #[track_caller]
    fn refuses(&self, document: &str, fault: SamlFault) {
        assert_eq!(self.open(document, false).map(|found| found.name_id), Err(fault), "{document}");
    }
}

fn answer(sign: Sign, encryption: EncryptionSpec) -> ResponseSpec {
    ResponseSpec { encryption: Some(encryption), ..spec(sign) }
}

fn build(sign: Sign, encryption: EncryptionSpec) -> String {
    answer(sign, encryption).build(&KEY)
}

#[expect(clippy::unnecessary_wraps, reason = "the form of the fields that it fills")]
fn reach(change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Option<Reach> {
    Some(Arc::new(change))
}

#[tokio::test]
async fn s20_every_good_combination_is_read() {
    let us = Us::new().await;
    for sign in SIGNED {
        for content in GOOD {
            for transport in GOOD_TRANSPORT {
                for place in [KeyPlace::Inside, KeyPlace::Beside] {
                    us.accepts(&build(sign, EncryptionSpec { content, transport, place, ..us.to_us() }));
                }
            }
        }
        // Cognito: plain responses are refused when EncryptedResponses is true; encrypted ones when it is not.
        us.refuses(&spec(sign).build(&KEY), SamlFault::NotEncrypted);
        assert_eq!(super::verify(&build(sign, us.to_us())), Err(SamlFault::EncryptionUnsupported));
        super::accepts(&spec(sign).build(&KEY));
    }
}

/// D-09, CVE-2026-2092: what is encrypted is not thereby proven.
#[tokio::test]
async fn s20_after_decryption_a_signature_is_required() {
    let us = Us::new().await;
    us.refuses(&build(Sign::Nothing, us.to_us()), SamlFault::DecryptionFailed);
    for sign in SIGNED {
        let forged = answer(sign, us.to_us()).build(&ATTACKER);
        let outer = sign != Sign::Assertion;
        us.refuses(&forged, if outer { SamlFault::SignatureInvalid } else { SamlFault::DecryptedSignature });
        us.accepts(&build(sign, us.to_us()));
    }
    assert_eq!(SamlFault::DecryptedSignature.reason(), SamlFault::DecryptionFailed.reason());
    // Signed inside by the provider, changed afterwards by somebody who encrypted it again.
    let changed = EncryptionSpec {
        plaintext: reach(|text| *text = String::from_utf8(text.clone()).unwrap().replace("alice@", "admin@").into_bytes()),
        ..us.to_us()
    };
    us.refuses(&build(Sign::Assertion, changed.clone()), SamlFault::DecryptedSignature);
    // An outer signature does not excuse a wrong inner one.
    us.refuses(&build(Sign::Both, changed), SamlFault::DecryptedSignature);
}

#[tokio::test]
async fn s20_wrapping_inside_the_plaintext() {
    let us = Us::new().await;
    let evil = |text: &str| text.replace("alice@example.com", "admin@example.com").replace(" ID=\"_", " ID=\"_e");
    let unsigned = |text: &str| text.replace(element(text, "ds:Signature"), "");
    let attacks: Vec<(&str, Tamper)> = vec![
        ("two roots", Box::new(move |text| format!("{}{text}", unsigned(&evil(&text))))),
        (
            "wrapped in a Response",
            Box::new(|text| {
                format!("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{text}</samlp:Response>")
            }),
        ),
        (
            "signed one in Advice",
            Box::new(move |text| {
                unsigned(&evil(&text))
                    .replace("<saml:AuthnStatement", &format!("<saml:Advice>{text}</saml:Advice><saml:AuthnStatement"))
            }),
        ),
        (
            "signed one in Object",
            Box::new(move |text| {
                let signature = element(&text, "ds:Signature").to_owned();
                let holding =
                    signature.replace("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", unsigned(&text)));
                evil(&text).replace(element(&evil(&text), "ds:Signature"), &holding)
            }),
        ),
        (
            "signature moved down",
            Box::new(|text| {
                let signature = element(&text, "ds:Signature").to_owned();
                text.replace(&signature, "").replace("<saml:AttributeStatement>", &format!("<saml:AttributeStatement>{signature}"))
            }),
        ),
        ("a document type", Box::new(|text| format!("<!DOCTYPE x>{text}"))),
        ("a comment", Box::new(|text| text.replace("alice@", "alice<!---->@"))),
        ("a processing instruction", Box::new(|text| text.replace("alice@", "alice<?x?>@"))),
        (
            "deep",
            Box::new(|text| text.replace("<saml:Subject>", &format!("{}{}<saml:Subject>", "<x>".repeat(40), "</x>".repeat(40)))),
        ),
        ("large", Box::new(|text| text.replace("<saml:Subject>", &format!("{}<saml:Subject>", "<x/>".repeat(2_100))))),
        ("an encrypted name", Box::new(|text| text.replace("<saml:Subject>", "<saml:Subject><saml:EncryptedID/>"))),
        ("not XML", Box::new(|_| "alice".to_owned())),
        ("nothing", Box::new(|_| String::new())),
        ("not text", Box::new(|text| text)),
    ];
    for (what, attack) in attacks {
        let not_text = what == "not text";
        let change = reach(move |octets| {
            let text = attack(String::from_utf8(std::mem::take(octets)).unwrap());
            *octets = text.into_bytes();
            if not_text {
                octets[100] = 0xff;
            }
        });
        for sign in [Sign::Assertion, Sign::Both] {
            let found = us.open(&build(sign, EncryptionSpec { plaintext: change.clone(), ..us.to_us() }), false);
            assert_eq!(found.unwrap_err().reason(), "decryption_failed", "{what}");
        }
    }
    // Control: what the change does is what is refused, not the change itself.
    us.accepts(&build(Sign::Assertion, EncryptionSpec { plaintext: reach(|_| ()), ..us.to_us() }));
}

#[tokio::test]
async fn s07_s20_the_outer_structure() {
    let us = Us::new().await;
    let plain = spec(Sign::Assertion).build(&KEY);
    let plain = element(&plain, "saml:Assertion").to_owned();
    let one = us.to_us().encrypt(&plain);
    let key = |old: &str| element(old, "xenc:EncryptedKey").to_owned();
    let changed = |change: &dyn Fn(&str) -> String| {
        let document = build(Sign::Assertion, us.to_us());
        let old = element(&document, "saml:EncryptedAssertion").to_owned();
        replace(&document, &old, &change(&old))
    };
    let shape = SamlFault::EncryptionShape;
    for (what, document, fault) in [
        ("two", changed(&|old| format!("{old}{one}")), SamlFault::AssertionCount),
        ("beside a plain one", changed(&|old| format!("{old}{plain}")), SamlFault::NotEncrypted),
        ("none", changed(&|_| String::new()), SamlFault::AssertionCount),
        ("below Extensions", changed(&|old| format!("<samlp:Extensions>{old}</samlp:Extensions>")), SamlFault::AssertionCount),
        ("an encrypted attribute", changed(&|old| format!("{old}<saml:EncryptedAttribute/>")), SamlFault::EncryptionUnsupported),
        ("two keys", changed(&|old| old.replace(&key(old), &key(old).repeat(2))), shape),
        ("no key", changed(&|old| old.replace(&key(old), "")), shape),
        (
            "a key behind",
            changed(&|old| old.replace("</saml:EncryptedAssertion>", &format!("{}</saml:EncryptedAssertion>", key(old)))),
            shape,
        ),
        (
            "a reference",
            changed(&|old| {
                old.replace("<xenc:CipherValue>", "<xenc:CipherReference URI=\"http://127.0.0.1/\"/><xenc:CipherValue>")
            }),
            shape,
        ),
        ("text beside", changed(&|old| old.replace("<xenc:EncryptedData", "x<xenc:EncryptedData")), shape),
        ("content, not element", changed(&|old| old.replace("xmlenc#Element", "xmlenc#Content")), shape),
        (
            "a signature inside",
            changed(&|old| old.replace(&key(old), &format!("<ds:Signature/>{}", key(old)))),
            SamlFault::SignaturePlace,
        ),
        (
            "an encrypted data elsewhere",
            changed(&|old| old.replace(&key(old), &format!("<xenc:EncryptedData/>{}", key(old)))),
            shape,
        ),
    ] {
        assert_eq!(us.open(&document, false).map(|found| found.name_id), Err(fault), "{what}");
    }
    us.accepts(&changed(&str::to_owned));
    // Hints about the key are ignored, whatever they say.
    let hint = "<ds:KeyName>somebody</ds:KeyName>";
    us.accepts(&changed(&|old| old.replace(&key(old), &format!("{hint}{}", key(old)))));
    us.accepts(&changed(&|old| old.replace("<xenc:EncryptedKey ", "<xenc:EncryptedKey Recipient=\"urn:somebody-else\" ")));
    // A failure report needs no encryption: the provider declined.
    let declined =
        ResponseSpec { status: "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(), ..answer(Sign::Both, us.to_us()) };
    us.refuses(&declined.build(&KEY), SamlFault::Status);
    us.refuses(&changed(&|_| String::new()).replace("status:Success", "status:Responder"), SamlFault::Status);
}

/// D-08. CBC and PKCS#1 v1.5 have an oracle in their nature: opt-in only, and then only below a signature.
#[tokio::test]
async fn s21_algorithms() {
    let us = Us::new().await;
    for content in Content::ALL {
        for transport in Transport::ALL {
            let legacy = !GOOD.contains(&content) || transport == Transport::Pkcs1;
            let document = |sign| build(sign, EncryptionSpec { content, transport, ..us.to_us() });
            for sign in SIGNED {
                assert_eq!(us.open(&document(sign), false).err(), legacy.then_some(SamlFault::EncryptionAlgorithm));
            }
            // With the opt-in: a signed Response or nothing.
            assert_eq!(us.open(&document(Sign::Assertion), true).err(), legacy.then_some(SamlFault::Unsigned));
            for sign in [Sign::Response, Sign::Both] {
                assert_eq!(us.open(&document(sign), true).unwrap().name_id.value, "alice@example.com");
            }
        }
    }
    let named = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        let xml = Arc::new(move |text: String| replace(&text, &from, &to));
        build(Sign::Both, EncryptionSpec { transport: Transport::OaepSha256, xml: Some(xml), ..us.to_us() })
    };
    for (from, to) in [
        ("aes256-gcm", "aes192-gcm"),
        ("xmlenc11#aes256-gcm", "xmlenc11#aes256-ctr"),
        ("mgf1sha256", "mgf1sha1"),
        ("mgf1sha256", "mgf1sha512"),
        ("xmlenc#sha256", "xmldsig#md5"),
        ("xmlenc11#rsa-oaep", "xmlenc#kw-aes256"),
        ("<e11:MGF", "<xenc:OAEPparams>AAAA</xenc:OAEPparams><e11:MGF"),
    ] {
        us.refuses(&named(from, to), SamlFault::EncryptionAlgorithm);
    }
    us.accepts(&named("xmlenc#sha256", "xmlenc#sha256"));
}

/// One broken octet somewhere, or a broken length: a thousand ways, one answer.
#[tokio::test]
async fn s21_a_thousand_mutations_have_one_reason() {
    let us = Us::new().await;
    // Signed once: only the encryption differs.
    let plain = spec(Sign::Assertion).build(&KEY);
    let assertion = element(&plain, "saml:Assertion");
    let sealed = |encryption: &EncryptionSpec| plain.replace(assertion, &encryption.encrypt(assertion));
    us.accepts(&sealed(&us.to_us()));
    for number in 0..1_000_usize {
        let change = reach(move |octets| {
            let at = number.wrapping_mul(7_919) % octets.len();
            match number % 5 {
                0 => octets.truncate(at),
                1 => octets.insert(at, 0),
                _ => octets[at] ^= 1 << (number % 8),
            }
        });
        let mut encryption = EncryptionSpec { content: GOOD[number % 2], ..us.to_us() };
        match number % 4 {
            0 => encryption.wrapped = change,
            1 | 2 => encryption.data = change,
            _ => encryption.content_key = change,
        }
        let found = us.open(&sealed(&encryption), false);
        assert_eq!(found.unwrap_err().reason(), "decryption_failed", "{number}");
    }
    // Below a signature the legacy algorithms keep the same silence.
    for number in 0..24_usize {
        let change = reach(move |octets| {
            let at = octets.len() - 1 - number;
            octets[at] ^= u8::try_from(number + 1).unwrap();
        });
        let encryption = EncryptionSpec { content: Content::Aes256Cbc, transport: Transport::Pkcs1, ..us.to_us() };
        for broken in [
            EncryptionSpec { wrapped: change.clone(), ..encryption.clone() },
            EncryptionSpec { content_key: change.clone(), ..encryption.clone() },
            EncryptionSpec { data: change.clone(), ..encryption },
        ] {
            assert_eq!(us.open(&build(Sign::Both, broken), true).unwrap_err().reason(), "decryption_failed", "{number}");
        }
    }
}

/// A broken key costs what a broken tag costs: coarse, by processor time, since the machine is shared.
#[tokio::test]
async fn s21_where_it_breaks_does_not_show_in_the_time() {
    let us = Us::new().await;
    let flip = || reach(|octets| *octets.last_mut().unwrap() ^= 1);
    let key = build(Sign::Assertion, EncryptionSpec { wrapped: flip(), ..us.to_us() });
    let tag = build(Sign::Assertion, EncryptionSpec { data: flip(), ..us.to_us() });
    let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..6 {
        for (document, times) in [&key, &tag].into_iter().zip(&mut times) {
            // Many at once: the system counts processor time in steps of milliseconds.
            times.push(cpu_time(|| (0..25).for_each(|_| us.refuses(document, SamlFault::DecryptionFailed))));
        }
    }
    // The least of many: what other work on the machine cannot lower.
    let [key, tag] = times.map(|times| times.into_iter().min().unwrap().as_secs_f64());
    assert!((0.5..2.0).contains(&(key / tag)), "{key} s with a broken key, {tag} s with a broken tag");
}

/// D-07: every short length of every part, and what is no base64.
#[tokio::test]
async fn s22_malformed_octets_never_panic() {
    let us = Us::new().await;
    // Signed once: only the encryption differs.
    let plain = spec(Sign::Assertion).build(&KEY);
    let assertion = element(&plain, "saml:Assertion");
    for length in 0..=64_usize {
        let cut = || reach(move |octets| octets.truncate(length));
        for (content, right) in [(Content::Aes128Gcm, 16), (Content::Aes256Gcm, 32)] {
            let encryption = EncryptionSpec { content, ..us.to_us() };
            let mut broken = vec![EncryptionSpec { data: cut(), ..encryption.clone() }];
            broken.push(EncryptionSpec { wrapped: cut(), ..encryption.clone() });
            if length != right {
                broken.push(EncryptionSpec { content_key: reach(move |octets| octets.resize(length, 1)), ..encryption });
            }
            for broken in broken {
                us.refuses(&plain.replace(assertion, &broken.encrypt(assertion)), SamlFault::DecryptionFailed);
            }
        }
        let content = if length % 2 == 0 { Content::Aes128Cbc } else { Content::Aes256Cbc };
        let found = us.open(&build(Sign::Both, EncryptionSpec { content, data: cut(), ..us.to_us() }), true);
        assert_eq!(found, Err(SamlFault::DecryptionFailed), "{length}");
    }
    for (from, to) in [
        ("<xenc:CipherValue>", "<xenc:CipherValue>*"),
        ("<xenc:CipherValue>", "<xenc:CipherValue>="),
        ("<xenc:CipherValue>", "<xenc:CipherValue>\u{e9}"),
        ("</xenc:CipherValue>", "=</xenc:CipherValue>"),
    ] {
        let xml = Arc::new(move |text: String| text.replace(from, to));
        us.refuses(&build(Sign::Both, EncryptionSpec { xml: Some(xml), ..us.to_us() }), SamlFault::DecryptionFailed);
    }
    // White space in base64 is no fault.
    let xml = Arc::new(|text: String| text.replace("<xenc:CipherValue>", "<xenc:CipherValue>\n  "));
    us.accepts(&build(Sign::Both, EncryptionSpec { xml: Some(xml), ..us.to_us() }));
}

#[tokio::test]
async fn s23_the_old_and_the_new_key_decrypt_while_they_overlap() {
    let mut us = Us::new().await;
    let old = us.to_us();
    us.place.ring.rotate_saml_keys(POOL, 0).await.unwrap();
    us.place.clock.advance_ms(5_000);
    us.keys = us.place.ring.saml_encryption_keys(POOL, "idp").await.unwrap();
    assert_ne!(us.keys[0].certificate, old.certificate);
    us.accepts(&build(Sign::Assertion, us.to_us()));
    us.accepts(&build(Sign::Assertion, old.clone()));
    us.place.clock.advance_ms(30 * 86_400_000);
    us.keys = us.place.ring.saml_encryption_keys(POOL, "idp").await.unwrap();
    us.accepts(&build(Sign::Assertion, us.to_us()));
    us.refuses(&build(Sign::Assertion, old), SamlFault::DecryptionFailed);
    // Another provider's key is not ours to use.
    let others = us.place.ring.saml_encryption_keys(POOL, "other").await.unwrap();
    us.refuses(&build(Sign::Assertion, EncryptionSpec::to(&others[0].certificate)), SamlFault::DecryptionFailed);
}

/// What stands in the opened assertion is checked like everything else, and named: its octets are the provider's.
#[tokio::test]
async fn s10_s12_s15_the_opened_assertion_is_checked() {
    let us = Us::new().await;
    for sign in SIGNED {
        let audience = ResponseSpec { audiences: vec![vec!["urn:other".to_owned()]], ..answer(sign, us.to_us()) };
        us.refuses(&audience.build(&KEY), SamlFault::Audience);
        let late = ResponseSpec { confirmation_not_on_or_after_ms: Some(NOW - 61_000), ..answer(sign, us.to_us()) };
        us.refuses(&late.build(&KEY), SamlFault::Expired);
        let other = ResponseSpec { in_response_to: Some("_other".to_owned()), ..answer(sign, us.to_us()) };
        us.refuses(&other.build(&KEY), SamlFault::InResponseTo);
        us.accepts(&build(sign, us.to_us()));
    }
    let weak = SigningKey::p384("stranger");
    us.refuses(&answer(Sign::Assertion, us.to_us()).build(&weak), SamlFault::DecryptedSignature);
}
