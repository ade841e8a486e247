//! The `count` steps: how many entities pass, what a field of theirs adds up to, or how many rows there are in each group, with three values.

use std::collections::{BTreeMap, HashMap};

use coldcase_facts::schema::Segment;
use coldcase_snapshot::{packed::View, stamp};
use jiff::Timestamp;

use crate::{
    candidates::Candidates,
    engine::{Bound, Outcome, Row, Undecided, World},
    missing::Missing,
    paths::resolve,
    rule::{Count, Matcher, Operand, Rows, Step, Test},
    values::{How, Truth, in_units_of, seconds_between},
};

/// How many more there may be than were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    None,
    UpTo(u64),
    Any,
}

/// Beyond so many more, a matcher that still changes its mind is none that people write.
const PROBED: u64 = 64;
/// More than any bundle holds of anything.
const ENDLESS: f64 = 1e18;

/// A number as text. Whole ones are most, and of each candidate that is counted.
#[allow(
    clippy::cast_possible_truncation,
    reason = "only of numbers that are whole and small"
)]
fn shown(number: f64) -> String {
    if number.fract().abs() > 0.0 || !(1.0..1e9).contains(&number) {
        return number.to_string();
    }
    (number as i64).to_string()
}

/// The numbers at which a matcher changes its mind; `None` if it compares with anything but numbers as written.
fn edges(matcher: &Matcher) -> Option<Vec<f64>> {
    let written = |operand: &Operand| match operand {
        Operand::Literal(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    let mut found = Vec::new();
    for test in &matcher.tests {
        match test {
            Test::Is(number)
            | Test::Not(number)
            | Test::AtLeast(number)
            | Test::AtMost(number)
            | Test::Over(number)
            | Test::Under(number) => found.push(written(number)?),
            _ => return None,
        }
    }
    Some(found)
}

/// Whether what was counted fits.
pub(crate) enum Counted {
    Yes,
    No,
    /// That depends on what is missing.
    Open(Missing),
}

impl World<'_, '_> {
    pub(crate) fn count(
        &self,
        step: &Step,
        row: &Row,
        candidates: Candidates<'_>,
        passed: &[Bound],
    ) -> Counted {
        let Some(count) = &step.count else {
            return Counted::No;
        };
        let number = self.number(count, step, &candidates, passed);
        let base = count.percent_of.as_ref().map(|(nouns, slot)| {
            row.bound(*slot)
                .map(|bound| self.chain(nouns, bound.id, None))
        });
        let no_base = base
            .iter()
            .flatten()
            .find_map(|base| base.missing.clone().filter(|_| base.ids.is_empty()));
        let share = |number: f64| match &base {
            None => number,
            Some(base) => match base.as_ref().map_or(0, |base| base.ids.len()) {
                0 => 0.0,
                base => number * 100.0 / base as f64,
            },
        };
        let unshown = count.sum.as_ref().and_then(|path| {
            passed
                .iter()
                .find_map(|passed| self.unshown_field(passed.id, path))
        });
        let decided = no_base.is_none();
        let missing = candidates
            .missing
            .or(no_base)
            .or(unshown.map(Missing::from));
        let more = match (&missing, candidates.open) {
            (_, open) if open > 0 && count.sum.is_none() => More::UpTo(open),
            (Some(_), _) => More::Any,
            (None, _) => More::None,
        };
        let plain = base.is_none() && count.sum.is_none();
        let edges = if plain { edges(&count.is) } else { None };
        let holds =
            decided.then(|| self.settled(row, count, number, more, edges.as_deref(), &share));
        match holds.flatten() {
            Some(true) => Counted::Yes,
            Some(false) => Counted::No,
            None => Counted::Open(missing.unwrap_or_default()),
        }
    }

    /// Whether a number fits, whatever else there may be; `None` if that would change it. Only near `edges`, if they
    /// are known, a number can fit that another does not.
    fn settled(
        &self,
        row: &Row,
        count: &Count,
        number: f64,
        more: More,
        edges: Option<&[f64]>,
        share: &dyn Fn(f64) -> f64,
    ) -> Option<bool> {
        let how = count.sum.as_deref().map_or_else(How::default, How::of);
        let fits = |number: f64| {
            let text = shown(share(number));
            match self.matches(row, &count.is, &[View::text(&text)], how) {
                Truth::Yes(_) => Some(true),
                Truth::No => Some(false),
                Truth::Unknown(_) => None,
            }
        };
        let now = fits(number)?;
        let (probed, last) = match more {
            More::None => return Some(now),
            More::UpTo(more) => (more.min(PROBED), number + more as f64),
            More::Any => (PROBED, ENDLESS),
        };
        let near = |number: &f64| {
            edges.is_none_or(|all| all.iter().any(|edge| (number - edge).abs() <= 1.0))
        };
        (1..=probed)
            .map(|more| number + more as f64)
            .filter(near)
            .chain([last])
            .all(|number| fits(number) == Some(now))
            .then_some(now)
    }

    fn number(
        &self,
        count: &Count,
        step: &Step,
        candidates: &Candidates<'_>,
        passed: &[Bound],
    ) -> f64 {
        if let Some(path) = &count.sum {
            let read = |text: String| in_units_of(path, &text);
            let texts = passed.iter().flat_map(|passed| self.texts(passed, path));
            return texts.filter_map(read).sum();
        }
        let values = |passed: &Bound| -> Vec<String> {
            match &count.distinct {
                Some(path) => self.texts(passed, path),
                None => Vec::new(),
            }
        };
        match count.in_any {
            // Lines beyond the kept ones passed the pattern too; without further conditions the true count is known.
            None if count.distinct.is_none()
                && step.pattern.is_some()
                && step.conditions.len() == 1 =>
            {
                candidates.total as f64
            }
            None if count.distinct.is_none() => passed.len() as f64,
            None => {
                let mut all: Vec<String> = passed.iter().flat_map(values).collect();
                all.sort_unstable();
                all.dedup();
                all.len() as f64
            }
            Some(window) => {
                let dated = passed
                    .iter()
                    .filter_map(|passed| {
                        let entity = self.get(passed.id);
                        let time = ["time", "last", "first"]
                            .iter()
                            .find_map(|field| stamp::rfc3339(entity.str_at(&[field])?))?;
                        Some((time, values(passed)))
                    })
                    .collect();
                densest(dated, window, count.distinct.is_some()) as f64
            }
        }
    }

    fn texts(&self, passed: &Bound, path: &[Segment]) -> Vec<String> {
        resolve(self.get(passed.id), path)
            .into_iter()
            .filter_map(|node| node.as_str().map(str::to_owned))
            .collect()
    }

    /// Keeps the groups of rows of which the number fits. Rows that are undecided count as rows that may be.
    pub(crate) fn count_rows(&self, step: &Step, rows: &Rows, outcome: &mut Outcome) {
        let Some(count) = &step.count else { return };
        let mut groups: BTreeMap<Vec<String>, (Vec<Row>, Vec<Undecided>)> = BTreeMap::new();
        for row in std::mem::take(&mut outcome.rows) {
            // A row with nothing to be grouped by belongs nowhere.
            if let Some(key) = self.key(&row, &rows.by) {
                groups.entry(key).or_default().0.push(row);
            }
        }
        let mut homeless = Vec::new();
        for open in std::mem::take(&mut outcome.undecided) {
            match self.key(&open.row, &rows.by) {
                Some(key) => groups.entry(key).or_default().1.push(open),
                None => homeless.push(open),
            }
        }
        for (own, open) in groups.into_values() {
            let Some(sample) = own.first().or(open.first().map(|open| &open.row)) else {
                continue;
            };
            let more = if open.is_empty() && homeless.is_empty() {
                More::None
            } else {
                More::Any
            };
            let number = self.number_of_rows(rows, count, &own);
            let edges = edges(&count.is);
            match self.settled(sample, count, number, more, edges.as_deref(), &|number| {
                number
            }) {
                Some(true) => outcome.rows.extend(own),
                Some(false) => {}
                None if open.is_empty() => {
                    let missing = homeless.first().map(|open| open.missing.clone());
                    outcome.undecided.push(Undecided {
                        row: sample.clone(),
                        missing: missing.unwrap_or_default(),
                    });
                }
                None => outcome.undecided.extend(open),
            }
        }
        outcome.undecided.extend(homeless);
    }

    /// What a row is grouped by: of a name the object itself, of a field its value.
    fn key(&self, row: &Row, by: &[Operand]) -> Option<Vec<String>> {
        by.iter().map(|operand| self.mark(row, operand)).collect()
    }

    fn mark(&self, row: &Row, operand: &Operand) -> Option<String> {
        match operand {
            Operand::Field(slot, path) if path.is_empty() => {
                Some(row.bound(*slot)?.id.0.to_string())
            }
            operand => self.value(row, operand),
        }
    }

    fn number_of_rows(&self, rows: &Rows, count: &Count, own: &[Row]) -> f64 {
        let mark = |row: &Row| -> Vec<String> {
            let distinct = rows.distinct.as_ref();
            distinct
                .and_then(|distinct| self.mark(row, distinct))
                .into_iter()
                .collect()
        };
        match (&rows.at, count.in_any) {
            (Some(at), Some(window)) => {
                let dated = own
                    .iter()
                    .filter_map(|row| {
                        let time = stamp::rfc3339(&self.value(row, at)?)?;
                        Some((time, mark(row)))
                    })
                    .collect();
                densest(dated, window, rows.distinct.is_some()) as f64
            }
            _ if rows.distinct.is_none() => own.len() as f64,
            _ => {
                let mut marks: Vec<String> = own.iter().flat_map(mark).collect();
                marks.sort_unstable();
                marks.dedup();
                marks.len() as f64
            }
        }
    }
}

/// The most (distinct) things whose times lie within a window of so many seconds.
fn densest(mut dated: Vec<(Timestamp, Vec<String>)>, window: f64, distinct: bool) -> usize {
    dated.sort();
    let mut inside: HashMap<&str, usize> = HashMap::new();
    let (mut best, mut from) = (0, 0);
    for (to, (time, values)) in dated.iter().enumerate() {
        for value in values {
            *inside.entry(value).or_default() += 1;
        }
        while seconds_between(dated[from].0, *time) > window {
            for value in &dated[from].1 {
                if let Some(times) = inside.get_mut(value.as_str()) {
                    *times -= 1;
                    if *times == 0 {
                        inside.remove(value.as_str());
                    }
                }
            }
            from += 1;
        }
        best = best.max(if distinct {
            inside.len()
        } else {
            to + 1 - from
        });
    }
    best
}
