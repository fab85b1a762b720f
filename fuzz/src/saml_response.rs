//! Z-02: mutations of a validly signed Response. Whatever is accepted says exactly what was signed.
//!
//! The first byte of an input chooses the document, the rest is a list of edits.

use std::sync::LazyLock;

use fedgate::federation::saml::response::{self, VerifiedAssertion};

use super::bench::{KEY, SIGNS, expectation, spec};
use super::edits;

static ORIGINALS: LazyLock<Vec<(String, VerifiedAssertion)>> = LazyLock::new(|| {
    let documents = SIGNS.into_iter().map(|sign| spec(sign).build(&KEY));
    documents
        .map(|document| {
            let says = response::verify(document.as_bytes(), &expectation()).expect("a good document");
            (document, says)
        })
        .collect()
});

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&which, script)) = bytes.split_first() else { return };
    let (document, says) = &ORIGINALS[usize::from(which) % ORIGINALS.len()];
    if let Ok(assertion) = response::verify(&edits::apply(document.as_bytes(), script), &expectation()) {
        assert_eq!(&assertion, says);
    }
}
