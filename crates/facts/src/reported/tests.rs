//! Tests of what events tell of objects that nobody captured.

use coldcase_bundle::Bundle;

use crate::Facts;

fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
    let bundle = Bundle::from_texts("t", files.iter().copied());
    let snapshot = coldcase_snapshot::read(&bundle);
    check(&crate::derive(&snapshot));
}

const HEAD: &str = "LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\n";

fn of_pod(rows: &str, check: impl FnOnce(&Facts<'_>, &crate::Entity<'_>)) {
    let text = format!("$ kubectl get events -n shop\n{HEAD}{rows}");
    with(&[("ticket.txt", &text)], |facts| {
        let pod = facts.object("Pod", "shop", "cart-0").unwrap();
        check(facts, facts.get(pod));
    });
}

#[test]
fn why_a_container_cannot_be_created_is_what_the_kubelet_says() {
    let row = "1m   Warning   Failed   pod/cart-0   Error: secret \"till\" not found\n";
    let waits = |facts: &Facts<'_>| {
        let made = facts.get(*facts.of_kind("Container").first().unwrap());
        let field = |path: &[&str]| made.str_at(path).map(str::to_owned);
        (
            field(&["waiting", "reason"]),
            field(&["waiting", "message"]),
        )
    };
    of_pod(row, |facts, _| {
        let (reason, message) = waits(facts);
        assert_eq!(reason.as_deref(), Some("CreateContainerConfigError"));
        assert_eq!(message.as_deref(), Some("secret \"till\" not found"));
    });
    let told = row.replace(
        "secret \"till\" not found",
        "failed to create containerd task: no",
    );
    of_pod(&told, |facts, _| {
        assert_eq!(waits(facts).0.as_deref(), Some("RunContainerError"));
    });
}

#[test]
fn a_crash_loop_has_the_last_words_of_the_only_log() {
    let row = "NAME     READY   STATUS             RESTARTS      AGE\n\
         cart-0   0/1     CrashLoopBackOff   6 (51s ago)   9m\n";
    let text = |more: &str| {
        format!(
            "$ kubectl get pods -n shop\n{row}{more}$ kubectl logs cart-0 -n shop\nopening\npanic: no till\n"
        )
    };
    let words = |facts: &Facts<'_>| {
        let made = facts.get(*facts.of_kind("Container").first().unwrap());
        made.str_at(&["lastWords"]).map(str::to_owned)
    };
    with(&[("ticket.txt", &text(""))], |facts| {
        assert_eq!(words(facts).as_deref(), Some("panic: no till"));
    });
    let running = text("")
        .replace("CrashLoopBackOff", "Running         ")
        .replace("0/1", "1/1");
    with(&[("ticket.txt", &running)], |facts| {
        assert_eq!(words(facts), None);
    });
}

#[test]
fn the_scheduler_names_a_node_as_well() {
    let rows = "2m   Normal   Scheduled   pod/cart-0   Successfully assigned shop/cart-0 to w1\n\
         1m   Warning   FailedCreatePodSandBox   pod/cart-0   Failed to create pod sandbox: no\n";
    of_pod(rows, |facts, pod| {
        assert!(facts.object("Node", "", "w1").is_some());
        assert_eq!(pod.str_at(&["spec", "nodeName"]), Some("w1"));
        assert_eq!(facts.pods_of_node.get("w1").map(Vec::len), Some(1));
    });
}

#[test]
fn the_newest_trouble_holds_until_a_later_stage() {
    let unplaced = "2m   Warning   FailedScheduling   pod/cart-0   0/3 nodes are available: 3 Insufficient cpu.\n";
    of_pod(unplaced, |facts, pod| {
        assert_eq!(pod.str_at(&["health"]), Some("failing"));
        assert_eq!(pod.str_at(&["status", "phase"]), Some("Pending"));
        assert_eq!(facts.of_kind("NodeFit").len(), 1);
    });
    let placed = format!(
        "{unplaced}1m   Normal   Scheduled   pod/cart-0   Successfully assigned shop/cart-0 to w1\n"
    );
    of_pod(&placed, |_, pod| {
        assert_eq!(pod.str_at(&["health"]), None);
        assert_eq!(pod.str_at(&["spec", "nodeName"]), Some("w1"));
    });
    of_pod(&unplaced.replace("2m", "52m"), |_, pod| {
        assert_eq!(pod.str_at(&["health"]), None);
    });
    let once = "2m   Warning   Unhealthy   pod/cart-0   Readiness probe failed: 503\n";
    of_pod(once, |_, pod| assert_eq!(pod.str_at(&["health"]), None));
}

#[test]
fn a_pod_that_a_whole_list_does_not_hold_is_gone() {
    let pods =
        "NAME     READY   STATUS    RESTARTS   AGE\ndb-0     1/1     Running   0          3d\n";
    let events = format!(
        "{HEAD}2m   Warning   BackOff   pod/cart-0   Back-off restarting failed container\n"
    );
    for namespace in ["", " -n shop"] {
        let text = format!(
            "$ kubectl get pods{namespace}\n{pods}\n$ kubectl get events{namespace}\n{events}"
        );
        with(&[("ticket.txt", &text)], |facts| {
            assert_eq!(facts.of_kind("Pod").len(), 1, "{namespace}");
        });
    }
}

#[test]
fn a_node_that_only_pods_name_is_partial() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: cart-0, namespace: shop, uid: p1}\nspec: {nodeName: w1}\nstatus: {phase: Running}\n";
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: w2, uid: n1}\n";
    let nodes = |files: &[(&str, &str)]| {
        let mut names = Vec::new();
        with(files, |facts| {
            let all = facts.of_kind("Node").iter();
            names = all
                .map(|id| facts.get(*id).subject.name.to_string())
                .collect();
            assert!(
                facts
                    .of_kind("Node")
                    .iter()
                    .all(|id| facts.get(*id).partial == (facts.get(*id).subject.name == "w1"))
            );
        });
        names
    };
    assert_eq!(nodes(&[("a/pods.yaml", pod), ("x/y", "")]), ["w1"]);
    let both = [("a/pods.yaml", pod), ("a/nodes.yaml", node)];
    assert_eq!(nodes(&both), ["w2"]);
}

#[test]
fn what_a_kubelet_tries_to_get_back_is_lacking() {
    for (resource, expected) in [
        ("memory", Some("MemoryPressure")),
        ("ephemeral-storage", Some("DiskPressure")),
        ("inodes", Some("DiskPressure")),
        ("something", None),
    ] {
        let text = format!(
            "{HEAD}2m   Warning   EvictionThresholdMet   node/w1   Attempting to reclaim {resource}\n"
        );
        with(&[("ticket.txt", &text)], |facts| {
            let node = facts.get(facts.object("Node", "", "w1").unwrap());
            let conditions = node.field("status").map(|it| it.items_at(&["conditions"]));
            let first = conditions.and_then(|it| it.first()?.str_at(&["type"]));
            assert_eq!(first, expected, "{resource}");
        });
    }
}

#[test]
fn a_container_that_starts_ends_the_troubles_of_its_image() {
    let failed = "2m   Warning   Failed   pod/cart-0   Failed to pull image \"a\": timeout\n";
    let started = "1m   Normal   Started   pod/cart-0   Started container cart\n";
    of_pod(failed, |_, pod| {
        assert_eq!(pod.str_at(&["health"]), Some("failing"));
    });
    of_pod(&[failed, started].concat(), |_, pod| {
        assert_eq!(pod.str_at(&["health"]), None);
    });
}

#[test]
fn the_last_change_of_a_node_is_its_state() {
    let rows = "9m   Normal   NodeHasNoDiskPressure   node/w1   no pressure\n2m   Warning   NodeHasDiskPressure   node/w1   pressure\n";
    let text = format!("{HEAD}{rows}");
    with(&[("ticket.txt", &text)], |facts| {
        let node = facts.get(facts.object("Node", "", "w1").unwrap());
        let conditions = node.field("status").unwrap().items_at(&["conditions"]);
        assert_eq!(
            conditions
                .iter()
                .next()
                .and_then(|it| it.str_at(&["status"])),
            Some("True")
        );
    });
}

#[test]
fn a_row_of_a_pod_that_is_being_created_has_the_node_of_its_events() {
    let pods = "NAME     READY   STATUS              RESTARTS   AGE\n\
         cart-0   0/1     ContainerCreating   0          9m\n";
    let events = "9m   Normal   Scheduled   pod/cart-0   Successfully assigned shop/cart-0 to w1\n";
    for (rows, expected) in [(events, Some("w1")), ("", None)] {
        let text =
            format!("$ kubectl get pods -n shop\n{pods}$ kubectl get events -n shop\n{HEAD}{rows}");
        with(&[("ticket.txt", &text)], |facts| {
            let pod = facts.get(facts.object("Pod", "shop", "cart-0").unwrap());
            assert!(
                pod.field("spec")
                    .is_some_and(|spec| spec.get("nodeName").is_some())
            );
            assert_eq!(pod.str_at(&["spec", "nodeName"]), expected);
        });
    }
}
