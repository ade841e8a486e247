//! A loaded rule: names resolved to slots, paths checked, patterns compiled.

use crate::{pattern::Lazy, source::Place, template::Template};
use coldcase_facts::schema::Segment;

/// How bad it is while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Risk or hygiene.
    Low,
    /// Degraded.
    Medium,
    /// A workload is down or capacity is lost.
    High,
    /// Outage, or data at risk.
    Critical,
}

/// Severity words, lowest first.
pub const SEVERITIES: &[(&str, Severity)] = &[
    ("info", Severity::Info),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];

impl Severity {
    /// The word.
    pub fn word(self) -> &'static str {
        SEVERITIES
            .iter()
            .find(|(_, severity)| *severity == self)
            .map_or("info", |(word, _)| *word)
    }
}

/// What a finding of the rule is in a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May be the verdict.
    Cause,
    /// Never the verdict while something explains it.
    Symptom,
    /// Something that changed.
    Change,
    /// Not an incident.
    Risk,
}

/// Role words.
pub const ROLES: &[(&str, Role)] = &[
    ("cause", Role::Cause),
    ("symptom", Role::Symptom),
    ("change", Role::Change),
    ("risk", Role::Risk),
];

impl Role {
    /// The word.
    pub fn word(self) -> &'static str {
        ROLES
            .iter()
            .find(|(_, role)| *role == self)
            .map_or("risk", |(word, _)| *word)
    }
}

/// How sure the rule is when it fires and nothing contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Circumstantial.
    Possible,
    /// Inferred.
    Likely,
    /// The captured state names the mechanism.
    Firm,
}

/// Confidence words, weakest first.
pub const CONFIDENCES: &[(&str, Confidence)] = &[
    ("possible", Confidence::Possible),
    ("likely", Confidence::Likely),
    ("firm", Confidence::Firm),
];

impl Confidence {
    /// The word.
    pub fn word(self) -> &'static str {
        CONFIDENCES
            .iter()
            .find(|(_, confidence)| *confidence == self)
            .map_or("possible", |(word, _)| *word)
    }
}

/// How a cause and its effect touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Along {
    /// The same container.
    Container,
    /// The same pod.
    Pod,
    /// The same top-level owner.
    Workload,
    /// The effect's pods run on the cause's node.
    Node,
    /// They share a Service, or the effect names the cause's Service as its target.
    Service,
    /// The same claim.
    Claim,
    /// The effect's pods read the cause's ConfigMap or Secret.
    Config,
    /// The same namespace.
    Namespace,
    /// Always.
    Cluster,
}

/// Relation words of `explains`.
pub const ALONGS: &[(&str, Along)] = &[
    ("container", Along::Container),
    ("pod", Along::Pod),
    ("workload", Along::Workload),
    ("node", Along::Node),
    ("service", Along::Service),
    ("claim", Along::Claim),
    ("config", Along::Config),
    ("namespace", Along::Namespace),
    ("cluster", Along::Cluster),
];

impl Along {
    /// The word.
    pub fn word(self) -> &'static str {
        ALONGS
            .iter()
            .find(|(_, along)| *along == self)
            .map_or("cluster", |(word, _)| *word)
    }
}

/// Layers, in the order in which reports list them.
pub const LAYERS: &[&str] = &[
    "control-plane",
    "node",
    "pressure",
    "network",
    "dns",
    "storage",
    "scheduling",
    "image",
    "app",
    "probe",
    "rollout",
    "service",
    "ingress",
];

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Name of the fault; the file's name.
    pub id: String,
    /// Path of its file.
    pub file: String,
    /// Title.
    pub title: Template,
    /// Layer, one of [`LAYERS`].
    pub layer: String,
    /// Severity while active.
    pub severity: Severity,
    /// Role.
    pub role: Role,
    /// Confidence when nothing contradicts.
    pub confidence: Confidence,
    /// Slot of the binding at fault.
    pub subject: usize,
    /// Names of the slots of `steps`.
    pub names: Vec<String>,
    /// The conditions.
    pub steps: Vec<Step>,
    /// When it happened.
    pub time: Option<Operand>,
    /// Evidence for.
    pub supports: Vec<Argument>,
    /// Evidence against.
    pub contradicts: Vec<Argument>,
    /// Holds when the fault is over.
    pub healed: Option<Block>,
    /// Effects.
    pub explains: Vec<Explains>,
    /// What it means.
    pub meaning: Template,
    /// Steps in order of safety: observe, mitigate, fix, avoid, verify.
    pub next: [Vec<Template>; 5],
    /// When it is a false alarm.
    pub false_alarm: String,
    /// Links.
    pub references: Vec<String>,
    /// What to collect if it could not be decided.
    pub collect: Vec<String>,
    /// Why patterns without a literal of eight letters are worth what they cost; empty if there are none.
    pub costly: String,
    /// Examples.
    pub tests: Vec<Example>,
}

impl Rule {
    /// Its steps with all those within alternatives and arguments.
    pub fn all_steps(&self) -> Vec<&Step> {
        let mut open: Vec<&Step> = self.steps.iter().collect();
        for argument in self.supports.iter().chain(&self.contradicts) {
            open.extend(&argument.block.steps);
        }
        open.extend(self.healed.iter().flat_map(|block| &block.steps));
        let mut all = Vec::new();
        while let Some(step) = open.pop() {
            open.extend(step.alternatives.iter().flatten());
            all.push(step);
        }
        all.sort_by_key(|step| step.place);
        all
    }

    /// Its line patterns, by their index in the set, and where they stand.
    pub fn patterns(&self) -> Vec<(usize, Place)> {
        self.all_steps()
            .into_iter()
            .filter_map(|step| Some((step.pattern?, step.place)))
            .collect()
    }
}

/// Steps with the names they bind beyond the rule's own.
#[derive(Debug)]
pub struct Block {
    /// Names of all slots, the rule's first.
    pub names: Vec<String>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// An argument for or against.
#[derive(Debug)]
pub struct Argument {
    /// Prose.
    pub because: Template,
    /// When it holds.
    pub block: Block,
}

/// An edge of the causal graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explains {
    /// Rule id of the effect.
    pub rule: String,
    /// How they touch.
    pub along: Along,
    /// Where the edge is written.
    pub place: Place,
}

/// What a step does with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Join.
    Find,
    /// Join if there is something.
    Maybe,
    /// Keep rows without a match.
    None,
    /// Keep rows by number.
    Count,
    /// Alternatives.
    Any,
    /// Conditions on bound names.
    Check,
    /// Keep groups of rows by number.
    Rows,
}

impl Verb {
    /// The word that a step begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Maybe => "maybe",
            Self::None => "none",
            Self::Count | Self::Rows => "count",
            Self::Any => "any",
            Self::Check => "check",
        }
    }
}

/// Where a step looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// All entities of a kind.
    Kind(String),
    /// Nouns, outermost first, from a slot.
    Relation(Vec<&'static str>, usize),
    /// `any` and `check` look at what is bound.
    Bound,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its first line as written: `find: node n of p`.
    pub written: String,
    /// Where it is written.
    pub place: Place,
    /// The verb.
    pub verb: Verb,
    /// Where it looks.
    pub from: From,
    /// Kinds that the looked-at entities may have.
    pub kinds: Vec<String>,
    /// Slot that it binds (for `none` and `count`: used inside only).
    pub slot: usize,
    /// Conditions on the looked-at entity; for `check` on any binding.
    pub conditions: Vec<Condition>,
    /// Line patterns of this step, if it looks at lines.
    pub pattern: Option<usize>,
    /// For `count`.
    pub count: Option<Count>,
    /// For `count: rows`.
    pub rows: Option<Rows>,
    /// For `any`.
    pub alternatives: Vec<Vec<Step>>,
}

/// How `count` counts.
#[derive(Debug)]
pub struct Count {
    /// The number must fit this.
    pub is: Matcher,
    /// Count different values of this field.
    pub distinct: Option<Vec<Segment>>,
    /// What the values of this field add up to, instead of a number of things.
    pub sum: Option<Vec<Segment>>,
    /// The most within any window of this many seconds.
    pub in_any: Option<f64>,
    /// As a share of these.
    pub percent_of: Option<(Vec<&'static str>, usize)>,
}

/// What `count: rows` groups and counts.
#[derive(Debug)]
pub struct Rows {
    /// Rows with the same values belong together; none: all rows do.
    pub by: Vec<Operand>,
    /// Count different values instead of rows.
    pub distinct: Option<Operand>,
    /// A row's time, for windows.
    pub at: Option<Operand>,
}

/// A field and what must hold of it.
#[derive(Debug)]
pub struct Condition {
    /// As written: `ended.reason: OOMKilled`.
    pub written: String,
    /// Slot whose field it is.
    pub slot: usize,
    /// The path.
    pub path: Vec<Segment>,
    /// The matcher.
    pub matcher: Matcher,
}

/// All tests must hold.
#[derive(Debug, Default, PartialEq)]
pub struct Matcher {
    /// The tests.
    pub tests: Vec<Test>,
}

impl Matcher {
    /// Whether something holds of every operand, however deep it stands.
    pub(crate) fn operands_all(&self, holds: &impl Fn(&Operand) -> bool) -> bool {
        self.tests.iter().all(|test| test.operands_all(holds))
    }
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// As written.
    Literal(String),
    /// A field of a bound entity.
    Field(usize, Vec<Segment>),
    /// A capture of a bound line.
    Capture(usize, String),
    /// The capture time.
    Now,
    /// Arithmetic over other operands.
    Computed(Box<Expression>),
}

impl Operand {
    /// Whether it depends on what is bound to a slot.
    pub(crate) fn reads(&self, slot: usize) -> bool {
        !self.slots_all(&|other| other != slot)
    }

    /// Whether something holds of every slot that it reads.
    pub(crate) fn slots_all(&self, holds: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Field(slot, _) | Self::Capture(slot, _) => holds(*slot),
            Self::Literal(_) | Self::Now => true,
            Self::Computed(expression) => expression.slots_all(holds),
        }
    }
}

/// Arithmetic over numbers, durations, quantities and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// One value.
    Value(Operand),
    /// All values of a path made into one number.
    Fold(Fold, Operand),
    /// Two values.
    Of(Calculation, Box<Expression>, Box<Expression>),
}

impl Expression {
    fn slots_all(&self, holds: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Value(operand) | Self::Fold(_, operand) => operand.slots_all(holds),
            Self::Of(_, left, right) => left.slots_all(holds) && right.slots_all(holds),
        }
    }
}

/// How the values of a path become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Their sum; of none: 0.
    Sum,
    /// How many there are.
    Count,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calculation {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Divided,
}

/// Which side of an anchor a time may lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Either.
    Around,
    /// Not after.
    Before,
    /// Not before.
    After,
}

/// One test of a value.
#[derive(Debug, PartialEq)]
pub enum Test {
    /// Equal text.
    Is(Operand),
    /// Not equal, or absent.
    Not(Operand),
    /// Equal to one.
    AnyOf(Vec<Operand>),
    /// Equal to none, or absent.
    NoneOf(Vec<Operand>),
    /// Present and not null, or not.
    Exists(bool),
    /// Regex.
    Matches(Box<Lazy>),
    /// Text inside.
    Contains(Operand),
    /// Text at the beginning.
    StartsWith(Operand),
    /// Text at the end.
    EndsWith(Operand),
    /// `>=`
    AtLeast(Operand),
    /// `<=`
    AtMost(Operand),
    /// `>`
    Over(Operand),
    /// `<`
    Under(Operand),
    /// Seconds from an anchor.
    Within(f64, Operand, Side),
    /// Earlier than.
    Before(Operand),
    /// Later than.
    After(Operand),
    /// At most so many seconds before the capture.
    NewerThan(f64),
    /// More than so many seconds before the capture.
    OlderThan(f64),
    /// All elements.
    All(Matcher),
    /// No element.
    No(Matcher),
    /// Conditions on fields of one and the same element.
    Where(Vec<Part>),
    /// One and the same entry of a mapping.
    Entry {
        /// What must hold of its key.
        key: Option<Matcher>,
        /// What must hold of its value.
        value: Option<Matcher>,
    },
}

impl Test {
    /// Whether something holds of every operand, however deep it stands.
    fn operands_all(&self, holds: &impl Fn(&Operand) -> bool) -> bool {
        let inner = |matcher: &Matcher| matcher.operands_all(holds);
        match self {
            Self::All(matcher) | Self::No(matcher) => inner(matcher),
            Self::Where(parts) => parts.iter().all(|part| inner(&part.matcher)),
            Self::Entry { key, value } => key.iter().chain(value).all(inner),
            test => test.operands().iter().all(holds),
        }
    }

    /// What it compares with.
    pub(crate) fn operands(&self) -> &[Operand] {
        match self {
            Self::Is(operand)
            | Self::Not(operand)
            | Self::Contains(operand)
            | Self::StartsWith(operand)
            | Self::EndsWith(operand)
            | Self::AtLeast(operand)
            | Self::AtMost(operand)
            | Self::Over(operand)
            | Self::Under(operand)
            | Self::Within(_, operand, _)
            | Self::Before(operand)
            | Self::After(operand) => std::slice::from_ref(operand),
            Self::AnyOf(operands) | Self::NoneOf(operands) => operands,
            Self::All(_)
            | Self::No(_)
            | Self::Where(_)
            | Self::Entry { .. }
            | Self::Exists(_)
            | Self::Matches(_)
            | Self::NewerThan(_)
            | Self::OlderThan(_) => &[],
        }
    }
}

/// A field of a list's element and what must hold of it.
#[derive(Debug, PartialEq)]
pub struct Part {
    /// The path below the element.
    pub path: Vec<Segment>,
    /// The matcher.
    pub matcher: Matcher,
}

/// What an example expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// At least one finding.
    Fires,
    /// None, and decided.
    Quiet,
    /// None, and undecided.
    Unknown,
}

/// A test inside a rule.
#[derive(Debug)]
pub struct Example {
    /// Name.
    pub name: String,
    /// Expected outcome.
    pub expect: Expect,
    /// `Kind namespace/name` that must be found.
    pub subject: Option<String>,
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// Where it is written.
    pub place: Place,
}
