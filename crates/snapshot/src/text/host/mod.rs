//! Reads what commands on a node print (`systemctl status`, `df`, `free`, `iptables-save` …) into reports with lines.

use coldcase_bundle::FileId;

use super::{Context, HostReport};

/// Reads the output of one command; `argv` is the command without `sudo` and the like, `first_line`
/// the number of the text's first line in its file.
pub(crate) fn read(
    _argv: &[String],
    _text: &str,
    _first_line: u32,
    _file: FileId,
    _context: &Context<'_>,
) -> Vec<HostReport> {
    Vec::new()
}

/// The command whose output a text looks like, when no prompt names it.
pub(crate) fn sniff(_path: &str, _text: &str) -> Option<Vec<String>> {
    None
}
