//! The report as plain data: the only types of coldcase that are serialised, named as the JSON names them.
//!
//! Everything here is already decided: renderers choose an order on the page and a typeface, never
//! a fact. Text may hold anything that a captured machine wrote; each renderer escapes it for its
//! format. Times are RFC 3339 in UTC.

use schemars::JsonSchema;
use serde::Serialize;

/// The JSON's version. Field names and meanings below change only together with it.
pub const SCHEMA: &str = "coldcase.report/v1";

/// A whole incident report.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    #[schemars(extend("const" = "coldcase.report/v1"))]
    pub schema: String,
    /// What made the report.
    pub tool: Tool,
    /// What it was made from.
    pub bundle: BundleInfo,
    /// The answer in one sentence.
    pub verdict: Verdict,
    /// When the incident of the first cause ran, as far as it can be computed.
    pub incident: Incident,
    /// All incidents; more than one if causes have nothing to do with each other.
    pub incidents: Vec<Separate>,
    /// The four questions of the first ten minutes, answered.
    pub triage: Vec<Answer>,
    /// Ranked causes; the first one is the answer to "what broke first".
    pub causes: Vec<Cause>,
    /// Suspects that the evidence clears.
    pub exonerated: Vec<Exoneration>,
    /// What changed before and during the incident, newest last.
    pub changes: Vec<Change>,
    /// Which dimension separates failing from healthy, one entry for each failing set.
    pub blast_radius: Vec<BlastRadius>,
    /// Everything that fired, causes and symptoms and risks.
    pub findings: Vec<Finding>,
    /// Edges of the causal graph between findings.
    pub causal_edges: Vec<CausalEdge>,
    /// What could not be decided, and what to collect to decide it.
    pub unknown: Vec<Unknown>,
    /// Every dated thing, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Events without a time, oldest first: text for people prints ages, which only the time of the capture dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undated: Vec<UndatedEvent>,
    /// The objects that causes, symptoms and changes name, as they were captured.
    pub objects: Vec<Object>,
    /// The quotes that everything above refers to by id.
    pub evidence: Vec<Evidence>,
    /// Damage met while reading, and limits that were hit.
    pub problems: Vec<Problem>,
}

/// The tool and its knowledge.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Tool {
    /// Version of coldcase.
    pub version: String,
    /// SHA-256 of the rule set (first 16 hex digits).
    pub rules_hash: String,
    /// Number of rules that were evaluated.
    pub rules: usize,
}

/// The input.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct BundleInfo {
    /// Name of the file or directory as given, without its path.
    pub name: String,
    /// BLAKE3 over paths and contents; the same for a directory and its archive.
    pub hash: String,
    /// Detected layouts.
    pub layouts: Vec<String>,
    /// "Now" for every age in this report.
    #[schemars(extend("format" = "date-time"))]
    pub captured_at: Option<String>,
    /// Where `captured_at` comes from, in words.
    pub captured_at_source: String,
    /// Version of the API server, or the most common kubelet's.
    pub kubernetes_version: Option<String>,
    /// kubectl context, cluster name or empty.
    pub cluster: String,
    /// Sizes.
    pub counts: Counts,
    /// First and last event stamp.
    #[schemars(extend("format" = "date-time"))]
    pub events_from: Option<String>,
    /// See `events_from`.
    #[schemars(extend("format" = "date-time"))]
    pub events_to: Option<String>,
    /// What was collected and what was not.
    pub coverage: Vec<Coverage>,
}

/// How much there was.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Counts {
    /// Files in the bundle.
    pub files: usize,
    /// Kubernetes objects without events.
    pub objects: usize,
    /// Events after merging duplicates.
    pub events: usize,
    /// Container log files.
    pub logs: usize,
    /// Bytes of container logs.
    pub log_bytes: u64,
    /// Node journals.
    pub journals: usize,
    /// Nodes, pods, namespaces: what people ask first.
    pub nodes: usize,
    /// See `nodes`.
    pub pods: usize,
    /// See `nodes`.
    pub namespaces: usize,
}

/// One kind of source and whether the bundle has it.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Coverage {
    /// What: a resource, "events", "logs", "previous logs", "journal of node-1" …
    pub source: String,
    /// `collected`, `refused`, `failed`, `truncated`, `expired`, `not_understood` or `not_collected`.
    #[schemars(extend("enum" = ["collected", "refused", "failed", "truncated", "expired", "not_understood", "not_collected"]))]
    pub status: String,
    /// Counts or the reason.
    pub detail: String,
}

/// The answer.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Verdict {
    /// `active`, `recovered`, `inconclusive` or `nothing_found`.
    #[schemars(extend("enum" = ["active", "recovered", "inconclusive", "nothing_found"]))]
    pub state: String,
    /// One sentence.
    pub sentence: String,
    /// `firm`, `likely`, `possible` of the first cause; absent when nothing was found.
    #[schemars(extend("enum" = ["firm", "likely", "possible", null]))]
    pub confidence: Option<String>,
}

/// The incident's extent in time.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Incident {
    /// The first thing that was not as it should be.
    #[schemars(extend("format" = "date-time"))]
    pub first_anomaly: Option<String>,
    /// What that was.
    pub first_anomaly_text: String,
    /// End of the incident if it recovered.
    #[schemars(extend("format" = "date-time"))]
    pub recovered_at: Option<String>,
}

/// One of the incidents in a bundle: causes that touch the same objects at the same time.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Separate {
    /// `active` or `recovered`.
    pub state: String,
    /// The first thing that was not as it should be.
    pub first_anomaly: Option<String>,
    /// What that was.
    pub first_anomaly_text: String,
    /// From first to last sign; `to` is absent while it lasts.
    pub window: Window,
    /// Ranks of its causes.
    pub causes: Vec<usize>,
}

/// A span of time.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Window {
    /// Begin, if known.
    pub from: Option<String>,
    /// End, if it has ended.
    pub to: Option<String>,
}

/// One of the four questions of triage.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Answer {
    /// "Who is affected?" …
    pub question: String,
    /// The answer, or why there is none.
    pub answer: String,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// A Kubernetes object (or a node of the cluster).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
pub struct Subject {
    /// `Pod`, `Node`, `Deployment` …
    pub kind: String,
    /// Absent for cluster-scoped objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A further object that a cause or finding touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Related {
    /// The object.
    #[serde(flatten)]
    pub subject: Subject,
    /// Its part in it: the binding's name in the rule, or `affected`.
    pub role: String,
}

/// A ranked cause.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Cause {
    /// 1 is the answer.
    pub rank: usize,
    /// Which of `incidents` it belongs to, from 1.
    pub incident: usize,
    /// Id of the finding it comes from; also the anchor in the HTML.
    pub finding: String,
    /// Rule id.
    pub rule: String,
    /// What is wrong, with names filled in.
    pub title: String,
    /// Layer of the rule.
    pub layer: String,
    /// `critical`, `high`, `medium`, `low`, `info`.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub severity: String,
    /// `firm`, `likely` or `possible`.
    #[schemars(extend("enum" = ["firm", "likely", "possible"]))]
    pub confidence: String,
    /// `active` or `recovered`.
    #[schemars(extend("enum" = ["active", "recovered"]))]
    pub state: String,
    /// The object at fault.
    pub subject: Subject,
    /// Further objects.
    pub related: Vec<Related>,
    /// Sum of the reasons' points; comparable within one report only.
    pub points: i64,
    /// Why it ranks here, for and against.
    pub reasons: Vec<Reason>,
    /// Ids of the findings it explains.
    pub explains: Vec<String>,
    /// Ids of the findings that are the same fault on further objects; `title` speaks of all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Nothing that fails depends on it, while something else has dependants that fail.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub independent: bool,
    /// First sign, if dated.
    #[schemars(extend("format" = "date-time"))]
    pub first_seen: Option<String>,
    /// Last sign, if dated.
    #[schemars(extend("format" = "date-time"))]
    pub last_seen: Option<String>,
    /// What it means and why it happens.
    pub meaning: String,
    /// What to do.
    pub next: Next,
}

/// One argument.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Reason {
    /// Prose.
    pub text: String,
    /// Positive for, negative against, zero for context.
    pub points: i64,
    /// Evidence ids.
    pub evidence: Vec<String>,
    /// It only weighs the cause against others.
    pub ranking: bool,
}

/// Next steps in order of safety. Each string may hold inline code in backticks.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Next {
    /// Read-only.
    pub observe: Vec<String>,
    /// Reversible.
    pub mitigate: Vec<String>,
    /// Lasting.
    pub fix: Vec<String>,
    /// What not to do.
    pub avoid: Vec<String>,
    /// How recovery is verified.
    pub verify: Vec<String>,
}

/// A suspect that the evidence clears.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Exoneration {
    /// The suspect.
    pub title: String,
    /// Why not.
    pub text: String,
    /// The object.
    pub subject: Subject,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// Something that changed.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Change {
    /// When.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// `rollout`, `config`, `scale`, `node`, `policy`, `object`.
    pub kind: String,
    /// What.
    pub text: String,
    /// The object.
    pub subject: Subject,
    /// `suspect`, `exonerated` or `unrelated` to what fails.
    #[schemars(extend("enum" = ["suspect", "exonerated", "unrelated"]))]
    pub relation: String,
    /// Why.
    pub why: String,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// Failing against healthy siblings of one workload.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct BlastRadius {
    /// The workload.
    pub subject: Subject,
    /// Number of failing pods.
    pub failing: usize,
    /// Number of healthy pods.
    pub healthy: usize,
    /// One sentence that names what separates them, or that nothing does.
    pub text: String,
    /// Every dimension that was tested.
    pub dimensions: Vec<Dimension>,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// One tested dimension.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Dimension {
    /// `node`, `revision`, `image`, `zone` …
    pub name: String,
    /// `separates`, `exonerated` (the same on both sides) or `undecided`.
    #[schemars(extend("enum" = ["separates", "exonerated", "undecided"]))]
    pub result: String,
    /// Counts for each value.
    pub values: Vec<DimensionValue>,
}

/// Counts of one value of a dimension.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct DimensionValue {
    /// The value, for example a node's name.
    pub value: String,
    /// Failing pods with it.
    pub failing: usize,
    /// Healthy pods with it.
    pub healthy: usize,
}

/// A rule that fired.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Finding {
    /// Stable from run to run: derives from rule and subject.
    pub id: String,
    /// Rule id.
    pub rule: String,
    /// Title with names filled in.
    pub title: String,
    /// Layer.
    pub layer: String,
    /// Severity, after the state at capture was considered.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub severity: String,
    /// `cause`, `symptom`, `change`, `risk`.
    #[schemars(extend("enum" = ["cause", "symptom", "change", "risk"]))]
    pub role: String,
    /// `active`, `recovered` or `past` (healed and not part of an incident).
    #[schemars(extend("enum" = ["active", "recovered", "past"]))]
    pub state: String,
    /// The object.
    pub subject: Subject,
    /// The workload that it belongs to, where it is not its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Subject>,
    /// Further objects.
    pub related: Vec<Related>,
    /// How many rows of evidence were grouped into it.
    pub count: usize,
    /// First sign, if dated.
    #[schemars(extend("format" = "date-time"))]
    pub first_seen: Option<String>,
    /// Last sign, if dated.
    #[schemars(extend("format" = "date-time"))]
    pub last_seen: Option<String>,
    /// Finding ids that explain it.
    pub explained_by: Vec<String>,
    /// Evidence ids.
    pub evidence: Vec<String>,
    /// What it means.
    pub meaning: String,
    /// When it is a false alarm, if the rule says so.
    pub false_alarm: String,
}

/// One edge of the causal graph.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct CausalEdge {
    /// Finding id of the cause.
    pub from: String,
    /// Finding id of the effect.
    pub to: String,
    /// The relation that joins them (`same pod`, `pods on node` …).
    pub along: String,
}

/// A rule that could not be decided.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Unknown {
    /// Rule id.
    pub rule: String,
    /// The rule's title, with an ellipsis for what it would name.
    pub title: String,
    /// What was missing and why.
    pub missing: Vec<String>,
    /// What to collect.
    pub collect: Vec<String>,
    /// Objects it was undecided for, if it got that far; the first hundred.
    pub subjects: Vec<Subject>,
    /// Further such objects that are not listed.
    #[serde(skip_serializing_if = "no_objects")]
    pub more_subjects: usize,
}

/// A dated thing.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct TimelineEntry {
    /// Stable anchor.
    pub id: String,
    /// Start, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// End of a range (counted events), if any.
    #[schemars(extend("format" = "date-time"))]
    pub end_time: Option<String>,
    /// `s`, `ms`, `us`, `ns`.
    #[schemars(extend("enum" = ["s", "ms", "us", "ns"]))]
    pub precision: String,
    /// As it was written.
    pub raw_time: String,
    /// `event`, `container`, `condition`, `change`, `log`, `kernel`, `journal`, `object`.
    pub kind: String,
    /// Layer for lanes: `control-plane`, `node`, `storage`, `network`, `workload`.
    pub layer: String,
    /// `critical` … `info`.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub severity: String,
    /// Occurrences.
    pub count: u64,
    /// The object.
    pub subject: Subject,
    /// What happened.
    pub text: String,
    /// Evidence ids; of a long timeline only the entries that matter are quoted.
    pub evidence: Vec<String>,
    /// Where it is written, `file:line`; also where it is not quoted.
    pub place: String,
    /// Whether the stamp's year or zone had to be assumed, in words; empty if not.
    pub assumed: String,
}

/// An event of which only its age is known.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct UndatedEvent {
    /// Seconds from its last occurrence to the capture, as printed; null if that is not known.
    pub age_seconds: Option<u64>,
    /// `critical` … `info`.
    #[schemars(extend("enum" = ["critical", "high", "medium", "low", "info"]))]
    pub severity: String,
    /// Occurrences.
    pub count: u64,
    /// The object.
    pub subject: Subject,
    /// What happened.
    pub text: String,
    /// Evidence ids; of many events only those that matter are quoted.
    pub evidence: Vec<String>,
    /// Where it is written, `file:line`.
    pub place: String,
}

/// An object of the incident, as captured.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Object {
    /// The object.
    pub subject: Subject,
    /// Parts of its captured text, in their order.
    pub parts: Vec<ObjectPart>,
    /// Objects that it touches; the role is the relation's name.
    pub related: Vec<Related>,
    /// Further related objects that are not listed.
    #[serde(skip_serializing_if = "no_objects")]
    pub more_related: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn no_objects(number: &usize) -> bool {
    *number == 0
}

/// A part of an object's captured text.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ObjectPart {
    /// Its path: `spec`, `status`, `status.conditions`, `data` …
    pub name: String,
    /// Evidence id of its first lines.
    pub evidence: String,
    /// Whether it goes on in the bundle. By how much is not said: readers skip what nobody asks for.
    pub goes_on: bool,
}

/// A quote.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Evidence {
    /// `e1`, `e2` … in order of first use.
    pub id: String,
    /// Path in the bundle.
    pub file: String,
    /// First line, from 1.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// The lines themselves, cut at a sane length.
    pub quote: String,
    /// Up to three lines before.
    pub before: Vec<String>,
    /// Up to three lines after.
    pub after: Vec<String>,
}

/// Damage or a limit.
#[derive(Debug, Clone, Default, JsonSchema, Serialize)]
pub struct Problem {
    /// Path in the bundle, or empty for the bundle itself.
    pub file: String,
    /// Line, 0 if it concerns the whole file.
    pub line: u32,
    /// What.
    pub what: String,
}
