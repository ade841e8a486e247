//! `--timings`: what each stage of the run took, and the memory it left, on standard error.

use std::{io::Write, time::Instant};

/// Prints a line at the end of each stage.
pub(crate) struct Timings {
    since: Option<Instant>,
}

impl Timings {
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            since: wanted.then(now),
        }
    }

    /// The stage that ends here.
    pub(crate) fn stage(&mut self, name: &str) {
        let Some(since) = &mut self.since else {
            return;
        };
        let until = now();
        let since = std::mem::replace(since, until);
        let _ = writeln!(
            std::io::stderr().lock(),
            "{name:10} {:7.0} ms, {:5} MB held, {:5} MB at most",
            (until - since).as_secs_f64() * 1e3,
            memory("VmRSS:"),
            memory("VmHWM:"),
        );
    }
}

/// The one clock of this tool; the core has none.
#[expect(
    clippy::disallowed_methods,
    reason = "it measures this process; no result depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A field of the process' own memory in MB; 0 elsewhere than on Linux.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes / 1_000)
}
