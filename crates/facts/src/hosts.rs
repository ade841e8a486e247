//! Things on nodes that commands there showed: units of systemd, filesystems, certificates, probes.

use std::collections::BTreeMap;

use coldcase_snapshot::{node::Node, stamp, text::HostReport};

use crate::{Cite, Entity, Facts, Identity, Whom, nodes};

/// What several commands said of one thing: the last word on each field, and where.
#[derive(Default)]
struct Merged {
    fields: Vec<(String, Node, Option<Cite>)>,
    place: Option<Cite>,
}

impl Merged {
    fn get(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(name, ..)| name == field)
            .and_then(|(_, value, _)| value.as_str())
    }

    fn cite(&self, field: &str) -> Option<Cite> {
        self.fields
            .iter()
            .find(|(name, ..)| name == field)
            .and_then(|(.., cite)| *cite)
    }

    fn set(&mut self, field: &str, value: Node, cite: Option<Cite>) {
        match self.fields.iter_mut().find(|(name, ..)| name == field) {
            Some(old) => *old = (field.to_owned(), value, cite),
            None => self.fields.push((field.to_owned(), value, cite)),
        }
    }

    fn add(&mut self, report: &HostReport) {
        for (field, value) in report.root.entries() {
            self.set(field, value.clone().at_line(0), nodes::cite(report, field));
        }
        self.place = self.place.or(nodes::cite(report, "name"));
    }

    fn entity<'s>(self, kind: &'static str, subject: &Identity, label: &str) -> Entity<'s> {
        let fields = self
            .fields
            .iter()
            .map(|(name, value, _)| (name.as_str(), value.clone()))
            .collect();
        let mut entity = Entity::computed(kind, subject.clone(), fields);
        entity.set_label(label);
        for (name, _, cite) in self.fields {
            entity = entity.cited(&name, cite);
        }
        entity.cited("", self.place)
    }
}

type Things = BTreeMap<(String, String), Merged>;

/// Derives `Unit`, `Filesystem`, `Certificate` and `Probe` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let (mut units, mut disks, mut certificates) = (Things::new(), Things::new(), Things::new());
    let mut probes = Vec::new();
    let snapshot = facts.snapshot;
    for report in &snapshot.hosts {
        let node = nodes::of_report(report).to_owned();
        let name = |key: &str| report.root.str_at(&[key]).unwrap_or("").to_owned();
        match report.kind {
            "Unit" => unit(units.entry((node, name("name"))).or_default(), report),
            "Filesystem" if is_storage(report) => {
                disks.entry((node, name("mount"))).or_default().add(report);
            }
            "Certificate" => certificates
                .entry((node, name("name")))
                .or_default()
                .add(report),
            "Probe" => {
                let mut merged = Merged::default();
                merged.add(report);
                probes.push((node, merged));
            }
            _ => {}
        }
    }
    for ((node, name), mut merged) in units {
        judge(facts, &node, &name, &mut merged);
        push(facts, "Unit", &node, merged);
    }
    for ((node, _), merged) in disks {
        push(facts, "Filesystem", &node, merged);
    }
    for ((node, _), mut merged) in certificates {
        expiry(facts, &mut merged);
        push(facts, "Certificate", &node, merged);
    }
    for (node, mut merged) in probes {
        let from = merged.get("namespace").filter(|it| !it.is_empty());
        let whom = merged.get("host").map(|host| facts.whom(from, host));
        if let Some(Whom::Service(id)) = whom {
            let subject = &facts.get(id).subject;
            let key = format!("{}/{}", subject.namespace, subject.name);
            merged.set("service", Node::text(key), None);
        }
        push(facts, "Probe", &node, merged);
    }
}

fn push(facts: &mut Facts<'_>, kind: &'static str, node: &str, mut merged: Merged) {
    merged.set("node", Node::text(node), None);
    let subject = Identity::new("Node", "", node);
    // In messages it stands for its node, as the node's other facts do; its own name is a field.
    let entity = merged.entity(kind, &subject, node);
    facts.push_derived(entity, &[&subject]);
}

/// A later report of another state begins anew: fields of two moments do not mix.
fn unit(merged: &mut Merged, report: &HostReport) {
    let state = report.root.str_at(&["active"]);
    if merged.get("active").is_some() && merged.get("active") != state {
        *merged = Merged::default();
    }
    merged.add(report);
}

/// Parts of a node or of the control plane, by the names of the units that run them.
fn component(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix(".service")?;
    let name = name
        .strip_prefix("snap.")
        .map_or(name, |rest| rest.trim_end_matches(".daemon"));
    Some(match name {
        "kubelet"
        | "k3s"
        | "k3s-agent"
        | "rke2-server"
        | "rke2-agent"
        | "k0scontroller"
        | "k0sworker"
        | "microk8s.daemon-kubelite" => "kubelet",
        "containerd" | "crio" | "cri-o" | "docker" | "cri-docker" | "cri-dockerd" => "runtime",
        "kube-proxy" => "kube-proxy",
        "kube-apiserver" => "kube-apiserver",
        "kube-scheduler" => "kube-scheduler",
        "kube-controller-manager" => "kube-controller-manager",
        "etcd" => "etcd",
        "chronyd" | "chrony" | "ntpd" | "ntp" | "systemd-timesyncd" => "time",
        _ => return None,
    })
}

/// Sets `component` and `down`; both are quoted by the line that says the state.
fn judge(facts: &Facts<'_>, node: &str, name: &str, merged: &mut Merged) {
    let place = merged.cite("active");
    let component =
        component(name).filter(|part| *part != "runtime" || is_runtime_of(facts, node, name));
    if let Some(component) = component {
        merged.set("component", Node::text(component), place);
    }
    let wanted = merged.get("enabled").is_some_and(|enabled| {
        matches!(
            enabled,
            "enabled" | "enabled-runtime" | "linked" | "generated"
        )
    });
    let down = match merged.get("active") {
        _ if merged.get("found") == Some("false") => false,
        Some("failed") => true,
        // What nobody enabled is not missed, unless it ran and ended.
        Some("inactive") => wanted || merged.get("mainPid").is_some(),
        Some("activating") => merged.get("sub") == Some("auto-restart"),
        _ => false,
    };
    merged.set("down", Node::flag(down), place);
}

/// Whether a unit is the runtime that the node says it uses; other runtimes may lie there unused.
fn is_runtime_of(facts: &Facts<'_>, node: &str, name: &str) -> bool {
    let version = facts.object("Node", "", node).and_then(|id| {
        facts
            .get(id)
            .str_at(&["status", "nodeInfo", "containerRuntimeVersion"])
    });
    let Some((runtime, _)) = version.and_then(|version| version.split_once("://")) else {
        // Docker beside containerd is ordinary, the other way round too.
        return name != "docker.service";
    };
    match runtime {
        "containerd" => name.contains("containerd"),
        "cri-o" => name.contains("cri-o") || name.contains("crio"),
        // Docker stands on containerd.
        _ => name.contains("docker") || name.contains("containerd"),
    }
}

/// Filesystems whose room matters: no images (always full), no windows into memory or other mounts.
fn is_storage(report: &HostReport) -> bool {
    let at = |key: &str| report.root.str_at(&[key]).unwrap_or("");
    let (device, mount, kind) = (at("device"), at("mount"), at("type"));
    if matches!(
        kind,
        "squashfs" | "iso9660" | "overlay" | "udf" | "erofs" | "devtmpfs"
    ) || matches!(
        device,
        "overlay" | "shm" | "udev" | "devtmpfs" | "none" | "efivarfs"
    ) || device.starts_with("/dev/loop")
        || device.starts_with("/dev/sr")
        || mount.starts_with("/snap/")
        || mount.starts_with("/boot/efi")
    {
        return false;
    }
    if device == "tmpfs" || kind == "tmpfs" {
        return mount == "/run" || mount == "/tmp";
    }
    !mount.is_empty()
}

/// Sets `expired` by the capture where the tool did not say it.
fn expiry(facts: &Facts<'_>, merged: &mut Merged) {
    // A year that is assumed says nothing about dates.
    if merged.get("expired").is_some() || facts.snapshot.is_year_assumed() {
        return;
    }
    let end = merged.get("notAfter").and_then(stamp::rfc3339);
    if let (Some(end), Some(now)) = (end, facts.now()) {
        let place = merged.cite("notAfter");
        merged.set("expired", Node::flag(end < now), place);
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use crate::{Facts, derive};

    fn with(files: &[(&str, &str)], check: impl FnOnce(&Facts<'_>)) {
        let bundle = Bundle::from_texts("test", files.iter().copied());
        let snapshot = coldcase_snapshot::read(&bundle);
        check(&derive(&snapshot));
    }

    fn unit(facts: &Facts<'_>, field: &str) -> String {
        let id = facts.of_kind("Unit")[0];
        facts.get(id).str_at(&[field]).unwrap_or("").to_owned()
    }

    const NODE: (&str, &str) = (
        "cluster/nodes.yaml",
        "apiVersion: v1\nkind: Node\nmetadata: {name: w1, uid: n1}\nstatus: {nodeInfo: {containerRuntimeVersion: containerd://1.7.2}, capacity: {cpu: \"4\"}}\n",
    );

    #[test]
    fn a_unit_is_down_when_somebody_misses_it() {
        let text = |state: &str, enabled: &str| {
            format!(
                "● kubelet.service - x\n     Loaded: loaded (/k; {enabled}; preset: enabled)\n     Active: {state}\n"
            )
        };
        for (state, enabled, down) in [
            (
                "active (running) since Tue 2026-07-14 08:00:00 UTC; 2h ago",
                "enabled",
                "false",
            ),
            ("inactive (dead)", "enabled", "true"),
            ("inactive (dead)", "disabled", "false"),
            ("failed (Result: exit-code)", "disabled", "true"),
            (
                "activating (auto-restart) (Result: exit-code)",
                "disabled",
                "true",
            ),
            ("activating (start)", "enabled", "false"),
        ] {
            with(
                &[NODE, ("nodes/w1/status.txt", &text(state, enabled))],
                |facts| {
                    assert_eq!(unit(facts, "down"), down, "{state} {enabled}");
                    assert_eq!(unit(facts, "component"), "kubelet");
                    let id = facts.of_kind("Unit")[0];
                    let node = facts.of_kind("Node")[0];
                    assert_eq!(facts.related("unit", node).ids, [id]);
                    assert_eq!(facts.related("node", id).ids, [node]);
                    assert_eq!(facts.get(id).place().unwrap().line, 1);
                },
            );
        }
    }

    #[test]
    fn the_last_of_two_moments_counts_and_only_the_used_runtime() {
        let before = "● docker.service - x\n     Loaded: loaded (/k; enabled)\n     Active: failed (Result: exit-code) since Tue 2026-07-14 08:00:00 UTC; 2h ago\n   Main PID: 7 (code=exited, status=1/FAILURE)\n";
        let after = "● docker.service - x\n     Loaded: loaded (/k; enabled)\n     Active: active (running) since Tue 2026-07-14 08:00:00 UTC; 2h ago\n";
        with(
            &[NODE, ("nodes/w1/a.txt", before), ("nodes/w1/b.txt", after)],
            |facts| {
                assert_eq!(facts.of_kind("Unit").len(), 1);
                assert_eq!(unit(facts, "exitCode"), "");
                assert_eq!(unit(facts, "component"), "");
            },
        );
    }

    #[test]
    fn a_filesystem_has_bytes_and_inodes() {
        let df = "Filesystem Size Used Avail Use% Mounted on\n/dev/vda1 97G 46G 51G 47% /\n/dev/loop1 1M 1M 0 100% /snap/x\noverlay 97G 46G 51G 47% /var/lib/docker/x\n";
        let inodes = "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda1 100 99 1 99% /\n";
        let uptime = " 19:23:40 up 25 min,  1 user,  load average: 0.83, 6.00, 0.76\n";
        with(
            &[
                NODE,
                ("nodes/w1/df.txt", df),
                ("nodes/w1/df-i.txt", inodes),
                ("nodes/w1/uptime.txt", uptime),
            ],
            |facts| {
                let disks = facts.of_kind("Filesystem");
                assert_eq!(disks.len(), 1);
                let disk = facts.get(disks[0]);
                assert_eq!(disk.int_at(&["usePercent"]), Some(47));
                assert_eq!(disk.int_at(&["inodesPercent"]), Some(99));
                let node = facts.get(facts.of_kind("NodeFacts")[0]);
                assert_eq!(node.int_at(&["rootUsePercent"]), Some(47));
                assert_eq!(node.int_at(&["loadPerCpu"]), Some(150));
            },
        );
    }

    #[test]
    fn a_certificate_is_judged_by_the_capture() {
        let dates = "notBefore=Jul 14 11:43:32 2025 GMT\nnotAfter=Jul 13 11:43:32 2026 GMT\nsubject=CN = kubelet\n";
        with(
            &[
                (
                    "bundle.yaml",
                    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
                ),
                ("nodes/w1/cert.txt", dates),
            ],
            |facts| {
                let it = facts.get(facts.of_kind("Certificate")[0]);
                assert!(it.bool_at(&["expired"]));
                assert_eq!(it.str_at(&["name"]), Some("kubelet"));
            },
        );
    }
}
