//! Says for each source whether it was captured, refused, failed or never asked for.

use std::collections::{BTreeMap, BTreeSet};

use coldcase_bundle::Bundle;

use crate::{json, node::Node, object, text::Failed};

/// Whether a source was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It is there; an empty list is an answer too.
    Collected,
    /// The API server said no.
    Refused,
    /// The command failed for another reason.
    Failed,
    /// A limit cut it.
    Truncated,
    /// It is there, and nothing was made of it.
    NotUnderstood,
    /// Nobody asked.
    NotCollected,
}

impl Status {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Truncated => "truncated",
            Self::NotUnderstood => "not_understood",
            Self::NotCollected => "not_collected",
        }
    }
}

/// One source's coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Whether.
    pub status: Status,
    /// Count or reason, for people.
    pub detail: String,
}

/// Where a kind was listed completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In the whole cluster.
    Everywhere,
    /// In these namespaces only.
    Namespaces(BTreeSet<String>),
}

/// Coverage of all sources: Kubernetes kinds by name, `previous logs`, `journal of <node>` …
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// By source.
    pub sources: BTreeMap<String, Covered>,
    /// Kinds of which whole lists were captured, and for where. A kind that is only in `sources` was
    /// captured object by object: what is not there may still exist.
    pub scopes: BTreeMap<String, Scope>,
    /// Kinds of which a whole list was captured for one namespace that nothing names.
    pub unplaced: BTreeSet<String>,
    /// Objects that the server was asked for and that do not exist: kind, namespace, name.
    pub absent: BTreeSet<(String, String, String)>,
}

impl Coverage {
    /// The status of a source; sources that nobody mentioned were not collected.
    pub fn status(&self, source: &str) -> Status {
        self.sources
            .get(source)
            .map_or(Status::NotCollected, |covered| covered.status)
    }

    /// Whether every object of a kind in a namespace was captured (empty for cluster-scoped kinds):
    /// only then does an object that is not there not exist.
    pub fn covers(&self, kind: &str, namespace: &str) -> bool {
        match self.scopes.get(kind) {
            Some(Scope::Everywhere) => true,
            Some(Scope::Namespaces(namespaces)) => namespaces.contains(namespace),
            None => false,
        }
    }

    /// Why a source is missing, for "could not check".
    pub fn reason(&self, source: &str) -> String {
        match self.sources.get(source) {
            None => format!("{source}: not collected"),
            Some(covered) if covered.detail.is_empty() => {
                format!("{source}: {}", covered.status.word().replace('_', " "))
            }
            Some(covered) => format!(
                "{source}: {} ({})",
                covered.status.word().replace('_', " "),
                covered.detail
            ),
        }
    }

    /// Records a source; a better status wins, and among equals the later detail.
    pub fn note(&mut self, source: &str, status: Status, detail: String) {
        match self.sources.get(source) {
            Some(old) if old.status < status => {}
            _ => {
                self.sources
                    .insert(source.to_owned(), Covered { status, detail });
            }
        }
    }
}

impl Coverage {
    /// Notes that a kind's list is not whole, and why: of what is not in the rest nothing is known. A list
    /// of the whole cluster that is sound outweighs it.
    pub(crate) fn cut(&mut self, kind: &str, why: &str) {
        if matches!(self.scopes.get(kind), Some(Scope::Everywhere)) {
            return;
        }
        match self.sources.get_mut(kind) {
            Some(covered) if covered.status == Status::Collected => {
                covered.status = Status::Truncated;
                covered.detail = format!("{}; {why}", covered.detail);
            }
            Some(_) => {}
            None => {
                self.note(kind, Status::Truncated, why.to_owned());
            }
        }
    }
}

/// One line of the native manifest.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// The command.
    pub argv: Vec<String>,
    /// Output file.
    pub file: String,
    /// Exit code.
    pub exit: i64,
    /// Cut by a limit.
    pub truncated: bool,
    /// Standard error.
    pub stderr: String,
    /// Line in the manifest.
    pub line: u32,
}

/// Reads `manifest.jsonl`; lines that are damaged are left out.
pub(crate) fn manifest(bundle: &Bundle) -> Vec<Command> {
    bundle
        .iter()
        .filter_map(|(_, file)| {
            let prefix = file.path.strip_suffix("manifest.jsonl")?;
            let whole = prefix.is_empty()
                || prefix.ends_with('/') && bundle.find(&format!("{prefix}bundle.yaml")).is_some();
            whole.then_some(prefix)
        })
        .flat_map(|prefix| manifest_at(bundle, prefix))
        .collect()
}

fn manifest_at(bundle: &Bundle, prefix: &str) -> Vec<Command> {
    let Some((_, file)) = bundle.find(&format!("{prefix}manifest.jsonl")) else {
        return Vec::new();
    };
    let mut commands = Vec::new();
    for (index, line) in file.text().lines().enumerate() {
        let (documents, _) = json::read(line);
        let Some(node) = documents.first() else {
            continue;
        };
        commands.push(Command {
            argv: node
                .items_at(&["argv"])
                .iter()
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect(),
            file: format!("{prefix}{}", node.str_at(&["file"]).unwrap_or("")),
            exit: node.int_at(&["exit"]).unwrap_or(0),
            truncated: node.bool_at(&["truncated"]).unwrap_or(false),
            stderr: node.str_at(&["stderr"]).unwrap_or("").to_owned(),
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
        });
    }
    commands
}

impl Command {
    /// The kind that `kubectl get RESOURCE` lists, in all namespaces or one.
    fn asked_for(&self) -> Option<&'static str> {
        let mut words = self
            .argv
            .iter()
            .map(String::as_str)
            .skip_while(|word| *word != "get");
        words.next()?;
        let resource = words.next()?;
        let whole = words.next().is_none_or(|word| word.starts_with('-'));
        let name = resource.split_once('.').map_or(resource, |(name, _)| name);
        whole.then(|| object::kind_of_resource(name))?
    }

    fn status(&self) -> Status {
        let refused = [
            "forbidden",
            "Forbidden",
            "Unauthorized",
            "cannot list resource",
        ];
        if self.exit == 0 {
            if self.truncated {
                Status::Truncated
            } else {
                Status::Collected
            }
        } else if refused.iter().any(|word| self.stderr.contains(word)) {
            Status::Refused
        } else {
            Status::Failed
        }
    }
}

/// Notes what a transcript shows of questions that got no answer.
pub(crate) fn from_answers(failed: &[Failed], coverage: &mut Coverage) {
    for failed in failed.iter().filter(|failed| !failed.kind.is_empty()) {
        let refused = ["orbidden", "Unauthorized", "cannot "];
        let status = if refused.iter().any(|word| failed.what.contains(word)) {
            Status::Refused
        } else {
            Status::Failed
        };
        let detail = failed.what.chars().take(200).collect();
        coverage
            .sources
            .entry(failed.kind.clone())
            .or_insert(Covered { status, detail });
    }
}

/// Notes what the manifest says about kinds.
pub(crate) fn from_manifest(commands: &[Command], coverage: &mut Coverage) {
    for command in commands {
        let status = command.status();
        if status == Status::Collected {
            continue;
        }
        // A command that got nothing left no file: then its own words say what it asked for.
        let kind = object::kind_of_path(&command.file).or_else(|| command.asked_for());
        if let Some(kind) = kind {
            let detail = command
                .stderr
                .lines()
                .next()
                .unwrap_or("")
                .chars()
                .take(200)
                .collect();
            // A failed command outweighs the mere absence of a file, not a list that is there.
            coverage
                .sources
                .entry(kind.to_owned())
                .or_insert(Covered { status, detail });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_kind_is_refused_although_it_left_no_file() {
        let command = |words: &str| Command {
            argv: words.split(' ').map(str::to_owned).collect(),
            file: String::new(),
            exit: 1,
            truncated: false,
            stderr: "Error from server (Forbidden): secrets is forbidden".to_owned(),
            line: 1,
        };
        let mut coverage = Coverage::default();
        from_manifest(
            &[
                command("kubectl get secrets -A -o yaml"),
                command("kubectl get volumeattachments.storage.k8s.io -o yaml"),
                command("kubectl get pods web-1 -n shop -o yaml"),
                command("kubectl get --raw /version"),
            ],
            &mut coverage,
        );
        let kinds: Vec<&str> = coverage.sources.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["Secret", "VolumeAttachment"]);
        assert_eq!(coverage.sources["Secret"].status, Status::Refused);
    }

    #[test]
    fn a_damaged_list_is_truncated_and_lists_nothing() {
        let pods = |count: u32| {
            (0..count).fold("apiVersion: v1\nitems:\n".to_owned(), |text, number| {
                format!("{text}- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p{number}\n    namespace: n\n  status: {{}}\n")
            })
        };
        let json = |end: &str| {
            format!(
                "{{\"apiVersion\":\"v1\",\"items\":[{{\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p\",\"namespace\":\"n\"}},\"status\":{{}}}}{end}"
            )
        };
        let whole = pods(2) + "kind: List\n";
        let whole_json = json("],\"kind\":\"List\"}");
        let broken = pods(1)
            + "- kind: Pod\n  metadata: {name: [\n"
            + pods(1).get(23..).unwrap_or_default()
            + "kind: List\n";
        for (name, text, status) in [
            ("pods.yaml", whole.clone(), Status::Collected),
            ("pods.yaml", pods(2), Status::Truncated),
            ("x.yaml", pods(2), Status::Truncated),
            ("pods.yaml", broken, Status::Truncated),
            ("pods.json", whole_json, Status::Collected),
            ("pods.json", json(",{\"kind\":"), Status::Truncated),
            ("x.json", json(",{\"kind\":"), Status::Truncated),
            (
                "pods.yaml",
                format!("{whole}---\n{}", pods(1)),
                Status::Truncated,
            ),
            (
                "ticket.txt",
                format!("$ kubectl get pods -A -o yaml\n{}", pods(2)),
                Status::Truncated,
            ),
        ] {
            let bundle = Bundle::from_texts("t", [(name, text.as_str())]);
            let coverage = crate::read(&bundle).coverage;
            assert_eq!(coverage.status("Pod"), status, "{name}: {text}");
            let covered = status == Status::Collected && name != "x.yaml";
            assert_eq!(
                coverage.covers("Pod", "n"),
                covered || text.contains("---"),
                "{name}: {text}"
            );
        }
    }
}
