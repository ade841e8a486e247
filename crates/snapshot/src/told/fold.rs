//! Folds what is said again and again of one object into one event, in bounded memory.

use std::collections::HashMap;

use coldcase_bundle::FileId;
use jiff::Timestamp;

use super::{Told, kubelet, node, probe};

/// Most events of one source.
const MOST: usize = 10_000;
/// Most events of one object and reason that differ in more than numbers: what comes after is counted with the last.
const SHAPES: usize = 8;
/// Bytes of a message: the API keeps as many.
const MESSAGE: usize = 1_024;
/// Most errors of pulls that are kept until it is known for whom.
const PULLS: usize = 256;
/// Digits that are no number but what tells two runs of the same apart (identifiers of sandboxes).
const RANDOM: usize = 20;

/// What a line says, with its place and its time.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) told: Told,
    pub(super) file: FileId,
    pub(super) line: u32,
    /// Further lines of it.
    pub(super) more_lines: u16,
    pub(super) time: Option<Timestamp>,
    /// The node whose kubelet says it; may be empty.
    pub(super) host: String,
}

/// One event: the newest of its lines, how many there were, and from when to when.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub(super) hit: Hit,
    pub(super) count: u64,
    pub(super) first: Option<Timestamp>,
    /// What tells it from others.
    pub(super) key: String,
}

impl Folded {
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.hit.time
    }

    /// Takes away times behind the capture: they are of a zone or a clock that nobody knows.
    pub(super) fn undate_after(&mut self, captured: Option<Timestamp>) {
        const DELAY: i64 = 900;
        let latest = captured.map(|captured| captured.as_second().saturating_add(DELAY));
        let behind = |time: &Timestamp| latest.is_some_and(|latest| time.as_second() > latest);
        if self.hit.time.as_ref().is_some_and(behind) {
            (self.hit.time, self.first) = (None, None);
        }
    }

    /// Adds what was said at another time.
    pub(super) fn add(&mut self, other: Self) {
        let newer = other.hit.time.is_none() || other.hit.time >= self.hit.time;
        self.first = match (self.first, other.first) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        if newer {
            self.hit = Hit {
                time: other.hit.time.or(self.hit.time),
                ..other.hit
            };
        }
    }
}

/// What one source says.
#[derive(Default)]
pub(super) struct Fold {
    pub(super) events: Vec<Folded>,
    places: HashMap<String, usize>,
    shapes: HashMap<String, usize>,
    /// Images that could not be pulled, by why.
    pulls: Vec<(String, String)>,
    /// What a node lacked last.
    reclaimed: Option<(String, String)>,
}

impl Fold {
    /// An image that could not be pulled, and why, before it is said for whom.
    pub(super) fn pull(&mut self, error: &str, image: &str) {
        let known = self.pulls.iter().any(|(known, _)| known == error);
        if !known && self.pulls.len() < PULLS {
            self.pulls.push((cut(error).to_owned(), image.to_owned()));
        }
    }

    /// Adds what a line says.
    pub(super) fn add(&mut self, mut hit: Hit) {
        if hit.told.about.kind == "Node" && hit.told.about.name.is_empty() {
            hit.host.clone_into(&mut hit.told.about.name);
        }
        if hit.told.about.name.is_empty() || !self.complete(&mut hit) {
            return;
        }
        let bounded = cut(&hit.told.message).len();
        hit.told.message.truncate(bounded);
        let key = self.key(&hit);
        let folded = Folded {
            count: 1,
            first: hit.time,
            key: key.clone(),
            hit,
        };
        if let Some(known) = self
            .places
            .get(&key)
            .and_then(|at| self.events.get_mut(*at))
        {
            // A step that fails is logged by who took it and by who asked for it.
            let again = !folded.hit.told.recorded && is_same_second(known, &folded);
            known.count += u64::from(!again);
            known.add(folded);
        } else if self.events.len() < MOST {
            self.places.insert(key, self.events.len());
            self.events.push(folded);
        }
    }

    /// Adds what the lines before say; whether it is an event at all.
    fn complete(&mut self, hit: &mut Hit) -> bool {
        let told = &mut hit.told;
        match told.reason.as_str() {
            "EvictionThresholdMet" if !told.recorded => {
                let resource = told.message.strip_prefix(node::RECLAIM).unwrap_or("");
                self.reclaimed = Some((hit.host.clone(), resource.to_owned()));
                true
            }
            "Evicted" if told.message.is_empty() => {
                let lacked = self
                    .reclaimed
                    .as_ref()
                    .filter(|(host, _)| *host == hit.host);
                told.message = match lacked {
                    Some((_, resource)) => format!("The node was low on resource: {resource}. "),
                    None => "The node was low on resources.".to_owned(),
                };
                true
            }
            // Of a container that ends for a reason, the reason was said just before.
            "Killing" if !told.recorded && told.message.starts_with(probe::STOPPING) => {
                let about = told.about.clone();
                let ends = |known: &Folded| {
                    let other = &known.hit.told;
                    other.reason == "Killing"
                        && other.about.is_same_part(&about)
                        && !other.message.starts_with(probe::STOPPING)
                        && is_near(known.last(), hit.time)
                };
                !self.events.iter().rev().take(SHAPES * 8).any(ends)
            }
            _ => true,
        }
    }

    fn key(&mut self, hit: &Hit) -> String {
        let told = &hit.told;
        let about = &told.about;
        let object = [
            about.kind.as_str(),
            about.namespace.as_str(),
            about.name.as_str(),
            about.uid.as_str(),
            about.field_path.as_str(),
            told.reason.as_str(),
        ]
        .join("/");
        let shape = if told.recorded {
            told.message.clone()
        } else {
            shape(&told.message)
        };
        let key = format!("{object}/{shape}");
        if self.places.contains_key(&key) {
            return key;
        }
        let shapes = self.shapes.entry(object.clone()).or_default();
        if *shapes < SHAPES {
            *shapes += 1;
            return key;
        }
        format!("{object}/…")
    }

    /// All events, with the images of pulls that failed.
    pub(super) fn finish(mut self) -> Vec<Folded> {
        let mut images: HashMap<String, String> = HashMap::new();
        for event in &self.events {
            let told = &event.hit.told;
            if told.reason == "BackOff"
                && let Some(image) = kubelet::image_of(&told.message)
            {
                images.insert(told.about.part(), image.to_owned());
            }
        }
        for event in &mut self.events {
            let told = &mut event.hit.told;
            let Some(why) = told.message.strip_prefix(kubelet::PULL) else {
                continue;
            };
            let by_error = || {
                let known = self.pulls.iter().find(|(error, _)| error == why);
                known.map(|(_, image)| image.clone())
            };
            let of_part = images.get(&told.about.part()).cloned();
            let named = || kubelet::image_of(why).map(str::to_owned);
            if let Some(image) = of_part.or_else(by_error).or_else(named) {
                told.message = format!("Failed to pull image \"{image}\": {why}");
            }
        }
        self.events
    }
}

fn is_same_second(known: &Folded, new: &Folded) -> bool {
    is_near(known.last(), new.hit.time)
}

fn is_near(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.as_second().abs_diff(other.as_second()) <= 1,
        _ => false,
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// A message without what differs each time: numbers, durations, identifiers.
fn shape(message: &str) -> String {
    let mut shape = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, after) = match end.unwrap_or(rest.len()) {
            0 => rest.split_at(c.len_utf8()),
            end => rest.split_at(end),
        };
        let differs = is_number(word) || is_random(word);
        shape.push_str(if differs { "#" } else { word });
        rest = after;
    }
    shape
}

/// A number or a duration.
fn is_number(word: &str) -> bool {
    let unit = |c: char| matches!(c, 'h' | 'm' | 's' | 'n' | 'u');
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || unit(c))
}

fn is_random(word: &str) -> bool {
    word.len() >= RANDOM && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, message: &str) -> Hit {
        Hit {
            told: Told::of_pod(("shop", "web-1", "u"), "Odd", message.to_owned()),
            file: FileId(0),
            line: u32::try_from(second).unwrap(),
            more_lines: 0,
            time: Timestamp::from_second(second).ok(),
            host: "w1".to_owned(),
        }
    }

    #[test]
    fn repeats_are_one_event() {
        let mut fold = Fold::default();
        for second in [10, 20, 30] {
            fold.add(at(
                second,
                &format!("back-off {second}m0s of 0123456789abcdef0123{second} a-{second}"),
            ));
        }
        fold.add(at(31, "other"));
        let events = fold.finish();
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].count, events[0].hit.line), (3, 30));
        assert_eq!(events[0].first, Timestamp::from_second(10).ok());
    }

    #[test]
    fn what_never_ends_is_bounded() {
        let mut fold = Fold::default();
        for second in 0..100_i64 {
            let word: String = "x".repeat(usize::try_from(second).unwrap());
            fold.add(at(second * 10, &word));
        }
        let events = fold.finish();
        assert_eq!(events.len(), SHAPES + 1);
        assert_eq!(events.iter().map(|event| event.count).sum::<u64>(), 100);
        let mut fold = Fold::default();
        fold.add(at(1, &"é".repeat(4_000)));
        assert!(fold.finish()[0].hit.told.message.len() <= MESSAGE);
    }

    #[test]
    fn shapes_have_no_numbers() {
        assert_eq!(
            shape("a 5m0s b-12 web1 [10.0.0.1]"),
            "a # b-# web1 [#.#.#.#]"
        );
        assert_eq!(shape("é 9"), "é #");
    }
}
