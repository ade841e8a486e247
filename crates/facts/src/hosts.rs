//! Things on nodes that commands there showed: units of systemd, filesystems, certificates, probes.

use std::collections::BTreeMap;

use coldcase_snapshot::{node::Node, stamp, text::HostReport};

use crate::{Cite, Entity, Facts, Identity, nodes};

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
        label.clone_into(&mut entity.label);
        for (name, _, cite) in self.fields {
            entity = entity.cited(&name, cite);
        }
        entity.cited("", self.place)
    }
}

type Things = BTreeMap<(String, String), Merged>;

/// Derives `Unit`, `Filesystem`, `Certificate` and `Probe` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let only = nodes::single_node(facts);
    let (mut units, mut disks, mut certificates) = (Things::new(), Things::new(), Things::new());
    let mut probes = Vec::new();
    let snapshot = facts.snapshot;
    for report in &snapshot.hosts {
        let node = match (report.node.as_str(), &only) {
            ("", Some(only)) => only.clone(),
            (node, _) => node.to_owned(),
        };
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
                let label = [name("host"), name("port")]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(":");
                probes.push((node, label, merged));
            }
            _ => {}
        }
    }
    for ((node, name), mut merged) in units {
        judge(facts, &node, &name, &mut merged);
        push(facts, "Unit", &node, &name, merged);
    }
    for ((node, mount), merged) in disks {
        push(facts, "Filesystem", &node, &mount, merged);
    }
    for ((node, name), mut merged) in certificates {
        expiry(facts, &mut merged);
        push(facts, "Certificate", &node, &name, merged);
    }
    for (node, label, merged) in probes {
        push(facts, "Probe", &node, &label, merged);
    }
}

fn push(facts: &mut Facts<'_>, kind: &'static str, node: &str, label: &str, mut merged: Merged) {
    // Without a node the thing speaks for itself.
    let subject = if node.is_empty() {
        Identity::new(kind, "", label)
    } else {
        merged.set("node", Node::text(node), None);
        Identity::new("Node", "", node)
    };
    // In messages it stands for its node, as the node's other facts do; its own name is a field.
    let entity = merged.entity(kind, &subject, if node.is_empty() { label } else { node });
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

/// Sets `component` and `down`.
fn judge(facts: &Facts<'_>, node: &str, name: &str, merged: &mut Merged) {
    if let Some(component) =
        component(name).filter(|part| *part != "runtime" || is_runtime_of(facts, node, name))
    {
        merged.set("component", Node::text(component), None);
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
    let place = merged
        .fields
        .iter()
        .find(|(name, ..)| name == "active")
        .and_then(|(.., cite)| *cite);
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
    if merged.get("expired").is_some() {
        return;
    }
    let end = merged.get("notAfter").and_then(stamp::rfc3339);
    if let (Some(end), Some(now)) = (end, facts.now()) {
        let place = merged
            .fields
            .iter()
            .find(|(name, ..)| name == "notAfter")
            .and_then(|(.., cite)| *cite);
        merged.set("expired", Node::flag(end < now), place);
    }
}
