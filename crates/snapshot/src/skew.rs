//! Estimates how far each node's clock is off, from things that two clocks saw; times are never rewritten.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// One thing that both a node and the cluster dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'t> {
    /// The node.
    pub node: &'t str,
    /// When by the node's clock.
    pub seen: Timestamp,
    /// When by the clock that the node is compared with.
    pub reference: Timestamp,
    /// What was seen twice: `container start`, `event BackOff` …
    pub what: &'t str,
}

/// A node's clock against the cluster's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skew {
    /// The node.
    pub node: String,
    /// Median of node minus reference, in milliseconds: positive if the node is ahead.
    pub offset_ms: i64,
    /// Half of the pairs lie within this many milliseconds of the median.
    pub spread_ms: i64,
    /// How many pairs.
    pub count: usize,
    /// What was compared, in order.
    pub what: Vec<String>,
}

impl Skew {
    /// Whether the offset is more than delays between writing and recording explain: at least three
    /// pairs, two seconds, and three times the spread.
    pub fn is_certain(&self) -> bool {
        let least = 2_000.max(self.spread_ms.saturating_mul(3));
        self.count >= 3 && self.offset_ms.saturating_abs() > least
    }
}

/// The skew of every node that has pairs, by name.
pub fn estimate<'t>(pairs: impl IntoIterator<Item = Pair<'t>>) -> Vec<Skew> {
    let mut nodes: BTreeMap<&str, (Vec<i64>, BTreeSet<&str>)> = BTreeMap::new();
    for pair in pairs {
        let (offsets, what) = nodes.entry(pair.node).or_default();
        offsets.push(pair.seen.as_millisecond() - pair.reference.as_millisecond());
        what.insert(pair.what);
    }
    nodes
        .into_iter()
        .filter_map(|(node, (mut offsets, what))| {
            let offset_ms = median(&mut offsets)?;
            let mut distances: Vec<i64> = offsets
                .iter()
                .map(|offset| (offset - offset_ms).abs())
                .collect();
            Some(Skew {
                node: node.to_owned(),
                offset_ms,
                spread_ms: median(&mut distances)?,
                count: offsets.len(),
                what: what.into_iter().map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// The lower middle value.
fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(node: &'static str, offsets: &[i64]) -> Vec<Pair<'static>> {
        let reference = Timestamp::from_second(1_783_996_951).unwrap();
        offsets
            .iter()
            .map(|offset| Pair {
                node,
                seen: Timestamp::from_millisecond(reference.as_millisecond() + offset).unwrap(),
                reference,
                what: "container start",
            })
            .collect()
    }

    #[test]
    fn one_delayed_pair_does_not_move_the_median() {
        let mut all = pairs("b", &[61_000, 60_900, 61_100, 400_000]);
        all.extend(pairs("a", &[100, 900, -200]));
        let found = estimate(all);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].node.as_str(), found[0].is_certain()),
            ("a", false)
        );
        assert_eq!(
            (found[1].offset_ms, found[1].spread_ms, found[1].count),
            (61_000, 100, 4)
        );
        assert!(found[1].is_certain());
        assert!(estimate([]).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_pairs_does_not_matter(offsets in prop::collection::vec(-1_000_000_i64..1_000_000, 1..20)) {
            let mut turned = offsets.clone();
            turned.reverse();
            prop_assert_eq!(estimate(pairs("n", &offsets)), estimate(pairs("n", &turned)));
        }

        #[test]
        fn a_shift_of_all_pairs_is_the_shift_of_the_offset(
            offsets in prop::collection::vec(-1_000_000_i64..1_000_000, 1..20),
            by in -1_000_000_i64..1_000_000,
        ) {
            let shifted: Vec<i64> = offsets.iter().map(|offset| offset + by).collect();
            let (a, b) = (estimate(pairs("n", &offsets)), estimate(pairs("n", &shifted)));
            prop_assert_eq!(a[0].offset_ms + by, b[0].offset_ms);
            prop_assert_eq!(a[0].spread_ms, b[0].spread_ms);
        }
    }
}
