//! Compares the clocks that a native bundle tells of: the collector's, the API server's, those of nodes.

use coldcase_bundle::Bundle;
use coldcase_snapshot::{
    stamp::rfc3339,
    yaml::{self, Document},
};
use serde::Serialize;

use super::verify::Command;

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

/// What `bundle.yaml` says.
#[derive(Debug, Default)]
pub(crate) struct About(Vec<Document>);

impl About {
    pub(crate) fn read(text: &str) -> Self {
        Self(yaml::read(text, &yaml::Reading::default()).nodes)
    }

    /// The value of a top-level key, if it has one.
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|document| document.root.str_at(&[key]))
            .filter(|value| !value.is_empty())
    }
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
pub(crate) fn compare(bundle: &Bundle, about: &About, commands: &[Command]) -> Vec<Clock> {
    let mut clocks = Vec::new();
    if let (Some(date), Some(at)) = (
        about.field("api_server_date"),
        about.field("api_server_date_at"),
    ) {
        let from = about.field("captured_at").unwrap_or(at);
        clocks.extend(clock("API server", date, from, at));
    }
    // A node's collector writes its first stamp while the cluster's waits for it.
    for command in commands {
        let file = &command.file;
        if !file.starts_with("node-bundles/") {
            continue;
        }
        let inside = format!("{file}!");
        let first = bundle.files.partition_point(|file| file.path < inside);
        let about = bundle
            .files
            .get(first..)
            .unwrap_or(&[])
            .iter()
            .take_while(|file| file.path.starts_with(&inside))
            .find(|file| file.name() == "bundle.yaml");
        let Some(about) = about.map(|file| About::read(&file.text())) else {
            continue;
        };
        let name = about.field("node").unwrap_or(file);
        if let Some(shown) = about.field("captured_at") {
            clocks.extend(clock(name, shown, &command.start, &command.end));
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
        let about = About::read(
            "apiVersion: x\nchecksums: sha256\ncaptured_at: \"2026-07-14T02:50:00Z\"\ncontext: \"\"\n",
        );
        assert_eq!(about.field("checksums"), Some("sha256"));
        assert_eq!(about.field("captured_at"), Some("2026-07-14T02:50:00Z"));
        assert_eq!(about.field("context"), None);
        assert_eq!(about.field("captured"), None);
    }
}
