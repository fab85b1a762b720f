//! S-28: signed queries. What is verified are the received octets; everything ambiguous, unsigned or oversized is refused at once.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::outgoing::Field;
use fedgate::federation::saml::redirect_binding::{self, SignedQuery};
use playground::saml_idp::logout_message::LogoutSpec;
use playground::saml_idp::signer::SigningKey;

use super::{ATTACKER, IDP, KEY, NEXT_KEY, NOW, P384_KEY, cpu_time, idp, idp_with};

const SLO: &str = "https://auth.example.com/saml2/logout";

fn spec() -> LogoutSpec {
    let mut spec = LogoutSpec::request(IDP, SLO, "alice@example.com", Some("_s1"), NOW);
    spec.relay_state = Some("the handle/of the+provider".to_owned());
    spec
}

fn read(query: &str) -> Result<SignedQuery, SamlFault> {
    let read = redirect_binding::read(query)?;
    read.verify(&idp().signing_certificates)?;
    Ok(read)
}

#[track_caller]
fn accepts(query: &str) {
    let read = read(query).unwrap();
    assert_eq!(read.field, Field::Request);
    assert!(String::from_utf8(read.xml).unwrap().contains("alice@example.com"));
}

#[track_caller]
fn refuses(query: &str, fault: SamlFault) {
    let mut verdict = None;
    let spent = cpu_time(|| verdict = Some(read(query)));
    assert_eq!(verdict.unwrap().unwrap_err(), fault, "{}", &query[..query.len().min(300)]);
    assert!(spent <= Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 20 }), "{spent:?}");
}

/// The value of a parameter as it stands in the query.
fn raw<'q>(query: &'q str, name: &str) -> &'q str {
    query.split('&').find_map(|piece| piece.strip_prefix(&format!("{name}="))).unwrap()
}

fn deflated(bytes: &[u8]) -> String {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    escaped(&encoder.finish().unwrap())
}

fn escaped(bytes: &[u8]) -> String {
    url::form_urlencoded::byte_serialize(STANDARD.encode(bytes).as_bytes()).collect()
}

/// A query with this message, rightly signed.
fn with_message(message: &str) -> String {
    let octets = format!("SAMLRequest={message}&SigAlg={}", raw(&spec().redirect(&KEY), "SigAlg"));
    let signature = escaped(&KEY.sign_octets(octets.as_bytes()));
    format!("{octets}&Signature={signature}")
}

#[test]
fn s28_signed_queries_of_every_kind_of_key_are_accepted() {
    for key in [&*KEY, &*NEXT_KEY] {
        accepts(&spec().redirect(key));
    }
    let strong = redirect_binding::read(&spec().redirect(&P384_KEY)).unwrap();
    assert_eq!(strong.verify(&idp_with(&[&P384_KEY]).signing_certificates), Ok(()));
    assert_eq!(strong.verify(&idp().signing_certificates), Err(SamlFault::SignatureInvalid), "no key of that curve");
    assert_eq!(read(&spec().redirect(&KEY)).unwrap().relay_state.as_deref(), Some("the handle/of the+provider"));
    let mut bare = spec();
    bare.relay_state = None;
    accepts(&bare.redirect(&KEY));
}

/// S-28: other spellings of the same octets, as .NET and others write them.
#[test]
fn s28_lower_case_escapes_verify() {
    let lower = |text: String| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            let _ = write!(out, "{before}%{}", after[..2].to_lowercase());
            rest = &after[2..];
        }
        out + rest
    };
    let mut spec = spec();
    spec.octets = Some(Box::new(lower));
    let query = spec.redirect(&KEY);
    assert!(query.contains("%2f") || query.contains("%2b") || query.contains("%3a"), "{query}");
    accepts(&query);
    // The same octets written otherwise after signing are not what was signed.
    refuses(&query.replace("%3a", "%3A"), SamlFault::SignatureInvalid);
    spec.octets = Some(Box::new(|octets| octets.replace('+', "%20")));
    accepts(&spec.redirect(&KEY));
}

#[test]
fn s28_every_parameter_is_signed_and_in_its_place() {
    let good = spec().redirect(&KEY);
    accepts(&good);
    let other = spec().redirect(&KEY);
    refuses(&good.replace(raw(&good, "SAMLRequest"), raw(&other, "SAMLRequest")), SamlFault::SignatureInvalid);
    refuses(&good.replace("RelayState=the", "RelayState=a"), SamlFault::SignatureInvalid);
    refuses(&good.replace(&format!("&RelayState={}", raw(&good, "RelayState")), ""), SamlFault::SignatureInvalid);
    refuses(&good.replace("SAMLRequest=", "SAMLResponse="), SamlFault::SignatureInvalid);
    let mut bare = spec();
    bare.relay_state = None;
    refuses(&format!("{}&RelayState=x", bare.redirect(&KEY)), SamlFault::SignatureInvalid);
    // The order of arrival does not count: the standard says which order is signed. What is not known is not read.
    let mut pieces: Vec<&str> = good.split('&').collect();
    pieces.reverse();
    accepts(&pieces.join("&"));
    accepts(&format!("lang=en&{good}"));
    refuses(&spec().redirect(&ATTACKER), SamlFault::SignatureInvalid);
    let first = redirect_binding::read(&good).unwrap();
    assert_eq!(first.verify(&[]), Err(SamlFault::NoSigningKey));
}

#[test]
fn s28_missing_repeated_and_misspelt_parameters_are_refused() {
    let good = spec().redirect(&KEY);
    accepts(&good);
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        refuses(&format!("{good}&{name}={}", raw(&good, name)), SamlFault::Parameters);
        refuses(&format!("{name}=&{good}"), SamlFault::Parameters);
        // The same name in escapes: a second reader would take it for another, or for the first.
        let hidden = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        refuses(&format!("{good}&{hidden}=x"), SamlFault::Parameters);
        refuses(&good.replace(&format!("{name}="), &format!("{hidden}=")), SamlFault::Parameters);
    }
    refuses(&format!("{good}&SAMLResponse={}", raw(&good, "SAMLRequest")), SamlFault::Parameters);
    refuses(&good.replace(&format!("SAMLRequest={}&", raw(&good, "SAMLRequest")), ""), SamlFault::Parameters);
    refuses(&good.replace(&format!("&SigAlg={}", raw(&good, "SigAlg")), ""), SamlFault::Unsigned);
    refuses(&good.replace(&format!("&Signature={}", raw(&good, "Signature")), ""), SamlFault::Unsigned);
    let mut unsigned = spec();
    unsigned.signed = false;
    refuses(&unsigned.redirect(&KEY), SamlFault::Unsigned);
    refuses("", SamlFault::Parameters);
    let deflate = "urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE";
    accepts(&format!("{good}&SAMLEncoding={deflate}"));
    refuses(&format!("{good}&SAMLEncoding=urn%3Aother"), SamlFault::Parameters);
    refuses(&format!("{good}&SAMLEncoding={deflate}&SAMLEncoding={deflate}"), SamlFault::Parameters);
    for broken in ["%", "%2", "%zz", "%00", "%ff", "%0a"] {
        refuses(&good.replace("RelayState=the", &format!("RelayState={broken}the")), SamlFault::Parameters);
    }
    refuses(&good.replace("RelayState=the", &format!("RelayState={}", "x".repeat(2_049))), SamlFault::TooLarge);
}

/// S-06: the algorithm is ours to choose, and fits the key.
#[test]
fn s06_weak_unknown_and_unfitting_algorithms_are_refused() {
    let signed_as = |algorithm: &str, key: &SigningKey| {
        let algorithm: String = url::form_urlencoded::byte_serialize(algorithm.as_bytes()).collect();
        let mut spec = spec();
        spec.octets = Some(Box::new(move |octets| {
            let (message, _) = octets.split_once("&SigAlg=").unwrap();
            format!("{message}&SigAlg={algorithm}")
        }));
        spec.redirect(key)
    };
    let dsig = "http://www.w3.org/2001/04/xmldsig-more#";
    accepts(&signed_as(&format!("{dsig}rsa-sha256"), &KEY));
    for weak in ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", "none", ""] {
        refuses(&signed_as(weak, &KEY), SamlFault::SignatureAlgorithm);
    }
    refuses(&signed_as(&format!("{dsig}hmac-sha256"), &KEY), SamlFault::SignatureAlgorithm);
    refuses(&signed_as(&format!("{dsig}rsa-sha512"), &KEY), SamlFault::SignatureInvalid);
    refuses(&signed_as(&format!("{dsig}ecdsa-sha256"), &KEY), SamlFault::SignatureInvalid);
    refuses(&signed_as(&format!("{dsig}rsa-sha256"), &NEXT_KEY), SamlFault::SignatureInvalid);
}

/// S-28: bombs and what is no DEFLATE stream, within the 20 ms.
#[test]
fn s28_bombs_are_refused() {
    let xml = b"<samlp:LogoutRequest>alice@example.com</samlp:LogoutRequest>";
    accepts(&with_message(&deflated(xml)));
    // A hundredfold; more than the gate takes; the longest parameter of all.
    refuses(&with_message(&deflated(&vec![b' '; 100_000])), SamlFault::TooLarge);
    refuses(&with_message(&deflated(&vec![b' '; 64 * 1024 * 1024])), SamlFault::TooLarge);
    let mut noise: Vec<u8> = Vec::new();
    for step in 0..300_000_u32 {
        noise.push(b"0123456789abcdef"[(step.wrapping_mul(2_654_435_761) >> 28) as usize]);
    }
    refuses(&with_message(&deflated(&noise)), SamlFault::TooLarge);
    refuses(&with_message(&"A".repeat(256 * 1024 + 1)), SamlFault::TooLarge);
    refuses(&with_message("AAAA%20BBBB"), SamlFault::NotBase64);
    refuses(&with_message("%FF%FE"), SamlFault::Parameters);
    refuses(&with_message(&escaped(xml)), SamlFault::NotDeflated);
    // Something behind the stream.
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(xml).unwrap();
    let tail = [encoder.finish().unwrap(), b"more".to_vec()].concat();
    refuses(&with_message(&escaped(&tail)), SamlFault::NotDeflated);
    refuses(&with_message(""), SamlFault::NotDeflated);
}
