//! Turns the cells of one table row into fields of a partial object.

use jiff::{Timestamp, ToSpan};

use crate::{
    node::Node,
    stamp,
    text::{
        describe::age::age,
        table::Header,
        tree::{flag, map, null, number, open_map, put, seq, text},
    },
};

/// One row on its way to an object.
pub(in crate::text) struct Fields<'r> {
    header: &'r Header,
    cells: &'r [&'r str],
    /// Line of the row.
    pub line: u32,
    /// Ages count back from here.
    pub now: Option<Timestamp>,
    /// The object so far.
    pub root: Node,
}

impl<'r> Fields<'r> {
    /// Begins an object of a kind.
    pub(in crate::text) fn new(
        header: &'r Header,
        cells: &'r [&'r str],
        line: u32,
        now: Option<Timestamp>,
        kind: &str,
    ) -> Self {
        Self {
            header,
            cells,
            line,
            now,
            root: map(vec![("kind", text(kind, line))], line),
        }
    }

    /// The cell of a column, as printed; `None` if there is no such column.
    pub(in crate::text) fn cell(&self, column: &str) -> Option<&'r str> {
        let at = self.header.columns.iter().position(|name| name == column)?;
        self.cells.get(at).copied()
    }

    /// The cell of a column if it says something.
    pub(in crate::text) fn value(&self, column: &str) -> Option<&'r str> {
        self.cell(column).filter(|cell| !says_nothing(cell))
    }

    /// The cell of a column that is a number.
    pub(in crate::text) fn count(&self, column: &str) -> Option<i64> {
        self.value(column)?.parse().ok()
    }

    /// Sets a field.
    pub(in crate::text) fn put(&mut self, path: &[&str], node: Node) {
        put(&mut self.root, path, node);
    }

    /// Sets a text field.
    pub(in crate::text) fn set(&mut self, path: &[&str], value: &str) {
        let node = text(value, self.line);
        self.put(path, node);
    }

    /// Sets a number field.
    pub(in crate::text) fn set_number(&mut self, path: &[&str], value: i64) {
        let node = number(value, self.line);
        self.put(path, node);
    }

    /// Copies a cell: `<none>` and an empty cell say that the field is absent, `<unknown>` says nothing.
    pub(in crate::text) fn text(&mut self, column: &str, path: &[&str]) {
        match self.cell(column) {
            None | Some("<unknown>" | "<invalid>") => {}
            Some(cell) if says_nothing(cell) => self.absent(path),
            Some(cell) => self.set(path, cell),
        }
    }

    /// Copies a cell that is a number.
    pub(in crate::text) fn number(&mut self, column: &str, path: &[&str]) {
        match self.cell(column) {
            Some("<none>" | "<unset>" | "<nil>" | "N/A") => self.absent(path),
            _ => {
                if let Some(count) = self.count(column) {
                    self.set_number(path, count);
                }
            }
        }
    }

    /// Copies a cell that is `true` or `false` in any case.
    pub(in crate::text) fn truth(&mut self, column: &str, path: &[&str]) {
        match self.cell(column).map(str::to_ascii_lowercase).as_deref() {
            Some("true") => self.put(path, flag(true, self.line)),
            Some("false") => self.put(path, flag(false, self.line)),
            Some("<none>" | "<unset>") => self.absent(path),
            _ => {}
        }
    }

    /// Known to be absent.
    pub(in crate::text) fn absent(&mut self, path: &[&str]) {
        self.put(path, null(self.line));
    }

    /// Copies a cell that is an age: seconds always, the instant if the time of the capture is known.
    pub(in crate::text) fn time(&mut self, column: &str, path: &[&str], seconds: &[&str]) {
        let Some(cell) = self.cell(column) else {
            return;
        };
        if cell == "<none>" {
            self.absent(path);
        } else if let Some((ago, _)) = age(cell) {
            self.set_number(seconds, ago);
            if let Some(instant) = back(self.now, ago) {
                self.set(path, &instant);
            }
        } else if stamp::rfc3339(cell).is_some() {
            self.set(path, cell);
        }
    }

    /// Copies a cell `k=v,k2=v2`.
    pub(in crate::text) fn pairs(&mut self, column: &str, path: &[&str]) {
        if let Some(cell) = self.cell(column) {
            match says_nothing(cell) {
                true if cell == "<unknown>" => {}
                true => self.absent(path),
                false => {
                    let node = pairs(cell, self.line);
                    self.put(path, node);
                }
            }
        }
    }

    /// Copies a cell that is a label selector; `<none>` selects everything or is not set, by kind.
    pub(in crate::text) fn selector(&mut self, column: &str, path: &[&str]) {
        match self.cell(column) {
            None | Some("" | "<unset>" | "<error>") => {}
            Some("<none>") => self.put(path, map(Vec::new(), self.line)),
            Some(cell) => {
                let node = selector(cell, self.line);
                self.put(path, node);
            }
        }
    }

    /// Copies the columns CONTAINERS and IMAGES to a pod template.
    pub(in crate::text) fn template(&mut self) {
        let names = self
            .value("CONTAINERS")
            .or_else(|| self.value("CONTAINER(S)"));
        let images = self.value("IMAGES").or_else(|| self.value("IMAGE(S)"));
        let Some(names) = names else {
            return;
        };
        let images: Vec<&str> = images
            .map(|cell| cell.split(',').collect())
            .unwrap_or_default();
        let names: Vec<&str> = names.split(',').collect();
        let line = self.line;
        let paired = names.len() == images.len();
        let containers = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let mut container = map(vec![("name", text(name, line))], line);
                if let Some(image) = images.get(at).filter(|_| paired) {
                    container.set("image", text(image, line));
                }
                container
            })
            .collect();
        self.put(
            &["spec", "template", "spec", "containers"],
            seq(containers, line),
        );
    }
}

/// The instant that lies some seconds back, as the API writes it.
pub(in crate::text) fn back(now: Option<Timestamp>, seconds: i64) -> Option<String> {
    let span = 0.seconds().try_seconds(seconds).ok()?;
    let instant = now?.checked_sub(span).ok()?;
    Some(stamp::format(instant, 0))
}

/// kubectl's words for nothing.
pub(in crate::text) fn says_nothing(cell: &str) -> bool {
    matches!(
        cell,
        "" | "<none>" | "<unset>" | "<unknown>" | "<nil>" | "<invalid>" | "<no value>" | "N/A"
    )
}

/// `k=v,k2=v2` as a mapping.
pub(in crate::text) fn pairs(cell: &str, line: u32) -> Node {
    let entries = cell
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim().into(), text(value.trim(), line)))
        .collect();
    open_map(entries, line)
}

/// `a=b,c in (d,e),!f` as a label selector.
pub(in crate::text) fn selector(cell: &str, line: u32) -> Node {
    let (mut labels, mut expressions) = (Vec::new(), Vec::new());
    for part in split_outside_brackets(cell) {
        if let Some((key, rest)) = part
            .split_once(" in (")
            .map(|(key, rest)| (key, (rest, "In")))
            .or_else(|| {
                part.split_once(" notin (")
                    .map(|(key, rest)| (key, (rest, "NotIn")))
            })
        {
            let values = rest.0.trim_end_matches(')').split(',');
            let values = values.map(|value| text(value.trim(), line)).collect();
            expressions.push(expression(key, rest.1, values, line));
        } else if let Some((key, value)) = part.split_once("!=") {
            expressions.push(expression(key, "NotIn", vec![text(value, line)], line));
        } else if let Some((key, value)) = part.split_once('=') {
            labels.push((key.trim().into(), text(value.trim(), line)));
        } else if let Some(key) = part.strip_prefix('!') {
            expressions.push(expression(key, "DoesNotExist", Vec::new(), line));
        } else if !part.is_empty() {
            expressions.push(expression(part, "Exists", Vec::new(), line));
        }
    }
    let mut node = map(vec![("matchLabels", open_map(labels, line))], line);
    if expressions.is_empty() {
        node.set("matchExpressions", null(line));
    } else {
        node.set("matchExpressions", seq(expressions, line));
    }
    node
}

fn expression(key: &str, operator: &str, values: Vec<Node>, line: u32) -> Node {
    map(
        vec![
            ("key", text(key.trim(), line)),
            ("operator", text(operator, line)),
            ("values", seq(values, line)),
        ],
        line,
    )
}

fn split_outside_brackets(cell: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    cell.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    })
    .map(str::trim)
    .collect()
}

/// `3/5`.
pub(in crate::text) fn ratio(cell: &str) -> Option<(i64, i64)> {
    let (left, right) = cell.split_once('/')?;
    Some((left.trim().parse().ok()?, right.trim().parse().ok()?))
}

/// `1500m/2`.
pub(in crate::text) fn ratio_text(cell: &str) -> Option<(&str, &str)> {
    let (left, right) = cell.split_once('/')?;
    Some((left.trim(), right.trim()))
}
