//! Messages with names in braces, checked when loaded and rendered over bound entities.

use coldcase_facts::{quantity, schema::Segment};

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
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(tail) = tail.strip_prefix("{{") {
                plain.push('{');
                rest = tail;
            } else if let Some(tail) = tail.strip_prefix("}}") {
                plain.push('}');
                rest = tail;
            } else if let Some(tail) = tail.strip_prefix('{') {
                let (inner, tail) = tail
                    .split_once('}')
                    .ok_or("a `{` without its `}`; write `{{` for a brace")?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(part(inner, resolve)?);
                rest = tail;
            } else {
                return Err("a `}` without its `{`; write `}}` for a brace".to_owned());
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self {
            parts,
            text: text.to_owned(),
        })
    }

    /// The fields and captures that it shows.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(operand, _) => Some(operand),
            _ => None,
        })
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// Renders over the first row of a finding; `rows` give the counts and lists of names.
    pub fn render(&self, world: &World<'_, '_>, row: &Row, rows: &[Row]) -> String {
        let mut out = String::new();
        let mut closing = false;
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let open = std::mem::take(&mut closing);
                    out.push_str(text.strip_prefix(')').filter(|_| open).unwrap_or(text));
                }
                Part::Count => out.push_str(&rows.len().to_string()),
                Part::Name(slot, filter) => {
                    let name = row
                        .bound(*slot)
                        .map_or("?", |bound| world.get(bound.id).label.as_str());
                    out.push_str(&apply(name, *filter));
                }
                Part::Names(slot) => {
                    let mut names: Vec<&str> = rows
                        .iter()
                        .filter_map(|row| row.bound(*slot))
                        .map(|bound| world.get(bound.id).label.as_str())
                        .collect();
                    names.sort_unstable();
                    names.dedup();
                    let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                    out.push_str(&shown);
                    if names.len() > 4 {
                        out.push_str(" and ");
                        out.push_str(&(names.len() - 4).to_string());
                        out.push_str(" more");
                    }
                }
                Part::Value(operand, filter) => match world.value(row, operand) {
                    Some(value) => out.push_str(&apply(&value, *filter)),
                    // What is not known is left out together with the colon or bracket that announced it.
                    None if out.ends_with(": ") => out.truncate(out.len() - 2),
                    None if out.ends_with(" (") => {
                        out.truncate(out.len() - 2);
                        closing = true;
                    }
                    None => out.push('?'),
                },
            }
        }
        out
    }
}

fn part(
    inner: &str,
    resolve: &mut dyn FnMut(&str) -> Result<Resolved, String>,
) -> Result<Part, String> {
    let (name, filter) = match inner.split_once('|') {
        Some((name, filter)) => (name.trim(), Some(self::filter(filter.trim())?)),
        None => (inner.trim(), None),
    };
    if name == "count" {
        return Ok(Part::Count);
    }
    if let Some(name) = name.strip_suffix('*') {
        return match resolve(name)? {
            Resolved::Name(slot) => Ok(Part::Names(slot)),
            Resolved::Value(_) => Err(format!("`{name}*` lists names and takes no field")),
        };
    }
    Ok(match resolve(name)? {
        Resolved::Name(slot) => Part::Name(slot, filter),
        Resolved::Value(operand) => Part::Value(operand, filter),
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

fn apply(value: &str, filter: Option<Filter>) -> String {
    let number = value.parse::<f64>().ok();
    match filter {
        Some(Filter::Bytes) => number.map_or_else(|| value.to_owned(), quantity::show_bytes),
        Some(Filter::Duration) => number.map_or_else(|| value.to_owned(), quantity::show_seconds),
        Some(Filter::Short) => {
            // The stamp that an application prints before its words stands beside the quote anyway.
            let stamp = coldcase_snapshot::stamp::leading(value, None).map_or(0, |stamp| stamp.len);
            let value = value.get(stamp..).unwrap_or(value).trim_start();
            match value.char_indices().nth(120) {
                Some((at, _)) => format!("{}…", value.get(..at).unwrap_or(value)),
                None => value.to_owned(),
            }
        }
        Some(Filter::Time) => value
            .get(11..19)
            .filter(|_| value.as_bytes().get(10) == Some(&b'T'))
            .map_or_else(|| value.to_owned(), |time| format!("{time}Z")),
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
