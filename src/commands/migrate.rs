//! `fedgate migrate`: brings the database schema up to date.

use crate::app;
use crate::commands::output::{self, Refused};
use crate::commands::{self, From};

/// Runs it.
pub async fn run(from: &From) -> Result<(), Refused> {
    let config = from.load()?;
    let refuse = |error| commands::explain(&config, &error);
    let applied = app::probe::migrate(&config).await.map_err(refuse)?;
    match applied.as_slice() {
        [] => output::line("the schema is up to date"),
        names => names.iter().for_each(|name| output::line(&format!("applied {name}"))),
    }
    Ok(())
}
