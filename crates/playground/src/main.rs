//! `playground demo`: the gateway between two stand-in identity providers and a sample app, on this machine only.
//!
//! Reads arguments, prints the address to open, waits for Ctrl-C. Everything else is in the library, `playground::demo`.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use playground::demo::{Demo, Options};

const USAGE: &str = "\
Usage: playground demo [--port PORT] [--log] [--once]

  --port PORT  the sample app's port (default 9000, or any free one if that is taken)
  --log        also print the gateway's log, each line after \"fedgate |\"
  --once       sign in through every door with a screenless browser, say what happened, end
";

enum Wish {
    Stay(Options),
    Once(Options),
    Help,
}

#[tokio::main]
async fn main() -> ExitCode {
    match wish(std::env::args().skip(1)) {
        Ok(Wish::Help) => {
            say(USAGE);
            ExitCode::SUCCESS
        }
        Ok(Wish::Stay(options)) => stay(&options).await,
        Ok(Wish::Once(options)) => once(&options).await,
        Err(problem) => {
            complain(&format!("{problem}\n\n{USAGE}"));
            ExitCode::from(2)
        }
    }
}

fn wish(mut args: impl Iterator<Item = String>) -> Result<Wish, String> {
    match args.next().as_deref() {
        Some("demo") => {}
        Some("--help" | "-h" | "help") | None => return Ok(Wish::Help),
        Some(other) => return Err(format!("unknown command {other}")),
    }
    let (mut options, mut once) = (Options::default(), false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--once" => once = true,
            "--log" => options.echo_log = true,
            "--port" => {
                let port = args.next().and_then(|text| text.parse().ok());
                options.port = Some(port.ok_or("--port needs a number from 0 to 65535")?);
            }
            "--help" | "-h" => return Ok(Wish::Help),
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(if once { Wish::Once(options) } else { Wish::Stay(options) })
}

async fn stay(options: &Options) -> ExitCode {
    let mut demo = match Demo::start(options).await {
        Ok(demo) => demo,
        Err(problem) => {
            complain(&problem.to_string());
            return ExitCode::FAILURE;
        }
    };
    say(&banner(&demo));
    wait_for_the_end().await;
    say("\n  Ending.\n");
    // Ctrl-C in a terminal reaches the gateway too; give it the time to drain.
    demo.gateway.end_within(1).await;
    ExitCode::SUCCESS
}

async fn once(options: &Options) -> ExitCode {
    let demo = match Demo::start(options).await {
        Ok(demo) => demo,
        Err(problem) => {
            complain(&problem.to_string());
            return ExitCode::FAILURE;
        }
    };
    match demo.walk().await {
        Ok(lines) => {
            say(&(lines.join("\n") + "\nThe demo works.\n"));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let mut text = format!("the demo does not work: {problem}\n");
            for line in demo.gateway.log_tail() {
                let _ = writeln!(text, "  fedgate | {line}");
            }
            complain(&text);
            ExitCode::FAILURE
        }
    }
}

fn banner(demo: &Demo) -> String {
    let settings = &demo.settings;
    format!(
        "
  fedgate is running between six stand-in identity providers and an app.

    Open this page   {}

    the gateway      {}
    an OIDC provider {}
    a SAML provider  {}
    the log          {}

  Ctrl-C ends everything and removes its files.

",
        settings.app_url,
        settings.issuer(),
        demo.oidc.issuer,
        settings.saml.metadata_url,
        demo.gateway.log_file.display(),
    )
}

async fn wait_for_the_end() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
