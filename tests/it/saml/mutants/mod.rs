//! S-04, Y-16: thousands of mutants of validly signed Responses; none is accepted unless it is on the list of what no
//! signature covers, and then it says what the original says.
//!
//! Owns the bench: the signed originals, the run over every family and the count. A family is a file that turns an original
//! into mutants, systematically, or from a fixed seed (`bytes`). `neutral` holds the list. Every mutant takes the way of a
//! real answer: the form field through `response::decode` and `response::verify`.

mod bytes;
mod encoding;
mod namespace;
mod neutral;
mod signature;
mod structure;
mod transforms;
mod tree;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fedgate::federation::saml::fault::SamlFault;
use fedgate::federation::saml::metadata::IdpDescriptor;
use fedgate::federation::saml::response::{self, DEFAULT_SKEW_S, Expectation, VerifiedAssertion};
use playground::saml_idp::response::{ResponseSpec, Sign};
use playground::saml_idp::signer::SigningKey;

use self::tree::Element;
use super::{ACS, KEY, NEXT_KEY, NOW, REQUEST, SIGNED, SP, idp, keep_accepted, spec};

/// Refused mutants that there must be at least (issue: 2,000).
const LEAST: usize = 2_000;

/// A validly signed document.
struct Original {
    spec: ResponseSpec,
    key: &'static SigningKey,
    document: String,
    elements: Vec<Element>,
    says: VerifiedAssertion,
}

impl Original {
    fn new(sign: Sign, key: &'static SigningKey) -> Self {
        let spec = spec(sign);
        let document = spec.build(key);
        let says = judge(&STANDARD.encode(&document)).expect("the control: an original is accepted");
        Self { spec, key, elements: tree::elements(&document), document, says }
    }

    /// The element of this path.
    fn element(&self, path: &str) -> &Element {
        self.elements.iter().find(|element| element.path == path).unwrap_or_else(|| panic!("no {path}"))
    }

    /// The text of a range.
    fn text(&self, range: &std::ops::Range<usize>) -> &str {
        &self.document[range.clone()]
    }

    /// Whether this is the named child of the outermost signature, which no signature covers.
    fn is_outer(&self, path: &str, child: &str) -> bool {
        let outer = self.signatures().next().unwrap();
        path.strip_prefix(&outer.path).is_some_and(|rest| rest.strip_prefix('/') == Some(child))
    }

    /// Whether this stands in the KeyInfo of the outermost signature: one neutral place, not many.
    fn is_key_content(&self, path: &str) -> bool {
        path.rsplit_once("/ds:KeyInfo/")
            .is_some_and(|(signature, _)| self.is_outer(&format!("{signature}/ds:KeyInfo"), "ds:KeyInfo"))
    }

    /// The signatures, in document order.
    fn signatures(&self) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(|element| element.path.ends_with("/ds:Signature"))
    }
}

/// A changed form field.
struct Mutant {
    /// What was done.
    name: String,
    /// Where: paths of elements, or of attributes with `/@`; one empty path for the document as a whole.
    places: Vec<String>,
    field: String,
}

impl Mutant {
    fn new(name: impl Into<String>, place: &str, document: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), places: vec![place.to_owned()], field: STANDARD.encode(document) }
    }
}

static ORIGINALS: LazyLock<Vec<Original>> = LazyLock::new(|| {
    let rsa = SIGNED.map(|sign| Original::new(sign, &KEY));
    rsa.into_iter().chain([Original::new(Sign::Both, &NEXT_KEY)]).collect()
});

static IDP: LazyLock<IdpDescriptor> = LazyLock::new(idp);

fn judge(field: &str) -> Result<VerifiedAssertion, SamlFault> {
    let expectation =
        Expectation { idp: &IDP, sp_entity_id: SP, acs_url: ACS, request_id: Some(REQUEST), now_ms: NOW, skew_s: DEFAULT_SKEW_S };
    let xml = response::decode(field)?;
    let verdict = response::verify(&xml, &expectation)?;
    keep_accepted(std::str::from_utf8(&xml).unwrap(), &IDP);
    Ok(verdict)
}

/// A family, and whether it differs for an ECDSA signature.
type Family = (&'static str, bool, fn(&Original) -> Vec<Mutant>);

const FAMILIES: &[Family] = &[
    ("wrapping", false, structure::wrapping),
    ("structure", false, structure::mutants),
    ("values", false, values::mutants),
    ("signature", true, signature::mutants),
    ("namespace", false, namespace::mutants),
    ("transforms", false, transforms::mutants),
    ("encoding", false, encoding::mutants),
    ("bytes", true, bytes::mutants),
];

/// Form fields of refused mutants, one of `step`, over all families and originals.
pub(super) fn sample(step: usize) -> Vec<String> {
    let all = ORIGINALS.iter().flat_map(|original| {
        let unchanged = STANDARD.encode(&original.document);
        let mutants = FAMILIES.iter().flat_map(|(_, _, make)| make(original));
        let mutants = mutants.filter(|mutant| neutral::reason(original, mutant).is_none()).map(|mutant| mutant.field);
        mutants.filter(move |field| *field != unchanged)
    });
    all.step_by(step).collect()
}

/// What a run over one original found.
#[derive(Default)]
struct Tally {
    refused: BTreeMap<&'static str, usize>,
    reasons: BTreeSet<&'static str>,
    neutral: usize,
    wrong: Vec<String>,
}

fn run(original: &Original) -> Tally {
    let mut tally = Tally::default();
    let mut seen = BTreeSet::from([STANDARD.encode(&original.document)]);
    for (family, always, make) in FAMILIES {
        if !always && !std::ptr::eq(original.key, &raw const *KEY) {
            continue;
        }
        assert_eq!(judge(&STANDARD.encode(&original.document)).as_ref(), Ok(&original.says), "{family}: the control");
        for mutant in make(original) {
            // Two ways to the same mutant count once.
            if !seen.insert(mutant.field.clone()) {
                continue;
            }
            let listed = neutral::reason(original, &mutant);
            match (judge(&mutant.field), listed) {
                (Err(fault), None) => {
                    *tally.refused.entry(family).or_default() += 1;
                    tally.reasons.insert(fault.reason());
                }
                (Ok(says), Some(_)) if says == original.says => tally.neutral += 1,
                // A place that no signature covers may still have a form that is refused.
                (Err(_), Some(_)) => {}
                (Ok(says), listed) => {
                    let values = if says == original.says { "the same values" } else { "OTHER VALUES" };
                    let place = mutant.places.join(" ");
                    let sign = original.spec.sign;
                    tally.wrong.push(format!("{sign:?} {family}: {} {place} (listed: {listed:?}), {values}", mutant.name));
                }
            }
        }
    }
    tally
}

#[test]
fn y16_no_mutant_of_a_signed_response_is_accepted() {
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = ORIGINALS.iter().map(|original| scope.spawn(|| run(original))).collect();
        for tally in runs.into_iter().map(|run| run.join().unwrap()) {
            for (family, count) in tally.refused {
                *all.refused.entry(family).or_default() += count;
            }
            all.reasons.extend(tally.reasons);
            all.neutral += tally.neutral;
            all.wrong.extend(tally.wrong);
        }
    });
    let Tally { refused, reasons, neutral, wrong } = all;
    assert!(wrong.is_empty(), "{} accepted:\n{}", wrong.len(), wrong.join("\n"));
    let total: usize = refused.values().sum();
    assert!(total >= LEAST, "only {total} mutants that are not neutral: {refused:?}");
    assert!(refused.len() == FAMILIES.len() && refused.values().all(|&count| count >= 100), "{refused:?}");
    assert!(reasons.len() >= 20, "the mutants reach only {reasons:?}");
    assert!(neutral > 50, "the list of neutral places is not idle: {neutral}");
}

/// The other half: what providers do and no signature covers is accepted, and says the same.
#[test]
fn y16_neutral_changes_say_the_same() {
    for original in &*ORIGINALS {
        for mutant in neutral::changes(original) {
            assert_eq!(judge(&mutant.field).as_ref(), Ok(&original.says), "{:?} {}", original.spec.sign, mutant.name);
        }
    }
}
