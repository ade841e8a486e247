//! Cuts tables whose cells stand under their titles: `crictl`, `docker`, `etcdctl -w table`, `kubeadm certs`.

/// Most columns of a table.
const MAX_COLUMNS: usize = 24;

/// Where each title begins, in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head<'t> {
    columns: Vec<(&'t str, usize)>,
}

/// Reads a head: titles are capitals, parted by two blanks or a tab.
pub(super) fn head(line: &str) -> Option<Head<'_>> {
    if line.len() > 1_000 || line.starts_with(char::is_whitespace) {
        return None;
    }
    let mut columns: Vec<(&str, usize)> = Vec::new();
    let mut rest = line;
    let mut at = 0;
    while !rest.is_empty() && columns.len() < MAX_COLUMNS {
        let blank = rest.len() - rest.trim_start().len();
        at += rest.get(..blank)?.chars().count();
        rest = rest.get(blank..)?;
        if rest.is_empty() {
            break;
        }
        let end = rest
            .find("  ")
            .into_iter()
            .chain(rest.find('\t'))
            .min()
            .unwrap_or(rest.len());
        let title = rest.get(..end)?;
        if title.chars().any(char::is_lowercase) {
            return None;
        }
        columns.push((title, at));
        at += title.chars().count();
        rest = rest.get(end..)?;
    }
    (columns.len() >= 3).then_some(Head { columns })
}

impl<'t> Head<'t> {
    /// Whether all these titles are there.
    pub(super) fn has(&self, titles: &[&str]) -> bool {
        titles
            .iter()
            .all(|title| self.columns.iter().any(|(name, _)| name == title))
    }

    /// The cells of a row by title. Cells stand under their titles; where a long cell moved the
    /// others and none is empty, their order decides.
    pub(super) fn cells<'r>(&self, row: &'r str) -> Vec<(&'t str, &'r str)> {
        let parts: Vec<&str> = row
            .split("  ")
            .flat_map(|part| part.split('\t'))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .take(MAX_COLUMNS + 1)
            .collect();
        if parts.len() == self.columns.len() {
            return self
                .columns
                .iter()
                .map(|(title, _)| *title)
                .zip(parts)
                .collect();
        }
        let ends = self
            .columns
            .iter()
            .skip(1)
            .map(|(_, at)| Some(*at))
            .chain([None]);
        let offset = |wanted: usize| {
            row.char_indices()
                .nth(wanted)
                .map_or(row.len(), |(at, _)| at)
        };
        self.columns
            .iter()
            .zip(ends)
            .map(|((title, start), end)| {
                let from = offset(*start);
                let to = end.map_or(row.len(), offset);
                (*title, row.get(from..to).unwrap_or("").trim())
            })
            .filter(|(_, cell)| !cell.is_empty())
            .collect()
    }
}

/// The cells of a row of a table with drawn borders.
pub(super) fn bordered(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    let inner = line.strip_prefix(['|', '│', '║'])?;
    let inner = inner.strip_suffix(['|', '│', '║']).unwrap_or(inner);
    Some(
        inner
            .split(['|', '│', '║'])
            .map(str::trim)
            .take(MAX_COLUMNS)
            .collect(),
    )
}

/// The cell under a title.
pub(super) fn cell<'r>(cells: &[(&str, &'r str)], titles: &[&str]) -> &'r str {
    cells
        .iter()
        .find(|(title, _)| titles.contains(title))
        .map_or("", |(_, cell)| cell)
}
