//! All points that ranking gives, in one table: a weight that is nowhere else can be argued about here.

use coldcase_rules::{Confidence, Severity};

/// What the fault does to its object while it lasts.
pub fn severity(severity: Severity) -> i64 {
    match severity {
        Severity::Critical => 40,
        Severity::High => 30,
        Severity::Medium => 18,
        Severity::Low => 4,
        Severity::Info => 0,
    }
}

/// A mechanism that the captured state names beats one that was inferred.
pub fn confidence(confidence: Confidence) -> i64 {
    match confidence {
        Confidence::Firm => 24,
        Confidence::Likely => 12,
        Confidence::Possible => 0,
    }
}

/// It still holds at capture: what hurts now comes before what hurt.
pub const ACTIVE: i64 = 30;
/// A rule that names a mechanism rather than a symptom.
pub const MECHANISM: i64 = 20;
/// For each further finding that it explains: a cause of more effects is nearer to the root.
pub const EXPLAINS_EACH: i64 = 6;
/// Ceiling for explained findings: ten symptoms of one pod are not ten reasons.
pub const EXPLAINS_MOST: i64 = 36;
/// For each argument for.
pub const SUPPORT_EACH: i64 = 5;
/// Ceiling for arguments.
pub const SUPPORT_MOST: i64 = 20;
/// For each argument against: doubt weighs more than comfort.
pub const CONTRADICT_EACH: i64 = -8;
/// The dimension that separates failing from healthy is the one that this cause is about.
pub const SEPARATES: i64 = 15;
/// The dimension that this cause is about is the same on both sides.
pub const EXONERATED: i64 = -60;
/// It began before every other candidate.
pub const FIRST: i64 = 4;
/// It hits more than one workload.
pub const WIDE: i64 = 6;
/// The same fault stands on several objects: it is the cluster's rather than one object's.
pub const ALIKE: i64 = 6;
/// Nothing that fails depends on it: it may be true and still not what people ask about.
pub const INDEPENDENT: i64 = -24;
/// Nothing explains the symptom: better than no answer, worse than any mechanism.
pub const UNEXPLAINED: i64 = -10;
/// A change among its reasons: the trigger is known.
pub const TRIGGERED: i64 = 8;

/// Causes of the same symptoms with no more points between them are equally good answers: less than one argument.
pub const NEAR: i64 = 4;

/// A cause begins no later than its effect; stamps are whole seconds and clocks differ.
pub const TOLERANCE_SECONDS: i64 = 120;
/// What ended longer ago than this before the capture is history, not the incident that people ask about.
pub const RECENT_SECONDS: i64 = 3_600;
/// Evidence that is only events or lines is taken to be going on if it was seen this recently.
pub const ONGOING_SECONDS: i64 = 600;
