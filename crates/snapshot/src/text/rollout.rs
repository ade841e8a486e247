//! Reads `kubectl rollout history` and `rollout status` into reports.
//!
//! `RolloutHistory`: `kind`, `name`, `namespace`, `revisions[]{revision, changeCause}`.
//! `RolloutStatus`: `kind`, `name`, `namespace`, `complete`, `text`.
//! A revision is not given as a replica set: the table does not say which one it belongs to.

use coldcase_bundle::FileId;

use super::{
    HostReport,
    command::Kubectl,
    resource,
    tree::{flag, map, null, number, seq, text},
};
use crate::node::Node;

/// Reads the output of one `rollout` command.
pub(super) fn read(
    output: &str,
    first_line: u32,
    command: &Kubectl,
    namespace: &str,
    file: FileId,
) -> Option<HostReport> {
    let (action, rest) = command.words.split_first()?;
    let (kind, name) = match rest {
        [one] => one.split_once('/')?,
        [kind, name, ..] => (kind.as_str(), name.as_str()),
        [] => return None,
    };
    let kind = resource::kind(kind).unwrap_or(kind);
    let (report, mut root) = match action.as_str() {
        "history" => ("RolloutHistory", history(output, first_line)?),
        "status" => ("RolloutStatus", status(output, first_line)?),
        _ => return None,
    };
    let line = root.line;
    root.set("kind", text(kind, line));
    root.set("name", text(name, line));
    if !namespace.is_empty() {
        root.set("namespace", text(namespace, line));
    }
    Some(HostReport {
        node: String::new(),
        kind: report,
        root,
        file,
    })
}

fn history(output: &str, first_line: u32) -> Option<Node> {
    let mut revisions = Vec::new();
    let mut in_table = false;
    for (row, line) in output.lines().zip(first_line..) {
        if row.starts_with("REVISION") {
            in_table = true;
            continue;
        }
        let (revision, cause) = row.trim().split_once(' ').unwrap_or((row.trim(), ""));
        let Some(revision) = revision.parse().ok().filter(|_| in_table) else {
            continue;
        };
        let cause = match cause.trim() {
            "" => None,
            "<none>" => Some(null(line)),
            cause => Some(text(cause, line)),
        };
        let mut entry = map(vec![("revision", number(revision, line))], line);
        if let Some(cause) = cause {
            entry.set("changeCause", cause);
        }
        revisions.push(entry);
    }
    in_table.then(|| map(vec![("revisions", seq(revisions, first_line))], first_line))
}

fn status(output: &str, first_line: u32) -> Option<Node> {
    let (said, line) = output
        .lines()
        .zip(first_line..)
        .filter(|(row, _)| !row.trim().is_empty())
        .last()?;
    let complete =
        said.contains("successfully rolled out") || said.contains("rolling update complete");
    Some(map(
        vec![
            ("complete", flag(complete, line)),
            ("text", text(said.trim(), line)),
        ],
        line,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(command: &str, output: &str) -> HostReport {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        read(output, 5, &Kubectl::parse(&words), "shop", FileId(0)).unwrap()
    }

    #[test]
    fn histories_and_statuses() {
        let history = read_one(
            "kubectl rollout history deploy/web",
            "deployment.apps/web\nREVISION  CHANGE-CAUSE\n1         <none>\n3         image to 2.0\n",
        );
        let revisions = history.root.items_at(&["revisions"]);
        assert_eq!(revisions[1].int_at(&["revision"]), Some(3));
        assert_eq!(revisions[1].str_at(&["changeCause"]), Some("image to 2.0"));
        assert_eq!(
            (revisions[1].line, history.root.str_at(&["kind"])),
            (8, Some("Deployment"))
        );
        let status = read_one(
            "kubectl rollout status deployment web",
            "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...\n",
        );
        assert_eq!(status.root.bool_at(&["complete"]), Some(false));
    }
}
