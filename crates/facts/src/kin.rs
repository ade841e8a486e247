//! Infers the controller of pods from their names, where nothing else tells it: `web-7d4b9c5f68-x2x4p`, `db-0`.
//!
//! A table of kubectl prints no owner. One name proves nothing; two pods of one stem, or a controller of that name that
//! was captured, do.

use std::collections::HashMap;

use crate::{EntityId, Facts, Identity};

/// Letters and digits of the hash of a pod template and of what makes the name of a replica unique: no vowels.
fn is_random(text: &str) -> bool {
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u');
    text.bytes()
        .all(|b| (b.is_ascii_lowercase() || b.is_ascii_digit()) && !vowel(b))
}

/// The kind and name of the controller that gives such names.
fn stem(pod: &str) -> Option<(&'static str, &str)> {
    let (stem, last) = pod.rsplit_once('-')?;
    if last.len() <= 4 && last.parse::<u32>().is_ok_and(|it| it.to_string() == last) {
        return Some(("StatefulSet", stem));
    }
    let (name, hash) = stem.rsplit_once('-')?;
    let of_replica = last.len() == 5 && is_random(last) && !name.is_empty();
    // A Job of a CronJob is called by eight digits, and may have pods of such names too.
    let of_job = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_digit());
    let of_template = !of_job
        && (6..=10).contains(&hash.len())
        && is_random(hash)
        && hash.bytes().any(|b| b.is_ascii_digit());
    (of_replica && of_template).then_some(("ReplicaSet", stem))
}

/// Whether text about a pod leaves out who owns it.
fn is_open(facts: &Facts<'_>, pod: EntityId) -> bool {
    let entity = facts.get(pod);
    let owners = || entity.root()?.at(&["metadata", "ownerReferences"]);
    entity.partial && owners().is_none()
}

/// Owners of pods of which nothing tells the owner; `owners` are those of all pods, as far as they are told.
pub(crate) fn infer(
    facts: &Facts<'_>,
    pods: &[EntityId],
    owners: &[Identity],
) -> HashMap<EntityId, Identity> {
    let mut groups: HashMap<(&str, &'static str, &str), Vec<EntityId>> = HashMap::new();
    for (pod, owner) in pods.iter().zip(owners) {
        let subject = &facts.get(*pod).subject;
        if owner != subject || !is_open(facts, *pod) {
            continue;
        }
        if let Some((kind, stem)) = stem(&subject.name) {
            let key = (subject.namespace.as_str(), kind, stem);
            groups.entry(key).or_default().push(*pod);
        }
    }
    let mut found = HashMap::new();
    // The order does not matter: each pod is in one group.
    #[allow(clippy::iter_over_hash_type)]
    for ((namespace, kind, stem), pods) in groups {
        let known = known(facts, namespace, kind, stem);
        if known.is_none() && pods.len() < 2 {
            continue;
        }
        let owner = known.unwrap_or_else(|| Identity::new(kind, namespace, stem));
        found.extend(pods.into_iter().map(|pod| (pod, owner.clone())));
    }
    found
}

/// The captured controller of that name, or the Deployment above it.
fn known(facts: &Facts<'_>, namespace: &str, kind: &str, stem: &str) -> Option<Identity> {
    let deployment = || {
        let (name, _) = stem.rsplit_once('-')?;
        facts.known("Deployment", namespace, name)
    };
    let deployment = (kind == "ReplicaSet").then(deployment).flatten();
    let (identity, _) = deployment.or_else(|| facts.known(kind, namespace, stem))?;
    Some(identity.clone())
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    #[test]
    fn names_that_controllers_give() {
        for (pod, expected) in [
            (
                "cart-7d4b9c5f68-x2x4p",
                Some(("ReplicaSet", "cart-7d4b9c5f68")),
            ),
            (
                "cart-api-3423917398-x1x2p",
                Some(("ReplicaSet", "cart-api-3423917398")),
            ),
            ("db-0", Some(("StatefulSet", "db"))),
            ("db-012", None),
            ("cart-7d4b9c5f68-house", None),
            ("kube-proxy-x2x4p", None),
            ("batch-28394820-x2x4p", None),
            ("cart", None),
        ] {
            assert_eq!(stem(pod), expected, "{pod}");
        }
    }

    fn workloads(table: &str) -> Vec<String> {
        let bundle = Bundle::from_texts("t", [("ticket.txt", table)]);
        let snapshot = coldcase_snapshot::read(&bundle);
        let facts = crate::derive(&snapshot);
        let all = facts.of_kind("Workload").iter();
        all.map(|id| facts.get(*id).subject.to_string()).collect()
    }

    #[test]
    fn two_of_one_stem_are_one_workload() {
        let head = "NAME   READY   STATUS   RESTARTS   AGE\n";
        let row = |name: &str| format!("{name}   0/1   CrashLoopBackOff   7 (2m ago)   3h\n");
        let (one, other) = (row("cart-7d4b9c5f68-x2x4p"), row("cart-7d4b9c5f68-k8lzq"));
        assert_eq!(
            workloads(&format!("{head}{one}{other}")),
            ["ReplicaSet cart-7d4b9c5f68"]
        );
        assert_eq!(
            workloads(&format!("{head}{one}")),
            ["Pod cart-7d4b9c5f68-x2x4p"]
        );
        let deployments =
            "\nNAME   READY   UP-TO-DATE   AVAILABLE   AGE\ncart   0/1   1   0   3h\n";
        assert_eq!(
            workloads(&format!("{head}{one}{deployments}")),
            ["Deployment cart"]
        );
    }
}
