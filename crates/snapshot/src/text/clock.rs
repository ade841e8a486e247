//! Finds the moment at which objects were described, from what a description says twice: as a time and as an age.

use jiff::{Timestamp, fmt::rfc2822};

use super::{calls, describe::age::age, transcript::normalise};

/// Descriptions that are looked at; a median needs no more.
const MOST: usize = 200;

/// Times of the descriptions in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    /// To the second, in the text's order.
    pub exact: Vec<Timestamp>,
    /// The latest moment that descriptions were surely not printed before.
    pub least: Option<Timestamp>,
}

/// The time at which an object began, as its description says.
#[derive(Debug, Clone, Copy)]
struct Start {
    time: Timestamp,
    /// Blanks before the field.
    indent: usize,
    /// When a node took a pod or a controller a job, not when an object was created.
    taken: bool,
}

/// Times of the descriptions in a text.
///
/// A pod's `Start Time:` is when its node took it, which is within a second of its `Scheduled` event; the event's
/// age therefore tells when the text was printed. A `date` that a script prints last is later than that by
/// as long as the script ran. Ages in whole minutes, and those of what happened some time after an object began,
/// only tell before when it was not printed.
pub(crate) fn described(text: &str) -> Described {
    let outputs = calls::text(text);
    let text = outputs.as_deref().unwrap_or(text);
    let mut found = Described::default();
    let mut start: Option<Start> = None;
    for line in normalise(text).lines() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if let Some(began) = begins(body, indent) {
            start = Some(began);
        } else if body.starts_with("Name:") {
            // Volumes have names, too, which stand further right.
            start = start.filter(|start| indent > start.indent);
        } else if let Some(began) = start
            && let Some(event) = Row::read(body, began.taken)
            && let Some(now) = began.time.as_second().checked_add(event.age)
            && let Ok(now) = Timestamp::from_second(now)
        {
            if event.exact {
                found.exact.push(now);
                start = None;
            } else {
                found.least = found.least.max(Some(now));
            }
            if found.exact.len() == MOST {
                break;
            }
        }
    }
    found
}

/// What begins at the time that a line says.
fn begins(body: &str, indent: usize) -> Option<Start> {
    let (field, time) = body.split_once(':')?;
    let taken = match field {
        "Start Time" => true,
        "CreationTimestamp" => false,
        _ => return None,
    };
    let time = rfc2822::parse(time.trim()).ok()?.timestamp();
    Some(Start {
        time,
        indent,
        taken,
    })
}

/// An event of a description that cannot be older than the object's start.
struct Row {
    /// Seconds.
    age: i64,
    /// It happened when the object began, and its age is to the second.
    exact: bool,
}

impl Row {
    /// `Normal  Scheduled  107s  default-scheduler …`
    fn read(body: &str, taken: bool) -> Option<Self> {
        if !body.starts_with("Normal") && !body.starts_with("Warning") {
            return None;
        }
        let mut words = body.split_whitespace().skip(1);
        let (reason, printed) = (words.next()?, words.next()?);
        let (seconds, unit) = age(printed)?;
        let next = words.next()?;
        let once = !next.starts_with("(x");
        let from = if once {
            next
        } else {
            words.find(|word| word.ends_with(')'))?;
            words.next()?
        };
        let scheduled = reason == "Scheduled";
        // A scheduler speaks of a pod before any node has taken it.
        let after = scheduled || matches!(from.trim_end_matches(','), "kubelet" | "job-controller");
        (after || !taken).then_some(Self {
            age: seconds,
            exact: taken && scheduled && once && unit == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POD: &str = "Name:         web-0\nStart Time:   Thu, 08 Jan 2026 15:42:38 +0800\nVolumes:\n  conf:\n    Type:    ConfigMap (a volume populated by a ConfigMap)\n    Name:    web\nEvents:\n  Type    Reason     Age   From               Message\n  Normal  Scheduled  107s  default-scheduler  Successfully assigned shop/web-0 to w1\n  Normal  Pulled     106s  kubelet            there\n";

    fn exact(text: &str) -> Vec<Timestamp> {
        described(text).exact
    }

    fn least(text: &str) -> Option<String> {
        described(text).least.map(|time| time.to_string())
    }

    #[test]
    fn the_age_of_scheduling_tells_the_time() {
        assert_eq!(exact(POD), ["2026-01-08T07:44:25Z".parse().unwrap()]);
        assert_eq!(exact(&POD.replace('\n', "\r\n")).len(), 1);
        let quoted = format!("> {}", POD.trim_end().replace('\n', "\n> "));
        assert_eq!(described(&quoted), described(POD));
        // A pod without a node has no start.
        let pending = POD.replace("Start Time:", "Other Time:");
        assert_eq!(described(&pending), Described::default());
        assert_eq!(
            described(&format!("{}{pending}", POD.replace("Scheduled", "Other"))).exact,
            []
        );
    }

    #[test]
    fn coarse_ages_tell_the_least() {
        let coarse = POD.replace("107s ", "3m   ").replace("106s ", "3m   ");
        assert_eq!(exact(&coarse), []);
        assert_eq!(least(&coarse).as_deref(), Some("2026-01-08T07:45:38Z"));
        // What happened again did not happen at the start, but not before it either.
        let again = POD
            .replace("107s ", "9s (x3 over 107s) ")
            .replace("106s", "8s");
        assert_eq!(
            (exact(&again).len(), least(&again).as_deref()),
            (0, Some("2026-01-08T07:42:47Z"))
        );
        // A scheduler that found no room spoke before there was a start.
        let refused = POD
            .replace("Scheduled ", "FailedScheduling ")
            .replace("106s", "8s");
        assert_eq!(least(&refused).as_deref(), Some("2026-01-08T07:42:46Z"));
    }

    #[test]
    fn jobs_and_what_was_created_tell_the_least() {
        let job = "Name:           import\nStart Time:     Thu, 08 Jan 2026 15:42:38 +0800\nEvents:\n  Normal  SuccessfulCreate  47s   job-controller  Created pod: import-x7k2m\n";
        assert_eq!(least(job).as_deref(), Some("2026-01-08T07:43:25Z"));
        let created = job
            .replace("Start Time: ", "CreationTimestamp:")
            .replace("job-c", "deployment-c");
        assert_eq!(least(&created).as_deref(), Some("2026-01-08T07:43:25Z"));
        assert_eq!(exact(&created), []);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(Name: |Start Time: |  Normal  Scheduled  |[0-9]{1,20}s|\\PC|\n){0,40}") {
            prop_assert!(described(&text).exact.len() <= MOST);
        }
    }
}
