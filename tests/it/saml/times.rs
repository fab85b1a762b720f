//! S-15: every time with both sides of its edge, by a given clock.

use fedgate::federation::saml::fault::SamlFault::{self, *};
use fedgate::federation::saml::response::{self, Expectation};
use playground::saml_idp::response::{ResponseSpec, Sign};

use super::{ACS, KEY, NOW, REQUEST, SIGNED, SP, idp, refuses, spec};

const SECOND: i64 = 1_000;
/// The default skew.
const SKEW: i64 = 60 * SECOND;
/// Oldest assertion.
const AGE: i64 = 300 * SECOND;

#[track_caller]
fn edge(name: &str, change: &dyn Fn(&mut ResponseSpec, i64), last_good: i64, first_bad: i64, fault: SamlFault) {
    for sign in SIGNED {
        let build = |offset: i64| {
            let mut spec = spec(sign);
            change(&mut spec, NOW + offset);
            spec.build(&KEY)
        };
        let good = super::verify(&build(last_good));
        assert!(good.is_ok(), "{name} at {last_good} ({sign:?}): {good:?}");
        assert_eq!(super::verify(&build(first_bad)), Err(fault), "{name} at {first_bad} ({sign:?})");
    }
}

#[test]
fn s15_edges() {
    edge("IssueInstant in the future", &|s, t| s.issue_instant_ms = t, SKEW, SKEW + SECOND, TooEarly);
    edge("IssueInstant in the past", &|s, t| s.issue_instant_ms = t, -AGE - SKEW, -AGE - SKEW - SECOND, Expired);
    edge("NotBefore", &|s, t| s.not_before_ms = Some(t), SKEW, SKEW + SECOND, TooEarly);
    edge("NotOnOrAfter", &|s, t| s.not_on_or_after_ms = Some(t), -SKEW + SECOND, -SKEW, Expired);
    edge("confirmation NotOnOrAfter", &|s, t| s.confirmation_not_on_or_after_ms = Some(t), -SKEW + SECOND, -SKEW, Expired);
    edge("SessionNotOnOrAfter", &|s, t| s.session_not_on_or_after_ms = Some(t), -SKEW + SECOND, -SKEW, Expired);
    edge("AuthnInstant in the future", &|s, t| s.authn_instant_ms = Some(t), SKEW, SKEW + SECOND, TooEarly);
}

/// A millisecond decides, in both directions.
#[test]
fn s15_edges_to_the_millisecond() {
    edge("NotOnOrAfter", &|s, t| s.not_on_or_after_ms = Some(t), -SKEW + 1, -SKEW, Expired);
    edge("NotBefore", &|s, t| s.not_before_ms = Some(t), SKEW, SKEW + 1, TooEarly);
}

#[test]
fn s15_a_confirmation_that_is_not_yet_valid() {
    for (offset, verdict) in [(SKEW, None), (SKEW + SECOND, Some(TooEarly))] {
        let not_before = playground::saml_idp::response::instant(NOW + offset);
        let change = move |text: String| {
            text.replace("<saml:SubjectConfirmationData", &format!("<saml:SubjectConfirmationData NotBefore=\"{not_before}\""))
        };
        let document = ResponseSpec { before_assertion_signature: Some(Box::new(change)), ..spec(Sign::Assertion) }.build(&KEY);
        assert_eq!(super::verify(&document).err(), verdict);
    }
}

/// The skew is the caller's, up to three minutes.
#[test]
fn s15_skew_is_clamped() {
    let idp = idp();
    let verify = |document: &str, skew_s: i64| {
        let expectation = Expectation { idp: &idp, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms: NOW, skew_s };
        response::verify(document.as_bytes(), &expectation)
    };
    let early = |seconds: i64| ResponseSpec { not_before_ms: Some(NOW + seconds * SECOND), ..spec(Sign::Assertion) }.build(&KEY);
    assert!(verify(&early(0), 0).is_ok());
    assert_eq!(verify(&early(1), 0), Err(TooEarly));
    assert_eq!(verify(&early(1), -60), Err(TooEarly));
    assert!(verify(&early(180), 180).is_ok());
    assert_eq!(verify(&early(181), 180), Err(TooEarly));
    assert_eq!(verify(&early(181), i64::MAX), Err(TooEarly));
    let now = |now_ms| {
        let expectation = Expectation { idp: &idp, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms, skew_s: 60 };
        response::verify(early(0).as_bytes(), &expectation)
    };
    assert_eq!(now(i64::MAX), Err(Expired));
    assert_eq!(now(i64::MIN), Err(TooEarly));
    assert!(now(NOW).is_ok());
}

#[test]
fn s15_forms_of_time() {
    let good = spec(Sign::Nothing).build(&KEY);
    let instant = playground::saml_idp::response::instant(NOW);
    assert!(good.contains(&format!("IssueInstant=\"{instant}\"")));
    let with = |text: &str| {
        let replacement = format!("IssueInstant=\"{text}\"");
        let pattern = format!("IssueInstant=\"{instant}\"");
        let change = move |xml: String| xml.replace(&pattern, &replacement);
        ResponseSpec { before_assertion_signature: Some(Box::new(change)), ..spec(Sign::Assertion) }.build(&KEY)
    };
    let stem = instant.strip_suffix('Z').unwrap().to_owned();
    for good in [format!("{stem}Z"), format!("{stem}.5Z"), format!("{stem}.1234567Z"), format!("{stem}.000000000Z")] {
        assert!(super::verify(&with(&good)).is_ok(), "{good}");
    }
    for bad in [
        String::new(),
        stem.clone(),
        format!("{stem}+00:00"),
        format!("{stem}+02:00"),
        format!("{stem}z"),
        format!(" {stem}Z"),
        format!("{stem}.Z"),
        stem.replace('T', " ") + "Z",
        format!("{stem}.{}Z", "1".repeat(60)),
        "2026-02-30T00:00:00Z".to_owned(),
        "12026-01-01T00:00:00Z".to_owned(),
        "-026-01-01T00:00:00Z".to_owned(),
        "now".to_owned(),
        "\u{e9}026-01-01T00:00:00Z".to_owned(),
    ] {
        refuses(&with(&bad), TimeForm);
    }
}

/// S-16 needs the caller's store; this room says how long to remember.
#[test]
fn s16_replay_is_remembered_as_long_as_it_could_work() {
    for sign in SIGNED {
        let document = spec(sign).build(&KEY);
        let assertion = super::verify(&document).unwrap();
        let at = |now_ms| super::verify_at(&document, &idp(), Some(REQUEST), now_ms);
        assert_eq!(at(assertion.replay_until_ms), Err(Expired));
    }
}
