//! The causal graph as boxes and arrows: causes left, symptoms right, positions computed here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::anchor;
use crate::index::Index;
use crate::layout::wrap_max;
use crate::model::Finding;

const BOX_WIDTH: usize = 216;
const LINE_HEIGHT: usize = 17;
const COLUMN_GAP: usize = 128;
const ROW_GAP: usize = 18;
const MARGIN: usize = 6;
/// Characters on a line in a box, lines in a box.
const COLUMNS: usize = 26;
const LINES: usize = 4;
/// Wider pictures go from top to bottom, if no more than so many boxes stand beside each other.
const WIDEST: usize = 1_060;
const BESIDE: usize = 4;
const BESIDE_GAP: usize = 40;
const STACK_GAP: usize = 58;
/// Citations of an edge for each of its ends.
const EVIDENCE: usize = 2;
/// Boxes of the picture.
const BOXES: usize = 40;
/// Edges in the table beside those of the picture.
const ROWS: usize = 400;
/// Alike effects become one box from this number on.
const ALIKE: usize = 4;

/// The picture and its table.
#[derive(Default, Serialize)]
pub(super) struct Graph {
    width: usize,
    height: usize,
    /// From top to bottom, because it is too wide from left to right.
    down: bool,
    boxes: Vec<Tile>,
    arrows: Vec<Arrow>,
    omitted: usize,
    rows: Vec<Row>,
    /// Edges that only the JSON report has.
    more_rows: usize,
}

#[derive(Serialize)]
struct Tile {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    role: String,
    /// Of the finding.
    id: String,
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
    /// Row of the table that shows its evidence.
    anchor: String,
    /// The whole of it in words.
    said: String,
    label: Option<Words>,
    rule: Option<Words>,
}

/// An edge in the table.
#[derive(Serialize)]
struct Row {
    anchor: String,
    /// Ids of findings.
    from: String,
    to: String,
    along: String,
    /// The rule that says so: the cause's.
    rule: String,
    evidence: Vec<String>,
}

/// A box before it has a place: one finding, or several alike.
struct Node<'a> {
    finding: &'a Finding,
    members: usize,
    column: usize,
}

type Edges<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

/// Lays out the findings that edges join. `quoted` says which quotes the page has.
pub(super) fn graph(index: &Index<'_>, quoted: &dyn Fn(&str) -> bool) -> Graph {
    let edges = known_edges(index);
    if edges.is_empty() {
        return Graph::default();
    }
    let stands_for = merge_alike(index, &edges);
    let mut merged = merged_edges(&edges, &stands_for);
    let mut nodes = nodes(index, &stands_for, &merged);
    let omitted = nodes.len().saturating_sub(BOXES);
    nodes.truncate(BOXES);
    let drawn: BTreeSet<&str> = nodes.iter().map(|n| n.finding.id.as_str()).collect();
    merged.retain(|(from, to), _| drawn.contains(from) && drawn.contains(to));
    let (mut boxes, mut width, mut height) = place(&nodes);
    let down = width > WIDEST && !is_broad(&nodes);
    if down {
        (boxes, width, height) = stacked(&nodes);
    }
    let shown = without_shortcuts(&merged);
    let arrows = arrows(&nodes, &boxes, &shown, &edges, down);
    let listed = listed(&edges, &shown);
    Graph {
        width,
        height,
        down,
        boxes,
        arrows,
        omitted,
        more_rows: edges.len() - listed.len(),
        rows: rows(index, &listed, quoted),
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
    let mut joined: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for (from, to) in edges.keys() {
        joined.entry(to).or_default().0.push(from);
        joined.entry(from).or_default().1.push(to);
    }
    for (id, (causes, effects)) in joined {
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
    let leading = |finding: &Finding| index.cause_of(finding).map_or(usize::MAX, |c| c.rank);
    nodes.sort_by_cached_key(|n| {
        (
            n.column,
            leading(n.finding),
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

/// Whether one column has more boxes than fit beside each other.
fn is_broad(nodes: &[Node<'_>]) -> bool {
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    for node in nodes {
        *columns.entry(node.column).or_default() += 1;
    }
    columns.values().any(|boxes| *boxes > BESIDE)
}

/// The same from top to bottom: each column becomes a row, centred.
fn stacked(nodes: &[Node<'_>]) -> (Vec<Tile>, usize, usize) {
    let tall =
        |node: &Node<'_>| 14 + LINE_HEIGHT * (1 + wrap_max(&label(node), COLUMNS, LINES).len());
    let mut rows: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for node in nodes {
        let (boxes, height) = rows.entry(node.column).or_default();
        *boxes += 1;
        *height = tall(node).max(*height);
    }
    let span = |boxes: usize| boxes * (BOX_WIDTH + BESIDE_GAP) - BESIDE_GAP;
    // Words stand right of an arrow's head, also of the last box.
    let widest = rows
        .values()
        .map(|(boxes, _)| span(*boxes))
        .max()
        .unwrap_or_default();
    let mut tops: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut y = MARGIN;
    for (column, (boxes, height)) in &rows {
        tops.insert(*column, (MARGIN + (widest - span(*boxes)) / 2, y));
        y += height + STACK_GAP;
    }
    let mut boxes = Vec::new();
    for node in nodes {
        let (x, y) = tops.entry(node.column).or_default();
        boxes.push(one_box(node, *x, *y, tall(node)));
        *x += BOX_WIDTH + BESIDE_GAP;
    }
    (boxes, 2 * MARGIN + widest, y - STACK_GAP + MARGIN)
}

/// The edges without those that a longer way says too; the table has all.
fn without_shortcuts<'a>(edges: &Edges<'a>) -> Edges<'a> {
    let mut effects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        effects.entry(from).or_default().push(to);
    }
    let leads = |from: &str, to: &str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let others = effects
            .get(from)
            .into_iter()
            .flatten()
            .filter(|next| **next != to);
        let mut open: Vec<&str> = others.copied().collect();
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            // A way back through the cause is no other way.
            if at != from && seen.insert(at) {
                open.extend(effects.get(at).into_iter().flatten());
            }
        }
        false
    };
    let needed = edges.iter().filter(|((from, to), _)| !leads(from, to));
    needed.map(|(edge, along)| (*edge, *along)).collect()
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
        id: node.finding.id.clone(),
        label,
        lines,
    }
}

fn arrows(
    nodes: &[Node<'_>],
    boxes: &[Tile],
    merged: &Edges<'_>,
    edges: &Edges<'_>,
    down: bool,
) -> Vec<Arrow> {
    let find = |id: &str| {
        let at = nodes.iter().position(|n| n.finding.id == id)?;
        Some((nodes.get(at)?.finding, boxes.get(at)?))
    };
    let mut labelled: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut out = Vec::new();
    for ((from, to), along) in merged {
        let (Some((cause, a)), Some((effect, b))) = (find(from), find(to)) else {
            continue;
        };
        let (path, head) = if down { fall(a, b) } else { flow(a, b) };
        let words = |text: &str, y: usize| Words {
            x: head.0,
            y,
            text: wrap_max(text, if down { 34 } else { 19 }, 1)
                .pop()
                .unwrap_or_default(),
        };
        let label = labelled.insert((to, along));
        out.push(Arrow {
            path,
            anchor: if edges.contains_key(&(*from, *to)) {
                edge_anchor(from, to)
            } else {
                "graph-table".to_owned()
            },
            said: format!(
                "{} explains {} (rule {}, {along})",
                cause.title, effect.title, cause.rule
            ),
            label: label.then(|| words(along, head.1)),
            rule: label.then(|| words(&cause.rule, head.2)),
        });
    }
    out
}

/// An arrow to the right, and where the words at its head begin and have their lines.
fn flow(a: &Tile, b: &Tile) -> (String, (usize, usize, usize)) {
    let (x1, y1) = (a.x + a.width, a.y + a.height / 2);
    let (x2, y2) = (b.x, b.y + b.height / 2);
    let bend = x2.saturating_sub(x1).max(40) / 2;
    let path = format!(
        "M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}",
        x1 + bend,
        x2.saturating_sub(bend)
    );
    (path, (x2.saturating_sub(12), y2.saturating_sub(7), y2 + 15))
}

/// An arrow downwards, its words right of its head.
fn fall(a: &Tile, b: &Tile) -> (String, (usize, usize, usize)) {
    let (x1, y1) = (a.x + a.width / 2, a.y + a.height);
    let (x2, y2) = (b.x + b.width / 2, b.y);
    let bend = y2.saturating_sub(y1).max(30) / 2;
    let path = format!(
        "M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}",
        y1 + bend,
        y2.saturating_sub(bend)
    );
    (path, (x2 + 8, y2.saturating_sub(19), y2.saturating_sub(7)))
}

fn edge_anchor(from: &str, to: &str) -> String {
    format!("edge-{}~{}", anchor(from), anchor(to))
}

/// The edges of the table: those of the picture, and the first of the others.
fn listed<'a>(edges: &Edges<'a>, drawn: &Edges<'a>) -> Edges<'a> {
    let mut room = ROWS;
    let mut kept = |edge: &(&(&str, &str), &&str)| {
        let kept = drawn.contains_key(edge.0) || room > 0;
        room = room.saturating_sub(1);
        kept
    };
    let listed = edges.iter().filter(|edge| kept(edge));
    listed.map(|(edge, along)| (*edge, *along)).collect()
}

fn rows(index: &Index<'_>, edges: &Edges<'_>, quoted: &dyn Fn(&str) -> bool) -> Vec<Row> {
    let evidence = |id: &str| {
        let cited = index.finding(id).map(|f| f.evidence.as_slice());
        let cited = cited.unwrap_or_default().iter().take(EVIDENCE);
        cited.filter(|id| quoted(id)).cloned()
    };
    edges
        .iter()
        .map(|((from, to), along)| Row {
            anchor: edge_anchor(from, to),
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            along: (*along).to_owned(),
            rule: index
                .finding(from)
                .map(|f| f.rule.clone())
                .unwrap_or_default(),
            evidence: evidence(from).chain(evidence(to)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CausalEdge, Report};

    fn laid_out(report: &Report) -> Graph {
        graph(&Index::new(report), &|_| true)
    }

    #[test]
    fn effects_stand_right_of_causes() {
        let report = crate::fixture::kube_proxy_oom();
        let graph = laid_out(&report);
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
        let graph = laid_out(&report);
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
        assert_eq!(laid_out(&report).boxes.len(), 5);
        assert!(laid_out(&Report::default()).boxes.is_empty());
    }

    #[test]
    fn what_a_longer_way_says_is_not_drawn() {
        let edges: Edges<'_> = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")]
            .into_iter()
            .map(|edge| (edge, "same pod"))
            .collect();
        let kept: Vec<_> = without_shortcuts(&edges).into_keys().collect();
        assert_eq!(kept, [("a", "b"), ("b", "c"), ("c", "a")]);
    }

    #[test]
    fn a_long_chain_goes_down_the_page() {
        let mut report = crate::fixture::kube_proxy_oom();
        let last = report.findings[0].clone();
        let mut from = "capacity:payment-service".to_owned();
        for n in 0..4 {
            let id = format!("further-{n}");
            report.findings.push(Finding {
                id: id.clone(),
                ..last.clone()
            });
            report.causal_edges.push(CausalEdge {
                from: std::mem::replace(&mut from, id.clone()),
                to: id,
                along: "same pod".into(),
            });
        }
        let graph = laid_out(&report);
        assert!(graph.down && graph.width <= WIDEST, "{}", graph.width);
        let bottom = graph.boxes.iter().map(|b| b.y + b.height).max();
        assert!(bottom.is_some_and(|bottom| bottom <= graph.height));
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
        let graph = laid_out(&report);
        assert_eq!(graph.boxes.len(), 6);
        assert!(
            graph
                .boxes
                .iter()
                .any(|b| b.label.ends_with("and 99 alike"))
        );
        assert_eq!(graph.rows.len(), 105);
    }

    #[test]
    fn the_table_is_cut_but_has_what_is_drawn() {
        let mut report = crate::fixture::kube_proxy_oom();
        let crash = report.findings[0].clone();
        for n in 0..1_000 {
            let id = format!("a-{n:04}");
            report.causal_edges.push(CausalEdge {
                from: "kube-proxy-oom:node/node-worker-3".into(),
                to: id.clone(),
                along: "pods on node".into(),
            });
            report.findings.push(Finding {
                id,
                rule: format!("rule-{n}"),
                ..crash.clone()
            });
        }
        let graph = laid_out(&report);
        assert_eq!(graph.rows.len() + graph.more_rows, 1_005);
        assert!(graph.rows.len() <= ROWS + BOXES * BOXES && graph.more_rows > 0);
        let rows: Vec<&str> = graph.rows.iter().map(|row| row.anchor.as_str()).collect();
        for arrow in &graph.arrows {
            assert!(arrow.anchor == "graph-table" || rows.contains(&arrow.anchor.as_str()));
        }
    }
}
