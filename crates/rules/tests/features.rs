//! Elements, entries, arithmetic, groups of rows and numbers with three values, each on a bundle in miniature.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is the failure report of a test"
)]

use coldcase_rules::{RuleSet, examples};

/// A rule around steps, with a base and the rest of its examples.
fn rule(subject: &str, steps: &str, base: &str, tests: &str) -> String {
    format!(
        "id: t\ntitle: t\nlayer: app\nseverity: low\nrole: risk\nconfidence: firm\nsubject: {subject}\nmatch:\n{steps}\nmeaning: m\nnext: {{observe: [o], verify: [v]}}\nbase:\n{base}\ntests:\n{tests}\n"
    )
}

/// Runs the examples; every failure in one text.
fn failures(text: &str) -> String {
    let files = vec![("app/t.yaml".to_owned(), text.to_owned())];
    let rules = match RuleSet::load(files) {
        Ok(rules) => rules,
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return lines.join("\n");
        }
    };
    examples::run(&rules, None)
        .into_iter()
        .filter_map(|result| Some(format!("{}: {}", result.name, result.failure?)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn conditions_hold_on_one_element() {
    let steps =
        "  - find: Service s\n    where:\n      spec.ports[]: {where: {port: 53, protocol: UDP}}";
    let base = "  objects:\n    Service a/s: {spec: {ports: [{name: x, port: 53, protocol: TCP}, {name: y, port: 80, protocol: UDP}]}}";
    let tests = "
  - {name: both on one, expect: fires, subject: Service a/s, objects: {Service a/s: {spec: {ports: [{port: 80}, {port: 53, protocol: UDP}]}}}}
  - {name: one on each, expect: quiet}
  - {name: no services, expect: unknown, without: [Service]}";
    assert_eq!(failures(&rule("s", steps, base, tests)), "");
}

#[test]
fn conditions_hold_on_all_elements_or_none() {
    let all = "  - find: Service s\n    where:\n      spec.ports[]: {all: {where: {port: {over: 1024}, protocol: TCP}}}";
    let none = "  - find: Service s\n    where:\n      spec.ports[]: {no: {where: {port: {at_most: 1024}, protocol: TCP}}}";
    let base = "  objects:\n    Service a/s: {spec: {ports: [{port: 8080, protocol: TCP}]}}";
    let tests = "
  - {name: one high port, expect: fires}
  - {name: and a low one, expect: quiet, objects: {Service a/s: {spec: {ports: [{port: 8080, protocol: TCP}, {port: 80, protocol: TCP}]}}}}";
    assert_eq!(failures(&rule("s", all, base, tests)), "");
    assert_eq!(failures(&rule("s", none, base, tests)), "");
}

#[test]
fn lists_within_lists_and_entries_of_mappings() {
    let nested = "  - find: Pod p\n    where:\n      spec.containers[]:\n        where:\n          name: web\n          ports[]: {where: {hostPort: {exists: true}, protocol: UDP}}\n      metadata.annotations: {entry: {key: {matches: '^(?<owner>[a-z]+)/port$'}, value: held}}\n  - check: {p.match.owner: ops}";
    let base = "  objects:\n    Pod a/p: {metadata: {annotations: {ops/port: held, x/port: free}}, spec: {containers: [{name: web, ports: [{hostPort: 53, protocol: UDP}]}]}}";
    let tests = "
  - {name: held, expect: fires}
  - {name: another container has it, expect: quiet, objects: {Pod a/p: {spec: {containers: [{name: web, ports: []}, {name: dns, ports: [{hostPort: 53, protocol: UDP}]}]}}}}
  - {name: another entry has the value, expect: quiet, objects: {Pod a/p: {metadata: {annotations: {ops/port: free, x/port: held}}}}}";
    assert_eq!(failures(&rule("p", nested, base, tests)), "");
}

#[test]
fn fields_are_compared_with_arithmetic() {
    let steps = "  - find: Node n\n  - find: Pod p\n    where:\n      spec.nodeName: $n\n      spec.containers[].resources.requests.memory: {over: '$n.status.allocatable.memory * 0.5'}\n  - check:\n      n.status.allocatable.cpu: {under: 'sum($p.spec.containers[].resources.requests.cpu) + 1'}\n      n.status.allocatable.pods: {over: 'count($p.spec.containers[]) * (2 + 3)'}";
    let base = "  objects:\n    Node n1: {}\n    Pod a/p:\n      spec:\n        nodeName: n1\n        containers:\n        - {name: a, resources: {requests: {memory: 9Gi, cpu: 2500m}}}\n        - {name: b, resources: {requests: {cpu: 1}}}";
    let tests = "
  - {name: more than half, expect: fires}
  - {name: half, expect: quiet, objects: {Node n1: {status: {allocatable: {memory: 18Gi}}}}}
  - {name: little cpu, expect: quiet, objects: {Node n1: {status: {allocatable: {cpu: 4500m}}}}}";
    assert_eq!(failures(&rule("p", steps, base, tests)), "");
}

#[test]
fn times_can_be_moved_and_subtracted() {
    let steps = "  - find: Container c\n    where: {ended.finishedAt: {exists: true}}\n  - check:\n      c.ended.finishedAt: {before: '$c.ended.startedAt + 30s', newer_than: 1h}\n      c.ended.exitCode: {at_least: '($c.ended.finishedAt - $c.ended.startedAt) / 2'}";
    let base = "  objects:\n    Pod a/p:\n      status: {containerStatuses: [{name: app, lastState: {terminated: {exitCode: 10, startedAt: 80s ago, finishedAt: 1m ago}}}]}";
    let tests = "
  - {name: twenty seconds, expect: fires}
  - {name: too long, expect: quiet, objects: {Pod a/p: {status: {containerStatuses: [{name: app, lastState: {terminated: {exitCode: 10, startedAt: 2m ago, finishedAt: 1m ago}}}]}}}}
  - {name: code below, expect: quiet, objects: {Pod a/p: {status: {containerStatuses: [{name: app, lastState: {terminated: {exitCode: 9, startedAt: 80s ago, finishedAt: 1m ago}}}]}}}}";
    assert_eq!(failures(&rule("c", steps, base, tests)), "");
}

#[test]
fn rows_are_counted_in_groups() {
    let steps = "  - find: Pod p\n    where: {status.phase: Failed}\n  - find: node n of p\n  - count: rows\n    by: n\n    distinct: p.metadata.namespace\n    is: {at_least: 2}";
    let base = "  objects:\n    Node n1: {}\n    Node n2: {}\n    Pod a/p: {spec: {nodeName: n1}, status: {phase: Failed}}\n    Pod b/p: {spec: {nodeName: n1}, status: {phase: Failed}}";
    let tests = "
  - {name: two namespaces on one node, expect: fires, subject: Node n1}
  - {name: on two nodes, expect: quiet, objects: {Pod b/p: {spec: {nodeName: n2}}}}
  - {name: of one namespace, expect: quiet, objects: {Pod b/p: null, Pod a/q: {spec: {nodeName: n1}, status: {phase: Failed}}}}
  - {name: no pods, expect: unknown, without: [Pod]}";
    assert_eq!(failures(&rule("n", steps, base, tests)), "");
    let window = "  - find: Event e\n    where: {reason: BackOff}\n  - count: rows\n    in_any: 1m\n    at: e.last\n    is: {at_least: 3}";
    let base = "  objects: {Pod a/p: {}}\n  events:\n  - {on: Pod a/p, reason: BackOff, at: 10m ago}\n  - {on: Pod a/p, reason: BackOff, at: 11m ago}\n";
    let tests = "
  - {name: three within a minute, expect: fires, events: [{on: Pod a/p, reason: BackOff, at: 10m30s ago}]}
  - {name: three in longer, expect: quiet, events: [{on: Pod a/p, reason: BackOff, at: 9m30s ago}]}";
    assert_eq!(failures(&rule("e", window, base, tests)), "");
}

#[test]
fn a_field_of_related_objects_adds_up() {
    let steps = "  - find: Node n\n  - count: pod of n\n    where: {status.phase: Running}\n    sum: spec.containers[].resources.requests.cpu\n    is: {over: '$n.status.allocatable.cpu * 0.9'}";
    let base = "  objects:\n    Node n1: {status: {allocatable: {cpu: '2'}}}\n    Pod a/p: {spec: {nodeName: n1, containers: [{name: app, resources: {requests: {cpu: 900m}}}]}}\n    Pod b/p: {spec: {nodeName: n1, containers: [{name: app, resources: {requests: {cpu: 500m}}}, {name: log, resources: {requests: {cpu: 500m}}}]}}";
    let tests = "
  - {name: nineteen tenths of two, expect: fires, subject: Node n1}
  - {name: one of them has ended, expect: quiet, objects: {Pod a/p: {status: {phase: Succeeded}}}}
  - {name: one of them is elsewhere, expect: quiet, objects: {Pod a/p: {spec: {nodeName: n2}}}}
  - {name: a larger node, expect: quiet, objects: {Node n1: {status: {allocatable: {cpu: 2500m}}}}}
  - {name: no pods captured, expect: unknown, without: [Pod]}";
    assert_eq!(failures(&rule("n", steps, base, tests)), "");
    let restarts =
        "  - find: workload w of p\n  - count: pod of w\n    sum: restarts\n    is: {at_least: 5}";
    let steps = format!("  - find: Pod p\n{restarts}");
    let base = "  objects:\n    Pod a/p: {owner: Deployment d, status: {containerStatuses: [{name: app, restartCount: 3}]}}\n    Pod a/q: {owner: Deployment d, status: {containerStatuses: [{name: app, restartCount: 2}]}}";
    let tests = "
  - {name: three and two, expect: fires}
  - {name: three, expect: quiet, objects: {Pod a/q: null}}";
    assert_eq!(failures(&rule("w", &steps, base, tests)), "");
}

#[test]
fn a_number_of_what_was_not_captured_is_not_known() {
    let with = |is: &str| format!("  - find: Pod p\n  - count: Node\n    is: {is}");
    let base = "  objects:\n    Pod a/p: {}\n    Node n1: {}";
    let few = "
  - {name: one, expect: fires}
  - {name: two, expect: quiet, objects: {Node n2: {}}}
  - {name: none captured, expect: unknown, without: [Node]}
  - {name: none there, expect: fires, objects: {Node n1: null}, empty: [Node]}";
    assert_eq!(failures(&rule("p", &with("{at_most: 1}"), base, few)), "");
    assert_eq!(failures(&rule("p", &with("{under: 2}"), base, few)), "");
    let many = "
  - {name: one, expect: quiet}
  - {name: two, expect: fires, objects: {Node n2: {}}}
  - {name: none captured, expect: unknown, without: [Node]}";
    assert_eq!(failures(&rule("p", &with("{at_least: 2}"), base, many)), "");
    assert_eq!(failures(&rule("p", &with("2"), base, many)), "");
}

#[test]
fn a_sequence_and_an_absence() {
    let steps = "  - find: event a of p\n    where: {reason: Pulled}\n  - find: event b of p\n    where: {reason: Killing, last: {within: 5m, after: $a.last}}\n  - none: event of p\n    where: {reason: Started, last: {after: $b.last, before: $capture}}";
    let steps = format!("  - find: Pod p\n{steps}");
    let base = "  objects: {Pod a/p: {}}\n  events:\n  - {on: Pod a/p, reason: Pulled, at: 20m ago}\n  - {on: Pod a/p, reason: Killing, at: 16m ago}";
    let tests = "
  - {name: in order, expect: fires}
  - {name: and started again, expect: quiet, events: [{on: Pod a/p, reason: Started, at: 15m ago}]}
  - {name: no events, expect: unknown, without: [Event]}";
    assert_eq!(failures(&rule("p", &steps, base, tests)), "");
}

#[test]
fn slips_in_the_new_parts_are_named() {
    let slip = |steps: &str| failures(&rule("s", steps, "  objects: {Pod a/p: {}}", "  []"));
    let cases = [
        (
            "  - find: JournalLine s\n    where: {text: {matches: 'ran out of it'}}",
            "app/t.yaml:7:10: a JournalLine is at fault for nothing: bind what it comes from, such as `find: node n of s` or `find: pod p of s`, and name that",
        ),
        (
            "  - find: Service s\n    where:\n      spec.ports[]: {where: {prot: 53}}",
            "app/t.yaml:11:30: `prot`: Service has no field `prot` there; did you mean `port`?",
        ),
        (
            "  - find: Service s\n    where:\n      spec.ports[]: {were: {port: 53}}",
            "app/t.yaml:11:21: an empty matcher\napp/t.yaml:11:22: unknown key `were`; did you mean `where`?",
        ),
        (
            "  - find: Service s\n    where:\n      spec.ports: {entry: {key: x}}",
            "app/t.yaml:11:20: `entry` looks into a mapping such as metadata.labels; for a list write `[]` and `where`",
        ),
        (
            "  - find: Service s\n    where:\n      metadata.labels: {entry: {keys: x}}",
            "app/t.yaml:11:25: `entry` needs `key:`, `value:` or both\napp/t.yaml:11:33: unknown key `keys`; did you mean `key`?",
        ),
        (
            "  - find: Service s\n  - check: {s.metadata.name: {over: '$s.spec.prts * 2'}}",
            "app/t.yaml:10:37: `spec.prts`: Service has no field `prts` there; did you mean `ports`?",
        ),
        (
            "  - find: Service s\n  - check: {s.metadata.name: {over: '$s * 2'}}",
            "app/t.yaml:10:37: `$s` is an object; arithmetic needs a field",
        ),
        (
            "  - find: Service s\n  - check: {s.metadata.name: {over: '$s.metadata.name * two'}}",
            "app/t.yaml:10:37: `two` is no number, quantity, duration or `$name.path`; functions are sum, count, min, max",
        ),
        (
            "  - find: Service s\n  - count: rows\n    by: t\n    is: {at_least: 2}",
            "app/t.yaml:11:9: nothing is bound to `t`; did you mean `s`?",
        ),
        (
            "  - find: Service s\n  - count: rows\n    in_any: 1m\n    is: {at_least: 2}",
            "app/t.yaml:11:13: rows have no time of their own: add `at: name.field`",
        ),
        (
            "  - find: Service s\n  - count: pod of s\n    sum: spec.nodeName\n    distinct: spec.nodeName\n    is: 2",
            "app/t.yaml:11:10: `sum` adds up a field; it takes no `distinct`, `in_any` or `percent_of`",
        ),
        (
            "  - find: Service s\n    by: s",
            "app/t.yaml:10:5: unknown key `by`; there are find, where",
        ),
        (
            "  - fnd: Service s",
            "app/t.yaml:9:5: no verb of a step; did you mean `find`?",
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(slip(steps), expected);
    }
}

#[test]
fn slips_in_examples_are_named() {
    let slip = |base: &str, tests: &str| failures(&rule("p", "  - find: Pod p", base, tests));
    let cases = [
        (
            "  objects: {Pood a/p: {}}",
            "  []",
            "app/t.yaml:13:13: `Pood` is no kind of the API; did you mean `Pod`?",
        ),
        (
            "  objects: {Pod a/p: {status: {phse: x}}}",
            "  []",
            "app/t.yaml:13:32: Pod has no field `phse` there; did you mean `phase`?",
        ),
        (
            "  objects: {Pod p: {}}",
            "  []",
            "app/t.yaml:13:13: `Pod p`: a Pod has a namespace",
        ),
        (
            "  objcts: {Pod a/p: {}}",
            "  []",
            "app/t.yaml:13:3: unknown key `objcts`; did you mean `objects`?",
        ),
        (
            "  objects: {Pod a/p: {}}",
            "  - {name: x, expect: fires, objects: {Pod a/q: null}}",
            "app/t.yaml:15:40: the base has no `Pod a/q` to take away",
        ),
        (
            "  objects: {Pod a/p: {}}",
            "  - {name: x, expect: fires, without: [Node]}",
            "app/t.yaml:15:40: neither the base nor this example has any Node",
        ),
        (
            "  objects: {Pod a/p: {}}",
            "  - {name: x, expect: fires, events: [{on: Pod a/p, reson: x, reason: y}]}",
            "app/t.yaml:15:53: unknown key `reson`; did you mean `reason`?",
        ),
        (
            "  objects: {Pod a/p: {}}",
            "  - {name: x, expect: fires, logs: {a/p: x}}",
            "app/t.yaml:15:37: `a/p`: write `namespace/pod/container`",
        ),
    ];
    for (base, tests, expected) in cases {
        assert_eq!(slip(base, tests), expected);
    }
}
