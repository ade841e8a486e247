//! The shapes of single objects and log lines of the synthetic cluster.

use super::Workload;
use crate::{
    emit::{Value, map},
    random::Random,
};

pub(super) fn sorted(mut entries: Vec<(String, Value)>) -> Value {
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Map(entries)
}

pub(super) fn app(w: &Workload) -> Value {
    map([("app", w.name.as_str().into())])
}

pub(super) fn labels(w: &Workload) -> Value {
    map([
        ("app", w.name.as_str().into()),
        ("pod-template-hash", w.hash.as_str().into()),
    ])
}

pub(super) fn owner(kind: &str, name: &str, uid: &str) -> Value {
    Value::from(vec![map([
        ("apiVersion", "apps/v1".into()),
        ("blockOwnerDeletion", true.into()),
        ("controller", true.into()),
        ("kind", kind.into()),
        ("name", name.into()),
        ("uid", uid.into()),
    ])])
}

pub(super) fn condition(kind: &str, status: &str) -> Value {
    // A pod is taken up when it is scheduled, never before: else its node's clock were behind.
    let time = match kind {
        "PodScheduled" | "Initialized" => "2026-07-01T08:00:00Z",
        _ => "2026-07-01T08:00:09Z",
    };
    map([
        ("lastProbeTime", Value::Bare("null".to_owned())),
        ("lastTransitionTime", time.into()),
        ("status", status.into()),
        ("type", kind.into()),
    ])
}

pub(super) fn probe(path: &str) -> Value {
    map([
        ("failureThreshold", 3.into()),
        (
            "httpGet",
            map([
                ("path", path.into()),
                ("port", "http".into()),
                ("scheme", "HTTP".into()),
            ]),
        ),
        ("periodSeconds", 10.into()),
        ("successThreshold", 1.into()),
        ("timeoutSeconds", 1.into()),
    ])
}

pub(super) fn container(w: &Workload) -> Value {
    let env = (0..24)
        .map(|index| {
            map([
                ("name", format!("SETTING_{index}").into()),
                ("value", format!("value-{index} of {}", w.name).into()),
            ])
        })
        .collect::<Vec<_>>();
    map([
        (
            "args",
            Value::from(vec![
                "--listen=:8080".into(),
                "--log-format=json".into(),
                "- odd: argument #1".into(),
            ]),
        ),
        ("env", env.into()),
        (
            "image",
            format!("registry.example.com/{}:1.4.2", w.name).into(),
        ),
        ("imagePullPolicy", "IfNotPresent".into()),
        ("livenessProbe", probe("/livez")),
        ("name", "app".into()),
        (
            "ports",
            Value::from(vec![map([
                ("containerPort", 8080.into()),
                ("name", "http".into()),
                ("protocol", "TCP".into()),
            ])]),
        ),
        ("readinessProbe", probe("/readyz")),
        (
            "resources",
            map([
                (
                    "limits",
                    map([("cpu", "1".into()), ("memory", "256Mi".into())]),
                ),
                (
                    "requests",
                    map([("cpu", "100m".into()), ("memory", "128Mi".into())]),
                ),
            ]),
        ),
        ("terminationMessagePath", "/dev/termination-log".into()),
        ("terminationMessagePolicy", "File".into()),
        (
            "volumeMounts",
            Value::from(vec![map([
                (
                    "mountPath",
                    "/var/run/secrets/kubernetes.io/serviceaccount".into(),
                ),
                ("name", "kube-api-access-abcde".into()),
                ("readOnly", true.into()),
            ])]),
        ),
    ])
}

pub(super) fn pod_spec(w: &Workload, node: &str) -> Value {
    let toleration = |key: &str| {
        map([
            ("effect", "NoExecute".into()),
            ("key", key.into()),
            ("operator", "Exists".into()),
            ("tolerationSeconds", 300.into()),
        ])
    };
    map([
        ("containers", Value::from(vec![container(w)])),
        ("dnsPolicy", "ClusterFirst".into()),
        ("enableServiceLinks", true.into()),
        ("nodeName", node.into()),
        ("preemptionPolicy", "PreemptLowerPriority".into()),
        ("priority", 0.into()),
        ("restartPolicy", "Always".into()),
        ("schedulerName", "default-scheduler".into()),
        ("securityContext", map([])),
        ("serviceAccount", "default".into()),
        ("serviceAccountName", "default".into()),
        ("terminationGracePeriodSeconds", 30.into()),
        (
            "tolerations",
            Value::from(vec![
                toleration("node.kubernetes.io/not-ready"),
                toleration("node.kubernetes.io/unreachable"),
            ]),
        ),
        (
            "volumes",
            Value::from(vec![map([
                ("name", "kube-api-access-abcde".into()),
                (
                    "projected",
                    map([
                        ("defaultMode", 420.into()),
                        (
                            "sources",
                            Value::from(vec![map([(
                                "serviceAccountToken",
                                map([("expirationSeconds", 3607.into()), ("path", "token".into())]),
                            )])]),
                        ),
                    ]),
                ),
            ])]),
        ),
    ])
}

pub(super) fn status(w: &Workload, broken: bool, random: &mut Random) -> Value {
    let id = format!("containerd://{}", random.hex(64));
    let killed = || {
        map([(
            "terminated",
            map([
                ("containerID", id.as_str().into()),
                ("exitCode", 137.into()),
                ("finishedAt", "2026-07-14T02:48:11Z".into()),
                ("reason", "OOMKilled".into()),
                ("startedAt", "2026-07-14T02:47:40Z".into()),
            ]),
        )])
    };
    let state = if broken {
        map([(
            "waiting",
            map([
                (
                    "message",
                    "back-off 5m0s restarting failed container=app".into(),
                ),
                ("reason", "CrashLoopBackOff".into()),
            ]),
        )])
    } else {
        map([(
            "running",
            map([("startedAt", "2026-07-01T08:00:05Z".into())]),
        )])
    };
    map([
        ("containerID", id.as_str().into()),
        (
            "image",
            format!("registry.example.com/{}:1.4.2", w.name).into(),
        ),
        (
            "imageID",
            format!("registry.example.com/{}@sha256:{}", w.name, random.hex(64)).into(),
        ),
        ("lastState", if broken { killed() } else { map([]) }),
        ("name", "app".into()),
        ("ready", (!broken).into()),
        ("restartCount", if broken { 14 } else { 0 }.into()),
        ("started", (!broken).into()),
        ("state", state),
    ])
}

/// What the API server keeps about who set what: half of a raw pod.
pub(super) fn managed_fields() -> Value {
    let leaf = || map([("f:name", map([])), ("f:value", map([]))]);
    let env = (0..24)
        .map(|index| (format!("k:{{\"name\":\"SETTING_{index}\"}}"), leaf()))
        .collect::<Vec<_>>();
    let fields = map([(
        "f:spec",
        map([
            ("f:containers", sorted(env)),
            ("f:dnsPolicy", map([])),
            ("f:restartPolicy", map([])),
        ]),
    )]);
    Value::from(vec![map([
        ("apiVersion", "v1".into()),
        ("fieldsType", "FieldsV1".into()),
        ("fieldsV1", fields),
        ("manager", "kube-controller-manager".into()),
        ("operation", "Update".into()),
        ("time", "2026-07-01T08:00:00Z".into()),
    ])])
}

pub(super) fn log_line(index: usize, name: &str, random: &mut Random, out: &mut String) {
    use std::fmt::Write as _;
    let second = index / 40;
    let _ = write!(
        out,
        "2026-07-14T{:02}:{:02}:{:02}.{:09}Z ",
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
        random.below(999_999_999)
    );
    let _ = match random.below(2_000) {
        0 => writeln!(
            out,
            "E0714 02:41:07.123456       1 reflector.go:158] \"Unhandled Error\" err=\"dial tcp 10.96.0.1:443: connect: connection refused\""
        ),
        1 => writeln!(out, "java.lang.OutOfMemoryError: Java heap space"),
        2..=600 => writeln!(
            out,
            "{{\"level\":\"info\",\"service\":\"{name}\",\"path\":\"/api/v1/items/{}\",\"status\":200,\"ms\":{}}}",
            random.below(99_999),
            random.below(900)
        ),
        601..=1_200 => writeln!(
            out,
            "10.244.{}.{} - - \"GET /{name}/{} HTTP/1.1\" 200 {} \"-\" \"probe/1.0\"",
            random.below(250),
            random.below(250),
            random.hex(12),
            random.below(9_000)
        ),
        1_201..=1_700 => writeln!(
            out,
            "I0714 02:41:07.{:06}       1 controller.go:231] \"Reconciled\" item=\"{name}/{}\" took=\"{}ms\"",
            random.below(999_999),
            random.suffix(9),
            random.below(400)
        ),
        _ => writeln!(
            out,
            "time=\"2026-07-14T02:41:07Z\" level=info msg=\"flushed {} records of {name}\" shard={}",
            random.below(5_000),
            random.below(64)
        ),
    };
}
