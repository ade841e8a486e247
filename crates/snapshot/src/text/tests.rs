//! Tests over whole texts: transcripts, named files, bare tables, and what is left alone.

use super::*;

fn found_in(path: &str, text: &str) -> Option<Found> {
    read(path, text, FileId(3), &Context::default())
}

fn found(text: &str) -> Found {
    found_in("ticket.txt", text).unwrap()
}

const PODS: &str =
    "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          2m\n";

#[test]
fn a_transcript() {
    let text = format!(
        "$ kubectl get pods -n s\n{PODS}\n$ date -u\nThu Jan  1 12:00:00 UTC 2026\n$ kubectl get pods -n t\n{PODS}\n\
         $ kubectl version\nClient Version: v1.1.1\nServer Version: v1.33.0\n\
         $ kubectl logs -n s a -c app -p\nline one\n# date\nline three\n\n\
         $ kubectl get secret x -n s\nError from server (NotFound): secrets \"x\" not found\n\
         root@n1:~# journalctl -u kubelet\nJan 01 11:59:00 n1 kubelet[1]: hello\nroot@n1:~#\n"
    );
    let found = found(&text);
    assert_eq!(found.objects.len(), 2);
    let created = |at: usize| found.objects[at].str_at(&["metadata", "creationTimestamp"]);
    assert_eq!(
        (created(0), created(1)),
        (None, Some("2026-01-01T11:58:00Z"))
    );
    assert_eq!(found.objects[0].int_at(&["ageSeconds"]), Some(120));
    assert_eq!(found.now, stamp::rfc3339("2026-01-01T12:00:00Z"));
    assert_eq!(found.version.as_deref(), Some("v1.33.0"));
    let log = &found.logs[0];
    assert_eq!(
        (
            log.namespace.as_str(),
            log.pod.as_str(),
            log.container.as_str()
        ),
        ("s", "a", "app")
    );
    assert_eq!(
        (log.span.first, log.span.last, log.previous),
        (15, 17, true)
    );
    assert_eq!(found.absent[0].name, "x");
    assert_eq!(
        (
            found.journals[0].node.as_str(),
            found.journals[0].span.first
        ),
        ("n1", 22)
    );
    assert_eq!(found.lists.len(), 2);
}

#[test]
fn filters_make_a_list_incomplete() {
    for filter in ["grep a", "head -20", "tail -3", "awk '{print}'"] {
        let found = found(&format!("$ kubectl get pods -n s | {filter}\n{PODS}"));
        assert_eq!((found.objects.len(), found.lists.len()), (1, 0), "{filter}");
    }
    let rows = PODS.lines().nth(1).unwrap();
    let bare = found(&format!("$ kubectl get pods -n s | grep a\n{rows}\n"));
    assert_eq!(
        bare.objects[0].str_at(&["table", "status"]),
        Some("Running")
    );
    let full = found(&format!("$ kubectl get pods -n s | less\n{PODS}"));
    assert_eq!(full.lists.len(), 1);
}

#[test]
fn documents_keep_their_lines() {
    let yaml = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
    let text = format!(
        "$ date\nx\n$ kubectl get pod a -n s -o yaml\n{yaml}\n$ kubectl get po -n s -o json\n{{\"kind\": \"List\",\n\"items\": []}}\n"
    );
    let found = found(&text);
    assert_eq!(
        found.documents[0].at(&["metadata", "name"]).unwrap().line,
        7
    );
    assert_eq!(found.documents[1].line, 10);
    assert_eq!(
        found.lists,
        [Listed {
            kind: "Pod".into(),
            namespace: Some("s".into())
        }]
    );
    let selected = found_in("t", "$ kubectl get po -l a=b -o yaml\napiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata:\n    name: x\n").unwrap();
    assert_eq!(selected.documents[0].str_at(&["kind"]), Some("Pod"));
}

#[test]
fn files_named_after_their_command() {
    let all = "NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE\ns           a      1/1     Running   0          2m\n";
    for path in [
        "x/kubectl_get_pods_-A_-o_wide",
        "rke2/kubectl/pods",
        "get-pods.txt",
    ] {
        let found = found_in(path, all).unwrap();
        assert_eq!(
            found.objects[0].str_at(&["metadata", "namespace"]),
            Some("s"),
            "{path}"
        );
        assert_eq!(
            found.lists,
            [Listed {
                kind: "Pod".into(),
                namespace: None
            }],
            "{path}"
        );
    }
    let bare = found_in("cluster.txt", all).unwrap();
    assert_eq!((bare.objects.len(), bare.lists.len()), (1, 0));
    let json = "{\"kind\": \"PodList\", \"items\": []}\n";
    let list = found_in("sos/kubectl_get_-o_json_--namespace_s_pods", json).unwrap();
    assert_eq!(list.documents.len(), 1);
    let date = found_in("sos_commands/date/date", "Fri Feb 11 19:23:39 UTC 2022\n").unwrap();
    assert!(date.now.is_some());
    let log = found_in(
        "sos/kubectl_--namespace_s_logs_a-1",
        "2026-01-01T00:00:00Z hello\n",
    )
    .unwrap();
    assert_eq!(
        (log.logs[0].pod.as_str(), log.logs[0].namespace.as_str()),
        ("a-1", "s")
    );
    let refused = found_in(
        "sos/kubectl_get_projects",
        "error: the server doesn't have a resource type \"projects\"\n",
    );
    assert_eq!(refused.unwrap().failed[0].kind, "projects");
}

#[test]
fn pasted_texts() {
    let ticket = format!("Hello,\nsee the pods:\n\n{PODS}\nregards\n");
    assert_eq!(found(&ticket).objects.len(), 1);
    let markdown = format!(
        "# Report\n\n`kubectl get pods -n s`:\n\n```\n{PODS}```\n\nWe saw:\n```console\n$ kubectl get pods -n t\n{PODS}```\n"
    );
    let found = found(&markdown);
    let namespaces: Vec<_> = found
        .objects
        .iter()
        .map(|pod| pod.str_at(&["metadata", "namespace"]))
        .collect();
    assert_eq!(namespaces, [Some("s"), Some("t")]);
}

#[test]
fn checks_of_connections() {
    let found = found(
        "$ kubectl -n s exec web-1 -- curl -s http://api:80\ncurl: (7) Failed to connect to api port 80\n$ kubectl exec -it web-2 -- bash\nroot@web-2:/# nc -zv db 5432\ndb (10.0.0.1:5432) open\n",
    );
    let from: Vec<_> = found
        .hosts
        .iter()
        .map(|probe| {
            (
                probe.root.str_at(&["from"]),
                probe.root.bool_at(&["ok"]),
                probe.node.as_str(),
            )
        })
        .collect();
    assert_eq!(
        from,
        [
            (Some("web-1"), Some(false), ""),
            (Some("web-2"), Some(true), "")
        ]
    );
}

#[test]
fn the_current_namespace_and_several_commands() {
    let text = format!(
        "$ kubectl config set-context --current --namespace=s\nContext \"x\" modified.\n$ kubectl get pods\n{PODS}\n$ kubectl get po -n t; kubectl get cm -n t\n{PODS}NAME   DATA   AGE\nc      1      9d\n"
    );
    let found = found(&text);
    let said: Vec<_> = found
        .objects
        .iter()
        .map(|object| {
            (
                object.str_at(&["kind"]).unwrap(),
                object.str_at(&["metadata", "namespace"]),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("Pod", Some("s")),
            ("Pod", Some("t")),
            ("ConfigMap", Some("t"))
        ]
    );
    assert_eq!(
        found.lists,
        [Listed {
            kind: "Pod".into(),
            namespace: Some("s".into())
        }]
    );
}

#[test]
fn scripts_in_output_are_no_commands() {
    let text = format!(
        "$ kubectl get cm x -n s -o yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  run.sh: |\n    # date\n    kubectl get pods\n$ kubectl get pods -n s\n{PODS}"
    );
    let found = found(&text);
    assert_eq!(
        found.documents[0].str_at(&["data", "run.sh"]),
        Some("# date\nkubectl get pods\n")
    );
    assert_eq!(found.objects.len(), 1);
}

#[test]
fn logs_and_documents_of_other_sorts_are_left_alone() {
    for text in [
        "2026-01-01T00:00:00Z INFO start\n2026-01-01T00:00:01Z kubectl get pods\n",
        "{\"ts\":\"x\"}\n{\"ts\":\"y\"}\n",
        "E0101 00:00:00.000000 1 a.go:1] x\nI0101 00:00:00.000000 1 a.go:1] y\n",
        "# This file is managed\nnameserver 10.0.0.10\n",
        "Starting server\nlistening on :80\npanic: oops\n",
        "NAME   VALUE\nx      y\n",
        "key: value\nother: thing\n",
        "",
        "kubectl is a tool\nthat people use\n",
        "starting job\n+ kubectl apply -f x.yaml\ndeployment.apps/web configured\ndone\n",
    ] {
        assert!(found_in("some/app.log", text).is_none(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_safe(text in "(\\$ |# |> |```|kubectl |get |logs |pods |-o yaml|-n s|\\n|NAME|AGE|   |Name:|apiVersion: v1|date|[a-z0-9/é{}:-]){0,100}", path in "[a-z_/.-]{0,30}") {
        let _ = found_in(&path, &text);
    }

    #[test]
    fn lines_lie_in_the_text(rows in 1_u32..20, before in 0_usize..5) {
        let mut text = "\n".repeat(before);
        text.push_str("$ kubectl get cm -n s\nNAME   DATA   AGE\n");
        text.extend((0..rows).map(|row| format!("c-{row:02}   1      9d\n")));
        let found = found_in("x.txt", &text).unwrap();
        for (object, line) in found.objects.iter().zip(3 + u32::try_from(before).unwrap()..) {
            proptest::prop_assert_eq!(object.line, line);
        }
        proptest::prop_assert_eq!(found.objects.len(), rows as usize);
    }
}

#[test]
fn a_damaged_answer_is_no_list_and_bulk_is_left_out() {
    let cut = "$ kubectl get pods -A -o yaml\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  \
               metadata:\n    name: a\n    namespace: n\n";
    let read_cut = found(cut);
    assert!(read_cut.lists.is_empty(), "{:?}", read_cut.lists);
    assert_eq!(read_cut.cut, [("Pod".to_owned(), 2)]);
    assert_eq!(read_cut.problems.len(), 1);
    let whole = format!("{cut}kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    let again = found(&whole);
    assert_eq!((again.lists.len(), again.cut.len()), (1, 0));

    let text = "$ kubectl get pod a -n n -o json\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\
                \"managedFields\":[{\"fieldsV1\":{\"f:a\":{}}}]}}\n";
    let reading = yaml::Reading::default().without_bulk(|_| false);
    let context = Context {
        reading: Some(&reading),
        ..Context::default()
    };
    let found = read("t.txt", text, FileId(0), &context).unwrap();
    let fields = found.documents[0].items_at(&["metadata", "managedFields"]);
    assert!(fields[0].get("fieldsV1").is_none());
}

#[test]
fn a_text_of_several_parts_is_read_in_all_of_them() {
    let described = "Name:         b-0\nNamespace:    shop\nNode:         w1/10.0.0.4\nStatus:       Running\nIP:           10.0.1.2\nContainers:\n  b:\n    Ready:  True\nEvents:  <none>\n";
    let yaml = "apiVersion: v1\nkind: Node\nmetadata:\n  name: w1\n";
    let text = format!(
        "Pods:\n{PODS}\n{described}=== node ===\n{yaml}\nThe last words of it.\n\nLogs of pod b-0 (previous):\n\n2026-01-01T10:00:00Z starting\n2026-01-01T10:00:01Z gone\n"
    );
    for text in [
        text.clone(),
        text.replace("=== node ===\n", "```\n")
            .replace("\nThe", "```\nThe"),
    ] {
        let found = found(&text);
        let names: Vec<&str> = found
            .objects
            .iter()
            .filter_map(|object| object.str_at(&["metadata", "name"]))
            .collect();
        assert_eq!(names, ["a", "b-0"], "{text}");
        assert_eq!(found.documents.len(), 1);
        let log = &found.logs[0];
        assert_eq!(
            (log.namespace.as_str(), log.pod.as_str(), log.previous),
            ("shop", "b-0", true)
        );
        assert_eq!(log.span.last - log.span.first, 1);
        assert_eq!(found.unread.len(), 1);
    }
    let command = found(&format!(
        "$ kubectl get pods -n shop\n{PODS}2026-01-01T10:00:00Z INFO b 1.2 starting\n"
    ));
    assert_eq!((command.objects.len(), command.logs.len()), (1, 1));
    let both = found(&format!(
        "$ kubectl describe pod b-0\n{PODS}{described}\n{PODS}"
    ));
    assert_eq!(both.objects.len(), 3);
}

#[test]
fn a_file_may_hold_only_a_refusal() {
    let found = found_in(
        "x/nodes.yaml",
        "Error from server (Forbidden): nodes is forbidden: User \"me\" cannot list resource \"nodes\" in API group \"\" at the cluster scope\n",
    )
    .unwrap();
    let failed = &found.failed[0];
    assert_eq!((failed.kind.as_str(), failed.line), ("Node", 1));
    assert!(failed.what.starts_with("nodes.yaml: Error from server"));
    let text = "error: the server doesn't have a resource type \"servicess\"\n";
    let found = found_in("x/services.yaml", text).unwrap();
    let kinds: Vec<&str> = found.failed.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["servicess", "Service"]);
    let text = "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n";
    let found = found_in("x/pvc.yaml", text).unwrap();
    assert_eq!(found.failed[0].kind, "PersistentVolumeClaim");
}

#[test]
fn a_table_behind_a_log_is_read_where_people_wrote() {
    let log = "2026-01-01T10:00:00Z starting\n".repeat(70);
    let text = format!("{log}\n{PODS}");
    let found = found_in("ticket.txt", &text).unwrap();
    assert_eq!((found.objects.len(), found.logs.len()), (1, 1));
    assert!(found_in("cart.log", &text).is_none());
    assert!(found_in("ticket.txt", &log).is_none());
}

#[test]
fn a_row_is_of_the_namespace_in_which_its_object_is_described() {
    let described = "Name:         a\nNamespace:    shop\nNode:         w1/10.0.0.4\nStatus:       Running\nIP:           10.0.1.2\nContainers:\n  a:\n    Ready:  True\nEvents:  <none>\n";
    let namespaces = |text: &str| -> Vec<Option<String>> {
        let objects = found(text).objects;
        let namespace = |it: &Node| it.str_at(&["metadata", "namespace"]).map(str::to_owned);
        objects.iter().map(namespace).collect()
    };
    let shop = Some("shop".to_owned());
    assert_eq!(
        namespaces(&format!("{PODS}\n{described}")),
        [shop.clone(), shop.clone()]
    );
    let other = described.replace("Name:         a", "Name:         b-0");
    assert_eq!(namespaces(&format!("{PODS}\n{other}")), [None, shop]);
}

#[test]
fn a_test_run_is_a_log_with_events() {
    let line = "  Jan  1 10:05:00.1: INFO: At 2026-01-01 10:00:00 +0000 UTC - event for cart-0: {kubelet w1} BackOff: Back-off restarting\n";
    let found = found_in("build-log.txt", line).unwrap();
    assert_eq!(found.objects[0].str_at(&["reason"]), Some("BackOff"));
    let log = "I0101 10:00:00.000000 7 framework.go:185] Creating a client\n".repeat(3) + line;
    let found = found_in("build-log.txt", &log).unwrap();
    assert_eq!((found.objects.len(), found.logs.len()), (1, 1));
}

#[test]
fn events_below_a_command_are_of_what_it_names() {
    let rows = "  Normal   Killing    13m (x6 over 17m)     kubelet  Container cart failed liveness probe, will be restarted\n  Warning  Unhealthy  12m (x20 over 17m)    kubelet  Liveness probe failed: cat: /tmp/ok: No such file\n";
    for above in ["", "...\n", "Events:\n"] {
        let found = found(&format!(
            "$ kubectl -n shop describe pod cart-0 | tail -2\n{above}{rows}"
        ));
        assert_eq!(found.objects.len(), 2, "{above}");
        for event in &found.objects {
            let about = |key| event.str_at(&["involvedObject", key]);
            assert_eq!(about("kind"), Some("Pod"), "{above}");
            assert_eq!(
                (about("namespace"), about("name")),
                (Some("shop"), Some("cart-0"))
            );
        }
    }
    // Asked for by the beginning of its name; the message has the whole.
    let found = found(&format!(
        "$ kubectl describe pod cart\n{rows}  Warning  BackOff  2m  kubelet  Back-off restarting failed container cart in pod cart-0_shop(1f7c)\n"
    ));
    let last = found.objects.last().unwrap();
    assert_eq!(last.str_at(&["involvedObject", "name"]), Some("cart-0"));
    assert_eq!(last.str_at(&["metadata", "namespace"]), Some("shop"));
}

#[test]
fn parts_of_descriptions_are_of_what_the_command_names() {
    let pod = found(
        "$ kubectl describe pod cart-0 -n shop\n\nContainers:\n  cart:\n    Image:          cart:1\n    State:          Running\n      Started:      Sat, 17 May 2025 09:46:04 +0300\n    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n    Ready:          True\n    Restart Count:  6\n",
    );
    let root = &pod.objects[0];
    assert_eq!(root.str_at(&["metadata", "name"]), Some("cart-0"));
    assert_eq!(root.str_at(&["metadata", "namespace"]), Some("shop"));
    let status = &root.items_at(&["status", "containerStatuses"])[0];
    assert_eq!(
        status.str_at(&["lastState", "terminated", "reason"]),
        Some("OOMKilled")
    );
    // What was left out is not known to be missing.
    let spec = &root.items_at(&["spec", "containers"])[0];
    assert!(spec.get("livenessProbe").is_none() && spec.get("resources").is_none());
    assert!(root.at(&["status", "conditions"]).is_none());

    let service =
        found("$ kubectl describe service cart\nSelector:                 app=wrong\nEndpoints:\n");
    assert_eq!(
        service.objects[0].str_at(&["spec", "selector", "app"]),
        Some("wrong")
    );
    assert_eq!(service.objects[1].str_at(&["kind"]), Some("Endpoints"));
    let subset = &service.objects[1].items_at(&["subsets"])[0];
    assert!(subset.get("addresses").is_some_and(Node::is_null));

    let node = found(
        "$ kubectl describe node w1 | grep -A3 Taints\nTaints:             node.kubernetes.io/unreachable:NoExecute\n                    node.kubernetes.io/unreachable:NoSchedule\nUnschedulable:      false\nLease:\n",
    );
    assert_eq!(node.objects[0].items_at(&["spec", "taints"]).len(), 2);
    assert!(node.objects[0].at(&["status", "conditions"]).is_none());
}

#[test]
fn what_is_no_part_of_a_description_is_none() {
    for answer in [
        "Error from server (NotFound): pods \"cart-0\" not found\n",
        "it said nothing at all\n",
        "Name:  other-0\nStatus:  Running\n",
    ] {
        let found = found_in(
            "ticket.txt",
            &format!("$ kubectl describe pod cart-0\n{answer}"),
        );
        assert!(
            found.is_none_or(|found| found.objects.is_empty()),
            "{answer}"
        );
    }
}

#[test]
fn blocks_below_prose() {
    const OTHER: &str =
        "E0303 08:00:01.250000       1 sync.go:186] \"cannot sync\" err=\"refused\"\n";
    const OWN: &str =
        "E0303 08:00:01.250000     912 kubelet.go:2900] \"the network is not ready\"\n";
    let ticket = format!(
        "Since the update nothing starts.\n\n```\n{OTHER}{OTHER}```\n\nand on the node:\n\n~~~\n{OWN}~~~\n\nAny idea?\n"
    );
    let found = found(&ticket);
    let span = (found.logs[0].span.first, found.logs[0].span.last);
    assert_eq!((found.logs.len(), span), (1, (4, 5)));
    let journal = &found.journals[0];
    assert_eq!((journal.span.first, &*journal.unit), (11, "kubelet"));
    assert!(found.objects.is_empty());
    // A command in one block hides none of the others.
    let ticket = format!(
        "We asked:\n\n```\n$ kubectl get pods -n s\n{PODS}```\n\nThe logs of pod cart-0:\n\n```\n{OTHER}```\n"
    );
    let found = self::found(&ticket);
    assert_eq!(found.logs[0].pod, "cart-0");
    assert_eq!(found.logs[0].span.first, 12);
    for prose in [
        "Nothing starts.\n\n```\nwe tried it twice\n```\n",
        "Nothing starts since 2026-03-03.\n\n2026-03-03 08:00 we moved the shop\n",
        "The pod done is not well.\n\n    it is not\n",
    ] {
        assert!(found_in("ticket.md", prose).is_none(), "{prose}");
    }
}
