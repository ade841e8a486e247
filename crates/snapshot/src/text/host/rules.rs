//! Reads the rules by which a node reaches Services, their number and where they lead: `iptables-save`, `iptables -L`, `nft list ruleset`, `ipvsadm -Ln`.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{Fields, Sink};
use crate::node::Node;

/// More endpoints than one node's rules are read for.
const MAX_TARGETS: usize = 50_000;

/// Addresses to which rules send connections to Services.
#[derive(Default)]
struct Targets {
    found: Vec<(String, u32)>,
}

impl Targets {
    /// `service` as the rules call it: `namespace/name:port`, or its address and port.
    fn add(&mut self, service: &str, target: &str, line: u32) {
        if self.found.len() < MAX_TARGETS && service.len() + target.len() < 400 {
            self.found.push((format!("{service}={target}"), line));
        }
    }

    fn report(self, sink: &mut Sink<'_>, backend: &str) {
        let Some((_, first)) = self.found.first() else {
            return;
        };
        let mut fields = Fields::default();
        fields.text("backend", backend, *first);
        let targets = self
            .found
            .iter()
            .map(|(text, line)| Node::text(text.as_str()).at_line(*line))
            .collect();
        fields.set("targets", Node::seq(targets), *first);
        sink.push("EndpointRules", fields);
    }
}

/// The value of an option of a rule, such as `-j KUBE-SVC-…`; quotes are taken off.
fn option<'r>(rule: &'r str, name: &str) -> Option<&'r str> {
    let at = rule.find(name)?;
    let rest = rule.get(at + name.len()..)?.trim_start();
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split_whitespace().next(),
    }
}

/// Targets of `iptables-save`: a chain for each endpoint, named by the Service in a comment. Only
/// chains that something jumps to count: kube-proxy removes unused ones later.
#[derive(Default)]
struct EndpointChains<'t> {
    used: BTreeSet<&'t str>,
    chains: BTreeMap<&'t str, (&'t str, &'t str, u32)>,
}

impl<'t> EndpointChains<'t> {
    fn rule(&mut self, rule: &'t str, line: u32) {
        if let Some(chain) = option(rule, " -j ").filter(|chain| chain.starts_with("KUBE-SEP-")) {
            self.used.insert(chain);
        }
        if rule.starts_with("-A KUBE-SEP-")
            && self.chains.len() < MAX_TARGETS
            && let (Some(chain), Some(service), Some(target)) = (
                option(rule, "-A "),
                option(rule, "--comment "),
                option(rule, "--to-destination "),
            )
        {
            self.chains.insert(chain, (service, target, line));
        }
    }

    fn targets(self) -> Targets {
        let mut targets = Targets::default();
        let mut chains: Vec<_> = self
            .chains
            .into_iter()
            .filter(|(chain, _)| self.used.contains(chain))
            .map(|(_, found)| found)
            .collect();
        chains.sort_by_key(|(.., line)| *line);
        for (service, target, line) in chains {
            targets.add(service, target, line);
        }
        targets
    }
}

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
    let mut endpoints = EndpointChains::default();
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
        endpoints.rule(rule, number);
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
    endpoints.targets().report(sink, "iptables");
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
    let mut targets = Targets::default();
    let mut chain = "";
    for (number, line) in sink.lines(text) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("chain ") {
            chain = rest.split([' ', '{']).next().unwrap_or("");
            if let Some((service, target)) = endpoint_of_chain(chain) {
                targets.add(&service, &target, number);
            }
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
    targets.report(sink, "nftables");
}

/// `endpoint-<hash>-<namespace>/<service>/<protocol>/<port>__<address>/<port>`, kube-proxy's own name for such a chain.
fn endpoint_of_chain(chain: &str) -> Option<(String, String)> {
    let rest = chain.strip_prefix("endpoint-")?;
    let (_, rest) = rest.split_once('-')?;
    let (service, target) = rest.split_once("__")?;
    let (address, port) = target.split_once('/')?;
    let mut parts = service.split('/');
    let (namespace, name) = (parts.next()?, parts.next()?);
    let named = parts.nth(1).filter(|port| !port.is_empty());
    let service = match named {
        Some(port) => format!("{namespace}/{name}:{port}"),
        None => format!("{namespace}/{name}"),
    };
    Some((service, format!("{address}:{port}")))
}

/// `ipvsadm -Ln`: a virtual server for each Service port; one without real servers leads nowhere.
pub(super) fn ipvs(sink: &mut Sink<'_>, text: &str) {
    let mut count = Count::default();
    let (mut empty, mut targets) = (0_i64, true);
    let (mut found, mut server) = (Targets::default(), "");
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
            server = line.split_whitespace().nth(1).unwrap_or("");
            count.rule(number);
        } else if line.starts_with("-> ") && !line.starts_with("-> RemoteAddress") {
            targets = true;
            let words: Vec<&str> = line.split_whitespace().collect();
            // A weight of 0 only lets old connections end.
            if let (Some(target), Some(weight)) = (words.get(1), words.get(3))
                && *weight != "0"
            {
                found.add(server, target, number);
            }
        }
    }
    empty += i64::from(!targets);
    count.rejects = empty;
    count.report(sink, "ipvs");
    found.report(sink, "ipvs");
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
