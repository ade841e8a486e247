//! Rule files as bytes: the build script parses those of this version and writes their trees, so that no run parses YAML to have its rules.
//!
//! A tree is a byte for what it is, its line and column, and then its text, its items or its entries behind how many
//! there are. Numbers have seven bits to a byte, lowest first. Nothing but this version reads what it wrote.

use crate::source::{Doc, DocValue, Place};

const NULL: u8 = 0;
const TEXT: u8 = 1;
const LIST: u8 = 2;
const MAP: u8 = 3;

/// Adds a tree.
#[cfg_attr(not(test), allow(dead_code, reason = "the build script is who writes"))]
pub(crate) fn write(doc: &Doc, out: &mut Vec<u8>) {
    let kind = match doc.value {
        DocValue::Null => NULL,
        DocValue::Text(_) => TEXT,
        DocValue::List(_) => LIST,
        DocValue::Map(_) => MAP,
    };
    out.push(kind);
    place(doc.place, out);
    match &doc.value {
        DocValue::Null => {}
        DocValue::Text(it) => text(it, out),
        DocValue::List(items) => {
            number(items.len(), out);
            for item in items {
                write(item, out);
            }
        }
        DocValue::Map(entries) => {
            number(entries.len(), out);
            for (key, at, value) in entries {
                text(key, out);
                place(*at, out);
                write(value, out);
            }
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn place(place: Place, out: &mut Vec<u8>) {
    number(place.line, out);
    number(place.column, out);
}

fn number(mut number: usize, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes the tree that the bytes begin with; `None` if they do not.
pub(crate) fn read(bytes: &mut &[u8]) -> Option<Doc> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    let place = read_place(bytes)?;
    let value = match *kind {
        NULL => DocValue::Null,
        TEXT => DocValue::Text(read_text(bytes)?),
        LIST => {
            let items = 0..read_number(bytes)?;
            DocValue::List(items.map(|_| read(bytes)).collect::<Option<_>>()?)
        }
        MAP => {
            let entries = 0..read_number(bytes)?;
            let entry = |_| Some((read_text(bytes)?, read_place(bytes)?, read(bytes)?));
            DocValue::Map(entries.map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Doc { value, place })
}

fn read_text(bytes: &mut &[u8]) -> Option<String> {
    let length = read_number(bytes)?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn read_place(bytes: &mut &[u8]) -> Option<Place> {
    let (line, column) = (read_number(bytes)?, read_number(bytes)?);
    Some(Place { line, column })
}

fn read_number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BUILTIN, TREES, source};

    #[test]
    fn every_rule_of_this_version_is_read_as_it_is_written() {
        assert_eq!(BUILTIN.len(), TREES.len());
        for ((path, text), mut tree) in BUILTIN.iter().zip(TREES.iter().copied()) {
            let parsed = source::parse(source::rule_of(text)).unwrap();
            assert_eq!(read(&mut tree).as_ref(), Some(&parsed), "{path}");
            assert!(tree.is_empty());
        }
    }

    #[test]
    fn half_a_tree_is_none() {
        let doc = source::parse("a: [b, {c: ''}]\nlong: '0123456789'\nno:\n").unwrap();
        let mut bytes = Vec::new();
        write(&doc, &mut bytes);
        assert_eq!(read(&mut &*bytes).as_ref(), Some(&doc));
        for end in 0..bytes.len() {
            assert_eq!(read(&mut &bytes[..end]), None, "{end}");
        }
        assert_eq!(read(&mut &[9, 1, 1][..]), None);
    }
}
