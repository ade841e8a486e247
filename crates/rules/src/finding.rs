//! Runs one rule: rows grouped into findings, arguments weighed, unknowns kept.

use std::collections::BTreeMap;

use coldcase_facts::{Cite, EntityId, Identity};
use coldcase_snapshot::stamp;
use jiff::Timestamp;

use crate::{
    descent::Open,
    engine::{self, Row, World},
    missing::Doubts,
    rule::{Argument, Rule},
};

/// A rule that fired for one subject.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Index of the rule in the set.
    pub rule: usize,
    /// The object at fault.
    pub subject: Identity,
    /// The entity at fault.
    pub entity: EntityId,
    /// Title with names filled in.
    pub title: String,
    /// What it means, filled in.
    pub meaning: String,
    /// Next steps, filled in: observe, mitigate, fix, avoid, verify.
    pub next: [Vec<String>; 5],
    /// Rows that were grouped.
    pub rows: Vec<Row>,
    /// Objects bound anywhere in the rows, with the name of the binding.
    pub related: Vec<(String, EntityId)>,
    /// Places read.
    pub cites: Vec<Cite>,
    /// First sign.
    pub first_seen: Option<Timestamp>,
    /// Last sign.
    pub last_seen: Option<Timestamp>,
    /// Arguments for that hold.
    pub supports: Vec<Held>,
    /// Arguments against that hold.
    pub contradicts: Vec<Held>,
    /// Arguments that could not be decided.
    pub open: Vec<String>,
    /// Whether the rule's own `healed` steps hold; `None` if it has none or they are undecided.
    pub healed: Option<bool>,
}

/// An argument that holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// Prose.
    pub text: String,
    /// Where it was read.
    pub cites: Vec<Cite>,
}

/// A rule that could not be decided.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// Index of the rule.
    pub rule: usize,
    /// What was missing.
    pub missing: Vec<String>,
    /// Entities for which it was undecided, one an object, in the order of the objects.
    pub subjects: Vec<EntityId>,
}

/// Places kept for one finding.
const MAX_CITES: usize = 16;

/// Evaluates one rule.
pub(crate) fn run(
    world: &World<'_, '_>,
    index: usize,
    rule: &Rule,
) -> (Vec<Finding>, Option<Unknown>) {
    let (rows, doubts) = judged(world, rule);
    let unknown = doubts.unknown(world, index);
    let groups = engine::group(rows, |row| {
        row.bound(rule.subject)
            .map(|bound| world.get(bound.id).subject.clone())
    });
    let findings = groups
        .into_iter()
        .filter_map(|(subject, rows)| finding(world, index, rule, subject, rows))
        .collect();
    (findings, unknown)
}

/// The rows of a rule, and those that could not be decided.
fn judged(world: &World<'_, '_>, rule: &Rule) -> (Vec<Row>, Doubts) {
    let mut doubts = Doubts::about(rule.subject);
    if rule.steps.iter().any(engine::counts_rows) {
        let outcome = world.run(&rule.steps, vec![Row::default()]);
        for open in outcome.undecided {
            doubts.add(0, &open.row, open.missing);
        }
        return (outcome.rows, doubts);
    }
    let about = || Doubts::about(rule.subject);
    let (landed, parts) = world.descend_from_nothing(&rule.steps, about);
    for part in parts {
        doubts.append(part);
    }
    (world.rows(landed), doubts)
}

fn finding(
    world: &World<'_, '_>,
    index: usize,
    rule: &Rule,
    subject: Identity,
    mut rows: Vec<Row>,
) -> Option<Finding> {
    rows.dedup();
    // The first sign is quoted first and fills the title.
    rows.sort_by_cached_key(|row| {
        (
            times(world, rule, std::slice::from_ref(row)).0,
            row.cites.clone(),
        )
    });
    let row = rows.first()?;
    let entity = row.bound(rule.subject)?.id;
    let related = related(world, rule, &rows);
    let (first_seen, last_seen) = times(world, rule, &rows);
    let mut cites = Vec::new();
    let title_cites = rule
        .title
        .operands()
        .filter_map(|operand| world.place(row, operand));
    for cite in title_cites.chain(rows.iter().flat_map(|row| row.cites.iter().copied())) {
        if cites.len() < MAX_CITES && !cites.contains(&cite) {
            cites.push(cite);
        }
    }
    if cites.is_empty() {
        cites.extend(world.get(entity).place());
    }
    let mut open = Vec::new();
    let supports = arguments(world, &rule.supports, &rows, &mut open);
    let contradicts = arguments(world, &rule.contradicts, &rows, &mut open);
    let healed = rule.healed.as_ref().and_then(|block| {
        let mut all = true;
        for row in &rows {
            match world.run_from(&block.steps, row.clone()) {
                (rows, Some(_)) if rows.is_empty() => return None,
                (rows, _) => all &= !rows.is_empty(),
            }
        }
        Some(all)
    });
    let fill = |templates: &[crate::template::Template]| -> Vec<String> {
        let steps = templates
            .iter()
            .map(|template| template.step(world, row, &rows));
        applicable(steps)
    };
    Some(Finding {
        rule: index,
        title: rule.title.render(world, row, &rows),
        meaning: rule.meaning.render(world, row, &rows),
        next: std::array::from_fn(|at| fill(&rule.next[at])),
        subject,
        entity,
        related,
        cites,
        first_seen,
        last_seen,
        supports,
        contradicts,
        open,
        healed,
        rows,
    })
}

/// The steps that can be taken; an alternative to one that cannot stands for itself.
fn applicable(steps: impl Iterator<Item = Option<String>>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for step in steps.flatten().filter(|step| applies(step)) {
        let alternative = step.strip_prefix("or ").filter(|_| kept.is_empty());
        kept.push(alternative.unwrap_or(&step).to_owned());
    }
    kept
}

/// Whether a step can be done to its object: a bare Pod and a Job have no rollout to undo, pause or restart.
fn applies(step: &str) -> bool {
    step.split("kubectl ").skip(1).all(|command| {
        let mut words = command
            .split([' ', '`'])
            .skip_while(|word| *word != "rollout");
        let kind = words.nth(2).and_then(|object| object.split_once('/'));
        kind.is_none_or(|(kind, _)| !matches!(kind, "Pod" | "Job" | "CronJob" | "Node"))
    })
}

/// Bound objects by name, each once; lines, events and computed facts are evidence, not objects.
fn related(world: &World<'_, '_>, rule: &Rule, rows: &[Row]) -> Vec<(String, EntityId)> {
    let mut found: BTreeMap<(usize, Identity), EntityId> = BTreeMap::new();
    for row in rows {
        for (slot, _) in rule.names.iter().enumerate() {
            let Some(bound) = row.bound(slot) else {
                continue;
            };
            let entity = world.get(bound.id);
            if !matches!(entity.kind, "Event" | "LogLine" | "JournalLine") {
                found
                    .entry((slot, entity.subject.clone()))
                    .or_insert(bound.id);
            }
        }
    }
    found
        .into_iter()
        .map(|((slot, _), id)| (rule.names.get(slot).cloned().unwrap_or_default(), id))
        .collect()
}

fn times(
    world: &World<'_, '_>,
    rule: &Rule,
    rows: &[Row],
) -> (Option<Timestamp>, Option<Timestamp>) {
    if let Some(operand) = &rule.time {
        let span = engine::span(rows.iter().filter_map(|row| world.value(row, operand)));
        if span.0.is_some() {
            return span;
        }
    }
    let mut found: Vec<String> = Vec::new();
    for row in rows {
        for slot in 0..rule.names.len() {
            let Some(bound) = row.bound(slot) else {
                continue;
            };
            let entity = world.get(bound.id);
            let fields: &[&[&str]] = match entity.kind {
                "Event" => &[&["first"], &["last"]],
                "LogLine" | "JournalLine" | "ConfigChange" | "StaleConfig" => &[&["time"]],
                "Container" => &[&["ended", "finishedAt"]],
                "Rollout" => &[&["startedAt"]],
                "Unit" => &[&["since"]],
                _ => &[],
            };
            found.extend(
                fields
                    .iter()
                    .filter_map(|path| entity.str_at(path).map(str::to_owned)),
            );
        }
    }
    engine::span(found.into_iter())
}

/// Each argument once, with the first row for which it holds.
fn arguments(
    world: &World<'_, '_>,
    arguments: &[Argument],
    rows: &[Row],
    open: &mut Vec<String>,
) -> Vec<Held> {
    let mut held = Vec::new();
    for argument in arguments {
        let mut missing = None;
        let mut found = None;
        for row in rows {
            let (rows, lacking) = world.run_from(&argument.block.steps, row.clone());
            if let Some(first) = rows.first() {
                let text = argument.because.render(world, first, &rows);
                let mut cites: Vec<Cite> = first
                    .cites
                    .iter()
                    .copied()
                    .filter(|cite| !row.cites.contains(cite))
                    .collect();
                cites.extend(
                    argument
                        .because
                        .operands()
                        .filter_map(|operand| world.place(first, operand))
                        .filter(|cite| !cites.contains(cite))
                        .collect::<Vec<_>>(),
                );
                if cites.is_empty() {
                    cites.extend(first.cites.first());
                }
                found = Some(Held { text, cites });
                break;
            }
            missing = missing.or(lacking);
        }
        match (found, missing) {
            (Some(found), _) => held.push(found),
            (None, Some(missing)) => open.push(world.told(missing)),
            (None, None) => {}
        }
    }
    open.sort();
    open.dedup();
    held
}

/// RFC 3339 for reports.
pub fn show_time(time: Timestamp) -> String {
    let precision = if time.subsec_nanosecond() == 0 { 0 } else { 3 };
    stamp::format(time, precision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rolls_out_is_rolled_back() {
        for (step, holds) in [
            ("`kubectl -n shop rollout undo Deployment/web`", true),
            ("`kubectl -n shop rollout undo Pod/web-0`", false),
            (
                "`kubectl -n shop rollout restart Job/import` afterwards",
                false,
            ),
            (
                "`kubectl -n shop get Pod/web-0`, then `kubectl rollout status`",
                true,
            ),
            ("delete it", true),
        ] {
            assert_eq!(applies(step), holds, "{step}");
        }
    }

    #[test]
    fn an_alternative_to_nothing_stands_alone() {
        let steps = ["`kubectl rollout undo Pod/a`", "or delete it", "or wait"];
        let kept = applicable(steps.iter().map(|step| Some((*step).to_owned())));
        assert_eq!(kept, ["delete it", "or wait"]);
        assert!(applicable([None].into_iter()).is_empty());
    }
}
