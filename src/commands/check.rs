//! `fedgate check`: everything that is wrong with the configuration and its connections, without changing anything.

use crate::app::probe;
use crate::commands::From;
use crate::commands::output::{self, Refused};
use crate::config::report::Report;

/// Runs it.
pub async fn run(from: &From) -> Result<(), Refused> {
    let config = from.load()?;
    let (good, faults) = probe::examine(&config).await;
    for line in good {
        output::line(&line);
    }
    if faults.is_empty() {
        output::line("good");
        return Ok(());
    }
    let mut report = Report::new(config.file.as_deref());
    for (key, message) in faults {
        report.add(config.place(&key).as_ref(), &key, message);
    }
    Err(report.sorted().into())
}
