//! Errors as a user reads them: one line with the place, the reason and the way out.

use std::{net::SocketAddr, path::PathBuf};

use coldcase_bundle::OpenError;
use coldcase_rules::LoadError;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input.
    Open(OpenError),
    /// The input opened, but holds nothing that belongs to a cluster.
    Nothing(String),
    /// The same of a single file of text: how many lines it has.
    NothingIn(String, u32),
    /// Rules with errors.
    Rules(Vec<LoadError>),
    /// A rules directory that cannot be read.
    RulesDir(PathBuf, String),
    /// No rule has this id; the nearest that one has.
    NoRule(String, Option<String>),
    /// A word that is none of those known: what it should be, the word, the known ones.
    Word(&'static str, String, String),
    /// The output.
    Write(PathBuf, std::io::Error),
    /// An output that is an input or lies in one: both.
    Evidence(PathBuf, PathBuf),
    /// The result of a redaction.
    Redact(PathBuf, String),
    /// A bundle that cannot be verified.
    Verify(PathBuf, String),
    /// The worker threads.
    Threads(String),
    /// No folder with a truth below this one.
    NoCases(PathBuf),
    /// A JSON report that cannot be read.
    Report(PathBuf, String),
    /// A cause that is not in the report, and the ones that are.
    NoCause(String, Vec<String>),
    /// An address that other machines reach.
    Remote(SocketAddr),
    /// An address that cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// A kubeconfig that cannot or must not be written.
    Kubeconfig(PathBuf, String),
    /// A time that is none: the option and its value.
    Time(&'static str, String),
    /// A fault for a resource that is not served: the option and the word.
    Fault(&'static str, String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => write!(f, "{error}"),
            Self::Nothing(name) => write!(
                f,
                "{name}: holds no Kubernetes objects, events, logs or journals; is this the right directory?"
            ),
            Self::NothingIn(name, lines) => {
                let s = if *lines == 1 { "" } else { "s" };
                write!(
                    f,
                    "{name}: {lines} line{s} of text, in which no kubectl output, log or journal was recognised; \
                     give what was printed as it was printed, with the command above it: \
                     `kubectl describe pod …`, `kubectl get events -A`, `kubectl logs …`, `journalctl -u kubelet`"
                )
            }
            Self::Rules(errors) => {
                for error in errors {
                    writeln!(f, "{error}")?;
                }
                write!(
                    f,
                    "{} error{} in rules; nothing was analysed",
                    errors.len(),
                    if errors.len() == 1 { "" } else { "s" }
                )
            }
            Self::RulesDir(path, why) => write!(
                f,
                "{}: cannot read rules: {why}; give a directory of .yaml files",
                path.display()
            ),
            Self::NoRule(id, near) => {
                write!(f, "no rule `{id}`")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => write!(f, "; `coldcase rules list` names all of them"),
                }
            }
            Self::Word(what, word, known) => write!(f, "`{word}` is no {what}; {known}"),
            Self::Write(path, error) => write!(
                f,
                "{}: cannot write the report: {error}; choose another place with --output",
                path.display()
            ),
            Self::Evidence(path, input) => write!(
                f,
                "{}: is part of what is read ({}); nothing was written, choose another place with --output",
                path.display(),
                input.display()
            ),
            Self::Redact(path, why) => write!(
                f,
                "{}: {why}; nothing was written, give another --output",
                path.display()
            ),
            Self::Verify(path, why) => write!(
                f,
                "{}: {why}; give what collect.sh or collect-node.sh wrote",
                path.display()
            ),
            Self::NoCases(path) => write!(
                f,
                "{}: no folder below it has a truth.yaml; `--accept` writes first ones",
                path.display()
            ),
            Self::Report(path, why) => write!(
                f,
                "{}: {why}; give a report written with `analyze --format json`",
                path.display()
            ),
            Self::NoCause(wanted, causes) if causes.is_empty() => {
                write!(
                    f,
                    "`{wanted}`: the report names no cause at all; leave it out to see what was looked at"
                )
            }
            Self::NoCause(wanted, causes) => write!(
                f,
                "`{wanted}` is no cause of this report; it has {}",
                causes.join(", ")
            ),
            Self::Remote(address) => write!(
                f,
                "--listen {address}: other machines could read the whole bundle there, without a password; say --allow-remote if they shall"
            ),
            Self::Listen(address, error) => write!(
                f,
                "--listen {address}: {error}; 127.0.0.1:0 takes a free port"
            ),
            Self::Kubeconfig(path, why) => write!(
                f,
                "{}: cannot write a kubeconfig: {why}; give the name of a new file",
                path.display()
            ),
            Self::Time(flag, text) => write!(
                f,
                "{flag}: `{text}` is no time; give 2026-07-14T02:40:00Z, or how long before the capture: 30m, 2h, 1d"
            ),
            Self::Fault(flag, word) => write!(
                f,
                "{flag}: the bundle serves no `{word}`; give a resource as kubectl names it, logs, or *"
            ),
            Self::Threads(why) => write!(f, "--threads: {why}; leave it out to use all processors"),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}
