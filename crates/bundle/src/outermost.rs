//! Opens the outermost container by its first bytes, from a file or from a stream.

use std::{
    io::{Read, Seek},
    sync::{Arc, atomic::AtomicBool},
};

use crate::{
    decode::{self, Codec, HEAD, Magic, Metered, Packed, Unpeeked, peek},
    encoding::Encoding,
    intake::{AnyStream, Gathered, Item, Session, Source, each, session},
    limits::Budget,
    origin::{Base, Origin},
    path::Name,
    untar::Stream,
    unzip,
};

/// Reads the outermost container, which can be read at any place.
pub(crate) fn from_file(budget: &Budget<'_>, base: Base, name: &str) -> Result<Gathered, Refused> {
    let mut first = base.clone();
    let mut range = first.first().map_err(Refused::Unreadable)?;
    let head = peek(&mut range, HEAD).0;
    range.rewind().map_err(Refused::Unreadable)?;
    Ok(match Magic::of(&head) {
        Magic::Refused(what) => return Err(Refused::Kind(what)),
        Magic::Zip => unzip::read(budget, &range, "", 0),
        Magic::Tar => {
            let mut items = Vec::new();
            let mut gathered = session(budget, |session| items = session.tar_ranges(&range));
            gathered.extend(each(budget, items, 0));
            gathered
        }
        Magic::Codec(codec) => session(budget, |session| {
            let size = Some(range.len());
            let source = Source {
                size,
                counted: true,
                origin: Some(Origin {
                    base: first,
                    codecs: Vec::new(),
                    encoding: Encoding::Utf8,
                }),
            };
            session.outer_packed(name, codec, range, source);
        }),
        Magic::Other => session(budget, |session| {
            session.item(
                Item {
                    name: single(name),
                    base,
                    codecs: Vec::new(),
                    declared: None,
                },
                0,
            );
        }),
    })
}

/// Reads the outermost container as it comes.
pub(crate) fn from_stream(
    budget: &Budget<'_>,
    mut stream: impl Read + Send,
    name: &str,
) -> Result<Gathered, Refused> {
    let head = peek(&mut stream, HEAD);
    if let (true, Some(_)) = (head.0.is_empty(), &head.1) {
        let error = head.1.unwrap_or_else(|| std::io::ErrorKind::Other.into());
        return Err(Refused::Unreadable(error));
    }
    let magic = Magic::of(&head.0);
    let name = if name.contains('.') {
        name.to_owned()
    } else {
        format!("{name}{}", extension(&head.0))
    };
    let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
    Ok(match magic {
        Magic::Refused(what) => return Err(Refused::Kind(what)),
        Magic::Zip => {
            let mut range = None;
            let mut gathered = session(budget, |session| range = Some(session.spool("", stream)));
            if let Some(range) = range {
                gathered.extend(unzip::read(budget, &range, "", 0));
            }
            gathered
        }
        Magic::Tar => session(budget, |session| {
            let stream = Metered::new(stream, budget, Packed::Not);
            session.tar("", Stream(Box::new(stream) as AnyStream<'_>), 0);
        }),
        Magic::Codec(codec) => session(budget, |session| {
            session.outer_packed(&name, codec, stream, Source::default());
        }),
        Magic::Other => session(budget, |session| {
            session.plain(single(&name), stream, Source::default(), false);
        }),
    })
}

/// A name for text without one, by what it looks like: readers go by names.
fn extension(head: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') || text.starts_with('[') {
        ".json"
    } else if [
        "apiVersion:",
        "kind:",
        "items:",
        "metadata:",
        "---\n",
        "---\r",
    ]
    .iter()
    .any(|start| text.starts_with(start))
    {
        ".yaml"
    } else {
        ".txt"
    }
}

impl Session<'_, '_> {
    /// A compressed archive, or one compressed file, which loses the ending of its name.
    fn outer_packed(
        &mut self,
        name: &str,
        codec: Codec,
        stream: impl Read + Send,
        mut source: Source,
    ) {
        let trailing = Arc::new(AtomicBool::new(false));
        let (counted, count) = decode::Counted::new(stream);
        let packed = source.size.map_or(Packed::Read(count), Packed::Size);
        let decoder = decode::decoder(codec, counted, &trailing);
        let mut stream = Metered::new(decoder, self.budget, packed);
        let head = peek(&mut stream, HEAD);
        let broken = head
            .0
            .is_empty()
            .then(|| head.1.as_ref().map(ToString::to_string));
        let magic = Magic::of(&head.0);
        let stream: AnyStream<'_> = Box::new(Unpeeked::new(head, stream));
        if let Some(broken) = broken {
            let why = broken.map_or_else(String::new, |why| format!(": {why}"));
            self.notes().add(
                "",
                format!("{name} is damaged or empty: nothing can be unpacked{why}"),
            );
        } else if magic == Magic::Tar {
            self.tar("", Stream(stream), 0);
        } else {
            if let Some(origin) = &mut source.origin {
                origin.codecs.push(codec);
            }
            source.counted = true;
            let inner = [".gz", ".xz", ".zst", ".bz2"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            self.plain(single(inner), stream, source, magic != Magic::Other);
        }
        self.trailing("", &trailing);
    }
}

fn single(name: &str) -> Name {
    Name {
        path: name.to_owned(),
        exact: None,
    }
}

/// Why nothing was read at all.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The operating system refuses.
    Unreadable(std::io::Error),
    /// A container of this kind is not read.
    Kind(&'static str),
}
