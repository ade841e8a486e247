//! Tests of whose log or journal a file is.

use super::*;

fn journal(path: &str, text: &str) -> Option<JournalFile> {
    let bundle = Bundle::from_texts("t", [(path, text), ("x/y", "")]);
    crate::read(&bundle).journals.into_iter().next()
}

#[test]
fn the_node_comes_from_the_path_or_from_each_line() {
    let line = |host: &str, second: u32| {
        format!("Nov 10 14:17:{second:02} {host} kubelet[12]: I1110 message\n")
    };
    let own = format!("{}{}", line("w1", 1), line("w1", 2));
    let found = journal("nodes/w1/kubelet.log", &own).unwrap();
    assert_eq!(
        (found.node.as_str(), found.per_line, found.reversed),
        ("w1", false, false)
    );
    let mixed = format!("{}{}", line("w1", 1), line("w2", 2)).repeat(30);
    let found = journal("kubelet.txt", &mixed).unwrap();
    assert_eq!((found.node.as_str(), found.per_line), ("", true));
    assert_eq!(found.nodes, ["w1", "w2"]);
    let found = journal("host_service_logs/masters/kubelet_service.log", &own).unwrap();
    assert!(found.per_line);
    let back = format!("{}{}", line("w1", 9), line("w1", 2));
    assert!(journal("a/kubelet.log", &back).unwrap().reversed);
}

#[test]
fn a_host_is_the_node_with_its_name_up_to_the_domain() {
    let nodes: BTreeSet<String> = ["w1", "w1-a.example", "w2.b.example", "w2.c.example", "w3"]
        .map(str::to_owned)
        .into();
    for (host, node) in [
        ("w1", Some("w1")),
        ("w1.example", Some("w1")),
        ("w1-a", Some("w1-a.example")),
        ("w2", Some("w2.b.example")),
        ("w2.c.example", Some("w2.c.example")),
        ("w2.x", Some("w2.b.example")),
        ("w", None),
        ("", None),
    ] {
        assert_eq!(node_of_host(host, &nodes).as_deref(), node, "{host}");
    }
}

#[test]
fn what_begins_with_stamps_is_a_log_whatever_its_name() {
    let of = |name: &str, text: &str| {
        let bundle = Bundle::from_texts("t", [(name, text), ("x/y", "")]);
        let logs = crate::read(&bundle).logs;
        logs.first().map(|log| log.container.clone())
    };
    let line = "2026-03-04T08:10:00Z cannot open the store\n";
    for (name, component) in [
        ("a/pay.log", "pay"),
        ("a/pay.log.old", "pay"),
        ("a/pay.log.2026-03-04", "pay"),
        ("a/catalina.out", "catalina"),
        ("a/console.txt", "console"),
        ("a/error_log", "error_log"),
    ] {
        assert_eq!(of(name, line).as_deref(), Some(component), "{name}");
    }
    let json = "{\"ts\":1772610000.5,\"msg\":\"alarm\"}\n".repeat(2);
    assert_eq!(of("a/etcd.json", &json).as_deref(), Some("etcd"));
    let times = "2026-03-04 08:10:00.511 +0000 UTC m=+0.027735571\n2026-03-04 08:12:01 +0000 UTC m=+121.5\n";
    assert_eq!(of("a/when", times), None);
    assert_eq!(of("a/j.log", "-- No entries --\n"), None);
    assert_eq!(of("a/notes.txt", "call the owner\nask for logs\n"), None);
    assert_eq!(
        of("a/figures.txt", "1772610000 3 4\n1772610060 3 5\n"),
        None
    );
}

#[test]
fn a_log_inside_of_a_file_has_its_own_bytes() {
    let text = "$ kubectl get po -n a\nNAME   READY   STATUS   RESTARTS   AGE\nb      0/1     Error    0          1m\n$ kubectl logs b -n a\nfailed\n";
    let bundle = Bundle::from_texts("t", [("x.txt", text), ("y.log", "one\n")]);
    let snapshot = crate::read(&bundle);
    assert_eq!(snapshot.logs.len(), 2);
    assert_eq!(bytes(&bundle, &snapshot.logs), 7 + 4);
}

#[test]
fn colours_hide_no_host() {
    let text =
        "\u{1b}[38;5;245mMar 04 08:14:14\u{1b}[0m w3 kernel: \u{1b}[1;31mOut of memory\u{1b}[0m\n";
    let found = journal("var/j.log", text).unwrap();
    assert_eq!((found.node.as_str(), found.per_line), ("w3", false));
    let line = journal_line(text.trim_end(), false, None).unwrap();
    assert_eq!((line.unit, &*line.message), ("kernel", "Out of memory"));
    let ring = "\u{1b}[32m[ 7093.543830] \u{1b}[0m\u{1b}[33meth0: \u{1b}[0mup";
    let line = journal_line(ring, false, None).unwrap();
    assert!(line.message.starts_with("eth0: "));
}

#[test]
fn a_kernel_ring_is_a_journal_of_its_node() {
    let text = "[    0.000000] Linux version 5.15\n[   12.345678] eth0: link up\n";
    let found = journal("nodes/w1/dmesg", text).unwrap();
    assert_eq!((found.node.as_str(), found.form), ("w1", Form::Lines));
    assert!(journal("notes/app.log", text).is_none());
}
