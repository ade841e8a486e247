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
