//! Opens the inputs of a command and turns its options into those of the readers.

use std::path::{Path, PathBuf};

use coldcase_bundle::{Bundle, Input};
use coldcase_rules::RuleSet;
use coldcase_snapshot::{Moment, Options, Snapshot, yaml};

use crate::{
    args::{Limits, Reading},
    error::Failure,
};

/// What standard input is called in reports.
pub(crate) const STDIN: &str = "stdin";

impl Limits {
    /// For the reader of bundles.
    pub(crate) fn of_bundle(&self) -> coldcase_bundle::Limits {
        coldcase_bundle::Limits {
            total_bytes: self.max_total_bytes,
            entry_bytes: self.max_file_bytes,
            entries: self.max_files,
            ratio: self.max_ratio,
            memory_bytes: self.max_memory,
            ..coldcase_bundle::Limits::default()
        }
    }
}

/// Opens all inputs as one bundle.
pub(crate) fn open(bundles: &[PathBuf], limits: &Limits) -> Result<Bundle, Failure> {
    let inputs = bundles
        .iter()
        .map(|path| {
            if path == Path::new("-") {
                Input::Stream(STDIN.to_owned(), Box::new(std::io::stdin()))
            } else {
                Input::Path(path.clone())
            }
        })
        .collect();
    Ok(coldcase_bundle::open_all(inputs, &limits.of_bundle())?)
}

/// Opens all inputs for some rules. A flag that cannot be understood is said before anything is read.
pub(crate) fn open_for(
    bundles: &[PathBuf],
    arguments: &Reading,
    rules: &RuleSet,
) -> Result<(Bundle, Options), Failure> {
    let options = options(arguments, |field| rules.mentions(field))?;
    Ok((open(bundles, &arguments.limits)?, options))
}

/// Whether the options can be understood, to be said before anything is read.
pub(crate) fn check(arguments: &Reading) -> Result<(), Failure> {
    options(arguments, |_| true).map(|_| ())
}

/// What an open bundle holds; a bundle that holds nothing of a cluster is an error.
pub(crate) fn snapshot<'b>(bundle: &'b Bundle, options: &Options) -> Result<Snapshot<'b>, Failure> {
    let snapshot = coldcase_snapshot::read_with(bundle, options);
    if snapshot.is_empty() {
        let name = bundle.name.clone();
        let mut files = bundle.iter().map(|(_, file)| file);
        let one = files
            .next()
            .filter(|file| files.next().is_none() && !file.binary);
        return Err(match one {
            Some(file) => Failure::NothingIn(name, file.line_count()),
            None => Failure::Nothing(name),
        });
    }
    Ok(snapshot)
}

/// The options; fields that nobody mentions are left out.
pub(crate) fn options(
    arguments: &Reading,
    mentioned: impl Fn(&str) -> bool,
) -> Result<Options, Failure> {
    Ok(Options {
        yaml: yaml::Reading {
            strict: arguments.strict_yaml,
            fields: None,
        }
        .without_bulk(mentioned),
        namespaces: arguments.namespace.iter().cloned().collect(),
        since: moment("--since", arguments.since.as_deref())?,
        until: moment("--until", arguments.until.as_deref())?,
        document_bytes: arguments.limits.max_memory / 2,
    })
}

fn moment(flag: &'static str, text: Option<&str>) -> Result<Option<Moment>, Failure> {
    text.map(|text| Moment::parse(text).ok_or_else(|| Failure::Time(flag, text.to_owned())))
        .transpose()
}
