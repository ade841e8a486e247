//! The causal graph as boxes and arrows: causes left, symptoms right, positions computed here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::anchor;
use crate::index::Index;
use crate::layout::wrap_max;
use crate::model::Finding;

const BOX_WIDTH: usize = 216;
const LINE_HEIGHT: usize = 17;
const COLUMN_GAP: usize = 116;
const ROW_GAP: usize = 18;
const MARGIN: usize = 6;
/// Characters on a line in a box, lines in a box.
const COLUMNS: usize = 26;
const LINES: usize = 4;
/// Boxes of the picture; the table has every edge.
const BOXES: usize = 40;
/// Alike effects become one box from this number on.
const ALIKE: usize = 4;

/// The picture and its table.
#[derive(Default, Serialize)]
pub(super) struct Graph {
    width: usize,
    height: usize,
    boxes: Vec<Tile>,
    arrows: Vec<Arrow>,
    omitted: usize,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Tile {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    role: String,
    label: String,
    lines: Vec<Words>,
}

#[derive(Serialize)]
struct Words {
    x: usize,
    y: usize,
    text: String,
}

#[derive(Serialize)]
struct Arrow {
    path: String,
    label: Option<Words>,
}

/// An edge in the table.
#[derive(Serialize)]
struct Row {
    from: Side,
    to: Side,
    along: String,
}

#[derive(Serialize)]
struct Side {
    anchor: String,
    title: String,
}

/// A box before it has a place: one finding, or several alike.
struct Node<'a> {
    finding: &'a Finding,
    members: usize,
    column: usize,
}

type Edges<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

/// Lays out the findings that edges join.
pub(super) fn graph(index: &Index<'_>) -> Graph {
    let edges = known_edges(index);
    if edges.is_empty() {
        return Graph::default();
    }
    let stands_for = merge_alike(index, &edges);
    let merged = merged_edges(&edges, &stands_for);
    let mut nodes = nodes(index, &stands_for, &merged);
    let omitted = nodes.len().saturating_sub(BOXES);
    nodes.truncate(BOXES);
    let (boxes, width, height) = place(&nodes);
    let arrows = arrows(&nodes, &boxes, &merged);
    Graph {
        width,
        height,
        boxes,
        arrows,
        omitted,
        rows: rows(index, &edges),
    }
}

fn known_edges<'a>(index: &Index<'a>) -> Edges<'a> {
    let edges = index.report.causal_edges.iter();
    edges
        .filter(|e| {
            e.from != e.to && index.finding(&e.from).is_some() && index.finding(&e.to).is_some()
        })
        .map(|e| ((e.from.as_str(), e.to.as_str()), e.along.as_str()))
        .collect()
}

/// For each finding the one whose box it shares: same rule, same causes, same effects.
fn merge_alike<'a>(index: &Index<'a>, edges: &Edges<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut groups: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    let ids: BTreeSet<&str> = edges.keys().flat_map(|(from, to)| [*from, *to]).collect();
    for id in ids {
        let causes: Vec<&str> = edges
            .keys()
            .filter(|(_, to)| *to == id)
            .map(|(from, _)| *from)
            .collect();
        let effects: Vec<&str> = edges
            .keys()
            .filter(|(from, _)| *from == id)
            .map(|(_, to)| *to)
            .collect();
        let rule = index.finding(id).map(|f| f.rule.as_str());
        groups.entry((rule, causes, effects)).or_default().push(id);
    }
    let mut stands_for = BTreeMap::new();
    for group in groups.into_values() {
        let shared = group.first().copied().filter(|_| group.len() >= ALIKE);
        stands_for.extend(group.into_iter().map(|id| (id, shared.unwrap_or(id))));
    }
    stands_for
}

fn merged_edges<'a>(edges: &Edges<'a>, stands_for: &BTreeMap<&'a str, &'a str>) -> Edges<'a> {
    let of = |id: &'a str| stands_for.get(id).copied().unwrap_or(id);
    edges
        .iter()
        .map(|((from, to), along)| ((of(from), of(to)), *along))
        .collect()
}

/// Boxes by column, each column in the order of its causes.
fn nodes<'a>(
    index: &Index<'a>,
    stands_for: &BTreeMap<&'a str, &'a str>,
    edges: &Edges<'a>,
) -> Vec<Node<'a>> {
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for id in stands_for.values() {
        *members.entry(id).or_default() += 1;
    }
    let columns = columns(&members, edges);
    let node = |(id, members): (&&str, &usize)| {
        let column = columns.get(id).copied().unwrap_or_default();
        index.finding(id).map(|finding| Node {
            finding,
            members: *members,
            column,
        })
    };
    let mut nodes: Vec<Node<'a>> = members.iter().filter_map(node).collect();
    let leading = |id: &str| {
        index
            .report
            .causes
            .iter()
            .position(|c| c.finding == id)
            .unwrap_or(usize::MAX)
    };
    nodes.sort_by_key(|n| {
        (
            n.column,
            leading(&n.finding.id),
            &n.finding.first_seen,
            &n.finding.id,
        )
    });
    nodes
}

/// The longest way from a root; cycles are cut by the number of rounds.
fn columns<'a>(members: &BTreeMap<&'a str, usize>, edges: &Edges<'a>) -> BTreeMap<&'a str, usize> {
    let mut columns: BTreeMap<&str, usize> = members.keys().map(|id| (*id, 0)).collect();
    for _ in 0..members.len().min(8) {
        let before = columns.clone();
        for (from, to) in edges.keys() {
            let behind = before.get(from).map_or(0, |c| c + 1);
            if let Some(column) = columns.get_mut(to) {
                *column = behind.max(*column);
            }
        }
        if columns == before {
            break;
        }
    }
    columns
}

fn label(node: &Node<'_>) -> String {
    match node.members {
        0 | 1 => node.finding.title.clone(),
        many => format!("{} and {} alike", node.finding.title, many - 1),
    }
}

/// Boxes with coordinates, columns centred on the tallest one, and the size of the whole.
fn place(nodes: &[Node<'_>]) -> (Vec<Tile>, usize, usize) {
    let heights: Vec<usize> = nodes
        .iter()
        .map(|n| 14 + LINE_HEIGHT * (1 + wrap_max(&label(n), COLUMNS, LINES).len()))
        .collect();
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    for (node, height) in nodes.iter().zip(&heights) {
        *columns.entry(node.column).or_default() += height + ROW_GAP;
    }
    let tallest = columns.values().max().copied().unwrap_or_default();
    let order: Vec<usize> = columns.keys().copied().collect();
    let mut tops: BTreeMap<usize, usize> = columns
        .iter()
        .map(|(c, used)| (*c, MARGIN + (tallest - used) / 2))
        .collect();
    let mut boxes = Vec::new();
    for (node, height) in nodes.iter().zip(heights) {
        let at = order
            .iter()
            .position(|c| *c == node.column)
            .unwrap_or_default();
        let y = tops.entry(node.column).or_default();
        boxes.push(one_box(
            node,
            MARGIN + at * (BOX_WIDTH + COLUMN_GAP),
            *y,
            height,
        ));
        *y += height + ROW_GAP;
    }
    let width = 2 * MARGIN + order.len() * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP;
    (boxes, width, 2 * MARGIN + tallest - ROW_GAP)
}

fn one_box(node: &Node<'_>, x: usize, y: usize, height: usize) -> Tile {
    let label = label(node);
    let text = |(at, text): (usize, String)| Words {
        x: x + 12,
        y: y + 19 + LINE_HEIGHT * (at + 1),
        text,
    };
    let lines = wrap_max(&label, COLUMNS, LINES)
        .into_iter()
        .enumerate()
        .map(text)
        .collect();
    Tile {
        x,
        y,
        width: BOX_WIDTH,
        height,
        role: wrap_max(&node.finding.role, COLUMNS, 1).concat(),
        label,
        lines,
    }
}

fn arrows(nodes: &[Node<'_>], boxes: &[Tile], edges: &Edges<'_>) -> Vec<Arrow> {
    let find = |id: &str| {
        nodes
            .iter()
            .position(|n| n.finding.id == id)
            .and_then(|at| boxes.get(at))
    };
    let mut labelled: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut out = Vec::new();
    for ((from, to), along) in edges {
        let (Some(a), Some(b)) = (find(from), find(to)) else {
            continue;
        };
        let (x1, y1) = (a.x + a.width, a.y + a.height / 2);
        let (x2, y2) = (b.x, b.y + b.height / 2);
        let bend = x2.saturating_sub(x1).max(40) / 2;
        let path = format!(
            "M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}",
            x1 + bend,
            x2.saturating_sub(bend)
        );
        let text = wrap_max(along, 18, 1).pop().unwrap_or_default();
        let label = labelled.insert((to, along)).then(|| Words {
            x: x2.saturating_sub(12),
            y: y2.saturating_sub(7),
            text,
        });
        out.push(Arrow { path, label });
    }
    out
}

fn rows(index: &Index<'_>, edges: &Edges<'_>) -> Vec<Row> {
    let side = |id: &str| Side {
        anchor: anchor(id),
        title: index
            .finding(id)
            .map(|f| f.title.clone())
            .unwrap_or_default(),
    };
    edges
        .iter()
        .map(|((from, to), along)| Row {
            from: side(from),
            to: side(to),
            along: (*along).to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CausalEdge, Report};

    #[test]
    fn effects_stand_right_of_causes() {
        let report = crate::fixture::kube_proxy_oom();
        let graph = graph(&Index::new(&report));
        assert_eq!(graph.boxes.len(), 5);
        assert_eq!(graph.rows.len(), 5);
        let x = |title: &str| {
            graph
                .boxes
                .iter()
                .find(|b| b.label.contains(title))
                .map(|b| b.x)
                .unwrap()
        };
        assert!(x("OOM-killed") < x("x2k9m") && x("x2k9m") < x("half capacity"));
        assert!(
            graph
                .boxes
                .iter()
                .all(|b| b.x + b.width <= graph.width && b.y + b.height <= graph.height)
        );
    }

    #[test]
    fn boxes_of_a_column_do_not_overlap() {
        let report = crate::fixture::kube_proxy_oom();
        let graph = graph(&Index::new(&report));
        for pair in graph.boxes.windows(2) {
            let [a, b] = pair else { unreachable!() };
            assert!(a.x != b.x || a.y + a.height < b.y);
        }
    }

    #[test]
    fn a_cycle_is_drawn_and_ends() {
        let mut report = crate::fixture::kube_proxy_oom();
        report.causal_edges.push(CausalEdge {
            from: "capacity:payment-service".into(),
            to: "kube-proxy-oom:node/node-worker-3".into(),
            along: String::new(),
        });
        assert_eq!(graph(&Index::new(&report)).boxes.len(), 5);
        assert!(graph(&Index::new(&Report::default())).boxes.is_empty());
    }

    #[test]
    fn alike_effects_share_a_box() {
        let mut report = crate::fixture::kube_proxy_oom();
        let crash = report
            .findings
            .iter()
            .find(|f| f.rule == "crash-loop")
            .cloned()
            .unwrap();
        for n in 0..100 {
            let id = format!("crash-{n}");
            let edge = |from: &str, to: &str| CausalEdge {
                from: from.into(),
                to: to.into(),
                along: "pods on node".into(),
            };
            report
                .causal_edges
                .push(edge("kube-proxy-oom:node/node-worker-3", &id));
            report.findings.push(Finding {
                id,
                ..crash.clone()
            });
        }
        let graph = graph(&Index::new(&report));
        assert_eq!(graph.boxes.len(), 6);
        assert!(
            graph
                .boxes
                .iter()
                .any(|b| b.label.ends_with("and 99 alike"))
        );
        assert_eq!(graph.rows.len(), 105);
    }
}
