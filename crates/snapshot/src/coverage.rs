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
pub fn manifest(bundle: &Bundle) -> Vec<Command> {
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
        if let Some(kind) = object::kind_of_path(&command.file) {
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
