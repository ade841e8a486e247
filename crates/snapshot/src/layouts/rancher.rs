//! Rancher, Harvester and Longhorn support bundles: undoes the words that their writer put into empty strings.

use coldcase_bundle::{Bundle, Layout, Root};

use super::{detail, says_refused};
use crate::{
    coverage::{Coverage, Status},
    node::{Key, Node, Value},
    object::Object,
    packed::Text,
};

/// The writer replaces every `""` of the JSON by `"null"`: a string that is exactly `null` was empty.
/// The same two characters inside a longer string cannot be told from text and stay.
pub(crate) fn restore(path: &str, roots: &[Root], objects: &mut [Object]) {
    let ours = roots.iter().any(|root| {
        root.layout == Layout::RancherSupportBundle
            && root
                .strip(path)
                .is_some_and(|rest| rest.starts_with("yamls/"))
    });
    if !ours {
        return;
    }
    for object in objects {
        object.root.edit(empty_again);
        if object.namespace == "null" {
            object.namespace = Key::default();
        }
        if object.uid == "null" {
            object.uid = Text::default();
        }
    }
}

fn empty_again(node: &mut Node) {
    match &mut node.value {
        Value::Scalar { text } if text == "null" => text.clear(),
        Value::Seq(items) => items.iter_mut().for_each(empty_again),
        Value::Map(entries) => {
            for (_, value) in entries {
                empty_again(value);
            }
        }
        _ => {}
    }
}

/// `bundleGenerationError.log` lists what failed, one error on a line.
pub(crate) fn cover(bundle: &Bundle, roots: &[Root], coverage: &mut Coverage) {
    for root in roots {
        if root.layout != Layout::RancherSupportBundle {
            continue;
        }
        for (_, file) in bundle.iter() {
            if root.strip(&file.path) != Some("bundleGenerationError.log") {
                continue;
            }
            let text = file.text();
            let mut lines = text
                .lines()
                .zip(1_u32..)
                .filter(|(line, _)| !line.trim().is_empty());
            if let Some((first, number)) = lines.next() {
                let more = lines.count();
                let status = if says_refused(first) {
                    Status::Refused
                } else {
                    Status::Failed
                };
                let first = detail(first, &file.path, number);
                let why = if more == 0 {
                    first
                } else {
                    format!("{first} and {more} more")
                };
                coverage.note("bundle generation", status, why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_layouts_strings_are_emptied() {
        let pod = "items:\n- apiVersion: v1\n  kind: Role\n  metadata: {name: r, namespace: a, uid: u}\n  rules:\n  - apiGroups: [\"null\"]\n    note: say \"null\"\n    gone: null\n";
        let bundle = Bundle::from_texts(
            "t",
            [
                ("metadata.yaml", "bundleversion: 0.1.0\n"),
                (
                    "yamls/namespaced/a/rbac.authorization.k8s.io/v1/roles.yaml",
                    pod,
                ),
            ],
        );
        let snapshot = crate::read(&bundle);
        let rule = snapshot.objects[0]
            .root
            .items_at(&["rules"])
            .first()
            .unwrap();
        assert_eq!(
            rule.items_at(&["apiGroups"]).first().unwrap().as_str(),
            Some("")
        );
        assert_eq!(rule.str_at(&["note"]), Some("say \"null\""));
        let other = Bundle::from_texts("t", [("roles.yaml", pod)]);
        let snapshot = crate::read(&other);
        let rule = snapshot.objects[0]
            .root
            .items_at(&["rules"])
            .first()
            .unwrap();
        assert_eq!(
            rule.items_at(&["apiGroups"]).first().unwrap().as_str(),
            Some("null")
        );
    }
}
