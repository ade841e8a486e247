//! Facts from small bundles.

use coldcase_bundle::Bundle;

use super::*;

mod ports;
mod runs;
mod wanted;

/// Derives facts from texts and hands them to a check.
fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
    let bundle = Bundle::from_texts("test", files.iter().copied());
    let snapshot = coldcase_snapshot::read(&bundle);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    check(&derive(&snapshot));
}

const NOW: (&str, &str) = (
    "bundle.yaml",
    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
);

fn pod(name: &str, labels: &str, status: &str) -> String {
    format!(
        "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: {name}, namespace: shop, uid: u-{name}, creationTimestamp: \"2026-07-14T08:00:00Z\", labels: {{{labels}}}}}\n  spec:\n    containers:\n    - {{name: app, image: a}}\n  status: {status}\n"
    )
}

const READY: &str = "{phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: app, ready: true, restartCount: 0, state: {running: {startedAt: \"2026-07-14T08:00:05Z\"}}}]}";

#[test]
fn a_selector_typo_is_a_near_miss() {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: checkout", READY));
    let services = "items:\n- {apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop, uid: s1}, spec: {selector: {app: chekout}, clusterIP: 10.0.0.1}}\n";
    with(
        &[NOW, ("pods.yaml", &pods), ("services.yaml", services)],
        |facts| {
            let miss = facts.get(facts.of_kind("SelectorMiss")[0]);
            assert_eq!(
                (
                    miss.str_at(&["expected"]),
                    miss.str_at(&["actual"]),
                    miss.bool_at(&["nearMiss"])
                ),
                (Some("chekout"), Some("checkout"), true)
            );
            assert_eq!(facts.health_of(facts.of_kind("Pod")[0]), PodHealth::Healthy);
        },
    );
}

#[test]
fn an_unplaceable_pod_is_recomputed() {
    let pending = "{phase: Pending}";
    let pods = format!(
        "items:\n{}kind: List\n",
        pod("a", "app: x", pending).replace(
            "  spec:\n",
            "  spec:\n    nodeSelector: {disktype: nvme-fast}\n"
        )
    );
    let nodes = "items:\n- {apiVersion: v1, kind: Node, metadata: {name: n1, uid: n, labels: {disktype: nvme}}, status: {allocatable: {cpu: \"4\", memory: 8Gi, pods: \"110\"}}}\n";
    with(
        &[NOW, ("pods.yaml", &pods), ("nodes.yaml", nodes)],
        |facts| {
            let fit = facts.get(facts.of_kind("NodeFit")[0]);
            assert_eq!(
                (fit.str_at(&["verdict"]), fit.str_at(&["nearMiss"])),
                (Some("selector"), Some("disktype=nvme on n1"))
            );
        },
    );
}

#[test]
fn what_looks_young_may_be_old_if_nothing_tells_the_capture() {
    let unschedulable = "{phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, lastTransitionTime: \"2026-07-14T08:00:10Z\"}]}";
    let creating = "{phase: Pending, containerStatuses: [{name: app, ready: false, restartCount: 0, state: {waiting: {reason: ContainerCreating}}}]}";
    let pods = format!(
        "items:\n{}{}kind: List\n",
        pod("a", "app: x", unschedulable),
        pod("b", "app: x", creating)
    );
    with(&[("pods.yaml", &pods)], |facts| {
        assert_eq!(facts.now(), "2026-07-14T08:00:10Z".parse().ok());
        let health = |at: usize| facts.health_of(facts.of_kind("Pod")[at]);
        assert_eq!(
            (health(0), health(1)),
            (PodHealth::Failing, PodHealth::Unknown)
        );
    });
    let early = (NOW.0, NOW.1.replace("10:00:00Z", "08:00:12Z"));
    with(&[(early.0, &early.1), ("pods.yaml", &pods)], |facts| {
        let health = |at: usize| facts.health_of(facts.of_kind("Pod")[at]);
        assert_eq!(
            (health(0), health(1)),
            (PodHealth::Starting, PodHealth::Starting)
        );
    });
}

#[test]
fn a_crash_loop_between_two_runs_is_failing_although_it_runs() {
    let status = "{phase: Running, conditions: [{type: Ready, status: \"True\"}], containerStatuses: [{name: app, ready: true, restartCount: 5, state: {running: {startedAt: \"2026-07-14T09:59:50Z\"}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled, startedAt: \"2026-07-14T09:58:00Z\", finishedAt: \"2026-07-14T09:58:12Z\"}}}]}";
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: x", status));
    with(&[NOW, ("pods.yaml", &pods)], |facts| {
        let container = facts.get(facts.of_kind("Container")[0]);
        assert_eq!(container.str_at(&["ended", "runtime"]), Some("12"));
        assert_eq!(facts.health_of(facts.of_kind("Pod")[0]), PodHealth::Failing);
    });
}

#[test]
fn dns_is_blocked_without_a_rule_for_port_53() {
    let pods = format!("items:\n{}kind: List\n", pod("a", "app: x", READY));
    let policy = "items:\n- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: shop, uid: p}, spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]}}\n";
    with(
        &[NOW, ("pods.yaml", &pods), ("networkpolicies.yaml", policy)],
        |facts| {
            assert_eq!(facts.of_kind("DnsBlock").len(), 1);
        },
    );
    let open = policy.replace(
        "{ports: [{port: 5432}]}",
        "{ports: [{port: 53, protocol: UDP}]}",
    );
    with(
        &[NOW, ("pods.yaml", &pods), ("networkpolicies.yaml", &open)],
        |facts| {
            assert!(facts.of_kind("DnsBlock").is_empty());
        },
    );
}

#[test]
fn a_described_pod_that_never_started_has_no_ended_instance() {
    let describe = |node: &str, phase: &str, state: &str| {
        format!(
            "Name:             a\nNamespace:        shop\nPriority:         0\nNode:             {node}\nLabels:           app=a\nStatus:           {phase}\nIP:               \nContainers:\n  app:\n    Image:        reg/a:1\n    Port:         <none>\n{state}    Environment:  <none>\nConditions:\n  Type           Status\n  PodScheduled   False\nEvents:           <none>\n"
        )
    };
    let waiting = "    State:          Waiting\n      Reason:       ContainerCreating\n    Ready:          False\n    Restart Count:  0\n";
    for (text, absent) in [
        (describe("<none>", "Pending", ""), true),
        (describe("n1/10.0.0.1", "Pending", ""), true),
        (describe("n1/10.0.0.1", "Pending", waiting), true),
        (describe("n1/10.0.0.1", "Running", ""), false),
    ] {
        with(&[("describe.txt", &text)], |facts| {
            let containers = facts.of_kind("Container");
            assert_eq!(containers.len(), 1, "{text}");
            let ended = facts.get(containers[0]).field("ended");
            assert_eq!(
                ended.is_some_and(coldcase_snapshot::packed::View::is_null),
                absent,
                "{text}"
            );
        });
    }
}

#[test]
fn a_table_tells_the_health_of_pods_and_leaves_their_containers_open() {
    let table = "$ kubectl get pods -n shop\n\
        NAME     READY   STATUS                  RESTARTS       AGE\n\
        a-loop   0/1     CrashLoopBackOff        7 (2m ago)     40m\n\
        b-well   2/2     Running                 0              40m\n\
        c-half   1/2     Running                 0              40m\n\
        d-new    0/1     ContainerCreating       0              3s\n\
        e-done   0/1     Completed               0              3d\n\
        f-died   0/1     OOMKilled               0              9m\n\
        g-old    0/1     Error                   0              3d\n\
        h-init   0/2     Init:CrashLoopBackOff   4 (20s ago)    9m\n\
        i-gone   1/1     Terminating             0              9m\n\
        j-back   1/1     Running                 5 (1m ago)     9m\n";
    with(&[("notes.txt", table)], |facts| {
        let pods = facts.of_kind("Pod");
        let health: Vec<&str> = pods
            .iter()
            .map(|pod| facts.health_of(*pod).word())
            .collect();
        assert_eq!(
            health,
            [
                "failing", "healthy", "failing", "starting", "done", "failing", "unknown",
                "failing", "leaving", "unknown"
            ]
        );
        let of = |at: usize| facts.get(facts.containers(pods[at])[0]);
        assert_eq!(of(0).label(), "a container");
        assert_eq!(
            of(0).str_at(&["waiting", "reason"]),
            Some("CrashLoopBackOff")
        );
        assert_eq!(of(0).int_at(&["restartCount"]), Some(7));
        assert!(of(0).partial && of(0).bool_at(&["failing"]));
        assert!(of(1).bool_at(&["healthy"]));
        assert_eq!(of(5).str_at(&["ended", "reason"]), Some("OOMKilled"));
        // Which of the containers was restarted the sum does not say.
        assert_eq!(of(7).label(), "an init container");
        assert_eq!(of(7).int_at(&["restartCount"]), None);
        assert_eq!(facts.get(pods[7]).int_at(&["restarts"]), Some(4));
        assert_eq!(facts.get(pods[0]).int_at(&["age"]), Some(2_400));
    });
}

#[test]
fn a_node_that_a_table_calls_not_ready_is_not() {
    let table = "$ kubectl get nodes\n\
        NAME   STATUS                        ROLES    AGE   VERSION\n\
        n1     Ready                         <none>   9d    v1.30.1\n\
        n2     NotReady,SchedulingDisabled   <none>   9d    v1.30.1\n\
        n3     Unknown                       <none>   9d    v1.30.1\n";
    with(&[("notes.txt", table)], |facts| {
        let nodes = facts.of_kind("Node").iter().map(|id| facts.get(*id));
        let health: Vec<Option<&str>> = nodes.map(|node| node.str_at(&["health"])).collect();
        assert_eq!(health, [Some("ready"), Some("notready"), Some("unknown")]);
    });
}

#[test]
fn a_replica_set_tells_the_deployment_that_nobody_captured() {
    let described = "$ kubectl describe rs cart-7d4b9c5f68\nName:           cart-7d4b9c5f68\nNamespace:      shop\nSelector:       app=cart,pod-template-hash=7d4b9c5f68\nControlled By:  Deployment/cart\nReplicas:       0 current / 3 desired\nPods Status:    0 Running / 0 Waiting / 0 Succeeded / 0 Failed\nPod Template:\n  Labels:  app=cart\nEvents:\n  Type     Reason        Age   From                   Message\n  ----     ------        ----  ----                   -------\n  Warning  FailedCreate  111s  replicaset-controller  Error creating: pods \"cart-7d4b9c5f68-6s9qt\" is forbidden: failed quota: most\n";
    let workloads = |text: &str, check: &dyn Fn(&Facts<'_>, &[EntityId])| {
        with(&[("ticket.txt", text)], |facts| {
            let event = facts.of_kind("Event")[0];
            check(facts, &facts.related("workload", event).ids);
        });
    };
    workloads(described, &|facts, found| {
        let [workload] = found else {
            panic!("{found:?}")
        };
        let workload = facts.get(*workload);
        assert_eq!(workload.subject.kind, "Deployment");
        assert!(workload.partial && workload.int_at(&["desired"]).is_none());
    });
    // A whole list without it says that it is gone.
    let listed = format!(
        "{described}$ kubectl get deployments -n shop\nNo resources found in shop namespace.\n"
    );
    workloads(&listed, &|_, found| assert_eq!(found, []));
}
