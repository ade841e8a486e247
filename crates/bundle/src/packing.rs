//! Makes a file of lines that were taken out of others; it lies packed like those that were captured.

use std::sync::{Arc, OnceLock};

use crate::{
    File,
    block::Body,
    content::{Content, Mark, Store},
    cut::BLOCK,
};

/// A file being put together line by line.
#[derive(Debug, Default)]
pub struct Packing {
    text: String,
    marks: Vec<Mark>,
    bodies: Vec<Body>,
    /// Lines and bytes in the blocks that are done.
    lines: u32,
    bytes: u64,
    /// Lines in `text`.
    open: u32,
}

impl Packing {
    /// Adds a line; line ends within it are blanks.
    pub fn push(&mut self, line: &str) {
        if line.contains(['\n', '\r']) {
            self.text.push_str(&line.replace(['\n', '\r'], " "));
        } else {
            self.text.push_str(line);
        }
        self.text.push('\n');
        self.open = self.open.saturating_add(1);
        if self.text.len() >= BLOCK {
            self.close();
        }
    }

    /// Lines so far.
    pub fn line_count(&self) -> u32 {
        self.lines.saturating_add(self.open)
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.marks.push(Mark {
            line: self.lines.saturating_add(1),
            raw: self.bytes,
            text: self.bytes,
        });
        self.bytes += text.len() as u64;
        self.lines = self.lines.saturating_add(std::mem::take(&mut self.open));
        self.bodies.push(Body::packed(&text));
    }

    /// The file.
    pub fn finish(mut self, path: &str) -> File {
        let content = if self.bodies.is_empty() {
            Content::held(self.text)
        } else {
            if !self.text.is_empty() {
                self.close();
            }
            Content {
                store: Store::Blocks(self.bodies),
                marks: self.marks,
                pages: Vec::new(),
                raw_len: self.bytes,
                text_len: self.bytes,
                lines: self.lines,
                line_limit: usize::MAX,
                late: OnceLock::new(),
            }
        };
        File {
            path: path.to_owned(),
            bytes: content.text_len,
            binary: false,
            content: Arc::new(content),
            cache: Arc::default(),
            key: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again_in_short_and_long_files() {
        for count in [1_u32, 3, 60_000] {
            let mut packing = Packing::default();
            for number in 1..=count {
                packing.push(&format!("line {number}\nof many"));
            }
            assert_eq!(packing.line_count(), count);
            let file = packing.finish("a/b.log");
            assert_eq!((file.name(), file.line_count()), ("b.log", count));
            assert_eq!(file.line(count), format!("line {count} of many"));
            let text = file.text();
            assert_eq!(text.len() as u64, file.bytes);
            assert_eq!(text.lines().count(), count as usize);
            let all: String = file.chunks().map(|chunk| chunk.text.into_cow()).collect();
            assert_eq!(all, text);
            assert!(
                file.tail(2)
                    .text
                    .ends_with(&format!("line {count} of many\n"))
            );
        }
    }
}
