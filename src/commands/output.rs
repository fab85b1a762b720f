//! What commands write: results to standard output, refusals to standard error.
//!
//! Owns the two forms of a refusal. A closed pipe is no fault.

use std::io::Write as _;
use std::process::ExitCode;

use crate::config::report::Report;

/// Why a command ended without doing its work.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong.
    Report(Report),
    /// One sentence.
    Other(String),
}

impl std::convert::From<Report> for Refused {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

/// Writes a line of results.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes why, and gives the exit code.
pub fn refuse(refused: &Refused) -> ExitCode {
    let mut out = std::io::stderr().lock();
    let _ = match refused {
        Refused::Report(report) => {
            let count = report.faults.len();
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            write!(out, "{report}").and_then(|()| writeln!(out, "fedgate: {count} {noun}"))
        }
        Refused::Other(text) => writeln!(out, "fedgate: {text}"),
    };
    ExitCode::FAILURE
}
