//! How the values of a field are to be read: what they count, whether text for people leaves some out, how old they are.

use coldcase_facts::{Entity, quantity, schema::Segment};
use coldcase_snapshot::{packed::View, units};

use super::{age::Age, number};
use crate::paths::{leaves_open, printed_age};

/// How values are to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    /// There may be values which the text leaves out.
    pub(super) open: bool,
    /// What they were read from is text for people.
    partial: bool,
    /// What they are.
    what: What,
    /// How long ago they were, as far as text for people prints it.
    pub(super) age: Option<Age>,
}

/// What values are, where that decides how they are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum What {
    #[default]
    Anything,
    /// Numbers of processors: `500m` is a half.
    Processors,
    /// Units, which hold for the components that they run.
    Units,
}

impl How {
    pub(crate) fn of(path: &[Segment]) -> Self {
        let last = path.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key),
            _ => None,
        });
        // Asked for each value of each object: nothing is allocated here.
        let processors = last.is_some_and(|key| {
            let mut parts = key.as_bytes().windows(3);
            parts.any(|part| part.eq_ignore_ascii_case(b"cpu"))
        });
        let what = match path {
            _ if processors => What::Processors,
            [Segment::Key(key)] if key == "unit" => What::Units,
            _ => What::Anything,
        };
        Self {
            what,
            ..Self::default()
        }
    }

    /// Whether a value is what is asked for.
    pub(super) fn is(self, text: &str, wanted: Option<&str>) -> bool {
        wanted.is_some_and(|it| it == text || self.what == What::Units && units::runs(text, it))
    }

    /// The same for values from text for people, which may leave some out.
    pub(super) fn of_text(self, open: bool) -> Self {
        Self {
            open,
            partial: true,
            ..self
        }
    }

    /// The same for the values of a field, of which text for people may leave some out; gives the age that is printed
    /// in place of a time.
    pub(crate) fn of_field<'e>(
        self,
        entity: &Entity<'e>,
        path: &[Segment],
        values: &[View<'_>],
    ) -> (Self, Option<View<'e>>) {
        if !entity.partial {
            let recent = asks_for(path, &["time"]) && is_last_undated(entity);
            let age = recent.then(Age::none);
            return (Self { age, ..self }, None);
        }
        let open = leaves_open(entity, path) && !stays(entity, path);
        let printed = printed_age(entity, path).filter(|_| open);
        let how = Self {
            age: printed.and_then(Age::of),
            ..self.of_text(open || is_unsure(path, values))
        };
        (how, printed)
    }

    /// The same for a time that is left out and lies back so many seconds or more.
    pub(super) fn at_least_aged(self, seconds: Option<i64>) -> Self {
        Self {
            age: seconds.map(Age::at_least),
            ..self
        }
    }

    /// The same for a value inside of one that was read like this, which may be `open`.
    pub(super) fn inside(self, outer: Self, open: impl FnOnce() -> bool) -> Self {
        Self {
            partial: outer.partial,
            open: outer.partial && open(),
            ..self
        }
    }

    pub(super) fn closed(self) -> Self {
        Self {
            open: false,
            age: None,
            ..self
        }
    }

    pub(super) fn number(self, text: &str) -> Option<f64> {
        if self.what == What::Processors {
            quantity::quantity(text).or_else(|| number(text))
        } else {
            number(text)
        }
    }
}

/// Whether a path is one of plain keys, these.
pub(super) fn asks_for(path: &[Segment], keys: &[&str]) -> bool {
    let mut both = path.iter().zip(keys);
    path.len() == keys.len()
        && both.all(|(part, key)| matches!(part, Segment::Key(it) if it == key))
}

/// Whether text for people shows an object that is not said to be on its way out: kubectl tells that of most kinds,
/// and of the others a fault is not left aside for the rare one that is.
fn stays(entity: &Entity<'_>, path: &[Segment]) -> bool {
    asks_for(path, &["metadata", "deletionTimestamp"])
        && entity.root().is_some_and(|root| {
            let shown = root.str_at(&["table", "status"]);
            shown != Some("Terminating") && shown != Some("Unknown")
        })
}

/// Whether nobody knows how a pod is of which text shows little: it may be what a rule asks for.
fn is_unsure(path: &[Segment], values: &[View<'_>]) -> bool {
    asks_for(path, &["health"]) && matches!(values, [value] if value.as_str() == Some("unknown"))
}

/// Lines at the end of a log without stamps that are taken for new: a program's last words.
const LAST_OF_LOG: i64 = 20;
/// The same of a journal or a kernel's buffer, which are read for what happened lately.
const LAST_OF_JOURNAL: i64 = 500;

/// Whether a line has no time and stands at the end of what was captured, so that it counts as new.
pub fn is_last_undated(entity: &Entity<'_>) -> bool {
    let most = match entity.kind {
        "LogLine" => LAST_OF_LOG,
        "JournalLine" => LAST_OF_JOURNAL,
        _ => return false,
    };
    entity.str_at(&["time"]).is_none()
        && entity
            .int_at(&["linesAfter"])
            .is_some_and(|after| after < most)
}
