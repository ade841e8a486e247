//! Facts from outputs of commands on nodes, one entity for each node: rules, connections, memory, clock, disk.

use std::collections::BTreeMap;

use coldcase_snapshot::{hosts::UNNAMED, node::Node, text::HostReport};

use crate::{Cite, Entity, Facts, Identity, quantity};

/// Fields of one node, the last word first to stay.
#[derive(Default)]
struct Found {
    fields: BTreeMap<&'static str, (Node, Option<Cite>)>,
    rules: i64,
}

impl Found {
    fn set(&mut self, field: &'static str, node: Node, cite: Option<Cite>) {
        self.fields.insert(field, (node, cite));
    }
}

/// Derives `NodeFacts` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut nodes: BTreeMap<&str, Found> = BTreeMap::new();
    let snapshot = facts.snapshot;
    // Of several nodes, what names none says nothing of any: for rules it is as if it had not been captured.
    let named = |report: &&HostReport| !report.node.is_empty();
    for report in snapshot.hosts.iter().filter(named) {
        collect(nodes.entry(report.node.as_str()).or_default(), report);
    }
    let services = facts
        .of_kind("Service")
        .iter()
        .filter(|id| {
            facts
                .get(**id)
                .str_at(&["spec", "clusterIP"])
                .is_some_and(|ip| !matches!(ip, "" | "None"))
        })
        .count();
    for (node, mut found) in nodes {
        let subject = Identity::new("Node", "", node);
        load_per_cpu(facts, node, &mut found);
        conntrack_share(&mut found);
        let mut fields = vec![
            ("node", Node::text(node)),
            (
                "services",
                Node::number(i64::try_from(services).unwrap_or(0)),
            ),
        ];
        let mut cites = Vec::new();
        for (field, (value, cite)) in found.fields {
            fields.push((field, value));
            cites.push((field, cite));
        }
        let mut entity = Entity::computed("NodeFacts", subject.clone(), fields);
        for (field, cite) in cites {
            entity = entity.cited(field, cite);
        }
        facts.push_derived(entity, &[&subject]);
    }
}

/// The place of a field of a report.
pub(crate) fn cite(report: &HostReport, field: &str) -> Option<Cite> {
    let line = report
        .root
        .get(field)
        .map(|node| node.line)
        .filter(|line| *line > 0)
        .unwrap_or(report.root.line);
    (line > 0).then_some(Cite {
        file: report.file,
        line,
        end_line: line,
    })
}

fn collect(found: &mut Found, report: &HostReport) {
    let copy = |found: &mut Found, pairs: &[(&'static str, &str)]| {
        for (field, key) in pairs {
            if let Some(value) = report.root.get(key).filter(|value| !value.is_null()) {
                found.set(field, value.clone().at_line(0), cite(report, key));
            }
        }
    };
    match report.kind {
        "ServiceRules" => service_rules(found, report),
        "Conntrack" => copy(
            found,
            &[
                ("conntrackCount", "count"),
                ("conntrackMax", "max"),
                ("conntrackDropped", "dropped"),
                ("conntrackInsertFailed", "insertFailed"),
            ],
        ),
        "Memory" => copy(
            found,
            &[
                ("memoryTotal", "total"),
                ("memoryAvailable", "available"),
                ("swapTotal", "swapTotal"),
            ],
        ),
        "Load" => copy(
            found,
            &[
                ("load", "five"),
                ("cpus", "cpus"),
                ("uptime", "uptimeSeconds"),
            ],
        ),
        "Clock" => {
            copy(found, &[("clockSynchronised", "synchronised")]);
            clock_offset(found, report);
        }
        "Resolver" => copy(
            found,
            &[
                ("nameserver", "nameserver"),
                ("resolverLoopback", "loopback"),
            ],
        ),
        "Runtime" => copy(found, &[("runtimeReachable", "reachable")]),
        "Filesystem" if report.root.str_at(&["mount"]) == Some("/") => copy(
            found,
            &[
                ("rootUsePercent", "usePercent"),
                ("rootInodesPercent", "inodesPercent"),
            ],
        ),
        _ => {}
    }
}

/// The listing with most rules counts: others show one table only.
fn service_rules(found: &mut Found, report: &HostReport) {
    let Some(rules) = report.root.int_at(&["rules"]) else {
        return;
    };
    if found.fields.contains_key("serviceRules") && rules < found.rules {
        return;
    }
    found.rules = rules;
    let last = report.root.int_at(&["lastLine"]);
    let place = cite(report, "rules").map(|place| Cite {
        end_line: last
            .and_then(|last| u32::try_from(last).ok())
            .unwrap_or(place.line)
            .clamp(place.line, place.line.saturating_add(2)),
        ..place
    });
    found.set("serviceRules", Node::number(rules), place);
    if let Some(backend) = report.root.str_at(&["backend"]) {
        found.set("serviceRulesBackend", Node::text(backend), place);
    }
}

/// How far the clock is off, and to which side.
fn clock_offset(found: &mut Found, report: &HostReport) {
    let Some(offset) = report.root.str_at(&["offsetSeconds"]) else {
        return;
    };
    let place = cite(report, "offsetSeconds");
    let (side, amount) = match offset.strip_prefix('-') {
        Some(amount) => ("behind", amount),
        None => ("ahead", offset),
    };
    found.set("clockOffset", Node::text(amount), place);
    found.set("clockSide", Node::text(side), place);
}

/// Load for each CPU, in hundredths: 100 says that every CPU has one task.
fn load_per_cpu(facts: &Facts<'_>, node: &str, found: &mut Found) {
    let cpus = found
        .fields
        .get("cpus")
        .and_then(|(cpus, _)| cpus.as_i64())
        .or_else(|| {
            let id = facts.object("Node", "", node)?;
            quantity::millicores(facts.get(id).str_at(&["status", "capacity", "cpu"])?)
                .map(|milli| milli / 1_000)
        });
    let Some((load, place)) = found.fields.get("load").cloned() else {
        return;
    };
    // Thousandths of a core, so that no fraction is needed.
    let load = load.as_str().and_then(quantity::millicores);
    if let (Some(load), Some(cpus)) = (load, cpus.filter(|cpus| *cpus > 0)) {
        found.set("loadPerCpu", Node::number(load / 10 / cpus), place);
    }
}

/// How full the table of connections is, in percent.
fn conntrack_share(found: &mut Found) {
    let int = |field: &str| {
        let (node, place) = found.fields.get(field)?;
        Some((node.as_i64()?, *place))
    };
    if let (Some((count, place)), Some((max, _))) = (int("conntrackCount"), int("conntrackMax"))
        && max > 0
    {
        let percent = i64::try_from(i128::from(count) * 100 / i128::from(max)).unwrap_or(i64::MAX);
        found.set("conntrackPercent", Node::number(percent), place);
    }
}

/// The node that a report is about. Of several nodes one that nothing names is none of those known.
pub(crate) fn of_report(report: &HostReport) -> &str {
    match report.node.as_str() {
        "" => UNNAMED,
        node => node,
    }
}
