//! Reads ages as kubectl prints them, cut off at their unit, and says which tests of time they decide.

use coldcase_snapshot::packed::View;

use crate::rule::Test;

/// How long ago something was, in seconds; kubectl cuts off what is smaller than the last unit that it prints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Age {
    least: f64,
    below: f64,
}

impl Age {
    /// Reads a number of seconds; of which unit it was printed is not asked, so that it may be the largest.
    pub(super) fn of(printed: View<'_>) -> Option<Self> {
        let seconds = printed.as_str()?.parse::<i32>().ok()?;
        let units = [86_400, 3_600, 60];
        let unit = units.into_iter().find(|unit| seconds % unit == 0);
        let least = f64::from(seconds);
        let unit = unit.filter(|_| seconds > 0).unwrap_or(1);
        Some(Self {
            least,
            below: least + f64::from(unit),
        })
    }

    /// So long ago or longer.
    pub(super) fn at_least(seconds: i64) -> Self {
        Self {
            least: seconds as f64,
            below: f64::INFINITY,
        }
    }

    /// As new as anything that was captured.
    pub(super) fn none() -> Self {
        Self {
            least: 0.0,
            below: 1.0,
        }
    }

    /// Whether a test of how long ago something was holds; nothing if what was cut off decides, or for another test.
    pub(super) fn passes(self, test: &Test) -> Option<bool> {
        let (limit, newer) = match test {
            Test::NewerThan(seconds) => (*seconds, true),
            Test::OlderThan(seconds) => (*seconds, false),
            _ => return None,
        };
        if self.below <= limit {
            Some(newer)
        } else {
            (self.least > limit).then_some(!newer)
        }
    }

    /// Whether what was this long ago came after what was that long ago; nothing if what was cut off decides.
    pub(super) fn is_after(self, other: Self) -> Option<bool> {
        if self.below <= other.least {
            Some(true)
        } else {
            (self.least >= other.below).then_some(false)
        }
    }
}
