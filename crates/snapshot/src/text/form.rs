//! Says which cells may stand under a column of kubectl's, so that a sentence behind a table is not taken for a row.

use super::describe::age::age;
use crate::stamp;

/// What the cells of a column look like. An empty cell, and kubectl's words for nothing, fit everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// The name of an object, perhaps behind its kind; whoever made it unrecognisable may have put other signs in.
    Name,
    /// `0/1`.
    Ratio,
    /// `7`, `7 (3m ago)`.
    Count,
    /// `250m`, `64Mi`, `10%`.
    Amount,
    /// `2d4h`, or the time of creation.
    Age,
    /// `Normal` or `Warning`.
    Severity,
    /// One word.
    Word,
    /// One word that begins with a capital: `CrashLoopBackOff`, `Ready,SchedulingDisabled`.
    State,
    /// An address, or the name of one.
    Address,
}

/// Columns of a kind that always have one form.
const FORMS: &[(&str, &[(&str, Form)])] = &[
    (
        "Pod",
        &[
            ("READY", Form::Ratio),
            ("STATUS", Form::State),
            ("RESTARTS", Form::Count),
        ],
    ),
    (
        "Node",
        &[
            ("STATUS", Form::State),
            ("ROLES", Form::Word),
            ("VERSION", Form::Word),
        ],
    ),
    ("Namespace", &[("STATUS", Form::State)]),
    (
        "Deployment",
        &[
            ("READY", Form::Ratio),
            ("DESIRED", Form::Count),
            ("CURRENT", Form::Count),
            ("UP-TO-DATE", Form::Count),
            ("AVAILABLE", Form::Count),
        ],
    ),
    (
        "ReplicaSet",
        &[
            ("DESIRED", Form::Count),
            ("CURRENT", Form::Count),
            ("READY", Form::Count),
        ],
    ),
    ("Event", &[("TYPE", Form::Severity)]),
    ("StatefulSet", &[("READY", Form::Ratio)]),
    (
        "DaemonSet",
        &[
            ("DESIRED", Form::Count),
            ("CURRENT", Form::Count),
            ("READY", Form::Count),
            ("UP-TO-DATE", Form::Count),
            ("AVAILABLE", Form::Count),
        ],
    ),
    ("CronJob", &[("ACTIVE", Form::Count)]),
    (
        "Service",
        &[
            ("TYPE", Form::State),
            ("CLUSTER-IP", Form::Address),
            ("PORT(S)", Form::Amount),
        ],
    ),
    (
        "PersistentVolumeClaim",
        &[
            ("STATUS", Form::State),
            ("VOLUME", Form::Word),
            ("CAPACITY", Form::Amount),
        ],
    ),
    (
        "PersistentVolume",
        &[("CAPACITY", Form::Amount), ("STATUS", Form::State)],
    ),
    ("Secret", &[("TYPE", Form::Word), ("DATA", Form::Count)]),
    ("ConfigMap", &[("DATA", Form::Count)]),
    ("ServiceAccount", &[("SECRETS", Form::Count)]),
    (
        "HorizontalPodAutoscaler",
        &[
            ("MINPODS", Form::Count),
            ("MAXPODS", Form::Count),
            ("REPLICAS", Form::Count),
        ],
    ),
    (
        "NodeMetrics",
        &[
            ("CPU(cores)", Form::Amount),
            ("CPU%", Form::Amount),
            ("MEMORY(bytes)", Form::Amount),
            ("MEMORY%", Form::Amount),
        ],
    ),
    (
        "PodMetrics",
        &[
            ("CPU(cores)", Form::Amount),
            ("MEMORY(bytes)", Form::Amount),
        ],
    ),
];

/// The forms of a table's columns; `kind` is the kind whose columns they are, if they tell one.
pub(super) fn of(kind: Option<&str>, columns: &[String]) -> Vec<Form> {
    let own = FORMS
        .iter()
        .find(|(known, _)| Some(*known) == kind)
        .map_or(&[][..], |(_, forms)| *forms);
    let form = |column: &String| {
        let told = own.iter().find(|(name, _)| name == column);
        match (told, column.as_str()) {
            (Some((_, form)), _) => *form,
            // Events have forms of their own.
            _ if kind == Some("Event") => Form::Any,
            (None, "NAME" | "NAMESPACE") => Form::Name,
            (None, "AGE") => Form::Age,
            _ => Form::Any,
        }
    };
    columns.iter().map(form).collect()
}

impl Form {
    /// Whether a cell has this form.
    pub(super) fn fits(self, cell: &str) -> bool {
        if cell.is_empty() || cell.starts_with('<') || matches!(cell, "N/A" | "-") {
            return true;
        }
        // What a narrow screen or a person cut off may still have been of this form.
        let cell = cell.trim_end_matches(['…', '.']);
        let word = !cell.contains([' ', '\t']);
        match self {
            Self::Any => true,
            Self::Word => word,
            Self::Severity => ["Normal", "Warning"].iter().any(|it| it.starts_with(cell)),
            Self::Name => {
                let name = cell.strip_suffix(" (default)").unwrap_or(cell);
                !name.contains([' ', '\t', '=', '"', ',', ';']) && stamp::rfc3339(cell).is_none()
            }
            Self::Ratio => cell.bytes().all(|b| b.is_ascii_digit() || b == b'/'),
            Self::Count => {
                let count = cell.split(" (").next().unwrap_or(cell);
                count.bytes().all(|b| b.is_ascii_digit())
            }
            Self::Amount => word && cell.starts_with(|c: char| c.is_ascii_digit()),
            Self::Age => {
                let age_of = cell.strip_suffix(" ago").unwrap_or(cell);
                let cut = age_of.bytes().all(|b| b.is_ascii_digit());
                cut || age(age_of).is_some() || stamp::rfc3339(cell).is_some()
            }
            Self::State => word && cell.starts_with(|c: char| c.is_ascii_uppercase()),
            Self::Address => word && (cell == "None" || cell.contains(['.', ':', '*', 'x', 'X'])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_kubectl_fit_and_words_do_not() {
        for (form, fit, not) in [
            (
                Form::Name,
                ["cart-0", "pod/cart-0", "system:node"],
                ["2026-01-01T10:00:00Z", "level=info", "two words"],
            ),
            (Form::Ratio, ["0/1", "10/12", ""], ["1 of", "ready", "v1"]),
            (
                Form::Severity,
                ["Normal", "Warning", "Warn…"],
                ["INFO", "normal", "FATAL"],
            ),
            (
                Form::Count,
                ["7", "7 (3m ago)", "<none>"],
                ["main", "7 times", "7m"],
            ),
            (
                Form::Age,
                ["2d4h", "<unknown>", "2026-01-01T10:00:00Z"],
                ["now", "since", "1.9.0"],
            ),
            (
                Form::State,
                ["Init:0/2", "Ready,SchedulingDisabled", "Err…"],
                ["is", "two", "Not ready"],
            ),
            (
                Form::Amount,
                ["250m", "80/TCP", "10%"],
                ["echo", "port", "of"],
            ),
            (
                Form::Address,
                ["10.0.0.1", "None", "fd00::1"],
                ["to", "at", "on"],
            ),
        ] {
            assert!(fit.iter().all(|cell| form.fits(cell)), "{form:?}");
            assert!(!not.iter().any(|cell| form.fits(cell)), "{form:?}");
        }
    }
}
