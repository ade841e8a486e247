//! Facts about what should be and is not: room for pods, and objects that a quota keeps out.

use super::*;

#[test]
fn a_cordoned_control_plane_is_no_lost_room() {
    let waiting = pod(
        "a",
        "app: x",
        "{phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable}]}",
    );
    let placed = pod("b", "app: x", READY).replace("  spec:\n", "  spec:\n    nodeName: w1\n");
    let pods = format!("items:\n{waiting}{placed}kind: List\n");
    let nodes = |label: &str| {
        format!(
            "items:\n- {{apiVersion: v1, kind: Node, metadata: {{name: m1, uid: m, labels: {{{label}: \"\"}}}}, spec: {{unschedulable: true}}, status: {{allocatable: {{cpu: \"4\", memory: 8Gi, pods: \"110\"}}}}}}\n- {{apiVersion: v1, kind: Node, metadata: {{name: w1, uid: n}}, status: {{allocatable: {{cpu: \"4\", memory: 8Gi, pods: \"1\"}}}}}}\n"
        )
    };
    for (label, expected) in [
        ("node-role.kubernetes.io/master", "pods"),
        ("example.com/rack", "cordoned"),
    ] {
        with(
            &[NOW, ("pods.yaml", &pods), ("nodes.yaml", &nodes(label))],
            |facts| {
                let fit = facts.get(facts.of_kind("NodeFit")[0]);
                let verdict = fit.str_at(&["verdict"]);
                // Without the role a cordon and a full node stand side by side, and the cordon comes first.
                assert_eq!(verdict, Some(expected), "{label}");
            },
        );
    }
}

#[test]
fn a_full_quota_and_a_service_that_pods_name() {
    let quota = "items:\n- {apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: shop, uid: q}, status: {hard: {services: \"1\"}, used: {services: \"1\"}}}\n";
    let services = "items:\n- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop, uid: s}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}\n";
    let mail = "items:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: mail, namespace: shop, uid: d}, spec: {replicas: 0}}\n";
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: web", READY)).replace(
        "image: a}",
        "image: a, env: [{name: MAIL, value: \"mail:5000\"}, {name: WEB, value: \"web:80\"}]}",
    );
    let missing = |quota: &str| {
        let mut names = Vec::new();
        with(
            &[
                NOW,
                ("pods.yaml", &pods),
                ("services.yaml", services),
                ("deployments.yaml", mail),
                ("quotas.yaml", quota),
            ],
            |facts| {
                names = facts
                    .of_kind("NotCreated")
                    .iter()
                    .filter_map(|id| facts.get(*id).str_at(&["name"]).map(str::to_owned))
                    .collect();
            },
        );
        names
    };
    assert_eq!(missing(quota), ["mail"]);
    assert!(
        missing(&quota.replace("hard: {services: \"1\"}", "hard: {services: \"2\"}")).is_empty()
    );
}

#[test]
fn what_a_description_leaves_out_its_manifest_tells() {
    let text = "$ kubectl -n shop describe pod web-6d4f-x7\nName:             web-6d4f-x7\nNamespace:        shop\nNode:             <none>\nLabels:           app=web\n                  pod-template-hash=6d4f\nStatus:           Pending\nControlled By:    ReplicaSet/web-6d4f\nContainers:\n  app:\n    Image:        img:1\nNode-Selectors:   <none>\nTolerations:      <none>\nEvents:\n  Type     Reason            Age   From               Message\n  ----     ------            ----  ----               -------\n  Warning  FailedScheduling  20s   default-scheduler  0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.\n\n$ kubectl -n shop describe deployment web\nName:                   web\nNamespace:              shop\nSelector:               app=web\nReplicas:               1 desired | 1 updated | 1 total | 0 available | 1 unavailable\nPod Template:\n  Labels:  app=web\n  Containers:\n   app:\n    Image:        img:1\n";
    let manifest = |image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: {image}\n      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n            - matchExpressions:\n              - key: disk\n                operator: In\n                values: [fast]\n              - key: lent\n                operator: DoesNotExist\n"
        )
    };
    let hidden = "labels of its node affinity";
    let told = "disk=fast,!lent (as its manifest says)";
    let (same, other) = (manifest("img:1"), manifest("img:2"));
    for (manifests, expected) in [
        (vec![], hidden),
        (vec![("deploy/web.yaml", same.as_str())], told),
        // Of another version, and of two nobody knows which.
        (vec![("deploy/web.yaml", other.as_str())], hidden),
        (
            vec![
                ("deploy/a/web.yaml", same.as_str()),
                ("deploy/b/web.yaml", same.as_str()),
            ],
            hidden,
        ),
    ] {
        let files: Vec<(&str, &str)> = [NOW, ("ticket.txt", text)]
            .into_iter()
            .chain(manifests)
            .collect();
        with(&files, |facts| {
            let fit = facts.get(facts.of_kind("NodeFit")[0]);
            assert_eq!(fit.str_at(&["selector"]), Some(expected));
            let place = fit.cite_of("selector").unwrap();
            let path = facts.snapshot.bundle.file(place.file).path.as_str();
            let expected = if expected == told {
                ("deploy/web.yaml", 16, 20)
            } else {
                ("ticket.txt", 17, 17)
            };
            assert_eq!((path, place.line, place.end_line), expected);
        });
    }
}

#[test]
fn a_manifest_of_another_environment_is_not_the_objects() {
    let text = "$ kubectl -n prod get deployments\nNAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    0/1     1            0           5d\n";
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - {name: app, image: img:1}\n";
    for (path, known) in [
        ("overlays/dev/web.yaml", 0),
        ("deploy/web.yaml", 1),
        ("prod/web.yaml", 1),
    ] {
        with(&[NOW, ("ticket.txt", text), (path, manifest)], |facts| {
            assert_eq!(facts.of_kind("Manifest").len(), known, "{path}");
        });
    }
}
