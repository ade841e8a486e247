//! Incident I01 taken apart, to be written again in other forms.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::root;

/// The native sample, taken apart.
pub(crate) struct Sample {
    /// Items by resource name.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// (namespace, pod, container, previous) and text.
    pub logs: Vec<(String, String, String, bool, String)>,
    /// (node, file name) and text.
    pub host_logs: Vec<(String, String, String)>,
}

pub(crate) fn sample() -> Sample {
    let dir = root().join("samples/i01-kube-proxy-oom");
    let mut lists = BTreeMap::new();
    for entry in fs::read_dir(dir.join("cluster")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(resource) = name.strip_suffix(".yaml") else {
            continue;
        };
        let list: Value = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        if let Some(items) = list["items"].as_array() {
            let resource = resource.split('.').next().unwrap();
            let all: &mut Vec<Value> = lists.entry(resource.to_owned()).or_default();
            if name != "events.events.k8s.io.yaml" {
                all.extend(items.iter().cloned());
            }
        }
    }
    let mut logs = Vec::new();
    for (parts, text) in texts(&dir.join("logs")) {
        let [namespace, pod, file] = parts.as_slice() else {
            continue;
        };
        let stem = file.strip_suffix(".log").unwrap();
        let (container, previous) = stem
            .strip_suffix(".previous")
            .map_or((stem, false), |stem| (stem, true));
        let (namespace, pod) = (namespace.clone(), pod.clone());
        logs.push((namespace, pod, container.to_owned(), previous, text));
    }
    let mut host_logs = Vec::new();
    for (parts, text) in texts(&dir.join("nodes")) {
        if let [node, file] = parts.as_slice()
            && file.ends_with(".log")
        {
            host_logs.push((node.clone(), file.clone(), text));
        }
    }
    Sample {
        lists,
        logs,
        host_logs,
    }
}

fn texts(dir: &Path) -> Vec<(Vec<String>, String)> {
    walkdir::WalkDir::new(dir)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let parts = entry
                .path()
                .strip_prefix(dir)
                .unwrap()
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            (parts, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}
