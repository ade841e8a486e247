//! Masks what looks like a secret in the text that clusters write, line for line.
//!
//! Text in, text out: no files, no clock, no randomness. The key of the pseudonyms is given from
//! outside; with a random one that is thrown away, nobody can tell from a mask what it hides,
//! and equal values still have equal masks. Each line of the input is one line of the output, so
//! what was cited by file and line stays where it was.
//!
//! A text is read twice: [`Plan`] finds what only later lines explain (the `kind: Secret` that
//! follows its `data`, the name of a variable that follows its value, the end of a private key
//! whose begin was cut off), then [`FileMasker`] masks.
//!
//! ```
//! let redactor = redact::Redactor::new(&[7; 32]);
//! let (text, counts) = redactor.text("url: postgres://app:hunter2@db/shop\n");
//! assert!(text.starts_with("url: postgres://app:<masked:url-password:"));
//! assert!(text.ends_with(">@db/shop\n"));
//! assert_eq!(counts.get("url-password"), Some(&1));
//! ```

mod base64;
mod flow;
mod idle;
mod json;
mod key;
mod machine;
mod pairs;
mod pem;
mod plan;
mod shapes;
mod span;
mod structure;
mod tables;
mod url;
mod value;
mod words;
mod yaml;

use std::collections::BTreeMap;

pub use machine::FileMasker;
pub use plan::Plan;

/// How many values of each kind were masked. A kind is a short word such as `password` or `jwt`.
pub type Counts = BTreeMap<&'static str, u64>;

/// Masks texts; equal values have equal masks in everything that one redactor masks.
#[derive(Debug, Clone)]
pub struct Redactor {
    names: key::Pseudonyms,
}

impl Redactor {
    /// A redactor whose pseudonyms depend on this key. Whoever has the key can test guesses:
    /// take it from a source of randomness and do not keep it.
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            names: key::Pseudonyms::new(key),
        }
    }

    /// Masks one text line by line. `plan` has seen all of it.
    pub fn file(&self, plan: Plan) -> FileMasker<'_> {
        FileMasker::new(&self.names, plan, 0)
    }

    /// Masks a text that is in memory as a whole.
    pub fn text(&self, text: &str) -> (String, Counts) {
        let mut out = String::with_capacity(text.len());
        let mut masker = self.file(Plan::of(text));
        masker.mask(text, &mut out);
        (out, masker.into_counts())
    }
}

#[cfg(test)]
mod tests;
