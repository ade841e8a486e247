//! Bundles in memory, what coldcase answers about them, and changes of them that must not change the answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::LazyLock,
};

use coldcase_bundle::Bundle;
use coldcase_facts::{Facts, Identity};
use coldcase_rules::{Confidence, Role, RuleSet};
use regex::{Captures, Regex};

pub(crate) static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::builtin().unwrap());

/// Files of a bundle by path.
pub(crate) type Files = BTreeMap<String, String>;

/// The files of a sample, without what was written about it.
pub(crate) fn files(dir: &Path) -> Files {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(dir).unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            (
                path.to_str().unwrap().to_owned(),
                String::from_utf8(bytes).unwrap(),
            )
        })
        .filter(|(path, _)| path != "truth.yaml" && path != "README.md")
        .collect()
}

/// The bundle of some files.
pub(crate) fn bundle<'t>(files: impl IntoIterator<Item = (&'t String, &'t String)>) -> Bundle {
    let files = files
        .into_iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    Bundle::from_texts("sample", files)
}

/// One ranked cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    pub rule: String,
    pub subject: Identity,
    pub confidence: Confidence,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let confidence = self.confidence.word();
        write!(f, "{} of {} ({confidence})", self.rule, self.subject)
    }
}

/// What a diagnosis says, as far as two of them are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub state: &'static str,
    /// Best first.
    pub causes: Vec<Cause>,
    /// Rules and subjects of everything that the first cause explains, and its members.
    pub effects: BTreeSet<(String, Identity)>,
    /// The first anomaly in seconds since 1970.
    pub began: Option<i64>,
    /// Indexes of the causes of each incident, and when it began.
    pub incidents: Vec<(Vec<usize>, Option<i64>)>,
    /// The verdict in words.
    pub sentence: String,
}

impl Answer {
    pub(crate) fn first(&self) -> Option<&Cause> {
        self.causes.first()
    }

    /// The answer that is given without doubt, if there is one.
    pub(crate) fn firm(&self) -> Option<&Cause> {
        self.first()
            .filter(|cause| cause.confidence == Confidence::Firm)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.state)?;
        match self.first() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

/// Diagnoses.
pub(crate) fn answer(bundle: &Bundle) -> Answer {
    let snapshot = coldcase_snapshot::read(bundle);
    let facts = coldcase_facts::derive(&snapshot);
    let evaluation = coldcase_rules::evaluate(&RULES, &facts);
    let diagnosis = coldcase_diagnosis::diagnose(&facts, &RULES, &evaluation);
    let rule = |finding: usize| &RULES.rules[evaluation.findings[finding].rule];
    let causes = diagnosis.causes.iter().map(|cause| Cause {
        rule: rule(cause.finding).id.clone(),
        subject: evaluation.findings[cause.finding].subject.clone(),
        confidence: cause.confidence,
    });
    for cause in &diagnosis.causes {
        assert!(
            rule(cause.finding).role != Role::Symptom || cause.confidence < Confidence::Firm,
            "a symptom is a firm answer: {}",
            rule(cause.finding).id
        );
    }
    let first = diagnosis.causes.first();
    Answer {
        state: diagnosis.outcome.word(),
        causes: causes.collect(),
        effects: first
            .into_iter()
            .flat_map(|cause| cause.explains.iter().chain(&cause.members))
            .map(|index| {
                let subject = evaluation.findings[*index].subject.clone();
                (rule(*index).id.clone(), subject)
            })
            .collect(),
        began: diagnosis
            .first_anomaly
            .as_ref()
            .map(|(time, _)| time.as_second()),
        incidents: diagnosis
            .incidents
            .iter()
            .map(|incident| {
                let began = incident.first_anomaly.as_ref();
                (incident.causes.clone(), began.map(|it| it.0.as_second()))
            })
            .collect(),
        sentence: diagnosis.sentence,
    }
}

/// A hundred namespaces in which all is well, as one more file. Their pods ask for nothing and lie on nodes on which
/// nothing fails, and their Services are headless: what fits where, which node looks ill and what the nodes' own rules
/// lack stays as it was.
pub(crate) fn healthy_namespaces(facts: &Facts<'_>) -> (String, String) {
    let failing: BTreeSet<&str> = facts
        .of_kind("Pod")
        .iter()
        .filter(|pod| facts.health_of(**pod) == coldcase_facts::PodHealth::Failing)
        .filter_map(|pod| facts.get(*pod).str_at(&["spec", "nodeName"]))
        .collect();
    let mut nodes: Vec<&str> = facts
        .of_kind("Node")
        .iter()
        .map(|node| facts.get(*node))
        .filter(|node| node.str_at(&["health"]) == Some("ready"))
        .map(|node| node.subject.name.as_str())
        .filter(|node| !failing.contains(node))
        .collect();
    if nodes.is_empty() {
        nodes.push("node-elsewhere");
    }
    let now = facts.now().map_or(0, jiff::Timestamp::as_second);
    let born = jiff::Timestamp::from_second(now - 40 * 86_400).unwrap();
    let mut items = String::new();
    // A kind that the sample was captured without must not come to be known by this.
    let has = |item: &str| {
        item.split_once("kind: ")
            .and_then(|(_, rest)| rest.split_once(','))
            .is_some_and(|(kind, _)| !facts.of_kind(kind).is_empty())
    };
    for number in 0..100 {
        let (ns, node) = (format!("tenant-{number:03}"), nodes[number % nodes.len()]);
        let (high, low) = (number / 50 + 200, number % 50 + 10);
        let _ = write!(
            items,
            "\
- {{apiVersion: v1, kind: Namespace, metadata: {{name: {ns}, uid: {ns}-ns, creationTimestamp: \"{born}\"}}, status: {{phase: Active}}}}
- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: settings, namespace: {ns}, uid: {ns}-cm, creationTimestamp: \"{born}\"}}, data: {{level: info}}}}
- {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: site, namespace: {ns}, uid: {ns}-d, generation: 1, creationTimestamp: \"{born}\", annotations: {{deployment.kubernetes.io/revision: \"1\"}}}}, spec: {{replicas: 1, selector: {{matchLabels: {{app: site}}}}, template: {{metadata: {{labels: {{app: site}}}}, spec: {{containers: [{{name: site, image: registry.example.net/site:7}}]}}}}}}, status: {{observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{{type: Available, status: \"True\", lastTransitionTime: \"{born}\"}}]}}}}
- {{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: site-5d5f5d5f5d, namespace: {ns}, uid: {ns}-r, creationTimestamp: \"{born}\", annotations: {{deployment.kubernetes.io/revision: \"1\"}}, labels: {{app: site, pod-template-hash: 5d5f5d5f5d}}, ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: site, uid: {ns}-d, controller: true}}]}}, spec: {{replicas: 1, selector: {{matchLabels: {{app: site, pod-template-hash: 5d5f5d5f5d}}}}, template: {{metadata: {{labels: {{app: site, pod-template-hash: 5d5f5d5f5d}}}}, spec: {{containers: [{{name: site, image: registry.example.net/site:7}}]}}}}}}, status: {{replicas: 1, readyReplicas: 1, availableReplicas: 1}}}}
- {{apiVersion: v1, kind: Pod, metadata: {{name: site-5d5f5d5f5d-x7x7x, namespace: {ns}, uid: {ns}-p, creationTimestamp: \"{born}\", labels: {{app: site, pod-template-hash: 5d5f5d5f5d}}, ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: site-5d5f5d5f5d, uid: {ns}-r, controller: true}}]}}, spec: {{nodeName: {node}, containers: [{{name: site, image: registry.example.net/site:7}}]}}, status: {{phase: Running, podIP: 10.{high}.7.{low}, startTime: \"{born}\", conditions: [{{type: PodScheduled, status: \"True\", lastTransitionTime: \"{born}\"}}, {{type: Ready, status: \"True\", lastTransitionTime: \"{born}\"}}], containerStatuses: [{{name: site, ready: true, started: true, restartCount: 0, image: registry.example.net/site:7, state: {{running: {{startedAt: \"{born}\"}}}}}}]}}}}
- {{apiVersion: v1, kind: Service, metadata: {{name: site, namespace: {ns}, uid: {ns}-s, creationTimestamp: \"{born}\"}}, spec: {{type: ClusterIP, clusterIP: None, selector: {{app: site}}, ports: [{{name: http, port: 80, targetPort: 8080, protocol: TCP}}]}}}}
- {{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: site-z9z9z, namespace: {ns}, uid: {ns}-e, creationTimestamp: \"{born}\", labels: {{kubernetes.io/service-name: site}}}}, addressType: IPv4, ports: [{{name: http, port: 8080, protocol: TCP}}], endpoints: [{{addresses: [10.{high}.7.{low}], conditions: {{ready: true, serving: true, terminating: false}}, nodeName: {node}, targetRef: {{kind: Pod, name: site-5d5f5d5f5d-x7x7x, namespace: {ns}}}}}]}}
"
        );
    }
    let mut text = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for item in items.split_inclusive('\n').filter(|item| has(item)) {
        text.push_str(item);
    }
    ("cluster/tenants.yaml".to_owned(), text)
}

const MONTHS: &str = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/// All stamps that name a year, one year later; the others mean the year of the capture and follow it.
pub(crate) fn a_year_later(text: &str) -> String {
    static ISO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(20[0-4][0-9])([-/][01][0-9][-/][0-3][0-9])").unwrap());
    static LONG: LazyLock<Regex> = LazyLock::new(|| {
        let with_year = format!(
            r"(?:\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(,? ))?\b(?:({MONTHS})( +\d{{1,2}} \d\d:\d\d:\d\d(?:\.\d+)? (?:[A-Z]{{3,4}} )?)|(\d{{1,2}})([ /-])({MONTHS})([ /-]))(20[0-4][0-9])\b"
        );
        Regex::new(&with_year).unwrap()
    });
    static EPOCH: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"("(?:ts|time|timestamp)":\s*)(1[78]\d{8})\b"#).unwrap());
    let next = |year: &str| year.parse::<u32>().unwrap() + 1;
    let text = ISO.replace_all(text, |found: &Captures<'_>| {
        format!(
            "{}{}",
            next(&found[1]),
            found[2].replace("-02-29", "-02-28")
        )
    });
    let text = LONG.replace_all(&text, |found: &Captures<'_>| {
        let get = |index: usize| found.get(index).map_or("", |it| it.as_str());
        let year = next(&found[9]);
        // A year later is a day later in the week.
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"];
        let day = days
            .iter()
            .position(|day| *day == get(1))
            .map_or("", |at| days[at + 1]);
        let rest: String = (2..9).map(get).collect();
        format!("{day}{rest}{year}")
    });
    EPOCH
        .replace_all(&text, |found: &Captures<'_>| {
            let seconds: u64 = found[2].parse().unwrap();
            format!("{}{}", &found[1], seconds + 365 * 86_400)
        })
        .into_owned()
}

/// New names for objects, letter for letter, so that tables keep their columns and names made of others stay so.
pub(crate) struct Renaming {
    names: Regex,
    pub renamed: BTreeSet<String>,
}

/// Kinds whose names mean something to Kubernetes itself, or to a program.
const FIXED: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "ComponentStatus",
    "CustomResourceDefinition",
    "IngressClass",
    "PriorityClass",
    "RuntimeClass",
];
/// Words of file formats that are also names in the samples; as a word of its own each keeps its meaning.
const WORDS: &[&str] = &[
    "default",
    "kubernetes",
    "kube-root-ca.crt",
    "search",
    "schema",
    "wiki",
    "standard",
    "coredns",
    "kube-dns",
    "etcd",
    "ready",
    "api",
    "web",
    "app",
    "worker",
    "node",
    "pod",
    "service",
    "cache",
    "redis",
    "postgres",
    "gateway",
];

impl Renaming {
    /// New names for everything in a bundle that its users named.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let kinds = [
            "Namespace",
            "Node",
            "Pod",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "Service",
            "Ingress",
            "ConfigMap",
            "Secret",
            "PersistentVolumeClaim",
            "PersistentVolume",
            "StorageClass",
            "NetworkPolicy",
            "ResourceQuota",
            "HorizontalPodAutoscaler",
            "ServiceAccount",
            "PodDisruptionBudget",
            "ValidatingWebhookConfiguration",
            "MutatingWebhookConfiguration",
            "LimitRange",
        ];
        for kind in kinds {
            for id in facts.of_kind(kind) {
                let subject = &facts.get(*id).subject;
                let own =
                    subject.namespace.starts_with("kube-") || subject.name.starts_with("kube-");
                if !own && !FIXED.contains(&kind) && !WORDS.contains(&subject.name.as_str()) {
                    names.insert(subject.name.to_string());
                }
            }
        }
        // What Services select by as well: a selector that misses by a letter has to miss by that letter still.
        let services = || {
            facts
                .of_kind("Service")
                .iter()
                .filter_map(|id| facts.get(*id).root())
        };
        let selectors = || {
            services()
                .filter_map(|root| root.at(&["spec", "selector"]))
                .flat_map(coldcase_snapshot::packed::View::entries)
        };
        let keys: BTreeSet<&str> = selectors().map(|(key, _)| key).collect();
        let pods = facts
            .of_kind("Pod")
            .iter()
            .filter_map(|id| facts.get(*id).root());
        let labels = pods
            .filter_map(|root| root.at(&["metadata", "labels"]))
            .flat_map(coldcase_snapshot::packed::View::entries)
            .filter(|(key, _)| keys.contains(key));
        for (_, value) in selectors().chain(labels) {
            let value = value.as_str().unwrap_or("");
            if value.len() > 3 && !value.starts_with("kube-") && !WORDS.contains(&value) {
                names.insert(value.to_owned());
            }
        }
        let mut longest: Vec<&String> = names.iter().collect();
        longest.sort_by_key(|name| (std::cmp::Reverse(name.len()), (*name).clone()));
        let any: Vec<String> = longest.iter().map(|name| regex::escape(name)).collect();
        // The ends of a name are ends of a word: a static pod bears its node's name behind its own.
        let whole = format!(r"(?-u:\b)(?:{})(?-u:\b)", any.join("|"));
        Self {
            names: regex::RegexBuilder::new(&whole)
                .size_limit(1 << 26)
                .build()
                .unwrap(),
            renamed: names,
        }
    }

    /// A text with the new names.
    pub(crate) fn apply(&self, text: &str) -> String {
        self.names
            .replace_all(text, |name: &Captures<'_>| {
                name[0].chars().map(turn).collect::<String>()
            })
            .into_owned()
    }
}

/// Thirteen letters on.
fn turn(letter: char) -> char {
    let turned = |base: u8| {
        let place = u8::try_from(letter).unwrap_or(base) - base;
        char::from(base + (place + 13) % 26)
    };
    match letter {
        'a'..='z' => turned(b'a'),
        'A'..='Z' => turned(b'A'),
        other => other,
    }
}

/// Two bundles of one cluster: what the second calls otherwise than the first, and nothing of Kubernetes' own namespaces,
/// which both have.
pub(crate) fn merged(first: &Files, second: &Files) -> Files {
    let mut all = first.clone();
    for (path, text) in second {
        if !path.starts_with("cluster/") || !path.ends_with(".yaml") {
            if !path.contains("kube-") && path.contains('/') {
                all.entry(path.clone()).or_insert_with(|| text.clone());
            }
            continue;
        }
        let own = |item: &&str| {
            let own = [
                "namespace: kube-",
                "namespace: default\n",
                "name: kube-",
                "name: default\n",
            ];
            !own.iter().any(|own| item.contains(&format!("\n    {own}")))
        };
        let mut items = text.split("\n- apiVersion");
        let head = items.next().unwrap_or_default();
        // What follows the last item at the margin ends the list.
        let kept: Vec<&str> = items.filter(own).collect();
        let tail = if text.contains("\nkind: List")
            && !head.contains("kind: List")
            && kept
                .last()
                .is_none_or(|last| !last.contains("\nkind: List"))
        {
            "\nkind: List\nmetadata: {}\n"
        } else {
            ""
        };
        if kept.is_empty() || !head.contains("items:") {
            continue;
        }
        let list = format!("{head}\n- apiVersion{}{tail}", kept.join("\n- apiVersion"));
        all.entry(path.clone())
            .and_modify(|known| {
                known.push_str("\n---\n");
                known.push_str(&list);
            })
            .or_insert(list);
    }
    all
}
