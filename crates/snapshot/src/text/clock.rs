//! Finds the moment at which pods were described, from what a description says twice: as a time and as an age.

use jiff::{Timestamp, fmt::rfc2822};

use super::{describe::age::age, transcript::normalise};

/// Descriptions that are looked at; a median needs no more.
const MOST: usize = 200;

/// Times of the descriptions in a text, in its order.
///
/// A pod's `Start Time:` is when its node took it, which is within a second of its `Scheduled` event; the event's
/// age therefore tells when the text was printed. A `date` that a script prints last is later than that by
/// as long as the script ran.
pub(crate) fn described(text: &str) -> Vec<Timestamp> {
    let mut found = Vec::new();
    let mut started: Option<Timestamp> = None;
    for line in normalise(text).lines().map(str::trim_start) {
        if let Some(time) = line.strip_prefix("Start Time:") {
            started = rfc2822::parse(time.trim())
                .ok()
                .map(|time| time.timestamp());
        } else if line.starts_with("Name:") {
            started = None;
        } else if line.starts_with("Normal")
            && let Some(start) = started
            && let Some(now) = scheduled(line)
                .and_then(|age| Timestamp::from_second(start.as_second().checked_add(age)?).ok())
        {
            found.push(now);
            started = None;
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}

/// The age in seconds of a `Scheduled` event that happened once.
fn scheduled(line: &str) -> Option<i64> {
    let mut words = line.split_whitespace();
    let event = (words.next()?, words.next()?);
    let (seconds, unit) = age(words.next()?)?;
    let once = words.next().is_some_and(|word| !word.starts_with("(x"));
    (event == ("Normal", "Scheduled") && unit == 1 && once).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POD: &str = "Name:         web-0\nStart Time:   Thu, 08 Jan 2026 15:42:38 +0800\nEvents:\n  Type    Reason     Age   From               Message\n  Normal  Scheduled  107s  default-scheduler  Successfully assigned shop/web-0 to w1\n  Normal  Pulled     106s  kubelet            there\n";

    #[test]
    fn the_age_of_scheduling_tells_the_time() {
        assert_eq!(described(POD), ["2026-01-08T07:44:25Z".parse().unwrap()]);
        assert_eq!(described(&POD.replace('\n', "\r\n")).len(), 1);
        let quoted = format!("> {}", POD.trim_end().replace('\n', "\n> "));
        assert_eq!(described(&quoted), described(POD));
        // An age in minutes is too coarse, and a pod without a node has no start.
        assert_eq!(described(&POD.replace("107s ", "3m   ")), []);
        assert_eq!(described(&POD.replace("Start Time:", "Other Time:")), []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(Name: |Start Time: |  Normal  Scheduled  |[0-9]{1,20}s|\\PC|\n){0,40}") {
            prop_assert!(described(&text).len() <= MOST);
        }
    }
}
