//! Tells which nodes' clocks are off, in a few lines however many nodes there are.

use std::collections::BTreeMap;

use coldcase_facts::{Facts, quantity::show_seconds};
use coldcase_snapshot::coverage::Status;

use crate::model::Coverage;

/// A clock that is off by more than this many seconds puts what two nodes say into a wrong order.
const SECONDS: f64 = 1.0;

/// Nodes of which the same is said that are named one by one.
const NAMED: usize = 3;

/// Rows at most: the clocks that are off the most have their own.
const ROWS: usize = 12;

/// How far a node's clock is off.
#[derive(Debug, Clone, PartialEq)]
struct Off {
    seconds: f64,
    said: String,
}

/// One row for each node whose clock is off, or for many of which the same is said.
pub(crate) fn rows(facts: &Facts<'_>) -> Vec<Coverage> {
    let mut clocks: BTreeMap<String, Off> = BTreeMap::new();
    for id in facts.of_kind("NodeClock") {
        let clock = facts.get(*id);
        let word = |field: &str| clock.str_at(&[field]).unwrap_or("");
        if word("certain") == "true" {
            let seconds = word("offset").parse().unwrap_or_default();
            let offset = show_seconds(seconds);
            let said = format!("about {offset} {} (by {})", word("side"), word("compared"));
            clocks.insert(word("node").to_owned(), Off { seconds, said });
        }
    }
    // What the node's own time service says is exact.
    for id in facts.of_kind("NodeFacts") {
        let node = facts.get(*id);
        let word = |field: &str| node.str_at(&[field]).unwrap_or("");
        let seconds: f64 = word("clockOffset").parse().unwrap_or_default();
        if seconds > SECONDS {
            let offset = show_seconds(seconds);
            let said = format!("{offset} {} (by its time service)", word("clockSide"));
            clocks.insert(word("node").to_owned(), Off { seconds, said });
        }
    }
    told(clocks)
}

fn told(clocks: BTreeMap<String, Off>) -> Vec<Coverage> {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seconds: BTreeMap<String, f64> = BTreeMap::new();
    for (node, off) in clocks {
        seconds.insert(off.said.clone(), off.seconds);
        alike.entry(off.said).or_default().push(node);
    }
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for (said, nodes) in alike {
        if nodes.len() > NAMED {
            groups.push((nodes, said));
        } else {
            groups.extend(nodes.into_iter().map(|node| (vec![node], said.clone())));
        }
    }
    let off = |said: &str| seconds.get(said).copied().unwrap_or_default();
    if groups.len() > ROWS {
        groups.sort_by(|(a_nodes, a), (b_nodes, b)| {
            off(b).total_cmp(&off(a)).then_with(|| a_nodes.cmp(b_nodes))
        });
        let rest = groups.split_off(ROWS - 1);
        let most = rest.first().map_or(0.0, |(_, said)| off(said));
        let mut nodes: Vec<String> = rest.into_iter().flat_map(|(nodes, _)| nodes).collect();
        nodes.sort();
        let said = format!("off by {} or less", show_seconds(most));
        groups.push((nodes, said));
    }
    groups.sort();
    groups.into_iter().map(row).collect()
}

fn row((nodes, said): (Vec<String>, String)) -> Coverage {
    let first = nodes.first().map_or("", String::as_str);
    let (source, whose) = match nodes.len() {
        0 | 1 => (format!("clock of {first}"), "this node"),
        many => (
            format!("clock of {first} and {} others", many - 1),
            "these nodes",
        ),
    };
    Coverage {
        source,
        status: Status::Collected.word().to_owned(),
        detail: format!("{said}; stamps of {whose} are shown as written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(offsets: impl IntoIterator<Item = f64>) -> Vec<(String, String)> {
        let clocks = offsets.into_iter().enumerate().map(|(node, seconds)| {
            let said = format!("about {} behind (by pod starts)", show_seconds(seconds));
            (format!("node-{node:04}"), Off { seconds, said })
        });
        let rows = told(clocks.collect()).into_iter();
        rows.map(|row| (row.source, row.detail)).collect()
    }

    #[test]
    fn a_few_clocks_are_told_one_by_one() {
        let rows = of([9.0, 9.0, 9.0, 4.0]);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0].0, "clock of node-0000");
        assert!(
            rows[0]
                .1
                .ends_with("stamps of this node are shown as written")
        );
    }

    #[test]
    fn what_is_said_of_many_is_said_once() {
        let rows = of((0..1_000).map(|node| if node == 7 { 70_000.0 } else { 9.0 }));
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].0, "clock of node-0000 and 998 others");
        assert!(rows[0].1.contains("these nodes"));
        assert_eq!(rows[1].0, "clock of node-0007");
    }

    #[test]
    fn however_different_they_are_the_rows_are_few() {
        let rows = of((0..1_000).map(|node| 2.0 + f64::from(node)));
        assert_eq!(rows.len(), ROWS);
        assert!(rows.iter().any(|(node, _)| node == "clock of node-0999"));
        let rest = rows.iter().find(|(node, _)| node.ends_with("988 others"));
        assert!(rest.is_some_and(|(_, said)| said.contains("or less")));
    }
}
