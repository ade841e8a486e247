//! What a pod that no node takes nearly found: the label that comes closest, the taint in its way.

use coldcase_snapshot::packed::View;

use super::{Obstacle, place::tolerates};
use crate::{Cite, EntityId, Facts, schema::distance, select};

/// What the pod asks of nodes, the label that comes nearest, and where that label is written.
pub(super) fn selector_near_miss(
    facts: &Facts<'_>,
    pod: EntityId,
) -> Option<(String, Option<String>, Option<Cite>)> {
    let root = facts.get(pod).root()?;
    let mut wanted = select::plain(root.at(&["spec", "nodeSelector"]));
    let terms = root.items_at(&[
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    for expression in terms
        .iter()
        .flat_map(|term| term.items_at(&["matchExpressions"]))
    {
        if expression.str_at(&["operator"]) == Some("In") {
            let values: Vec<&str> = expression
                .items_at(&["values"])
                .iter()
                .filter_map(View::as_str)
                .collect();
            wanted.insert(
                expression.str_at(&["key"]).unwrap_or("").to_owned(),
                values.join("|"),
            );
        }
    }
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(usize, String, Option<Cite>)> = None;
    for (key, value) in &wanted {
        for id in facts.of_kind("Node") {
            let node = facts.get(*id);
            let Some(labels) = node
                .root()
                .and_then(|root| root.at(&["metadata", "labels"]))
            else {
                continue;
            };
            for (name, actual) in labels.entries() {
                let text = actual.as_str().unwrap_or("");
                let edits = if name == key {
                    distance(value, text).min(value.len().abs_diff(text.len()) + 1)
                } else if text == value {
                    distance(key, name)
                } else {
                    continue;
                };
                let near = edits > 0 && (name == key || edits <= 3);
                if near && best.as_ref().is_none_or(|(least, ..)| edits < *least) {
                    let cite = node.file.map(|file| Cite {
                        file,
                        line: actual.line(),
                        end_line: actual.line(),
                    });
                    best = Some((edits, format!("{name}={text} on {}", node.label()), cite));
                }
            }
        }
    }
    let (near, cite) = best.map_or((None, None), |(_, near, cite)| (Some(near), cite));
    Some((select::show(&wanted), near, cite))
}

/// The first taint that keeps the pod from a node which its selector asks for.
pub(super) fn blocking_taint(
    facts: &Facts<'_>,
    pod: Option<View<'_>>,
    obstacles: &[(EntityId, Vec<Obstacle>)],
) -> Option<(String, Option<Cite>)> {
    let tolerations = pod?.items_at(&["spec", "tolerations"]);
    let tainted = obstacles
        .iter()
        .filter(|(_, found)| found.contains(&Obstacle::Taint));
    let (id, _) = tainted
        .min_by_key(|(id, found)| (found.contains(&Obstacle::Selector), found.len(), *id))?;
    let node = facts.get(*id);
    let taint = node
        .root()?
        .items_at(&["spec", "taints"])
        .iter()
        .find(|taint| {
            matches!(taint.str_at(&["effect"]), Some("NoSchedule" | "NoExecute"))
                && !tolerations
                    .iter()
                    .any(|toleration| tolerates(toleration, *taint))
        })?;
    let part = |key: &str| taint.str_at(&[key]).unwrap_or("");
    let value = if part("value").is_empty() {
        String::new()
    } else {
        format!("={}", part("value"))
    };
    let line = taint.get("key").map_or(taint.line(), View::line);
    let cite = node.file.map(|file| Cite {
        file,
        line: taint.line().min(line),
        end_line: line.max(taint.line()),
    });
    Some((
        format!(
            "{}{value}:{} on {}",
            part("key"),
            part("effect"),
            node.label()
        ),
        cite,
    ))
}
