//! The documents name only what exists: paths of this repository and targets of the Makefile.
//!
//! Reads what stands between back-ticks, in README.md and everything under docs/.

use std::fs;

use crate::house::{files, root};

const FOLDERS: [&str; 10] =
    ["src/", "tests/", "crates/", "docs/", "migrations/", "templates/", "scripts/", "benches/", "deploy/", "certs/"];

/// The back-ticked words of a text with their line, code blocks included.
fn quoted(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.push((number + 1, line.trim().to_owned()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|part| (number + 1, part.trim().to_owned())));
        }
    }
    found
}

/// What a text names and does not exist; `exists` answers for a path, `targets` are the Makefile's.
fn stale(text: &str, exists: impl Fn(&str) -> bool, targets: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (line, part) in quoted(text) {
        for word in part.split_whitespace() {
            let path = word.trim_end_matches([',', ';', ':', '.', ')']);
            let is_pattern = path.contains(['*', '<', '{', '…', '$', 'N']);
            if FOLDERS.iter().any(|folder| path.starts_with(folder)) && !is_pattern && !exists(path) {
                found.push(format!("line {line}: {path} does not exist"));
            }
        }
        if let Some(target) = part.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next())
            && !targets.iter().any(|known| known == target)
        {
            found.push(format!("line {line}: the Makefile has no target {target}"));
        }
    }
    found
}

fn targets() -> Vec<String> {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let names = makefile.lines().filter(|line| !line.starts_with(['\t', '.', '#'])).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn documents_name_only_what_exists() {
    let mut documents = files("docs", "md");
    if let Ok(readme) = fs::read_to_string(root().join("README.md")) {
        documents.push(("README.md".to_owned(), readme));
    }
    let targets = targets();
    assert!(targets.iter().any(|target| target == "test"), "{targets:?}");
    let complaints: Vec<String> = documents
        .iter()
        .flat_map(|(file, text)| {
            let found = stale(text, |path| root().join(path).exists(), &targets);
            found.into_iter().map(move |what| format!("{file}: {what}"))
        })
        .collect();
    assert!(complaints.is_empty(), "stale documents:\n{}", complaints.join("\n"));
}

#[test]
fn a_stale_path_and_a_stale_target_are_noticed() {
    let exists = |path: &str| path == "src/app.rs";
    let targets = ["test".to_owned()];
    assert!(stale("See `src/app.rs`, run `make test`, src/gone.rs unquoted, `src/*/mod.rs`.", exists, &targets).is_empty());
    assert_eq!(stale("See `src/gone.rs`.", exists, &targets), ["line 1: src/gone.rs does not exist"]);
    assert_eq!(stale("a\n```\nmake prove\n```", exists, &targets), ["line 3: the Makefile has no target prove"]);
}
