//! Joins causes that are one fault on several objects: a fault of the cluster is listed once, with its members.

use std::collections::BTreeMap;

use coldcase_facts::Identity;
use coldcase_rules::Confidence;

use crate::{Ranked, rank::Context, weights};

/// Layers whose faults lie outside the workload that shows them. In the others two workloads that say the same
/// have two faults: each exceeds a limit of its own.
const SHARED: &[&str] = &[
    "scheduling",
    "node",
    "network",
    "dns",
    "image",
    "storage",
    "service",
    "control-plane",
    "pressure",
];

/// Members that a title names before it counts the rest.
const NAMED: usize = 3;

/// Joins; the best of each group leads it and keeps its reasons.
pub(crate) fn join(context: &Context<'_, '_, '_>, ranked: &mut Vec<Ranked>) {
    ranked.sort_by(|a, b| {
        let key = |it: &Ranked| (-it.points, context.judged[it.finding].id.clone());
        key(a).cmp(&key(b))
    });
    let mut leaders: BTreeMap<(usize, Confidence, String), usize> = BTreeMap::new();
    let mut joined: Vec<Ranked> = Vec::new();
    for cause in ranked.drain(..) {
        let Some(key) = key(context, &cause) else {
            joined.push(cause);
            continue;
        };
        if let Some(leader) = leaders.get(&key) {
            absorb(&mut joined[*leader], cause);
        } else {
            leaders.insert(key, joined.len());
            joined.push(cause);
        }
    }
    for cause in joined.iter_mut().filter(|it| !it.members.is_empty()) {
        name(context, cause);
    }
    *ranked = joined;
}

fn absorb(leader: &mut Ranked, member: Ranked) {
    leader.members.push(member.finding);
    leader.members.extend(member.members);
    leader.explains.extend(member.explains);
    leader.explains.sort_unstable();
    leader.explains.dedup();
    leader.triggers.extend(member.triggers);
    leader.triggers.sort_unstable();
    leader.triggers.dedup();
}

/// What makes two causes one fault: the rule, and its words without the object's name.
fn key(context: &Context<'_, '_, '_>, cause: &Ranked) -> Option<(usize, Confidence, String)> {
    let finding = &context.evaluation.findings[cause.finding];
    let rule = &context.rules.rules[finding.rule];
    let shared = finding.subject.kind == "Node" || SHARED.contains(&rule.layer.as_str());
    (shared && !finding.subject.name.is_empty()).then(|| {
        let words = without(&finding.title, &finding.subject.name);
        (finding.rule, cause.confidence, words)
    })
}

/// A text with a sign in place of each whole mention of a name.
fn without(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    while let Some((before, after)) = rest.split_once(name) {
        let whole = !before.ends_with(part) && !after.starts_with(part);
        out.push_str(before);
        out.push_str(if whole { "\u{1}" } else { name });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Gives a group its title and the argument that it is one.
fn name(context: &Context<'_, '_, '_>, cause: &mut Ranked) {
    let findings = &context.evaluation.findings;
    let subjects: Vec<&Identity> = std::iter::once(&cause.finding)
        .chain(&cause.members)
        .map(|index| &findings[*index].subject)
        .collect();
    let mut names: Vec<&str> = subjects.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    let kind = plural(&subjects);
    let title = &findings[cause.finding].title;
    let first = findings[cause.finding].subject.name.as_str();
    let shown = names.get(..count.min(NAMED)).unwrap_or_default().join(", ");
    let more = match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let nodes = subjects.iter().all(|it| it.kind == "Node");
    cause.title = Some(if nodes {
        format!("On {count} nodes ({shown}{more}): {}", of_any(title, first))
    } else {
        format!("{count} {kind} alike ({shown}{more}): {title}")
    });
    cause.add(
        format!("the same fault on {count} {kind}: {shown}{more}"),
        weights::ALIKE,
    );
}

/// A title that speaks of one node, said of any.
fn of_any(title: &str, node: &str) -> String {
    for (said, instead) in [
        (format!(" of node {node}"), ""),
        (format!(" on node {node}"), ""),
        (format!(" from node {node}"), ""),
        (format!("Node {node} "), ""),
    ] {
        if title.contains(&said) {
            return title.replace(&said, instead);
        }
    }
    title.to_owned()
}

/// The kind in Kubernetes' plural, or a word for several kinds.
fn plural(subjects: &[&Identity]) -> String {
    let first = subjects.first().map_or("", |it| it.kind.as_str());
    if first.is_empty() || subjects.iter().any(|it| it.kind != first) {
        return "workloads".to_owned();
    }
    match first {
        "Node" => "nodes".to_owned(),
        kind => plural_kind(kind),
    }
}

/// A kind's name for several objects.
pub(crate) fn plural_kind(kind: &str) -> String {
    match kind {
        "NetworkPolicy" => "NetworkPolicies".to_owned(),
        kind if kind.ends_with("ss") => format!("{kind}es"),
        kind if kind.ends_with('s') => kind.to_owned(),
        kind => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_whole_words() {
        assert_eq!(
            without("web waits, web-admin does not", "web"),
            "\u{1} waits, web-admin does not"
        );
        assert_eq!(
            without("node n1: n1 is full", "n1"),
            "node \u{1}: \u{1} is full"
        );
    }

    #[test]
    fn a_title_of_one_node_is_said_of_any() {
        assert_eq!(
            of_any("Node w1 cannot create sandboxes", "w1"),
            "cannot create sandboxes"
        );
        assert_eq!(
            of_any("The kubelet of node w1 is down", "w1"),
            "The kubelet is down"
        );
        assert_eq!(of_any("Something on w1", "w1"), "Something on w1");
    }

    proptest! {
        #[test]
        fn any_title_is_read(text in "\\PC{0,80}", name in "[a-z0-9-]{1,8}") {
            let words = without(&text, &name);
            prop_assert_eq!(words.replace('\u{1}', &name), text.replace('\u{1}', &name));
        }
    }
}
