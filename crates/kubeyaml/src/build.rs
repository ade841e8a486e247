//! The tree builder's side: what a caller implements to get a tree of its own, and the walk that feeds it.

use std::{borrow::Cow, vec::Drain};

use crate::{
    cursor::{Cursor, Open, Place},
    error::Error,
    projection::Projection,
    scalar::Scalar,
};

/// Deeper nesting than this is never allowed, whatever the options say: the walk uses the stack.
pub(crate) const DEEPEST: usize = 512;

/// A key and its value.
pub type Entry<'t, N> = (Cow<'t, str>, N);

/// Makes a caller's own tree without one in between. Values come from the leaves upwards.
///
/// What a list or mapping holds comes off one stack, and its number is known: what a builder
/// collects it into need never grow, and has no room to spare.
///
/// ```
/// use std::{borrow::Cow, vec::Drain};
/// use kubeyaml::{Build, Options, Scalar};
///
/// /// Counts scalars.
/// struct Count;
/// impl<'t> Build<'t> for Count {
///     type Node = usize;
///     fn scalar(&mut self, _: Scalar<'t>) -> usize { 1 }
///     fn seq(&mut self, items: Drain<'_, usize>, _line: u32) -> usize { items.sum() }
///     fn map(&mut self, entries: Drain<'_, (Cow<'t, str>, usize)>, _line: u32) -> usize {
///         entries.map(|(_, n)| n).sum()
///     }
/// }
/// assert_eq!(kubeyaml::read("a: 1\nb:\n- x\n- y\n", &mut Count, &Options::default())?, 3);
/// # Ok::<(), kubeyaml::Error>(())
/// ```
pub trait Build<'t> {
    /// A value of the tree.
    type Node;

    /// A scalar; a missing value is an empty plain one.
    fn scalar(&mut self, scalar: Scalar<'t>) -> Self::Node;

    /// A list; `line` is that of its first dash or of its `[]`.
    fn seq(&mut self, items: Drain<'_, Self::Node>, line: u32) -> Self::Node;

    /// A mapping with its wanted entries in the order of the text, repeated keys included; `line` is that of its
    /// first key, wanted or not, or of its `{}`.
    fn map(&mut self, entries: Drain<'_, Entry<'t, Self::Node>>, line: u32) -> Self::Node;

    /// Whether blocks are remembered. Replicas stand side by side in a list and most of what is in them is the same
    /// text: a builder that can make a value again from what it made before saves reading it.
    const REMEMBERS: bool = false;

    /// The block that was remembered and with which `text` begins, if any.
    fn known(&mut self, below: &Below<'_>, text: &'t str) -> Option<Known> {
        let _ = (below, text);
        None
    }

    /// Makes the value of a known block again; `line` is that of the key. `None` has the block read.
    fn again(&mut self, known: &Known, line: u32) -> Option<Self::Node> {
        let _ = (known, line);
        None
    }

    /// A block that was read, and what came of it; gives what the tree is to have of it.
    fn remember(&mut self, below: &Below<'_>, block: Block<'t>, node: Self::Node) -> Self::Node {
        let _ = (below, block);
        node
    }
}

/// The place of a block below a key. At equal places the same text is the same value; the key only helps to find it.
#[derive(Debug, Clone, Copy)]
pub struct Below<'k> {
    /// The key.
    pub key: &'k str,
    /// Its column, from 1.
    pub indent: usize,
    /// How many lists and mappings may stand inside each other from here.
    pub depth: usize,
    /// The projection from here, by its address: what is remembered may not outlive it.
    pub wanted: usize,
}

impl Below<'_> {
    /// Whether the same text is the same value in both places.
    pub fn reads_as(&self, other: (usize, usize, usize)) -> bool {
        (self.indent, self.depth, self.wanted) == other
    }
}

/// The text of a block, from the end of its key's line to the begin of the line behind it.
#[derive(Debug, Clone, Copy)]
pub struct Block<'t> {
    /// The text, with the line feed that ends the key's line.
    pub text: &'t str,
    /// The line of the key.
    pub line: u32,
    /// How many lines it has.
    pub lines: u32,
}

/// A block that was met before.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Where the builder finds it.
    pub place: usize,
    /// The length of its text.
    pub bytes: usize,
    /// How many lines it has.
    pub lines: u32,
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct Options<'p> {
    /// Number of the first line of the text, normally 1; an item of a list passes its place in the file.
    pub first_line: u32,
    /// Lists and mappings inside each other, at most 512.
    pub max_depth: usize,
    /// Fields to keep; all if `None`. What is not kept is not checked either.
    pub projection: Option<&'p Projection>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            first_line: 1,
            max_depth: 128,
            projection: None,
        }
    }
}

/// Reads a text that holds one document.
pub fn read<'t, B: Build<'t>>(
    text: &'t str,
    builder: &mut B,
    options: &Options<'_>,
) -> Result<B::Node, Error> {
    let mut cursor = Cursor::new(text, options.first_line)?;
    let depth = options.max_depth.min(DEEPEST);
    let node = Walk::new(&mut cursor, builder).value(Place::Root, wanted(options), depth)?;
    cursor.finish()?;
    Ok(node)
}

/// Reads the text of one list item, dash included, as [`split_items`](crate::split_items) cuts it.
pub fn read_item<'t, B: Build<'t>>(
    text: &'t str,
    builder: &mut B,
    options: &Options<'_>,
) -> Result<B::Node, Error> {
    let mut cursor = Cursor::new(text, options.first_line)?;
    let indent = enter_item(&mut cursor)?;
    let depth = options.max_depth.min(DEEPEST).saturating_sub(1);
    let node =
        Walk::new(&mut cursor, builder).value(Place::Dash(indent), wanted(options), depth)?;
    cursor.finish()?;
    Ok(node)
}

/// Consumes the dash of an item's text; gives its indent.
pub(crate) fn enter_item(cursor: &mut Cursor<'_>) -> Result<usize, Error> {
    let Open::Seq { indent, .. } = cursor.open(Place::Root)? else {
        return Err(cursor.unsupported("expected a list item"));
    };
    cursor.next_item(indent)?;
    Ok(indent)
}

fn wanted<'p>(options: &Options<'p>) -> Option<&'p Projection> {
    options
        .projection
        .filter(|projection| !projection.is_whole())
}

struct Walk<'c, 't, B: Build<'t>> {
    cursor: &'c mut Cursor<'t>,
    builder: &'c mut B,
    /// Elements of the lists that are open, the innermost's on top.
    items: Vec<B::Node>,
    /// Entries of the mappings that are open, the innermost's on top.
    entries: Vec<Entry<'t, B::Node>>,
}

impl<'c, 't, B: Build<'t>> Walk<'c, 't, B> {
    fn new(cursor: &'c mut Cursor<'t>, builder: &'c mut B) -> Self {
        Self {
            cursor,
            builder,
            // Room for what most objects have open at once: there is a walk for each of them.
            items: Vec::with_capacity(8),
            entries: Vec::with_capacity(32),
        }
    }

    fn seq(&mut self, from: usize, line: u32) -> B::Node {
        let from = from.min(self.items.len());
        self.builder.seq(self.items.drain(from..), line)
    }

    fn map(&mut self, from: usize, line: u32) -> B::Node {
        let from = from.min(self.entries.len());
        self.builder.map(self.entries.drain(from..), line)
    }

    fn value(
        &mut self,
        place: Place,
        wanted: Option<&Projection>,
        depth: usize,
    ) -> Result<B::Node, Error> {
        if let Some(scalar) = self.cursor.usual_scalar(place) {
            return Ok(self.builder.scalar(scalar));
        }
        match self.cursor.open(place)? {
            Open::Scalar(scalar) => Ok(self.builder.scalar(scalar)),
            Open::EmptySeq(line) => {
                deeper(depth, line)?;
                Ok(self.seq(self.items.len(), line))
            }
            Open::EmptyMap(line) => {
                deeper(depth, line)?;
                Ok(self.map(self.entries.len(), line))
            }
            Open::Seq { indent, line } => {
                let depth = deeper(depth, line)?;
                let from = self.items.len();
                while self.cursor.usual_dash(indent) || self.cursor.next_item(indent)? {
                    let item = self.value(Place::Dash(indent), wanted, depth)?;
                    self.items.push(item);
                }
                Ok(self.seq(from, line))
            }
            Open::Map { indent, line, key } => {
                let depth = deeper(depth, line)?;
                let from = self.entries.len();
                self.entries(indent, key, wanted, depth)?;
                Ok(self.map(from, line))
            }
        }
    }

    fn entries(
        &mut self,
        indent: usize,
        first: Scalar<'t>,
        wanted: Option<&Projection>,
        depth: usize,
    ) -> Result<(), Error> {
        let mut key = first.text;
        loop {
            let below = match wanted {
                None => Some(None),
                Some(wanted) => wanted
                    .field(&key)
                    .map(|below| Some(below).filter(|below| !below.is_whole())),
            };
            match below {
                Some(below) => {
                    let node = if B::REMEMBERS && self.cursor.byte(self.cursor.pos) == b'\n' {
                        self.block(&key, indent, below, depth)?
                    } else {
                        self.value(Place::Key(indent), below, depth)?
                    };
                    self.entries.push((key, node));
                }
                None => self.cursor.skip(Place::Key(indent))?,
            }
            key = match self.cursor.usual_next(indent) {
                Some(key) => Cow::Borrowed(key),
                None => match self.cursor.next_key(indent)? {
                    Some(key) => key.text,
                    None => return Ok(()),
                },
            };
        }
    }
}

impl<'t, B: Build<'t>> Walk<'_, 't, B> {
    /// A value below its key, which may have been read before.
    fn block(
        &mut self,
        key: &str,
        indent: usize,
        wanted: Option<&Projection>,
        depth: usize,
    ) -> Result<B::Node, Error> {
        let below = Below {
            key,
            indent,
            depth,
            wanted: wanted.map_or(0, |wanted| std::ptr::from_ref(wanted).addr()),
        };
        let (from, line) = (self.cursor.pos, self.cursor.line);
        let text = self.cursor.text.get(from..).unwrap_or_default();
        if let Some(known) = self.builder.known(&below, text)
            && let Some(next) = self.cursor.behind(from + known.bytes, indent)
            && let Some(node) = self.builder.again(&known, line)
        {
            self.cursor.leap(next, known.lines);
            return Ok(node);
        }
        let node = self.value(Place::Key(indent), wanted, depth)?;
        let Some(to) = self.cursor.line_begin() else {
            return Ok(node);
        };
        let block = Block {
            text: self.cursor.slice(from, to),
            line,
            lines: self.cursor.line.saturating_sub(line),
        };
        Ok(self.builder.remember(&below, block, node))
    }
}

fn deeper(depth: usize, line: u32) -> Result<usize, Error> {
    depth.checked_sub(1).ok_or(Error::Depth { line })
}
