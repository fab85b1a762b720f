//! Software that nobody here wrote, as child processes of a test: three identity providers, a relying-party library and boto3.
//!
//! Owns starting, talking to and ending them; the programs themselves are in tests/idp and tests/sdk, installed by
//! scripts/install. They end when their handle is dropped. A program that is missing fails the test and says what to run.

pub mod boto3;
pub mod oidc_provider;
pub mod openid_client;
mod proof;
pub mod pysaml2;
pub mod simplesamlphp;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The pinned Node.js.
pub fn node() -> PathBuf {
    installed(".tools/node")
}

/// The Python that has boto3.
pub fn python() -> PathBuf {
    installed(".tools/venv/bin/python")
}

/// A file of this repository, by its path from the root.
pub fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn installed(path: &str) -> PathBuf {
    let path = file(path);
    assert!(path.exists(), "{} is missing: run `scripts/install test`", path.display());
    path
}

/// A program that answers each JSON line on its standard input with one on its standard output.
pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// Starts it; the second value is its first line, which it prints when it is ready.
    pub fn start(command: &mut Command) -> (Self, Value) {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { child, input, output };
        let ready = program.line();
        (program, ready)
    }

    /// Sends a line and returns the answer.
    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{question}").unwrap();
        self.line()
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the program ended instead of answering: {:?}", self.child.wait());
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Program {
    /// Closed input is the sign to end; each then tidies up after itself.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Runs a program to its end without holding up this thread's runtime, on which the gateway under test may live.
/// Returns whether it succeeded, and the JSON that it printed.
pub async fn run(mut command: Command) -> (bool, Value) {
    let output = tokio::task::spawn_blocking(move || command.stderr(Stdio::inherit()).output()).await.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|problem| panic!("{problem} in: {text}"));
    (output.status.success(), value)
}
