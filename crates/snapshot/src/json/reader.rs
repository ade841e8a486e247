//! Reads JSON from the first byte to the last, with line numbers, and keeps what was whole when the text breaks off.
//!
//! Values under construction lie on two stacks that all containers share, so that a finished list or
//! object is one allocation of the right size.

use compact_str::CompactString;
use kubeyaml::Projection;

use super::{
    MAX_DEPTH,
    scan::{self, Step},
};
use crate::node::{Key, Node, Value};

/// A list or object that is not complete yet.
struct Frame<'p> {
    list: bool,
    /// A key without its value is on the stack of entries.
    open: bool,
    /// Where its elements begin on the stack of nodes or entries.
    start: usize,
    line: u32,
    fields: Option<&'p Projection>,
}

/// A place in a text, and what was read before it.
pub(super) struct Reader<'t, 'p> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) line: u32,
    /// Lists and objects around the text that this reader sees.
    pub(super) outside: usize,
    /// What is wanted of the next value; all if `None`.
    pub(super) fields: Option<&'p Projection>,
    /// What reading ahead in parallel is still worth.
    pub(super) ahead: super::ahead::Budget,
    stack: Vec<Frame<'p>>,
    nodes: Vec<Node>,
    entries: Vec<(Key, Node)>,
}

impl<'t, 'p> Reader<'t, 'p> {
    pub(super) fn new(text: &'t str, fields: Option<&'p Projection>) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            outside: 0,
            fields,
            ahead: super::ahead::Budget::NONE,
            stack: Vec::new(),
            nodes: Vec::new(),
            entries: Vec::new(),
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over white space.
    #[inline]
    pub(super) fn blank(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                    // Indents are long and of blanks.
                    while bytes
                        .get(self.at..)
                        .is_some_and(|rest| rest.starts_with(b"        "))
                    {
                        self.at += 8;
                    }
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ => return,
            }
        }
    }

    /// The next byte that is no white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Step<u8> {
        self.blank();
        self.byte().ok_or(scan::ENDS_IN_VALUE)
    }

    /// Reads one value with everything in it.
    pub(super) fn value(&mut self) -> Step<Node> {
        let root = self.fields.filter(|fields| !fields.is_whole());
        let mut fields = root;
        loop {
            // A value begins here.
            let mut done = match self.peek()? {
                b'{' => self.open_map(fields)?,
                b'[' => self.open_seq(fields)?,
                b'"' => Some(self.quoted()?),
                _ => Some(self.plain()?),
            };
            // Close everything that this value completes.
            while let Some(node) = done {
                let Some(frame) = self.stack.last_mut() else {
                    self.fields = root;
                    return Ok(node);
                };
                if frame.list {
                    self.nodes.push(node);
                } else if let Some((_, value)) = self.entries.last_mut() {
                    frame.open = false;
                    *value = node;
                }
                done = self.next_or_close()?;
            }
            fields = self.fields;
        }
    }

    fn deeper(&mut self, list: bool, line: u32, fields: Option<&'p Projection>) -> Step<()> {
        if self.stack.len() + self.outside >= MAX_DEPTH {
            return Err("nested too deeply");
        }
        self.stack.push(Frame {
            list,
            open: false,
            start: if list {
                self.nodes.len()
            } else {
                self.entries.len()
            },
            line,
            fields,
        });
        self.fields = fields;
        Ok(())
    }

    /// How many lists and objects are around this place.
    pub(super) fn depth(&self) -> usize {
        self.stack.len() + self.outside
    }

    /// Adds elements of the list at this place that were read elsewhere.
    pub(super) fn adopt(&mut self, items: Vec<Node>) {
        self.nodes.extend(items);
    }

    fn open_map(&mut self, fields: Option<&'p Projection>) -> Step<Option<Node>> {
        let line = self.line;
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Some(node(Value::Map(Box::default()), line)));
        }
        self.deeper(false, line, fields)?;
        self.key()
    }

    fn open_seq(&mut self, fields: Option<&'p Projection>) -> Step<Option<Node>> {
        let line = self.line;
        let opened = self.at;
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Some(node(Value::Seq(Box::default()), line)));
        }
        self.deeper(true, line, fields)?;
        if self.read_ahead(opened) {
            return self.next_or_close();
        }
        Ok(None)
    }

    /// After an element: a comma (and for a mapping the next key), or the end of the container.
    fn next_or_close(&mut self) -> Step<Option<Node>> {
        let byte = self.peek()?;
        let (list, fields) = self
            .stack
            .last()
            .map_or((true, None), |frame| (frame.list, frame.fields));
        match (byte, list) {
            (b',', false) => {
                self.at += 1;
                self.key()
            }
            (b',', true) => {
                self.at += 1;
                self.fields = fields;
                self.peek()?;
                Ok(None)
            }
            (b'}', false) | (b']', true) => {
                self.at += 1;
                Ok(self.close())
            }
            _ => Err("expected a comma or the end of a list or object"),
        }
    }

    fn close(&mut self) -> Option<Node> {
        let frame = self.stack.pop()?;
        let value = if frame.list {
            Value::Seq(self.nodes.drain(frame.start..).collect())
        } else {
            Value::Map(self.entries.drain(frame.start..).collect())
        };
        Some(node(value, frame.line))
    }

    /// Reads keys up to one whose value is wanted; gives the object if none is left.
    fn key(&mut self) -> Step<Option<Node>> {
        loop {
            if self.peek()? != b'"' {
                return Err("expected a key in quotes");
            }
            let key = self.string()?;
            if self.peek()? != b':' {
                return Err("expected a colon after a key");
            }
            self.at += 1;
            let root = self.depth() == 1;
            let Some(frame) = self.stack.last_mut() else {
                return Err("expected a value");
            };
            let Some(fields) = frame.fields else {
                frame.open = true;
                self.fields = None;
                self.entries.push((key.into(), Node::default()));
                return Ok(None);
            };
            // A list is no object: what is wanted is wanted of its items.
            let items = root && key == "items";
            let wanted = fields.field(&key);
            let wanted = if items && self.peek()? == b'[' {
                Some(fields)
            } else {
                wanted
            };
            if let Some(wanted) = wanted {
                self.fields = Some(wanted).filter(|wanted| !wanted.is_whole());
                if let Some(frame) = self.stack.last_mut() {
                    frame.open = true;
                }
                self.entries.push((key.into(), Node::default()));
                return Ok(None);
            }
            self.leave_out()?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(self.close());
                }
                _ => return Err("expected a comma or the end of a list or object"),
            }
        }
    }

    /// Steps over a value that nobody wants; of what is inside only brackets and quotes are looked at.
    fn leave_out(&mut self) -> Step<()> {
        let opening = self.peek()?;
        if !matches!(opening, b'{' | b'[' | b'"') {
            return self.plain().map(drop);
        }
        let bytes = self.text.as_bytes();
        let end = scan::value_end(bytes, self.at)?;
        let skipped = bytes.get(self.at..end).unwrap_or(&[]);
        self.line += scan::newlines(skipped);
        self.at = end;
        Ok(())
    }

    fn quoted(&mut self) -> Step<Node> {
        let line = self.line;
        let text = self.string()?;
        Ok(node(Value::Scalar { text }, line))
    }

    /// A value without quotes.
    fn plain(&mut self) -> Step<Node> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let length = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
            .count();
        let text = self.text.get(self.at..self.at + length).unwrap_or("");
        self.at += length;
        let value = match text {
            "null" => Value::Null,
            "true" | "false" => Value::Scalar { text: text.into() },
            _ if is_digits(text) || text.parse::<f64>().is_ok() => {
                Value::Scalar { text: text.into() }
            }
            _ => return Err("expected a value"),
        };
        Ok(Node {
            plain: !matches!(value, Value::Null),
            ..node(value, self.line)
        })
    }

    #[inline]
    fn string(&mut self) -> Step<CompactString> {
        self.at += 1;
        let from = self.at;
        let bytes = self.text.as_bytes();
        self.at = scan::string_stop(bytes, from);
        if self.byte() == Some(b'"') {
            let piece = self.text.get(from..self.at).ok_or("broken string")?;
            self.at += 1;
            return Ok(piece.into());
        }
        self.escaped_string(from)
    }

    /// A string with escapes or line breaks in it, from `from`; nothing needs a look before this place.
    fn escaped_string(&mut self, mut from: usize) -> Step<CompactString> {
        let mut out = String::new();
        loop {
            match self.byte().ok_or(scan::ENDS_IN_STRING)? {
                b'"' => {
                    out.push_str(self.text.get(from..self.at).ok_or("broken string")?);
                    self.at += 1;
                    return Ok(out.into());
                }
                b'\\' => {
                    out.push_str(self.text.get(from..self.at).ok_or("broken string")?);
                    let escaped = self.escape()?;
                    out.push(escaped);
                    from = self.at;
                }
                _ => {
                    let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
                    let plain = memchr::memchr2(b'"', b'\\', rest).ok_or(scan::ENDS_IN_STRING)?;
                    self.line += scan::newlines(rest.get(..plain).unwrap_or(&[]));
                    self.at += plain;
                }
            }
            self.at = scan::string_stop(self.text.as_bytes(), self.at);
        }
    }

    fn escape(&mut self) -> Step<char> {
        let bytes = self.text.as_bytes();
        let code = bytes.get(self.at + 1).ok_or(scan::ENDS_IN_STRING)?;
        self.at += 2;
        Ok(match *code {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => self.unicode()?,
            code @ (b'"' | b'\\' | b'/') => code as char,
            _ => return Err("unknown escape in a string"),
        })
    }

    fn unicode(&mut self) -> Step<char> {
        let high = self.hex4()?;
        let follows = self.text.as_bytes().get(self.at..self.at + 2);
        if (0xd800..0xdc00).contains(&high) && follows == Some(b"\\u") {
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
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.ok_or(scan::ENDS_IN_STRING)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| "bad \\u escape in a string")
    }

    /// What was whole when the text broke off: complete members of the outer object and of its list.
    pub(super) fn salvage(mut self) -> Option<Node> {
        let mut frames = std::mem::take(&mut self.stack).into_iter();
        let outer = frames.next()?;
        let inner = frames.next();
        // Where the elements of these two end and those of deeper ones begin.
        let mut ends = (self.nodes.len(), self.entries.len());
        for frame in frames.rev() {
            if frame.list {
                ends.0 = frame.start;
            } else {
                ends.1 = frame.start;
            }
        }
        if outer.list {
            let end = inner
                .filter(|inner| inner.list)
                .map_or(ends.0, |inner| inner.start);
            self.nodes.truncate(end);
            return Some(node(Value::Seq(self.nodes.into()), outer.line));
        }
        let (list, end) = match inner {
            Some(inner) if inner.list => (Some(inner), ends.1),
            Some(inner) => (None, inner.start),
            None => (None, ends.1),
        };
        self.entries.truncate(end);
        let open = if outer.open { self.entries.pop() } else { None };
        if let (Some(list), Some((key, _))) = (list, open) {
            self.nodes.truncate(ends.0);
            let items = self.nodes.split_off(list.start.min(self.nodes.len()));
            self.entries
                .push((key, node(Value::Seq(items.into()), list.line)));
        }
        Some(node(Value::Map(self.entries.into()), outer.line))
    }
}

fn node(value: Value, line: u32) -> Node {
    Node {
        value,
        line,
        more_lines: 0,
        plain: false,
    }
}

fn is_digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
