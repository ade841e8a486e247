//! Finds tables in text by their headers and cuts rows into cells, by column positions while they hold and by gaps where they do not.

use super::{
    bare::event,
    form::{self, Form},
    get::kinds,
};

/// A table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Names as printed.
    pub columns: Vec<String>,
    /// Where each column begins, in characters; empty if the blanks between columns were lost.
    starts: Vec<usize>,
    /// What their cells look like; empty for columns of a user's own.
    forms: Vec<Form>,
}

/// A row's cells, one for each column, and its line in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'t> {
    /// Line in the file.
    pub line: u32,
    /// Trimmed cells; empty where nothing is printed.
    pub cells: Vec<&'t str>,
}

/// A header and the rows under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section<'t> {
    /// The header; made up if the command printed none.
    pub header: Header,
    /// Its rows.
    pub rows: Vec<Row<'t>>,
    /// Neither a head nor a command says what the columns are: the rows do.
    pub bare: bool,
}

impl<'t> Section<'t> {
    fn new(header: Header, rows: Vec<Row<'t>>) -> Self {
        let bare = false;
        Self { header, rows, bare }
    }
}

/// Tables of a text and the lines outside them.
#[derive(Debug, Default)]
pub(super) struct Sheet<'t> {
    /// In the order of the text.
    pub sections: Vec<Section<'t>>,
    /// Lines that are neither header nor row nor blank.
    pub others: Vec<(u32, &'t str)>,
    /// Those of them that go on with the message of a row without a head.
    pub messages: Vec<(u32, &'t str)>,
}

/// Wider tables are no tables.
const MAX_COLUMNS: usize = 64;

/// Longer lines are no rows.
const MAX_ROW: usize = 1 << 16;

/// Column names of several words; they matter only where blanks were collapsed.
const SPACED: &[&str] = &[
    "ACCESS MODES",
    "ALLOWED DISRUPTIONS",
    "CREATED AT",
    "FIRST SEEN",
    "LAST SCHEDULE",
    "LAST SEEN",
    "MAX UNAVAILABLE",
    "MIN AVAILABLE",
    "NODE SELECTOR",
    "NOMINATED NODE",
    "READINESS GATES",
    "RECLAIM POLICY",
];

/// First columns of kubectl's tables.
const FIRST: &[&str] = &[
    "NAME",
    "NAMESPACE",
    "LAST SEEN",
    "LASTSEEN",
    "FIRST SEEN",
    "FIRSTSEEN",
    "POD",
];

/// First columns that people choose for events; such a head has REASON and MESSAGE, too.
const FIRST_OF_EVENTS: &[&str] = &[
    "COUNT",
    "FIRST",
    "KIND",
    "LAST",
    "NS",
    "OBJECT",
    "REASON",
    "TIME",
    "TIMESTAMP",
    "TYPE",
    "WHEN",
];

impl Header {
    /// Reads a header line as kubectl prints it: names in capitals, the first one of a known few.
    pub(super) fn read(line: &str) -> Option<Self> {
        let trimmed = line.trim();
        let known = FIRST.iter().any(|first| trimmed.starts_with(first));
        let of_events = trimmed.contains("REASON") && trimmed.contains("MESSAGE");
        if !known && !of_events || trimmed.len() > 2_000 {
            return None;
        }
        let mut columns = gaps(line);
        let mut starts: Vec<usize> = Vec::new();
        if columns.len() == 1 || columns.iter().any(|name| is_glued(name)) {
            columns = spaced_names(trimmed);
        } else if !line.contains('\t') {
            starts = columns.iter().map(|name| position(line, name)).collect();
        }
        let named = columns.iter().all(|name| is_column_name(name));
        let first = columns.first().is_some_and(|name| {
            FIRST.contains(name) || columns.contains(&"REASON") && FIRST_OF_EVENTS.contains(name)
        });
        (first && named && (2..=MAX_COLUMNS).contains(&columns.len()))
            .then(|| Self::formed(columns.into_iter().map(str::to_owned).collect(), starts))
    }

    /// With the forms that the columns' kind has.
    fn formed(columns: Vec<String>, starts: Vec<usize>) -> Self {
        let plain = Self {
            columns,
            starts,
            forms: Vec::new(),
        };
        let forms = form::of(kinds::infer(&plain), &plain.columns);
        Self { forms, ..plain }
    }

    /// A header that a command is known to print, for rows without one.
    pub(super) fn of(columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Self::formed(columns, Vec::new())
    }

    /// A header with names of the user's own (`-o custom-columns`), if the line is that header.
    pub(super) fn custom(line: &str, names: &[String]) -> Option<Self> {
        let same = |columns: &[&str]| columns.iter().eq(names.iter());
        let (apart, squeezed) = (gaps(line), words(line, usize::MAX));
        let whole = same(&apart);
        (whole || same(&squeezed)).then(|| Self {
            starts: if whole && !line.contains('\t') {
                apart.iter().map(|name| position(line, name)).collect()
            } else {
                Vec::new()
            },
            columns: names.to_vec(),
            forms: Vec::new(),
        })
    }

    /// Whether there is a column of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// Whether these are the columns of events: free text stands among them.
    pub(super) fn is_of_events(&self) -> bool {
        self.has("REASON") && self.has("MESSAGE") && (self.has("TYPE") || self.has("KIND"))
    }

    /// The cells of an event: where its columns do not hold, the form of its words tells.
    fn event<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        let fits = |cells: &Vec<&str>| self.holds(cells);
        self.aligned(line)
            .filter(fits)
            .or_else(|| self.tabbed(line).filter(fits))
            .or_else(|| event::row(line)?.under(&self.columns).filter(fits))
            .or_else(|| {
                Some(gaps(line)).filter(|cells| cells.len() == self.columns.len() && fits(cells))
            })
    }

    /// The cells of a row that does not follow on the line before: only by its blanks, since a sentence may have as
    /// many words as a table has columns.
    fn apart<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        if line.len() > MAX_ROW {
            return None;
        }
        if self.is_of_events() {
            return self.event(line);
        }
        let by_gaps = || Some(gaps(line)).filter(|cells| cells.len() == self.columns.len());
        let holds = |cells: &Vec<&str>| self.holds(cells);
        let aligned = self.aligned(line).filter(holds);
        aligned.or_else(|| by_gaps().filter(holds))
    }

    /// The cells of a row; `None` if the line does not fit the columns.
    pub(super) fn cells<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        if line.len() > MAX_ROW {
            return None;
        }
        if self.is_of_events()
            && let Some(cells) = self.event(line)
        {
            return Some(cells);
        }
        let counted = || self.counted(line).filter(|cells| self.holds(cells));
        self.aligned(line)
            .filter(|cells| self.holds(cells))
            .or_else(counted)
    }

    /// Whether a line is a row of this table.
    pub(super) fn takes(&self, line: &str) -> bool {
        let cells = self.cells(line);
        cells.is_some_and(|cells| is_row(self, &cells))
    }

    /// Whether cells may stand under these columns.
    fn holds(&self, cells: &[&str]) -> bool {
        let mut formed = self.forms.iter().zip(cells);
        formed.all(|(form, cell)| form.fits(cell))
            && (!self.is_of_events() || event::fits(&self.columns, cells))
    }

    /// Cells between single tabs, of which some may be empty.
    fn tabbed<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        (cells.len() == self.columns.len()).then_some(cells)
    }

    fn aligned<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        if self.starts.is_empty() {
            return None;
        }
        let bounds = byte_offsets(line, &self.starts);
        let mut cells = Vec::with_capacity(bounds.len());
        for (at, &start) in bounds.iter().enumerate() {
            let end = bounds.get(at + 1).copied().unwrap_or(line.len());
            let cell = line.get(start..end)?;
            // Text that begins left of its column belongs to a neighbour that overflowed.
            let clear =
                start == 0 || start >= line.len() || line.get(..start)?.ends_with([' ', '\t']);
            let flush = cell.trim().is_empty() || !cell.starts_with(' ');
            if !clear || !flush {
                return None;
            }
            cells.push(cell.trim());
        }
        Some(cells)
    }

    /// Cells by gaps between them, when there are as many as columns.
    fn counted<'t>(&self, line: &'t str) -> Option<Vec<&'t str>> {
        let count = self.columns.len();
        let cells = gaps(line);
        if cells.len() == count {
            return Some(cells);
        }
        if let Some(cells) = self.tabbed(line) {
            return Some(cells);
        }
        let free = self.columns.last().is_some_and(|last| last == "MESSAGE");
        let cells = words(line, if free { count } else { usize::MAX });
        (cells.len() == count).then_some(cells)
    }
}

/// Where a part begins in its line, in characters.
fn position(line: &str, part: &str) -> usize {
    let bytes = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(..bytes).map_or(0, |before| before.chars().count())
}

/// Byte offsets of character positions; beyond the end, the end.
fn byte_offsets(line: &str, positions: &[usize]) -> Vec<usize> {
    if line.is_ascii() {
        return positions.iter().map(|at| (*at).min(line.len())).collect();
    }
    let mut offsets = line.char_indices().map(|(byte, _)| byte);
    let mut passed = 0;
    positions
        .iter()
        .map(|at| {
            let skip = at - passed;
            passed = at + 1;
            offsets.nth(skip).unwrap_or(line.len())
        })
        .collect()
}

/// Parts of a line that two or more blanks or a tab divide.
pub(super) fn gaps(line: &str) -> Vec<&str> {
    line.split('\t')
        .flat_map(|part| part.split("  "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// Words of a line; `5 (3m ago)` is one, and the last of `limit` takes the rest.
pub(super) fn words(line: &str, limit: usize) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if found.len() + 1 >= limit && !rest.starts_with('(') {
            found.push(rest);
            break;
        }
        let mut len = word_len(rest);
        // What stands in brackets after a word belongs to it.
        if let Some(next) = rest.get(len..)
            && next.trim_start().starts_with('(')
            && next.len() - next.trim_start().len() == 1
            && let Some(close) = next
                .get(..80.min(next.len()))
                .and_then(|head| head.find(')'))
        {
            len += close + 1;
        }
        let (word, tail) = rest.split_at_checked(len).unwrap_or((rest, ""));
        found.push(word);
        rest = tail.trim_start();
    }
    found
}

fn word_len(text: &str) -> usize {
    text.find([' ', '\t']).unwrap_or(text.len())
}

/// Names of a header whose blanks were collapsed.
fn spaced_names(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while !rest.is_empty() && found.len() <= MAX_COLUMNS {
        let len = SPACED
            .iter()
            .find(|name| {
                rest.strip_prefix(**name)
                    .is_some_and(|after| after.is_empty() || after.starts_with(' '))
            })
            .map_or_else(|| word_len(rest), |name| name.len());
        let (name, tail) = rest.split_at_checked(len).unwrap_or((rest, ""));
        found.push(name);
        rest = tail.trim_start();
    }
    found
}

/// Whether a name is several, between which only one blank is left.
fn is_glued(name: &str) -> bool {
    let kubectl = |name: &&str| SPACED.contains(name) || kinds::is_column(name);
    name.contains(' ') && !SPACED.contains(&name) && spaced_names(name).iter().all(kubectl)
}

/// Capitals, and the small letters of `CPU(cores)`.
fn is_column_name(name: &str) -> bool {
    let outside = name.split('(').next().unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.len() <= 80
        && !outside.bytes().any(|b| b.is_ascii_lowercase())
        && !name.contains(['"', '{', '=', ','])
}

/// Finds the tables of a text. `first_line` is the number of its first line in the file;
/// `assumed` is the header of rows that come before any header.
pub(super) fn sheet<'t>(
    text: &'t str,
    first_line: u32,
    assumed: Option<&Header>,
    custom: &[String],
) -> Sheet<'t> {
    let mut sheet = Sheet::default();
    let mut open: Option<Section<'t>> = None;
    let mut seen_header = false;
    let mut blank = false;
    for (line, number) in text.split('\n').zip(first_line..) {
        let line = line.trim_end();
        if line.is_empty() {
            // A page or a mail may put blank lines between the rows; what else follows one is no longer the table.
            blank = true;
            continue;
        }
        let after_blank = std::mem::take(&mut blank);
        let header = if custom.is_empty() {
            Header::read(line)
        } else {
            Header::custom(line, custom)
        };
        if let Some(header) = header {
            seen_header = true;
            let rows = Vec::new();
            sheet
                .sections
                .extend(open.replace(Section::new(header, rows)));
            continue;
        }
        if open.is_none()
            && !seen_header
            && let Some(header) = assumed
        {
            let (header, rows) = (header.clone(), Vec::new());
            open = Some(Section::new(header, rows));
        }
        let cells = open.as_ref().and_then(|section| {
            let header = &section.header;
            let cells = if after_blank {
                header.apart(line)?
            } else {
                header.cells(line)?
            };
            is_row(header, &cells).then_some(cells)
        });
        if after_blank && cells.is_none() {
            sheet.sections.extend(open.take());
        }
        match (open.as_mut(), cells) {
            (Some(section), Some(cells)) => section.rows.push(Row {
                line: number,
                cells,
            }),
            _ => sheet.others.push((number, line)),
        }
    }
    sheet.sections.extend(open);
    sheet
        .sections
        .retain(|section| !section.rows.is_empty() || !section.header.starts.is_empty());
    sheet
}

/// A row has more than its first cell, and that is a name or an age: a word that does not begin like a sentence.
fn is_row(header: &Header, cells: &[&str]) -> bool {
    let Some((first, rest)) = cells.split_first() else {
        return false;
    };
    if header.is_of_events() {
        let said = |name: &str| {
            let at = header.columns.iter().position(|column| column == name);
            at.and_then(|at| cells.get(at))
                .is_some_and(|cell| !cell.is_empty())
        };
        return said("REASON") && event::fits(&header.columns, cells);
    }
    let seen = header
        .columns
        .first()
        .is_some_and(|name| name.contains("SEEN"));
    let first = first.strip_suffix(" (default)").unwrap_or(first);
    let begins = if seen {
        first.starts_with(|c: char| c.is_ascii_digit() || c == '<')
    } else {
        first.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '<')
            && !first.contains(' ')
            && !first.ends_with([':', ',', ';'])
    };
    begins && rest.iter().any(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Prints a table as kubectl does: columns as wide as their widest cell, three blanks between.
    pub(crate) fn print(table: &[Vec<String>]) -> String {
        let columns = table.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                table
                    .iter()
                    .map(|row| row[at].chars().count())
                    .max()
                    .unwrap()
            })
            .collect();
        let mut text = String::new();
        for row in table {
            for (at, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if at + 1 < columns {
                    let pad = widths[at] + 3 - cell.chars().count();
                    text.push_str(&" ".repeat(pad));
                }
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn cells_by_position() {
        let text = "NAME   STATUS    RESTARTS      AGE\na      Running   5 (3m ago)    2d\nb                0             <none>\n";
        let sheet = sheet(text, 10, None, &[]);
        let rows = &sheet.sections[0].rows;
        assert_eq!(rows[0].cells, ["a", "Running", "5 (3m ago)", "2d"]);
        assert_eq!(rows[1].cells, ["b", "", "0", "<none>"]);
        assert_eq!(rows[1].line, 12);
    }

    #[test]
    fn cells_without_positions() {
        let text =
            "NAME READY STATUS RESTARTS AGE NOMINATED NODE\na 0/1 Error 5 (3m ago) 2d <none>\n";
        let sheet = sheet(text, 1, None, &[]);
        assert_eq!(
            sheet.sections[0].rows[0].cells,
            ["a", "0/1", "Error", "5 (3m ago)", "2d", "<none>"]
        );
        let wide = "NAME   READY\na-name-longer-than-its-column   1/1\nError from server: x\n";
        let sheet = super::sheet(wide, 1, None, &[]);
        assert_eq!(sheet.sections[0].rows[0].cells[1], "1/1");
        assert_eq!(sheet.others, [(3, "Error from server: x")]);
    }

    #[test]
    fn a_blank_line_ends_a_table_unless_a_row_follows() {
        let text = "NAME   DATA\na      1\n\nNAME   READY\nb      1/1\n";
        assert_eq!(sheet(text, 1, None, &[]).sections.len(), 2);
        let spread = "NAME    READY   AGE\n\napi-0   0/1     2d\n\n\napi-1   1/1     2d\n\nthey run now\napi-9   1/1     2d\n";
        let spread = sheet(spread, 1, None, &[]);
        assert_eq!(spread.sections.len(), 1);
        let rows: Vec<u32> = spread.sections[0].rows.iter().map(|row| row.line).collect();
        assert_eq!(rows, [3, 6]);
        assert_eq!(spread.others[0], (8, "they run now"));
        assert!(Header::read("NAME is a word").is_none());
        assert!(Header::read("NAMES   VALUE").is_none());
    }

    #[test]
    fn what_does_not_fit_the_columns_is_no_row() {
        for (head, row, others) in [
            (
                "NAME     READY   STATUS    RESTARTS   AGE",
                "cart-0   0/1     Error     7 (2m ago)   20m",
                &[
                    "2026-01-01T10:00:00Z INFO cart 1.9.0 starting",
                    "level=error msg=gone a=b c=d e=f",
                    "it took a while then",
                    "we tried 2 times already",
                ][..],
            ),
            (
                "NAME   STATUS   ROLES    AGE   VERSION",
                "w1     Ready    <none>   6d    v1.33.0",
                &["w2 is NotReady since yesterday", "w2 was gone 6d ago"],
            ),
            (
                "LAST SEEN   TYPE      REASON    OBJECT       MESSAGE",
                "61s         Warning   BackOff   pod/cart-0   Back-off",
                &["2026-01-01T10:00:00Z INFO cart 1.9.0 starting"],
            ),
            (
                "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
                "cart   1/1     1            1           2d",
                &[
                    "E0101 10:00:02.000001 1 main.go:10] failed",
                    "cart is now at 2d",
                ],
            ),
            (
                "NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE",
                "cart   ClusterIP   10.96.0.1    <none>        80/TCP    2d",
                &["connecting to 10.0.0.1 port 80 now"],
            ),
        ] {
            for other in others {
                let text = format!("{head}\n{row}\n{other}\n");
                let sheet = sheet(&text, 1, None, &[]);
                assert_eq!(sheet.sections[0].rows.len(), 1, "{other}");
                assert_eq!(sheet.others, [(3, *other)]);
            }
        }
    }

    fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
        let cell = prop_oneof![
            Just(String::new()),
            "[a-zA-Z0-9<>/:.é-]{1,12}",
            "[0-9]{1,3} \\([0-9]m ago\\)",
        ];
        let row = (
            proptest::collection::vec(cell, 2),
            "[a-z][a-z0-9.-]{0,20}",
            "[0-9]{1,4}[smhd]",
        )
            .prop_map(|(cells, name, age)| {
                std::iter::once(name)
                    .chain(cells)
                    .chain([age])
                    .collect::<Vec<String>>()
            });
        proptest::collection::vec(row, 1..6)
    }

    proptest! {
        #[test]
        fn printed_tables_come_back(rows in rows()) {
            let mut table = vec![["NAME", "NODE SELECTOR", "X", "AGE"].map(str::to_owned).to_vec()];
            table.extend(rows.clone());
            let text = print(&table);
            let sheet = sheet(&text, 1, None, &[]);
            let found: Vec<Vec<String>> = sheet.sections[0]
                .rows
                .iter()
                .map(|row| row.cells.iter().map(|&cell| cell.to_owned()).collect())
                .collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn any_text_is_safe(text in "(NAME|AGE|[a-z0-9 \\t\\n(é<>)]){0,120}") {
            let _ = sheet(&text, 1, Some(&Header::of(&["NAME", "AGE"])), &[]);
            let _ = words(&text, 3);
        }
    }
}
