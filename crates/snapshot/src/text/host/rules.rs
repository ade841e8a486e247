//! Counts the rules by which a node reaches Services: `iptables-save`, `iptables -L`, `nft list ruleset`, `ipvsadm -Ln`.

use super::report::{Fields, Sink};

/// What a listing of rules holds.
#[derive(Default)]
struct Count {
    /// Rules that send the address of a Service on; first and last line.
    rules: i64,
    lines: Option<(u32, u32)>,
    /// Rules that refuse connections to a Service without endpoints.
    rejects: i64,
    /// The chain exists, so that zero rules is a statement.
    chain: Option<u32>,
}

impl Count {
    fn rule(&mut self, line: u32) {
        self.rules += 1;
        self.lines = Some(self.lines.map_or((line, line), |(first, _)| (first, line)));
    }

    fn report(self, sink: &mut Sink<'_>, backend: &str) {
        let Some((first, last)) = self.lines.or(self.chain.map(|line| (line, line))) else {
            return;
        };
        let mut fields = Fields::default();
        fields.text("backend", backend, first);
        fields.number("rules", Some(self.rules), first);
        fields.number("lastLine", Some(i64::from(last)), last);
        if self.rejects > 0 {
            fields.number("rejects", Some(self.rejects), first);
        }
        sink.push("ServiceRules", fields);
    }
}

/// `iptables-save`, `iptables -S`, `iptables -L`: all three have KUBE-SERVICES, each in its way.
pub(super) fn iptables(sink: &mut Sink<'_>, text: &str) {
    let mut count = Count::default();
    // Without its heading a part of a list may still be one of that chain.
    let mut inside = true;
    for (number, line) in sink.lines(text) {
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("Chain ") {
            inside = rest.starts_with("KUBE-SERVICES ");
            if inside {
                count.chain = Some(number);
            }
            continue;
        }
        if line.starts_with(":KUBE-SERVICES ") || line == "-N KUBE-SERVICES" {
            count.chain = Some(number);
            continue;
        }
        // `iptables-save -c` begins with counters.
        let rule = match line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
        {
            Some((_, rest)) => rest,
            None => line,
        };
        let listed = inside && is_listed(rule);
        if !listed && !rule.starts_with("-A KUBE-SERVICES ") {
            continue;
        }
        if rule.contains("has no endpoints") {
            count.rejects += 1;
        }
        count.rule(number);
    }
    count.report(sink, "iptables");
}

/// A row of `iptables -L` whose target is a Service; `-v` puts two counters before the target.
fn is_listed(row: &str) -> bool {
    row.split_whitespace()
        .take(3)
        .any(|word| word.starts_with("KUBE-SVC-"))
}

/// `nft list ruleset`: a chain for each Service port in kube-proxy's own table; where iptables
/// writes through nftables, rules in its chain KUBE-SERVICES.
pub(super) fn nft(sink: &mut Sink<'_>, text: &str) {
    let mut own = Count::default();
    let mut compatible = Count::default();
    let mut chain = "";
    for (number, line) in sink.lines(text) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("chain ") {
            chain = rest.split([' ', '{']).next().unwrap_or("");
            if chain.starts_with("service-") {
                own.rule(number);
            } else if chain == "KUBE-SERVICES" {
                compatible.chain = Some(number);
            }
        } else if line.starts_with("table ") && line.contains(" kube-proxy") {
            own.chain = Some(number);
        } else if chain == "KUBE-SERVICES" && line != "}" && !line.is_empty() {
            if line.contains("KUBE-SVC-") || line.contains("xt target") || line.contains("jump") {
                compatible.rule(number);
            }
        } else if line == "}" {
            chain = "";
        }
    }
    if own.chain.is_some() || own.rules > 0 {
        own.report(sink, "nftables");
    } else {
        compatible.report(sink, "iptables");
    }
}

/// `ipvsadm -Ln`: a virtual server for each Service port; one without real servers leads nowhere.
pub(super) fn ipvs(sink: &mut Sink<'_>, text: &str) {
    let mut count = Count::default();
    let (mut empty, mut targets) = (0_i64, true);
    for (number, line) in sink.lines(text) {
        let line = line.trim_start();
        if line.starts_with("IP Virtual Server") {
            count.chain = Some(number);
        } else if ["TCP ", "UDP ", "SCTP "]
            .iter()
            .any(|proto| line.starts_with(proto))
        {
            empty += i64::from(!targets);
            targets = false;
            count.rule(number);
        } else if line.starts_with("-> ") && !line.starts_with("-> RemoteAddress") {
            targets = true;
        }
    }
    empty += i64::from(!targets);
    count.rejects = empty;
    count.report(sink, "ipvs");
}

/// The number that a pipe such as `iptables-save | grep -c KUBE-SVC` leaves.
pub(super) fn counted(sink: &mut Sink<'_>, argv: &[&str], text: &str) {
    let asked = argv
        .iter()
        .any(|arg| arg.contains("KUBE-SERVICES") || arg.contains("KUBE-SVC"));
    let number = sink
        .lines(text)
        .find_map(|(number, line)| Some((number, line.trim().parse::<i64>().ok()?)));
    if let (true, Some((line, rules))) = (asked, number) {
        let mut fields = Fields::default();
        fields.text("backend", "iptables", line);
        fields.number("rules", Some(rules), line);
        fields.number("lastLine", Some(i64::from(line)), line);
        sink.push("ServiceRules", fields);
    }
}
