//! `make bench`: what brokered logins, tokens and documents cost the gateway in CPU time, beside what their cryptography
//! alone must cost; its idle memory; how soon after its start it answers.
//!
//! Starts a release gateway between the playground's stand-ins and talks real HTTP over loopback. The stand-ins, the browser
//! and this program run in another process, so that only the gateway's own work is counted. Bounded in count and time.
//! Files: `proc` reads the kernel's figures, `floor` the cryptography, `journeys` are the operations, `start` the start.

mod acs;
mod floor;
mod journeys;
mod proc;
mod start;

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use playground::demo::{Demo, Options};
use playground::gateway;

use crate::acs::Users;
use crate::floor::Floor;
use crate::journeys::{Driver, Journey};

/// Any failure ends the run with its text.
pub type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(report) => {
            let _ = io::stdout().write_all(report.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The parts of the run; words on the command line choose some of them.
const PARTS: [&str; 4] = ["start", "journeys", "document", "acs"];

async fn run() -> Result<String, Failure> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(word) = asked.iter().find(|word| !PARTS.contains(&word.as_str())) {
        return Err(format!("there is no part {word}; the parts are {}", PARTS.join(", ")).into());
    }
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|word| word == part);
    let mut report = String::new();
    if wanted("start") {
        let started = start::measure(&gateway::binary()?).await?;
        writeln!(
            report,
            "start, empty folder: discovery after {:.0} ms (two RSA keys are made); again: after {:.0} ms; idle {:.1} MB\n",
            started.first_ms, started.again_ms, started.idle_mb
        )?;
    }
    let demo = Demo::start(&Options { port: Some(0), ..Options::default() }).await?;
    let gateway = demo.gateway.pid();
    if wanted("journeys") {
        journeys(&demo, gateway, &mut report).await?;
    }
    if wanted("document") {
        let (document_ms, size) = acs::document(&demo)?;
        writeln!(
            report,
            "parsing, gate and verification of a signed response of {size} bytes: {document_ms:.3} ms (in this process)"
        )?;
    }
    if wanted("acs") {
        for (users, name) in [(Users::Known, "known user"), (Users::New, "new user each time")] {
            let cpu_ms = acs::measure(&demo, users, gateway).await?;
            writeln!(report, "POST of such a response at the ACS, {name}: {cpu_ms:.3} ms (10000 posts, scheduler's count)")?;
        }
    }
    writeln!(report, "\nmemory (VmRSS) after this run: {:.1} MB", proc::rss_mb(gateway)?)?;
    Ok(report)
}

async fn journeys(demo: &Demo, gateway: u32, report: &mut String) -> Result<(), Failure> {
    let floor = Floor::measure()?;
    let mut driver = Driver::new(demo);
    writeln!(report, "RS256, one core: sign {:.3} ms, verify {:.3} ms (aws-lc-rs, this run)\n", floor.sign_ms, floor.verify_ms)?;
    writeln!(
        report,
        "{:<34} {:>6} {:>10} {:>10} {:>7} {:>11} {:>11}",
        "operation", "count", "CPU ms/op", "floor ms", "ratio", "median ms", "p99 ms"
    )?;
    for journey in Journey::ALL {
        let measured = driver.measure(journey, gateway).await.map_err(|problem| format!("{}: {problem}", journey.name()))?;
        let least = journey.floor_ms(&floor);
        let ratio = if least > 0.0 { format!("{:.1}", measured.cpu_ms / least) } else { "-".to_owned() };
        let least = if least > 0.0 { format!("{least:.2}") } else { "-".to_owned() };
        writeln!(
            report,
            "{:<34} {:>6} {:>10.2} {least:>10} {ratio:>7} {:>11.2} {:>11.2}",
            journey.name(),
            measured.count,
            measured.cpu_ms,
            measured.median_ms,
            measured.p99_ms
        )?;
    }
    writeln!(report, "one client, one request at a time; CPU is the gateway's process alone\n")?;
    Ok(())
}
