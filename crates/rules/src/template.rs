//! Messages with names in braces, checked when loaded and rendered over bound entities.

use coldcase_facts::{quantity, schema::Segment};

use jiff::Timestamp;

use crate::{
    engine::{Row, World},
    rule::Operand,
};

/// A parsed template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What is filled in, and whether that is within backticks: in a command that somebody will paste.
    Hole(Hole, bool),
    /// What is said only if each value in it is known.
    Section(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hole {
    /// Name of the entity in a slot.
    Name(usize, Option<Filter>),
    /// All names bound to a slot in the finding.
    Names(usize),
    /// A field or capture.
    Value(Operand, Option<Filter>),
    /// Rows in the finding.
    Count,
}

/// What may follow a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Bytes,
    Duration,
    Short,
    Time,
}

/// What is in braces, resolved by the loader.
pub(crate) enum Resolved {
    Name(usize),
    Value(Operand),
}

impl Template {
    /// Parses a text; `resolve` turns what stands in braces into a slot or operand.
    pub(crate) fn parse(
        text: &str,
        resolve: &mut dyn FnMut(&str) -> Result<Resolved, String>,
    ) -> Result<Self, String> {
        let mut reader = Reader {
            resolve,
            code: false,
        };
        let (parts, _) = reader.parts(text, false)?;
        if reader.code {
            return Err("a backtick without its pair".to_owned());
        }
        Ok(Self {
            parts,
            text: text.to_owned(),
        })
    }

    /// The fields and captures that it shows.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.holes().filter_map(|hole| match hole {
            Hole::Value(operand, _) => Some(operand),
            _ => None,
        })
    }

    fn holes(&self) -> impl Iterator<Item = &Hole> {
        // Sections hold no sections.
        let parts = self.parts.iter().flat_map(|part| match part {
            Part::Section(inner) => inner.as_slice(),
            part => std::slice::from_ref(part),
        });
        parts.filter_map(|part| match part {
            Part::Hole(hole, _) => Some(hole),
            _ => None,
        })
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// Renders over the first row of a finding; `rows` give the counts and lists of names.
    ///
    /// Names and fields come from a cluster in which somebody else may have written them. Within backticks, where the
    /// reader takes them for a part of a command, only what means nothing to a shell is filled in, and for the rest
    /// its kind in angle brackets; elsewhere no value can open or close a command.
    pub fn render(&self, world: &World<'_, '_>, row: &Row, rows: &[Row]) -> String {
        self.page(world, row, rows).out
    }

    /// As [`Self::render`], of a text that is worth saying only if the value that it leads up to is known.
    pub fn step(&self, world: &World<'_, '_>, row: &Row, rows: &[Row]) -> Option<String> {
        let page = self.page(world, row, rows);
        let told = page.dropped != Some(page.out.len()) && !page.out.trim().is_empty();
        told.then_some(page.out)
    }

    fn page(&self, world: &World<'_, '_>, row: &Row, rows: &[Row]) -> Page {
        let mut page = Page::default();
        page.fill(&self.parts, world, row, rows);
        page
    }
}

/// Reads the parts of a template.
struct Reader<'r> {
    resolve: &'r mut dyn FnMut(&str) -> Result<Resolved, String>,
    /// Within backticks.
    code: bool,
}

impl Reader<'_> {
    /// The parts up to the end, or of a section up to its brace, and the text behind that.
    fn parts<'t>(&mut self, text: &'t str, section: bool) -> Result<(Vec<Part>, &'t str), String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let mut open = section;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            self.code ^= odd(before);
            if let Some(tail) = tail.strip_prefix("{{") {
                plain.push('{');
                rest = tail;
            } else if let Some(tail) = tail.strip_prefix("}}").filter(|_| !section) {
                plain.push('}');
                rest = tail;
            } else if let Some(tail) = tail.strip_prefix("{?") {
                if section || self.code {
                    return Err("a `{?` within another or within backticks".to_owned());
                }
                push(&mut parts, &mut plain);
                let (inner, tail) = self.parts(tail, true)?;
                if self.code || !inner.iter().any(|part| matches!(part, Part::Hole(..))) {
                    return Err(
                        "a `{?` without a value in braces, or with a backtick without its pair"
                            .to_owned(),
                    );
                }
                parts.push(Part::Section(inner));
                rest = tail;
            } else if let Some(tail) = tail.strip_prefix('{') {
                let (inner, tail) = tail
                    .split_once('}')
                    .ok_or("a `{` without its `}`; write `{{` for a brace")?;
                push(&mut parts, &mut plain);
                parts.push(Part::Hole(hole(inner, self.resolve)?, self.code));
                rest = tail;
            } else if section {
                rest = tail.strip_prefix('}').unwrap_or(tail);
                open = false;
                break;
            } else {
                return Err("a `}` without its `{`; write `}}` for a brace".to_owned());
            }
        }
        if open {
            return Err("a `{?` without its `}`".to_owned());
        }
        if !section {
            plain.push_str(rest);
            self.code ^= odd(rest);
            rest = "";
        }
        push(&mut parts, &mut plain);
        Ok((parts, rest))
    }
}

/// Adds the rule's own words that were read so far.
fn push(parts: &mut Vec<Part>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(Part::Text(std::mem::take(plain)));
    }
}

/// Names shown before "and so many more".
const MAX_NAMES: usize = 4;

/// A text as it is rendered.
#[derive(Debug, Default)]
struct Page {
    out: String,
    /// Whether a bracket ends behind what is added.
    ends: bool,
    /// Whether a bracket was left out, so that its end is too.
    closing: bool,
    /// Where a value that a colon announced was left out.
    dropped: Option<usize>,
}

impl Page {
    fn fill(&mut self, parts: &[Part], world: &World<'_, '_>, row: &Row, rows: &[Row]) {
        for (at, part) in parts.iter().enumerate() {
            let next = parts.get(at + 1);
            self.ends = matches!(next, Some(Part::Text(text)) if text.contains(')'));
            match part {
                Part::Text(text) => self.text(text),
                Part::Section(inner) => {
                    let known = |part: &Part| match part {
                        Part::Hole(Hole::Value(operand, _), _) => {
                            world.value(row, operand).is_some()
                        }
                        Part::Hole(Hole::Name(slot, _), _) => row.bound(*slot).is_some(),
                        _ => true,
                    };
                    if inner.iter().all(known) {
                        self.fill(inner, world, row, rows);
                    }
                }
                Part::Hole(hole, code) => self.hole(hole, *code, world, row, rows),
            }
        }
    }

    fn hole(&mut self, hole: &Hole, code: bool, world: &World<'_, '_>, row: &Row, rows: &[Row]) {
        match hole {
            Hole::Count => self.out.push_str(&rows.len().to_string()),
            Hole::Name(slot, filter) => {
                let entity = row.bound(*slot).map(|bound| world.get(bound.id));
                let name = entity.map(|entity| apply(entity.label(), *filter, world.facts.now()));
                if code {
                    let hint = entity.map_or("name", |entity| entity.kind);
                    self.word(name.as_deref(), hint);
                } else {
                    self.prose(name.as_deref().or(Some("?")));
                }
            }
            Hole::Names(slot) => {
                let bound = || rows.iter().filter_map(|row| row.bound(*slot));
                let mut names: Vec<&str> =
                    bound().map(|bound| world.get(bound.id).label()).collect();
                names.sort_unstable();
                names.dedup();
                let hint = bound()
                    .next()
                    .map_or("name", |bound| world.get(bound.id).kind);
                self.names(&names, code.then_some(hint));
            }
            Hole::Value(operand, filter) => {
                let value = world
                    .value(row, operand)
                    .map(|it| apply(&it, *filter, world.facts.now()));
                if code {
                    self.word(value.as_deref(), last(operand));
                } else {
                    self.prose(value.as_deref());
                }
            }
        }
    }

    /// The rule's own words.
    fn text(&mut self, text: &str) {
        let open = std::mem::take(&mut self.closing);
        // The rest of what the bracket says of the value goes with it.
        let rest = text.split_once(')').filter(|_| open);
        self.out.push_str(rest.map_or(text, |(_, rest)| rest));
    }

    /// A value in a sentence. What is not known is left out together with the colon or bracket that announced it.
    fn prose(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.out.push_str(&value.replace('`', "'")),
            None if self.out.ends_with(": ") => {
                self.out.truncate(self.out.len() - 2);
                match self.out.rsplit_once(" (") {
                    // A label within a bracket labels nothing now.
                    Some((before, label)) if self.ends && !label.contains(')') => {
                        self.out.truncate(before.len());
                        self.closing = true;
                    }
                    _ => self.dropped = Some(self.out.len()),
                }
            }
            None if self.out.ends_with(" (") && self.ends => {
                self.out.truncate(self.out.len() - 2);
                self.closing = true;
            }
            None => self.out.push('?'),
        }
    }

    /// A value in a command, or for the reader to fill in.
    fn word(&mut self, value: Option<&str>, hint: &str) {
        if let Some(value) = value.filter(|value| is_plain(value)) {
            self.out.push_str(value);
            return;
        }
        self.out.push('<');
        let hint = hint.chars().filter(char::is_ascii_alphanumeric);
        self.out.extend(hint.map(|c| c.to_ascii_lowercase()));
        self.out.push('>');
    }

    /// Several names: in a command as its arguments.
    fn names(&mut self, names: &[&str], code: Option<&str>) {
        for (at, name) in names.iter().take(MAX_NAMES).enumerate() {
            if let Some(hint) = code {
                self.out.push_str(if at == 0 { "" } else { " " });
                self.word(Some(name), hint);
            } else {
                self.out.push_str(if at == 0 { "" } else { ", " });
                self.prose(Some(name));
            }
        }
        if names.len() > MAX_NAMES && code.is_none() {
            let more = format!(" and {} more", names.len() - MAX_NAMES);
            self.out.push_str(&more);
        }
    }
}

/// Whether a shell takes a text for one word that stands for itself, quoted or not, and no program for an option.
fn is_plain(value: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '/';
    let other = |c: char| c.is_ascii_alphanumeric() || "-._:/@+".contains(c);
    value.starts_with(first) && value.chars().all(other)
}

/// What a field or capture is called.
fn last(operand: &Operand) -> &str {
    match operand {
        Operand::Capture(_, name) => name,
        Operand::Field(_, path) => path
            .iter()
            .rev()
            .find_map(|segment| match segment {
                Segment::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .unwrap_or("name"),
        _ => "value",
    }
}

fn odd(text: &str) -> bool {
    text.matches('`').count() % 2 == 1
}

fn hole(
    inner: &str,
    resolve: &mut dyn FnMut(&str) -> Result<Resolved, String>,
) -> Result<Hole, String> {
    let (name, filter) = match inner.split_once('|') {
        Some((name, filter)) => (name.trim(), Some(self::filter(filter.trim())?)),
        None => (inner.trim(), None),
    };
    if name == "count" {
        return Ok(Hole::Count);
    }
    if let Some(name) = name.strip_suffix('*') {
        return match resolve(name)? {
            Resolved::Name(slot) => Ok(Hole::Names(slot)),
            Resolved::Value(_) => Err(format!("`{name}*` lists names and takes no field")),
        };
    }
    Ok(match resolve(name)? {
        Resolved::Name(slot) => Hole::Name(slot, filter),
        Resolved::Value(operand) => Hole::Value(operand, filter),
    })
}

fn filter(name: &str) -> Result<Filter, String> {
    match name {
        "bytes" => Ok(Filter::Bytes),
        "duration" => Ok(Filter::Duration),
        "short" => Ok(Filter::Short),
        "time" => Ok(Filter::Time),
        other => Err(format!(
            "unknown filter `{other}`; there are bytes, duration, short, time"
        )),
    }
}

/// A time without its date, if that is the capture's.
fn time(value: &str, now: Option<Timestamp>) -> String {
    let parts = value.get(..10).zip(value.get(11..19));
    let Some((date, time)) = parts.filter(|_| value.as_bytes().get(10) == Some(&b'T')) else {
        return value.to_owned();
    };
    if now.is_none_or(|now| now.to_string().starts_with(date)) {
        format!("{time}Z")
    } else {
        format!("{date} {time}Z")
    }
}

/// Characters that the filter `short` leaves.
const SHORT: usize = 120;
/// Those of them that the end of a long text may take.
const END: usize = 72;

/// Words of an end that says what went wrong.
const REASONS: &[&str] = &[
    "not ",
    "no ",
    "cannot",
    "can't",
    "unable",
    "fail",
    "error",
    "denied",
    "refused",
    "timeout",
    "timed out",
    "deadline",
    "expired",
    "exceeded",
    "unknown",
    "invalid",
    "missing",
    "forbidden",
    "nauthorized",
    "already",
    "full",
    "reset",
    "unexpected",
    "does not",
    "is after",
    "EOF",
];

/// A text cut to [`SHORT`] characters. Programs put what went wrong behind what they were about to do, after the last
/// colon: of such a text the end is kept as well as the beginning.
fn short(value: &str) -> String {
    // The scheduler's word on preemption is the same behind every refusal.
    let value = value
        .split_once(" preemption: ")
        .map_or(value, |(before, _)| before);
    let count = |text: &str| text.chars().count();
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    if count(value) <= SHORT {
        return value.to_owned();
    }
    // The report says what an object of JSON says; a list of changes begins with what matters.
    if value.starts_with('{') || value.contains(" → ") {
        return format!("{}…", cut(value, SHORT));
    }
    let ends = value.match_indices(": ").map(|(at, sign)| at + sign.len());
    let mut ends = ends.filter_map(|at| value.get(at..));
    let end = ends.find(|end| {
        let begins = |c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | '/' | '[');
        let fits = (8..=END).contains(&count(end)) && end.starts_with(begins);
        fits && REASONS.iter().any(|word| end.contains(word))
    });
    match end {
        Some(end) => format!("{} … {end}", cut(value, SHORT - count(end) - 3).trim_end()),
        None => format!("{}…", cut(value, SHORT)),
    }
}

fn apply(value: &str, filter: Option<Filter>, now: Option<Timestamp>) -> String {
    let number = value.parse::<f64>().ok();
    match filter {
        Some(Filter::Bytes) => number
            .or_else(|| quantity::quantity(value))
            .map_or_else(|| value.to_owned(), quantity::show_bytes),
        Some(Filter::Duration) => number.map_or_else(|| value.to_owned(), quantity::show_seconds),
        Some(Filter::Short) => {
            // The stamp that an application prints before its words stands beside the quote anyway.
            let stamp = coldcase_snapshot::stamp::leading(value, None).map_or(0, |stamp| stamp.len);
            let value = value.get(stamp..).unwrap_or(value).trim_start();
            short(value)
        }
        Some(Filter::Time) => time(value, now),
        None => value.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// A path as written in rules and templates.
pub(crate) fn path(text: &str) -> Result<Vec<Segment>, String> {
    let mut segments = Vec::new();
    let mut rest = text;
    let mut first = true;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('[') {
            let (inner, tail) = tail.split_once(']').ok_or("a `[` without its `]`")?;
            segments.push(match inner.split_once('=') {
                Some((key, value)) => {
                    Segment::Where(key.trim().to_owned(), value.trim().to_owned())
                }
                None if inner.is_empty() => Segment::Any,
                None => {
                    return Err(format!(
                        "`[{inner}]`: write [] for any element or [field=value]"
                    ));
                }
            });
            rest = tail;
        } else {
            if !first {
                rest = rest
                    .strip_prefix('.')
                    .ok_or_else(|| format!("`{text}`: expected a dot before `{rest}`"))?;
            }
            if let Some(tail) = rest.strip_prefix('"') {
                let (key, tail) = tail.split_once('"').ok_or("a quote without its end")?;
                segments.push(Segment::Key(key.to_owned()));
                rest = tail;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
                if key.is_empty() {
                    return Err(format!("`{text}`: an empty part"));
                }
                segments.push(Segment::Key(key.to_owned()));
                rest = tail;
            }
        }
        first = false;
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Template, String> {
        Template::parse(text, &mut |name| {
            Ok(match name.split_once('.') {
                Some((_, path)) => Resolved::Value(Operand::Field(0, super::path(path)?)),
                None => Resolved::Name(0),
            })
        })
    }

    /// Fills all holes with one value, as rendering does.
    fn shown(template: &Template, value: Option<&str>) -> String {
        let mut page = Page::default();
        show(&template.parts, value, &mut page);
        page.out
    }

    fn show(parts: &[Part], value: Option<&str>, page: &mut Page) {
        for part in parts {
            match part {
                Part::Text(text) => page.text(text),
                Part::Section(inner) if value.is_some() => show(inner, value, page),
                Part::Section(_) => {}
                Part::Hole(Hole::Value(operand, _), true) => page.word(value, last(operand)),
                Part::Hole(Hole::Names(_), code) => {
                    page.names(&[value.unwrap_or("x")], code.then_some("Pod"));
                }
                Part::Hole(_, true) => page.word(value, "Pod"),
                Part::Hole(_, false) => page.prose(value),
            }
        }
    }

    #[test]
    fn long_texts_keep_what_went_wrong() {
        let chain = format!(
            "failed to pull image \"{}\": rpc error: code = NotFound desc = not found",
            "x".repeat(90)
        );
        let cut = short(&chain);
        assert!(
            cut.starts_with("failed to pull image")
                && cut.ends_with(" … rpc error: code = NotFound desc = not found"),
            "{cut}"
        );
        assert!(cut.chars().count() <= SHORT);
        let words = "y".repeat(130);
        assert_eq!(short(&words).chars().count(), SHORT + 1);
        let refused = format!("0/3 nodes are available: 3 Insufficient cpu. preemption: {words}");
        assert_eq!(
            short(&refused),
            "0/3 nodes are available: 3 Insufficient cpu."
        );
        let json = format!("{{\"a\": \"{words}\", \"b\": \"no such file\"}}");
        assert!(short(&json).starts_with("{\"a\"") && short(&json).ends_with('…'));
    }

    #[test]
    fn times_of_another_day_keep_their_date() {
        let now = Some("2026-07-14T10:00:00Z".parse().unwrap());
        assert_eq!(time("2026-07-14T09:59:58Z", now), "09:59:58Z");
        assert_eq!(time("2026-07-06T21:30:00Z", now), "2026-07-06 21:30:00Z");
        assert_eq!(time("soon", now), "soon");
    }

    proptest! {
        #[test]
        fn any_text_is_cut(text in "\\PC{0,400}") {
            prop_assert!(short(&text).chars().count() <= SHORT + 1);
        }
    }

    #[test]
    fn sections_are_said_only_if_their_values_are_known() {
        let template =
            parsed("No volume fits {p}{?, which asks for {p.x} ({p.y})}; {{it}} waits").unwrap();
        assert_eq!(
            shown(&template, Some("v")),
            "No volume fits v, which asks for v (v); {it} waits"
        );
        assert_eq!(shown(&template, None), "No volume fits ?; {it} waits");
        assert_eq!(template.operands().count(), 2);
        for wrong in [
            "a {?b {p.x}",
            "a {?b}",
            "a {?b {?c {p.x}} {p.y}}",
            "`a {?b {p.x}}`",
            "a {?b `{p.x}} c`",
            "a {?b {p.x}} }",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    const STEP: &str = "look at {p} (`kubectl -n {p.metadata.namespace} logs {p} -c '{p.x}'`), or `cat {p*}`: {p.y}";

    #[test]
    fn commands_hold_plain_words_only() {
        let template = parsed(STEP).unwrap();
        assert_eq!(
            shown(&template, Some("a-1.b")),
            "look at a-1.b (`kubectl -n a-1.b logs a-1.b -c 'a-1.b'`), or `cat a-1.b`: a-1.b"
        );
        assert_eq!(
            shown(&template, Some("x; rm -rf / #`id`")),
            "look at x; rm -rf / #'id' (`kubectl -n <namespace> logs <pod> -c '<x>'`), or `cat <pod>`: x; rm -rf / #'id'"
        );
        for bad in [
            "", "$(id)", "a b", "-o", "..", "a'b", "a\nb", "a,b", "k=v", "*", "~", "é",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
        for good in [
            "/var/lib/x",
            "r.io/a@sha256:0a",
            "web-0",
            "v1.2+x",
            "system:node:a",
        ] {
            assert!(is_plain(good), "{good}");
        }
    }

    #[test]
    fn lists_in_a_command_are_its_arguments() {
        let mut page = Page::default();
        page.names(&["a", "b;", "c", "d", "e"], Some("PersistentVolume"));
        assert_eq!(page.out, "a <persistentvolume> c d");
        let mut page = Page::default();
        page.names(&["a", "b", "c", "d", "e"], None);
        assert_eq!(page.out, "a, b, c, d and 1 more");
    }

    #[test]
    fn backticks_come_in_pairs() {
        assert!(parsed("run `kubectl get {p}").is_err());
        assert!(parsed("run `kubectl get {p}`").is_ok());
    }

    proptest! {
        #[test]
        fn no_value_changes_what_is_a_command(value in "\\PC{0,40}|[ -~]{0,12}|[a-z0-9./:@+-]{0,12}") {
            let template = parsed(STEP).unwrap();
            let (shown, usual) = (shown(&template, Some(&value)), shown(&template, Some("a")));
            let codes = |text: &str| -> Vec<String> {
                text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
            prop_assert_eq!(shown.matches('`').count(), usual.matches('`').count());
            for (code, usual) in codes(&shown).iter().zip(codes(&usual)) {
                prop_assert_eq!(code.split(' ').count(), usual.split(' ').count());
                prop_assert!(code.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/@+ '<>".contains(c)));
            }
        }
    }
}
