//! Why a rule fired, stayed quiet or could not be decided: what each step looked at, and which condition stopped it.

use coldcase_facts::{Cite, EntityId};
use coldcase_snapshot::packed::View;

use crate::{
    engine::{Outcome, Row, World},
    paths::resolve,
    rule::{Condition, Rule, Step, Verb},
    source::Place,
    values::{Asking, Truth},
};

/// What happened at one step.
#[derive(Debug, Clone)]
pub struct StepTrace {
    /// The step as written.
    pub step: String,
    /// Where it stands in the rule.
    pub place: Place,
    /// Rows that came.
    pub before: usize,
    /// Rows that went on.
    pub after: usize,
    /// Rows that are undecided here.
    pub undecided: usize,
    /// What was missing.
    pub missing: Vec<String>,
    /// How many entities it looked at, over all rows.
    pub looked_at: usize,
    /// Those that got nowhere, the ones that came farthest first; only some are kept.
    pub died: Vec<Candidate>,
    /// Those that passed; only some are kept.
    pub passed: Vec<Candidate>,
    /// Alternatives of `any`.
    pub alternatives: Vec<Vec<StepTrace>>,
}

/// An entity that a step looked at.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// `Kind namespace/name`.
    pub subject: String,
    /// Its name within that.
    pub label: String,
    /// Where it stands.
    pub place: Option<Cite>,
    /// Conditions in order; after the first that does not hold none is asked.
    pub conditions: Vec<Asked>,
}

/// A condition that was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The condition as written.
    pub condition: String,
    /// Whether it holds; `None` if it is not known.
    pub holds: Option<bool>,
    /// The values that it saw; only some are kept.
    pub values: Vec<String>,
    /// Where they stand.
    pub place: Option<Cite>,
}

/// Entities shown for each step and outcome.
const SHOWN: usize = 5;
/// Entities asked for each step; more would take long and be read by nobody.
const ASKED: usize = 5_000;
/// Values shown of one condition.
const VALUES: usize = 4;

/// Follows a rule's steps.
pub fn trace(world: &World<'_, '_>, rule: &Rule) -> Vec<StepTrace> {
    steps(world, &rule.steps, vec![Row::default()])
}

fn steps(world: &World<'_, '_>, steps: &[Step], rows: Vec<Row>) -> Vec<StepTrace> {
    let mut outcome = Outcome {
        rows,
        undecided: Vec::new(),
    };
    let mut traces = Vec::new();
    for step in steps {
        let before = outcome.rows.clone();
        let known = outcome.undecided.len();
        world.run_step(step, &mut outcome);
        let fresh = outcome.undecided.get(known..).unwrap_or(&[]);
        let mut missing: Vec<String> = fresh
            .iter()
            .map(|open| world.told(open.missing.clone()))
            .collect();
        missing.sort();
        missing.dedup();
        let mut trace = StepTrace {
            step: step.written.clone(),
            place: step.place,
            before: before.len(),
            after: outcome.rows.len(),
            undecided: fresh.len(),
            missing,
            looked_at: 0,
            died: Vec::new(),
            passed: Vec::new(),
            alternatives: Vec::new(),
        };
        match step.verb {
            Verb::Any => {
                trace.alternatives = step
                    .alternatives
                    .iter()
                    .map(|alternative| self::steps(world, alternative, before.clone()))
                    .collect();
            }
            Verb::Rows => {}
            _ => look(world, step, &before, &mut trace),
        }
        traces.push(trace);
    }
    traces
}

/// Asks each condition of each entity by itself.
fn look(world: &World<'_, '_>, step: &Step, rows: &[Row], trace: &mut StepTrace) {
    let mut died = Vec::new();
    for row in rows {
        if step.verb == Verb::Check {
            trace.looked_at += 1;
            let bound = step
                .conditions
                .first()
                .and_then(|condition| row.bound(condition.slot));
            let Some(bound) = bound else { continue };
            let candidate = ask(world, step, row, bound.id, None);
            sort(candidate, &mut trace.passed, &mut died);
            continue;
        }
        for id in world.candidates_of(step, row) {
            trace.looked_at += 1;
            if trace.looked_at > ASKED {
                break;
            }
            let trial = row.with(step.slot, id);
            let candidate = ask(world, step, &trial, id, Some(step.slot));
            sort(candidate, &mut trace.passed, &mut died);
        }
    }
    died.sort_by_key(|candidate: &Candidate| std::cmp::Reverse(candidate.conditions.len()));
    died.truncate(SHOWN);
    trace.died = died;
}

fn sort(candidate: Candidate, passed: &mut Vec<Candidate>, died: &mut Vec<Candidate>) {
    let holds = candidate
        .conditions
        .iter()
        .all(|asked| asked.holds == Some(true));
    if !holds {
        died.push(candidate);
    } else if passed.len() < SHOWN {
        passed.push(candidate);
    }
}

fn ask(
    world: &World<'_, '_>,
    step: &Step,
    row: &Row,
    id: EntityId,
    binding: Option<usize>,
) -> Candidate {
    let entity = world.get(id);
    let mut conditions = Vec::new();
    for condition in &step.conditions {
        let one = std::slice::from_ref(condition);
        let asking = Asking {
            binding,
            explain: true,
            known: None,
        };
        let mut read = Vec::new();
        let (holds, read) = match world.conditions(row, one, asking, &mut read) {
            Truth::Yes(_) => (Some(true), world.cites(&read).first().copied()),
            Truth::No => (Some(false), None),
            Truth::Unknown(_) => (None, None),
        };
        let (values, place) = seen(world, row, condition);
        conditions.push(Asked {
            condition: condition.written.clone(),
            holds,
            values,
            place: read.or(place),
        });
        if holds == Some(false) {
            break;
        }
    }
    Candidate {
        subject: entity.subject.to_string(),
        label: entity.label().to_owned(),
        place: entity.place(),
        conditions,
    }
}

/// The values that a condition sees, and where the first of them stands.
fn seen(world: &World<'_, '_>, row: &Row, condition: &Condition) -> (Vec<String>, Option<Cite>) {
    let Some(bound) = row.bound(condition.slot) else {
        return (Vec::new(), None);
    };
    let entity = world.get(bound.id);
    let nodes = resolve(entity, &condition.path);
    let place = nodes
        .first()
        .and_then(|node| match condition.path.first()? {
            coldcase_facts::schema::Segment::Key(first) => entity.cite(first, *node),
            _ => None,
        });
    let mut values: Vec<String> = nodes.iter().take(VALUES).map(|node| shown(*node)).collect();
    if nodes.len() > VALUES {
        values.push(format!("and {} more", nodes.len() - VALUES));
    }
    (values, place)
}

fn shown(node: View<'_>) -> String {
    if let Some(text) = node.as_str() {
        return match text.char_indices().nth(120) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
            None => text.to_owned(),
        };
    }
    if node.is_null() {
        return "null".to_owned();
    }
    let entries = node.entries();
    if entries.is_empty() {
        return format!("a list of {}", node.items().len());
    }
    let entries: Vec<String> = entries
        .iter()
        .take(6)
        .map(|(key, node)| match node.as_str() {
            Some(text) => format!("{key}: {text}"),
            None => format!("{key}: …"),
        })
        .collect();
    format!("{{{}}}", entries.join(", "))
}
