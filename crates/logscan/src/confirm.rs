//! A second look at a candidate line: the other literals that a match needs, looked for without a regex.

use memchr::memmem::Finder;

use crate::literal::Literal;

/// Sets that are looked for, and members that such a set may have: each is a pass over the line.
const SETS: usize = 2;
const MEMBERS: usize = 3;

/// What else the lines of one pattern hold, folded: of each set one member.
#[derive(Debug, Default)]
pub(crate) struct Confirm {
    sets: Vec<Vec<Finder<'static>>>,
}

impl Confirm {
    /// Takes the cheapest of the sets that are small.
    pub(crate) fn new(sets: &[Vec<Literal>]) -> Self {
        let small = sets
            .iter()
            .filter(|set| set.len() <= MEMBERS && set.iter().all(|literal| literal.len() >= 3));
        let sets = small
            .take(SETS)
            .map(|set| set.iter().map(finder).collect())
            .collect();
        Self { sets }
    }

    /// Whether nothing is known beyond the literal that made a line a candidate.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Whether a line, folded, may match. Only of ASCII lines: `K` and `ſ` are in no literal.
    pub(crate) fn allows(&self, folded: &[u8]) -> bool {
        self.sets
            .iter()
            .all(|set| set.iter().any(|finder| finder.find(folded).is_some()))
    }
}

fn finder(literal: &Literal) -> Finder<'static> {
    let folded: Vec<u8> = literal.iter().map(|letter| letter.folded()).collect();
    Finder::new(&folded).into_owned()
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
            set(&["one", "two", "three", "four"]),
            set(&["denied", "refused"]),
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
