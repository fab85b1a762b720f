//! Random damage from a fixed seed: bits, bytes, pairs and stretches, anywhere in the document and in the form field.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Mutant, Original};

/// xorshift64*: a few lines, so that the same mutants come back in every run and on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap() % below
    }
}

/// Bytes that change what they replace or join; no white space, which XML takes in many places.
const LETTERS: &[u8] = b"AZaz09<>&\"'/=:#;!?-_.\0\x01\x7f\x80\xff";

pub(super) fn mutants(original: &Original) -> Vec<Mutant> {
    let document = original.document.as_bytes();
    let mut random = Random(0x5eed_0fed_6a7e);
    let mut found = Vec::new();
    for number in 0..80 {
        let at = random.next(document.len());
        let mut add = |what: &str, mutant: Vec<u8>| found.push(damaged(original, format!("{what} {number}"), at..at + 1, &mutant));
        let mut flipped = document.to_vec();
        flipped[at] ^= 1 << random.next(8);
        add("bit", flipped);
        let mut replaced = document.to_vec();
        replaced[at] = LETTERS[random.next(LETTERS.len())];
        add("byte", replaced);
        let mut longer = document.to_vec();
        longer.insert(at, LETTERS[random.next(LETTERS.len())]);
        add("insertion", longer);
        let mut shorter = document.to_vec();
        shorter.remove(at);
        add("removal", shorter);
    }
    for number in 0..40 {
        let from = random.next(document.len());
        let to = (from + 1 + random.next(200)).min(document.len());
        let mut cut = document.to_vec();
        cut.drain(from..to);
        found.push(damaged(original, format!("removed stretch {number}"), from..to, &cut));
        let mut copied = document.to_vec();
        copied.splice(to..to, document[from..to].to_vec());
        found.push(damaged(original, format!("doubled stretch {number}"), from..to, &copied));
    }
    let field = STANDARD.encode(document);
    for number in 0..40 {
        let at = random.next(field.len());
        let mut changed = field.clone().into_bytes();
        changed[at] = b"ABCXYZabcxyz0189+/=*"[random.next(20)];
        let bytes = at / 4 * 3..(at / 4 * 3 + 3).min(document.len());
        let places = places(original, &bytes);
        found.push(Mutant { name: format!("letter {number} of the field"), places, field: String::from_utf8(changed).unwrap() });
    }
    found
}

fn damaged(original: &Original, name: String, bytes: Range<usize>, mutant: &[u8]) -> Mutant {
    Mutant { name, places: places(original, &bytes), field: STANDARD.encode(mutant) }
}

/// The innermost elements, or attributes, around these bytes.
fn places(original: &Original, bytes: &Range<usize>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for at in bytes.clone() {
        let innermost = original.elements.iter().rfind(|element| element.whole.contains(&at));
        let place = innermost.map_or_else(String::new, |element| {
            let attribute = element.attributes.iter().find(|attribute| attribute.whole.contains(&at));
            attribute.map_or_else(|| element.path.clone(), |found| format!("{}/@{}", element.path, original.text(&found.name)))
        });
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}
