//! What a pod that no node takes asks for and nearly found: the label that comes closest, the taint and the rule about other pods in its way.

use coldcase_snapshot::packed::{Items, View};

use super::{Obstacle, place::tolerates};
use crate::{
    Cite, EntityId, Facts, manifest,
    schema::distance,
    select::{self, Labels},
};

/// What a pod asks of nodes, and what comes near it.
pub(super) struct Near {
    /// `disk=ssd,zone=a|b`, and whose word that is if not the pod's own.
    pub selector: String,
    /// Where that stands, if not in the pod.
    pub place: Option<Cite>,
    /// The label that comes nearest.
    pub label: Option<String>,
    /// Where that label is written.
    pub label_place: Option<Cite>,
}

/// What a manifest says and the pod's text does not show.
const BY_MANIFEST: &str = " (as its manifest says)";

/// What the pod asks of nodes, the label that comes nearest, and where that label is written.
pub(super) fn selector_near_miss(facts: &Facts<'_>, pod: EntityId) -> Option<Near> {
    let own = facts.get(pod).root()?.at(&["spec"]).unwrap_or_default();
    let selector = asked(own);
    if !selector.is_empty() {
        return Some(nearest(facts, own, selector));
    }
    // A description prints no affinity.
    let wish = manifest::wish(facts, pod)?;
    let selector = asked(wish.spec);
    if selector.is_empty() {
        return None;
    }
    let first = terms(wish.spec).first();
    let expressions = first.and_then(|term| term.get("matchExpressions"));
    let part = expressions.or_else(|| wish.spec.get("nodeSelector"));
    Some(Near {
        place: part.and_then(|part| wish.place(part)),
        ..nearest(facts, wish.spec, selector + BY_MANIFEST)
    })
}

fn terms(spec: View<'_>) -> Items<'_> {
    spec.items_at(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ])
}

/// What the `spec` of a pod asks of nodes, in one text; of several terms one must fit.
fn asked(spec: View<'_>) -> String {
    let of_term = |term: View<'_>| select::show_all(None, term.items_at(&["matchExpressions"]));
    let terms: Vec<String> = terms(spec)
        .iter()
        .map(of_term)
        .filter(|it| !it.is_empty())
        .collect();
    let plain = select::show(&select::plain(spec.get("nodeSelector")));
    [plain, terms.join(" or ")]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(",")
}

/// The labels that the `spec` of a pod asks for, with the values that would do.
fn wanted(spec: View<'_>) -> Labels {
    let mut wanted = select::plain(spec.get("nodeSelector"));
    let expressions = terms(spec)
        .iter()
        .flat_map(|term| term.items_at(&["matchExpressions"]));
    for expression in expressions.filter(|it| it.str_at(&["operator"]) == Some("In")) {
        let values: Vec<&str> = expression
            .items_at(&["values"])
            .iter()
            .filter_map(View::as_str)
            .collect();
        let key = expression.str_at(&["key"]).unwrap_or("");
        wanted.insert(key.to_owned(), values.join("|"));
    }
    wanted
}

fn nearest(facts: &Facts<'_>, spec: View<'_>, selector: String) -> Near {
    let wanted = wanted(spec);
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
    let (label, label_place) = best.map_or((None, None), |(_, label, cite)| (Some(label), cite));
    Near {
        selector,
        place: None,
        label,
        label_place,
    }
}

/// The rule about other pods that a pod demands to be kept, in words and with its place.
pub(super) fn neighbour_rule(
    facts: &Facts<'_>,
    pod: EntityId,
    kind: &str,
) -> Option<(String, Option<Cite>)> {
    let entity = facts.get(pod);
    let own = entity.root().and_then(|root| root.at(&["spec"]));
    if let Some((words, part)) = own.and_then(|spec| required(spec, kind)) {
        return Some((words, entity.cite("", part)));
    }
    let wish = manifest::wish(facts, pod)?;
    let (words, part) = required(wish.spec, kind)?;
    Some((words + BY_MANIFEST, wish.place(part)))
}

/// The first required term about pods of a `spec`.
fn required<'v>(spec: View<'v>, kind: &str) -> Option<(String, View<'v>)> {
    let (field, words) = match kind {
        "anti-affinity" => ("podAntiAffinity", "no pod with"),
        "affinity" => ("podAffinity", "a pod with"),
        _ => return None,
    };
    let path = [
        "affinity",
        field,
        "requiredDuringSchedulingIgnoredDuringExecution",
    ];
    let term = spec.items_at(&path).first()?;
    let selector = term.get("labelSelector")?;
    let expressions = selector.items_at(&["matchExpressions"]);
    let shown = select::show_all(selector.get("matchLabels"), expressions);
    let domain = term.str_at(&["topologyKey"])?;
    (!shown.is_empty()).then(|| (format!("{words} {shown} on the same {domain}"), term))
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
