//! Rule files as trees in which every node knows its line and column, and the errors that point there.

use saphyr_parser::{Event, Parser};

/// A place in a rule file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// An error in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// Where.
    pub place: Place,
    /// What, and what was probably meant.
    pub what: String,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.place.line, self.place.column, self.what
        )
    }
}

/// A node of a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc {
    pub value: DocValue,
    pub place: Place,
}

/// What a node is. Mappings keep their order: steps are a thought in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocValue {
    Null,
    Text(String),
    List(Vec<Doc>),
    Map(Vec<(String, Place, Doc)>),
}

impl Doc {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            DocValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn entries(&self) -> &[(String, Place, Doc)] {
        match &self.value {
            DocValue::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Doc> {
        self.entries()
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., doc)| doc)
    }

    /// On one line, as YAML in flow style.
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            DocValue::Null => "null".to_owned(),
            DocValue::Text(text) => text.clone(),
            DocValue::List(items) => {
                let items: Vec<String> = items.iter().map(Self::shown).collect();
                format!("[{}]", items.join(", "))
            }
            DocValue::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, _, doc)| format!("{key}: {}", doc.shown()))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    pub(crate) fn what(&self) -> &'static str {
        match self.value {
            DocValue::Null => "nothing",
            DocValue::Text(_) => "a text",
            DocValue::List(_) => "a list",
            DocValue::Map(_) => "a mapping",
        }
    }
}

/// A rule's text before its examples.
pub(crate) fn head_of(text: &str) -> &str {
    text.split_once("\ntests:").map_or(text, |(head, _)| head)
}

/// A rule without its examples and what they share.
pub(crate) fn rule_of(text: &str) -> &str {
    let head = head_of(text);
    head.split_once("\nbase:").map_or(head, |(rule, _)| rule)
}

enum Open {
    List(Vec<Doc>, Place),
    Map(Vec<(String, Place, Doc)>, Option<(String, Place)>, Place),
}

/// Parses one rule file; aliases and duplicate keys are errors.
pub(crate) fn parse(text: &str) -> Result<Doc, (Place, String)> {
    let mut stack: Vec<Open> = Vec::new();
    let mut result = None;
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            (
                Place {
                    line: marker.line(),
                    column: marker.col() + 1,
                },
                error.info().to_owned(),
            )
        })?;
        let place = Place {
            line: span.start.line(),
            column: span.start.col() + 1,
        };
        let done = match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null");
                Some(Doc {
                    value: if null {
                        DocValue::Null
                    } else {
                        DocValue::Text(text.into_owned())
                    },
                    place,
                })
            }
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new(), place));
                None
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(Vec::new(), None, place));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|open| match open {
                Open::List(items, place) => Doc {
                    value: DocValue::List(items),
                    place,
                },
                Open::Map(entries, _, place) => Doc {
                    value: DocValue::Map(entries),
                    place,
                },
            }),
            Event::Alias(_) => return Err((place, "aliases are not allowed in rules".to_owned())),
            Event::DocumentStart(_) if result.is_some() => {
                return Err((place, "one rule a file".to_owned()));
            }
            _ => None,
        };
        let Some(done) = done else { continue };
        match stack.last_mut() {
            None => result = Some(done),
            Some(Open::List(items, _)) => items.push(done),
            Some(Open::Map(entries, key, _)) => {
                if let Some((name, place)) = key.take() {
                    if entries.iter().any(|(other, ..)| *other == name) {
                        return Err((place, format!("`{name}` is given twice")));
                    }
                    entries.push((name, place, done));
                } else {
                    let Doc {
                        value: DocValue::Text(name),
                        place,
                    } = done
                    else {
                        return Err((done.place, "a key must be a text".to_owned()));
                    };
                    *key = Some((name, place));
                }
            }
        }
    }
    result.ok_or((Place { line: 1, column: 1 }, "the file is empty".to_owned()))
}
