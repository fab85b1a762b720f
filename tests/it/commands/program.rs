//! Runs the binary in a directory of its own, with an environment of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// A directory to run in.
#[derive(Debug)]
pub struct Place {
    pub directory: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    pub fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fedgate"));
        command.env_clear().envs(variables.iter().copied()).args(arguments).current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let output = self.command(arguments, variables).output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts `serve` on a free port and waits until it listens.
    pub fn serve(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        let arguments = [&["serve"], arguments].concat();
        let variables = [&[("FEDGATE_HTTP__LISTEN", "127.0.0.1:0")], variables].concat();
        let mut child = self.command(&arguments, &variables).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let Some(address) = first.trim_end().rsplit(' ').next().filter(|_| !first.is_empty()) else {
            let mut log = String::new();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("it did not start: {log}");
        };
        Serving { address: address.to_owned(), banner: first.clone(), child, stdout }
    }
}

/// A running `serve`; killed when dropped.
#[derive(Debug)]
pub struct Serving {
    /// `127.0.0.1:port`.
    pub address: String,
    banner: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Serving {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A line of the banner by its label.
    pub fn label(&mut self, label: &str) -> String {
        loop {
            if let Some(value) = labelled(&self.banner, label) {
                return value;
            }
            assert_ne!(self.stdout.read_line(&mut self.banner).unwrap(), 0, "no {label} in {}", self.banner);
        }
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub fn end(mut self) -> Outcome {
        let (mut stdout, mut stderr) = (self.banner.clone(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Outcome { code: self.child.wait().unwrap().code(), stdout, stderr }
    }

    /// SIGTERM, and its end.
    pub fn stop(self) -> Outcome {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value behind a label of the banner.
pub fn labelled(text: &str, label: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(label))?;
    line.split_whitespace().next().map(str::to_owned)
}
