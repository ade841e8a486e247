//! Says on a terminal how far a long run is: bytes read of how many, how fast, how long still; else the stage and its seconds.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::timings::now;

/// Short runs show nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two lines.
const TICK: Duration = Duration::from_millis(250);

/// What the run does right now.
struct Stage {
    name: String,
    since: Instant,
    /// Bytes to read in it; 0 if nobody knows.
    total: u64,
    /// Bytes that the process had read when it began.
    before: u64,
    done: bool,
}

/// Shared with the thread that writes.
struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line on standard error that is replaced as the run goes on, and gone when it ends.
pub(crate) struct Progress {
    shown: Option<(Arc<Shared>, JoinHandle<()>)>,
}

impl Progress {
    /// Nothing is shown if standard error is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let wanted = !quiet && std::io::stderr().is_terminal();
        Self {
            shown: wanted.then(|| {
                let shared = Arc::new(Shared {
                    stage: Mutex::new(Stage {
                        name: String::new(),
                        since: now(),
                        total: 0,
                        before: 0,
                        done: false,
                    }),
                    changed: Condvar::new(),
                });
                let writer = Arc::clone(&shared);
                (shared, std::thread::spawn(move || write(&writer)))
            }),
        }
    }

    /// The next stage.
    pub(crate) fn step(&self, name: &str) {
        // Names of folders come from people's machines.
        self.begin(&coldcase_report::text::clean(name), 0);
    }

    /// The stage that reads the inputs.
    pub(crate) fn reading(&self, inputs: &[PathBuf]) {
        if self.shown.is_some() {
            self.begin("reading", inputs.iter().map(|path| size(path, 0)).sum());
        }
    }

    fn begin(&self, name: &str, total: u64) {
        if let Some((shared, _)) = &self.shown {
            let mut stage = shared.stage();
            stage.name = name.to_owned();
            stage.since = now();
            stage.total = total;
            stage.before = bytes_read().unwrap_or(0);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((shared, writer)) = self.shown.take() {
            shared.stage().done = true;
            shared.changed.notify_all();
            let _ = writer.join();
        }
    }
}

/// The thread's loop.
fn write(shared: &Shared) {
    let begin = now();
    let mut dirty = false;
    let mut stage = shared.stage();
    while !stage.done {
        if begin.elapsed() >= PATIENCE {
            let read = bytes_read().map_or(0, |read| read.saturating_sub(stage.before));
            let text = line(&stage.name, stage.since.elapsed(), read, stage.total);
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{text}");
            dirty = true;
        }
        let waited = shared.changed.wait_timeout(stage, TICK);
        stage = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    if dirty {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
    }
}

/// `reading 1.2 of 4.0 GB, 210 MB/s, 13 s left`, as much of it as is known.
fn line(name: &str, spent: Duration, read: u64, total: u64) -> String {
    let seconds = spent.as_secs();
    let rate = read * 1_000 / u64::try_from(spent.as_millis()).unwrap_or(u64::MAX).max(1);
    if total == 0 || read == 0 || rate == 0 {
        return format!("{name} … {seconds} s");
    }
    let read = read.min(total);
    let left = (total - read) / rate;
    format!(
        "{name} {} of {} MB, {} MB/s, {left} s left",
        read / 1_000_000,
        total / 1_000_000,
        rate / 1_000_000
    )
}

/// Bytes of a file, or of all files below a directory.
fn size(path: &Path, depth: usize) -> u64 {
    let Ok(about) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    if depth == 0 && about.is_symlink() {
        return std::fs::canonicalize(path).map_or(0, |real| size(&real, 1));
    }
    if !about.is_dir() || depth > 64 {
        return if about.is_file() { about.len() } else { 0 };
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path(), depth + 1)).sum()
}

/// Bytes that this process has read so far; unknown elsewhere than on Linux.
fn bytes_read() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    let read = text.lines().find_map(|line| line.strip_prefix("rchar:"))?;
    read.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_known() {
        let at = |read, total| line("reading", Duration::from_secs(10), read, total);
        assert_eq!(
            at(1_000_000_000, 4_000_000_000),
            "reading 1000 of 4000 MB, 100 MB/s, 30 s left"
        );
        assert_eq!(
            at(5_000_000_000, 4_000_000_000),
            "reading 4000 of 4000 MB, 500 MB/s, 0 s left"
        );
        assert_eq!(at(0, 4_000_000_000), "reading … 10 s");
        assert_eq!(at(1_000_000_000, 0), "reading … 10 s");
        assert_eq!(line("x", Duration::ZERO, 0, 0), "x … 0 s");
    }

    #[test]
    fn sizes_add_up() {
        let dir = std::env::temp_dir().join(format!("coldcase-size-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("a")).unwrap();
        std::fs::write(dir.join("a/b"), "123").unwrap();
        std::fs::write(dir.join("c"), "45").unwrap();
        assert_eq!(size(&dir, 0), 5);
        assert_eq!(size(&dir.join("none"), 0), 0);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
