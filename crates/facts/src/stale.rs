//! Configuration written after the containers had started that read it only once: they still have the former content.

use std::collections::BTreeMap;

use coldcase_snapshot::{node::Node, packed::View, stamp};
use jiff::Timestamp;

use crate::{Cite, Entity, EntityId, Facts, Identity, PodHealth};

/// Older changes are no news to anybody.
const HORIZON: i64 = 86_400;

/// A changed object and who reads it.
struct Changed {
    change: EntityId,
    when: Timestamp,
    /// Pods that read it once and began before the change, with the first such place.
    stale: i64,
    via: &'static str,
    place: Option<Cite>,
    started: Node,
    /// Pods that see the new content, or may.
    fresh: i64,
}

/// How one container reads an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Through a directory that the kubelet renews.
    Always,
    /// As a file mounted by `subPath`: a bind mount that keeps what it began with.
    SubPath,
    /// As environment variables.
    Env,
}

/// Derives `StaleConfig` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let mut changed = changed(facts);
    if changed.is_empty() {
        return;
    }
    for pod in facts.of_kind("Pod") {
        tally(facts, *pod, &mut changed);
    }
    let made: Vec<(Identity, Entity<'_>)> = changed
        .into_iter()
        .filter(|(_, found)| found.stale > 0)
        .map(|(identity, found)| {
            let stale = entity(facts, &identity, found);
            (identity, stale)
        })
        .collect();
    for (identity, entity) in made {
        facts.push_derived(entity, &[&identity]);
    }
}

/// ConfigMaps and Secrets that were written, not created, within the last day.
fn changed(facts: &Facts<'_>) -> BTreeMap<Identity, Changed> {
    facts
        .of_kind("ConfigChange")
        .iter()
        .filter_map(|id| {
            let change = facts.get(*id);
            let time = change.str_at(&["time"])?;
            let young = facts
                .age(Some(time))
                .is_some_and(|age| (0..HORIZON).contains(&age));
            let about = matches!(change.str_at(&["kind"]), Some("ConfigMap" | "Secret"));
            if !about || !young || change.bool_at(&["created"]) {
                return None;
            }
            let found = Changed {
                change: *id,
                when: stamp::rfc3339(time)?,
                stale: 0,
                via: "",
                place: None,
                started: Node::default(),
                fresh: 0,
            };
            Some((change.subject.clone(), found))
        })
        .collect()
}

fn tally(facts: &Facts<'_>, pod: EntityId, changed: &mut BTreeMap<Identity, Changed>) {
    let entity = facts.get(pod);
    let Some(root) = entity.root() else { return };
    if matches!(facts.health_of(pod), PodHealth::Done | PodHealth::Leaving) {
        return;
    }
    let namespace = entity.subject.namespace.as_str();
    let volumes = volumes(root);
    for container in root.items_at(&["spec", "containers"]) {
        let started = started(root, container.str_at(&["name"]).unwrap_or(""));
        for (kind, name, reads, line) in uses(container, &volumes) {
            let Some(found) = changed.get_mut(&Identity::new(kind, namespace, name)) else {
                continue;
            };
            let before = started
                .and_then(View::as_str)
                .and_then(stamp::rfc3339)
                .is_some_and(|started| started < found.when);
            if reads == Reads::Always || !before {
                found.fresh += 1;
                continue;
            }
            found.stale += 1;
            if found.place.is_none() {
                found.via = if reads == Reads::SubPath {
                    "subPath"
                } else {
                    "env"
                };
                found.started = started.map(View::to_node).unwrap_or_default();
                found.place = entity.file.map(|file| Cite {
                    file,
                    line,
                    end_line: line,
                });
            }
        }
    }
}

/// Volumes of a pod that show a ConfigMap or a Secret: (volume, kind, name).
fn volumes(root: View<'_>) -> Vec<(&str, &'static str, &str)> {
    let mut found = Vec::new();
    for volume in root.items_at(&["spec", "volumes"]) {
        let Some(name) = volume.str_at(&["name"]) else {
            continue;
        };
        let mut sources = vec![
            ("ConfigMap", volume.str_at(&["configMap", "name"])),
            ("Secret", volume.str_at(&["secret", "secretName"])),
        ];
        for source in volume.items_at(&["projected", "sources"]) {
            sources.push(("ConfigMap", source.str_at(&["configMap", "name"])));
            sources.push(("Secret", source.str_at(&["secret", "name"])));
        }
        found.extend(
            sources
                .into_iter()
                .filter_map(|(kind, source)| Some((name, kind, source?))),
        );
    }
    found
}

/// When the container that runs now was started.
fn started<'n>(root: View<'n>, name: &str) -> Option<View<'n>> {
    root.items_at(&["status", "containerStatuses"])
        .iter()
        .find(|status| status.str_at(&["name"]) == Some(name))?
        .at(&["state", "running", "startedAt"])
}

/// What a container reads and how: (kind, name, how, line).
fn uses<'n>(
    container: View<'n>,
    volumes: &[(&'n str, &'static str, &'n str)],
) -> Vec<(&'static str, &'n str, Reads, u32)> {
    let mut found = Vec::new();
    let mut env = |kind, node: Option<View<'n>>| {
        let name = node.and_then(|node| node.get("name"));
        if let Some((text, line)) = name.and_then(|name| Some((name.as_str()?, name.line()))) {
            found.push((kind, text, Reads::Env, line));
        }
    };
    for one in container.items_at(&["env"]) {
        env("ConfigMap", one.at(&["valueFrom", "configMapKeyRef"]));
        env("Secret", one.at(&["valueFrom", "secretKeyRef"]));
    }
    for from in container.items_at(&["envFrom"]) {
        env("ConfigMap", from.get("configMapRef"));
        env("Secret", from.get("secretRef"));
    }
    for mount in container.items_at(&["volumeMounts"]) {
        let part = mount.get("subPath").or_else(|| mount.get("subPathExpr"));
        let (reads, line) =
            match part.filter(|part| part.as_str().is_some_and(|path| !path.is_empty())) {
                Some(part) => (Reads::SubPath, part.line()),
                None => (Reads::Always, mount.line()),
            };
        for (volume, kind, name) in volumes {
            if mount.str_at(&["name"]) == Some(*volume) {
                found.push((*kind, *name, reads, line));
            }
        }
    }
    found
}

fn entity<'s>(facts: &Facts<'_>, identity: &Identity, found: Changed) -> Entity<'s> {
    let change = facts.get(found.change);
    let text = |field: &str| {
        change
            .str_at(&[field])
            .map_or_else(Node::default, Node::text)
    };
    let fields = vec![
        ("kind", Node::text(identity.kind.as_str())),
        ("name", Node::text(identity.name.as_str())),
        ("namespace", Node::text(identity.namespace.as_str())),
        ("via", Node::text(found.via)),
        ("time", text("time")),
        ("manager", text("manager")),
        ("startedAt", found.started),
        ("pods", Node::number(found.stale)),
        ("fresh", Node::number(found.fresh)),
    ];
    let mut made = Entity::computed("StaleConfig", identity.clone(), fields)
        .cited("", found.place)
        .cited("via", found.place)
        .cited("time", change.place());
    made.file = change.file;
    made
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    /// (via, stale containers, fresh containers) of the one stale object.
    fn stale(spec: &str, started: &str) -> Option<(String, i64, i64)> {
        let pods = format!(
            "items:\n- apiVersion: v1\n  kind: Pod\n  metadata: {{name: p, namespace: shop, uid: u, creationTimestamp: \"2026-07-14T08:00:00Z\"}}\n  spec: {spec}\n  status: {{phase: Running, conditions: [{{type: Ready, status: \"True\"}}], containerStatuses: [{{name: app, ready: true, restartCount: 0, state: {{running: {{startedAt: \"{started}\"}}}}}}]}}\nkind: List\n"
        );
        let maps = "items:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: flags, namespace: shop, uid: c, creationTimestamp: \"2026-01-01T08:00:00Z\", managedFields: [{manager: kubectl-edit, operation: Update, time: \"2026-07-14T09:00:00Z\"}]}}\nkind: List\n";
        let bundle = Bundle::from_texts(
            "test",
            [
                (
                    "bundle.yaml",
                    "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T10:00:00Z\"\n",
                ),
                ("pods.yaml", pods.as_str()),
                ("configmaps.yaml", maps),
            ],
        );
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let found = facts.get(*facts.of_kind("StaleConfig").first()?);
        Some((
            found.str_at(&["via"])?.to_owned(),
            found.int_at(&["pods"])?,
            found.int_at(&["fresh"])?,
        ))
    }

    const VOLUME: &str = "volumes: [{name: v, configMap: {name: flags}}]";

    #[test]
    fn a_file_by_sub_path_stays_as_it_was() {
        let spec = format!(
            "{{containers: [{{name: app, image: a, volumeMounts: [{{name: v, mountPath: /f, subPath: f}}]}}], {VOLUME}}}"
        );
        assert_eq!(
            stale(&spec, "2026-07-14T08:00:05Z"),
            Some(("subPath".to_owned(), 1, 0))
        );
        assert_eq!(stale(&spec, "2026-07-14T09:30:00Z"), None);
    }

    #[test]
    fn a_directory_is_renewed_and_the_environment_is_not() {
        let directory = format!(
            "{{containers: [{{name: app, image: a, volumeMounts: [{{name: v, mountPath: /d}}]}}], {VOLUME}}}"
        );
        assert_eq!(stale(&directory, "2026-07-14T08:00:05Z"), None);
        let environment =
            "{containers: [{name: app, image: a, envFrom: [{configMapRef: {name: flags}}]}]}";
        assert_eq!(
            stale(environment, "2026-07-14T08:00:05Z"),
            Some(("env".to_owned(), 1, 0))
        );
    }
}
