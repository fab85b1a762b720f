//! The command line: exit code 2 and a suggestion for what it does not know.

use crate::commands::program::Place;

#[test]
fn version_and_help() {
    let place = Place::new();
    let version = place.run(&["--version"], &[]);
    assert_eq!((version.code, version.stdout.as_str()), (Some(0), concat!("fedgate ", env!("CARGO_PKG_VERSION"), "\n")));
    let help = place.run(&["--help"], &[]);
    assert_eq!(help.code, Some(0));
    for command in ["serve", "check", "migrate", "keys", "explain"] {
        assert!(help.stdout.contains(command), "{command}");
    }
}

#[test]
fn usage_faults_exit_with_2_and_suggest() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&[], "Usage: fedgate <COMMAND>"),
        (&["sevre"], "'serve'"),
        (&["serve", "--confg", "x"], "'--config'"),
        (&["serve", "extra"], "unexpected argument"),
        (&["keys", "rotate"], "<POOL>"),
        (&["explain", "local_AbC123xyz"], "<USER>"),
    ];
    for (arguments, expected) in cases {
        let outcome = place.run(arguments, &[]);
        assert_eq!(outcome.code, Some(2), "{arguments:?}");
        assert!(outcome.stderr.contains(expected), "{arguments:?}: {}", outcome.stderr);
    }
}
