//! Migrations run in pairs: each number and name exists for SQLite and for PostgreSQL, and the numbers have no gap.

use std::collections::BTreeMap;

use crate::house::files;

/// Complaints about two lists of file names.
fn complaints(sqlite: &[&str], postgres: &[&str]) -> Vec<String> {
    let mut sides: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (side, names) in [("sqlite", sqlite), ("postgres", postgres)] {
        for name in names {
            sides.entry(name).or_default().push(side);
        }
    }
    let mut found: Vec<String> = sides
        .iter()
        .filter(|(_, sides)| sides.len() == 1)
        .map(|(name, sides)| format!("{name} exists only for {}", sides[0]))
        .collect();
    for (place, name) in sides.keys().enumerate() {
        if !name.starts_with(&format!("{:04}_", place + 1)) {
            found.push(format!("{name} should be {:04}_….sql", place + 1));
        }
    }
    found
}

fn names(side: &str) -> Vec<String> {
    let folder = format!("migrations/{side}/");
    files(&folder, "sql").into_iter().map(|(file, _)| file[folder.len()..].to_owned()).collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    let sqlite: Vec<&str> = sqlite.iter().map(String::as_str).collect();
    let postgres: Vec<&str> = postgres.iter().map(String::as_str).collect();
    assert!(!sqlite.is_empty(), "there are migrations");
    assert_eq!(complaints(&sqlite, &postgres), Vec::<String>::new());
}

#[test]
fn a_lonely_a_renamed_and_a_skipped_migration_are_noticed() {
    assert!(complaints(&["0001_a.sql", "0002_b.sql"], &["0001_a.sql", "0002_b.sql"]).is_empty());
    assert_eq!(complaints(&["0001_a.sql", "0002_b.sql"], &["0001_a.sql"]), ["0002_b.sql exists only for sqlite"]);
    assert_eq!(complaints(&["0001_a.sql"], &["0001_b.sql"]).len(), 3);
    assert_eq!(complaints(&["0001_a.sql", "0003_b.sql"], &["0001_a.sql", "0003_b.sql"]), ["0003_b.sql should be 0002_….sql"]);
}
