//! The words of the rule language, in one place: the loader refuses all others, and editors are told of these.

use crate::rule::{Expect, Verb};

/// Keys of a rule.
pub const RULE: &[&str] = &[
    "id",
    "title",
    "layer",
    "severity",
    "role",
    "confidence",
    "subject",
    "match",
    "time",
    "supports",
    "contradicts",
    "healed",
    "explains",
    "meaning",
    "next",
    "false_alarm",
    "references",
    "collect",
    "costly",
    "base",
    "tests",
];
/// Those that every rule has.
pub const REQUIRED: &[&str] = &[
    "id",
    "title",
    "layer",
    "severity",
    "role",
    "confidence",
    "subject",
    "match",
    "meaning",
    "next",
    "tests",
];
/// Keys of `next`, in order of safety.
pub const NEXT: [&str; 5] = ["observe", "mitigate", "fix", "avoid", "verify"];
/// Keys of an edge of `explains`.
pub const EDGE: &[&str] = &["rule", "along"];
/// Keys of an argument in `supports` and `contradicts`.
pub const ARGUMENT: &[&str] = &["because", "match"];
/// Verbs of steps.
pub const VERBS: &[(&str, Verb)] = &[
    ("find", Verb::Find),
    ("maybe", Verb::Maybe),
    ("none", Verb::None),
    ("count", Verb::Count),
    ("any", Verb::Any),
    ("check", Verb::Check),
];
/// Keys of a matcher.
pub const MATCHER: &[&str] = &[
    "is",
    "not",
    "any_of",
    "none_of",
    "exists",
    "matches",
    "contains",
    "starts_with",
    "ends_with",
    "at_least",
    "at_most",
    "over",
    "under",
    "within",
    "of",
    "before",
    "after",
    "newer_than",
    "older_than",
    "all",
    "no",
    "where",
    "entry",
];
/// Keys of `entry`.
pub const ENTRY: &[&str] = &["key", "value"];
/// Keys of `base`.
pub const BASE: &[&str] = &[
    "captured_at",
    "objects",
    "events",
    "logs",
    "journals",
    "empty",
    "files",
];
/// Keys of an example.
pub const EXAMPLE: &[&str] = &[
    "name",
    "expect",
    "subject",
    "captured_at",
    "objects",
    "events",
    "logs",
    "journals",
    "empty",
    "without",
    "files",
];
/// Keys of an event of an example.
pub const EVENT: &[&str] = &[
    "on",
    "container",
    "reason",
    "message",
    "type",
    "count",
    "first",
    "at",
    "component",
];
/// What an example may expect.
pub const EXPECTATIONS: &[(&str, Expect)] = &[
    ("fires", Expect::Fires),
    ("quiet", Expect::Quiet),
    ("unknown", Expect::Unknown),
];

/// What may stand in a step beside its verb, the verb included.
pub fn step_keys(verb: Verb, of_rows: bool) -> &'static [&'static str] {
    match verb {
        Verb::Find => &["find", "where"],
        Verb::Maybe => &["maybe", "where"],
        Verb::None => &["none", "where"],
        Verb::Count if of_rows => &["count", "is", "by", "distinct", "in_any", "at"],
        Verb::Count | Verb::Rows => &[
            "count",
            "where",
            "is",
            "distinct",
            "sum",
            "in_any",
            "percent_of",
        ],
        Verb::Any => &["any"],
        Verb::Check => &["check"],
    }
}
