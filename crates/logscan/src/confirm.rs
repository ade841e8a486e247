//! A second look at a candidate line: the other literals that a match needs, looked for without a regex.

use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

use crate::literal::Literal;

/// Sets that are looked for: each is a pass over the line.
const SETS: usize = 2;
/// Members that such a set may have, and those that are looked for one by one.
const MEMBERS: usize = 24;
const FEW: usize = 2;

/// What else the lines of one pattern's branch hold, folded: of each set one member.
#[derive(Debug, Default)]
pub(crate) struct Confirm {
    sets: Vec<Members>,
}

/// The members of a set.
#[derive(Debug)]
enum Members {
    Few(Vec<Finder<'static>>),
    Many(Searcher),
}

impl Confirm {
    /// Takes the cheapest of the sets that are small.
    pub(crate) fn new(sets: &[Vec<Literal>]) -> Self {
        let small = sets
            .iter()
            .filter(|set| set.len() <= MEMBERS && set.iter().all(|literal| literal.len() >= 3));
        let sets = small.filter_map(|set| Members::new(set)).take(SETS);
        Self {
            sets: sets.collect(),
        }
    }

    /// Whether nothing is known beyond the literal that made a line a candidate.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Whether a line, folded, may match. Only of ASCII lines: `K` and `ſ` are in no literal.
    pub(crate) fn allows(&self, folded: &[u8]) -> bool {
        self.sets.iter().all(|set| match set {
            Members::Few(members) => members.iter().any(|one| one.find(folded).is_some()),
            Members::Many(members) => members.find(folded).is_some(),
        })
    }
}

impl Members {
    /// None where the machine lacks the instructions to look for many at once.
    fn new(set: &[Literal]) -> Option<Self> {
        let folded = set.iter().map(|literal| {
            let bytes = literal.iter().map(|letter| letter.folded());
            bytes.collect::<Vec<u8>>()
        });
        if set.len() <= FEW {
            let finders = folded.map(|text| Finder::new(&text).into_owned());
            return Some(Self::Few(finders.collect()));
        }
        Searcher::new(folded).map(Self::Many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal::Letter;

    fn set(members: &[&str]) -> Vec<Literal> {
        let letter = |byte| Letter { byte, loose: false };
        members
            .iter()
            .map(|text| text.bytes().map(letter).collect())
            .collect()
    }

    #[test]
    fn of_each_small_set_one_member_must_be_there() {
        let confirm = Confirm::new(&[
            set(&["no"]),
            set(&["of", "which", "one", "is", "too", "short"]),
            set(&["denied", "refused", "rejected", "forbidden"]),
            set(&["peer"]),
            set(&["beyond what is looked for"]),
        ]);
        assert!(!confirm.is_empty());
        assert!(confirm.allows(b"peer refused"));
        assert!(!confirm.allows(b"peer agreed"));
        assert!(!confirm.allows(b"refused"));
        let nothing = Confirm::new(&[set(&["ab"])]);
        assert!(nothing.is_empty() && nothing.allows(b""));
    }
}
