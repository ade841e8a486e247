//! The command line as clap sees it; help texts are the reference.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use coldcase_report::Format;
use coldcase_rules::{Role, Severity};

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
    /// Write a bundle anew with secrets masked, so that it can be passed on
    Redact(crate::redact::Redact),
    /// Work with rules
    Rules(Rules),
    /// Diagnose solved cases again and say what is no longer as their truth says
    Test(crate::cases::Test),
    /// Print the reasoning behind a diagnosis: each step, each number, each citation
    Explain(crate::explain::Explain),
    /// Check that every quote of a JSON report stands where it says
    Verify(crate::verify::Verify),
    /// Print the JSON Schema of the JSON report, or of rule files
    Schema(Schema),
    /// Answer kubectl from a bundle: a read-only Kubernetes API on this machine
    Serve(Box<crate::serve::Serve>),
    /// Write the generated documentation: rules, facts, command line, manual pages, completions, JSON Schema
    #[command(hide = true)]
    Docs(Docs),
}

/// Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 the bundle could not be analysed.
#[derive(Debug, Args)]
pub(crate) struct Analyze {
    /// Directories, archives or files to analyse together; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Where the report goes; `-` is standard output [default: NAME.report.html in the current directory, or beside the bundle if that is inside it, NAME being the first bundle's; standard output for a summary]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Format of the report [default: by the output's extension (.html, .md, .json, .txt, .sarif, .xml, .jsonl, .csv, .trace.json), else html]
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
    /// Colour the summary; `auto` does so on a terminal unless NO_COLOR is set
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
    #[command(flatten)]
    pub limits: Limits,
}

/// What inputs may cost.
#[derive(Debug, Args)]
#[allow(clippy::struct_field_names, reason = "each is the name of a flag")]
pub(crate) struct Limits {
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
    /// Check that a native bundle still is what its collector wrote: altered, missing and added files
    Verify(crate::bundle::verify::BundleVerify),
}

#[derive(Debug, Args)]
pub(crate) struct BundleInfo {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Format
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
    /// Colour the labels; `auto` does so on a terminal unless NO_COLOR is set
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
    /// List rules: id, layer, severity, role, title
    List(RulesList),
    /// Everything that a rule says: what it means, how it decides, what to do
    Explain(RulesExplain),
    /// Check rules: names, fields, patterns, documentation, examples
    Lint(RuleDir),
    /// Run the examples inside rules
    Test(RulesTest),
    /// Why a rule fires, is quiet or cannot be decided on a bundle: each step, what it looked at and what stopped it
    Why(RulesWhy),
    /// Which rules can be decided on a bundle, which cannot, and what is missing
    Coverage(RulesCoverage),
    /// How long each rule and each pattern takes on a bundle
    Bench(RulesBench),
    /// JSON Schema of rule files, for editors
    Schema,
    /// What rules can ask: kinds, fields, relations
    Facts(RulesFacts),
}

/// Which rules.
#[derive(Debug, Args)]
pub(crate) struct More {
    /// Add rules from a directory; a rule with a known id replaces it
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RuleDir {
    /// Directories of rules; without one the rules of this version
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// The same, named
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RulesTest {
    #[command(flatten)]
    pub dir: RuleDir,
    /// Only this rule
    #[arg(long, value_name = "ID")]
    pub only: Option<String>,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RulesList {
    #[command(flatten)]
    pub more: More,
    /// Only of this layer; may be given several times
    #[arg(long, value_name = "LAYER")]
    pub layer: Vec<String>,
    /// Only of this severity and above
    #[arg(long, value_enum)]
    pub severity: Option<SeverityName>,
    /// Only in this role
    #[arg(long, value_enum)]
    pub role: Option<RoleName>,
    /// Format
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RulesExplain {
    /// The rule's id
    pub id: String,
    #[command(flatten)]
    pub more: More,
}

#[derive(Debug, Args)]
pub(crate) struct RulesWhy {
    /// The rule's id
    pub id: String,
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub more: More,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct RulesCoverage {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub more: More,
    /// Format
    #[arg(short, long, value_enum, default_value_t = InfoFormat::Text)]
    pub format: InfoFormat,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct RulesBench {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub more: More,
    /// Times that each is run; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// How many of the slowest to print
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct RulesFacts {
    /// Only this kind or relation
    pub name: Option<String>,
}

/// Which schema.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what
    #[arg(value_enum)]
    pub of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// What `--format json` writes
    Report,
    /// Rule files, as `rules schema`
    Rule,
}

/// Where generated documentation goes.
#[derive(Debug, Args)]
pub(crate) struct Docs {
    /// Directory, made if it is not there
    pub dir: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    Cause,
    Symptom,
    Change,
    Risk,
}

impl RoleName {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Cause => Role::Cause,
            Self::Symptom => Role::Symptom,
            Self::Change => Role::Change,
            Self::Risk => Role::Risk,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// One self-contained page
    Html,
    /// Markdown for a ticket or an issue, at most 64,000 characters
    Md,
    /// For scripts; `coldcase schema report` describes it
    Json,
    /// What the terminal shows, and nothing else
    Summary,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI: findings of medium severity and above are failures
    Junit,
    /// The timeline as JSON Lines in Timesketch's columns
    #[value(alias = "timesketch-jsonl")]
    Jsonl,
    /// The timeline as CSV in Timesketch's columns
    #[value(alias = "timesketch-csv")]
    Csv,
    /// The timeline as Chrome trace events, for Perfetto
    #[value(alias = "perfetto")]
    Trace,
}

impl FormatName {
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Html => Format::Html,
            Self::Md => Format::Markdown,
            Self::Json => Format::Json,
            Self::Summary => Format::Summary,
            Self::Sarif => Format::Sarif,
            Self::Junit => Format::Junit,
            Self::Jsonl => Format::JsonLines,
            Self::Csv => Format::Csv,
            Self::Trace => Format::Trace,
        }
    }
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
