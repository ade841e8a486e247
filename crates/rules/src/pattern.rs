//! A regex of a matcher, built when it is first asked: most of a run's patterns never meet a text.

use std::sync::OnceLock;

use regex::Regex;

/// A regex by its source.
#[derive(Debug, Clone)]
pub struct Lazy {
    source: String,
    built: OnceLock<Option<Regex>>,
}

impl PartialEq for Lazy {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Lazy {
    /// A regex that is known to be sound.
    pub(crate) fn trusted(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            built: OnceLock::new(),
        }
    }

    /// A regex that was built to see whether it is sound.
    pub(crate) fn built(regex: Regex) -> Self {
        Self {
            source: regex.as_str().to_owned(),
            built: OnceLock::from(Some(regex)),
        }
    }

    /// Its source.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The regex; none if it is unsound, which loading has ruled out.
    pub(crate) fn get(&self) -> Option<&Regex> {
        self.built
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
    }

    /// Names of its groups, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (at, _) in self.source.match_indices("(?") {
            let rest = self.source.get(at + 2..).unwrap_or("");
            let name = rest.strip_prefix('P').unwrap_or(rest).strip_prefix('<');
            let name = name.and_then(|rest| rest.split_once('>')).map(|it| it.0);
            names.extend(
                name.filter(|it| !it.starts_with(['=', '!']))
                    .map(str::to_owned),
            );
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_built_regex() {
        for source in [
            r"a(?P<x>b)(?<y_1>c)(?:d)(?i)e",
            "plain",
            r"(?i)x(?P<only>\d+)",
        ] {
            let lazy = Lazy::trusted(source);
            let regex = lazy.get().unwrap();
            let real: Vec<String> = regex.capture_names().flatten().map(str::to_owned).collect();
            assert_eq!(lazy.names(), real, "{source}");
        }
    }
}
