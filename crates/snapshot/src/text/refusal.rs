//! Reads what kubectl says when a question was refused: errors of the server, kinds that are not installed, objects that do not exist.

use super::{Absent, Failed, Found, resource};
use crate::{node::Node, object};

/// Longer texts hold more than that.
const MAX_ALONE: usize = 8 << 10;

/// Beginnings of lines in which kubectl says that it has no answer.
const ERRORS: &[&str] = &[
    "Error from server",
    "error: ",
    "Error: ",
    "Unable to connect to the server",
    "The connection to the server",
    "unable to retrieve",
];

/// Whether kubectl says in a line that it has no answer.
pub(crate) fn is_one(line: &str) -> bool {
    ERRORS.iter().any(|words| line.starts_with(words))
}

/// Whether a text is nothing but such lines, as a command with an answer in a file of its own leaves it.
pub(crate) fn is_all(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(is_one);
    first
        && text.len() < MAX_ALONE
        && !lines.any(|line| line.starts_with(['{', ' ', '-']) || line.contains("ind: "))
}

/// What the API server answered instead of a list; `path` tells what was asked.
pub(crate) fn status(root: &Node, path: &str) -> Option<Failed> {
    let is = |key, value| root.str_at(&[key]) == Some(value);
    if !is("kind", "Status") || !is("status", "Failure") {
        return None;
    }
    let said = root.str_at(&["message"]).or(root.str_at(&["reason"]))?;
    let place = between(said, "in the namespace \"", "\"").unwrap_or("");
    let kind = quoted(said).or_else(|| object::kind_of_path(path).map(str::to_owned))?;
    let reason = root.str_at(&["reason"]).unwrap_or("Failure");
    Some(Failed {
        kind,
        namespace: place.to_owned(),
        what: format!("{}: {reason}: {said}", file_name(path)),
        line: root.line,
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The kind of which a message speaks.
fn quoted(text: &str) -> Option<String> {
    between(text, "cannot list resource \"", "\"")
        .or_else(|| between(text, "cannot get resource \"", "\""))
        .or_else(|| between(text, "have a resource type \"", "\""))
        .map(|word| resource::kind(word).map_or_else(|| word.to_owned(), str::to_owned))
}

/// Notes what a file says whose whole text [`is_all`]: it is about the kind that the file's name asks for.
pub(super) fn alone(text: &str, (path, kind): (&str, &str), namespace: &str, found: &mut Found) {
    let lines: Vec<(u32, &str)> = (1..).zip(text.lines()).collect();
    let kind = kind.to_owned();
    read(&lines, std::slice::from_ref(&kind), namespace, found);
    // A name that was mistyped is not the one of the file.
    let first = found.failed.first().cloned();
    if let Some(first) = first
        && found.failed.iter().all(|failed| failed.kind != kind)
    {
        found.failed.push(Failed { kind, ..first });
    }
    for failed in &mut found.failed {
        failed.what = format!("{}: {}", file_name(path), failed.what);
    }
}

/// Notes refusals among the lines outside tables; gives whether there were any.
pub(super) fn read(
    lines: &[(u32, &str)],
    kinds: &[String],
    namespace: &str,
    found: &mut Found,
) -> bool {
    let mut any = false;
    for (line, text) in lines {
        if !is_one(text) {
            continue;
        }
        any = true;
        if let Some((kind, name)) = not_found(text) {
            let namespace = if resource::cluster_scoped(&kind) {
                ""
            } else {
                namespace
            };
            found.absent.push(Absent {
                kind,
                namespace: namespace.to_owned(),
                name,
                line: *line,
            });
            continue;
        }
        let quoted = quoted(text);
        let place = between(text, "in the namespace \"", "\"").unwrap_or(namespace);
        let everywhere = text.contains("at the cluster scope");
        let kinds = match quoted {
            Some(kind) => vec![kind],
            None if kinds.is_empty() => vec![String::new()],
            None => kinds.to_vec(),
        };
        for kind in kinds {
            let whole = everywhere || resource::cluster_scoped(&kind);
            found.failed.push(Failed {
                kind,
                namespace: if whole {
                    String::new()
                } else {
                    place.to_owned()
                },
                what: (*text).to_owned(),
                line: *line,
            });
        }
    }
    any
}

/// `Error from server (NotFound): services "x" not found`.
fn not_found(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix("Error from server (NotFound): ")?;
    let (word, rest) = rest.split_once(" \"")?;
    let (name, _) = rest.split_once("\" not found")?;
    let kind = resource::kind(word).map_or_else(|| word.to_owned(), str::to_owned);
    Some((kind, name.to_owned()))
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals() {
        let mut found = Found::default();
        let lines = [
            (
                3,
                "Error from server (Forbidden): secrets is forbidden: User \"me\" cannot list resource \"secrets\" in API group \"\" in the namespace \"shop\"",
            ),
            (
                4,
                "error: the server doesn't have a resource type \"frobs\"",
            ),
            (
                5,
                "Error from server (NotFound): services \"api\" not found",
            ),
            (6, "Unable to connect to the server: dial tcp: i/o timeout"),
            (7, "Warning: v1 Endpoints is deprecated"),
        ];
        assert!(read(&lines, &["Pod".to_owned()], "ns", &mut found));
        let failed: Vec<(&str, &str, u32)> = found
            .failed
            .iter()
            .map(|failed| (failed.kind.as_str(), failed.namespace.as_str(), failed.line))
            .collect();
        assert_eq!(
            failed,
            [("Secret", "shop", 3), ("frobs", "ns", 4), ("Pod", "ns", 6)]
        );
        let absent = found.absent.first().unwrap();
        assert_eq!(
            (absent.kind.as_str(), absent.name.as_str()),
            ("Service", "api")
        );
    }
}
