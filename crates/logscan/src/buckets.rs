//! The order of a packed search's needles: those that look alike share a bucket, so that less text looks like one of them.
//!
//! The packed search keeps, for each of eight buckets and each of a needle's first bytes, the halves of a byte that
//! occur there; its needles go to the buckets in turn. A bucket of unlike needles lets most words pass, and each that
//! passes is compared one by one.

/// Buckets of the packed search for up to 32 needles.
const BUCKETS: usize = 8;
/// First bytes of a needle that the search compares at once.
const BYTES: usize = 4;
/// Rounds of exchanges; few are needed.
const ROUNDS: usize = 8;

/// For each of the first bytes, the low and the high halves that occur in a bucket, as bits.
type Halves = [(u16, u16); BYTES];

/// Orders needles so that each eighth are alike; `often` says how often each byte occurs in the text.
pub(crate) fn arrange<T>(needles: &mut [(Vec<u8>, T)], often: &[u32; 256]) {
    let all: f64 = often.iter().copied().map(f64::from).sum();
    let shares = often.map(|count| f64::from(count) / all.max(1.0));
    needles.sort_by(|(a, _), (b, _)| a.cmp(b));
    spread(needles);
    for _ in 0..ROUNDS {
        let mut better = false;
        for a in 0..needles.len() {
            for b in a + 1..needles.len() {
                if a % BUCKETS == b % BUCKETS {
                    continue;
                }
                let cost = |needles: &[(Vec<u8>, T)]| {
                    passes(needles, a % BUCKETS, &shares) + passes(needles, b % BUCKETS, &shares)
                };
                let before = cost(needles);
                needles.swap(a, b);
                // Nearly equal counts as equal: the sum must fall for this to end.
                if cost(needles) < before * 0.999 {
                    better = true;
                } else {
                    needles.swap(a, b);
                }
            }
        }
        if !better {
            break;
        }
    }
}

/// From sorted runs to every eighth: neighbours meet in a bucket.
fn spread<T>(needles: &mut [(Vec<u8>, T)]) {
    let count = needles.len();
    // Bucket `b` holds the places b, b + 8 …: as many as there are.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|place| (place % BUCKETS, place / BUCKETS));
    // `order[rank]` is where the needle of that rank belongs.
    for rank in 0..count {
        while order[rank] != rank {
            let to = order[rank];
            needles.swap(rank, to);
            order.swap(rank, to);
        }
    }
}

/// The share of the text's places that look like a needle of the bucket.
fn passes<T>(needles: &[(Vec<u8>, T)], bucket: usize, shares: &[f64; 256]) -> f64 {
    let mut halves: Halves = [(0, 0); BYTES];
    for (text, _) in needles.iter().skip(bucket).step_by(BUCKETS) {
        for ((low, high), byte) in halves.iter_mut().zip(text) {
            *low |= 1 << (byte & 15);
            *high |= 1 << (byte >> 4);
        }
    }
    halves
        .iter()
        .filter(|(low, _)| *low != 0)
        .map(|&(low, high)| share(low, high, shares))
        .product()
}

/// The share of bytes whose halves both are among those given.
fn share(low: u16, high: u16, shares: &[f64; 256]) -> f64 {
    let among = |set: u16, half: usize| set >> half & 1 == 1;
    let rows = shares.chunks_exact(16).enumerate();
    rows.filter(|(top, _)| among(high, *top))
        .flat_map(|(_, row)| row.iter().enumerate())
        .filter(|(bottom, _)| among(low, *bottom))
        .map(|(_, share)| share)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(texts: &[&str]) -> Vec<(Vec<u8>, usize)> {
        let numbered = texts.iter().enumerate();
        numbered
            .map(|(number, text)| (text.as_bytes().to_vec(), number))
            .collect()
    }

    #[test]
    fn all_needles_stay_and_alike_ones_share_a_bucket() {
        let texts = [
            "e000", "done", "e004", "miss", "e008", "mist", "e015", "dome", "e018", "fini", "e023",
            "fina", "e025", "zone", "e038", "bone",
        ];
        let mut sorted = needles(&texts);
        arrange(&mut sorted, &[1; 256]);
        let mut kept: Vec<usize> = sorted.iter().map(|(_, number)| *number).collect();
        for (text, number) in &sorted {
            assert_eq!(text, texts[*number].as_bytes());
        }
        kept.sort_unstable();
        assert!(kept.into_iter().eq(0..texts.len()));
        let digits = |at: usize| sorted[at].0[1].is_ascii_digit();
        assert!((0..8).all(|bucket| digits(bucket) == digits(bucket + 8)));
    }

    #[test]
    fn any_number_of_needles_is_a_permutation() {
        for count in 0..40_usize {
            let mut all: Vec<(Vec<u8>, usize)> = (0..count)
                .map(|number| (format!("{:03}", number * 7 % 40).into_bytes(), number))
                .collect();
            arrange(&mut all, &[1; 256]);
            let mut kept: Vec<usize> = all.into_iter().map(|(_, number)| number).collect();
            kept.sort_unstable();
            assert!(kept.into_iter().eq(0..count));
        }
    }
}
