//! Adds to containers what control groups on their nodes say: CPU time that ran out, kills for memory, the peak.

use std::collections::HashMap;

use coldcase_snapshot::{node::Node, text::HostReport};

use crate::{Cite, EntityId, Facts, nodes};

/// Periods below this say nothing: ten seconds of a container's life.
const ENOUGH_PERIODS: i64 = 100;

/// Joins groups to containers and sets their fields.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let snapshot = facts.snapshot;
    let reports: Vec<&HostReport> = snapshot
        .hosts
        .iter()
        .filter(|report| report.kind == "Cgroup")
        .collect();
    if reports.is_empty() {
        return;
    }
    let (by_id, by_uid) = owners(facts);
    let mut found: Vec<(EntityId, bool, &HostReport)> = Vec::new();
    for report in reports {
        let path = report.root.str_at(&["path"]).unwrap_or("");
        if let Some(id) = container_of(path).and_then(|id| by_id.get(id)) {
            found.push((*id, true, report));
        } else if let Some(uid) = pod_of(path)
            && container_of(path).is_none()
            && let Some([only]) = by_uid.get(&uid).map(Vec::as_slice)
        {
            found.push((*only, false, report));
        }
    }
    // The pod's own group outlives restarts: where a pod has one container, it says more.
    found.sort_by_key(|(id, own, _)| (*id, !own));
    for (id, _, report) in found {
        add(facts, id, report);
    }
}

type ById = HashMap<String, EntityId>;
type ByUid = HashMap<String, Vec<EntityId>>;

/// Containers by the id of their running instance, and by the uid of their pod.
fn owners(facts: &Facts<'_>) -> (ById, ByUid) {
    let (mut by_id, mut by_uid) = (ById::new(), ByUid::new());
    for pod in facts.of_kind("Pod") {
        let Some(root) = facts.get(*pod).root() else {
            continue;
        };
        let containers = facts.containers(*pod);
        let apps: Vec<EntityId> = containers
            .iter()
            .filter(|id| matches!(facts.get(**id).str_at(&["type"]), Some("app" | "sidecar")))
            .copied()
            .collect();
        if let Some(uid) = root.str_at(&["metadata", "uid"]) {
            by_uid.insert(uid.to_owned(), apps);
        }
        for list in ["containerStatuses", "initContainerStatuses"] {
            for status in root.items_at(&["status", list]) {
                let name = status.str_at(&["name"]).unwrap_or("");
                let id = status
                    .str_at(&["containerID"])
                    .and_then(|id| id.split_once("://"));
                let owner = containers.iter().find(|id| facts.get(**id).label() == name);
                if let (Some((_, id)), Some(owner)) = (id, owner) {
                    by_id.insert(id.to_owned(), *owner);
                }
            }
        }
    }
    (by_id, by_uid)
}

/// The id in `cri-containerd-<id>.scope`, `crio-<id>.scope`, `docker-<id>.scope`, `<id>`.
fn container_of(path: &str) -> Option<&str> {
    let last = path.rsplit('/').next()?;
    let last = last.strip_suffix(".scope").unwrap_or(last);
    let id = last.rsplit(['-', ':']).next()?;
    (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// The uid in `kubepods-burstable-pod<uid with underscores>.slice` or `pod<uid>`.
fn pod_of(path: &str) -> Option<String> {
    let part = path.rsplit('/').find(|part| part.contains("pod"))?;
    let part = part.strip_suffix(".slice").unwrap_or(part);
    let (_, uid) = part.rsplit_once("pod")?;
    (uid.len() >= 32).then(|| uid.replace('_', "-"))
}

fn add(facts: &mut Facts<'_>, id: EntityId, report: &HostReport) {
    let int = |key: &str| report.root.int_at(&[key]);
    let mut fields: Vec<(&str, Node, Option<Cite>)> = Vec::new();
    if let (Some(periods), Some(throttled)) = (int("periods"), int("throttled"))
        && periods >= ENOUGH_PERIODS
        && (0..=periods).contains(&throttled)
    {
        let percent = i64::try_from(i128::from(throttled) * 100 / i128::from(periods)).unwrap_or(0);
        let cite = nodes::cite(report, "throttled");
        fields.push((
            "cpuPeriods",
            Node::number(periods),
            nodes::cite(report, "periods"),
        ));
        fields.push(("cpuThrottled", Node::number(throttled), cite));
        fields.push(("cpuThrottledPercent", Node::number(percent), cite));
    }
    for (field, key) in [("memoryPeak", "memoryPeak"), ("kernelOomKills", "oomKills")] {
        if let Some(value) = int(key) {
            fields.push((field, Node::number(value), nodes::cite(report, key)));
        }
    }
    for (field, value, cite) in fields {
        let Some(entity) = facts.get_mut(id) else {
            continue;
        };
        entity.set(vec![(field, value)]);
        entity.uncite(field);
        if let Some(cite) = cite {
            entity.cite_as(field, cite);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_both_drivers_are_understood() {
        let id = "ab".repeat(32);
        for path in [
            format!(
                "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1111_2222_3333_4444_555566667777.slice/cri-containerd-{id}.scope"
            ),
            format!("/sys/fs/cgroup/kubepods/burstable/pod1111-2222-3333-4444-555566667777/{id}"),
            format!(
                "/sys/fs/cgroup/kubepods.slice/kubepods-besteffort-pod1111_2222_3333_4444_555566667777.slice:cri-containerd:{id}"
            ),
        ] {
            assert_eq!(container_of(&path), Some(id.as_str()), "{path}");
        }
        let pod =
            "/sys/fs/cgroup/kubepods.slice/kubepods-pod11112222_3333_4444_5555_666677778888.slice";
        assert_eq!(container_of(pod), None);
        assert_eq!(
            pod_of(pod).as_deref(),
            Some("11112222-3333-4444-5555-666677778888")
        );
        assert_eq!(pod_of("/sys/fs/cgroup/kubepods.slice"), None);
    }
}
