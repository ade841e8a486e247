//! Reads JSON into nodes with line numbers; a document that was cut off keeps the list items that were whole.
//!
//! `serde_json` knows neither lines nor half documents, and evidence needs both; it is the oracle in the tests.

use compact_str::CompactString;

use crate::node::{Node, Value};

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
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
        stack: Vec::new(),
    };
    let mut documents = Vec::new();
    loop {
        reader.blank();
        if reader.at >= reader.bytes.len() {
            return (documents, None);
        }
        match reader.document() {
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

enum Frame {
    Seq(Vec<Node>, u32),
    Map(Vec<(CompactString, Node)>, CompactString, u32),
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    line: u32,
    stack: Vec<Frame>,
}

type Step<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn blank(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Step<u8> {
        self.blank();
        self.bytes
            .get(self.at)
            .copied()
            .ok_or("the file ends in the middle of a value")
    }

    fn document(&mut self) -> Step<Node> {
        loop {
            // A value begins here.
            let mut done = match self.peek()? {
                b'{' => self.open_map()?,
                b'[' => self.open_seq()?,
                _ => Some(self.scalar()?),
            };
            // Close everything that this value completes.
            while let Some(node) = done.take() {
                let Some(frame) = self.stack.last_mut() else {
                    return Ok(node);
                };
                match frame {
                    Frame::Seq(items, _) => items.push(node),
                    Frame::Map(entries, key, _) => entries.push((std::mem::take(key), node)),
                }
                done = self.next_or_close()?;
            }
        }
    }

    fn deeper(&mut self, frame: Frame) -> Step<()> {
        if self.stack.len() >= MAX_DEPTH {
            return Err("nested too deeply");
        }
        self.stack.push(frame);
        Ok(())
    }

    fn open_map(&mut self) -> Step<Option<Node>> {
        let line = self.line;
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Some(Node {
                value: Value::Map(Vec::new()),
                line,
                more_lines: 0,
            }));
        }
        self.deeper(Frame::Map(Vec::new(), CompactString::const_new(""), line))?;
        self.key()?;
        Ok(None)
    }

    fn open_seq(&mut self) -> Step<Option<Node>> {
        let line = self.line;
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Some(Node {
                value: Value::Seq(Vec::new()),
                line,
                more_lines: 0,
            }));
        }
        self.deeper(Frame::Seq(Vec::new(), line))?;
        Ok(None)
    }

    /// After an element: a comma (and for a mapping the next key), or the end of the container.
    fn next_or_close(&mut self) -> Step<Option<Node>> {
        let byte = self.peek()?;
        let in_map = matches!(self.stack.last(), Some(Frame::Map(..)));
        match (byte, in_map) {
            (b',', true) => {
                self.at += 1;
                self.key()?;
                Ok(None)
            }
            (b',', false) => {
                self.at += 1;
                self.peek()?;
                Ok(None)
            }
            (b'}', true) | (b']', false) => {
                self.at += 1;
                Ok(self.stack.pop().map(finish))
            }
            _ => Err("expected a comma or the end of a list or object"),
        }
    }

    fn key(&mut self) -> Step<()> {
        if self.peek()? != b'"' {
            return Err("expected a key in quotes");
        }
        let text = self.string()?;
        if self.peek()? != b':' {
            return Err("expected a colon after a key");
        }
        self.at += 1;
        if let Some(Frame::Map(_, key, _)) = self.stack.last_mut() {
            *key = text;
        }
        Ok(())
    }

    fn scalar(&mut self) -> Step<Node> {
        let line = self.line;
        if self.peek()? == b'"' {
            let text = self.string()?;
            return Ok(Node {
                value: Value::Scalar { text, plain: false },
                line,
                more_lines: 0,
            });
        }
        let from = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
        {
            self.at += 1;
        }
        let text = self.text.get(from..self.at).unwrap_or("");
        let value = match text {
            "null" => Value::Null,
            "true" | "false" => Value::Scalar {
                text: text.into(),
                plain: true,
            },
            _ if text.parse::<f64>().is_ok() => Value::Scalar {
                text: text.into(),
                plain: true,
            },
            _ => return Err("expected a value"),
        };
        Ok(Node {
            value,
            line,
            more_lines: 0,
        })
    }

    fn string(&mut self) -> Step<CompactString> {
        self.at += 1;
        let mut out: Option<String> = None;
        let mut from = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let offset =
                memchr::memchr2(b'"', b'\\', rest).ok_or("the file ends inside a string")?;
            let newlines = memchr::memchr_iter(b'\n', rest.get(..offset).unwrap_or(&[])).count();
            self.line += u32::try_from(newlines).unwrap_or(0);
            self.at += offset;
            let piece = self.text.get(from..self.at).ok_or("broken string")?;
            if self.bytes.get(self.at) == Some(&b'"') {
                self.at += 1;
                return Ok(match out {
                    None => piece.into(),
                    Some(mut text) => {
                        text.push_str(piece);
                        text.into()
                    }
                });
            }
            let text = out.get_or_insert_default();
            text.push_str(piece);
            let escaped = self.escape()?;
            out.get_or_insert_default().push(escaped);
            from = self.at;
        }
    }

    fn escape(&mut self) -> Step<char> {
        let code = self
            .bytes
            .get(self.at + 1)
            .copied()
            .ok_or("the file ends inside a string")?;
        self.at += 2;
        Ok(match code {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => self.unicode()?,
            b'"' | b'\\' | b'/' => code as char,
            _ => return Err("unknown escape in a string"),
        })
    }

    fn unicode(&mut self) -> Step<char> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
        {
            let back = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Step<u32> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .ok_or("the file ends inside a string")?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| "bad \\u escape in a string")
    }

    /// What was whole when the text broke off: complete members of the outer object and of its list.
    fn salvage(&mut self) -> Option<Node> {
        let mut frames = std::mem::take(&mut self.stack).into_iter();
        let outer = frames.next()?;
        match outer {
            Frame::Map(mut entries, key, line) => {
                if let Some(Frame::Seq(items, at)) = frames.next() {
                    entries.push((
                        key,
                        Node {
                            value: Value::Seq(items),
                            line: at,
                            more_lines: 0,
                        },
                    ));
                }
                Some(Node {
                    value: Value::Map(entries),
                    line,
                    more_lines: 0,
                })
            }
            Frame::Seq(items, line) => Some(Node {
                value: Value::Seq(items),
                line,
                more_lines: 0,
            }),
        }
    }
}

fn finish(frame: Frame) -> Node {
    match frame {
        Frame::Seq(items, line) => Node {
            value: Value::Seq(items),
            line,
            more_lines: 0,
        },
        Frame::Map(entries, _, line) => Node {
            value: Value::Map(entries),
            line,
            more_lines: 0,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(node: &Node, value: &serde_json::Value) -> bool {
        match (&node.value, value) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Scalar { text, plain: false }, serde_json::Value::String(other)) => {
                text == other
            }
            (Value::Scalar { text, plain: true }, serde_json::Value::Bool(other)) => {
                text == other.to_string()
            }
            (Value::Scalar { text, plain: true }, serde_json::Value::Number(other)) => {
                text.parse::<f64>().ok() == other.as_f64()
            }
            (Value::Seq(items), serde_json::Value::Array(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(a, b)| same(a, b))
            }
            (Value::Map(entries), serde_json::Value::Object(others)) => {
                entries.len() == others.len()
                    && entries.iter().all(|(key, node)| {
                        others
                            .get(key.as_str())
                            .is_some_and(|other| same(node, other))
                    })
            }
            _ => false,
        }
    }

    #[test]
    fn lines_escapes_and_several_documents() {
        let (documents, error) =
            read("{\n \"a\": [1,\n  {\"b\": \"x\\n\\u00e9\\ud83d\\ude00\"}]\n}\n{}");
        assert_eq!(error, None);
        assert_eq!(documents.len(), 2);
        let b = documents[0].get("a").unwrap().items()[1].get("b").unwrap();
        assert_eq!((b.line, b.as_str()), (3, Some("x\né😀")));
    }

    #[test]
    fn a_cut_list_keeps_its_whole_items() {
        let (documents, error) =
            read("{\"kind\":\"PodList\",\n\"items\":[{\"n\":1},\n{\"n\":2},{\"n\":");
        assert!(error.is_some());
        assert_eq!(documents[0].str_at(&["kind"]), Some("PodList"));
        assert_eq!(documents[0].items_at(&["items"]).len(), 2);
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused() {
        assert_eq!(
            read(&"[".repeat(100_000)).1.map(|e| e.what),
            Some("nested too deeply")
        );
    }

    fn arbitrary() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            "\\PC*".prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn equals_serde_json(value in arbitrary(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let (documents, error) = read(&text);
            prop_assert_eq!(error, None);
            prop_assert!(same(&documents[0], &value));
        }

        #[test]
        fn cut_anywhere_is_an_error_or_a_document(value in arbitrary(), cut in 0_usize..1000) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let mut at = text.len() * cut / 1000;
            while !text.is_char_boundary(at) { at -= 1; }
            let _ = read(text.get(..at).unwrap());
        }
    }
}
