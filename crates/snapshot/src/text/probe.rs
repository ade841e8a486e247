//! Reads checks of a connection (`nc`, `curl`, `wget`, `telnet`, `ping`, `nslookup`, `dig`) into reports of what was reached.
//!
//! `Probe`: `tool`, `host`, `port`, `url`, `ok` (left out when the output does not say), `text` (the
//! line that says it), `from` (pod, node or empty), `namespace` of the pod, `command`.

use coldcase_bundle::FileId;

use super::{
    HostReport,
    tree::{flag, map, number, text},
};

/// Bytes of a line that are kept.
const MAX_SAID: usize = 500;

/// Commands that this module reads.
pub(super) fn is_probe(argv: &[String]) -> bool {
    matches!(
        argv.first().map(String::as_str),
        Some(
            "nc" | "ncat"
                | "netcat"
                | "curl"
                | "wget"
                | "telnet"
                | "ping"
                | "nslookup"
                | "dig"
                | "host"
        )
    )
}

/// Who asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct From<'f> {
    /// Node or host in the prompt.
    pub node: &'f str,
    /// Pod.
    pub pod: &'f str,
    /// Namespace of the pod.
    pub namespace: &'f str,
}

/// Words that say that it worked. Failure is looked for first: `0 received` is in both.
const GOOD: &[&str] = &[
    "succeeded",
    "connection to",
    " open",
    "connected to",
    "200 ok",
    " 0% packet loss",
    "saved",
    "has address",
    "answer: 1",
    "status: noerror",
    "remote file exists",
    "http/1.1 2",
    "http/2 2",
    "http/1.1 3",
    "http/2 3",
];

const BAD: &[&str] = &[
    "connection refused",
    "timed out",
    "timeout",
    "no route to host",
    "unreachable",
    "connection failed",
    "nxdomain",
    "servfail",
    "can't resolve",
    "can't find",
    "could not resolve",
    "couldn't resolve",
    "bad address",
    "name or service not known",
    "temporary failure in name resolution",
    "100% packet loss",
    "failed to connect",
    "connection reset",
    "empty reply",
    "no servers could be reached",
    "unknown host",
    "forward host lookup failed",
    "unable to connect",
    "ssl routines",
    "ssl certificate problem",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway time-out",
    "connection closed by foreign host",
    "http/1.1 5",
    "http/2 5",
    "failed:",
];

/// One report for the command, or one for each place that the output tells apart (`… on worker-1: …`).
pub(super) fn read(
    argv: &[String],
    output: &str,
    first_line: u32,
    from: From<'_>,
    file: FileId,
) -> Vec<HostReport> {
    let Some(target) = target(argv) else {
        return Vec::new();
    };
    let mut parts: Vec<(String, Vec<(u32, &str)>)> = vec![(String::new(), Vec::new())];
    for (row, line) in output.lines().zip(first_line..).take(400) {
        let (place, row) = placed(row);
        if let Some(place) = place {
            parts.push((place.to_owned(), Vec::new()));
        }
        if let Some((_, rows)) = parts.last_mut() {
            rows.push((line, head(row.trim())));
        }
    }
    if parts.len() > 1 {
        parts.remove(0);
    }
    parts
        .into_iter()
        .map(|(place, rows)| {
            let (ok, said, line) = outcome(argv, &rows);
            let line = line.unwrap_or(first_line);
            let tool = argv.first().map_or("", String::as_str);
            let mut root = map(vec![("tool", text(tool, line))], line);
            root.set("host", text(&target.host, line));
            if let Some(port) = target.port {
                root.set("port", number(port, line));
            }
            if let Some(url) = &target.url {
                root.set("url", text(url, line));
            }
            if let Some(ok) = ok {
                root.set("ok", flag(ok, line));
            }
            root.set("text", text(said, line));
            let asker = [place.as_str(), from.pod, from.node];
            if let Some(asker) = asker.into_iter().find(|asker| !asker.is_empty()) {
                root.set("from", text(asker, line));
            }
            if !from.namespace.is_empty() {
                root.set("namespace", text(from.namespace, line));
            }
            root.set("command", text(&argv.join(" "), line));
            HostReport {
                node: if place.is_empty() {
                    from.node.to_owned()
                } else {
                    place
                },
                kind: "Probe",
                root,
                file,
            }
        })
        .collect()
}

/// The beginning of a line: what is said of a connection is short.
fn head(row: &str) -> &str {
    let mut end = row.len().min(MAX_SAID);
    while !row.is_char_boundary(end) {
        end -= 1;
    }
    row.get(..end).unwrap_or("")
}

/// `… on worker-1: rest` and `from worker-1: rest`.
fn placed(row: &str) -> (Option<&str>, &str) {
    for word in [" on ", " from "] {
        if let Some((_, rest)) = row.split_once(word)
            && let Some((place, rest)) = rest.split_once(':')
            && !place.is_empty()
            && place
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            && !place.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && (rest.is_empty() || rest.starts_with(' '))
            && !row.contains(" bytes ")
        {
            return (Some(place), rest);
        }
    }
    (None, row)
}

fn outcome<'t>(argv: &[String], rows: &[(u32, &'t str)]) -> (Option<bool>, &'t str, Option<u32>) {
    for (words, ok) in [(BAD, false), (GOOD, true)] {
        let said = rows.iter().find(|(_, row)| {
            let lower = row.to_ascii_lowercase();
            let lower = format!(" {lower}");
            words.iter().any(|word| lower.contains(word))
        });
        if let Some((line, row)) = said {
            return (Some(ok), row, Some(*line));
        }
    }
    let first = rows.iter().find(|(_, row)| !row.is_empty());
    let (line, row) = first.map_or((None, ""), |(line, row)| (Some(*line), *row));
    // An address after a name is an answer; a body after `curl` is one too.
    let tool = argv.first().map_or("", String::as_str);
    let addresses = rows
        .iter()
        .filter(|(_, row)| row.starts_with("Address"))
        .count();
    let ok = match tool {
        "nslookup" if addresses >= 2 => Some(true),
        "curl" if row.starts_with(['{', '<', '[']) => Some(true),
        "curl" if row.starts_with("curl: (") => Some(false),
        _ => None,
    };
    (ok, row, line)
}

struct Target {
    host: String,
    port: Option<i64>,
    url: Option<String>,
}

/// Options that take a value, over all these tools.
const VALUED: &[&str] = &[
    "-w",
    "-W",
    "-c",
    "-i",
    "-m",
    "-o",
    "-H",
    "-X",
    "-d",
    "-I",
    "-s",
    "-p",
    "-T",
    "-O",
    "-q",
    "-t",
    "-u",
    "--max-time",
    "--connect-timeout",
    "--resolve",
    "-type",
    "--timeout",
    "-Q",
];

fn target(argv: &[String]) -> Option<Target> {
    let tool = argv.first()?.as_str();
    let flags_only = |word: &str| match tool {
        "curl" => matches!(word, "-I" | "-s" | "-i" | "-q" | "-t"),
        "wget" => matches!(word, "-q" | "-S" | "-c"),
        "nc" | "ncat" | "netcat" => matches!(word, "-c" | "-u" | "-t"),
        _ => false,
    };
    let mut plain: Vec<&str> = Vec::new();
    let mut words = argv.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            if VALUED.contains(&word) && !flags_only(word) {
                words.next();
            }
        } else if !word.starts_with(['@', '+']) {
            plain.push(word);
        }
    }
    let first = *plain.first()?;
    if matches!(tool, "curl" | "wget") {
        let (scheme, rest) = first.split_once("://").unwrap_or(("http", first));
        let authority = rest.split(['/', '?']).next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, port.parse().ok())
            }
            _ => (authority, Some(if scheme == "https" { 443 } else { 80 })),
        };
        return Some(Target {
            host: host.to_owned(),
            port,
            url: Some(first.to_owned()),
        });
    }
    let port = match tool {
        "nc" | "ncat" | "netcat" | "telnet" => plain.get(1).and_then(|port| port.parse().ok()),
        _ => None,
    };
    Some(Target {
        host: first.to_owned(),
        port,
        url: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(command: &str, output: &str) -> (String, Option<i64>, Option<bool>) {
        let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let found = read(&argv, output, 3, From::default(), FileId(0));
        let root = &found.first().unwrap().root;
        (
            root.str_at(&["host"]).unwrap().to_owned(),
            root.int_at(&["port"]),
            root.bool_at(&["ok"]),
        )
    }

    #[test]
    fn outcomes() {
        let is = |host: &str, port, ok| (host.to_owned(), port, ok);
        assert_eq!(
            probe(
                "nc -zv api.shop 80",
                "api (10.0.0.1:80) open\nConnection Succeeded"
            ),
            is("api.shop", Some(80), Some(true))
        );
        assert_eq!(
            probe("nc -zv -w 3 api 80", "Connection Failed"),
            is("api", Some(80), Some(false))
        );
        assert_eq!(
            probe(
                "curl -s -m 5 http://api:8080/x",
                "curl: (7) Failed to connect to api port 8080: Connection refused"
            ),
            is("api", Some(8080), Some(false))
        );
        assert_eq!(
            probe("curl -I https://api/", "HTTP/1.1 200 OK"),
            is("api", Some(443), Some(true))
        );
        assert_eq!(
            probe(
                "nslookup api",
                "Server: 10.96.0.10\n** server can't find api: NXDOMAIN"
            ),
            is("api", None, Some(false))
        );
        assert_eq!(
            probe(
                "nslookup api",
                "Server: 10.96.0.10\nAddress: 10.96.0.10#53\n\nName: api\nAddress: 10.1.1.1"
            ),
            is("api", None, Some(true))
        );
        assert_eq!(
            probe(
                "ping -c 3 api",
                "3 packets transmitted, 0 received, 100% packet loss, time 2ms"
            ),
            is("api", None, Some(false))
        );
        assert_eq!(
            probe("telnet api 80", "Trying 10.0.0.1..."),
            is("api", Some(80), None)
        );
    }

    #[test]
    fn places_are_told_apart() {
        let argv = ["nc", "-zv", "api", "80"].map(str::to_owned);
        let output = "=== report ===\nresult on w-1: api (10.0.0.1:80) open\nresult on w-2: Connection Failed\nresult on w-3:\n";
        let found = read(&argv, output, 10, From::default(), FileId(0));
        let said: Vec<_> = found
            .iter()
            .map(|probe| {
                (
                    probe.node.as_str(),
                    probe.root.bool_at(&["ok"]),
                    probe.root.line,
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("w-1", Some(true), 11),
                ("w-2", Some(false), 12),
                ("w-3", None, 10)
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_output_is_safe(words in proptest::collection::vec("[a-z:/@.-]{0,8}", 0..5), output in "\\PC{0,80}") {
            let argv: Vec<String> = std::iter::once("curl".to_owned()).chain(words).collect();
            let _ = read(&argv, &output, 1, From::default(), FileId(0));
        }
    }
}
