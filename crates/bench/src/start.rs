//! How soon the gateway answers after its start, and how much memory it then holds: `fedgate serve` without any file.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use playground::demo::Folder;
use playground::server;

use crate::Failure;
use crate::proc::{self, Stopwatch};

/// What was seen.
pub struct Started {
    /// Milliseconds from start to the first 200 of discovery, in an empty folder: database and keys are made.
    pub first_ms: f64,
    /// The same in the folder of the first start.
    pub again_ms: f64,
    /// Resident memory half a second later, without a request but these, in megabytes.
    pub idle_mb: f64,
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `binary` twice in a folder of its own.
pub async fn measure(binary: &Path) -> Result<Started, Failure> {
    let folder = Folder::new()?;
    let (first_ms, first) = until_discovery(binary, folder.path()).await?;
    drop(first);
    let (again_ms, again) = until_discovery(binary, folder.path()).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(Started { first_ms, again_ms, idle_mb: proc::rss_mb(again.0.id())? })
}

async fn until_discovery(binary: &Path, folder: &Path) -> Result<(f64, Running), Failure> {
    let port = server::bind(0)?.port();
    let watch = Stopwatch::start();
    let mut command = Command::new(binary);
    command.arg("serve").current_dir(folder).env("FEDGATE_HTTP__LISTEN", format!("127.0.0.1:{port}"));
    let mut running = Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    // It prints the pool's id where it says where it listens.
    let output = running.0.stdout.take().ok_or("no output")?;
    let pool = tokio::task::spawn_blocking(move || {
        BufReader::new(output).lines().map_while(Result::ok).find_map(|line| pool_id(&line)).ok_or("it printed no pool id")
    })
    .await??;
    let client = server::http_client();
    let discovery = format!("http://127.0.0.1:{port}/{pool}/.well-known/openid-configuration");
    while watch.elapsed() < Duration::from_secs(20) {
        if client.get(&discovery).send().await.is_ok_and(|answer| answer.status() == 200) {
            return Ok((watch.ms(), running));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err("discovery did not answer within 20 s".into())
}

/// The first word that looks like `local_AbC123xyz`.
fn pool_id(line: &str) -> Option<String> {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    words.find(|word| word.strip_prefix("local_").is_some_and(|id| id.len() == 9)).map(str::to_owned)
}
