//! The command line as clap sees it; help texts are the reference.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use coldcase_rules::Severity;

/// Offline forensics for Kubernetes incidents.
///
/// Reads captured bundles (directories, .tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2, .zip, single files, or standard input)
/// and says what broke first, what it dragged along and what it was not, each claim quoted from file:line. No cluster, no network.
#[derive(Debug, Parser)]
#[command(name = "coldcase", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Diagnose a bundle and write a report
    Analyze(Analyze),
    /// Look into a bundle without diagnosing it
    Bundle(Bundle),
    /// Work with rules
    Rules(Rules),
    /// Diagnose solved cases again and say what is no longer as their truth says
    Test(crate::cases::Test),
    /// Print the reasoning behind a diagnosis: each step, each number, each citation
    Explain(crate::explain::Explain),
    /// Check that every quote of a JSON report stands where it says
    Verify(crate::verify::Verify),
}

/// Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 the bundle could not be analysed.
#[derive(Debug, Args)]
pub(crate) struct Analyze {
    /// Directories, archives or files to analyse together; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Where the report goes; `-` is standard output [default: NAME.report.html in the current directory, NAME being the first bundle's]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Format of the report [default: by the output's extension, else html]
    #[arg(short, long, value_enum)]
    pub format: Option<FormatName>,
    /// Add rules from a directory; a rule with a known id replaces it
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Lowest severity of a finding that makes the exit code 1
    #[arg(long, value_enum, default_value_t = SeverityName::Medium)]
    pub fail_on: SeverityName,
    /// Worker threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Colour the summary
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub color: When,
    /// Print no summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Print on standard error what each stage took and the memory it left
    #[arg(long, hide = true)]
    pub timings: bool,
    #[command(flatten)]
    pub reading: Reading,
}

/// How inputs are opened and read.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Read only what belongs to this namespace, and what belongs to none; may be given several times
    #[arg(long, value_name = "NAME")]
    pub namespace: Vec<String>,
    /// Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Leave out events and log lines after this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Read all YAML with the complete reader; slower by an order of magnitude, the result is the same
    #[arg(long)]
    pub strict_yaml: bool,
    /// Most bytes that the whole bundle may unpack to
    #[arg(long, value_name = "BYTES", default_value_t = coldcase_bundle::Limits::default().total_bytes, help_heading = "Limits")]
    pub max_total_bytes: u64,
    /// Most bytes of one file
    #[arg(long, value_name = "BYTES", default_value_t = coldcase_bundle::Limits::default().entry_bytes, help_heading = "Limits")]
    pub max_file_bytes: u64,
    /// Most files
    #[arg(long, value_name = "N", default_value_t = coldcase_bundle::Limits::default().entries, help_heading = "Limits")]
    pub max_files: usize,
    /// Most unpacked bytes for each packed byte, after the first 64 MiB
    #[arg(long, value_name = "N", default_value_t = coldcase_bundle::Limits::default().ratio, help_heading = "Limits")]
    pub max_ratio: u64,
    /// Most bytes held in memory; files that can be read again from disk are not held
    #[arg(long, value_name = "BYTES", default_value_t = coldcase_bundle::Limits::default().memory_bytes, help_heading = "Limits")]
    pub max_memory: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Bundle {
    #[command(subcommand)]
    pub command: BundleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Say what a bundle holds: layouts, objects, events, logs, journals, and what is missing
    Info(BundleInfo),
}

#[derive(Debug, Args)]
pub(crate) struct BundleInfo {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Format
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
    /// Colour the labels
    #[arg(long, value_enum, default_value_t = When::Auto)]
    pub color: When,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InfoFormat {
    /// For people
    Text,
    /// For scripts
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Check rules and print every error with its place
    Lint(RuleDir),
    /// Run the examples inside rules
    Test(RuleDir),
    /// List rules: id, layer, severity, role
    List(RuleDir),
}

#[derive(Debug, Args)]
pub(crate) struct RuleDir {
    /// Directory of rules; without it the rules of this version
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// One self-contained page
    Html,
    /// Markdown for a ticket
    Md,
    /// For scripts; see `schema` in the report
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityName {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl SeverityName {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}
