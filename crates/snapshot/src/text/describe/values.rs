//! Turns the words of a description into nodes: times, numbers, labels, selectors, tolerations, and kubectl's words for nothing.

use jiff::{Timestamp, civil, fmt::rfc2822, tz::Offset};

use crate::node::{Key, Node, Value};

/// A mapping under construction. What is put twice is overwritten.
#[derive(Debug, Default)]
pub(super) struct Fields {
    entries: Vec<(Key, Node)>,
    line: u32,
}

impl Fields {
    /// Begins on a line.
    pub(super) fn new(line: u32) -> Self {
        Self {
            entries: Vec::new(),
            line,
        }
    }

    /// Adds what is known.
    pub(super) fn put(&mut self, key: &str, node: impl Into<Option<Node>>) {
        if let Some(node) = node.into() {
            // Few fields are put twice; open mappings go through `pair`.
            match self.entries.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = node,
                None => self.entries.push((key.into(), node)),
            }
        }
    }

    /// Adds an entry of an open mapping, which may be long.
    pub(super) fn pair(&mut self, key: &str, node: Node) {
        self.entries.push((key.into(), node));
    }

    /// Adds all entries of another mapping.
    pub(super) fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Known to be absent.
    pub(super) fn absent(&mut self, key: &str) {
        let line = self.line;
        self.put(key, null(line));
    }

    /// Nothing was put.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The mapping.
    pub(super) fn node(self) -> Node {
        Node {
            value: Value::Map(self.entries.into()),
            line: self.line,
            more_lines: 0,
            plain: false,
        }
    }

    /// The mapping, unless it is empty.
    pub(super) fn some(self) -> Option<Node> {
        (!self.is_empty()).then(|| self.node())
    }
}

/// Whether kubectl says that there is nothing.
pub(super) fn is_none(text: &str) -> bool {
    matches!(
        text,
        "" | "<none>" | "<unset>" | "<nil>" | "<unknown>" | "<invalid>"
    )
}

/// Known to be absent.
pub(super) fn null(line: u32) -> Node {
    Node::default().at_line(line)
}

/// A string.
pub(super) fn text(text: &str, line: u32) -> Node {
    Node::text(text).at_line(line)
}

/// A string, or known to be absent.
pub(super) fn text_or_null(value: &str, line: u32) -> Node {
    if is_none(value) {
        null(line)
    } else {
        text(value, line)
    }
}

/// A whole number; `None` for anything else.
pub(super) fn number(text: &str, line: u32) -> Option<Node> {
    text.parse::<i64>()
        .ok()
        .map(|number| Node::number(number).at_line(line))
}

/// A number or the word for nothing.
pub(super) fn number_or_null(text: &str, line: u32) -> Option<Node> {
    if is_none(text) {
        Some(null(line))
    } else {
        number(text, line)
    }
}

/// A number of seconds with its unit (`30s`).
pub(super) fn seconds(text: &str, line: u32) -> Option<Node> {
    if is_none(text) {
        return Some(null(line));
    }
    number(text.strip_suffix('s').unwrap_or(text), line)
}

/// `true`, `True`, `false`, `False`.
pub(super) fn flag(text: &str, line: u32) -> Option<Node> {
    match text {
        "true" | "True" => Some(Node::flag(true).at_line(line)),
        "false" | "False" => Some(Node::flag(false).at_line(line)),
        _ => None,
    }
}

/// A port or percentage: a number if it is one, else a string.
pub(super) fn number_or_text(value: &str, line: u32) -> Option<Node> {
    if is_none(value) {
        return None;
    }
    Some(number(value, line).unwrap_or_else(|| text(value, line)))
}

/// A list, or known to be absent if it is empty.
pub(super) fn list_or_null(items: Vec<Node>, line: u32) -> Node {
    if items.is_empty() {
        null(line)
    } else {
        Node::seq(items).at_line(line)
    }
}

/// A list of strings as kubectl joins them; nothing said is known to be absent.
pub(super) fn words_or_null(value: &str, separator: char, line: u32) -> Node {
    let items = value
        .split(separator)
        .map(str::trim)
        .filter(|word| !is_none(word))
        .map(|word| text(word, line))
        .collect();
    list_or_null(items, line)
}

/// The instant that kubectl wrote: `Fri, 14 Nov 2025 21:33:07 +0800`, or Go's own `2025-11-14 21:33:07 +0800 CST`.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(zoned) = rfc2822::parse(text) {
        return Some(zoned.timestamp());
    }
    let mut words = text.split_ascii_whitespace();
    let date: civil::Date = words.next()?.parse().ok()?;
    let time: civil::Time = words.next()?.parse().ok()?;
    let zone = words.next()?;
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4)?.parse().ok()?;
    let offset = Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

/// A time in UTC as the API writes it; the zero time says that there is none.
pub(super) fn time(value: &str, line: u32) -> Option<Node> {
    if matches!(value, "<unset>" | "<none>") || value.contains(" Jan 0001 ") {
        return Some(null(line));
    }
    instant(value).map(|instant| text(&instant.to_string(), line))
}

/// `key=value` on each line; known to be absent if there is none.
pub(super) fn labels(values: &[(u32, &str)], line: u32) -> Node {
    let mut fields = Fields::new(line);
    for (line, value) in values {
        if let Some((key, value)) = value.split_once('=') {
            fields.pair(key, text(value, *line));
        }
    }
    if values.is_empty() {
        null(line)
    } else {
        fields.node()
    }
}

/// `a=b,c=d` on one line; a value may not hold commas, which labels cannot.
pub(super) fn joined_labels(value: &str, line: u32) -> Node {
    if is_none(value) {
        return null(line);
    }
    let pairs: Vec<(u32, &str)> = value.split(',').map(|pair| (line, pair)).collect();
    labels(&pairs, line)
}

/// The terms of a selector: commas inside brackets do not part them.
fn terms(value: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    value
        .split(move |letter| {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            letter == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .collect()
}

/// `app=x,tier in (a,b),!legacy` as a label selector. `None` if a term is not understood.
pub(super) fn selector(value: &str, line: u32) -> Option<Node> {
    let value = value.trim();
    let mut fields = Fields::new(line);
    if is_none(value) {
        fields.absent("matchLabels");
        fields.absent("matchExpressions");
        return Some(fields.node());
    }
    let mut pairs = Fields::new(line);
    let mut expressions = Vec::new();
    for term in terms(value) {
        if let Some(expression) = expression(term, line) {
            expressions.push(expression);
        } else {
            let (key, value) = term.split_once('=')?;
            let value = value.trim_start_matches('=');
            if key.contains(' ') || value.contains(' ') {
                return None;
            }
            pairs.pair(key, text(value, line));
        }
    }
    match pairs.some() {
        Some(pairs) => fields.put("matchLabels", pairs),
        None => fields.absent("matchLabels"),
    }
    fields.put("matchExpressions", list_or_null(expressions, line));
    Some(fields.node())
}

/// `key in (a,b)`, `key notin (a)`, `key`, `!key`, `key!=value`.
fn expression(term: &str, line: u32) -> Option<Node> {
    let is_key = |key: &str| !key.is_empty() && !key.contains([' ', '=', '(', ')', '<', '>']);
    let (key, operator, values) = if let Some((key, value)) = term.split_once("!=") {
        (key, "NotIn", vec![value])
    } else if let Some((key, rest)) = term.split_once(' ') {
        let (operator, list) = rest.trim().split_once(' ').unwrap_or((rest, ""));
        let list = list.trim().trim_matches(['(', ')', '[', ']']);
        let values: Vec<&str> = list
            .split(',')
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect();
        let operator = match operator {
            "in" => "In",
            "notin" => "NotIn",
            "exists" => "Exists",
            "doesnotexist" => "DoesNotExist",
            "gt" | ">" => "Gt",
            "lt" | "<" => "Lt",
            _ => return None,
        };
        (key, operator, values)
    } else if let Some(key) = term.strip_prefix('!') {
        (key, "DoesNotExist", Vec::new())
    } else if is_key(term) {
        (term, "Exists", Vec::new())
    } else {
        return None;
    };
    if !is_key(key) {
        return None;
    }
    let mut fields = Fields::new(line);
    fields.put("key", text(key, line));
    fields.put("operator", text(operator, line));
    let values = values.into_iter().map(|value| text(value, line)).collect();
    fields.put("values", list_or_null(values, line));
    Some(fields.node())
}

/// A term of a node selector: its expressions, one on each line (`zone in [a, b]`).
pub(super) fn node_selector_term(values: &[(u32, &str)], line: u32) -> Option<Node> {
    let expressions: Option<Vec<Node>> = values
        .iter()
        .map(|(line, term)| expression(term, *line))
        .collect();
    let mut fields = Fields::new(line);
    fields.put("matchExpressions", list_or_null(expressions?, line));
    Some(fields.node())
}

/// `key=value:Effect op=Exists for 300s`.
pub(super) fn toleration(value: &str, line: u32) -> Node {
    let mut fields = Fields::new(line);
    let (value, lasts) = match value.rsplit_once(" for ") {
        Some((before, lasts)) => (before, Some(lasts)),
        None => (value, None),
    };
    let (what, exists) = match value.strip_suffix("op=Exists") {
        Some(before) => (before.trim_end(), true),
        None => (value.trim_end(), false),
    };
    let (pair, mut effect) = what.split_once(':').unwrap_or((what, ""));
    let (key, given) = match pair.split_once('=') {
        Some((key, given)) => (key, given),
        None => (pair, ""),
    };
    let mut operator = if exists { "Exists" } else { "" };
    // kubectl before 1.8: `key=value:Exists:NoExecute`.
    if let Some((word, rest)) = effect.split_once(':') {
        operator = word;
        effect = rest;
    }
    fields.put("key", text_or_null(key, line));
    if !operator.is_empty() {
        fields.put("operator", text(operator, line));
    }
    fields.put("value", text_or_null(given, line));
    fields.put("effect", text_or_null(effect, line));
    match lasts {
        Some(lasts) => fields.put("tolerationSeconds", seconds(lasts, line)),
        None => fields.absent("tolerationSeconds"),
    }
    fields.node()
}

/// `key=value:Effect` of a node.
pub(super) fn taint(value: &str, line: u32) -> Option<Node> {
    let (pair, effect) = value.rsplit_once(':')?;
    let (key, given) = pair.split_once('=').unwrap_or((pair, ""));
    let mut fields = Fields::new(line);
    fields.put("key", text(key, line));
    fields.put("value", text_or_null(given, line));
    fields.put("effect", text(effect, line));
    Some(fields.node())
}

/// Parts of a line that two or more blanks separate.
pub(super) fn cells(value: &str) -> Vec<&str> {
    value
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

/// `8080/TCP (http), 9090/TCP` in its parts: number, protocol, name.
pub(super) fn ports(value: &str) -> Option<Vec<(&str, &str, &str)>> {
    value
        .split(", ")
        .map(|port| {
            let (number, rest) = port.trim().split_once('/')?;
            let (protocol, name) = rest.split_once(" (").unwrap_or((rest, ""));
            Some((number, protocol, name.trim_end_matches(')')))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_in_utc() {
        let of = |value| time(value, 1).and_then(|node| node.as_str().map(str::to_owned));
        assert_eq!(
            of("Fri, 14 Nov 2025 21:33:07 +0800").as_deref(),
            Some("2025-11-14T13:33:07Z")
        );
        assert_eq!(
            of("2025-11-14 21:33:07 +0800 CST").as_deref(),
            Some("2025-11-14T13:33:07Z")
        );
        assert_eq!(of("yesterday"), None);
        assert!(
            time("Mon, 01 Jan 0001 00:00:00 +0000", 1)
                .unwrap()
                .is_null()
        );
    }

    #[test]
    fn selectors() {
        let node = selector("app=x,tier in (a,b),!old,new,env!=dev", 3).unwrap();
        assert_eq!(node.str_at(&["matchLabels", "app"]), Some("x"));
        let shown: Vec<_> = node
            .items_at(&["matchExpressions"])
            .iter()
            .map(|e| {
                format!(
                    "{} {} {}",
                    e.str_at(&["key"]).unwrap(),
                    e.str_at(&["operator"]).unwrap(),
                    e.items_at(&["values"]).len()
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "tier In 2",
                "old DoesNotExist 0",
                "new Exists 0",
                "env NotIn 1"
            ]
        );
        assert!(selector("<error>", 1).is_none());
        assert!(
            selector("<none>", 1)
                .unwrap()
                .get("matchLabels")
                .unwrap()
                .is_null()
        );
    }

    #[test]
    fn tolerations() {
        let of = |value| {
            let node = toleration(value, 1);
            ["key", "operator", "value", "effect", "tolerationSeconds"]
                .map(|key| node.str_at(&[key]).unwrap_or("-").to_owned())
                .join(" ")
        };
        assert_eq!(
            of("node.kubernetes.io/not-ready:NoExecute op=Exists for 300s"),
            "node.kubernetes.io/not-ready Exists - NoExecute 300"
        );
        assert_eq!(of("op=Exists"), "- Exists - - -");
        assert_eq!(of(":NoSchedule op=Exists"), "- Exists - NoSchedule -");
        assert_eq!(of("team=red:NoSchedule"), "team - red NoSchedule -");
        assert_eq!(of("a=:Exists:NoExecute for 30s"), "a Exists - NoExecute 30");
    }

    proptest! {
        #[test]
        fn any_text(value in "\\PC{0,80}") {
            let _ = (selector(&value, 1), toleration(&value, 1), taint(&value, 1));
            let _ = (instant(&value), ports(&value), joined_labels(&value, 1), seconds(&value, 1));
        }

        #[test]
        fn labels_survive(pairs in proptest::collection::btree_map("[a-z][a-z./-]{0,9}", "[a-z0-9]{0,6}", 1..5)) {
            let joined = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
            let node = selector(&joined, 1).unwrap();
            for (key, value) in &pairs {
                prop_assert_eq!(node.str_at(&["matchLabels", key]), Some(value.as_str()));
            }
        }
    }
}
