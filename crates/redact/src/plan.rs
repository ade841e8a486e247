//! Finds what a line can only be judged by with the help of later ones: data of Secrets, values before their names, cut private keys.
//!
//! kubectl sorts keys, so that `data` stands before `kind: Secret`. Only numbers of lines are
//! kept, so a text of any size is planned in bounded memory.

use std::sync::LazyLock;

use memchr::{memmem, memrchr2};

use crate::{
    base64::is_alphabet,
    flow::Flow,
    span::{Span, rest},
    words,
    yaml::{self, Entry},
};

/// Maps that are open at once; deeper ones are not looked at.
const DEPTH: usize = 200;
/// Ranges that are kept; a text with more is masked as if all of it were data of Secrets.
const RANGES: usize = 4 << 20;

static PRIVATE: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("PRIVATE KEY"));

/// What is known of a text before it is masked.
#[derive(Debug, Default)]
pub struct Plan {
    line: u64,
    maps: Vec<Map>,
    /// First line and the one after the last.
    secrets: Vec<(u64, u64)>,
    values: Vec<u64>,
    keys: Vec<(u64, u64)>,
    flow: Flow,
    /// Where the current run of base64 lines began.
    run: Option<u64>,
    /// Between the begin and the end of a private key.
    inside_key: bool,
    overflow: bool,
    /// How many of the secrets, values and keys lie before the line that is asked for.
    past: [usize; 3],
}

/// A mapping that is open.
#[derive(Debug, Default)]
struct Map {
    column: usize,
    kind: Kind,
    /// `apiVersion` was seen: the mapping is an object.
    object: bool,
    /// Line at which `data` or `stringData` began.
    open: Option<u64>,
    /// Data of this mapping, or of mappings below that did not tell their kind.
    data: Vec<(u64, u64)>,
    name: bool,
    value: Option<u64>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Secret,
    SecretList,
    Other,
}

/// What the plan says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit {
    Nothing,
    /// In the data of a Secret.
    Secret,
    /// The value of a variable whose name promises a secret.
    Value,
    /// Part of a private key whose begin is missing.
    Key,
}

impl Plan {
    /// Whether a part of a text has anything that needs a plan. Ask this of all parts of a text
    /// first: if one says yes, [`Plan::look`] has to see all of them.
    pub fn is_needed(part: &str) -> bool {
        let bytes = part.as_bytes();
        memmem::find(bytes, b"Secret").is_some_and(|_| {
            memmem::find(bytes, b"kind").is_some() || memmem::find(bytes, b"stringData").is_some()
        }) || memmem::find(bytes, b"data:").is_some()
            || memmem::find(bytes, b"\"data\"").is_some()
            || memmem::find(bytes, b"value: ").is_some()
            || memmem::find(bytes, b"\"value\"").is_some()
            || memmem::find(bytes, b"PRIVATE KEY").is_some()
    }

    /// The plan of a text in memory.
    pub fn of(text: &str) -> Self {
        let mut plan = Self::default();
        if Self::is_needed(text) {
            plan.look(text);
            plan.end();
        }
        plan
    }

    /// Looks at the next whole lines of the text.
    pub fn look(&mut self, part: &str) {
        for line in part.split_inclusive('\n') {
            self.look_at(line.trim_end_matches(['\n', '\r']));
        }
    }

    /// Looks at the next line.
    pub(crate) fn look_at(&mut self, line: &str) {
        self.line += 1;
        self.see(line);
    }

    /// There are no more lines.
    pub fn end(&mut self) {
        self.line += 1;
        self.flow.end((self.line, 0));
        // An object that was cut off in its data has not told its kind.
        for map in &mut self.maps {
            if map.open.is_some() && map.kind == Kind::Unknown && map.object {
                map.kind = Kind::Secret;
            }
        }
        self.close(0, true);
        merge(&mut self.secrets);
        merge(&mut self.keys);
        self.values.sort_unstable();
    }

    fn see(&mut self, line: &str) {
        self.private_key(line);
        if line.trim().is_empty() || self.flow.see(line, self.line) {
            return;
        }
        let (column, dash) = yaml::content(line);
        let indent = yaml::indent(line);
        // `{`, `}` and dashes end what is deeper; a key ends what is deeper than itself.
        let bracket = line
            .as_bytes()
            .get(column)
            .is_some_and(|b| matches!(b, b'{' | b'}' | b']'));
        if dash || bracket {
            self.close(indent + 1, false);
        }
        let Some(entry) = yaml::entry(line) else {
            if line.starts_with("---") {
                self.close(0, false);
            }
            return;
        };
        self.close(entry.column + 1, false);
        if self
            .maps
            .last()
            .is_none_or(|map| map.column != entry.column)
        {
            if self.maps.len() >= DEPTH {
                return;
            }
            self.maps.push(Map {
                column: entry.column,
                ..Map::default()
            });
        }
        self.key(line, &entry);
    }

    fn key(&mut self, line: &str, entry: &Entry<'_>) {
        let number = self.line;
        let Some(map) = self.maps.last_mut() else {
            return;
        };
        if let Some(start) = map.open.take() {
            map.data.push((start, number));
        }
        let value = || {
            yaml::scalar(line, entry.value)
                .map_or("", |(from, to)| crate::span::cut(line, from, to))
                // Of flow YAML with one key a line.
                .trim_end_matches([' ', ',', '}', ']'])
        };
        match entry.key {
            "kind" => {
                map.kind = match value() {
                    "Secret" => Kind::Secret,
                    "SecretList" => Kind::SecretList,
                    _ => Kind::Other,
                }
            }
            "apiVersion" => map.object = true,
            "data" | "stringData" => map.open = Some(number),
            "name" | "key" => map.name |= words::promised(value()).is_some(),
            "value" => map.value = Some(number),
            _ => {}
        }
    }

    /// Closes the mappings at this column and right of it.
    fn close(&mut self, column: usize, end: bool) {
        while self.maps.last().is_some_and(|map| map.column >= column) {
            let Some(mut map) = self.maps.pop() else {
                return;
            };
            if let Some(start) = map.open.take() {
                map.data.push((start, self.line));
            }
            if let (true, Some(line)) = (map.name, map.value) {
                self.values.push(line);
            }
            match map.kind {
                Kind::Secret | Kind::SecretList => self.secrets.append(&mut map.data),
                Kind::Other => {}
                Kind::Unknown => {
                    if let Some(parent) = self.maps.last_mut() {
                        parent.data.append(&mut map.data);
                        self.overflow |= parent.data.len() > RANGES;
                    }
                }
            }
            if self.secrets.len() + self.values.len() > RANGES || self.overflow {
                self.overflow = true;
                self.secrets.clear();
                self.values.clear();
                for map in &mut self.maps {
                    map.data.clear();
                }
            }
            if end {
                self.inside_key = false;
            }
        }
    }

    /// Remembers runs of base64 lines: if one ends in the end of a private key, it was one.
    fn private_key(&mut self, line: &str) {
        let after = memrchr2(b' ', b'\t', line.as_bytes()).map_or(0, |at| at + 1);
        let last = rest(line, after).trim_matches(['"', '\'', ',']);
        if last.len() >= 40 && last.bytes().all(is_alphabet) {
            self.run.get_or_insert(self.line);
            return;
        }
        if PRIVATE.find(line.as_bytes()).is_some() {
            if line.contains("-----BEGIN ") {
                self.inside_key = !line.contains("-----END ");
            } else if line.contains("-----END ") {
                if !self.inside_key {
                    self.keys
                        .push((self.run.unwrap_or(self.line), self.line + 1));
                }
                self.inside_key = false;
            }
            self.run = None;
        } else if last.len() < 4 || !last.bytes().all(is_alphabet) {
            // The last line of a key is a short one.
            self.run = None;
        }
    }

    /// What is known of a line, numbered from 1. Ask in order.
    pub(crate) fn hit(&mut self, line: u64) -> Hit {
        let [secrets, values, keys] = &mut self.past;
        let inside = |ranges: &[(u64, u64)], past: &mut usize| {
            while ranges.get(*past).is_some_and(|(_, end)| *end <= line) {
                *past += 1;
            }
            ranges.get(*past).is_some_and(|(start, _)| *start <= line)
        };
        let secret = inside(&self.secrets, secrets);
        while self.values.get(*values).is_some_and(|value| *value < line) {
            *values += 1;
        }
        if self.overflow || secret {
            Hit::Secret
        } else if self.values.get(*values) == Some(&line) {
            Hit::Value
        } else if inside(&self.keys, keys) {
            Hit::Key
        } else {
            Hit::Nothing
        }
    }

    /// What of a line, whose length is given, belongs to Secrets in flow YAML.
    pub(crate) fn flows(&self, line: u64, length: usize, spans: &mut Vec<Span>) {
        self.flow.spans(line, length, spans);
    }

    /// Whether no line is special.
    pub(crate) fn is_empty(&self) -> bool {
        !self.overflow
            && self.flow.is_empty()
            && self.secrets.is_empty()
            && self.values.is_empty()
            && self.keys.is_empty()
    }
}

/// Sorts ranges and makes one of those that touch: objects may lie in objects.
fn merge(ranges: &mut Vec<(u64, u64)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}
