//! Finds the pod, container and instance that a log's name speaks of, by the pods that are known: however a tool or a person put the words together.

use super::{
    known::Known,
    place::{Place, is_uid},
};

/// Parts of a name that are tried; names with more are no exports.
const WORDS: usize = 32;
/// Bytes of a name that are looked at.
const LONG: usize = 400;

/// Between the words of a name.
const SIGNS: &[char] = &['-', '_', '.', ' '];

/// Words that name no container: what tools and people put around names.
const GENERIC: &[&str] = &[
    "all",
    "c",
    "container",
    "containers",
    "current",
    "dump",
    "from",
    "full",
    "in",
    "insecure",
    "kubectl",
    "log",
    "logs",
    "n",
    "namespace",
    "ns",
    "oc",
    "out",
    "output",
    "pod",
    "podlogs",
    "pods",
    "prev",
    "previous",
    "rotated",
    "tail",
    "txt",
];

/// Words of names of files that are no logs, although a pod's name stands in them.
const OTHERS: &[&str] = &[
    "cm",
    "configmap",
    "descr",
    "describe",
    "described",
    "env",
    "events",
    "manifest",
    "metrics",
    "secret",
    "spec",
    "status",
    "top",
    "yaml",
];

/// A file's name without its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stem<'p> {
    pub(super) text: &'p str,
    /// The ending says that it is the instance before.
    pub(super) previous: bool,
    /// There was no ending that logs have.
    pub(super) bare: bool,
    /// The ending is a text's, not a log's.
    plain: bool,
}

impl<'p> Stem<'p> {
    /// `None` if the ending is not one of a log or a text.
    pub(super) fn of(name: &'p str) -> Option<Self> {
        let mut stem = Self {
            text: name,
            previous: false,
            bare: true,
            plain: false,
        };
        // `.log.0` and `.log.1` are what was written before, as `.log.prev` is.
        for end in [".0", ".1", ".prev", ".previous"] {
            if let Some(text) = stem.text.strip_suffix(end)
                && (text.ends_with(".log") || end.starts_with(".prev"))
            {
                stem.text = text;
                stem.previous = true;
                stem.bare = false;
            }
        }
        for end in [".txt", ".out", ".logs", ".log"] {
            if let Some(text) = stem.text.strip_suffix(end) {
                stem.text = text;
                stem.plain = end == ".txt" || stem.plain && end == ".out";
                stem.bare = false;
            }
        }
        // A name without an ending may hold dots; those of other kinds of files are short and stand last.
        let other = stem.bare
            && stem.text.rsplit_once('.').is_some_and(|(_, end)| {
                (1..=5).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphabetic())
            });
        (!other && !stem.text.is_empty()).then_some(stem)
    }
}

/// A pod's name within a part of a path.
struct Found<'p> {
    pod: &'p str,
    /// What stands before and behind it.
    before: &'p str,
    behind: &'p str,
}

/// The log of a pod whose name stands in the file's or in that of a directory.
pub(super) fn by_known_pod(parts: &[&str], known: &Known) -> Option<Place> {
    if known.is_empty() {
        return None;
    }
    let (name, directories) = parts.split_last()?;
    let stem = Stem::of(name).filter(|stem| stem.text.len() < LONG)?;
    let path = Path {
        stem,
        directories,
        known,
    };
    let of_directory = directories
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, part)| Some((at, path.in_directory(part)?)));
    // A file in a pod's directory is named after a container, which may be called as another pod is.
    if let Some((at, found)) = &of_directory
        && let Some(namespace) = path.namespace(found)
        && known
            .containers(namespace, found.pod)
            .any(|container| has_word(stem.text, container))
    {
        return path.of_directory(*at, found);
    }
    if let Some(found) = path.in_name() {
        return path.of_name(&found);
    }
    let (at, found) = of_directory?;
    path.of_directory(at, &found)
}

struct Path<'a, 'p> {
    stem: Stem<'p>,
    directories: &'a [&'p str],
    known: &'a Known,
}

impl<'a, 'p> Path<'a, 'p> {
    /// The longest name of a pod in the file's.
    fn in_name(&self) -> Option<Found<'p>> {
        let found = longest(self.stem.text, self.known)?;
        let namespace = self.namespace(&found)?;
        // A pod whose name is one word is found where nothing else is told.
        let one_word = !found.pod.contains('-');
        let others = |text| words(text).any(|word| self.is_foreign(word, namespace, found.pod));
        (!one_word || !others(found.before) && !others(found.behind)).then_some(found)
    }

    /// A pod whose directory a part of the path is: `POD`, `NS_POD`, `NS_POD_UID`.
    fn in_directory(&self, part: &'p str) -> Option<Found<'p>> {
        if self.known.has_pod(part) {
            return Some(Found {
                pod: part,
                before: "",
                behind: "",
            });
        }
        let found = longest(part, self.known)?;
        let namespace = self.namespace(&found)?;
        let others = |text| words(text).any(|word| self.is_foreign(word, namespace, ""));
        let uid = is_uid(found.behind.trim_start_matches(SIGNS));
        (!others(found.before) && (uid || !others(found.behind))).then_some(found)
    }

    /// The namespace of a pod: the only one that has it, else the one that the path names.
    fn namespace(&self, found: &Found<'_>) -> Option<&'a str> {
        let named = |namespace: &&str| {
            has_word(found.before, namespace)
                || has_word(found.behind, namespace)
                || self.directories.contains(namespace)
        };
        self.known.sole_namespace_of(found.pod).or_else(|| {
            let mut fit = self.known.namespaces_of(found.pod).filter(named);
            fit.next().filter(|_| fit.next().is_none())
        })
    }

    /// Whether a word is neither usual nor part of what is known by the namespace and the containers.
    fn is_foreign(&self, word: &str, namespace: &str, pod: &str) -> bool {
        let part_of = |name: &str| words(name).any(|part| part == word);
        !is_generic(word)
            && !part_of(namespace)
            && !self.known.containers(namespace, pod).any(part_of)
    }

    fn of_name(&self, found: &Found<'p>) -> Option<Place> {
        let namespace = self.namespace(found)?;
        self.place(namespace, found.pod, &[found.behind, found.before], &[])
    }

    fn of_directory(&self, at: usize, found: &Found<'p>) -> Option<Place> {
        let namespace = self.namespace(found)?;
        // The pod's name stands before the container's once more: `POD/POD_app.log`.
        let text = self.stem.text;
        let text = text.strip_prefix(found.pod).unwrap_or(text);
        let within = self.directories.get(at + 1..).unwrap_or(&[]);
        self.place(namespace, found.pod, &[text], within)
    }

    /// The place, if the file may be a log: by its ending, or by a word for one.
    fn place(
        &self,
        namespace: &str,
        pod: &str,
        texts: &[&str],
        directories: &[&str],
    ) -> Option<Place> {
        let foreign = |text: &str| words(text).any(|word| self.is_foreign(word, namespace, pod));
        // What ends like a log is one, and a container may be called `metrics-db`.
        let other = |word: &str| {
            OTHERS.contains(&&*word.to_ascii_lowercase()) && self.is_foreign(word, namespace, pod)
        };
        let unsure = self.stem.bare || self.stem.plain;
        if unsure && texts.iter().flat_map(|text| words(text)).any(other) {
            return None;
        }
        let unknown = self.known.containers(namespace, pod).next().is_none();
        let sure = !self.stem.bare
            && (!self.stem.plain || unknown || !texts.iter().any(|text| foreign(text)));
        if !sure && !self.speaks_of_logs(texts) {
            return None;
        }
        let first = texts.first().copied().unwrap_or("");
        let more: Vec<&str> = directories
            .iter()
            .rev()
            .chain(texts.get(1..).unwrap_or(&[]))
            .copied()
            .collect();
        let (container, previous) = container_in(first, &more, namespace, pod, self.known);
        let before = self.directories.iter().any(|part| is_previous(part));
        let previous = previous || self.stem.previous || before;
        Some(Place::new(namespace, pod, &container, previous))
    }

    /// Whether the name or a directory says that here are logs.
    fn speaks_of_logs(&self, texts: &[&str]) -> bool {
        let is_log = |word: &str| matches!(word, "log" | "logs" | "podlogs" | "containerlogs");
        let mut directories = self.directories.iter().flat_map(|part| words(part));
        texts.iter().flat_map(|text| words(text)).any(is_log) || directories.any(is_log)
    }
}

/// The container that the words around a pod's name say, and whether they say that it is the instance before.
/// `text` is what may name one that nobody knows, `more` only what is known.
pub(super) fn container_in(
    text: &str,
    more: &[&str],
    namespace: &str,
    pod: &str,
    known: &Known,
) -> (String, bool) {
    let named = std::iter::once(&text).chain(more).find_map(|text| {
        let containers = known.containers(namespace, pod);
        let fit = containers.filter(|container| has_word(text, container));
        fit.max_by_key(|container| container.len())
    });
    if let Some(container) = named {
        // A container may be called `x-previous`.
        let said = |text: &str| words(&text.replacen(container, "", 1)).any(is_before);
        let previous = said(text) || more.iter().any(|text| said(text));
        return (container.to_owned(), previous);
    }
    let previous = words(text).any(is_before) || more.iter().any(|text| words(text).any(is_before));
    let of_namespace = |word: &str| words(namespace).any(|part| part == word);
    let usual = |word: &str| is_generic(word) || of_namespace(word);
    if known.containers(namespace, pod).next().is_some() {
        let foreign = words(text).any(|word| !usual(word));
        let only = if foreign {
            ""
        } else {
            known.sole_container(namespace, pod)
        };
        return (only.to_owned(), previous);
    }
    // A short word alone is no word between others (`logs-c-web`), but a name.
    let alone = text.len() <= 2 && !text.contains(SIGNS) && !text.is_empty();
    let said = if alone {
        text
    } else {
        between(text, is_generic)
    };
    (said.to_owned(), previous)
}

/// A text without the words at both of its ends that name nothing.
fn between(text: &str, usual: impl Fn(&str) -> bool) -> &str {
    let mut rest = text.trim_matches(SIGNS);
    loop {
        let first = rest.split(SIGNS).next().unwrap_or("");
        let last = rest.rsplit(SIGNS).next().unwrap_or("");
        if !first.is_empty() && usual(first) {
            rest = rest.get(first.len()..).unwrap_or("");
        } else if !last.is_empty() && usual(last) {
            rest = rest.get(..rest.len() - last.len()).unwrap_or("");
        } else {
            return rest;
        }
        rest = rest.trim_matches(SIGNS);
    }
}

/// A name without its last word, if that says that it is the instance before.
pub(super) fn without_previous(text: &str) -> Option<&str> {
    let (head, last) = text.rsplit_once(SIGNS)?;
    (is_before(last) && !head.is_empty()).then_some(head)
}

/// The longest name of a pod in a text that stands between signs.
fn longest<'p>(text: &'p str, known: &Known) -> Option<Found<'p>> {
    let found = |start: usize, end: usize| {
        Some(Found {
            pod: text.get(start..end)?,
            before: text.get(..start)?,
            behind: text.get(end..)?,
        })
    };
    if known.has_pod(text) {
        return found(0, text.len());
    }
    let cuts: Vec<usize> = text.match_indices(SIGNS).map(|(at, _)| at).collect();
    if cuts.len() > WORDS || text.len() >= LONG {
        return None;
    }
    let ends: Vec<usize> = cuts.iter().copied().chain([text.len()]).collect();
    let starts = std::iter::once(0).chain(cuts.iter().map(|at| at + 1));
    let (start, end) = starts
        .flat_map(|start| ends.iter().map(move |end| (start, *end)))
        .filter(|(start, end)| text.get(*start..*end).is_some_and(|pod| known.has_pod(pod)))
        .max_by_key(|(start, end)| end - start)?;
    found(start, end)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(SIGNS).filter(|word| !word.is_empty())
}

fn is_before(word: &str) -> bool {
    word.eq_ignore_ascii_case("previous") || word.eq_ignore_ascii_case("prev")
}

/// Whether a directory is nothing but the one for instances before: `previous`, `logs-prev`.
fn is_previous(part: &str) -> bool {
    words(part).any(is_before) && words(part).all(is_generic)
}

/// Words that name nothing: the usual ones, numbers, dates and ids.
fn is_generic(word: &str) -> bool {
    let hex = |word: &str| word.len() >= 6 && word.bytes().all(|b| b.is_ascii_hexdigit());
    word.starts_with(|letter: char| letter.is_ascii_digit())
        || hex(word) && word.bytes().any(|b| b.is_ascii_digit())
        || GENERIC.contains(&&*word.to_ascii_lowercase())
}

/// Whether a name stands in another, with signs on both sides.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let signs = |letter: Option<char>| letter.is_none_or(|letter| SIGNS.contains(&letter));
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text
                .get(at + word.len()..)
                .and_then(|behind| behind.chars().next());
            signs(before) && signs(behind)
        })
}
