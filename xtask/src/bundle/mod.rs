//! A synthetic cluster in the native layout: healthy but for one Deployment whose containers are OOM-killed.

mod shapes;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use shapes::{
    app, condition, container, labels, log_line, managed_fields, owner, pod_spec, sorted, status,
};

use crate::{
    GenBundle,
    emit::{self, Value, map},
    random::Random,
};

/// When everything was captured.
const NOW: &str = "2026-07-14T02:50:07Z";

/// Writes the bundle.
pub(crate) fn write(options: &GenBundle) -> std::io::Result<()> {
    let mut out = Sink::create(&options.out)?;
    let mut random = Random::new(options.seed);
    out.file(
        "bundle.yaml",
        &format!(
            "apiVersion: coldcase.dev/v1\nkind: Bundle\ncollector: xtask\ncaptured_at: \"{NOW}\"\ncontext: synthetic\n"
        ),
    )?;
    let cluster = Cluster::new(options, &mut random);
    for (kind, plural, objects) in [
        ("Namespace", "namespaces", cluster.namespaces()),
        ("Node", "nodes", cluster.nodes(&mut random)),
        (
            "Deployment",
            "deployments",
            cluster.deployments(&mut random),
        ),
        (
            "ReplicaSet",
            "replicasets",
            cluster.replica_sets(&mut random),
        ),
        ("Service", "services", cluster.services(&mut random)),
        ("ConfigMap", "configmaps", cluster.config_maps(&mut random)),
    ] {
        out.list(kind, plural, objects.into_iter())?;
    }
    let mut forked = random.clone();
    out.list(
        "Pod",
        "pods",
        (0..options.pods).map(|index| cluster.pod(index, &mut forked)),
    )?;
    let mut forked = Random::new(options.seed ^ 0xe7e7);
    out.list(
        "Event",
        "events",
        (0..options.events).map(|index| cluster.event(index, &mut forked)),
    )?;
    cluster.logs(&mut out, &mut Random::new(options.seed ^ 0x1065))?;
    out.finish()
}

/// A directory or a tar.gz.
enum Sink {
    Directory(PathBuf),
    Tar(Box<tar::Builder<flate2::write::GzEncoder<BufWriter<File>>>>),
}

impl Sink {
    fn create(path: &Path) -> std::io::Result<Self> {
        if path.to_string_lossy().ends_with(".tar.gz") {
            let file = BufWriter::new(File::create(path)?);
            let gzip = flate2::write::GzEncoder::new(file, flate2::Compression::new(6));
            return Ok(Self::Tar(Box::new(tar::Builder::new(gzip))));
        }
        std::fs::create_dir_all(path)?;
        Ok(Self::Directory(path.to_owned()))
    }

    fn file(&mut self, name: &str, text: &str) -> std::io::Result<()> {
        match self {
            Self::Directory(root) => {
                let path = root.join(name);
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(path, text)
            }
            Self::Tar(tar) => {
                let mut header = tar::Header::new_ustar();
                header.set_size(text.len() as u64);
                header.set_mode(0o644);
                tar.append_data(&mut header, format!("bundle/{name}"), text.as_bytes())
            }
        }
    }

    fn list(
        &mut self,
        kind: &str,
        plural: &str,
        objects: impl Iterator<Item = Value>,
    ) -> std::io::Result<()> {
        let version = match kind {
            "Deployment" | "ReplicaSet" => "apps/v1",
            _ => "v1",
        };
        let mut text = "apiVersion: v1\nitems:\n".to_owned();
        for object in objects {
            let Value::Map(mut entries) = object else {
                continue;
            };
            entries.push(("apiVersion".to_owned(), version.into()));
            entries.push(("kind".to_owned(), kind.into()));
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            emit::item(&Value::Map(entries), &mut text);
        }
        text.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
        self.file(&format!("cluster/{plural}.yaml"), &text)
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Directory(_) => Ok(()),
            Self::Tar(tar) => tar.into_inner()?.finish()?.flush(),
        }
    }
}

/// Names that the objects share.
struct Cluster<'o> {
    options: &'o GenBundle,
    namespaces: Vec<String>,
    nodes: Vec<String>,
    workloads: Vec<Workload>,
}

struct Workload {
    namespace: String,
    name: String,
    hash: String,
    uid: String,
}

/// Pods of one Deployment.
const REPLICAS: usize = 10;
const WORDS: &[&str] = &[
    "cart", "checkout", "search", "ledger", "invoice", "catalog", "profile", "gateway", "mailer",
    "report", "stream", "index", "quota", "audit", "pricing", "stock",
];

impl<'o> Cluster<'o> {
    fn new(options: &'o GenBundle, random: &mut Random) -> Self {
        let namespaces = (0..=options.pods / 500)
            .map(|index| format!("team-{}-{index}", WORDS[index % WORDS.len()]))
            .collect::<Vec<_>>();
        let nodes = (0..=options.pods / 50)
            .map(|index| format!("node-{index:04}.example.internal"))
            .collect();
        let workloads = (0..=options.pods / REPLICAS)
            .map(|index| Workload {
                namespace: namespaces[index % namespaces.len()].clone(),
                name: format!("{}-{index}", random.pick(WORDS)),
                hash: random.suffix(10),
                uid: random.uid(),
            })
            .collect();
        Self {
            options,
            namespaces,
            nodes,
            workloads,
        }
    }

    fn meta(
        &self,
        name: &str,
        namespace: &str,
        uid: String,
        labels: Value,
    ) -> Vec<(String, Value)> {
        let mut entries = vec![
            ("name".to_owned(), name.into()),
            ("uid".to_owned(), uid.into()),
            (
                "creationTimestamp".to_owned(),
                "2026-07-01T08:00:00Z".into(),
            ),
            ("resourceVersion".to_owned(), "73120044".into()),
            ("labels".to_owned(), labels),
        ];
        if !namespace.is_empty() {
            entries.push(("namespace".to_owned(), namespace.into()));
        }
        if self.options.managed_fields {
            entries.push(("managedFields".to_owned(), managed_fields()));
        }
        entries
    }

    fn namespaces(&self) -> Vec<Value> {
        self.namespaces
            .iter()
            .map(|name| {
                map([
                    (
                        "metadata",
                        sorted(self.meta(name, "", name.clone(), map([]))),
                    ),
                    (
                        "spec",
                        map([("finalizers", Value::from(vec!["kubernetes".into()]))]),
                    ),
                    ("status", map([("phase", "Active".into())])),
                ])
            })
            .collect()
    }

    fn nodes(&self, random: &mut Random) -> Vec<Value> {
        self.nodes
            .iter()
            .map(|name| {
                let size = || {
                    map([
                        ("cpu", "32".into()),
                        ("memory", "131900Mi".into()),
                        ("pods", "110".into()),
                    ])
                };
                map([
                    (
                        "metadata",
                        sorted(self.meta(
                            name,
                            "",
                            random.uid(),
                            map([("kubernetes.io/hostname", name.as_str().into())]),
                        )),
                    ),
                    ("spec", map([("podCIDR", "10.244.0.0/24".into())])),
                    (
                        "status",
                        map([
                            ("allocatable", size()),
                            ("capacity", size()),
                            ("conditions", Value::from(vec![condition("Ready", "True")])),
                            (
                                "nodeInfo",
                                map([
                                    ("kubeletVersion", "v1.32.3".into()),
                                    ("kernelVersion", "6.8.0-60-generic".into()),
                                    ("containerRuntimeVersion", "containerd://2.0.4".into()),
                                ]),
                            ),
                        ]),
                    ),
                ])
            })
            .collect()
    }

    fn deployments(&self, _random: &mut Random) -> Vec<Value> {
        self.workloads
            .iter()
            .map(|w| {
                map([
                    (
                        "metadata",
                        sorted(self.meta(&w.name, &w.namespace, w.uid.clone(), app(w))),
                    ),
                    (
                        "spec",
                        map([
                            ("replicas", 10.into()),
                            ("selector", map([("matchLabels", app(w))])),
                            (
                                "template",
                                map([
                                    ("metadata", map([("labels", app(w))])),
                                    (
                                        "spec",
                                        map([("containers", Value::from(vec![container(w)]))]),
                                    ),
                                ]),
                            ),
                        ]),
                    ),
                    (
                        "status",
                        map([
                            ("replicas", 10.into()),
                            ("readyReplicas", 10.into()),
                            ("updatedReplicas", 10.into()),
                            ("availableReplicas", 10.into()),
                            (
                                "conditions",
                                Value::from(vec![condition("Available", "True")]),
                            ),
                        ]),
                    ),
                ])
            })
            .collect()
    }

    fn replica_sets(&self, _random: &mut Random) -> Vec<Value> {
        self.workloads
            .iter()
            .map(|w| {
                let mut meta = self.meta(
                    &format!("{}-{}", w.name, w.hash),
                    &w.namespace,
                    w.uid.replacen('-', "-9", 1),
                    labels(w),
                );
                meta.push((
                    "ownerReferences".to_owned(),
                    owner("Deployment", &w.name, &w.uid),
                ));
                map([
                    ("metadata", sorted(meta)),
                    (
                        "spec",
                        map([
                            ("replicas", 10.into()),
                            ("selector", map([("matchLabels", labels(w))])),
                            (
                                "template",
                                map([
                                    ("metadata", map([("labels", labels(w))])),
                                    (
                                        "spec",
                                        map([("containers", Value::from(vec![container(w)]))]),
                                    ),
                                ]),
                            ),
                        ]),
                    ),
                    (
                        "status",
                        map([("replicas", 10.into()), ("readyReplicas", 10.into())]),
                    ),
                ])
            })
            .collect()
    }

    fn services(&self, random: &mut Random) -> Vec<Value> {
        self.workloads
            .iter()
            .map(|w| {
                map([
                    (
                        "metadata",
                        sorted(self.meta(&w.name, &w.namespace, random.uid(), app(w))),
                    ),
                    (
                        "spec",
                        map([
                            (
                                "clusterIP",
                                format!("10.96.{}.{}", random.below(250), random.below(250)).into(),
                            ),
                            (
                                "ports",
                                Value::from(vec![map([
                                    ("port", 80.into()),
                                    ("targetPort", "http".into()),
                                    ("protocol", "TCP".into()),
                                ])]),
                            ),
                            ("selector", app(w)),
                            ("type", "ClusterIP".into()),
                        ]),
                    ),
                    ("status", map([("loadBalancer", map([]))])),
                ])
            })
            .collect()
    }

    fn config_maps(&self, random: &mut Random) -> Vec<Value> {
        self.workloads
            .iter()
            .map(|w| {
                let body = format!(
                    "# settings of {}\nlog.level: info\ndatabase:\n  host: db.{}.svc\n  pool: {}\n",
                    w.name,
                    w.namespace,
                    random.below(90)
                );
                map([
                    (
                        "metadata",
                        sorted(self.meta(
                            &format!("{}-config", w.name),
                            &w.namespace,
                            random.uid(),
                            app(w),
                        )),
                    ),
                    (
                        "data",
                        map([
                            ("application.yaml", body.into()),
                            ("greeting", "it's \"quoted\": # and odd ".into()),
                            ("n", "1e3".into()),
                            ("on", "yes".into()),
                        ]),
                    ),
                ])
            })
            .collect()
    }

    fn name_of(&self, index: usize) -> (&Workload, String) {
        let workload = &self.workloads[index / REPLICAS];
        let mut own = Random::new(index as u64 ^ self.options.seed.rotate_left(20));
        (
            workload,
            format!("{}-{}-{}", workload.name, workload.hash, own.suffix(5)),
        )
    }

    fn pod(&self, index: usize, random: &mut Random) -> Value {
        let (w, name) = self.name_of(index);
        let broken = index < REPLICAS;
        let mut meta = self.meta(&name, &w.namespace, random.uid(), labels(w));
        meta.push((
            "generateName".to_owned(),
            format!("{}-{}-", w.name, w.hash).into(),
        ));
        meta.push((
            "ownerReferences".to_owned(),
            owner(
                "ReplicaSet",
                &format!("{}-{}", w.name, w.hash),
                &w.uid.replacen('-', "-9", 1),
            ),
        ));
        meta.push(("annotations".to_owned(), map([
            ("checksum/config", random.hex(64).into()),
            ("prometheus.io/scrape", "true".into()),
            ("note", format!("this annotation is a sentence that is long enough to be folded by the emitter of kubectl, revision {}", random.below(99)).into()),
        ])));
        let ready = if broken { "False" } else { "True" };
        map([
            ("metadata", sorted(meta)),
            ("spec", pod_spec(w, &self.nodes[index / 50])),
            (
                "status",
                map([
                    (
                        "conditions",
                        Value::from(vec![
                            condition("PodReadyToStartContainers", "True"),
                            condition("Initialized", "True"),
                            condition("Ready", ready),
                            condition("ContainersReady", ready),
                            condition("PodScheduled", "True"),
                        ]),
                    ),
                    (
                        "containerStatuses",
                        Value::from(vec![status(w, broken, random)]),
                    ),
                    ("hostIP", "10.0.3.7".into()),
                    ("phase", "Running".into()),
                    (
                        "podIP",
                        format!("10.244.{}.{}", index / 250 % 250, index % 250).into(),
                    ),
                    ("qosClass", "Burstable".into()),
                    ("startTime", "2026-07-01T08:00:00Z".into()),
                ]),
            ),
        ])
    }

    fn event(&self, index: usize, random: &mut Random) -> Value {
        let broken = index.is_multiple_of(50);
        let (w, name) = self.name_of(if broken {
            random.below(REPLICAS.min(self.options.pods))
        } else {
            random.below(self.options.pods)
        });
        let minute = random.below(50);
        let (reason, kind, message) = if broken {
            (
                "BackOff",
                "Warning",
                format!(
                    "Back-off restarting failed container app in pod {name}_{}({})",
                    w.namespace,
                    random.uid()
                ),
            )
        } else {
            let reason = random.pick(&["Pulled", "Scheduled", "Created", "Started"]);
            let message = format!(
                "{reason}: container image \"registry.example.com/{}:1.4.2\" of {name} on this machine",
                w.name
            );
            (reason, "Normal", message)
        };
        let mut meta = self.meta(
            &format!("{name}.{}", random.hex(16)),
            &w.namespace,
            random.uid(),
            map([]),
        );
        meta.retain(|(key, _)| key != "labels" && key != "creationTimestamp");
        // An event is created when it is first seen: else its writer's clock were ahead.
        let first_seen = format!("2026-07-14T01:{minute:02}:00Z");
        meta.push(("creationTimestamp".to_owned(), first_seen.as_str().into()));
        map([
            ("metadata", sorted(meta)),
            (
                "count",
                i64::try_from(1 + random.below(9)).unwrap_or(1).into(),
            ),
            ("eventTime", Value::Bare("null".to_owned())),
            ("firstTimestamp", first_seen.into()),
            (
                "lastTimestamp",
                format!("2026-07-14T02:{:02}:00Z", minute.min(49)).into(),
            ),
            (
                "involvedObject",
                map([
                    ("apiVersion", "v1".into()),
                    ("kind", "Pod".into()),
                    ("name", name.into()),
                    ("namespace", w.namespace.as_str().into()),
                    ("fieldPath", "spec.containers{app}".into()),
                ]),
            ),
            ("message", message.into()),
            ("reason", reason.into()),
            ("reportingComponent", "kubelet".into()),
            ("reportingInstance", "node-0001.example.internal".into()),
            (
                "source",
                map([
                    ("component", "kubelet".into()),
                    ("host", "node-0001.example.internal".into()),
                ]),
            ),
            ("type", kind.into()),
        ])
    }

    /// Logs of as many pods as give files of some 8 MB, in the framing of `kubectl logs --timestamps`.
    fn logs(&self, out: &mut Sink, random: &mut Random) -> std::io::Result<()> {
        const EACH: usize = 8_000_000;
        let files = self.options.log_bytes.div_ceil(EACH).min(self.options.pods);
        for index in 0..files {
            let (w, name) = self.name_of(index * (self.options.pods / files.max(1)));
            let size = self.options.log_bytes / files.max(1);
            let mut text = String::with_capacity(size + 400);
            let mut line = 0_usize;
            while text.len() < size {
                log_line(line, &w.name, random, &mut text);
                line += 1;
            }
            out.file(&format!("logs/{}/{name}/app.log", w.namespace), &text)?;
        }
        Ok(())
    }
}
