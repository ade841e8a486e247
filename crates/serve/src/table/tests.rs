//! What kubectl's users see of each kind.

use super::*;

fn context() -> Context {
    Context {
        now: coldcase_snapshot::stamp::rfc3339("2026-07-14T03:00:00Z"),
    }
}

fn cells(group: &str, kind: &str, object: &Value) -> Vec<String> {
    let (columns, print) = own(group, kind).unwrap();
    let cells = print(object, context());
    assert_eq!(columns.len(), cells.len(), "{kind}");
    cells
        .iter()
        .map(|cell| {
            cell.as_str()
                .map_or_else(|| cell.to_string(), str::to_owned)
        })
        .collect()
}

#[test]
fn a_pod_in_trouble_says_which() {
    let pod = json!({"metadata": {"name": "web-0", "creationTimestamp": "2026-07-14T02:00:00Z"},
        "spec": {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [
            {"name": "a", "ready": false, "restartCount": 4,
             "state": {"waiting": {"reason": "CrashLoopBackOff"}},
             "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-07-14T02:57:00Z"}}},
            {"name": "b", "ready": true, "restartCount": 0, "state": {"running": {}}}]}});
    assert_eq!(
        cells("", "Pod", &pod),
        [
            "web-0",
            "1/2",
            "CrashLoopBackOff",
            "4 (3m ago)",
            "60m",
            "10.0.0.1",
            "n1",
            "<none>",
            "<none>"
        ]
    );
}

#[test]
fn init_containers_and_deletion_come_first() {
    let mut pod = json!({"metadata": {"name": "x"},
        "spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}, {"name": "j"}]},
        "status": {"phase": "Pending", "initContainerStatuses": [
            {"name": "i", "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
            {"name": "j", "restartCount": 2, "state": {"waiting": {"reason": "PodInitializing"}}}]}});
    assert_eq!(cells("", "Pod", &pod)[1..4], ["0/1", "Init:1/2", "2"]);
    pod["metadata"]["deletionTimestamp"] = "2026-07-14T02:59:00Z".into();
    assert_eq!(cells("", "Pod", &pod)[2], "Terminating");
}

#[test]
fn a_pod_of_a_table_shows_what_it_showed() {
    let pod = json!({"metadata": {"name": "web-0"}, "ageSeconds": 172_800,
        "table": {"containers": 2, "ready": 1, "restarts": 3, "status": "Error"}});
    assert_eq!(
        cells("", "Pod", &pod)[..5],
        ["web-0", "1/2", "Error", "3", "2d"]
    );
}

#[test]
fn a_service_shows_its_ports() {
    let service = json!({"metadata": {"name": "web"}, "spec": {"type": "LoadBalancer",
        "clusterIP": "10.1.0.1", "selector": {"b": "2", "a": "1"},
        "ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]}});
    assert_eq!(
        cells("", "Service", &service),
        [
            "web",
            "LoadBalancer",
            "10.1.0.1",
            "<pending>",
            "80:30080/TCP,53/UDP",
            "<unknown>",
            "a=1,b=2"
        ]
    );
}

#[test]
fn an_event_is_the_same_in_both_shapes() {
    let old = json!({"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "web-0"},
        "lastTimestamp": "2026-07-14T02:58:00Z", "count": 3, "type": "Warning", "reason": "BackOff",
        "message": "no\n", "source": {"component": "kubelet", "host": "n1"}});
    let mut new = crate::events::converted(&old).unwrap();
    new["apiVersion"] = "events.k8s.io/v1".into();
    let cells = [
        cells("", "Event", &old),
        cells("events.k8s.io", "Event", &new),
    ];
    assert_eq!(cells[0], cells[1]);
    assert_eq!(
        cells[0],
        [
            "2m",
            "Warning",
            "BackOff",
            "pod/web-0",
            "",
            "kubelet, n1",
            "no",
            "<unknown>",
            "3",
            "e"
        ]
    );
}

#[test]
fn every_kind_prints_an_empty_object() {
    for kind in [
        "Pod",
        "Deployment",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "ControllerRevision",
        "Service",
        "Endpoints",
        "EndpointSlice",
        "Ingress",
        "IngressClass",
        "NetworkPolicy",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "StorageClass",
        "VolumeAttachment",
        "CSIDriver",
        "CSINode",
        "Node",
        "Namespace",
        "Event",
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "ResourceQuota",
        "LimitRange",
        "Role",
        "ClusterRole",
        "CustomResourceDefinition",
        "Lease",
        "PriorityClass",
        "RuntimeClass",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "APIService",
        "RoleBinding",
        "ClusterRoleBinding",
        "CertificateSigningRequest",
    ] {
        cells("", kind, &json!({}));
        cells(
            "",
            kind,
            &json!({"spec": [], "status": "x", "metadata": null}),
        );
    }
    assert!(own("example.org", "Pod").is_none() && own("serving.knative.dev", "Service").is_none());
}

#[test]
fn the_parts_of_other_kinds() {
    let node = json!({"metadata": {"name": "n1", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": true}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}],
        "nodeInfo": {"kubeletVersion": "v1.31.2"}}});
    assert_eq!(
        cells("", "Node", &node)[1..3],
        ["NotReady,SchedulingDisabled", "worker"]
    );
    let scaler = json!({"metadata": {"name": "web"}, "spec": {"maxReplicas": 5, "metrics": [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}}]},
        "status": {"currentReplicas": 2, "currentMetrics": [
        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 41}}}]}});
    assert_eq!(
        cells("autoscaling", "HorizontalPodAutoscaler", &scaler)[2..6],
        ["cpu: 41%/80%", "<unset>", "5", "2"]
    );
    let job = json!({"metadata": {"name": "j"}, "spec": {"completions": 2}, "status": {"succeeded": 1,
        "startTime": "2026-07-14T02:59:00Z"}});
    assert_eq!(cells("batch", "Job", &job)[1..4], ["Running", "1/2", "60s"]);
    let endpoints = json!({"metadata": {"name": "e"}, "subsets": [{"addresses": [{"ip": "1"}, {"ip": "2"}],
        "ports": [{"port": 80}, {"port": 81}]}]});
    assert_eq!(
        cells("", "Endpoints", &endpoints)[1],
        "1:80,1:81,2:80 + 1 more..."
    );
}
