//! Runs the rules of the house over the whole tree. What is still allowed to break one stands in one list, which may only shrink.

use crate::house::files;
use crate::house::rules::{Violation, judge, judge_size, judge_waiting};

/// Allowed for now: (rule, file, a part of what is reported, why). An entry that nothing needs any more fails the test.
const EXCEPTIONS: [(&str, &str, &str, &str); 0] = [];

fn is_excepted(violation: &Violation, exception: &(&str, &str, &str, &str)) -> bool {
    violation.rule == exception.0 && violation.file == exception.1 && violation.what.contains(exception.2)
}

fn everything() -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, text) in files("src", "rs") {
        found.extend(judge(&file, &text));
    }
    for folder in ["tests", "crates"] {
        for (file, text) in files(folder, "rs") {
            found.extend(judge_size(&file, &text));
            if folder == "tests" {
                found.extend(judge_waiting(&file, &text));
            }
        }
    }
    found
}

#[test]
fn every_file_keeps_the_rules() {
    let found = everything();
    let broken: Vec<String> = found
        .iter()
        .filter(|violation| !EXCEPTIONS.iter().any(|exception| is_excepted(violation, exception)))
        .map(|violation| format!("{}:{}: [{}] {}", violation.file, violation.line, violation.rule, violation.what))
        .collect();
    assert!(broken.is_empty(), "{} broken rules of the house:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn the_list_of_exceptions_only_shrinks() {
    let found = everything();
    let idle: Vec<_> =
        EXCEPTIONS.iter().filter(|exception| !found.iter().any(|violation| is_excepted(violation, exception))).collect();
    assert!(idle.is_empty(), "no longer needed, so take them out: {idle:?}");
}

#[test]
fn the_tree_is_really_read() {
    assert!(files("src", "rs").len() > 10);
    assert!(files("tests", "rs").iter().any(|(file, _)| file == "tests/it/house/architecture.rs"));
}
