//! Reads JSON into nodes with line numbers; a document that was cut off keeps the list items that were whole.
//!
//! `serde_json` knows neither lines nor half documents, and evidence needs both; it is the oracle in the tests.
//! Long lists are read in parallel; the result is that of one reader alone.

mod ahead;
mod reader;
mod scan;
#[cfg(test)]
mod tests;

use kubeyaml::Projection;

use self::{ahead::Budget, reader::Reader};
use crate::{node::Node, yaml::Reading};

/// Nesting beyond this is an attack.
const MAX_DEPTH: usize = 128;

/// Why and where reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Line from 1.
    pub line: u32,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads concatenated JSON documents. After an error nothing more is read.
pub fn read(text: &str) -> (Vec<Node>, Option<JsonError>) {
    documents(text, None, budget())
}

/// As [`read`], without the fields of objects that nobody wants: nothing inside them is built or checked.
pub fn read_with(text: &str, reading: &Reading) -> (Vec<Node>, Option<JsonError>) {
    documents(text, reading.fields.as_ref(), budget())
}

/// With one thread there is nothing to gain from reading ahead.
fn budget() -> Budget {
    if rayon::current_num_threads() > 1 {
        Budget::pieces_of(ahead::PIECE)
    } else {
        Budget::NONE
    }
}

fn documents(
    text: &str,
    fields: Option<&Projection>,
    ahead: Budget,
) -> (Vec<Node>, Option<JsonError>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(text, fields);
    reader.ahead = ahead;
    let mut documents = Vec::new();
    loop {
        reader.blank();
        if reader.at >= text.len() {
            return (documents, None);
        }
        match reader.value() {
            Ok(node) => documents.push(node),
            Err(what) => {
                let error = JsonError {
                    line: reader.line,
                    what,
                };
                documents.extend(reader.salvage());
                return (documents, Some(error));
            }
        }
    }
}
