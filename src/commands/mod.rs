//! What the program does: one file per command, arguments, exit codes.
//!
//! Owns the command line (0 done, 1 refused, 2 usage), the start of logging, and how faults are shown. The work itself is in `app` and the rooms.

pub mod check;
pub mod explain;
pub mod keys;
pub mod logging;
pub mod migrate;
pub mod output;
pub mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::{self, AppError};
use crate::commands::output::Refused;
use crate::config::Config;
use crate::config::load::{Source, load_checked};
use crate::config::report::Report;

/// A self-hosted identity gateway: social, OIDC and SAML sign-in behind one issuer.
#[derive(Debug, Parser)]
#[command(name = "fedgate", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway. Without a file: SQLite under ./data, memory cache, 127.0.0.1:8080 and one user pool `default`
    Serve(From),
    /// Say everything that is wrong with the configuration and its connections
    Check(From),
    /// Bring the database schema up to date
    Migrate(From),
    /// Signing keys of a user pool
    Keys {
        #[command(subcommand)]
        action: keys::Action,
    },
    /// The unified identity of a user: each value, from which provider and mapping it came, and when
    Explain(explain::Whom),
}

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
pub struct From {
    /// Configuration file (TOML); also FEDGATE_CONFIG. The environment wins over it: FEDGATE_HTTP__LISTEN=0.0.0.0:9000
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl From {
    /// Loads it.
    pub fn load(&self) -> Result<Config, Report> {
        let from_environment = || std::env::var_os("FEDGATE_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        let file = self.config.clone().or_else(from_environment);
        load_checked(&Source::of_process(file.as_deref())?, &app::pool_faults)
    }
}

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::refuse(&Refused::Other(format!("cannot start: {error}"))),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(from) => serve::run(&from).await,
            Command::Check(from) => check::run(&from).await,
            Command::Migrate(from) => migrate::run(&from).await,
            Command::Keys { action } => keys::run(action).await,
            Command::Explain(whom) => explain::run(whom).await,
        }
    });
    // A hanging name look-up or disk must not keep a stopped process alive.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => output::refuse(&refused),
    }
}

/// A fault of the start as a report, with the line of the key that it is about.
pub fn explain(config: &Config, error: &AppError) -> Refused {
    let mut report = Report::new(config.file.as_deref());
    for (key, message) in error.faults() {
        report.add(config.place(&key).as_ref(), &key, message);
    }
    Refused::Report(report)
}
