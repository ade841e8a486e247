//! Reads what commands on a node print (`systemctl status`, `df`, `free`, `iptables-save` …) into reports with lines.
//!
//! Kinds and their fields. Sizes are bytes, times RFC 3339 in UTC, shares whole percents unless a
//! fraction was printed; a field that the output leaves out is absent. Times in a zone that only an
//! abbreviation names count back from the capture by the age printed beside them, or are left out.
//!
//! | kind | fields |
//! |---|---|
//! | `Unit` | `name` (with suffix), `load`, `enabled`, `active`, `sub`, `result`, `since`, `sinceSeconds` (age), `mainPid`, `exitCode`, `exitReason`, `exitSignal`, `coreDumped`, `memory`, `memoryMax`, `memoryPeak`, `tasks`, `tasksMax`, `restarts`, `found` |
//! | `Filesystem` | `device`, `mount`, `type`, `size`, `used`, `available`, `usePercent`, `inodes`, `inodesUsed`, `inodesFree`, `inodesPercent`, `readOnly`: one report for each command that lists it |
//! | `Memory` | `total`, `used`, `free`, `available`, `swapTotal`, `swapUsed`, `swapFree`, `slab`, `slabUnreclaimable`, `hugePages` |
//! | `Swap` | `device`, `type`, `size`, `used` |
//! | `Load` | `one`, `five`, `fifteen`, `uptimeSeconds`, `cpus` |
//! | `Pressure` | `resource` (cpu memory io), `someAvg10` … `fullAvg300` (percent) |
//! | `Cgroup` | `path`, `memory`, `memoryMax`, `memoryPeak`, `oomKills`, `limitHits`, `periods`, `throttled` (periods of CPU time, and those in which it ran out) |
//! | `DirectoryUse` | `path`, `size` (of `du`) |
//! | `EndpointRules` | `backend`, `targets[]` (`namespace/service:port=address:port`, for ipvs `address:port=address:port`): where a node sends connections to Services |
//! | `ServiceRules` | `backend` (iptables nftables ipvs), `rules`, `lastLine` (of the last of them), `rejects` (for Services without endpoints) |
//! | `Conntrack` | `count`, `max`, `insertFailed`, `dropped` |
//! | `Sysctl` | `key`, `value` (well-known keys only) |
//! | `Clock` | `source`, `running`, `reference`, `stratum`, `offsetSeconds` (what this clock is ahead of the true time), `leap`, `synchronised`, `service`, `selected`, `sources`, `reachable`, `zoneOffsetSeconds`, `time` |
//! | `Host` | `hostname`, `kernel`, `os`, `virtualization`, `bootId`, `time` (of `date`) |
//! | `Runtime` | `tool`, `reachable`, `message`, `version`, `cgroupDriver`, `cgroupVersion`, `storageDriver` |
//! | `RuntimeCondition` | `type`, `status`, `reason`, `message` |
//! | `RuntimeContainer` | `id`, `name`, `pod`, `namespace`, `image`, `state`, `attempt`, `created` (as printed), `exitCode` |
//! | `RuntimePod` | `id`, `name`, `namespace`, `state`, `attempt`, `created` |
//! | `RuntimeImage` | `image`, `tag`, `id`, `size` |
//! | `Certificate` | `name`, `subject`, `notBefore`, `notAfter`, `expired`, `missing` |
//! | `EtcdEndpoint` | `endpoint`, `version`, `dbSize`, `leader`, `learner`, `raftTerm`, `raftIndex`, `healthy`, `tookSeconds`, `error` |
//! | `Link` | `name`, `up`, `carrier`, `state`, `mtu`, `addresses[]` |
//! | `Route` | `destination` (default), `via`, `dev` |
//! | `Resolver` | `nameserver` (the first), `loopback` |
//! | `Socket` | `address`, `port`, `process` (listening) |
//! | `Process` | `pid`, `cpuPercent`, `memoryPercent`, `memory`, `state`, `command` (the largest, and those that hang in the kernel) |
//! | `Gpu` | `ok`, `driver`, `text` |

mod alert;
mod amount;
mod cert;
mod cgroup;
mod clock;
mod disk;
mod etcd;
mod ident;
mod kernel;
mod memory;
mod net;
mod process;
mod report;
mod rules;
mod runtime;
mod sniff;
mod table;
mod unit;
mod when;

use coldcase_bundle::FileId;

use super::{Context, HostReport};
use report::Sink;

pub(crate) use sniff::sniff;

/// Reads the output of one command; `argv` is the command without `sudo` and the like, `first_line`
/// the number of the text's first line in its file.
pub(crate) fn read(
    argv: &[String],
    text: &str,
    first_line: u32,
    file: FileId,
    context: &Context<'_>,
) -> Vec<HostReport> {
    let words: Vec<&str> = argv.iter().map(String::as_str).take(64).collect();
    let words = unwrapped(&words);
    let end = words
        .iter()
        .position(|word| {
            matches!(
                *word,
                "|" | ";" | "&&" | "||" | ">" | "2>&1" | "2>/dev/null"
            )
        })
        .unwrap_or(words.len());
    let (command, rest) = words.split_at(end);
    let mut sink = Sink::new(file, first_line, context);
    let counts = |words: &[&str]| {
        words.contains(&"wc") || words.windows(2).any(|two| matches!(two, ["grep", flags] if flags.starts_with('-') && flags.contains('c')))
    };
    if counts(rest) {
        if command
            .first()
            .is_some_and(|word| program(word).starts_with("iptables"))
        {
            rules::counted(&mut sink, rest, text);
        }
    } else {
        dispatch(&mut sink, command, text, first_line);
    }
    sink.finish()
}

/// Lines of a journal that the output of a command ends with: first and last of each run.
#[allow(dead_code, reason = "for the reader of transcripts")]
pub(crate) fn journal_spans(argv: &[String], text: &str, first_line: u32) -> Vec<(u32, u32)> {
    let words: Vec<&str> = argv.iter().map(String::as_str).take(64).collect();
    match unwrapped(&words).split_first() {
        Some((first, rest)) if program(first) == "systemctl" && rest.contains(&"status") => {
            unit::journal_spans(text, first_line)
        }
        Some((first, _)) if program(first) == "service" => unit::journal_spans(text, first_line),
        _ => Vec::new(),
    }
}

/// The name of a program without its directory.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// A command without what only changes where or as whom it runs.
fn unwrapped<'a, 't>(words: &'a [&'t str]) -> &'a [&'t str] {
    let mut words = words;
    for _ in 0..6 {
        let Some((first, rest)) = words.split_first() else {
            return words;
        };
        let skip = match program(first) {
            "sudo" | "env" | "time" | "nice" | "ionice" | "command" => rest
                .iter()
                .take_while(|word| word.starts_with('-') || word.contains('='))
                .count(),
            "timeout" => rest
                .iter()
                .position(|word| word.starts_with(|c: char| c.is_ascii_digit()))
                .map_or(0, |at| at + 1),
            "chroot" => 1,
            "nsenter" => rest
                .iter()
                .position(|word| *word == "--")
                .map_or(rest.len(), |at| at + 1),
            _ if first.contains('=') && !first.starts_with('-') => 0,
            _ => return words,
        };
        words = rest.get(skip..).unwrap_or_default();
    }
    words
}

fn dispatch(sink: &mut Sink<'_>, command: &[&str], text: &str, first_line: u32) {
    let Some((first, args)) = command.split_first() else {
        return;
    };
    let plain = || args.iter().copied().filter(|arg| !arg.starts_with('-'));
    match program(first) {
        "systemctl" => systemctl(sink, args, text),
        "service" if args.contains(&"status") => unit::status(sink, text),
        "df" => disk::df(sink, args, text),
        "du" => disk::du(sink, args, text),
        "mount" | "findmnt" => disk::mount(sink, text),
        "swapon" => disk::swap(sink, text),
        "free" => memory::free(sink, args, text),
        "uptime" | "w" => memory::uptime(sink, text),
        "nproc" => memory::nproc(sink, text),
        "iptables-save"
        | "iptables"
        | "iptables-nft"
        | "iptables-legacy"
        | "iptables-nft-save"
        | "iptables-legacy-save" => rules::iptables(sink, text),
        "nft" => rules::nft(sink, text),
        "ipvsadm" => rules::ipvs(sink, text),
        "conntrack" => kernel::conntrack(sink, args, text),
        "sysctl" if args.iter().any(|arg| matches!(*arg, "-n" | "--values")) => {
            let keys: Vec<String> = plain().map(|key| key.replace('/', ".")).collect();
            kernel::values(sink, &keys, text);
        }
        "sysctl" => kernel::sysctl(sink, text),
        "chronyc" if args.iter().any(|arg| arg.starts_with("source")) => clock::sources(sink, text),
        "chronyc" => clock::tracking(sink, text),
        "timedatectl" => clock::timedatectl(sink, text),
        "ntpq" => clock::ntpq(sink, text),
        "ntpstat" => clock::ntpstat(sink, text),
        "hostname" => ident::hostname(sink, text),
        "hostnamectl" => ident::hostnamectl(sink, text),
        "uname" => ident::uname(sink, text),
        "date" => ident::date(sink, text),
        "crictl" if args.contains(&"info") => runtime::info(sink, text, first_line),
        "crictl" => runtime::crictl(sink, text),
        "docker" | "nerdctl" | "podman" if args.contains(&"info") => {
            runtime::docker_info(sink, text);
        }
        "docker" | "nerdctl" | "podman" if plain().any(|arg| arg == "ps") => {
            runtime::docker_ps(sink, text);
        }
        "openssl" if args.contains(&"x509") => {
            let name = args
                .iter()
                .position(|arg| *arg == "-in")
                .and_then(|at| args.get(at + 1));
            cert::openssl(sink, name.copied().unwrap_or(""), text);
        }
        "kubeadm" if args.contains(&"check-expiration") => cert::kubeadm(sink, text),
        "etcdctl" => etcd::endpoint(sink, text),
        "ip" if plain().next().is_some_and(|what| what.starts_with('r')) => net::route(sink, text),
        "ip" if plain()
            .next()
            .is_some_and(|what| what.starts_with(['a', 'l'])) =>
        {
            net::link(sink, text);
        }
        "ss" | "netstat" => net::sockets(sink, text),
        "ps" => process::list(sink, text),
        "top" => {
            memory::uptime(sink, text);
            process::list(sink, text);
        }
        "nvidia-smi" => process::nvidia(sink, text),
        "amtool" => alert::amtool(sink, text),
        "cat" | "head" | "tail" | "more" | "less" | "grep" => {
            let paths: Vec<&str> = plain().filter(|arg| arg.contains('/')).collect();
            files(sink, &paths, text);
        }
        _ => {}
    }
}

fn systemctl(sink: &mut Sink<'_>, args: &[&str], text: &str) {
    let verb = args.iter().position(|arg| {
        matches!(
            *arg,
            "status"
                | "list-units"
                | "is-active"
                | "is-failed"
                | "show"
                | "is-enabled"
                | "cat"
                | "list-unit-files"
                | "list-timers"
                | "list-sockets"
                | "list-jobs"
                | "list-dependencies"
        )
    });
    match verb.and_then(|at| Some((*args.get(at)?, args.get(at + 1..)?))) {
        Some(("status", _)) => unit::status(sink, text),
        Some(("is-active" | "is-failed", units)) => {
            let units: Vec<&str> = units
                .iter()
                .copied()
                .filter(|unit| !unit.starts_with('-'))
                .collect();
            unit::is_active(sink, &units, text);
        }
        Some(("show", _)) => unit::show(sink, text),
        Some(("list-units", _)) | None => unit::list(sink, text),
        Some(_) => {}
    }
}

/// Files that a command prints as they are.
fn files(sink: &mut Sink<'_>, paths: &[&str], text: &str) {
    let keys: Vec<String> = paths
        .iter()
        .filter_map(|path| kernel::key_of_path(path))
        .collect();
    if !keys.is_empty() && keys.len() == paths.len() {
        kernel::values(sink, &keys, text);
        return;
    }
    if paths.iter().any(|path| path.contains("/proc/pressure/")) {
        let one = paths.first().filter(|_| paths.len() == 1).copied();
        memory::pressure(sink, one.unwrap_or(""), text);
        return;
    }
    if text.lines().take(20).any(cgroup::is_listed) {
        cgroup::listed(sink, text);
        return;
    }
    let [path] = *paths else { return };
    match path.rsplit('/').next().unwrap_or(path) {
        "meminfo" => memory::meminfo(sink, text),
        "loadavg" => memory::loadavg(sink, text),
        "uptime" => memory::proc_uptime(sink, text),
        "swaps" => disk::swap(sink, text),
        "mounts" => disk::mount(sink, text),
        "os-release" => ident::os_release(sink, text),
        "hostname" => ident::hostname(sink, text),
        "resolv.conf" if !path.contains("/systemd/") => net::resolver(sink, text),
        name if name.starts_with("memory.") || name == "cpu.stat" => {
            cgroup::file(sink, path, text);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
