//! Tests of which pod, container and instance a path names.

use proptest::prelude::*;

use super::*;
use crate::node::Node;

fn known(pods: &[(&str, &str, &[&str])]) -> Known {
    let mut known = Known::default();
    for (namespace, pod, containers) in pods {
        let containers = containers
            .iter()
            .map(|name| Node::map(vec![("name", Node::text(*name))]));
        let spec = Node::map(vec![("containers", Node::seq(containers.collect()))]);
        let root = Node::map(vec![("spec", spec)]).into();
        known.add(&(*namespace).into(), &(*pod).into(), &root);
    }
    known
}

fn known_of_dashes() -> Known {
    known(&[
        ("x", "x-0", &["x", "logs"]),
        ("a", "x-0", &[]),
        ("a", "a-b", &["a"]),
    ])
}

#[test]
fn logs_are_found_in_every_layout() {
    let none = Known::default();
    let id = "0123456789abcdef".repeat(4);
    let by_id = format!("n/containers/p_ns_app-{id}.log");
    for (path, previous) in [
        ("logs/ns/p/app.log", false),
        ("logs/ns/p/app.previous.log", true),
        ("x/cluster-resources/pods/logs/ns/p/app-previous.log", true),
        ("namespaces/ns/pods/p/app/app/logs/previous.log", true),
        (
            "namespaces/ns/pods/p/app/app/logs/previous.insecure.log",
            true,
        ),
        (
            "namespaces/ns/pods/p/app/app/logs/rotated/0.log.20260101-000000",
            false,
        ),
        ("node/pods/ns_p_uid/app/3.log", false),
        ("logs/ns/p/app.log.1", true),
        ("x/namespaces/ns/pods/p/app/current.log", false),
        ("x/namespaces/ns/pods/p/app/previous.log", true),
        (
            "conditional/namespaces/ns/pods/p/containers/app/logs/last-50-lines.log",
            false,
        ),
        (
            "conditional/namespaces/ns/pods/p/containers/app/logs-previous/last-50-lines.log",
            true,
        ),
        (
            "kubectl_--kubeconfig_x_--namespace_ns_logs_p_-c_app_--previous",
            true,
        ),
        ("kubectl_logs_-n_ns_p_--container=app.txt", false),
        (
            "k8s_app_p_ns_cc955a23-2e83-4e49-a190-79d9f3cdb117_0.logs",
            false,
        ),
        (by_id.as_str(), false),
    ] {
        let place = of_path(path, &none).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(
            (
                place.namespace.as_str(),
                place.pod.as_str(),
                place.container.as_str(),
                place.previous
            ),
            ("ns", "p", "app", previous),
            "{path}"
        );
    }
    assert_eq!(
        of_path(
            "cluster-resources/pods/logs/ns/p/app-logs-errors.log",
            &none
        ),
        None
    );
    let loose = of_path("some/where/p-1_app.txt", &known(&[("ns", "p-1", &[])])).unwrap();
    assert_eq!(
        (loose.pod.as_str(), loose.container.as_str()),
        ("p-1", "app")
    );
}

#[test]
fn a_container_may_be_called_previous() {
    let known = known(&[("ns", "p", &["x-previous", "y"])]);
    let of = |path: &str| of_path(path, &known).map(|place| (place.container, place.previous));
    assert_eq!(
        of("logs/ns/p/x-previous.log"),
        Some(("x-previous".to_owned(), false))
    );
    assert_eq!(of("logs/ns/p/y-previous.log"), Some(("y".to_owned(), true)));
    assert_eq!(of("all/p/y-previous.log"), Some(("y".to_owned(), true)));
}

#[test]
fn a_log_named_after_a_workload_is_its_only_pods() {
    let known = known(&[
        ("shop", "cart-5bdf4d4cd6-hkkws", &["app"]),
        ("shop", "db-0", &["pg", "exporter"]),
        ("shop", "web-5bdf4d4cd6-hkkws", &["app"]),
        ("shop", "web-5bdf4d4cd6-2xkws", &["app"]),
        ("shop", "web-admin-77d8bd54b-x2v5p", &["app"]),
    ]);
    let of = |path: &str| {
        of_path(path, &known).map(|place| (place.pod, place.container, place.previous))
    };
    let is = |pod: &str, container: &str, previous| {
        Some((pod.to_owned(), container.to_owned(), previous))
    };
    assert_eq!(
        of("logs/cart.log"),
        is("cart-5bdf4d4cd6-hkkws", "app", false)
    );
    assert_eq!(
        of("logs/cart-previous.log"),
        is("cart-5bdf4d4cd6-hkkws", "app", true)
    );
    assert_eq!(of("logs/db.log"), is("db-0", "", false));
    assert_eq!(
        of("logs/web-admin.log"),
        is("web-admin-77d8bd54b-x2v5p", "app", false)
    );
    // Which of two pods it is nobody knows, and other directories hold other things.
    assert_eq!(of("logs/web.log"), None);
    assert_eq!(of("manifests/cart.txt"), None);
}

#[test]
fn logs_that_a_viewer_saved_are_their_pods() {
    let known = known(&[
        ("shop", "cart-5bdf4d4cd6-hkkws", &["app", "proxy"]),
        ("shop", "db-0", &["pg"]),
    ]);
    let of = |path: &str| {
        of_path(path, &known).map(|place| (place.pod, place.container, place.previous))
    };
    let cart = |container: &str| {
        Some((
            "cart-5bdf4d4cd6-hkkws".to_owned(),
            container.to_owned(),
            false,
        ))
    };
    assert_eq!(
        of("shop-cart-5bdf4d4cd6-hkkws-app-1772610000.log"),
        cart("app")
    );
    assert_eq!(
        of("cart-5bdf4d4cd6-hkkws-container-proxy-logs-2026-03-04T09_10_00.log"),
        cart("proxy")
    );
    assert_eq!(of("shop-cart-5bdf4d4cd6-hkkws-1772610000.log"), cart(""));
    assert_eq!(
        of("shop-db-0-previous-177.log"),
        Some(("db-0".to_owned(), "pg".to_owned(), true))
    );
    assert_eq!(of("shop-mdb-0-177.log"), None);
}

#[test]
fn podlogs_split_where_the_namespace_ends() {
    let known = known(&[("my-shop", "cart-0", &["app"])]);
    let of =
        |path: &str| of_path(path, &known).map(|p| (p.namespace, p.pod, p.container, p.previous));
    let is = |ns: &str, pod: &str, c: &str, previous| {
        Some((ns.to_owned(), pod.to_owned(), c.to_owned(), previous))
    };
    assert_eq!(
        of("rke2/podlogs/my-shop-cart-0-previous"),
        is("my-shop", "cart-0", "app", true)
    );
    assert_eq!(
        of("rke2/podlogs/kube-system-coredns-1"),
        is("kube-system", "coredns-1", "", false)
    );
}

#[test]
fn podlogs_of_pods_that_stand_elsewhere_make_no_namespace() {
    let known = known(&[("billing", "ledger-6c5d8f7b9c-k2xvz", &["ledger"])]);
    let of = |path: &str| of_path(path, &known).map(|p| (p.namespace, p.pod, p.previous));
    let is = |previous| {
        Some((
            "billing".to_owned(),
            "ledger-6c5d8f7b9c-k2xvz".to_owned(),
            previous,
        ))
    };
    assert_eq!(of("r/podlogs/ledger-6c5d8f7b9c-k2xvz.log"), is(false));
    assert_eq!(of("r/podlogs/ledger-6c5d8f7b9c-k2xvz.log.0"), is(true));
    assert_eq!(
        of("podlogs/billing_ledger-6c5d8f7b9c-k2xvz_ledger.log"),
        is(false)
    );
    // Of a pod that nobody knows only a known namespace tells where the namespace ends.
    assert_eq!(of("podlogs/parcel-77d8bd54b-x2v5p.log"), None);
    assert_eq!(
        of("podlogs/billing-parcel-0.log"),
        Some(("billing".to_owned(), "parcel-0".to_owned(), false))
    );
}

#[test]
fn however_a_name_is_put_together_it_is_the_known_pods() {
    let pod = "ledger-6c5d8f7b9c-k2xvz";
    let known = known(&[
        ("billing", pod, &["ledger"]),
        ("billing", "queue-0", &["mq", "exporter"]),
        ("billing", "metrics-0", &["metrics-db", "status"]),
    ]);
    let of = |path: &str| {
        let place = of_path(&path.replace("POD", pod), &known)?;
        assert_eq!(
            (place.namespace.as_str(), place.pod.as_str()),
            ("billing", pod),
            "{path}"
        );
        Some((place.container, place.previous))
    };
    for path in [
        "x/billing-POD.log",
        "x/billing_POD.log",
        "x/pod_POD.log",
        "x/logs-POD.txt",
        "x/operand_pod_POD.log",
        "x/ledger_POD.log",
        "x/ledger-POD.log",
        "x/logs-from-ledger-in-POD.log",
        "x/POD-ledger.txt",
        "x/POD_current.log",
        "x/POD.log.txt",
        "x/POD_ledger_logs.txt",
        "x/POD-logs-2026-03-04.log",
        "x/POD.out",
        "logs/POD",
        "x/POD/logs",
        "x/POD/logs.txt",
        "billing/POD/ledger/logs.txt",
        "billing/POD/ledger/current.log",
        "billing/POD/logs_ledger.log",
        "billing/POD/container-ledger.log",
        "pods/POD/ledger/ledger/logs/current.log",
        "var/log/pods/billing_POD/ledger/0.log",
        "logs/billing_POD_0b7e1c52-9f5e-4f0a-8a43-0f3b6c1d2e3f/ledger/14.log",
        "logs/2026-03-04/POD/ledger.log",
    ] {
        assert_eq!(of(path), Some(("ledger".to_owned(), false)), "{path}");
    }
    for path in [
        "x/logs-POD-ledger-20260304-110000-prev.log",
        "x/POD-prev.log",
        "x/POD_prev.txt",
        "x/POD.prev.log",
        "x/POD.log.prev",
        "x/POD.log.0",
        "x/POD.log.1",
        "previous/POD.log",
        "logs/prev/POD.log",
        "x/POD/ledger.previous",
        "x/POD/ledger/previous.log",
        "x/POD_previous.log",
        "x/prev_POD.log",
        "x/POD-ledger.prev.log",
        "logs/billing/POD/previous.log",
        "logs/billing/POD/ledger.log.prev",
    ] {
        assert_eq!(of(path), Some(("ledger".to_owned(), true)), "{path}");
    }
    // What is no container's name makes none, and who of two it was nobody knows.
    assert_eq!(of("x/POD/slow-queries.log"), Some((String::new(), false)));
    assert_eq!(of("x/POD/metrics.log"), Some((String::new(), false)));
    let place = of_path("x/metrics-0/metrics-db.txt", &known).unwrap();
    assert_eq!(place.container, "metrics-db");
    let place = of_path("x/queue-0/current.log", &known).unwrap();
    assert_eq!(
        (place.pod.as_str(), place.container.as_str()),
        ("queue-0", "")
    );
    let place = of_path("x/queue-0_exporter-prev.log", &known).unwrap();
    assert_eq!(
        (place.container.as_str(), place.previous),
        ("exporter", true)
    );
}

#[test]
fn what_is_about_a_pod_is_no_log_of_it() {
    let known = known(&[
        ("a", "web-0", &["web"]),
        ("b", "web-0", &["web"]),
        ("a", "db-0", &["db"]),
        ("a", "shop", &["shop"]),
    ]);
    for path in [
        "x/db-0.yaml",
        "x/db-0-describe.txt",
        "x/db-0.descr",
        "x/db-0_sockets.txt",
        "x/db-0",
        // Two namespaces have one, and the path says neither.
        "x/web-0.log",
        // A name of one word among others.
        "x/shop-frontend-errors2.log",
    ] {
        assert_eq!(of_path(path, &known), None, "{path}");
    }
    for path in ["b/web-0.log", "x/b_web-0.log", "x/web-0_b_web.log"] {
        let place = of_path(path, &known).unwrap();
        assert_eq!(
            (place.namespace.as_str(), place.container.as_str()),
            ("b", "web")
        );
    }
    assert_eq!(of_path("x/a-shop.log", &known).unwrap().pod, "shop");
}

#[test]
fn a_table_without_namespaces_makes_no_second_pod() {
    let known = known(&[
        ("", "db-0", &[]),
        ("a", "db-0", &["db"]),
        ("", "web-0", &[]),
    ]);
    let of = |path: &str| of_path(path, &known).map(|place| (place.namespace, place.container));
    let is = |namespace: &str, container: &str| Some((namespace.to_owned(), container.to_owned()));
    assert_eq!(of("x/pod_db-0.log"), is("a", "db"));
    assert_eq!(of("x/pod_web-0.log"), is("", ""));
}

#[test]
fn a_log_named_by_its_containers_id_is_the_pods_that_tells_it() {
    let (now, then) = ("0f".repeat(32), "1e".repeat(32));
    let id = |id: &str| Node::text(format!("containerd://{id}"));
    let state = |name: &'static str, of: Node| Node::map(vec![(name, of)]);
    let ended = state("terminated", Node::map(vec![("containerID", id(&then))]));
    let status = Node::map(vec![
        ("name", Node::text("pg")),
        ("containerID", id(&now)),
        ("lastState", ended),
        (
            "state",
            state("running", Node::map(vec![("startedAt", Node::text("x"))])),
        ),
    ]);
    let list = Node::map(vec![("containerStatuses", Node::seq(vec![status]))]);
    let root = Node::map(vec![("status", list)]).into();
    let mut known = Known::default();
    known.add(&"shop".into(), &"db-0".into(), &root);
    let known = known.with_ids();
    for (id, previous) in [(&now, false), (&then, true)] {
        let place = of_path(&format!("containers/{id}/{id}-json.log"), &known).unwrap();
        assert_eq!(
            (place.pod.as_str(), place.container.as_str(), place.previous),
            ("db-0", "pg", previous)
        );
    }
    let other = "2d".repeat(32);
    assert_eq!(
        of_path(&format!("containers/{other}/{other}-json.log"), &known),
        None
    );
}

proptest! {
    #[test]
    fn any_path_is_read(path in "[a-z0-9_./=-]{0,80}", log in "(logs|pods|containers|podlogs|k8s_|kubectl_logs_|_|/|-c|\\.log|x){0,12}") {
        let known = known(&[("x", "x", &["x"])]);
        let _ = of_path(&path, &known);
        let _ = of_path(&log, &known);
        let dashed = known_of_dashes();
        let _ = of_path(&path, &dashed);
        let _ = of_path(&log.replace('k', "x-0"), &dashed);
    }
}
