//! Reads the tables inside descriptions by the columns of their heading, and by gaps where columns were lost.

use super::sections::{Row, Section};

/// Where the columns of a table begin.
#[derive(Debug, Clone)]
pub(super) struct Table<'t> {
    names: Vec<&'t str>,
    /// In letters, not bytes: kubectl aligns by letters.
    starts: Vec<usize>,
}

impl<'t> Table<'t> {
    /// Reads a heading: names that two or more blanks separate.
    pub(super) fn heading(raw: &'t str) -> Self {
        let mut names = Vec::new();
        let mut starts = Vec::new();
        let mut column = 0;
        for part in raw.split("  ") {
            let name = part.trim();
            if !name.is_empty() {
                let lead = part.chars().count() - part.trim_start().chars().count();
                names.push(name);
                starts.push(column + lead);
            }
            column += part.chars().count() + 2;
        }
        Self { names, starts }
    }

    /// The heading and the rows of a table that stands in a section; the line of dashes is no row.
    pub(super) fn of<'r>(section: Section<'r, 't>) -> Option<(Self, Vec<&'r Row<'t>>)> {
        let (heading, rows) = section.rows.split_first()?;
        let rows = rows.iter().filter(|row| !is_rule(row.text)).collect();
        Some((Self::heading(heading.raw), rows))
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| *other == name)
    }

    /// The cells of a row; as many as the heading has, empty where the row ends early.
    /// `None` if the row has another form.
    pub(super) fn cells<'c>(&self, raw: &'c str) -> Option<Vec<&'c str>> {
        self.by_columns(raw).or_else(|| self.by_gaps(raw))
    }

    fn by_columns<'c>(&self, raw: &'c str) -> Option<Vec<&'c str>> {
        let mut starts = self.starts.iter().copied().peekable();
        let mut cuts = Vec::with_capacity(self.starts.len());
        let mut before = ' ';
        for (column, (at, letter)) in raw.char_indices().enumerate() {
            if starts.peek() == Some(&column) {
                if before != ' ' {
                    return None;
                }
                cuts.push(at);
                starts.next();
            } else if cuts.is_empty() && letter != ' ' {
                return None;
            }
            if starts.peek().is_none() {
                break;
            }
            before = letter;
        }
        if cuts.is_empty() {
            return None;
        }
        let ends = cuts.iter().skip(1).copied().chain([raw.len()]);
        let mut cells: Vec<&str> = cuts
            .iter()
            .zip(ends)
            .map(|(start, end)| raw.get(*start..end).unwrap_or_default().trim())
            .collect();
        cells.resize(self.starts.len(), "");
        Some(cells)
    }

    fn by_gaps<'c>(&self, raw: &'c str) -> Option<Vec<&'c str>> {
        let mut rest = raw.trim();
        let mut cells = Vec::with_capacity(self.names.len());
        while cells.len() + 1 < self.names.len() {
            let Some((cell, tail)) = rest.split_once("  ") else {
                break;
            };
            cells.push(cell.trim());
            rest = tail.trim_start();
        }
        cells.push(rest);
        (cells.len() == self.names.len()).then_some(cells)
    }
}

/// A line of dashes under a heading.
pub(super) fn is_rule(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'-' | b' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_then_gaps() {
        let table = Table::heading("  Type    Reason   Age   From   Message");
        assert_eq!(table.column("Age"), Some(2));
        assert_eq!(
            table.cells("  Normal  Started  10m          no  source"),
            Some(vec!["Normal", "Started", "10m", "", "no  source"])
        );
        assert_eq!(
            table.cells("  Normal  Started"),
            Some(vec!["Normal", "Started", "", "", ""])
        );
        assert_eq!(
            table.cells("Warning  BackOff  3s (x2 over 1m)  kubelet  again  and"),
            Some(vec![
                "Warning",
                "BackOff",
                "3s (x2 over 1m)",
                "kubelet",
                "again  and"
            ])
        );
        assert_eq!(table.cells("goroutine 1"), None);
    }

    proptest! {
        #[test]
        fn any_text(heading in "\\PC{0,60}", raw in "\\PC{0,80}") {
            let table = Table::heading(&heading);
            if let Some(cells) = table.cells(&raw) {
                prop_assert_eq!(cells.len(), table.names.len());
            }
        }
    }
}
