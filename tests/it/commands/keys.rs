//! `fedgate keys list|rotate`.

use crate::commands::program::{Place, labelled};

#[test]
fn list_and_rotate() {
    let place = Place::new();
    let pool = labelled(&place.serve(&[], &[]).stop().stdout, "user pool").unwrap();
    let column = |text: &str, index: usize| -> Vec<String> {
        text.lines().map(|line| line.split('\t').nth(index).unwrap().to_owned()).collect()
    };
    let listed = place.run(&["keys", "list", &pool], &[]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    let mut uses = column(&listed.stdout, 1);
    uses.sort();
    assert_eq!(uses, ["access", "id"]);
    assert_eq!(column(&listed.stdout, 2), ["active", "active"]);

    let rotated = place.run(&["keys", "rotate", &pool], &[]);
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    assert_eq!(column(&rotated.stdout, 2), ["active", "active", "published", "published"]);
    assert!(rotated.stdout.starts_with(&column(&listed.stdout, 0)[0]), "the old keys stay first");

    let now = place.run(&["keys", "rotate", "--now", &pool], &[]);
    assert_eq!(column(&now.stdout, 2)[4..], ["active", "active"]);
}

#[test]
fn pools_and_stores_that_are_not_there() {
    let place = Place::new();
    let empty = place.run(&["keys", "list", "local_AbC123xyz"], &[]);
    assert_eq!(empty.code, Some(1));
    place.serve(&[], &[]).stop();
    let unknown = place.run(&["keys", "list", "local_AbC123xyz"], &[]);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), "fedgate: there is no user pool local_AbC123xyz\n"));
}
