//! Patterns: regular expressions without look-around and back-references, so that matching is linear in the text.
//!
//! Owns what matching costs. The factor of that linear time is the pattern's number of places (letters and classes, repetitions counted
//! out), each of which may be alive at each byte: 27 ns for both together where the automaton's cache is of no use. The meter is charged for
//! this worst case.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::base::expression::{Fault, MAX_SEARCHED, Meter};

/// Most places of a pattern.
const MAX_PLACES: usize = 256;
/// Compiled size of a pattern, bytes.
const MAX_COMPILED: usize = 256 * 1024;
/// Size of the cache by which a pattern is usually faster than its worst case, bytes.
const CACHE: usize = 128 * 1024;
/// Deepest nesting of a pattern.
const MAX_NESTING: u32 = 32;

/// A pattern that was compiled.
#[derive(Debug)]
pub struct Pattern {
    regex: Regex,
    places: usize,
}

impl Pattern {
    /// Compiles it, or says what is wrong.
    pub fn compile(text: &str) -> Result<Self, &'static str> {
        let parsed = regex_syntax::ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(text);
        let places = places(&parsed.map_err(|_| "a pattern that is not a regular expression")?);
        let too_large = "a pattern that is too large";
        if places > MAX_PLACES {
            return Err(too_large);
        }
        let regex = RegexBuilder::new(text).size_limit(MAX_COMPILED).dfa_size_limit(CACHE).nest_limit(MAX_NESTING).build();
        Ok(Self { regex: regex.map_err(|_| too_large)?, places })
    }

    /// Whether it matches somewhere.
    pub fn matches(&self, text: &str, meter: &Meter) -> Result<bool, Fault> {
        self.pay(text, meter)?;
        Ok(self.regex.is_match(text))
    }

    /// The first group of the first match, or the whole match of a pattern without groups.
    pub fn extract<'t>(&self, text: &'t str, meter: &Meter) -> Result<Option<&'t str>, Fault> {
        self.pay(text, meter)?;
        let found = self.regex.captures(text);
        Ok(found.and_then(|found| found.get(usize::from(found.len() > 1))).map(|found| found.as_str()))
    }

    fn pay(&self, text: &str, meter: &Meter) -> Result<(), Fault> {
        if text.len() > MAX_SEARCHED {
            return Err(Fault::TooLong);
        }
        meter.spend(4 + text.len() * self.places / 5)
    }
}

fn places(pattern: &Hir) -> usize {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            places(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(places).fold(0, usize::saturating_add),
    }
}
