//! Collects problems so that ten thousand of one kind stay readable: a few are named, the rest are counted.

use std::collections::BTreeMap;

use crate::Problem;

/// Problems of one kind that are named in full.
const NAMED: usize = 10;
/// Problems of one kind that are remembered at all.
const REMEMBERED: usize = 10_000;

/// Problems met so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    single: Vec<Problem>,
    kinds: BTreeMap<&'static str, (Vec<Problem>, usize)>,
}

impl Notes {
    /// A problem that cannot come in masses.
    pub(crate) fn add(&mut self, file: &str, what: impl Into<String>) {
        self.single.push(problem(file, what));
    }

    /// One of possibly very many problems of a kind.
    pub(crate) fn many(&mut self, kind: &'static str, file: &str, what: impl Into<String>) {
        let (list, count) = self.kinds.entry(kind).or_default();
        *count += 1;
        if list.len() < REMEMBERED {
            list.push(problem(file, what));
        }
    }

    /// Takes over another collection.
    pub(crate) fn extend(&mut self, other: Self) {
        self.single.extend(other.single);
        for (kind, (found, more)) in other.kinds {
            let (list, count) = self.kinds.entry(kind).or_default();
            *count += more;
            let room = REMEMBERED.saturating_sub(list.len());
            list.extend(found.into_iter().take(room));
        }
    }

    /// The problems in order, each kind cut to a few and a count.
    pub(crate) fn finish(self) -> Vec<Problem> {
        let mut all = self.single;
        for (kind, (mut list, count)) in self.kinds {
            list.sort();
            list.dedup();
            let named = if count > NAMED + 1 { NAMED } else { count };
            list.truncate(named);
            let rest = count.saturating_sub(named);
            let shown = list.len();
            all.extend(list);
            if rest > 0 && shown == named {
                all.push(problem("", format!("and {rest} more {kind}")));
            }
        }
        all.sort();
        all.dedup();
        all
    }
}

fn problem(file: &str, what: impl Into<String>) -> Problem {
    Problem {
        file: file.to_owned(),
        line: 0,
        what: what.into(),
    }
}
