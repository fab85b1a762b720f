//! The table of operations against the service models, and the generated document.

use std::fs;

use fedgate::cognito::{coverage, operations};

use crate::house::root;

/// `make gen` runs this with FEDGATE_BLESS=1, which writes the document instead of comparing it.
#[test]
fn the_coverage_document_is_current() {
    let file = root().join("docs/COVERAGE.md");
    let document = coverage::document();
    if std::env::var_os("FEDGATE_BLESS").is_some() {
        fs::write(&file, &document).unwrap();
    }
    assert!(fs::read_to_string(&file).unwrap_or_default() == document, "docs/COVERAGE.md is stale: run `make gen`");
}

#[test]
fn p_01_the_table_agrees_with_the_models() {
    let mut names = Vec::new();
    for entry in operations() {
        let shape = entry.service.api().operation(entry.name).unwrap_or_else(|| panic!("{} is not in the model", entry.name));
        assert_eq!(entry.caller, shape.need, "{}", entry.name);
        for failure in entry.failures {
            assert!(shape.errors.iter().any(|error| error == failure), "{} does not answer {failure}", entry.name);
        }
        names.push((entry.service.signing_name(), entry.name));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "an operation stands twice");
}
