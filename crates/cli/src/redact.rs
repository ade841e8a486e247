//! `coldcase redact`: writes a bundle anew with what looks like a secret masked, leaves out what cannot be judged, and says both.

mod mask;
mod pack;
mod tell;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use coldcase_bundle::{Bundle, File};
use rayon::prelude::*;
use redact::Redactor;

use crate::{
    args::{InfoFormat, Limits},
    bundle::verify,
    error::Failure,
    output,
    progress::Progress,
    reading,
};

pub(crate) use mask::unmarked;
use mask::{Masked, Spool};
use pack::Pack;
use tell::Told;

/// Files that are masked at once, in bytes; a larger one is masked alone.
const BATCH: u64 = 32 << 20;

/// Exit codes: 0 everything was masked and written, 1 something was left out or could not be read, 2 nothing was written.
///
/// Passwords, tokens, keys, connection strings, values of Secrets and certificates' private keys become `<masked:KIND:NAME>`.
/// Equal values have equal names within one run; the key of the names is random and thrown away. Lines keep their numbers.
/// What is no text is left out. `redaction.json` in the result counts what was masked, by file and kind.
#[derive(Debug, Args)]
pub(crate) struct Redact {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// What is written: a directory, or an archive if it ends in .tar.gz, .tgz, .tar or .zip
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Format of what is said on standard output
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
    /// Say nothing but what was left out
    #[arg(short, long)]
    pub quiet: bool,
    /// Take the names from this text instead of a random key, for tests: whoever knows it can test guesses
    #[arg(long, value_name = "TEXT", hide = true)]
    pub seed: Option<String>,
    #[command(flatten)]
    pub limits: Limits,
}

/// Runs the command.
pub(crate) fn run(arguments: &Redact) -> Result<ExitCode, Failure> {
    let redactor = Redactor::new(&key(arguments)?);
    Pack::check(&arguments.output, &arguments.bundles)?;
    let progress = Progress::new(arguments.quiet);
    progress.reading(&arguments.bundles);
    let bundle = reading::open(&arguments.bundles, &arguments.limits)?;
    progress.step("masking");
    let mut told = Told::new(&bundle);
    told.verified(before(arguments, &bundle));
    let mut pack = Pack::create(&arguments.output)?;
    write_files(&bundle, &redactor, &mut pack, &mut told)?;
    told.read_again(&bundle);
    pack.text("redaction.json", &told.json())?;
    pack.finish(bundle.find("manifest.jsonl").is_some())?;
    drop(progress);
    match arguments.format {
        InfoFormat::Json => output::say(told.json().trim_end()),
        InfoFormat::Text => told.say(&arguments.output, arguments.quiet),
    }
    Ok(ExitCode::from(u8::from(told.is_short())))
}

/// How a native bundle compares with its own checksums, which are about to be replaced.
fn before(arguments: &Redact, bundle: &Bundle) -> Option<verify::Before> {
    match arguments.bundles.as_slice() {
        [one] if one != Path::new("-") => {
            let verdict = verify::judge(one, bundle, &arguments.limits.of_bundle()).ok()?;
            Some(verdict.before())
        }
        _ => None,
    }
}

/// The key of the pseudonyms, which nothing keeps.
fn key(arguments: &Redact) -> Result<[u8; 32], Failure> {
    let mut key = [0; 32];
    if let Some(seed) = &arguments.seed {
        for (byte, letter) in key.iter_mut().zip(seed.bytes()) {
            *byte = letter;
        }
    } else {
        getrandom::fill(&mut key).map_err(|error| {
            Failure::Redact(
                arguments.output.clone(),
                format!("the system gives no random key: {error}"),
            )
        })?;
    }
    Ok(key)
}

/// Masks files, several at once, and writes them in their order.
fn write_files(
    bundle: &Bundle,
    redactor: &Redactor,
    pack: &mut Pack,
    told: &mut Told,
) -> Result<(), Failure> {
    let mut files = bundle.files.as_slice();
    while let Some(first) = files.first() {
        let mut bytes = first.bytes;
        let mut count = 1;
        while let Some(next) = files.get(count)
            && bytes.saturating_add(next.bytes) <= BATCH
            && count < 4096
        {
            bytes += next.bytes;
            count += 1;
        }
        let (batch, after) = files.split_at_checked(count).unwrap_or((files, &[]));
        files = after;
        let spools: Vec<Spool> = batch.iter().map(|file| pack.spool(file.bytes)).collect();
        let done: Vec<Result<Masked, String>> = batch
            .par_iter()
            .zip(spools)
            .map(|(file, spool)| mask::file(redactor, file, spool))
            .collect();
        for (file, result) in batch.iter().zip(done) {
            write(file, result, pack, told)?;
        }
    }
    Ok(())
}

fn write(
    file: &File,
    result: Result<Masked, String>,
    pack: &mut Pack,
    told: &mut Told,
) -> Result<(), Failure> {
    match result {
        Ok(masked) if is_own(&masked.path) => {
            // Made anew at the end.
            told.replaced(&masked.path);
        }
        Ok(mut masked) => {
            masked.path = pack.free(masked.path);
            match pack.file(&masked.path, &mut masked.text)? {
                Ok(()) => told.masked(&masked),
                Err(why) => told.left_out(&masked.path, &why),
            }
        }
        Err(why) => told.left_out(&mask::name(&file.path), &why),
    }
    Ok(())
}

/// Files that the redaction writes itself.
fn is_own(path: &str) -> bool {
    matches!(path, "checksums.txt" | "redaction.json")
}
