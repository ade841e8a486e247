//! `coldcase analyze`: the straight line from a path to a report.

use std::{
    io::{BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use coldcase_bundle::Bundle;
use coldcase_report::{Cleaned, Format, model::Report};
use coldcase_rules::{RuleSet, rule::SEVERITIES};
use coldcase_snapshot::Options;

use crate::{
    args::{Analyze, FormatName},
    error::Failure,
    output,
    product::Place,
    progress::Progress,
    reading, rules,
    timings::Timings,
};

/// Runs the command.
pub(crate) fn run(arguments: &Analyze) -> Result<ExitCode, Failure> {
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| Failure::Threads(error.to_string()))?;
    }
    let format = format(arguments);
    let place = place(arguments, format)?;
    let progress = Progress::new(arguments.quiet);
    progress.reading(&arguments.bundles);
    let mut timings = Timings::new(arguments.timings);
    let (rules, bundle, options) = open(arguments)?;
    timings.stage("open");
    progress.step("reading objects, logs and journals");
    let snapshot = reading::snapshot(&bundle, &options)?;
    timings.stage("read");
    progress.step("deriving facts");
    let facts = coldcase_facts::derive(&snapshot);
    timings.stage("derive");
    progress.step("evaluating rules");
    let evaluation = coldcase_rules::evaluate(&rules, &facts);
    timings.stage("evaluate");
    progress.step("diagnosing");
    let diagnosis = coldcase_diagnosis::diagnose(&facts, &rules, &evaluation);
    timings.stage("diagnose");
    let report = coldcase_report::assemble(&bundle, &snapshot, &rules, &evaluation, &diagnosis);
    // A report of many objects is written in the room that these took; it needs no more.
    rayon::join(|| drop(diagnosis), || drop(evaluation));
    let report = Cleaned::new(report);
    timings.stage("assemble");
    progress.step("writing the report");
    if format == Format::Summary && place.is_none() {
        drop(progress);
        summarise(arguments, &report, None, false);
    } else {
        write(arguments, format, &report, place.as_ref())?;
        drop(progress);
        if !arguments.quiet && format != Format::Summary {
            summarise(arguments, &report, place.as_ref(), place.is_none());
        }
    }
    timings.stage("write");
    let code = exit_code(report.report(), arguments);
    // The process ends: giving back millions of values one by one would only take time.
    std::mem::forget(report);
    std::mem::forget(facts);
    std::mem::forget(snapshot);
    std::mem::forget(bundle);
    Ok(code)
}

/// Loads the rules while the inputs are opened: of a packed archive one thread has most of the work. Rules of the
/// user are loaded before, so that what is wrong with them is said at once.
fn open(arguments: &Analyze) -> Result<(RuleSet, Bundle, Options), Failure> {
    let (bundles, reading) = (&arguments.bundles, &arguments.reading);
    if !arguments.rules.is_empty() {
        let rules = rules::load(&arguments.rules)?;
        let (bundle, options) = reading::open_for(bundles, reading, &rules)?;
        return Ok((rules, bundle, options));
    }
    reading::check(reading)?;
    let (rules, bundle) = std::thread::scope(|scope| {
        let rules = scope.spawn(|| rules::load(&[]));
        let bundle = reading::open(bundles, &reading.limits);
        (rules.join(), bundle)
    });
    let rules = rules.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let options = reading::options(reading, |field| rules.mentions(field))?;
    Ok((rules, bundle?, options))
}

/// Where the product goes; nowhere is standard output.
fn place(arguments: &Analyze, format: Format) -> Result<Option<Place>, Failure> {
    let inputs = &arguments.bundles;
    match arguments.output.as_deref() {
        Some(path) if path == Path::new("-") => Ok(None),
        Some(path) => Place::named(path, inputs).map(Some),
        None if format == Format::Summary => Ok(None),
        None => Place::usual(&default_name(inputs.first(), format), inputs).map(Some),
    }
}

/// Writes the product.
fn write(
    arguments: &Analyze,
    format: Format,
    report: &Cleaned,
    place: Option<&Place>,
) -> Result<(), Failure> {
    let product = |out: &mut dyn Write| match format {
        Format::Summary => report.render_summary(output::style(arguments.color, false), out),
        format => report.render(format, out),
    };
    let Some(place) = place else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        return match product(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::Write(PathBuf::from("-"), error))
            }
            _ => Ok(()),
        };
    };
    place.write(product)
}

fn format(arguments: &Analyze) -> Format {
    let by_name = || Format::of_file(arguments.output.as_ref()?.file_name()?.to_str()?);
    let asked = arguments.format.map(FormatName::format);
    asked.or_else(by_name).unwrap_or(Format::Html)
}

/// `payments.tar.gz` gives `payments.report.html`.
fn default_name(bundle: Option<&PathBuf>, format: Format) -> PathBuf {
    let name = match bundle {
        Some(path) if path == Path::new("-") => reading::STDIN.to_owned(),
        path => path
            .and_then(|path| std::path::absolute(path).ok())
            .and_then(|path| {
                path.file_name()
                    .map(|name| name.to_string_lossy().into_owned())
            })
            .unwrap_or_else(|| "bundle".to_owned()),
    };
    let stem = [
        ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tar.bz2", ".tar", ".zip", ".yaml",
        ".json",
    ]
    .iter()
    .find_map(|end| name.strip_suffix(end))
    .unwrap_or(&name);
    let extension = format.extension();
    PathBuf::from(format!("{stem}.report.{extension}"))
}

/// The summary goes to the terminal; when the product took standard output, to standard error.
fn summarise(arguments: &Analyze, report: &Cleaned, place: Option<&Place>, to_error: bool) {
    let terminal = if to_error {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    let style = output::style(arguments.color, terminal);
    let mut text = Vec::new();
    if report.render_summary(style, &mut text).is_err() {
        return;
    }
    if let Some(place) = place {
        let _ = writeln!(text, "report  {}", place.said().display());
    }
    if to_error {
        let _ = std::io::stderr().lock().write_all(&text);
    } else {
        let _ = std::io::stdout().lock().write_all(&text);
    }
}

fn exit_code(report: &Report, arguments: &Analyze) -> ExitCode {
    let floor = arguments.fail_on.severity();
    let severity = |word: &str| {
        SEVERITIES
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, severity)| *severity)
    };
    let found = report
        .findings
        .iter()
        .any(|finding| severity(&finding.severity).is_some_and(|severity| severity >= floor));
    ExitCode::from(u8::from(found))
}
