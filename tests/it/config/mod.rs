//! Configuration: every mistake with its line, the environment, secrets, the sample file.

mod environment;
mod faults;
mod sample;
mod secrets;
mod values;

use std::collections::BTreeMap;

use fedgate::config::Config;
use fedgate::config::load::{Source, load};

/// A file's text and some variables.
fn source(text: &str, variables: &[(&str, &str)]) -> Source {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Source { file: Some(("fedgate.toml".to_owned(), text.to_owned())), variables }
}

fn good(text: &str, variables: &[(&str, &str)]) -> Config {
    load(&source(text, variables)).unwrap_or_else(|report| panic!("{report}"))
}

/// The report, one mistake a line.
fn report(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let report = load(&source(text, variables)).expect_err("there is a mistake").to_string();
    report.lines().map(str::to_owned).collect()
}
