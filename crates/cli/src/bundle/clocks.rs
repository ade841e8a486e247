//! Compares the clocks that a native bundle tells of: the collector's, the API server's, those of nodes.

use coldcase_bundle::Bundle;
use coldcase_snapshot::stamp::rfc3339;
use serde::Serialize;
use serde_json::Value;

/// Another clock beside the collector's.
#[derive(Debug, Serialize)]
pub(crate) struct Clock {
    /// `API server`, or a node's name.
    whose: String,
    /// Whole seconds that it is at least ahead of the collector's; negative if it is behind.
    ahead_seconds: i64,
    /// What is not known better, because an answer takes its time and a stamp has whole seconds.
    uncertain_seconds: i64,
}

impl Clock {
    /// For people.
    pub(crate) fn sentence(&self) -> String {
        let Self {
            whose,
            ahead_seconds: ahead,
            uncertain_seconds: uncertain,
        } = self;
        match *ahead {
            0 => format!("{whose}: as the collector's, within {uncertain} s"),
            ahead if ahead > 0 => format!("{whose}: at least {ahead} s ahead of the collector's"),
            ahead => format!("{whose}: at least {} s behind the collector's", -ahead),
        }
    }
}

/// The value of a top-level key of `bundle.yaml`.
pub(crate) fn field(about: &str, key: &str) -> Option<String> {
    let line = about
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let value = line.trim().trim_matches('"');
    (!value.is_empty()).then(|| value.to_owned())
}

/// A clock that showed `shown` at some time between two stamps of the collector.
fn clock(whose: &str, shown: &str, from: &str, to: &str) -> Option<Clock> {
    let seconds = |text: &str| Some(rfc3339(text)?.as_second());
    let (shown, from, to) = (seconds(shown)?, seconds(from)?, seconds(to)?);
    // Stamps are cut to whole seconds.
    let ahead = if shown > to + 1 {
        shown - to - 1
    } else if shown < from - 1 {
        shown - from + 1
    } else {
        0
    };
    Some(Clock {
        whose: whose.to_owned(),
        ahead_seconds: ahead,
        uncertain_seconds: (to - from).max(0) + 1,
    })
}

/// All clocks that can be compared.
pub(crate) fn compare(bundle: &Bundle, about: &str, manifest: &str) -> Vec<Clock> {
    let mut clocks = Vec::new();
    if let (Some(date), Some(at)) = (
        field(about, "api_server_date"),
        field(about, "api_server_date_at"),
    ) {
        let from = field(about, "captured_at").unwrap_or_else(|| at.clone());
        clocks.extend(clock("API server", &date, &from, &at));
    }
    // A node's collector writes its first stamp while the cluster's waits for it.
    for line in manifest.lines() {
        let Ok(command) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(file) = command["file"]
            .as_str()
            .filter(|file| file.starts_with("node-bundles/"))
        else {
            continue;
        };
        let inside = format!("{file}!");
        let about = bundle
            .files
            .iter()
            .find(|file| file.path.starts_with(&inside) && file.name() == "bundle.yaml");
        let Some(about) = about.map(|file| file.text().into_owned()) else {
            continue;
        };
        let name = field(&about, "node").unwrap_or_else(|| file.to_owned());
        if let (Some(shown), Some(from), Some(to)) = (
            field(&about, "captured_at"),
            command["start"].as_str(),
            command["end"].as_str(),
        ) {
            clocks.extend(clock(&name, &shown, from, to));
        }
    }
    clocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ahead_and_behind() {
        let of = |shown: &str| {
            clock("n", shown, "2026-07-14T02:50:00Z", "2026-07-14T02:50:10Z")
                .unwrap()
                .ahead_seconds
        };
        assert_eq!(of("2026-07-14T02:50:05Z"), 0);
        assert_eq!(of("2026-07-14T02:50:11Z"), 0);
        assert_eq!(of("2026-07-14T02:51:11Z"), 60);
        assert_eq!(of("2026-07-14T02:49:00Z"), -59);
        assert!(clock("n", "x", "y", "z").is_none());
    }

    #[test]
    fn fields() {
        let about = "apiVersion: x\nchecksums: sha256\ncaptured_at: \"2026-07-14T02:50:00Z\"\ncontext: \"\"\n";
        assert_eq!(field(about, "checksums").as_deref(), Some("sha256"));
        assert_eq!(
            field(about, "captured_at").as_deref(),
            Some("2026-07-14T02:50:00Z")
        );
        assert_eq!(field(about, "context"), None);
        assert_eq!(field(about, "captured"), None);
    }
}
