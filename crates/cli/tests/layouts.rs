//! One incident in the layout of every tool: the diagnosis is the same wherever the layout has a place for the evidence.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{
    coldcase,
    incident::{Sample, sample},
    scratch, stdout,
};

fn put(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Items by their namespaces; empty for cluster-scoped ones.
fn by_namespace(items: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in items {
        let namespace = item["metadata"]["namespace"].as_str().unwrap_or("");
        found
            .entry(namespace.to_owned())
            .or_default()
            .push(item.clone());
    }
    found
}

fn kind_of(items: &[Value]) -> (String, String) {
    let text = |key: &str| items[0][key].as_str().unwrap().to_owned();
    (text("kind"), text("apiVersion"))
}

/// Names that Troubleshoot gives to resources.
fn troubleshoot_name(resource: &str) -> &str {
    match resource {
        "networkpolicies" => "network-policy",
        "persistentvolumeclaims" => "pvcs",
        "persistentvolumes" => "pvs",
        "resourcequotas" => "resource-quota",
        "storageclasses" => "storage-classes",
        other => other,
    }
}

/// A Troubleshoot bundle; `old` ones hold bare arrays without kinds.
fn troubleshoot(dir: &Path, sample: &Sample, old: bool) {
    if !old {
        let version = "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nspec:\n  versionNumber: v0.123.14\n";
        put(dir, "version.yaml", version);
    }
    for (resource, items) in &sample.lists {
        // The tool never writes them there, or only their names.
        if items.is_empty() || resource == "secrets" {
            continue;
        }
        let (kind, version) = kind_of(items);
        let name = troubleshoot_name(resource);
        for (namespace, mut items) in by_namespace(items) {
            let path = if namespace.is_empty() {
                format!("cluster-resources/{name}.json")
            } else {
                format!("cluster-resources/{name}/{namespace}.json")
            };
            let list = if old {
                for item in &mut items {
                    let map = item.as_object_mut().unwrap();
                    map.remove("kind");
                    map.remove("apiVersion");
                }
                Value::Array(items)
            } else {
                json!({"kind": format!("{kind}List"), "apiVersion": version, "metadata": {}, "items": items})
            };
            put(dir, &path, &pretty(&list));
        }
    }
    for (namespace, pod, container, previous, text) in &sample.logs {
        let end = if *previous { "-previous" } else { "" };
        let file = format!("{pod}/{container}{end}.log");
        put(
            dir,
            &format!("cluster-resources/pods/logs/{namespace}/{file}"),
            text,
        );
        // The link into the above that unpacking turned into a copy.
        put(dir, &format!("all-logs/{file}"), text);
    }
    for (node, file, text) in &sample.host_logs {
        put(dir, &format!("host-collectors/{node}/{file}"), text);
    }
}

fn must_gather(dir: &Path, sample: &Sample) {
    let dir = &dir.join("must-gather.local.1/quay-io-example-sha256-0123456789abcdef");
    put(dir, "version", "openshift/must-gather\n4.14.0\n");
    put(dir, "event-filter.html", "<html></html>");
    for (resource, items) in &sample.lists {
        if items.is_empty() {
            continue;
        }
        let (kind, version) = kind_of(items);
        let group = version.split_once('/').map_or("core", |(group, _)| group);
        for (namespace, items) in by_namespace(items) {
            if namespace.is_empty() {
                for item in items {
                    let name = item["metadata"]["name"].as_str().unwrap();
                    let path = format!("cluster-scoped-resources/{group}/{resource}/{name}.yaml");
                    put(
                        dir,
                        &path,
                        &format!("---\n{}", serde_yaml::to_string(&item).unwrap()),
                    );
                }
                continue;
            }
            let list = json!({"apiVersion": version, "items": items, "kind": format!("{kind}List"), "metadata": {}});
            let path = format!("namespaces/{namespace}/{group}/{resource}.yaml");
            put(
                dir,
                &path,
                &format!("---\n{}", serde_yaml::to_string(&list).unwrap()),
            );
        }
    }
    for (namespace, pod, container, previous, text) in &sample.logs {
        let file = if *previous { "previous" } else { "current" };
        let logs = format!("namespaces/{namespace}/pods/{pod}/{container}/{container}/logs");
        put(dir, &format!("{logs}/{file}.log"), text);
        if *previous {
            put(dir, &format!("{logs}/previous.insecure.log"), text);
        }
    }
    for (node, file, text) in &sample.host_logs {
        put(dir, &format!("nodes/{node}/{file}"), text);
    }
}

/// The way in which this tool writes empty strings.
fn damaged(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => json!("null"),
        Value::Array(items) => items.iter().map(damaged).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), damaged(value)))
            .collect(),
        other => other.clone(),
    }
}

fn rancher(dir: &Path, sample: &Sample) {
    let metadata =
        "bundlename: supportbundle_x\nbundleversion: 0.1.0\nkubernetesversion: v1.31.6\n";
    put(dir, "metadata.yaml", metadata);
    for (resource, items) in &sample.lists {
        if items.is_empty() {
            continue;
        }
        let (_, version) = kind_of(items);
        for (namespace, items) in by_namespace(items) {
            let list = damaged(&json!({"kind": "List", "apiVersion": "v1", "items": items}));
            let text = serde_yaml::to_string(&list).unwrap();
            let scope = if namespace.is_empty() {
                "cluster".to_owned()
            } else {
                format!("namespaced/{namespace}")
            };
            put(
                dir,
                &format!("yamls/{scope}/{version}/{resource}.yaml"),
                &text,
            );
        }
    }
    for (namespace, pod, container, previous, text) in &sample.logs {
        let end = if *previous { ".log.1" } else { ".log" };
        put(
            dir,
            &format!("logs/{namespace}/{pod}/{container}{end}"),
            text,
        );
    }
    for (node, file, text) in &sample.host_logs {
        // As an archive inside the bundle appears, with some files newest first.
        let text = if file == "kubelet.log" {
            text.lines().rev().fold(String::new(), |mut out, line| {
                let _ = writeln!(out, "{line}");
                out
            })
        } else {
            text.clone()
        };
        put(dir, &format!("nodes/{node}.zip!{node}/logs/{file}"), &text);
    }
}

/// What this tool asks for, and nothing else.
const DUMPED: &[(&str, &str)] = &[
    ("events", "events"),
    ("replicationcontrollers", "replication-controllers"),
    ("services", "services"),
    ("daemonsets", "daemonsets"),
    ("deployments", "deployments"),
    ("replicasets", "replicasets"),
    ("pods", "pods"),
];

fn framed(sample: &Sample, namespace: &str, pod: &str) -> String {
    let mut text = String::new();
    for (log_namespace, log_pod, container, previous, log) in &sample.logs {
        if log_namespace == namespace && log_pod == pod && !previous {
            let whose = format!("logs for container {container} of pod {namespace}/{pod} ====");
            let _ = write!(text, "==== START {whose}\n{log}==== END {whose}\n");
        }
    }
    text
}

/// `kubectl cluster-info dump`, into a directory or to standard output.
fn dump(dir: &Path, sample: &Sample, one_file: bool) {
    let mut stream = String::new();
    let mut add = |path: &str, text: &str| {
        if one_file {
            stream.push_str(text);
            if !text.ends_with('\n') {
                stream.push('\n');
            }
        } else {
            put(dir, path, text);
        }
    };
    let list = |kind: &str, version: &str, items: &[Value]| {
        pretty(
            &json!({"kind": format!("{kind}List"), "apiVersion": version, "metadata": {}, "items": items}),
        )
    };
    add("nodes.json", &list("Node", "v1", &sample.lists["nodes"]));
    let namespaces = by_namespace(&sample.lists["pods"]);
    for (namespace, pods) in &namespaces {
        for (resource, file) in DUMPED {
            let items: Vec<Value> = sample
                .lists
                .get(*resource)
                .map(|items| by_namespace(items))
                .and_then(|mut found| found.remove(namespace))
                .unwrap_or_default();
            let (kind, version) = sample
                .lists
                .get(*resource)
                .filter(|items| !items.is_empty())
                .map_or(
                    ("ReplicationController".to_owned(), "v1".to_owned()),
                    |items| kind_of(items),
                );
            add(
                &format!("{namespace}/{file}.json"),
                &list(&kind, &version, &items),
            );
        }
        for pod in pods {
            let pod = pod["metadata"]["name"].as_str().unwrap();
            let logs = framed(sample, namespace, pod);
            if !logs.is_empty() {
                add(&format!("{namespace}/{pod}/logs.txt"), &logs);
            }
        }
    }
    if one_file {
        put(dir, "dump.txt", &stream);
    }
}

fn loose(dir: &Path, sample: &Sample) {
    for (resource, items) in &sample.lists {
        let list = json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}});
        put(dir, &format!("saved {resource}.json"), &pretty(&list));
    }
    for (_, pod, container, previous, text) in &sample.logs {
        let end = if *previous { ".previous" } else { "" };
        put(dir, &format!("{pod}_{container}{end}.log"), text);
    }
    for (node, file, text) in &sample.host_logs {
        put(dir, &format!("from {node}/{node}/{file}"), text);
    }
}

fn written(name: &str, write: impl Fn(&Path, &Sample)) -> (Value, Value, PathBuf) {
    let dir = scratch(&format!("layout-{name}"));
    write(&dir, &sample());
    let info = stdout(&coldcase(&[
        "bundle",
        "info",
        dir.to_str().unwrap(),
        "-f",
        "json",
    ]));
    (
        support::json(&dir),
        serde_json::from_str(&info).unwrap(),
        dir,
    )
}

fn count(info: &Value, kind: &str) -> u64 {
    info["objects"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["kind"] == kind)
        .map_or(0, |row| row["count"].as_u64().unwrap())
}

/// The layout is named, everything that it carries is counted, and the first cause is the true one.
fn same(name: &str, layout: &str, logs: u64, write: impl Fn(&Path, &Sample)) {
    let (report, info, _) = written(name, write);
    assert_eq!(info["layouts"][0]["name"], layout, "{name}");
    assert_eq!(info["problems"], json!([]), "{name}");
    assert_eq!(count(&info, "Pod"), 51, "{name}");
    assert_eq!(info["logs"]["logs"], logs, "{name}: {}", info["logs"]);
    let cause = &report["causes"][0];
    assert_eq!(
        cause["rule"],
        "kube-proxy-oom",
        "{name}: {}",
        pretty(&report["causes"])
    );
    assert_eq!(cause["subject"]["name"], "node-worker-3", "{name}");
}

#[test]
fn troubleshoot_bundles_of_both_ages() {
    let name = "Troubleshoot support bundle";
    same("troubleshoot", name, 54, |dir, sample| {
        troubleshoot(dir, sample, false);
    });
    same("troubleshoot-old", name, 54, |dir, sample| {
        troubleshoot(dir, sample, true);
    });
}

#[test]
fn must_gathers() {
    same("must-gather", "OpenShift must-gather", 54, must_gather);
}

#[test]
fn rancher_bundles_with_their_damage() {
    same("rancher", "Rancher support bundle", 54, rancher);
}

#[test]
fn loose_json_files() {
    same("loose", "loose files", 54, loose);
}

#[test]
fn dumps_have_no_place_for_the_kernel_and_say_so() {
    for one_file in [false, true] {
        let name = if one_file { "dump-file" } else { "dump" };
        let (report, info, _) = written(name, |dir, sample| dump(dir, sample, one_file));
        assert_eq!(info["layouts"][0]["name"], "kubectl cluster-info dump");
        assert_eq!(info["problems"], json!([]), "{name}");
        assert_eq!(count(&info, "Pod"), 51, "{name}");
        assert_eq!(info["logs"]["logs"], 51, "{name}: {}", info["logs"]);
        let coverage = pretty(&report["bundle"]["coverage"]);
        assert!(coverage.contains("journal of node-worker-3"), "{coverage}");
        let unknown = pretty(&report["unknown"]);
        let named =
            unknown.contains("journal of node-worker-3") || unknown.contains("not collected");
        assert!(named, "{name}: {unknown}");
        // What the API said of the killed proxy is in the pods: the cause may still be named.
        let cause = &report["causes"][0];
        assert!(cause.is_null() || cause["rule"].is_string(), "{name}");
    }
}

#[test]
fn info_is_aligned_text_or_json_and_complains_in_one_line() {
    let dir = scratch("layout-info");
    troubleshoot(&dir, &sample(), false);
    let path = dir.to_str().unwrap();
    let text = stdout(&coldcase(&["bundle", "info", path]));
    assert_eq!(
        text.matches("layout      Troubleshoot support bundle")
            .count(),
        1
    );
    assert!(
        text.contains("nodes       4: cp-1, node-worker-1"),
        "{text}"
    );
    assert!(text.contains("journals    cp-1: 3 files"), "{text}");
    let failed = coldcase(&["bundle", "info", "no/such/bundle"]);
    assert_eq!(failed.status.code(), Some(2));
}
