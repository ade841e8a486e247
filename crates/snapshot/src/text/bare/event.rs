//! Reads one row of an event table by the form of its words: where blanks were lost, columns tell nothing any more.
//!
//! Five forms are told apart: `get events` (`LAST SEEN TYPE REASON OBJECT MESSAGE`, also wide), the same of old
//! (`LASTSEEN FIRSTSEEN COUNT NAME KIND SUBOBJECT TYPE REASON SOURCE MESSAGE`), the table below a description
//! (`TYPE REASON AGE FROM MESSAGE`), and that of old (`FIRSTSEEN LASTSEEN COUNT FROM SUBOBJECT TYPE REASON MESSAGE`),
//! and people's own columns with times and the event's name.

use super::cursor::{Cursor, is_age, is_name, is_namespace, is_number, is_reason, is_time};
use crate::text::{describe::age::age, resource};

/// Longer lines are no rows.
const MAX_ROW: usize = 1 << 16;

/// The parts of a row; empty where it has none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) struct Event<'t> {
    namespace: &'t str,
    /// One or two ages, as they stand.
    ages: [&'t str; 2],
    count: &'t str,
    /// `pod/web-0`.
    object: &'t str,
    kind: &'t str,
    name: &'t str,
    part: &'t str,
    sort: &'t str,
    reason: &'t str,
    source: &'t str,
    message: &'t str,
    /// The event's own name.
    own: &'t str,
}

/// The row that a line is.
pub(in crate::text) fn row(line: &str) -> Option<Event<'_>> {
    let words = Cursor::new(line);
    if line.len() > MAX_ROW {
        return None;
    }
    if is_sort(words.peek()) {
        return described(words);
    }
    if is_age(words.peek()) {
        return aged(words, "");
    }
    if is_time(words.peek()) {
        return timed(words);
    }
    let mut after = words;
    let namespace = after.word(is_namespace)?;
    aged(after, namespace)
}

fn is_sort(word: &str) -> bool {
    matches!(word, "Normal" | "Warning")
}

/// `Warning  BackOff  2m (x7 over 9m)  kubelet, w1  Back-off …`
fn described(mut words: Cursor<'_>) -> Option<Event<'_>> {
    let found = Event {
        sort: words.word(is_sort)?,
        reason: words.word(is_reason)?,
        ages: [words.seen()?, ""],
        source: words.source()?,
        ..Event::default()
    };
    let part = Cursor::new(words.rest().split_once(": ").map_or("", |(part, _)| part)).part();
    let message = words.rest().get(part.len()..)?;
    let message = if part.is_empty() {
        message
    } else {
        message.trim_start_matches(':')
    };
    found.with(part, message.trim())
}

/// What begins with an age.
fn aged<'t>(mut words: Cursor<'t>, namespace: &'t str) -> Option<Event<'t>> {
    let first = words.seen()?;
    if is_sort(words.peek()) {
        let sort = words.word(is_sort)?;
        let reason = words.word(is_reason)?;
        let object = words.word(is_object)?;
        let found = Event {
            namespace,
            ages: [first, ""],
            object,
            sort,
            reason,
            ..Event::default()
        };
        return wide(found, words).or_else(|| found.with("", words.rest()));
    }
    let second = words.word(is_age)?;
    let count = words.word(is_number)?;
    let mut found = Event {
        namespace,
        ages: [first, second],
        count,
        ..Event::default()
    };
    let mut listed = words;
    if let Some(name) = listed.word(is_name)
        && let Some(kind) = listed.word(is_kind)
    {
        (found.name, found.kind, words) = (name, kind, listed);
    } else {
        found.source = words.source()?;
    }
    let part = words.part();
    found.sort = words.word(is_sort)?;
    found.reason = words.word(is_reason)?;
    if found.source.is_empty() {
        found.source = words.source()?;
    }
    found.with(part, words.rest())
}

/// `2026-03-04T05:06:07Z  2026-03-04T05:08:07Z  cart.155eb6cb8bda8fd4  Job  FailedCreate  Error creating: …`: columns of
/// somebody's own, where an event's name, a kind and a reason follow on each other.
fn timed(mut words: Cursor<'_>) -> Option<Event<'_>> {
    let one = words.word(is_time)?;
    let other = words.word(is_time).unwrap_or("");
    let own = words.word(is_own)?;
    let (name, _) = own.rsplit_once('.')?;
    let kind = words.word(is_kind)?;
    let sort = words.word(is_sort).unwrap_or("");
    let found = Event {
        // Times of one zone and form sort as their text does.
        ages: [
            one.max(other),
            if other.is_empty() { "" } else { one.min(other) },
        ],
        name,
        kind,
        sort,
        reason: words.word(is_reason)?,
        ..Event::default()
    };
    found.with("", words.rest())
}

/// The name of an event: that of an object, and a number.
fn is_own(word: &str) -> bool {
    let number = word.rsplit_once('.').map_or("", |(_, number)| number);
    number.len() >= 12 && number.bytes().all(|b| b.is_ascii_hexdigit()) && is_name(word)
}

/// Wide rows end with the first age, the count and the event's name.
fn wide<'t>(found: Event<'t>, words: Cursor<'t>) -> Option<Event<'t>> {
    let last = |text: &'t str| text.trim_end().rsplit_once([' ', '\t']);
    let (rest, own) = last(words.rest())?;
    let (rest, count) = last(rest)?;
    let (rest, first) = last(rest)?;
    if !is_own(own) || !is_number(count) || !is_age(first) {
        return None;
    }
    let mut words = Cursor::new(rest);
    let part = words.part();
    let [last, _] = found.ages;
    let found = Event {
        ages: [last, first],
        count,
        source: words.source()?,
        own,
        ..found
    };
    found.with(part, words.rest())
}

/// `pod/web-0`, `Pod/web-0`, `deployment.apps/web`.
fn is_object(word: &str) -> bool {
    word.split_once('/').is_some_and(|(kind, name)| {
        !kind.is_empty()
            && kind.starts_with(|c: char| c.is_ascii_alphabetic())
            && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
            && !name.is_empty()
            && !name.contains('/')
    })
}

/// A kind of Kubernetes' own, in its own spelling.
fn is_kind(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase()) && resource::known(word)
}

impl<'t> Event<'t> {
    /// With what it says; nothing without words.
    fn with(self, part: &'t str, message: &'t str) -> Option<Self> {
        let found = Self {
            part,
            message,
            ..self
        };
        (!message.is_empty()).then_some(found)
    }

    /// The last and the first time: the greater age is the first.
    fn times(&self) -> (&'t str, &'t str) {
        let [one, other] = self.ages;
        let seconds = |text: &str| age(text).map_or(-1, |(seconds, _)| seconds);
        if !other.is_empty() && seconds(other) < seconds(one) {
            (other, one)
        } else {
            (one, other)
        }
    }

    /// The parts under kubectl's names; the ages in the order that they have.
    fn parts(&self, (last, first): (&'t str, &'t str)) -> [(&'static str, &'t str); 12] {
        let name = if self.own.is_empty() {
            self.name
        } else {
            self.own
        };
        [
            ("NAMESPACE", self.namespace),
            ("LAST SEEN", last),
            ("FIRST SEEN", first),
            ("COUNT", self.count),
            ("NAME", name),
            ("KIND", self.kind),
            ("OBJECT", self.object),
            ("SUBOBJECT", self.part),
            ("TYPE", self.sort),
            ("REASON", self.reason),
            ("SOURCE", self.source),
            ("MESSAGE", self.message),
        ]
    }

    /// The columns that it has, and their cells. Those of a description are always the same, so that its rows stay
    /// together.
    pub(super) fn own(&self) -> (Vec<&'static str>, Vec<&'t str>) {
        const ALWAYS: &[&str] = &["LAST SEEN", "FIRST SEEN", "COUNT", "SUBOBJECT", "SOURCE"];
        let described = self.object.is_empty() && self.kind.is_empty();
        let parts = self.parts(self.times());
        parts
            .into_iter()
            .filter(|(name, cell)| !cell.is_empty() || described && ALWAYS.contains(name))
            .unzip()
    }

    /// Its cells under a head; `None` if it has a part that the head does not name.
    pub(in crate::text) fn under(&self, columns: &[String]) -> Option<Vec<&'t str>> {
        let is = |column: &str, name: &str| {
            let words = |text: &str| text.replace(' ', "");
            words(column) == words(name)
        };
        let place = |name: &str| columns.iter().position(|column| is(column, name));
        let (last, first) = (place("LAST SEEN"), place("FIRST SEEN"));
        let [one, other] = self.ages;
        let times = match (last, first) {
            (Some(last), Some(first)) if first < last => (other, one),
            (None, Some(_)) => (other, one),
            _ => (one, other),
        };
        let parts = self.parts(times);
        let named = parts
            .iter()
            .all(|(name, cell)| cell.is_empty() || place(name).is_some());
        let cell = |column: &String| {
            let part = parts.iter().find(|(name, _)| is(column, name));
            part.map_or("", |(_, cell)| *cell)
        };
        named.then(|| columns.iter().map(cell).collect())
    }
}

/// Whether cells may stand under the columns of an event table: kubectl writes one word there.
pub(in crate::text) fn fits(columns: &[String], cells: &[&str]) -> bool {
    columns.iter().zip(cells).all(|(column, cell)| {
        let word = !cell.contains([' ', '\t']);
        match column.as_str() {
            "TYPE" | "KIND" => word && !cell.starts_with(|c: char| c.is_ascii_lowercase()),
            "REASON" | "OBJECT" | "NAMESPACE" => word,
            "COUNT" => cell.is_empty() || is_number(cell) || cell.starts_with('<'),
            column if column.contains("SEEN") => {
                cell.starts_with(|c: char| c.is_ascii_digit() || c == '<')
            }
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Vec<(&'static str, String)> {
        let (columns, cells) = row(line).unwrap_or_else(|| panic!("{line}")).own();
        let cells = cells.into_iter().map(str::to_owned);
        columns.into_iter().zip(cells).collect()
    }

    fn cell(line: &str, column: &str) -> String {
        let cells = cells(line);
        let found = cells.into_iter().find(|(name, _)| *name == column);
        found.map_or_else(String::new, |(_, cell)| cell)
    }

    #[test]
    fn rows_of_now() {
        let row =
            "2m (x3 over 9m)  Warning  BackOff  pod/cart-0  Back-off restarting failed container";
        assert_eq!(
            cells(row),
            [
                ("LAST SEEN", "2m (x3 over 9m)".to_owned()),
                ("OBJECT", "pod/cart-0".to_owned()),
                ("TYPE", "Warning".to_owned()),
                ("REASON", "BackOff".to_owned()),
                ("MESSAGE", "Back-off restarting failed container".to_owned()),
            ]
        );
        assert_eq!(cell(&format!("shop {row}"), "NAMESPACE"), "shop");
        let wide = "4m Warning Unhealthy pod/cart-0 spec.containers{cart} kubelet, w1 Readiness probe failed: 503  9m 12 cart-0.17a0b3c4d5e6f708";
        for (column, expected) in [
            ("SUBOBJECT", "spec.containers{cart}"),
            ("SOURCE", "kubelet, w1"),
            ("MESSAGE", "Readiness probe failed: 503"),
            ("FIRST SEEN", "9m"),
            ("COUNT", "12"),
            ("NAME", "cart-0.17a0b3c4d5e6f708"),
        ] {
            assert_eq!(cell(wide, column), expected);
        }
    }

    #[test]
    fn rows_of_old() {
        for (row, first, source, part) in [
            (
                "1m 1h 31 cart-0.155eb6cb8bda8fd2 Pod spec.containers{cart} Warning BackOff kubelet, w1 Back-off pulling",
                "1h",
                "kubelet, w1",
                "spec.containers{cart}",
            ),
            (
                "1h  1m  31  cart-0  Pod    Warning  BackOff  {kubelet w1}  Back-off pulling",
                "1h",
                "{kubelet w1}",
                "",
            ),
            (
                "1h\t1m\t31\tcart-0\tPod\timplicitly required container POD\tWarning\tBackOff\t{kubelet w1}\tBack-off pulling",
                "1h",
                "{kubelet w1}",
                "implicitly required container POD",
            ),
            (
                "1h 1m 31 {kubelet w1} spec.containers{cart} Warning BackOff Back-off pulling",
                "1h",
                "{kubelet w1}",
                "spec.containers{cart}",
            ),
        ] {
            assert_eq!(cell(row, "FIRST SEEN"), first, "{row}");
            assert_eq!(cell(row, "LAST SEEN"), "1m", "{row}");
            assert_eq!(cell(row, "SOURCE"), source, "{row}");
            assert_eq!(cell(row, "SUBOBJECT"), part, "{row}");
            assert_eq!(cell(row, "MESSAGE"), "Back-off pulling", "{row}");
            assert_eq!(cell(row, "COUNT"), "31", "{row}");
        }
    }

    #[test]
    fn rows_of_a_description() {
        let row = "Warning  FailedScheduling  3m (x12 over 9m)  default-scheduler  0/3 nodes are available: 3 Insufficient cpu.";
        assert_eq!(cell(row, "LAST SEEN"), "3m (x12 over 9m)");
        assert_eq!(cell(row, "SOURCE"), "default-scheduler");
        let row = "Normal Pulling 3m ago kubelet, w1 spec.containers{cart}: Pulling image";
        assert_eq!(cell(row, "SUBOBJECT"), "spec.containers{cart}");
        assert_eq!(cell(row, "MESSAGE"), "Pulling image");
    }

    #[test]
    fn prose_is_no_row() {
        for line in [
            "Warning: the file is large",
            "Normal operation resumed 3m ago on node w1",
            "2m later Warning lights went on",
            "5m 3m 2 things happened",
            "Warning BackOff pod/cart-0 Back-off",
            "2m Warning BackOff cart-0 Back-off",
            "10m 5m Warning BackOff pod/cart-0 x",
            "2m Warning BackOff pod/cart-0",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
    }

    #[test]
    fn a_head_says_which_time_is_which() {
        let head = |names: &[&str]| -> Vec<String> { names.iter().map(|&it| it.into()).collect() };
        let row = row("1m 1m 1 cart-0 Pod Warning BackOff {kubelet w1} Back-off").unwrap();
        let old = head(&[
            "FIRSTSEEN",
            "LASTSEEN",
            "COUNT",
            "NAME",
            "KIND",
            "SUBOBJECT",
            "TYPE",
            "REASON",
            "SOURCE",
            "MESSAGE",
        ]);
        let cells = row.under(&old).unwrap();
        assert_eq!(cells[3..6], ["cart-0", "Pod", ""]);
        assert!(fits(&old, &cells));
        assert_eq!(
            row.under(&head(&["LAST SEEN", "TYPE", "REASON", "MESSAGE"])),
            None
        );
        assert!(!fits(&head(&["TYPE"]), &["two words"]));
    }
}
