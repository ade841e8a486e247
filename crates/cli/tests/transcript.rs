//! Incident I01 as somebody pastes it into a ticket: the same cause, and what the text leaves out is named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{fmt::Write as _, fs};

use serde_json::Value;
use support::{
    coldcase,
    incident::{Sample, sample},
    root, scratch, stdout,
};

const NOW: &str = "2026-07-14T02:50:07Z";

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

/// As kubectl prints ages.
fn age(stamp: &str) -> String {
    let (Ok(now), Ok(then)) = (
        NOW.parse::<jiff::Timestamp>(),
        stamp.parse::<jiff::Timestamp>(),
    ) else {
        return "<unknown>".to_owned();
    };
    let seconds = now.as_second() - then.as_second();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => format!("{}m{}s", seconds / 60, seconds % 60),
        600..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// As kubectl's tabwriter lays rows out.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(String::len)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}   ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn pods(sample: &Sample) -> String {
    let mut rows = vec![row(&[
        "NAMESPACE",
        "NAME",
        "READY",
        "STATUS",
        "RESTARTS",
        "AGE",
        "IP",
        "NODE",
        "NOMINATED NODE",
        "READINESS GATES",
    ])];
    for pod in &sample.lists["pods"] {
        let empty = Vec::new();
        let statuses = pod["status"]["containerStatuses"]
            .as_array()
            .unwrap_or(&empty);
        let ready = statuses.iter().filter(|s| s["ready"] == true).count();
        let restarts: i64 = statuses
            .iter()
            .filter_map(|s| s["restartCount"].as_i64())
            .sum();
        let waiting = statuses
            .iter()
            .map(|status| text(status, "/state/waiting/reason"))
            .find(|reason| !reason.is_empty());
        let status = waiting.unwrap_or(match text(pod, "/status/phase") {
            "Succeeded" => "Completed",
            phase => phase,
        });
        let or_none = |value: &str| if value.is_empty() { "<none>" } else { value }.to_owned();
        rows.push(vec![
            text(pod, "/metadata/namespace").to_owned(),
            text(pod, "/metadata/name").to_owned(),
            format!("{ready}/{}", statuses.len()),
            status.to_owned(),
            restarts.to_string(),
            age(text(pod, "/metadata/creationTimestamp")),
            or_none(text(pod, "/status/podIP")),
            or_none(text(pod, "/spec/nodeName")),
            "<none>".to_owned(),
            "<none>".to_owned(),
        ]);
    }
    table(&rows)
}

fn nodes(sample: &Sample) -> String {
    let mut rows = vec![row(&["NAME", "STATUS", "ROLES", "AGE", "VERSION"])];
    for node in &sample.lists["nodes"] {
        rows.push(vec![
            text(node, "/metadata/name").to_owned(),
            "Ready".to_owned(),
            "<none>".to_owned(),
            age(text(node, "/metadata/creationTimestamp")),
            text(node, "/status/nodeInfo/kubeletVersion").to_owned(),
        ]);
    }
    table(&rows)
}

fn state(out: &mut String, title: &str, state: &Value) {
    let long = |stamp: &str| {
        stamp
            .parse::<jiff::Timestamp>()
            .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
            .unwrap_or_default()
    };
    if let Some(running) = state.get("running") {
        let _ = writeln!(out, "    {title:<15}Running");
        let _ = writeln!(
            out,
            "      Started:      {}",
            long(text(running, "/startedAt"))
        );
    } else if let Some(waiting) = state.get("waiting") {
        let _ = writeln!(out, "    {title:<15}Waiting");
        let _ = writeln!(out, "      Reason:       {}", text(waiting, "/reason"));
    } else if let Some(ended) = state.get("terminated") {
        let _ = writeln!(out, "    {title:<15}Terminated");
        let _ = writeln!(out, "      Reason:       {}", text(ended, "/reason"));
        let _ = writeln!(out, "      Exit Code:    {}", ended["exitCode"]);
        let _ = writeln!(
            out,
            "      Started:      {}",
            long(text(ended, "/startedAt"))
        );
        let _ = writeln!(
            out,
            "      Finished:     {}",
            long(text(ended, "/finishedAt"))
        );
    }
}

fn describe(pod: &Value) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "Name:             {}", text(pod, "/metadata/name"));
    let _ = writeln!(
        out,
        "Namespace:        {}",
        text(pod, "/metadata/namespace")
    );
    let _ = writeln!(out, "Priority:         0");
    let _ = writeln!(out, "Service Account:  default");
    let _ = writeln!(
        out,
        "Node:             {}/{}",
        text(pod, "/spec/nodeName"),
        text(pod, "/status/hostIP")
    );
    let empty = serde_json::Map::new();
    let labels = pod["metadata"]["labels"].as_object().unwrap_or(&empty);
    for (at, (key, value)) in labels.iter().enumerate() {
        let title = if at == 0 { "Labels:" } else { "" };
        let _ = writeln!(out, "{title:<18}{key}={}", value.as_str().unwrap());
    }
    let _ = writeln!(out, "Annotations:      <none>");
    let _ = writeln!(out, "Status:           {}", text(pod, "/status/phase"));
    let _ = writeln!(out, "IP:               {}", text(pod, "/status/podIP"));
    let owner = &pod["metadata"]["ownerReferences"][0];
    if owner.is_object() {
        let _ = writeln!(
            out,
            "Controlled By:    {}/{}",
            text(owner, "/kind"),
            text(owner, "/name")
        );
    }
    let _ = writeln!(out, "Containers:");
    for container in pod["spec"]["containers"].as_array().unwrap() {
        let name = text(container, "/name");
        let status = pod["status"]["containerStatuses"]
            .as_array()
            .unwrap()
            .iter()
            .find(|status| text(status, "/name") == name)
            .unwrap();
        let _ = writeln!(out, "  {name}:");
        let _ = writeln!(out, "    Container ID:  {}", text(status, "/containerID"));
        let _ = writeln!(out, "    Image:         {}", text(container, "/image"));
        state(&mut out, "State:", &status["state"]);
        if status["lastState"]
            .as_object()
            .is_some_and(|last| !last.is_empty())
        {
            state(&mut out, "Last State:", &status["lastState"]);
        }
        let ready = if status["ready"] == true {
            "True"
        } else {
            "False"
        };
        let _ = writeln!(out, "    Ready:          {ready}");
        let _ = writeln!(out, "    Restart Count:  {}", status["restartCount"]);
    }
    let _ = writeln!(out, "Conditions:");
    let _ = writeln!(out, "  Type              Status");
    for condition in pod["status"]["conditions"].as_array().unwrap() {
        let (kind, status) = (text(condition, "/type"), text(condition, "/status"));
        let _ = writeln!(out, "  {kind:<17} {status}");
    }
    out.push_str("QoS Class:        Burstable\nNode-Selectors:   <none>\nTolerations:      node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\nEvents:           <none>\n");
    out
}

fn events(sample: &Sample) -> String {
    let mut rows = vec![row(&[
        "NAMESPACE",
        "LAST SEEN",
        "TYPE",
        "REASON",
        "OBJECT",
        "MESSAGE",
    ])];
    for event in &sample.lists["events"] {
        let last = [
            "/series/lastObservedTime",
            "/lastTimestamp",
            "/eventTime",
            "/firstTimestamp",
        ]
        .iter()
        .map(|path| text(event, path))
        .find(|stamp| !stamp.is_empty())
        .unwrap_or("");
        rows.push(vec![
            text(event, "/metadata/namespace").to_owned(),
            age(last),
            text(event, "/type").to_owned(),
            text(event, "/reason").to_owned(),
            format!(
                "{}/{}",
                text(event, "/involvedObject/kind").to_lowercase(),
                text(event, "/involvedObject/name")
            ),
            text(event, "/message").to_owned(),
        ]);
    }
    table(&rows)
}

/// The ticket.
fn pasted(sample: &Sample) -> String {
    let mut out = String::new();
    let run = |out: &mut String, command: &str, output: &str| {
        let _ = write!(out, "ops@bastion:~$ {command}\n{}\n", output.trim_end());
    };
    run(
        &mut out,
        "date --iso-8601=seconds",
        "2026-07-14T02:50:07+00:00",
    );
    run(&mut out, "kubectl get nodes", &nodes(sample));
    run(&mut out, "kubectl get pods -A -o wide", &pods(sample));
    for pod in &sample.lists["pods"] {
        let (namespace, name) = (
            text(pod, "/metadata/namespace"),
            text(pod, "/metadata/name"),
        );
        if name.starts_with("payment-service") || name.starts_with("kube-proxy") {
            let command = format!("kubectl -n {namespace} describe pod {name}");
            run(&mut out, &command, &describe(pod));
        }
    }
    run(&mut out, "kubectl get events -A", &events(sample));
    for (namespace, pod, container, previous, log) in &sample.logs {
        if *previous && pod.starts_with("payment-service") {
            let command =
                format!("kubectl -n {namespace} logs {pod} -c {container} --previous --timestamps");
            run(&mut out, &command, log);
        }
    }
    for (node, file, log) in &sample.host_logs {
        if node == "node-worker-3" && file == "kernel.log" {
            run(
                &mut out,
                "ssh node-worker-3 journalctl -k --utc -o short-iso-precise",
                log,
            );
        }
    }
    for node in ["node-worker-1", "node-worker-2", "node-worker-3"] {
        let path = root().join(format!(
            "samples/i01-kube-proxy-oom/nodes/{node}/iptables.txt"
        ));
        let rules = fs::read_to_string(path).unwrap();
        run(
            &mut out,
            &format!("ssh {node} sudo iptables-save -t nat"),
            &rules,
        );
    }
    out
}

#[test]
fn a_pasted_ticket_gives_the_same_cause_and_names_what_it_lacks() {
    let dir = scratch("transcript");
    let file = dir.join("ticket-4711.txt");
    fs::write(&file, pasted(&sample())).unwrap();
    let output = coldcase(&[
        "analyze",
        file.to_str().unwrap(),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let cause = &report["causes"][0];
    assert_eq!(cause["rule"], "kube-proxy-oom", "{:#}", report["causes"]);
    assert_eq!(cause["subject"]["name"], "node-worker-3");
    assert_eq!(report["verdict"]["state"], "active");
    assert_eq!(
        report["bundle"]["captured_at_source"],
        "`date` in a transcript"
    );
    let unknown = report["unknown"].to_string();
    assert!(unknown.contains("the text does not show it"), "{unknown}");
    let crash = cause["explains"].to_string() + &report["findings"].to_string();
    assert!(crash.contains("crashloopbackoff"), "{crash}");
}

/// The report on a text that somebody pasted.
fn report(name: &str, pasted: &str) -> Value {
    let dir = scratch(&format!("transcript-{name}"));
    let file = dir.join("paste.txt");
    fs::write(&file, pasted).unwrap();
    let path = file.to_str().unwrap();
    let output = coldcase(&["analyze", path, "-f", "json", "-o", "-", "-q"]);
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn a_table_alone_tells_the_symptom_and_never_that_all_is_well() {
    let report_of = |rows: &str| {
        let header = "NAME      READY   STATUS             RESTARTS       AGE\n";
        report(
            "table",
            &format!("$ kubectl get pods -n depot\n{header}{rows}"),
        )
    };
    let crash = report_of("stock-0   0/1     CrashLoopBackOff   8 (2m ago)     35m\n");
    assert_eq!(text(&crash, "/verdict/state"), "active");
    assert_eq!(text(&crash, "/causes/0/rule"), "crashloopbackoff");
    assert_eq!(text(&crash, "/causes/0/subject/name"), "stock-0");
    let killed = report_of("stock-0   0/1     OOMKilled          3 (40s ago)    35m\n");
    assert_eq!(text(&killed, "/causes/0/rule"), "oomkilled-said");
    let between = report_of("stock-0   1/1     Running            3 (40s ago)    35m\n");
    assert_eq!(text(&between, "/verdict/state"), "inconclusive");
    let well = report_of("stock-0   1/1     Running            0              35m\n");
    assert_eq!(text(&well, "/verdict/state"), "nothing_found");
}

#[test]
fn printed_ages_decide_without_a_time_of_the_capture_and_are_told() {
    let refused = "Error creating: pods \"press-7b9-k2\" is forbidden: exceeded quota: hall, requested: limits.cpu=1, used: limits.cpu=4, limited: limits.cpu=4";
    let pasted = |age: &str| {
        format!(
            "$ kubectl get events -n plant\n\
             LAST SEEN   TYPE      REASON         OBJECT                 MESSAGE\n\
             {age:<11} Warning   FailedCreate   replicaset/press-7b9   {refused}\n\
             $ kubectl get rs -n plant\n\
             NAME        DESIRED   CURRENT   READY   AGE\n\
             press-7b9   2         0         0       50m\n\
             $ kubectl get pods -n plant\n\
             No resources found in plant namespace.\n"
        )
    };
    let fresh = report("ages", &pasted("3m"));
    assert_eq!(
        text(&fresh, "/causes/0/rule"),
        "quota-exceeded-said",
        "{:#}",
        fresh["causes"]
    );
    assert_eq!(fresh["timeline"].as_array().map(Vec::len), Some(0));
    assert_eq!(fresh["undated"][0]["age_seconds"], 180);
    let old = report("ages-old", &pasted("3h"));
    let rules: Vec<&Value> = old["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["rule"])
        .collect();
    assert!(
        !rules.iter().any(|rule| *rule == "quota-exceeded-said"),
        "{rules:?}"
    );
}

#[test]
fn a_pod_that_was_created_later_heals_the_refusal() {
    let pasted = |more: &str, pods: &str| {
        format!(
            "$ kubectl get events -n plant\n\
             LAST SEEN   TYPE      REASON             OBJECT                 MESSAGE\n\
             4m9s        Warning   FailedCreate       replicaset/press-7b9   Error creating: pods \"press-7b9-\" is forbidden: error looking up service account plant/press: serviceaccount \"press\" not found\n\
             {more}\
             $ kubectl get pods,rs -n plant\n\
             NAME                  READY   STATUS    RESTARTS   AGE\n\
             {pods}\
             \n\
             NAME                        DESIRED   CURRENT   READY   AGE\n\
             replicaset.apps/press-7b9   1         1         1       5m\n"
        )
    };
    let none = pasted("", "").replace("1         1         1", "1         0         0");
    let refused = report("refused", &none);
    assert_eq!(text(&refused, "/causes/0/rule"), "service-account-missing");
    let created = "3m50s       Normal    SuccessfulCreate   replicaset/press-7b9   Created pod: press-7b9-k2k4m\n";
    let running = "pod/press-7b9-k2k4m   1/1     Running   0          3m50s\n";
    let healed = report("healed", &pasted(created, running));
    assert_eq!(text(&healed, "/verdict/state"), "nothing_found");
}

#[test]
fn a_description_says_whose_namespace_a_bare_command_means() {
    let pasted = "$ kubectl get pods\n\
        NAME      READY   STATUS             RESTARTS   AGE\n\
        stock-0   0/1     CrashLoopBackOff   8          35m\n\
        $ kubectl describe pod stock-0\n\
        Name:         stock-0\n\
        Namespace:    depot\n\
        Status:       Running\n\
        Containers:\n  app:\n    Image:          registry.example.com/stock:4\n    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Last State:     Terminated\n      Reason:       Error\n      Exit Code:    1\n    Ready:          False\n    Restart Count:  8\n\
        $ kubectl logs stock-0\n\
        fatal: ledger.db: file is encrypted or is not a database\n";
    let report = report("bare", pasted);
    assert_eq!(
        report["bundle"]["counts"]["pods"], 1,
        "{:#}",
        report["bundle"]
    );
    assert_eq!(text(&report, "/causes/0/subject/namespace"), "depot");
}

#[test]
fn a_kernel_that_no_clock_dates_is_judged_by_its_last_lines() {
    let full = "[ 120.845480] nf_conntrack: nf_conntrack: table full, dropping packet\n";
    let quiet = "[ 910.000001] usb 1-1: new device found\n";
    let dmesg = |lines: &str| format!("root@w1:~# dmesg\n{lines}");
    let lately = report("undated", &dmesg(&full.repeat(3)));
    assert_eq!(text(&lately, "/verdict/state"), "active");
    assert_eq!(text(&lately, "/causes/0/rule"), "conntrack-table-full");
    assert_eq!(text(&lately, "/causes/0/confidence"), "likely");
    let before = report(
        "undated-old",
        &dmesg(&(full.repeat(3) + &quiet.repeat(600))),
    );
    assert_ne!(text(&before, "/verdict/state"), "active");
}

#[test]
fn a_component_is_judged_by_its_log_alone_in_a_year_that_is_assumed() {
    let journal = "Mar 05 11:59:06 w1 kubelet[12]: E0305 11:59:06.000000      12 run.go:74] \"command failed\" err=\"failed to run Kubelet: running with swap on is not supported, please disable swap\"\n";
    let year = report("yearless", &journal.repeat(3));
    assert_eq!(text(&year, "/causes/0/rule"), "kubelet-config-invalid");
    let source = text(&year, "/bundle/captured_at_source");
    assert!(source.contains("assumed"), "{source}");
}
