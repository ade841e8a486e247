//! Recognises the output of a command on a node by its content, helped by what the file is called.

use super::{program, unit};

/// Lines looked at: outputs show what they are at once.
const HEAD: usize = 60;

/// A line longer than this is no table of a tool.
const MAX_LINE: usize = 4_000;

/// The command whose output a text looks like, when no prompt names it.
///
/// The content has to fit. The name adds what the content cannot say (units of `free`, which file
/// below /proc), and it alone is enough only for outputs of a few bare words, in places where
/// collectors put them.
pub(crate) fn sniff(path: &str, text: &str) -> Option<Vec<String>> {
    let head: Vec<&str> = text
        .lines()
        .take(HEAD)
        .map(str::trim_end)
        .filter(|line| line.len() <= MAX_LINE)
        .collect();
    match prompted(&head) {
        Prompt::One(argv) => return Some(argv),
        Prompt::Several => return None,
        Prompt::None => {}
    }
    let named = by_name(path);
    if let Some(found) = by_content(&head) {
        // The name may say more of the same command.
        let named = named.filter(|named| same_program(named, found));
        return Some(
            named.unwrap_or_else(|| found.iter().map(|word| (*word).to_owned()).collect()),
        );
    }
    named.filter(|named| is_bare(named, &head))
}

/// Prompts in a text.
enum Prompt {
    None,
    /// The command on the first line.
    One(Vec<String>),
    /// A transcript, or a command that is no node's: read elsewhere.
    Several,
}

fn same_program(named: &[String], found: &[&str]) -> bool {
    match (named.first(), found.first()) {
        (Some(a), Some(b)) => {
            program(a) == program(b)
                && (*b != "cat" || named.last().map(String::as_str) == found.last().copied())
        }
        _ => false,
    }
}

/// A single prompt on the first line names the command.
fn prompted(head: &[&str]) -> Prompt {
    let prompts: Vec<&str> = head
        .iter()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    match *prompts.as_slice() {
        [] => Prompt::None,
        [command]
            if head.first().is_some_and(|line| line.starts_with("$ "))
                && !command.starts_with("kubectl")
                && !command.starts_with("journalctl") =>
        {
            let words = command.split_whitespace().take(64);
            Prompt::One(words.map(str::to_owned).collect())
        }
        _ => Prompt::Several,
    }
}

/// Outputs so short that only the name tells what they are.
fn is_bare(argv: &[String], head: &[&str]) -> bool {
    let lines: Vec<&&str> = head.iter().filter(|line| !line.is_empty()).collect();
    let number = |line: &str| line.trim().parse::<i64>().is_ok();
    match argv.first().map(String::as_str) {
        Some("hostname" | "date") => lines.len() == 1,
        Some("nproc") => lines.len() == 1 && lines.iter().all(|line| number(line)),
        Some("cat") if argv.iter().any(|arg| arg.contains("kubepods")) => {
            lines.iter().all(|line| {
                let value = line.rsplit_once(' ').map_or(**line, |(_, value)| value);
                number(value) || value == "max"
            })
        }
        Some("cat") if argv.iter().any(|word| word == "/etc/resolv.conf") => {
            let said = |line: &str| {
                let first = line.split_whitespace().next().unwrap_or("#");
                first.starts_with(['#', ';'])
                    || matches!(
                        first,
                        "nameserver" | "search" | "options" | "domain" | "sortlist"
                    )
            };
            lines.iter().any(|line| line.starts_with("nameserver"))
                && lines.iter().all(|line| said(line))
        }
        Some("cat") => {
            lines.len() == 1 && lines.iter().all(|line| line.split_whitespace().all(number))
        }
        Some("conntrack") => {
            lines.len() <= 8
                && lines
                    .iter()
                    .any(|line| line.contains("count") || line.contains("max") || number(line))
        }
        _ => false,
    }
}

/// The command by the file's name: as sosreport mangles it, as Rancher's collector names it, or in plain words.
fn by_name(path: &str) -> Option<Vec<String>> {
    let path = path.to_ascii_lowercase();
    let parts: Vec<&str> = path.split('/').collect();
    let (name, directories) = parts.split_last()?;
    if directories.contains(&"logs") || directories.contains(&"journald") {
        return None;
    }
    let words = |line: &str| Some(line.split_whitespace().map(str::to_owned).collect());
    if directories.contains(&"sos_commands") {
        return Some(
            name.split('_')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        );
    }
    if let Some(at) = directories
        .iter()
        .rposition(|part| *part == "proc")
        .filter(|at| parts.len() - at <= 6)
    {
        let file = parts.get(at..)?.join("/");
        return Some(vec!["cat".to_owned(), format!("/{file}")]);
    }
    // Files of control groups mean what their directory says.
    if let Some(at) = directories
        .iter()
        .position(|part| part.starts_with("kubepods"))
        && (*name == "cpu.stat" || name.starts_with("memory."))
    {
        let file = path.split('/').skip(at).collect::<Vec<_>>().join("/");
        return Some(vec!["cat".to_owned(), format!("/sys/fs/cgroup/{file}")]);
    }
    let stem = [".txt", ".out"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    if stem.ends_with(".log") {
        return None;
    }
    let stem = stem.replace(['_', ' ', '.'], "-");
    let command = match stem.as_str() {
        "hostname" | "hostnamefqdn" => "hostname",
        "date" => "date",
        "nproc" => "nproc",
        "meminfo" | "proc-meminfo" => "cat /proc/meminfo",
        "resolv-conf" | "etc-resolv-conf" => "cat /etc/resolv.conf",
        "loadavg" => "cat /proc/loadavg",
        "file-nr" => "cat /proc/sys/fs/file-nr",
        "file-max" => "cat /proc/sys/fs/file-max",
        "nf-conntrack-max" => "cat /proc/sys/net/netfilter/nf_conntrack_max",
        "nf-conntrack-count" => "cat /proc/sys/net/netfilter/nf_conntrack_count",
        "pressure-cpu" | "psi-cpu" => "cat /proc/pressure/cpu",
        "pressure-memory" | "psi-memory" => "cat /proc/pressure/memory",
        "pressure-io" | "psi-io" => "cat /proc/pressure/io",
        "dfi" | "df-i" | "df-ip" | "df-inodes" | "dfivar" => "df -i",
        "df" | "dfh" | "df-h" | "df-hp" | "dfvar" => "df",
        "freem" | "free-m" => "free -m",
        "free-b" => "free -b",
        "free-g" => "free -g",
        "free" | "free-h" | "free-k" => "free",
        _ if stem.contains("conntrack") => "conntrack",
        _ => return None,
    };
    words(command)
}

type Signature = (fn(&[&str]) -> bool, &'static [&'static str]);

/// A command for each sort of content, the certain ones first.
const SIGNATURES: &[Signature] = &[
    (is_status, &["systemctl", "status"]),
    (is_list_units, &["systemctl", "list-units"]),
    (
        |head| {
            starts(head, "# Generated by ip6tables-save")
                || starts(head, "# Generated by ip6tables-nft")
        },
        &["ip6tables-save"],
    ),
    (is_iptables, &["iptables-save"]),
    (
        |head| {
            starts(head, "Chain ")
                && any(head, |line| {
                    line.starts_with("target ") || line.contains(" target ")
                })
        },
        &["iptables", "-L"],
    ),
    (is_nft, &["nft", "list", "ruleset"]),
    (
        |head| starts(head, "IP Virtual Server version"),
        &["ipvsadm", "-Ln"],
    ),
    (
        |head| {
            any(head, |line| {
                line.contains("insert_failed=") && line.starts_with("cpu=")
            })
        },
        &["conntrack", "-S"],
    ),
    (is_df, &["df"]),
    (is_du, &["du"]),
    (
        |head| any(head, super::cgroup::is_listed),
        &["grep", "-r", ".", "/sys/fs/cgroup"],
    ),
    (is_free, &["free"]),
    (
        |head| starts(head, "MemTotal:") && starts(head, "MemFree:"),
        &["cat", "/proc/meminfo"],
    ),
    (
        |head| starts(head, "top - ") && any(head, |line| line.contains("load average")),
        &["top", "-b"],
    ),
    (is_uptime, &["uptime"]),
    (
        |head| {
            any(head, |line| {
                line.starts_with("USER ") && line.contains("%MEM") && line.contains("RSS")
            })
        },
        &["ps", "aux"],
    ),
    (is_sysctl, &["sysctl", "-a"]),
    (
        |head| {
            starts(head, "Reference ID") && starts(head, "Stratum") && starts(head, "Leap status")
        },
        &["chronyc", "tracking"],
    ),
    (
        |head| starts(head, "506 Cannot talk to daemon"),
        &["chronyc", "tracking"],
    ),
    (
        |head| starts(head, "MS Name/IP address"),
        &["chronyc", "sources"],
    ),
    (
        |head| words(head, "Local time:") && words(head, "Time zone:"),
        &["timedatectl"],
    ),
    (
        |head| {
            any(head, |line| {
                line.contains("remote") && line.contains("refid") && line.contains("offset")
            })
        },
        &["ntpq", "-p"],
    ),
    (
        |head| words(head, "Static hostname:") && words(head, "Kernel:"),
        &["hostnamectl"],
    ),
    (
        |head| {
            head.len() <= 2
                && any(head, |line| {
                    line.starts_with("Linux ") && line.contains('#')
                })
        },
        &["uname", "-a"],
    ),
    (
        |head| starts(head, "PRETTY_NAME=") && starts(head, "ID="),
        &["cat", "/etc/os-release"],
    ),
    (
        |head| titles(head, &["CREATED", "STATE", "NAME", "ATTEMPT", "POD ID"]),
        &["crictl", "ps", "-a"],
    ),
    (
        |head| titles(head, &["POD ID", "STATE", "NAMESPACE", "ATTEMPT"]),
        &["crictl", "pods"],
    ),
    (
        |head| titles(head, &["IMAGE", "TAG", "IMAGE ID", "SIZE"]),
        &["crictl", "images"],
    ),
    (
        |head| titles(head, &["CONTAINER ID", "IMAGE", "STATUS", "NAMES"]),
        &["docker", "ps", "-a"],
    ),
    (
        |head| words(head, "Server Version:") && words(head, "Storage Driver:"),
        &["docker", "info"],
    ),
    (
        |head| head.first() == Some(&"{") && any(head, |line| line.contains("\"RuntimeReady\"")),
        &["crictl", "info"],
    ),
    (
        |head| starts(head, "notAfter=") || (words(head, "Not After :") && words(head, "Validity")),
        &["openssl", "x509"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("CERTIFICATE ")
                    && line.contains("EXPIRES")
                    && line.contains("RESIDUAL TIME")
            })
        },
        &["kubeadm", "certs", "check-expiration"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("| ") && line.contains(" ENDPOINT ")
            })
        },
        &["etcdctl", "endpoint", "status"],
    ),
    (
        |head| {
            any(head, |line| {
                line.contains(" is healthy: successfully committed proposal")
            })
        },
        &["etcdctl", "endpoint", "health"],
    ),
    (
        |head| any(head, |line| line.starts_with("1: lo: <LOOPBACK")),
        &["ip", "addr"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("default via ") && line.contains(" dev ")
            })
        },
        &["ip", "route"],
    ),
    (
        |head| {
            any(head, |line| {
                line.contains("Recv-Q") && line.contains("Local Address")
            })
        },
        &["ss", "-lntp"],
    ),
    (
        |head| any(head, |line| line.starts_with("some avg10=")),
        &["cat", "/proc/pressure/"],
    ),
    (
        |head| {
            count(head, |line| {
                line.contains(" on /") && line.contains(" type ") && line.ends_with(')')
            }) >= 2
        },
        &["mount"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("Filename") && line.contains("Priority")
            })
        },
        &["swapon", "-s"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("NAME ") && line.contains(" PRIO")
            })
        },
        &["swapon", "--show"],
    ),
    (
        |head| {
            any(head, |line| {
                line.starts_with("NVIDIA-SMI has failed") || line.starts_with("| NVIDIA-SMI ")
            })
        },
        &["nvidia-smi"],
    ),
];

fn by_content(head: &[&str]) -> Option<&'static [&'static str]> {
    SIGNATURES
        .iter()
        .find(|(fits, _)| fits(head))
        .map(|(_, argv)| *argv)
}

fn any(head: &[&str], fits: impl Fn(&str) -> bool) -> bool {
    head.iter().any(|line| fits(line))
}

fn count(head: &[&str], fits: impl Fn(&str) -> bool) -> usize {
    head.iter().filter(|line| fits(line)).count()
}

/// A line begins so.
fn starts(head: &[&str], prefix: &str) -> bool {
    any(head, |line| line.starts_with(prefix))
}

/// A line begins so after blanks.
fn words(head: &[&str], prefix: &str) -> bool {
    any(head, |line| line.trim_start().starts_with(prefix))
}

fn titles(head: &[&str], wanted: &[&str]) -> bool {
    head.iter()
        .take(5)
        .filter_map(|line| super::table::head(line))
        .any(|head| head.has(wanted))
}

fn is_status(head: &[&str]) -> bool {
    let block = head.windows(2).any(|two| match two {
        [name, loaded] => {
            unit::header(name).is_some() && loaded.trim_start().starts_with("Loaded: ")
        }
        _ => false,
    });
    block
        || (head.len() <= 8
            && any(head, |line| {
                line.starts_with("Unit ") && line.ends_with(" could not be found.")
            }))
        || (head.windows(2).any(|two| match two {
            // `status --all` begins with the machine.
            [name, state] => {
                name.starts_with(['*', '●']) && state.trim_start().starts_with("State: ")
            }
            _ => false,
        }) && words(head, "Failed: "))
}

fn is_list_units(head: &[&str]) -> bool {
    any(head, |line| {
        let mut words = line.split_whitespace();
        words.next() == Some("UNIT")
            && words.next() == Some("LOAD")
            && words.next() == Some("ACTIVE")
            && words.next() == Some("SUB")
    })
}

fn is_iptables(head: &[&str]) -> bool {
    starts(head, "# Generated by iptables-save")
        || count(head, |line| {
            [
                "-A KUBE-",
                "-N KUBE-",
                ":KUBE-",
                "-P PREROUTING",
                "-P INPUT",
                "-P POSTROUTING",
            ]
            .iter()
            .any(|prefix| line.starts_with(prefix))
        }) >= 1
        || count(head, |line| line.trim_start().starts_with("KUBE-SVC-")) >= 2
}

fn is_nft(head: &[&str]) -> bool {
    head.iter()
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| {
            ["table ip ", "table ip6 ", "table inet "]
                .iter()
                .any(|prefix| line.starts_with(prefix))
                && line.ends_with('{')
        })
}

/// `du`: sizes and paths, with a tab between them.
fn is_du(head: &[&str]) -> bool {
    head.len() >= 3
        && head
            .iter()
            .filter(|line| !line.is_empty())
            .all(|line| line.starts_with("du: ") || super::disk::use_of(line).is_some())
}

fn is_df(head: &[&str]) -> bool {
    head.iter().take(20).any(|line| {
        let percent = line
            .split_whitespace()
            .any(|word| word.ends_with('%') && word.starts_with(|c: char| c.is_ascii_uppercase()));
        percent && line.starts_with("Filesystem") && line.contains("Mounted on")
    })
}

fn is_free(head: &[&str]) -> bool {
    head.windows(2).any(|two| match two {
        [titles, row] => {
            let mut words = titles.split_whitespace();
            words.next() == Some("total")
                && words.next() == Some("used")
                && words.next() == Some("free")
                && row.starts_with("Mem:")
        }
        _ => false,
    })
}

fn is_uptime(head: &[&str]) -> bool {
    head.len() <= 3
        && any(head, |line| {
            line.contains(" up ") && line.contains("load average: ")
        })
}

fn is_sysctl(head: &[&str]) -> bool {
    count(head, |line| {
        line.split_once(" = ").is_some_and(|(key, _)| {
            let root = key.split('.').next().unwrap_or("");
            matches!(
                root,
                "abi"
                    | "crypto"
                    | "debug"
                    | "dev"
                    | "fs"
                    | "kernel"
                    | "net"
                    | "sunrpc"
                    | "user"
                    | "vm"
            ) && key.contains('.')
                && key.bytes().all(|b| b.is_ascii_graphic())
        })
    }) * 2
        > head.len()
}
