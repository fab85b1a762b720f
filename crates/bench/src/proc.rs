//! The kernel's figures about a process, from `/proc`, and a stopwatch.

use std::fs;
use std::time::{Duration, Instant};

use crate::Failure;

/// Linux reports CPU time in hundredths of a second, whatever the kernel's own tick is.
const TICK_MS: f64 = 10.0;

/// User and system time of a process with all its threads so far, in milliseconds; steps of 10 ms.
pub fn cpu_ms(pid: u32) -> Result<f64, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses and may hold anything; utime and stime are the 14th and 15th.
    let (_, rest) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let ticks: Result<Vec<u32>, _> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.into_iter().map(f64::from).sum::<f64>() * TICK_MS)
}

/// CPU time of a process so far in nanoseconds, as the scheduler counts it: the sum over the threads that live now.
pub fn cpu_ns(pid: u32) -> Result<f64, Failure> {
    let mut sum = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while we look.
        let Ok(schedstat) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        sum += schedstat.split_whitespace().next().ok_or("an empty schedstat")?.parse::<f64>()?;
    }
    Ok(sum)
}

/// CPU time of the calling thread so far, in milliseconds; the kernel keeps it in nanoseconds.
pub fn own_thread_ms() -> Result<f64, Failure> {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = schedstat.split_whitespace().next().ok_or("an empty schedstat")?.parse()?;
    Ok(nanoseconds / 1e6)
}

/// Resident memory of a process in megabytes (10^6 bytes).
pub fn rss_mb(pid: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kibibytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kibibytes) * 1024.0 / 1e6)
}

/// A running stopwatch.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Since the start, in milliseconds.
    pub fn ms(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1e3
    }
}
