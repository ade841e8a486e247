//! Facts about Services: ports and protocols, selectors, what callers ask for, and claims that a quota refuses.

use super::*;

const SERVICE: &str = "items:\n- {apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop, uid: s1}, spec: {selector: {app: x}, clusterIP: 10.0.0.1, ports: [PORT]}}\n";

/// The misses of a Service's port over one pod, each as `reason sure spoken`.
fn misses(port: &str, container: &str) -> Vec<String> {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: x", READY))
        .replace("image: a}", &format!("image: a{container}}}"));
    let services = SERVICE.replace("PORT", port);
    let mut found = Vec::new();
    with(
        &[NOW, ("pods.yaml", &pods), ("services.yaml", &services)],
        |facts| {
            let all = facts.of_kind("PortMiss").iter().map(|id| facts.get(*id));
            found = all
                .map(|miss| {
                    let text = |field: &str| miss.str_at(&[field]).unwrap_or("-").to_owned();
                    format!("{} {} {}", text("reason"), text("sure"), text("spoken"))
                })
                .collect();
        },
    );
    found
}

#[test]
fn a_port_leads_to_a_number_that_is_declared_or_asked_for() {
    let of = |target: &str, container: &str| {
        misses(
            &format!("{{port: 80, targetPort: {target}, protocol: TCP}}"),
            container,
        )
    };
    let declared = ", ports: [{containerPort: 8080, name: web}]";
    assert!(of("8080", declared).is_empty());
    assert!(of("web", declared).is_empty());
    assert_eq!(of("wob", declared), ["port true -"]);
    assert_eq!(of("8081", declared), ["port false -"]);
    let own = ", ports: [{containerPort: 80}]";
    assert_eq!(of("8081", own), ["port true -"]);
    // Nobody declares anything: only what the probes are answered on tells.
    assert!(of("8081", "").is_empty());
    let asked = |port: &str| format!(", readinessProbe: {{httpGet: {{port: {port}}}}}");
    assert!(of("8081", &asked("8081")).is_empty());
    assert_eq!(of("8081", &asked("8080")), ["port false -"]);
}

#[test]
fn the_protocol_is_part_of_a_port() {
    let udp = "{port: 70, targetPort: 7000, protocol: UDP}";
    let tcp = ", ports: [{containerPort: 7000, protocol: TCP}]";
    let asked = ", ports: [{containerPort: 7000}], readinessProbe: {grpc: {port: 7000}}";
    assert_eq!(misses(udp, tcp), ["protocol false TCP"]);
    assert_eq!(misses(udp, asked), ["protocol true TCP"]);
    assert_eq!(misses(udp, ""), ["protocol false TCP"]);
    assert_eq!(
        misses("{port: 70, targetPort: 7000}", &tcp.replace("TCP", "UDP")),
        ["protocol false UDP"]
    );
    assert!(misses("{port: 70, targetPort: 7000}", tcp).is_empty());
    let both = format!("{udp}, {{port: 70, targetPort: 7000, protocol: TCP}}");
    assert!(misses(&both, asked).is_empty());
    // A name is looked up together with its protocol, whatever else the Service has.
    let named = "{port: 70, targetPort: rpc, protocol: UDP}";
    let rpc = ", ports: [{containerPort: 7000, name: rpc}]";
    assert_eq!(misses(named, rpc), ["protocol true TCP"]);
}

#[test]
fn a_workload_of_the_services_name_is_meant() {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: ledger", READY));
    let services = SERVICE
        .replace("app: x", "tier: books")
        .replace("name: s", "name: ledger")
        .replace("PORT", "{port: 80}");
    let deployments = "items:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME, namespace: shop, uid: d}, spec: {replicas: 1, template: {metadata: {labels: {app: ledger}}}}}\n";
    for (name, near) in [("ledger", true), ("other", false)] {
        let deployments = deployments.replace("NAME", name);
        with(
            &[
                NOW,
                ("pods.yaml", &pods),
                ("services.yaml", &services),
                ("deployments.yaml", &deployments),
            ],
            |facts| {
                let miss = facts.get(facts.of_kind("SelectorMiss")[0]);
                assert_eq!(miss.bool_at(&["nearMiss"]), near, "{name}");
                assert_eq!(miss.str_at(&["actual"]), None);
                assert_eq!(miss.str_at(&["found"]), Some("no label tier"));
            },
        );
    }
}

/// Who is at fault for a port that a Service lacks: two callers ask for `asked`, and it leads to 9090.
fn at_fault(own: &str, asked: [&str; 2]) -> Vec<String> {
    let pods: String = asked
        .iter()
        .zip(["a", "b"])
        .map(|(port, name)| {
            let env = format!("image: a, env: [{{name: S, value: \"s:{port}\"}}]}}");
            pod(name, "app: y", READY).replace("image: a}", &env)
        })
        .collect();
    let pods = format!("items:\n{pods}kind: List\n");
    let services = SERVICE.replace("PORT", &format!("{{port: {own}, targetPort: 9090}}"));
    let mut found = Vec::new();
    with(
        &[NOW, ("pods.yaml", &pods), ("services.yaml", &services)],
        |facts| {
            let all = facts.of_kind("AddressMiss").iter();
            found = all
                .filter_map(|id| facts.get(*id).str_at(&["atFault"]).map(str::to_owned))
                .collect();
        },
    );
    found
}

#[test]
fn a_service_that_differs_from_all_its_callers_is_at_fault() {
    assert_eq!(at_fault("9091", ["9090", "9090"]), ["service", "service"]);
    assert_eq!(at_fault("80", ["9090", "9090"]), ["service", "service"]);
    // Nothing of the Service's has this port.
    assert_eq!(at_fault("80", ["9092", "9092"]), ["caller", "caller"]);
    assert_eq!(at_fault("80", ["9090", "80"]), ["caller"]);
    assert_eq!(at_fault("80", ["9090", "9092"]), ["caller", "caller"]);
    assert!(at_fault("9090", ["9090", "9090"]).is_empty());
}

#[test]
fn a_quota_refuses_a_claim_that_is_larger_than_what_is_left() {
    let waiting = pod("a", "app: x", "{phase: Pending}").replace(
        "  spec:\n",
        "  spec:\n    volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]\n",
    );
    let pods = format!("items:\n{waiting}kind: List\n");
    let claims = "items:\n- {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: other, namespace: shop, uid: c}, spec: {resources: {requests: {storage: 1Gi}}}}\n";
    let manifest = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {storageClassName: fast, resources: {requests: {storage: 2Gi}}}\n";
    let refused = |resource: &str, used: &str, hard: &str, manifest: &str| {
        let quota = format!(
            "items:\n- {{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q, namespace: shop, uid: q}}, status: {{hard: {{{resource}: \"{hard}\"}}, used: {{{resource}: \"{used}\"}}}}}}\n"
        );
        let mut found = 0;
        with(
            &[
                NOW,
                ("pods.yaml", &pods),
                ("persistentvolumeclaims.yaml", claims),
                ("quotas.yaml", &quota),
                ("manifests/data.yaml", manifest),
            ],
            |facts| found = facts.of_kind("NotCreated").len(),
        );
        found == 1
    };
    let storage = "requests.storage";
    assert!(refused(storage, "1Gi", "2Gi", manifest));
    assert!(!refused(storage, "1Gi", "3Gi", manifest));
    // Of unknown size it is refused only where nothing is left.
    assert!(!refused(storage, "1Gi", "2Gi", ""));
    assert!(refused(storage, "2Gi", "2Gi", ""));
    let fast = "fast.storageclass.storage.k8s.io/requests.storage";
    assert!(refused(fast, "0", "1Gi", manifest));
    assert!(!refused(
        &fast.replace("fast", "slow"),
        "0",
        "1Gi",
        manifest
    ));
    assert!(refused("persistentvolumeclaims", "1", "1", manifest));
    assert!(!refused("persistentvolumeclaims", "1", "2", manifest));
}

#[test]
fn a_description_without_names_of_ports_leaves_names_open() {
    let text = |port: &str| {
        format!(
            "$ kubectl -n shop describe pod web-6d4f-x7\nName:             web-6d4f-x7\nNamespace:        shop\nNode:             w1/10.0.0.4\nLabels:           app=web\nStatus:           Running\nContainers:\n  app:\n    Image:        img:1\n    Port:         {port}\n    State:        Running\n    Ready:        True\nConditions:\n  Type   Status\n  Ready  True\nEvents:  <none>\n\n$ kubectl -n shop describe service web\nName:  web\nNamespace:  shop\nSelector:  app=web\nType:  ClusterIP\nIP:  10.0.0.9\nPort:  <unset>  80/TCP\nTargetPort:  http/TCP\nEndpoints:  10.1.0.1:8080\nSession Affinity:  None\nEvents:  <none>\n"
        )
    };
    for (port, sure) in [
        ("8080/TCP", Some("false")),
        ("8080/TCP (web)", Some("true")),
        ("8080/TCP (http)", None),
    ] {
        with(&[("notes.txt", &text(port))], |facts| {
            let miss = facts.of_kind("PortMiss").first();
            let told = miss.and_then(|id| facts.get(*id).str_at(&["sure"]));
            assert_eq!(told, sure, "{port}");
        });
    }
}
