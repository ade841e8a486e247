//! Knows how a document, a description, a log, a table and a heading begin.

use jiff::Timestamp;

use crate::{
    stamp,
    text::{bare, describe, get::kinds, table::Header},
};

/// Lines that are looked at to tell what begins.
pub(super) const AHEAD: usize = 6;

/// Longer lines are not looked at as headings.
const MAX_HEADING: usize = 200;

/// Blanks before a Markdown fence; `None` for other lines.
pub(super) fn fence(line: &str) -> Option<usize> {
    let body = line.trim_start();
    let tag = ["```", "~~~"]
        .iter()
        .find_map(|mark| body.strip_prefix(mark))?;
    let indent = line.len() - body.len();
    (!tag.contains('`') && tag.len() < 40 && indent <= 12).then_some(indent)
}

/// Whether a document begins with these lines, and of which form.
pub(super) fn document(lines: &[&str]) -> Option<super::Form> {
    let (first, rest) = lines.split_first()?;
    if ["apiVersion: ", "kind: "]
        .iter()
        .any(|key| first.starts_with(key))
    {
        let next = rest.iter().find(|line| !line.trim().is_empty());
        return next
            .is_none_or(|next| in_yaml(next))
            .then_some(super::Form::Yaml);
    }
    if !first.starts_with('{') {
        return None;
    }
    let mut head = String::new();
    for line in lines.iter().take(AHEAD) {
        head.extend(line.chars().take(200).filter(|c| !c.is_whitespace()));
    }
    let key = head.strip_prefix("{\"")?.split('"').next()?;
    let of_object = matches!(
        key,
        "apiVersion" | "data" | "items" | "kind" | "metadata" | "spec" | "status"
    );
    let named = head.contains("\"apiVersion\":") || head.contains("\"kind\":");
    (of_object && named).then_some(super::Form::Json)
}

/// Whether a line may stand in a document of YAML: Kubernetes' keys have no blanks and begin with a small letter.
pub(crate) fn in_yaml(line: &str) -> bool {
    if line.starts_with([' ', '\t', '#'])
        || line.starts_with("- ")
        || matches!(line, "" | "-" | "---" | "...")
    {
        return true;
    }
    let Some((key, rest)) = line.split_once(':') else {
        return false;
    };
    let key = key.trim_matches(['"', '\'']);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(plain)
        && key != "error"
        && (rest.is_empty() || rest.starts_with(' '))
}

/// Whether a description begins with these lines.
pub(super) fn description(lines: &[&str]) -> Option<super::Form> {
    let (Some(first), Some(next)) = (lines.first(), lines.get(1)) else {
        return None;
    };
    describe::begins(first, next).then_some(super::Form::Description)
}

/// Whether a table of a known kind begins with these lines.
pub(super) fn is_table(lines: &[&str]) -> bool {
    let header = lines.first().and_then(|line| Header::read(line));
    header.is_some_and(|header| kinds::infer(&header).is_some())
}

/// Whether a line is a row of a table, or stands above some.
pub(super) fn is_row(line: &str) -> bool {
    line.starts_with("Events:") || bare::is_in(line)
}

/// Whether a program wrote a line: it begins with a time, or is JSON with a level or message.
pub(super) fn is_dated(line: &str) -> bool {
    if line.starts_with('{') {
        let keys = ["\"level\"", "\"msg\"", "\"message\"", "\"severity\""];
        return line.ends_with('}') && keys.iter().any(|key| line.contains(key));
    }
    let any_year = Timestamp::from_second(4_000_000_000).ok();
    stamp::leading(line, any_year).is_some()
}

/// Sources of kubectl in which it complains between what it prints.
const CLIENT: &[&str] = &[
    "cached_discovery.go:",
    "helpers.go:",
    "loader.go:",
    "memcache.go:",
    "reflector.go:",
    "request.go:",
    "round_trippers.go:",
    "versioner.go:",
    "warnings.go:",
];

/// Whether kubectl itself wrote a line: it is about the question, not about the cluster's programs.
pub(super) fn is_client(line: &str) -> bool {
    let head = line.split(']').next().unwrap_or(line);
    let klog = line.starts_with(['I', 'W', 'E', 'F'])
        && line
            .get(1..5)
            .is_some_and(|day| day.bytes().all(|b| b.is_ascii_digit()));
    // The first process is that of a container: nobody types there.
    let first = || head.split_whitespace().nth(2) == Some("1");
    klog && CLIENT.iter().any(|source| head.contains(source)) && !first()
}

/// Whether a line stands above something, or behind it: `=== pods ===`, `::group::pods`, `--- pods ---`.
pub(in crate::text) fn is_heading(line: &str) -> bool {
    const MARKS: &[&str] = &[
        "===",
        "---",
        "***",
        "###",
        "+++",
        "::group::",
        "::endgroup::",
        "##[",
        "section_start:",
        "section_end:",
    ];
    let line = line.trim();
    line.len() < MAX_HEADING && MARKS.iter().any(|mark| line.starts_with(mark))
}

/// Whether a heading says that a log follows.
pub(super) fn names_log(heading: &str) -> bool {
    heading.len() < MAX_HEADING
        && heading
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| {
                ["log", "logs", "stderr", "stdout"]
                    .iter()
                    .any(|said| word.eq_ignore_ascii_case(said))
            })
}

/// Whether a heading says of which pod: `Logs (last 200 lines) for pod: cart-0`.
pub(super) fn names_pod(heading: &str) -> bool {
    let few = heading.split_whitespace().count() < 12;
    let pod = heading.split_once("pod").map(|(_, rest)| rest);
    few && !heading.ends_with('.') && pod.is_some_and(|rest| rest.starts_with([':', '/', ' ']))
}

/// Whether a line says something of its own, and is neither above something else nor a client's.
pub(in crate::text) fn says(line: &str) -> bool {
    let line = line.trim();
    let letters = line.bytes().filter(u8::is_ascii_alphabetic).count();
    let only_above = line.ends_with(':') || line.starts_with(['#', '+']) || is_heading(line);
    letters > 2 && !only_above && !line.starts_with("Warning: ") && !is_client(line)
}
