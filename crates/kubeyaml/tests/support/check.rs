//! The law of this crate: what it reads, complete YAML readers read the same way.

#![allow(unreachable_pub, dead_code, reason = "included by several programs")]

use kubeyaml::{Error, Node, Options, Projection, Style, Value};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Read, and all readers agree.
    Read,
    /// Left to a complete reader.
    Unsupported,
    /// Refused, as serde_yaml does.
    Refused,
}

/// Compares with serde_yaml (values), saphyr (text and lines) and with itself (skipping, splitting).
/// A difference is described in the error.
pub fn check(text: &str) -> Result<Outcome, String> {
    // libyaml counts a byte order mark as a column and then misjudges the first line.
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let theirs = serde_yaml::from_str::<serde_yaml::Value>(bare);
    let ours = kubeyaml::from_str::<serde_yaml::Value>(text);
    let node = Node::read(text);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => {}
        (Ok(_), _) => return Err(format!("ours {ours:?}\ntheirs {theirs:?}")),
        (Err(Error::Unsupported { .. }), _) => return Ok(Outcome::Unsupported),
        (Err(error), Ok(_)) => return Err(format!("called an error: {error}")),
        // Repeated keys are serde's business, the tree keeps them.
        (Err(Error::Data { .. }), Err(_)) if node.is_ok() => {}
        (Err(Error::Data { .. }), Err(_)) => return Ok(Outcome::Refused),
        (Err(_), Err(_)) => {
            return match node {
                Ok(node) => Err(format!("only the tree is read: {node:?}")),
                Err(_) => Ok(Outcome::Refused),
            };
        }
    }
    let node = node.map_err(|error| format!("only the tree is not read: {error}"))?;
    same_events(text, &node)?;
    skipping(text, &node)?;
    splitting(text, &node)?;
    Ok(Outcome::Read)
}

/// Whatever is skipped, the rest stays the same.
fn skipping(text: &str, node: &Node<'_>) -> Result<(), String> {
    let named = node.entries().iter().filter(|(key, _)| key != "*");
    for (key, _) in named.take(20) {
        let mut projection = Projection::default();
        projection.keep(&[key]);
        let options = Options {
            projection: Some(&projection),
            ..Options::default()
        };
        let slim = Node::read_with(text, &options).map_err(|error| error.to_string())?;
        let kept: Vec<_> = node
            .entries()
            .iter()
            .filter(|(name, _)| name == key)
            .collect();
        if slim.entries().iter().ne(kept.iter().copied()) || slim.line != node.line {
            return Err(format!("with only {key:?} kept: {slim:?}"));
        }
    }
    for item in node.items() {
        if let Some((key, value)) = item.entries().last().filter(|(key, _)| key != "*") {
            let mut projection = Projection::default();
            projection.keep(&[key]);
            let options = Options {
                projection: Some(&projection),
                ..Options::default()
            };
            let slim = Node::read_with(text, &options).map_err(|error| error.to_string())?;
            if !slim.items().iter().any(|item| item.get(key) == Some(value)) {
                return Err(format!("with only {key:?} of items kept: {slim:?}"));
            }
            break;
        }
    }
    Ok(())
}

/// A list is the same as its items.
fn splitting(text: &str, node: &Node<'_>) -> Result<(), String> {
    let Some(list) = kubeyaml::split_items(text, 1) else {
        return Ok(());
    };
    let mut lists = node.entries().iter().filter(|(key, _)| key == "items");
    let Some((_, items)) = lists.find(|(_, items)| items.line > list.items_line) else {
        return Err("split, but has no items".into());
    };
    let parts: Result<Vec<_>, _> = list
        .items
        .iter()
        .map(|item| {
            let first_line = item.first_line;
            Node::read_item(
                item.text,
                &Options {
                    first_line,
                    ..Options::default()
                },
            )
        })
        .collect();
    if parts.as_deref() != Ok(items.items()) || list.items_line + 1 > items.line {
        return Err(format!("items {items:?}\nparts {parts:?}"));
    }
    Ok(())
}

/// Walks saphyr's events along the tree.
fn same_events(text: &str, node: &Node<'_>) -> Result<(), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut flat = Vec::new();
    flatten(node, &mut flat);
    let mut ours = flat.into_iter();
    // For each open mapping: whether a key comes next.
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("saphyr: {error}"))?;
        let line = |line: usize| u32::try_from(line).unwrap_or(0);
        let (start, end) = (line(span.start.line()), line(span.end.line()));
        let theirs = match event {
            Event::Scalar(text, style, ..) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                Flat::Scalar(text.into_owned(), style, start, end)
            }
            Event::SequenceStart(..) => Flat::Seq(start),
            Event::MappingStart(..) => Flat::Map(start),
            Event::SequenceEnd | Event::MappingEnd => Flat::End,
            _ => continue,
        };
        let ours = ours.next();
        if !ours.as_ref().is_some_and(|ours| ours.same(&theirs)) {
            return Err(format!("ours {ours:?}\nsaphyr {theirs:?}"));
        }
    }
    match ours.next() {
        None => Ok(()),
        Some(more) => Err(format!("saphyr has no {more:?}")),
    }
}

#[derive(Debug)]
enum Flat {
    Key(String),
    Null(u32),
    Scalar(String, Style, u32, u32),
    Seq(u32),
    Map(u32),
    End,
}

impl Flat {
    fn same(&self, theirs: &Self) -> bool {
        match (self, theirs) {
            (Self::Key(ours), Self::Scalar(theirs, ..)) => ours == theirs,
            (Self::Null(line), Self::Scalar(text, Style::Plain, start, _)) => {
                line == start && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            (Self::Scalar(a, style, start, end), Self::Scalar(b, c, first, last)) => {
                // saphyr ends block scalars where the next token is found.
                let block = matches!(style, Style::Literal | Style::Folded);
                if block && a.bytes().all(|byte| byte == b'\n') {
                    // Without text there is only the head to go by; saphyr takes what follows, if anything does.
                    return a == b && style == c && start <= first && end <= last;
                }
                a == b
                    && style == c
                    && start == first
                    && (end == last || (block && end + 1 == *last))
            }
            // In lists at their key's own indent saphyr counts from what follows the dash.
            (Self::Seq(a), Self::Seq(b)) => a <= b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::End, Self::End) => true,
            _ => false,
        }
    }
}

fn flatten(node: &Node<'_>, flat: &mut Vec<Flat>) {
    match &node.value {
        Value::Null => flat.push(Flat::Null(node.line)),
        Value::Scalar(text, style) => {
            flat.push(Flat::Scalar(
                text.to_string(),
                *style,
                node.line,
                node.end_line,
            ));
        }
        Value::Seq(items) => {
            flat.push(Flat::Seq(node.line));
            for item in items {
                flatten(item, flat);
            }
            flat.push(Flat::End);
        }
        Value::Map(entries) => {
            flat.push(Flat::Map(node.line));
            for (key, value) in entries {
                flat.push(Flat::Key(key.to_string()));
                flatten(value, flat);
            }
            flat.push(Flat::End);
        }
    }
}
