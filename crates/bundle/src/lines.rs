//! Finds lines of a file again by number, reading no more of it than the page around each and no page twice in a row.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{ErrorKind, Read, Seek},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::prelude::*;

use crate::{
    Bundle, Excerpt, File, FileId,
    block::text_of,
    content::{Blocks, Content, Store, Text},
    cut::BLOCK,
};

/// Lines of context on each side of a quote.
const CONTEXT: u32 = 3;
/// A quoted line longer than this is cut; a 10 MB line is ordinary input.
const LINE_CHARS: usize = 2_000;
/// A quote longer than this many lines is cut.
const QUOTE_LINES: u32 = 60;

/// Lines of one file by number. What lies near the last one asked for costs next to nothing, and
/// the file stays open: whoever asks for many should ask in their order.
pub struct Lines<'a> {
    file: &'a File,
    /// The lines at hand.
    span: Range<u32>,
    text: Arc<Text>,
    /// The bytes of a file that is read by place.
    input: Option<Box<dyn Input>>,
    /// The blocks of a file that can only be read from its start.
    passing: Option<Blocks<'a>>,
}

/// Bytes that can be read at any place.
pub(crate) trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

impl<'a> Lines<'a> {
    pub(crate) fn new(file: &'a File) -> Self {
        Self {
            file,
            span: 0..0,
            text: Arc::default(),
            input: None,
            passing: None,
        }
    }

    /// A line without its end, from 1; empty if there is no such line.
    pub fn line(&mut self, number: u32) -> &str {
        if number == 0 || number > self.file.line_count() {
            return "";
        }
        if let Store::Held(text) = &self.file.content.store {
            return text.line(number as usize - 1);
        }
        if !self.span.contains(&number) {
            self.turn_to(number);
        }
        self.text
            .line(number.saturating_sub(self.span.start) as usize)
    }

    /// The lines from `line` to `end_line` with their context, each cut at a sane length.
    pub fn excerpt(&mut self, line: u32, end_line: u32) -> Excerpt {
        let last = self.file.line_count();
        let line = line.clamp(1, last.max(1));
        let asked = end_line.clamp(line, last.max(line));
        let end_line = asked.min(line.saturating_add(QUOTE_LINES - 1));
        let mut cut = |number: u32| cut_line(self.line(number));
        let before = (line.saturating_sub(CONTEXT).max(1)..line)
            .map(&mut cut)
            .collect();
        let mut quote = (line..=end_line)
            .map(&mut cut)
            .collect::<Vec<_>>()
            .join("\n");
        if asked > end_line {
            let _ = write!(quote, "\n… ({} more lines)", asked - end_line);
        }
        Excerpt {
            before,
            quote,
            after: (end_line.saturating_add(1)..=last.min(end_line.saturating_add(CONTEXT)))
                .map(&mut cut)
                .collect(),
            end_line,
        }
    }

    /// Takes the page or block that holds a line at hand.
    fn turn_to(&mut self, number: u32) {
        let File {
            content,
            cache,
            key,
            ..
        } = self.file;
        let place = content.place_of_line(number);
        self.span = content.lines_of(place);
        self.text = match cache.get(*key, place) {
            Some(text) => text,
            None => match place {
                Place::Page(page) => cache.put(*key, place, self.page(page)),
                Place::Block(block) if content.only_from_start() => self.pass(block),
                Place::Block(block) => content.block(block, cache, *key),
            },
        };
    }

    fn page(&mut self, page: usize) -> String {
        let content = &self.file.content;
        if self.input.is_none() {
            self.input = content.input();
        }
        let range = content.bytes_of_page(page);
        self.input
            .as_mut()
            .map(|input| content.read(input, range))
            .unwrap_or_default()
    }

    /// Reads on to a block, from the start only if it has passed by.
    fn pass(&mut self, block: usize) -> Arc<Text> {
        let file = self.file;
        let blocks = match &mut self.passing {
            Some(blocks) if blocks.next_block() <= block => blocks,
            passing => passing.insert(file.content.chunks()),
        };
        let mut last = Arc::default();
        while blocks.next_block() <= block {
            let index = blocks.next_block();
            let Some((_, _, text)) = blocks.next() else {
                break;
            };
            // What passes by is likely to be asked for by somebody else.
            last = file
                .cache
                .put(file.key, Place::Block(index), text.into_cow().into_owned());
        }
        last
    }
}

fn cut_line(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS) {
        None => line.to_owned(),
        Some((at, _)) => {
            let rest = line.get(at..).map_or(0, |rest| rest.chars().count());
            format!("{}… ({rest} more characters)", line.get(..at).unwrap_or(""))
        }
    }
}

impl Bundle {
    /// What `take` makes of many lines, each given by its file and number, in the order asked for.
    /// However they are mixed, each page of a file is read once, in several threads.
    pub fn lines<T: Send>(
        &self,
        places: &[(FileId, u32)],
        take: impl Fn(usize, &str) -> T + Sync,
    ) -> Vec<T> {
        self.each(places, |index, (_, number), lines| {
            take(index, lines.line(number))
        })
    }

    /// Many excerpts in the order asked for, each given by its file and its first and last line.
    pub fn excerpts(&self, places: &[(FileId, u32, u32)]) -> Vec<Excerpt> {
        self.each(places, |_, (_, line, end_line), lines| {
            lines.excerpt(line, end_line)
        })
    }

    fn each<P: InFile + Copy + Ord + Sync, T: Send>(
        &self,
        places: &[P],
        take: impl Fn(usize, P, &mut Lines<'_>) -> T + Sync,
    ) -> Vec<T> {
        /// Places for one thread at a time.
        const SOME: usize = 64;
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_unstable_by_key(|index| (places[*index], *index));
        let by_file = order.chunk_by(|a, b| places[*a].file() == places[*b].file());
        let parts: Vec<&[usize]> = by_file
            .flat_map(|same| {
                // What can only be read from its start is read once, not once by each thread.
                let whole = same.first().is_some_and(|index| {
                    self.file(places[*index].file()).content.only_from_start()
                });
                same.chunks(if whole { same.len() } else { SOME })
            })
            .collect();
        let mut found: Vec<(usize, T)> = parts
            .into_par_iter()
            .flat_map_iter(|part| {
                let file = part.first().map(|index| self.file(places[*index].file()));
                let mut lines = file.map(File::lines);
                let take = &take;
                part.iter().filter_map(move |index| {
                    Some((*index, take(*index, places[*index], lines.as_mut()?)))
                })
            })
            .collect();
        found.sort_unstable_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, item)| item).collect()
    }
}

/// A place that names its file.
trait InFile {
    fn file(&self) -> FileId;
}

impl InFile for (FileId, u32) {
    fn file(&self) -> FileId {
        self.0
    }
}

impl InFile for (FileId, u32, u32) {
    fn file(&self) -> FileId {
        self.0
    }
}

/// What is read at once for the sake of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A few lines.
    Page(usize),
    /// A block, where pages cannot be read on their own.
    Block(usize),
}

impl Content {
    /// Whether a block costs all blocks before it.
    pub(crate) fn only_from_start(&self) -> bool {
        matches!(&self.store, Store::Elsewhere(origin) if !origin.seeks())
    }

    fn place_of_line(&self, line: u32) -> Place {
        match self.pages.partition_point(|page| page.lines < line) {
            0 => Place::Block(self.block_of_line(line)),
            after => Place::Page(after - 1),
        }
    }

    /// Numbers of the lines of a place.
    fn lines_of(&self, place: Place) -> Range<u32> {
        let (first, next) = match place {
            Place::Page(page) => {
                let first = |page: usize| Some(self.pages.get(page)?.lines.saturating_add(1));
                (first(page), first(page + 1))
            }
            Place::Block(block) => {
                let first = |block: usize| Some(self.marks.get(block)?.line);
                (first(block), first(block + 1))
            }
        };
        first.unwrap_or(1)..next.unwrap_or_else(|| self.lines.saturating_add(1))
    }

    fn bytes_of_page(&self, page: usize) -> Range<u64> {
        let start = |page: usize| {
            let page = self.pages.get(page)?;
            let block = self
                .marks
                .get(self.block_of_line(page.lines.saturating_add(1)))?;
            Some(block.raw + u64::from(page.at))
        };
        start(page).unwrap_or(0)..start(page + 1).unwrap_or(self.raw_len)
    }

    /// Reads a range of bytes that begins and ends at lines; notes when they are not all there.
    fn read(&self, input: &mut Box<dyn Input>, range: Range<u64>) -> String {
        let length = range.end.saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let read = self
            .seek(input, range.start)
            .and_then(|()| filled(input, &mut bytes))
            .unwrap_or(0);
        if read < bytes.len() {
            self.shorter();
        }
        bytes.truncate(read);
        text_of(bytes)
    }
}

/// Fills a buffer as far as the input goes, in as few reads as it allows; gives how far that is.
fn filled(input: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

/// What was read for a line: the next line asked for is most often near.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: VecDeque<Cached>,
    bytes: usize,
}

#[derive(Debug)]
struct Cached {
    file: u32,
    place: Place,
    text: Arc<Text>,
}

impl Cache {
    /// Bytes of text kept.
    const BYTES: usize = 32 * BLOCK;
    /// Texts kept: each look goes through them.
    const TEXTS: usize = 128;

    pub(crate) fn get(&self, file: u32, place: Place) -> Option<Arc<Text>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.texts
            .iter()
            .rev()
            .find(|cached| cached.file == file && cached.place == place)
            .map(|cached| Arc::clone(&cached.text))
    }

    pub(crate) fn put(&self, file: u32, place: Place, text: String) -> Arc<Text> {
        let text = Arc::new(Text::new(text));
        // One overlong line must not turn the cache into a hoard.
        if text.text.len() <= 4 * BLOCK {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.bytes += text.text.len();
            kept.texts.push_back(Cached {
                file,
                place,
                text: Arc::clone(&text),
            });
            while kept.texts.len() > Self::TEXTS || kept.bytes > Self::BYTES {
                let Some(old) = kept.texts.pop_front() else {
                    break;
                };
                kept.bytes -= old.text.text.len();
            }
        }
        text
    }
}
