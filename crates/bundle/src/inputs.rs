//! Joins what was read into one bundle: one input or several, sorted, hashed, without the directories that say nothing.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    Bundle, Layout, Limits, OpenError, Part, Problem,
    block::looks_binary,
    content::Content,
    directory, files,
    intake::{Entry, Gathered},
    layout,
    limits::Budget,
    links,
    origin::Base,
    outermost::{self, Refused},
    path,
};

/// Something to open.
pub enum Input {
    /// A directory, an archive or a file. A pipe (`<(…)` of a shell) is read as a stream.
    Path(PathBuf),
    /// A stream and its name.
    Stream(String, Box<dyn Read + Send>),
}

impl Input {
    fn name(&self) -> String {
        match self {
            Self::Path(path) => display_name(path),
            Self::Stream(name, _) => name.clone(),
        }
    }
}

/// One input as read.
struct Opened {
    name: String,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    links: Vec<(String, String)>,
    hash: [u8; 32],
}

/// Opens several inputs as one bundle; their order does not matter.
///
/// If there is more than one, the files of each lie in a directory that is called as the input is,
/// without its ending; single files keep their names.
///
/// # Errors
/// As [`crate::open`], for the first input that cannot be opened.
pub fn open_all(mut inputs: Vec<Input>, limits: &Limits) -> Result<Bundle, OpenError> {
    inputs.sort_by_cached_key(Input::name);
    let budget = Budget::new(limits);
    let mut opened = Vec::with_capacity(inputs.len());
    for input in inputs {
        opened.push(open_one(input, &budget)?);
    }
    Ok(join(opened))
}

/// See [`Bundle::from_texts`].
pub(crate) fn from_texts<'a>(
    name: &str,
    texts: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Bundle {
    let entries = texts
        .into_iter()
        .map(|(path, text)| {
            let binary = looks_binary(text.as_bytes());
            Entry {
                path: path.to_owned(),
                exact: None,
                bytes: text.len() as u64,
                binary,
                digest: blake3::hash(text.as_bytes()).into(),
                content: Content::held(if binary {
                    String::new()
                } else {
                    text.to_owned()
                }),
            }
        })
        .collect();
    let gathered = Gathered {
        entries,
        ..Gathered::default()
    };
    join(vec![tidy(name.to_owned(), gathered)])
}

fn open_one(input: Input, budget: &Budget<'_>) -> Result<Opened, OpenError> {
    let name = input.name();
    let (place, gathered) = match input {
        Input::Path(path) => {
            let metadata =
                std::fs::metadata(&path).map_err(|source| OpenError::from_io(&path, source))?;
            let gathered = if metadata.is_dir() {
                // A directory that cannot be listed would otherwise look empty.
                std::fs::read_dir(&path).map_err(|source| OpenError::from_io(&path, source))?;
                Ok(directory::read(&path, budget))
            } else if metadata.is_file() {
                let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                outermost::from_file(budget, Base::disk(real), &name)
            } else {
                std::fs::File::open(&path)
                    .map_err(Refused::Unreadable)
                    .and_then(|file| outermost::from_stream(budget, file, &name))
            };
            (path, gathered)
        }
        Input::Stream(name, stream) => {
            let gathered = outermost::from_stream(budget, stream, &name);
            (PathBuf::from(name), gathered)
        }
    };
    let gathered = gathered.map_err(|refused| match refused {
        Refused::Unreadable(source) => OpenError::from_io(&place, source),
        Refused::Kind(kind) => OpenError::Unsupported {
            path: place.clone(),
            kind,
        },
    })?;
    let opened = tidy(name, gathered);
    if opened.entries.is_empty() || opened.entries.iter().all(|entry| entry.bytes == 0) {
        return Err(OpenError::Empty {
            path: place,
            hint: hint(&opened.problems),
        });
    }
    if opened.entries.iter().all(|entry| entry.binary) {
        return Err(match hint(&opened.problems) {
            hint @ Some(_) => OpenError::Empty { path: place, hint },
            None => OpenError::UnknownFormat { path: place },
        });
    }
    Ok(opened)
}

/// The problem that best says why nothing is there: one that names a file, if there is one.
fn hint(problems: &[Problem]) -> Option<String> {
    let problem = problems
        .iter()
        .find(|problem| !problem.file.is_empty())
        .or_else(|| problems.first())?;
    Some(if problem.file.is_empty() {
        problem.what.clone()
    } else {
        format!("{}: {}", problem.file, problem.what)
    })
}

fn display_name(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.components()
        .rev()
        .find_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .unwrap_or_else(|| "bundle".to_owned())
}

/// Sorts one input and frees it of what says nothing.
fn tidy(name: String, gathered: Gathered) -> Opened {
    let Gathered {
        mut entries,
        mut notes,
        mut links,
    } = gathered;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    path::make_unique(&mut entries, &mut notes);
    path::note_case(&entries, &mut notes);
    links.sort();
    links::note(&links, &mut notes);
    let mut problems = notes.finish();
    path::strip_common_root(&mut entries, &mut problems, &mut links);
    let hash = hash(&entries);
    Opened {
        name,
        entries,
        problems,
        links,
        hash,
    }
}

fn join(mut opened: Vec<Opened>) -> Bundle {
    // Inputs of one name are told apart by what they hold, not by their order.
    opened.sort_by(|a, b| (&a.name, a.hash).cmp(&(&b.name, b.hash)));
    let name = opened
        .iter()
        .map(|one| one.name.as_str())
        .collect::<Vec<_>>()
        .join(" + ");
    let directories = directories(&opened);
    let mut parts = Vec::new();
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    let mut links = Vec::new();
    let mut layouts = Vec::new();
    for (one, directory) in opened.into_iter().zip(directories) {
        let within = files(one.entries);
        let found = layout::detect(&within);
        layouts.extend(found.iter().copied());
        let below = |path: &str| match (directory.as_str(), path) {
            ("", _) => path.to_owned(),
            (directory, "") => directory.to_owned(),
            (directory, path) => format!("{directory}/{path}"),
        };
        entries.extend(within.into_iter().map(|mut file| {
            file.path = below(&file.path);
            file
        }));
        problems.extend(one.problems.into_iter().map(|mut problem| {
            problem.file = below(&problem.file);
            problem
        }));
        links.extend(
            one.links
                .into_iter()
                .map(|(path, target)| (below(&path), target)),
        );
        parts.push((
            one.hash,
            Part {
                name: one.name,
                directory,
                layouts: found,
            },
        ));
    }
    layouts.sort();
    layouts.dedup();
    if layouts.len() > 1 {
        layouts.retain(|layout| *layout != Layout::Loose);
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    // Each input had a cache of its own; one for all needs one numbering.
    if let Some(cache) = entries
        .first()
        .map(|file| std::sync::Arc::clone(&file.cache))
    {
        for (file, key) in entries.iter_mut().zip(0_u32..) {
            file.cache = std::sync::Arc::clone(&cache);
            file.key = key;
        }
    }
    problems.sort();
    problems.dedup();
    links.sort();
    let hash = match parts.as_slice() {
        [(hash, _)] => hex(hash),
        several => {
            let mut hasher = blake3::Hasher::new();
            for (hash, part) in several {
                hasher.update(&(part.directory.len() as u64).to_le_bytes());
                hasher.update(part.directory.as_bytes());
                hasher.update(hash.as_slice());
            }
            hasher.finalize().to_hex().to_string()
        }
    };
    let parts = if parts.len() > 1 {
        parts.into_iter().map(|(_, part)| part).collect()
    } else {
        Vec::new()
    };
    Bundle {
        name,
        files: entries,
        layouts,
        problems,
        links,
        parts,
        hash,
    }
}

/// The directory of each input: none for one alone, nor for single files of different names.
fn directories(opened: &[Opened]) -> Vec<String> {
    if opened.len() < 2 {
        return vec![String::new(); opened.len()];
    }
    let single = |one: &Opened| match one.entries.as_slice() {
        [entry] if !entry.path.contains('/') => Some(entry.path.clone()),
        _ => None,
    };
    let mut taken: Vec<String> = Vec::new();
    opened
        .iter()
        .map(|one| {
            if let Some(name) = single(one)
                && opened
                    .iter()
                    .filter_map(single)
                    .filter(|other| *other == name)
                    .count()
                    == 1
            {
                return String::new();
            }
            let stem = stem(&one.name);
            let mut directory = stem.to_owned();
            let mut number = 1;
            while taken.contains(&directory) {
                number += 1;
                directory = format!("{stem}-{number}");
            }
            taken.push(directory.clone());
            directory
        })
        .collect()
}

/// Endings that say how something is packed.
const PACKED: &[&str] = &[
    ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".tbz", ".tar",
    ".zip", ".gz", ".xz", ".zst", ".bz2", ".yaml", ".yml", ".json", ".log", ".txt",
];

/// `payments.tar.gz` is about payments.
fn stem(name: &str) -> &str {
    PACKED
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(name)
}

/// Paths and digests of the contents, in path order.
fn hash(entries: &[Entry]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        hasher.update(&(entry.path.len() as u64).to_le_bytes());
        hasher.update(entry.path.as_bytes());
        hasher.update(&entry.bytes.to_le_bytes());
        hasher.update(&entry.digest);
    }
    hasher.finalize().into()
}

/// Bytes as lower case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
