//! Takes off what tools that follow several pods write before each line: `kubectl logs --prefix`, stern, kubetail, logcli.

use std::borrow::Cow;

use super::{Line, Owner};
use crate::{layouts::known::Known, line::Stream, stamp};

/// How lines begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prefix {
    /// `[pod/NAME/CONTAINER] text`
    Kubectl,
    /// `POD CONTAINER text`, with the namespace before if there are several.
    Stern,
    /// `[POD] text`, `[POD CONTAINER] text`
    Kubetail,
    /// `TIME {container="…", pod="…"} text`; labels that all lines share stand above.
    Logcli(Owner),
}

/// Lines at the beginning that may say what all others share.
const HEAD: usize = 40;

impl Prefix {
    /// All kinds, as the first lines of a text make them.
    pub(super) fn all(head: &[&str]) -> [Self; 4] {
        let mut common = Owner::default();
        for line in head.iter().take(HEAD) {
            if let Some((_, labels)) = line.split_once("ommon labels: {") {
                common = labels_of(labels.trim_end().trim_end_matches('}'), &common);
            }
        }
        [
            Self::Kubectl,
            Self::Stern,
            Self::Kubetail,
            Self::Logcli(common),
        ]
    }

    /// The line behind a prefix; `None` if there is none.
    pub(super) fn line<'t>(&self, line: &'t str, number: u32, known: &Known) -> Option<Line<'t>> {
        let (owner, time, text) = match self {
            Self::Kubectl => {
                let (owner, text) = kubectl(line)?;
                (owner, None, text)
            }
            Self::Stern => {
                let (owner, text) = stern(line, known)?;
                (owner, None, text)
            }
            Self::Kubetail => {
                let (owner, text) = kubetail(line, known)?;
                (owner, None, text)
            }
            Self::Logcli(common) => {
                let (time, rest) = line.split_once(" {")?;
                let (labels, text) = rest.split_once('}')?;
                let owner = labels_of(labels, common);
                (owner, Some(stamp::rfc3339(time)?), text.trim_start())
            }
        };
        (!owner.pod.is_empty()).then_some(Line {
            owner,
            time,
            stream: Stream::Unknown,
            partial: false,
            text: Cow::Borrowed(text),
            number,
        })
    }
}

fn owner(namespace: &str, pod: &str, container: &str) -> Owner {
    Owner {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        container: container.to_owned(),
    }
}

fn kubectl(line: &str) -> Option<(Owner, &str)> {
    let (name, text) = line.strip_prefix("[pod/")?.split_once(']')?;
    let (pod, container) = name.split_once('/')?;
    let is_name = |name: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        !name.is_empty() && name.bytes().all(letter)
    };
    let text = text.strip_prefix(' ').unwrap_or(text);
    (is_name(pod) && is_name(container)).then(|| (owner("", pod, container), text))
}

fn stern<'t>(line: &'t str, known: &Known) -> Option<(Owner, &'t str)> {
    let mut words = line.splitn(4, ' ');
    let (first, second) = (words.next()?, words.next()?);
    let (third, rest) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if known.has_pod(first) {
        let text = line.get(first.len() + 1 + second.len()..)?;
        let runs = known
            .namespaces_of(first)
            .any(|it| known.runs(it, first, second));
        return runs.then(|| {
            (
                owner("", first, second),
                text.strip_prefix(' ').unwrap_or(text),
            )
        });
    }
    let runs = known.has_pod(second)
        && known.namespaces_of(second).any(|it| it == first)
        && known.runs(first, second, third);
    runs.then(|| (owner(first, second, third), rest))
}

fn kubetail<'t>(line: &'t str, known: &Known) -> Option<(Owner, &'t str)> {
    let (name, text) = line.strip_prefix('[')?.split_once(']')?;
    let (pod, container) = name.split_once([' ', ':']).unwrap_or((name, ""));
    known.has_pod(pod).then(|| {
        (
            owner("", pod, container),
            text.strip_prefix(' ').unwrap_or(text),
        )
    })
}

/// `container="app", pod="web-0"`
fn labels_of(text: &str, common: &Owner) -> Owner {
    let mut found = common.clone();
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"').to_owned();
        match key.trim() {
            "namespace" | "k8s_namespace_name" => found.namespace = value,
            "pod" | "k8s_pod_name" => found.pod = value,
            "container" | "k8s_container_name" => found.container = value,
            _ => {}
        }
    }
    found
}
