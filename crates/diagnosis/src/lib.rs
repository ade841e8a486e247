//! Turns findings into ranked causes: what still holds, what explains what, what separates failing from healthy, what it was not.

mod blast;
mod change;
mod depth;
mod draft;
mod exonerate;
mod graph;
mod group;
mod incident;
mod rank;
mod scope;
mod stale;
mod state;
mod timeline;
mod touch;
mod triage;
mod undated;
mod verdict;
pub mod weights;

use coldcase_facts::{Cite, Facts, Identity};
use coldcase_rules::{Along, Confidence, Evaluation, RuleSet, Severity};
use jiff::Timestamp;
use rayon::prelude::*;

pub use blast::{Blast, Dimension};
pub use change::{Change, ChangeKind, Relation};
pub use exonerate::Exoneration;
pub use incident::Incident;
pub use rank::{Ranked, Reason};
pub use state::State;
pub use timeline::Entry;
pub use triage::Answer;
pub use undated::Undated;

/// A finding with what the diagnosis knows about it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Stable id from rule and subject.
    pub id: String,
    /// Whether it holds at capture.
    pub state: State,
    /// Severity after the state was considered.
    pub severity: Severity,
    /// Indexes of findings that explain it.
    pub explained_by: Vec<usize>,
}

/// An edge between findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the cause.
    pub from: usize,
    /// Index of the effect.
    pub to: usize,
    /// How they touch.
    pub along: Along,
}

/// The answer's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something is wrong at capture, and this is it.
    Active,
    /// Something was wrong and is over.
    Recovered,
    /// Something is wrong, and the evidence does not decide what.
    Inconclusive,
    /// Nothing is wrong as far as the bundle shows.
    NothingFound,
}

impl Outcome {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Recovered => "recovered",
            Self::Inconclusive => "inconclusive",
            Self::NothingFound => "nothing_found",
        }
    }
}

/// A whole diagnosis; finding indexes are those of the evaluation.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// State of the verdict.
    pub outcome: Outcome,
    /// One sentence.
    pub sentence: String,
    /// Confidence in the first cause.
    pub confidence: Option<Confidence>,
    /// Judgements, parallel to the evaluation's findings.
    pub judged: Vec<Judged>,
    /// Edges between findings.
    pub edges: Vec<Edge>,
    /// Causes, best first.
    pub causes: Vec<Ranked>,
    /// Which causes belong together, that of the best cause first.
    pub incidents: Vec<Incident>,
    /// Cleared suspects.
    pub exonerations: Vec<Exoneration>,
    /// Changes, oldest first.
    pub changes: Vec<Change>,
    /// Blast radius of each failing workload.
    pub blasts: Vec<Blast>,
    /// Every dated thing, oldest first.
    pub timeline: Vec<Entry>,
    /// Events without a time, oldest first.
    pub undated: Vec<Undated>,
    /// When it began.
    pub first_anomaly: Option<(Timestamp, String)>,
    /// When it ended, if it did.
    pub recovered_at: Option<Timestamp>,
    /// The four questions.
    pub triage: Vec<Answer>,
}

/// Diagnoses.
pub fn diagnose(facts: &Facts<'_>, rules: &RuleSet, evaluation: &Evaluation<'_, '_>) -> Diagnosis {
    let scopes: Vec<scope::Scope> = evaluation
        .findings
        .par_iter()
        .map(|finding| scope::of(facts, evaluation, finding))
        .collect();
    let mut judged: Vec<Judged> = evaluation
        .findings
        .par_iter()
        .zip(&scopes)
        .map(|(finding, scope)| {
            let rule = &rules.rules[finding.rule];
            Judged {
                id: format!("{}--{}", rule.id, slug(&finding.subject)),
                state: state::of(facts, evaluation, rule, finding, scope),
                severity: rule.severity,
                explained_by: Vec::new(),
            }
        })
        .collect();
    let edges = graph::edges(facts, rules, evaluation, &scopes, &judged);
    let mut effects = vec![Vec::new(); judged.len()];
    for edge in &edges {
        judged[edge.to].explained_by.push(edge.from);
        effects[edge.from].push(edge.to);
    }
    state::settle(rules, evaluation, &edges, &mut judged);
    let blasts = blast::all(facts);
    let exonerations = exonerate::all(facts, rules, evaluation, &judged, &blasts);
    let causes = rank::causes(&rank::Context {
        facts,
        rules,
        evaluation,
        judged: &judged,
        effects: &effects,
        scopes: &scopes,
        blasts: &blasts,
    });
    let (outcome, confidence) = verdict::outcome(facts, &causes, &judged, evaluation, rules);
    let incidents = incident::all(facts, evaluation, &judged, &scopes, &causes);
    let first_anomaly = incidents
        .first()
        .and_then(|incident| incident.first_anomaly.clone());
    let changes = change::all(
        facts,
        &blasts,
        &exonerations,
        causes.first().map(|cause| (&scopes[cause.finding], cause)),
        first_anomaly.as_ref().map(|(time, _)| *time),
    );
    let recovered_at = incidents
        .first()
        .filter(|_| outcome == Outcome::Recovered)
        .and_then(|incident| incident.ended_at);
    let sentence = verdict::sentence(
        facts, outcome, &causes, &incidents, &judged, evaluation, rules,
    );
    let timeline = timeline::all(facts, evaluation, &changes);
    let triage = triage::answers(
        facts, evaluation, &judged, &causes, &scopes, &changes, &blasts,
    );
    Diagnosis {
        outcome,
        sentence,
        confidence,
        judged,
        edges,
        causes,
        incidents,
        exonerations,
        changes,
        blasts,
        timeline,
        undated: undated::all(facts),
        first_anomaly,
        recovered_at,
        triage,
    }
}

/// An identity as part of an id or anchor.
fn slug(identity: &Identity) -> String {
    let text = format!("{}-{}-{}", identity.kind, identity.namespace, identity.name).to_lowercase();
    let mut slug: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug
}

/// Places, each once, in order.
pub(crate) fn unique(cites: impl IntoIterator<Item = Cite>) -> Vec<Cite> {
    let mut seen = std::collections::BTreeSet::new();
    cites
        .into_iter()
        .filter(|cite| seen.insert(*cite))
        .collect()
}
