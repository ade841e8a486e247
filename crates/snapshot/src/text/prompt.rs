//! Tells command lines of a transcript from output: prompts of shells, `set -x` traces, titles that name a command.

use super::{
    command::Kubectl,
    shell::{base_name, is_kubectl},
};

/// How a command line is marked. Inside the output of a log, only the same mark ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `user@host:~$`, `[user@host ~]#`.
    Host,
    /// `PS C:\>`, `C:\>`.
    Windows,
    /// `$`.
    Dollar,
    /// `#`.
    Hash,
    /// `%`, `>`, `❯`, `➜`.
    Other,
    /// `+` of `set -x`.
    Trace,
    /// A line that only says a command, possibly with signs around it.
    Title,
}

/// A line with a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prompt<'t> {
    /// Mark.
    pub style: Style,
    /// Host in the prompt; may be empty.
    pub host: &'t str,
    /// What was typed; empty for a prompt that waits.
    pub command: &'t str,
    /// Blanks before the prompt.
    pub indent: usize,
}

impl Prompt<'_> {
    /// Somebody typed at a prompt; titles and traces may be lines of a program's output.
    pub(super) fn is_typed(&self) -> bool {
        !matches!(self.style, Style::Title | Style::Trace)
    }
}

/// Longer lines are no commands.
const MAX_LINE: usize = 4_000;

/// Commands whose output is worth telling apart.
const TOOLS: &[&str] = &[
    "amtool",
    "arp",
    "cat",
    "cilium",
    "calicoctl",
    "chronyc",
    "conntrack",
    "crictl",
    "ctr",
    "curl",
    "date",
    "df",
    "dig",
    "dmesg",
    "docker",
    "du",
    "echo",
    "etcdctl",
    "export",
    "free",
    "getenforce",
    "grep",
    "head",
    "helm",
    "host",
    "hostname",
    "hostnamectl",
    "ifconfig",
    "iostat",
    "ip",
    "ip6tables",
    "ip6tables-save",
    "iptables",
    "iptables-save",
    "ipvsadm",
    "istioctl",
    "journalctl",
    "k3s",
    "kubeadm",
    "ls",
    "lsblk",
    "lscpu",
    "lsmod",
    "lsof",
    "microk8s",
    "mount",
    "mpstat",
    "nc",
    "ncat",
    "nerdctl",
    "netstat",
    "nft",
    "nproc",
    "nslookup",
    "nsenter",
    "ntpq",
    "openssl",
    "ping",
    "podman",
    "ps",
    "resolvectl",
    "route",
    "sar",
    "ss",
    "ssh",
    "stat",
    "sudo",
    "swapon",
    "sysctl",
    "systemctl",
    "systemd-resolve",
    "tail",
    "telnet",
    "time",
    "timedatectl",
    "timeout",
    "top",
    "traceroute",
    "uname",
    "uptime",
    "vmstat",
    "watch",
    "wget",
    "zgrep",
];

/// kubectl's verbs; without one a line that begins with `kubectl` is prose.
const VERBS: &[&str] = &[
    "adm",
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "auth",
    "certificate",
    "cluster-info",
    "config",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "get",
    "label",
    "log",
    "logs",
    "patch",
    "port-forward",
    "project",
    "projects",
    "rollout",
    "rsh",
    "run",
    "scale",
    "set",
    "status",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
    "whoami",
];

/// The prompt that a line begins with.
pub(super) fn prompt(line: &str) -> Option<Prompt<'_>> {
    if line.len() > MAX_LINE {
        return None;
    }
    let body = line.trim_start();
    let indent = line.len() - body.len();
    let body = body.trim_end();
    let make = |style, host, command: &'_ str| {
        Some(Prompt {
            style,
            host,
            // The command borrows from the line, whatever was cut around it.
            command: line.get(offset(line, command)..)?.get(..command.len())?,
            indent,
        })
    };
    if let Some((host, command)) = host_prompt(body) {
        return make(Style::Host, host, command);
    }
    if let Some(command) = windows_prompt(body) {
        return make(Style::Windows, "", command);
    }
    if let Some(command) = pipeline(body) {
        return make(Style::Other, "", command);
    }
    if let Some((style, host, command)) = themed(body) {
        return make(style, host, command);
    }
    if let Some((host, command)) = named(body) {
        return make(Style::Host, host, command);
    }
    match body.chars().next()? {
        '$' => dollar(body).and_then(|command| make(Style::Dollar, "", command)),
        '#' if body == "#" => None,
        '#' => after(body, "#")
            .and_then(|command| make(Style::Hash, "", command))
            .or_else(|| title(body).and_then(|command| make(Style::Title, "", command))),
        '+' => after(body.trim_start_matches('+'), "")
            .and_then(|command| make(Style::Trace, "", command)),
        '%' | '>' | 'λ' => arrow(body).and_then(|command| make(Style::Other, "", command)),
        _ => pathed(body)
            .and_then(|(style, command)| make(style, "", command))
            .or_else(|| title(body).and_then(|command| make(Style::Title, "", command))),
    }
}

/// `[command]/usr/bin/kubectl …` and `##[group]Run kubectl …` of pipelines.
fn pipeline(body: &str) -> Option<&str> {
    let run = ["[command]", "##[group]Run ", "##[group]"];
    let behind = run.iter().find_map(|mark| body.strip_prefix(mark));
    behind.filter(|command| is_command(command))
}

/// Signs that themes of shells put before a command; the crosses say that the last one failed.
const ARROWS: &[char] = &['➜', '❯', '✖', '✗', '✘'];

/// More words than these are no prompt.
const PROMPT_WORDS: usize = 6;

/// `host ~ ➜  command`, `me@host ~ ✖ command`, `➜ me@host:~# command`, `➜  dir git:(main) ✗ kubectl …`.
fn themed(body: &str) -> Option<(Style, &str, &str)> {
    let (place, rest) = body.split_at_checked(body.find(ARROWS)?)?;
    let rest = rest.trim_start_matches(|c: char| ARROWS.contains(&c) || c.is_whitespace());
    let words: Vec<&str> = place.split_whitespace().take(PROMPT_WORDS + 1).collect();
    let host = match words.as_slice() {
        [] => match host_prompt(rest) {
            Some((host, command)) => return Some((Style::Host, host, command)),
            None => return Some((Style::Other, "", behind_place(rest)?)),
        },
        [host, path] if path.starts_with(['~', '/']) => *host,
        [host] if host.contains('@') => *host,
        _ => "",
    };
    let host = host.split_once('@').map_or(host, |(_, host)| host);
    let typed = rest.is_empty()
        || rest.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '/' | '.'));
    if is_word(host) && host.starts_with(|c: char| c.is_ascii_alphanumeric()) && typed {
        return Some((Style::Host, host, rest));
    }
    let short = words.len() <= PROMPT_WORDS && place.len() < 80;
    (short && is_kubectl_line(rest)).then_some((Style::Other, "", rest))
}

/// A command behind the directory and the branch that a theme shows.
fn behind_place(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut sure = true;
    for _ in 0..PROMPT_WORDS {
        if sure && is_command(rest) || is_kubectl_line(rest) {
            return Some(rest);
        }
        let (word, behind) = rest.split_once(' ')?;
        let branch = ["git:(", "(", "on"].iter().any(|it| word.starts_with(it));
        let path = word.starts_with(['~', '/']);
        let mark = word.starts_with(|c: char| !c.is_ascii());
        if !(branch || path || mark || is_word(word)) {
            return None;
        }
        sure &= branch || path || mark;
        rest = behind.trim_start();
    }
    None
}

/// `controlplane $ command`, `controlplane:~$ command`: a host without a user, before a command that is known.
fn named(body: &str) -> Option<(&str, &str)> {
    let (place, command) = body.split_at_checked(body.find(['$', '#'])?)?;
    let command = command.get(1..)?.strip_prefix(' ')?.trim();
    let (host, parted) = match place.split_once(':') {
        Some((host, path)) => (host, path.starts_with(['~', '/']) && !path.contains(' ')),
        None => (place.trim_end(), place.ends_with(' ')),
    };
    let letter = host.starts_with(|c: char| c.is_ascii_lowercase());
    (letter && parted && is_word(host) && is_command(command)).then_some((host, command))
}

/// Where a part begins inside the whole; 0 if it is none.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .checked_sub(whole.as_ptr() as usize)
        .filter(|at| at + part.len() <= whole.len())
        .unwrap_or(0)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// `user@host:path$ command`, `[user@host path]# command`, `user@host path % command`, with `(env)` before it.
fn host_prompt(body: &str) -> Option<(&str, &str)> {
    let body = match body.strip_prefix('(') {
        Some(rest) => rest.split_once(") ")?.1.trim_start(),
        None => body,
    };
    let (bracket, rest) = match body.strip_prefix('[') {
        Some(rest) => (true, rest),
        None => (false, body),
    };
    let (user, rest) = rest.split_once('@')?;
    if !is_word(user) {
        return None;
    }
    let host_len = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        .count();
    let (host, rest) = rest.split_at_checked(host_len)?;
    if host.is_empty() {
        return None;
    }
    let end = rest.find(['$', '#', '%', '>'])?;
    let place = rest.get(..end)?;
    let command = rest.get(end + 1..)?;
    let place = if bracket {
        place.trim_end().strip_suffix(']')?
    } else {
        place
    };
    let path = place.trim().trim_start_matches(':').trim();
    let placed = path.is_empty() || path.starts_with(['~', '/', '.']) || is_word(path);
    // `user@host` followed by a word is an address in prose unless a colon or a bracket parts them.
    let parted = bracket
        || place.starts_with(':')
        || place.trim().is_empty()
        || path.starts_with(['~', '/']);
    let parted = parted || is_word(path) && is_command(command.trim());
    let blank = command.is_empty() || command.starts_with(' ');
    (placed && parted && blank).then(|| (host, command.trim()))
}

/// `PS C:\work> command`, `C:\work>command`.
fn windows_prompt(body: &str) -> Option<&str> {
    let (shell, rest) = match body.strip_prefix("PS ") {
        Some(rest) => (true, rest),
        None => (false, body),
    };
    let (place, command) = rest.split_once('>')?;
    let drive = place.as_bytes().get(1) == Some(&b':') && place.as_bytes().get(2) == Some(&b'\\');
    let unix = shell && place.starts_with(['/', '~']);
    (drive || unix).then(|| command.trim())
}

/// `$ command`; the dollar alone waits, `$5` and `${x}` are no prompts.
fn dollar(body: &str) -> Option<&str> {
    let rest = body.strip_prefix('$')?;
    if rest.is_empty() {
        return Some(rest);
    }
    if !rest.starts_with(' ') {
        return is_command(rest).then_some(rest);
    }
    let command = rest.trim();
    let looks = command
        .starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '/' | '.' | '~'))
        || is_command(command);
    looks.then_some(command)
}

fn after<'t>(body: &'t str, sign: &str) -> Option<&'t str> {
    let rest = body.strip_prefix(sign)?;
    let command = rest.strip_prefix(' ')?.trim();
    is_command(command).then_some(command)
}

/// One or two signs, possibly a directory, and a known command.
fn arrow(body: &str) -> Option<&str> {
    let rest = body.trim_start_matches(['%', '>', 'λ']).trim();
    if is_command(rest) {
        return Some(rest);
    }
    let (place, command) = rest.split_once(' ')?;
    let command = command.trim();
    ((is_word(place) || place.starts_with(['~', '/'])) && is_kubectl_line(command))
        .then_some(command)
}

/// `/ # command`, `~ $ command`, `sh-5.1# command`, `bash-4.4$ command`.
fn pathed(body: &str) -> Option<(Style, &str)> {
    if !body.starts_with(['/', '~', 's', 'b']) {
        return None;
    }
    let end = body.find(['$', '#'])?;
    let place = body.get(..end)?.trim_end();
    let shell = ["sh-", "bash-"].iter().any(|name| {
        place.strip_prefix(name).is_some_and(|version| {
            !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        })
    });
    if !shell && (!place.starts_with(['/', '~']) || place.contains(' ')) {
        return None;
    }
    let style = if body.get(end..)?.starts_with('$') {
        Style::Dollar
    } else {
        Style::Hash
    };
    let command = body.get(end + 1..)?;
    if command.trim().is_empty() {
        return Some((style, command.trim()));
    }
    command.starts_with(' ').then_some(())?;
    is_command(command.trim()).then(|| (style, command.trim()))
}

/// Signs that people put around a command to make a headline of it.
const SIGNS: &[char] = &[
    '=', '#', '*', '-', '_', ':', '`', '~', '"', '\'', '>', '[', ']', ' ',
];

/// A line that says a command and nothing else: `kubectl get pods`, `=== df -h ===`, `## Output of kubectl get nodes:`.
fn title(body: &str) -> Option<&str> {
    if body.len() > 400 || !body.contains(' ') && !body.contains('=') {
        return None;
    }
    let core = body.trim_start_matches(SIGNS).trim_end_matches(SIGNS);
    let core = core.strip_prefix("$ ").unwrap_or(core);
    let lead = offset(body, core);
    let tail = body.len() - lead - core.len();
    if is_kubectl_line(core) {
        return Some(core);
    }
    // For other tools the line must be framed on both sides.
    if lead >= 2 && tail >= 2 && is_command(core) {
        return Some(core);
    }
    // `watch` heads its screen with the interval, the command, the host and the time.
    if let Some(rest) = body.strip_prefix("Every ") {
        let (interval, rest) = rest.split_once("s: ")?;
        let command = rest.split("  ").next()?;
        let number = !interval.contains(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
        return (number && is_kubectl_line(command)).then_some(command);
    }
    let framed = lead > 0 || body.ends_with(':');
    let words = core.find("kubectl ").or_else(|| core.find("oc "))?;
    let before = core.get(..words)?.trim_end();
    let introduced = framed && before.split_whitespace().count() <= 3 && !before.ends_with('/')
        || matches!(
            before.trim_end_matches(':').to_ascii_lowercase().as_str(),
            "running" | "command" | "cmd" | "executing" | "output of" | "run"
        );
    let command = core.get(words..)?;
    (introduced && is_kubectl_line(command)).then_some(command)
}

/// Whether a text begins with a command that this module knows.
pub(super) fn is_command(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let first = words.find(|word| !is_assignment(word)).unwrap_or("");
    let tool = base_name(first);
    if is_kubectl(tool) {
        return is_kubectl_line(text);
    }
    if tool == "service" {
        let does = |word: &str| matches!(word, "status" | "start" | "stop" | "restart");
        return words.nth(1).is_some_and(does);
    }
    let first_is_plain = !first.ends_with([':', ',']);
    first_is_plain && TOOLS.contains(&tool)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// `kubectl` with a verb of its own.
fn is_kubectl_line(text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .skip_while(|word| is_assignment(word) || *word == "sudo")
        .take(12)
        .map(str::to_owned)
        .collect();
    words.first().is_some_and(|tool| {
        is_kubectl(base_name(tool)) && VERBS.contains(&Kubectl::parse(&words).verb.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(line: &str, style: Style, host: &str, command: &str) {
        let found = prompt(line).unwrap_or_else(|| panic!("no prompt: {line}"));
        assert_eq!(
            (found.style, found.host, found.command),
            (style, host, command),
            "{line}"
        );
    }

    #[test]
    fn prompts_of_shells() {
        for (line, style, host, command) in [
            ("$ kubectl get po", Style::Dollar, "", "kubectl get po"),
            ("$ ./run.sh", Style::Dollar, "", "./run.sh"),
            (
                "# systemctl status kubelet",
                Style::Hash,
                "",
                "systemctl status kubelet",
            ),
            ("% kubectl get po", Style::Other, "", "kubectl get po"),
            ("❯ k get po", Style::Other, "", "k get po"),
            ("➜  ~ kubectl get po", Style::Other, "", "kubectl get po"),
            ("+ kubectl get po", Style::Trace, "", "kubectl get po"),
            (
                "me@laptop:~/dir$ kubectl get po",
                Style::Host,
                "laptop",
                "kubectl get po",
            ),
            ("[root@master-1 ~]# df -h", Style::Host, "master-1", "df -h"),
            ("root@node:/# ls", Style::Host, "node", "ls"),
            ("root@node:~#", Style::Host, "node", ""),
            ("me@mac work % oc get po", Style::Host, "mac", "oc get po"),
            (
                r"PS C:\work> kubectl get po",
                Style::Windows,
                "",
                "kubectl get po",
            ),
            ("/ # nslookup api", Style::Hash, "", "nslookup api"),
            ("sh-5.1# df -h", Style::Hash, "", "df -h"),
            ("node01 ~ ➜  k get no", Style::Host, "node01", "k get no"),
            ("node01 ~ ✖ vi a.yaml", Style::Host, "node01", "vi a.yaml"),
            (
                "root@node01 ~ ➜  systemctl status kubelet",
                Style::Host,
                "node01",
                "systemctl status kubelet",
            ),
            ("root@node01 /etc ✖ ➜", Style::Host, "node01", ""),
            (
                "➜ root@node01:~# service kubelet status",
                Style::Host,
                "node01",
                "service kubelet status",
            ),
            ("➜ ssh node01", Style::Other, "", "ssh node01"),
            (
                "➜  ~ systemctl status kubelet",
                Style::Other,
                "",
                "systemctl status kubelet",
            ),
            (
                "➜  shop git:(main) ✗ kubectl get po",
                Style::Other,
                "",
                "kubectl get po",
            ),
            (
                "minikube ❯ kubectl get po",
                Style::Other,
                "",
                "kubectl get po",
            ),
            (
                "controlplane $ k get po",
                Style::Host,
                "controlplane",
                "k get po",
            ),
            ("node01:~$ df -h", Style::Host, "node01", "df -h"),
            ("  $ kubectl get po", Style::Dollar, "", "kubectl get po"),
        ] {
            is(line, style, host, command);
        }
    }

    #[test]
    fn titles_name_commands() {
        for (line, style, host, command) in [
            (
                "kubectl get pods -A",
                Style::Title,
                "",
                "kubectl get pods -A",
            ),
            (
                "=== kubectl get nodes ===",
                Style::Title,
                "",
                "kubectl get nodes",
            ),
            (
                "**kubectl get nodes -o wide:**",
                Style::Title,
                "",
                "kubectl get nodes -o wide",
            ),
            (
                "## Output of kubectl get nodes:",
                Style::Title,
                "",
                "kubectl get nodes",
            ),
            ("==== df -h ====", Style::Title, "", "df -h"),
            (
                "Every 2.0s: kubectl get pods   host: Thu Jan 1",
                Style::Title,
                "",
                "kubectl get pods",
            ),
            (
                "Running: kubectl get pods",
                Style::Title,
                "",
                "kubectl get pods",
            ),
        ] {
            is(line, style, host, command);
        }
    }

    #[test]
    fn output_is_no_prompt() {
        for line in [
            "# This file is managed by man:systemd-resolved(8). Do not edit.",
            "# comment",
            "$5 was paid",
            "${HOME}",
            "+ something",
            "> quoted prose",
            "kubectl is the tool to use",
            "mail me@example.com for $ 5",
            "NAME   READY   STATUS",
            "2026-01-01T00:00:00Z INFO main: kubectl get pods failed",
            "Error: kubectl: command not found",
            "[2026-01-01] x@y: z # t",
            "GET /api ➜ 200",
            "➜ the host is down",
            "it went from a ➜ b",
            "service account ➜ token",
        ] {
            assert_eq!(prompt(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_safe(line in "[\\[\\]()@$#%>+ :~/a-zC\\\\é❯-]{0,60}") {
            let _ = prompt(&line);
        }

        #[test]
        fn a_typed_command_comes_back(verb in "get|describe|logs", rest in "[a-z-]{1,12}( [a-z-]{1,8})?") {
            let command = format!("kubectl {verb} {rest}");
            for line in [format!("$ {command}"), format!("root@n1:~# {command}")] {
                proptest::prop_assert_eq!(prompt(&line).map(|found| found.command), Some(command.as_str()));
            }
        }
    }
}
