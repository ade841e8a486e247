//! Calls a target and notices panics in any thread, time, and inputs that never end.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// An input that takes longer than this ends the whole run: it would not end by itself.
const HANGS: Duration = Duration::from_secs(60);

/// What one call did.
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// `file:line: message`, also of panics that were caught inside.
    pub(crate) panics: Vec<String>,
}

/// Panics seen by the hook, and since when the current input runs.
#[derive(Default)]
struct Seen {
    panics: Vec<String>,
    since: Option<(Instant, &'static str)>,
}

pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    work: PathBuf,
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// From now on panics of any thread are collected instead of printed.
    #[allow(clippy::print_stderr, clippy::exit)] // the last words of a run that hangs
    pub(crate) fn start(work: &Path) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let hook = Arc::clone(&seen);
        std::panic::set_hook(Box::new(move |panic| {
            let payload = panic.payload();
            let what = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            let place = panic.location().map_or_else(String::new, |place| {
                format!("{}:{}", place.file(), place.line())
            });
            lock(&hook).panics.push(format!("{place}: {what}"));
        }));
        let watched = Arc::clone(&seen);
        let at = work.to_owned();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                if let Some((since, target)) = lock(&watched).since
                    && since.elapsed() > HANGS
                {
                    eprintln!("{target} hangs: {}", current(&at, target).display());
                    std::process::exit(1);
                }
            }
        });
        Self {
            seen,
            work: work.to_owned(),
        }
    }

    /// Calls a target. The input lies in a file first: an overflow of the stack or of memory ends
    /// the process without a word.
    #[allow(clippy::disallowed_methods, reason = "a hang is found by the clock")]
    pub(crate) fn run(&self, target: &'static str, call: fn(&[u8]), input: &[u8]) -> Outcome {
        let _ = fs::write(current(&self.work, target), input);
        let start = Instant::now();
        lock(&self.seen).since = Some((start, target));
        let ended = catch_unwind(AssertUnwindSafe(|| call(input)));
        let took = start.elapsed();
        let mut seen = lock(&self.seen);
        seen.since = None;
        let mut panics = std::mem::take(&mut seen.panics);
        if ended.is_err() && panics.is_empty() {
            panics.push("unknown: a panic without a hook".to_owned());
        }
        Outcome { took, panics }
    }

    /// Keeps an input; gives its path.
    pub(crate) fn keep(&self, target: &str, run: u64, input: &[u8]) -> String {
        let path = self.work.join(format!("{target}-{run}.bin"));
        match fs::write(&path, input) {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("{}: {error}", path.display()),
        }
    }
}

fn current(work: &Path, target: &str) -> PathBuf {
    work.join(format!("current-{target}.bin"))
}
