//! Recognises what a service of a host wrote to a file of its own, without the journal's words before each line: its unit, and the node it names.

use coldcase_bundle::File;

use crate::{plain::plain, text, units};

/// Lines at the beginning that decide.
const FIRST: usize = 60;
/// Bytes that hold them, and those in which a node may be named.
const HEAD: usize = 64 << 10;

/// Services of a host that are never containers, by the name that their files begin with.
const SERVICES: [&str; 9] = [
    "kubelet",
    "containerd",
    "crio",
    "dockerd",
    "k3s",
    "k3s-agent",
    "rke2-agent",
    "rke2-server",
    "cri-dockerd",
];

/// Source files of the kubelet alone.
const KUBELET: [&str; 12] = [
    " kubelet.go:",
    " kubelet_node_status.go:",
    " kubelet_getters.go:",
    " kubelet_volumes.go:",
    " kubelet_pods.go:",
    " kuberuntime_container.go:",
    " kuberuntime_manager.go:",
    " kuberuntime_sandbox.go:",
    " pod_container_deletor.go:",
    " pod_startup_latency_tracker.go:",
    " pod_workers.go:",
    " eviction_manager.go:",
];

/// The unit whose words a file holds; `stem` is its name without what rotation adds.
pub(crate) fn unit(stem: &str, head: &str) -> Option<&'static str> {
    let named = SERVICES
        .into_iter()
        .filter(|service| is_name_of(service, stem))
        .max_by_key(|service| service.len());
    let (mut all, mut klog, mut logfmt, mut own) = (0_usize, 0_usize, 0_usize, false);
    let speaks = |line: &&str| !line.trim().is_empty() && !line.starts_with([' ', '\t']);
    for line in head.lines().filter(speaks).take(FIRST) {
        let line = &*plain(line);
        all += 1;
        logfmt += usize::from(line.starts_with("time=\"") && line.contains(" level="));
        if is_klog(line) {
            klog += 1;
            own |= KUBELET.iter().any(|source| {
                let start = line.get(..64).unwrap_or(line);
                start.contains(source)
            });
        } else if named == Some("kubelet") && line.starts_with("{\"ts\":") {
            // `--logging-format=json`
            klog += usize::from(line.contains("\"caller\":\""));
        }
    }
    match named {
        Some("kubelet") => (klog > 0 && klog * 2 >= all).then_some("kubelet"),
        Some("dockerd") => (logfmt > 0 && logfmt * 2 >= all).then_some("docker"),
        Some(service) => (klog + logfmt > 0 && (klog + logfmt) * 2 >= all).then_some(service),
        None => (own && klog * 2 >= all).then_some("kubelet"),
    }
}

/// The unit whose words a whole file holds. A script that traced itself (`sh -x`) before it became the service may
/// have written more than the beginning that is looked at: then the file's end tells as well.
pub(crate) fn unit_of(stem: &str, file: &File) -> Option<&'static str> {
    let head = file.head(HEAD);
    unit(stem, &head).or_else(|| behind_trace(stem, file, &head))
}

/// The same of files that begin with such a trace, which looks like a transcript.
pub(crate) fn unit_behind_trace(stem: &str, file: &File) -> Option<&'static str> {
    let named = SERVICES.iter().any(|service| is_name_of(service, stem));
    named.then(|| behind_trace(stem, file, &file.head(HEAD)))?
}

fn behind_trace(stem: &str, file: &File, head: &str) -> Option<&'static str> {
    let first = head.lines().find(|line| !line.trim().is_empty())?;
    let traced = first.starts_with("+ ") || first.starts_with("++ ");
    // Who collects from a node may trace a script as well, and its last output may be the service's.
    if !traced || head.lines().any(text::asks_for_more) {
        return None;
    }
    let rows = u32::try_from(FIRST).unwrap_or(u32::MAX);
    unit(stem, &file.tail(rows).text)
}

/// Whether a file's name is that of a service, with whatever tells several of them apart behind it.
fn is_name_of(service: &str, stem: &str) -> bool {
    stem.strip_prefix(service)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
}

/// `E0714 02:42:31.123456    1234 file.go:12] …`
pub(crate) fn is_klog(line: &str) -> bool {
    let bytes = line.as_bytes();
    matches!(bytes.first(), Some(b'I' | b'W' | b'E' | b'F'))
        && bytes
            .get(1..5)
            .is_some_and(|day| day.iter().all(u8::is_ascii_digit))
        && bytes.get(5) == Some(&b' ')
        && bytes.get(8) == Some(&b':')
        && line.contains("] ")
}

/// Unit and message of a line that a journal framed and somebody took date and host from: `kubelet[912]: E0714 …`.
pub(crate) fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, message) = line.trim_start().split_once("]: ")?;
    let (unit, process) = tag.split_once('[')?;
    let numbered = !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let named = (2..=80).contains(&unit.len()) && unit.bytes().all(plain);
    let known = || units::is_service(unit) || units::runs(unit, "kubelet") || is_klog(message);
    (numbered && named && known()).then_some((unit, message))
}

/// The unit that most lines name so.
pub(crate) fn tagged_unit(text: &str) -> Option<&str> {
    let lines = || {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .take(FIRST)
    };
    let (unit, _) = lines().find_map(tagged)?;
    let of_it = |line: &&str| tagged(line).is_some_and(|(other, _)| other == unit);
    (lines().filter(of_it).count() * 2 > lines().count()).then_some(unit)
}

/// The node as which a kubelet registers, where its log says so at one of its ends.
pub(crate) fn node(file: &File) -> Option<String> {
    let name = |text: &str| node_in(text).map(str::to_owned);
    name(&file.head(HEAD)).or_else(|| name(&file.tail(400).text))
}

/// The same of a part of a log.
pub(crate) fn node_in(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    lines.find_map(|line| node_of_line(line).or_else(|| overridden(line)))
}

/// `… kubelet_node_status.go:79] "Successfully registered node" node="w1"`
fn node_of_line(line: &str) -> Option<&str> {
    if !is_klog(line) || !line.contains(" kubelet_node_status.go:") {
        return None;
    }
    let (_, rest) = line
        .split_once(" node=\"")
        .or_else(|| line.split_once("] Successfully registered node "))?;
    name_at(rest)
}

/// The name that the kubelet's arguments give its node: `--hostname-override=w1`.
fn overridden(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("--hostname-override=")?;
    name_at(rest.strip_prefix('"').unwrap_or(rest))
}

/// The node's name that a text begins with.
fn name_at(text: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let name = text.split(|c: char| !fits(c)).next()?;
    (!name.is_empty() && name.len() < 254).then_some(name)
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;
    use proptest::prelude::*;

    use super::*;
    use crate::journal::Form;

    const LINE: &str =
        "E0303 08:00:01.250000     912 kubelet.go:2900] \"Container runtime network not ready\"\n";
    const OTHER: &str = "I0303 08:00:01.250000       1 event.go:291] \"Event occurred\"\n";
    const NAMED: &str = "I0303 08:00:02.000000     912 kubelet_node_status.go:79] \"Successfully registered node\" node=\"w7\"\n";

    #[test]
    fn a_services_own_file_is_its_unit() {
        let logfmt = "time=\"2026-03-03T08:00:01Z\" level=info msg=\"starting\"\n";
        for (stem, text, expected) in [
            ("kubelet", OTHER, Some("kubelet")),
            (
                "kubelet",
                "{\"ts\":1772524801.2,\"caller\":\"x/y.go:1\",\"msg\":\"a\"}\n",
                Some("kubelet"),
            ),
            ("kubelet-w1", OTHER, Some("kubelet")),
            ("kubelet", "kind: KubeletConfiguration\n", None),
            ("kubeletctl", OTHER, None),
            ("containerd", logfmt, Some("containerd")),
            ("dockerd", logfmt, Some("docker")),
            ("k3s-agent", logfmt, Some("k3s-agent")),
            ("app", logfmt, None),
            ("node", LINE, Some("kubelet")),
            ("controller", OTHER, None),
            ("", "", None),
        ] {
            assert_eq!(unit(stem, text), expected, "{stem}: {text}");
        }
    }

    fn journals(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let bundle = Bundle::from_texts("t", files.iter().copied());
        let snapshot = crate::read(&bundle);
        assert!(snapshot.logs.is_empty());
        snapshot
            .journals
            .into_iter()
            .inspect(|journal| assert_eq!(journal.form, Form::Bare))
            .map(|journal| (journal.node, journal.unit))
            .collect()
    }

    #[test]
    fn it_is_the_journal_of_its_node() {
        let is = |node: &str| (node.to_owned(), "kubelet".to_owned());
        assert_eq!(
            journals(&[("nodes/w1/kubelet.log", LINE), ("x/y", "")]),
            [is("w1")]
        );
        assert_eq!(
            journals(&[("a/var/log/kubelet.log", LINE), ("x/y", "")]),
            [is(crate::hosts::UNNAMED)]
        );
        let text = [LINE, NAMED].concat();
        assert_eq!(journals(&[("a/k.log", &text), ("x/y", "")]), [is("w7")]);
        let paste = format!("$ journalctl -u kubelet.service -o cat\n{LINE}");
        assert_eq!(
            journals(&[("paste.txt", &paste), ("x/y", "")]),
            [is(crate::hosts::UNNAMED)]
        );
        let paste = format!("root@w2:~# tail -n 5 /var/log/kubelet.log\n{LINE}");
        assert_eq!(journals(&[("paste.txt", &paste), ("x/y", "")]), [is("w2")]);
    }

    #[test]
    fn a_script_may_trace_itself_before_it_is_the_kubelet() {
        let trace = "+ for m in $MOUNTS\n++ tac /proc/mounts\n+ umount /mnt/old/data\n".repeat(40);
        let settled = "+ sysctl -w net.ipv4.ip_forward=1\nnet.ipv4.ip_forward = 1\n";
        let exec = "+ exec kubelet --v=2 --hostname-override=w8 --root-dir=/var/lib/kubelet\n";
        let text = [&trace, settled, exec, &LINE.repeat(80)].concat();
        assert_eq!(
            journals(&[("a/kubelet.log", &text), ("x/y", "")]),
            [("w8".to_owned(), "kubelet".to_owned())]
        );
        // A script that asks for the journal is a transcript.
        let asked = format!("+ journalctl -u kubelet -o cat\n{}", LINE.repeat(80));
        let text = [&trace, asked.as_str()].concat();
        let bundle = Bundle::from_texts("t", [("kubelet.txt", &*text), ("x/y", "")]);
        assert_eq!(crate::read(&bundle).journals[0].span.first, 122);
    }

    #[test]
    fn what_an_unknown_command_printed_is_named() {
        let text = format!(
            "$ sysctl -n vm.swappiness\n60\n$ ./start.sh\n{}",
            "one more of it was started\n".repeat(3)
        );
        let bundle = Bundle::from_texts("t", [("paste.txt", &*text), ("x/y", "")]);
        let coverage = crate::read(&bundle).coverage;
        let detail = &coverage.sources["text files"].detail;
        assert_eq!(detail, "lines 4-6 of paste.txt");
    }

    #[test]
    fn a_journal_may_have_lost_date_and_host() {
        for (line, expected) in [
            ("kubelet[912]: goroutine 1 [running]:", Some("kubelet")),
            (" k3s[7]: it goes on", Some("k3s")),
            (
                "shopd[7]: E0303 08:00:01.250000       7 a.go:1] b",
                Some("shopd"),
            ),
            ("shopd[7]: it goes on", None),
            ("kubelet[one]: it goes on", None),
            ("the kubelet[912]: it goes on", None),
        ] {
            assert_eq!(tagged(line).map(|(unit, _)| unit), expected, "{line}");
        }
        let text = "It says:\n\n```\n kubelet[912]: F0303 08:00:01.250000     912 server.go:269] failed\n kubelet[912]: goroutine 1 [running]:\n```\n";
        let bundle = Bundle::from_texts("t", [("ticket.md", text)]);
        let snapshot = crate::read(&bundle);
        let journal = &snapshot.journals[0];
        assert_eq!((journal.form, &*journal.unit), (Form::Bare, "kubelet"));
        let line = text.lines().nth(3).unwrap();
        let parsed = journal.parse(line, snapshot.captured_at).unwrap();
        let message = line.split_once(": ").map(|(_, message)| message);
        assert_eq!((parsed.unit, Some(&*parsed.message)), ("kubelet", message));
    }

    #[test]
    fn a_line_without_the_journals_words_is_of_its_one_unit() {
        let head = "Mar 03 08:00:01 w1 kubelet[912]: ";
        let text = format!("It says\n\n```\n{LINE}{head}{LINE}{head}{LINE}```\n");
        let bundle = Bundle::from_texts("t", [("ticket.md", &*text)]);
        let snapshot = crate::read(&bundle);
        let journal = &snapshot.journals[0];
        assert_eq!((journal.form, &*journal.node), (Form::Lines, "w1"));
        let parsed = journal.parse(LINE, None).unwrap();
        assert_eq!((parsed.unit, &*parsed.message), ("kubelet", LINE));
        assert_eq!(journal.parse("it goes on", None), None);
        let other = text.replacen("kubelet[", "dockerd[", 1);
        let bundle = Bundle::from_texts("t", [("ticket.md", &*other)]);
        assert_eq!(crate::read(&bundle).journals[0].unit, "");
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(stem in "(kubelet|k3s|-|x){0,3}", text in "(I0303 08:00:01|:|\\] | kubelet.go:1|node=\"|\"|é|\n){0,30}") {
            let _ = unit(&stem, &text);
            let _ = tagged_unit(&text);
            let _ = text.lines().filter_map(node_of_line).count();
        }
    }
}
