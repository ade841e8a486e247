//! How much of a report goes into a ticket: everything if it fits, else less and less, and what is left out is said.

/// GitHub refuses the body of an issue beyond 65,536 characters; the rest is left to whoever pastes it.
pub(super) const CHARACTERS: usize = 64_000;

/// Caps on the parts of a ticket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Causes told in full.
    pub(super) causes: usize,
    /// Further causes, one line each.
    pub(super) named: usize,
    /// Items of each short list: exonerated suspects, changes, blast radii, damage.
    pub(super) listed: usize,
    /// Findings, the most severe.
    pub(super) findings: usize,
    /// Rules that could not be decided.
    pub(super) unknown: usize,
    /// Timeline entries, the most important.
    pub(super) timeline: usize,
    /// Quotes, in order of first use.
    pub(super) evidence: usize,
    /// Characters of one text.
    pub(super) text: usize,
}

const fn limits(all: [usize; 8]) -> Limits {
    let [
        causes,
        named,
        listed,
        findings,
        unknown,
        timeline,
        evidence,
        text,
    ] = all;
    Limits {
        causes,
        named,
        listed,
        findings,
        unknown,
        timeline,
        evidence,
        text,
    }
}

const ALL: usize = usize::MAX;

/// From everything to the least that is still a report.
pub(super) const STEPS: [Limits; 7] = [
    limits([ALL, ALL, ALL, ALL, ALL, 200, ALL, 4_000]),
    limits([ALL, ALL, ALL, ALL, ALL, 120, ALL, 600]),
    limits([10, ALL, 60, 100, 60, 100, 120, 600]),
    limits([5, 60, 30, 60, 30, 60, 60, 500]),
    limits([3, 30, 20, 40, 15, 40, 40, 400]),
    limits([2, 15, 10, 20, 8, 25, 20, 300]),
    limits([1, 10, 5, 10, 5, 12, 8, 200]),
];

/// The first document that fits; if none does, the shortest, cut between two lines.
pub(super) fn fitted(mut document: impl FnMut(&Limits, bool) -> String) -> String {
    let mut last = String::new();
    for (at, limits) in STEPS.iter().enumerate() {
        last = document(limits, at > 0);
        if last.chars().count() <= CHARACTERS {
            return last;
        }
    }
    cut(&last)
}

/// The lines that fit, with an open fence closed.
fn cut(document: &str) -> String {
    const SAID: &str = "\n*The rest is left out: it does not fit into an issue.*\n";
    let mut out = String::new();
    let (mut used, mut fence) = (SAID.len(), String::new());
    for line in document.split_inclusive('\n') {
        used += line.chars().count();
        // The fence, if one is open, must still be closed.
        if used + fence.len() + 2 > CHARACTERS {
            break;
        }
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        if fence.is_empty() && ticks.len() >= 3 {
            fence = ticks;
        } else if !fence.is_empty() && line.trim_end() == fence {
            fence.clear();
        }
        out.push_str(line);
    }
    if !fence.is_empty() {
        out.push_str(&fence);
        out.push('\n');
    }
    out + SAID
}

/// How many of a list are shown, and a sentence about the others.
pub(super) fn others(shown: usize, all: usize, which: &str) -> Option<String> {
    let left = all.saturating_sub(shown);
    let number = |n: usize| crate::layout::thousands(n as u64);
    (left > 0).then(|| {
        let (shown, left) = (number(shown), number(left));
        if which.is_empty() {
            format!("The first {shown}; {left} others are left out.")
        } else {
            format!("The {shown} {which}; {left} others are left out.")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(fitted(|_, shortened| format!("{shortened}")), "false");
    }

    #[test]
    fn the_first_that_fits_is_taken() {
        let document = fitted(|limits, _| "x\n".repeat(limits.causes.min(100_000)));
        assert_eq!(document, "x\n".repeat(10));
    }

    #[test]
    fn what_never_fits_is_cut_and_says_so() {
        let document = fitted(|_, _| format!("````text\n{}", "ä line\n".repeat(20_000)));
        assert!(document.chars().count() <= CHARACTERS);
        assert!(document.contains("\n````\n\n*The rest is left out"));
    }
}
