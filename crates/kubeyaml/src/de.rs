//! serde's side: typed values straight from the text, unknown fields stepped over.

use std::borrow::Cow;

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, IntoDeserializer, Unexpected, Visitor},
    forward_to_deserialize_any,
};

use crate::{
    build::enter_item,
    cursor::{Cursor, Open, Place},
    error::Error,
    number::{self, Plain},
    scalar::{Scalar, Style},
    split::{List, Part, split_items},
};

/// As many as serde_yaml allows.
const DEPTH: usize = 128;

/// Reads one document into a type, as `serde_yaml::from_str` does, except that fields which the type does not know
/// are stepped over by their indentation and not checked.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Pod<'t> { kind: &'t str, spec: Spec }
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Spec { node_name: Option<String>, priority: i32 }
///
/// let pod: Pod = kubeyaml::from_str("kind: Pod\nspec:\n  nodeName: \"n1\"\n  priority: 7\n  volumes: []\n")?;
/// assert_eq!((pod.kind, pod.spec.node_name.as_deref(), pod.spec.priority), ("Pod", Some("n1"), 7));
/// # Ok::<(), kubeyaml::Error>(())
/// ```
pub fn from_str<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Error> {
    from_str_with(text, 1)
}

/// [`from_str`] for a text that begins at a line of its file.
pub fn from_str_with<'t, T: Deserialize<'t>>(text: &'t str, first_line: u32) -> Result<T, Error> {
    typed(text, first_line, |_| Ok(Place::Root))
}

/// Reads one list item, dash included, as [`split_items`] cuts it.
pub fn from_item<'t, T: Deserialize<'t>>(item: Part<'t>) -> Result<T, Error> {
    typed(item.text, item.first_line, |cursor| {
        enter_item(cursor).map(Place::Dash)
    })
}

/// Reads the items of a list document, each for itself: what is wrong with one does not touch the others.
/// `Unsupported` if the text is not a list in kubectl's form.
pub fn from_str_items<'t, T: Deserialize<'t>>(
    text: &'t str,
) -> Result<Vec<Result<T, Error>>, Error> {
    Ok(list(text)?.items.into_iter().map(from_item).collect())
}

/// [`from_str_items`] on the threads of the current rayon pool, in the order of the text.
#[cfg(feature = "rayon")]
pub fn par_from_str_items<'t, T: Deserialize<'t> + Send>(
    text: &'t str,
) -> Result<Vec<Result<T, Error>>, Error> {
    use rayon::prelude::*;
    Ok(list(text)?.items.into_par_iter().map(from_item).collect())
}

fn list(text: &str) -> Result<List<'_>, Error> {
    split_items(text, 1).ok_or(Error::Unsupported {
        line: 1,
        what: "not a list of items",
    })
}

fn typed<'t, T: Deserialize<'t>>(
    text: &'t str,
    first_line: u32,
    place: impl FnOnce(&mut Cursor<'t>) -> Result<Place, Error>,
) -> Result<T, Error> {
    let mut cursor = Cursor::new(text, first_line)?;
    let place = place(&mut cursor)?;
    let value = Value {
        cursor: &mut cursor,
        place: Some(place),
        depth: DEPTH,
    };
    match T::deserialize(value) {
        Ok(value) => {
            cursor.finish()?;
            Ok(value)
        }
        Err(Error::Data { line: 0, what }) => Err(Error::Data {
            line: cursor.line,
            what,
        }),
        Err(error) => Err(error),
    }
}

impl de::Error for Error {
    #[cold]
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Data {
            line: 0,
            what: message.to_string().into(),
        }
    }
}

/// A value that is still in the text.
struct Value<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    /// `None` if it waits in `Cursor::opened`.
    place: Option<Place>,
    depth: usize,
}

impl<'t> Value<'_, 't> {
    fn open(&mut self) -> Result<Open<'t>, Error> {
        match self.place {
            Some(place) => self.cursor.open(place),
            None => (self.cursor.opened.take()).ok_or_else(|| de::Error::custom("read twice")),
        }
    }

    /// The text of a scalar in its usual form; `None` if it takes a closer look.
    #[inline]
    fn usual_text(&mut self) -> Option<&'t str> {
        match self.place {
            Some(Place::Key(parent) | Place::Dash(parent)) => self.cursor.usual_text(parent),
            _ => None,
        }
    }

    /// A scalar that may be typed by its look.
    fn plain(&mut self, expected: &dyn de::Expected) -> Result<Cow<'t, str>, Error> {
        if !matches!(self.cursor.byte(self.cursor.pos + 1), b'"' | b'\'')
            && let Some(text) = self.usual_text()
        {
            return Ok(Cow::Borrowed(text));
        }
        match self.open()? {
            Open::Scalar(scalar) if scalar.style == Style::Plain => Ok(scalar.text),
            other => Err(unfit(&other, expected)),
        }
    }

    fn unusual_str<V: Visitor<'t>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.open()? {
            Open::Scalar(scalar) => visit_text(scalar.text, visitor),
            other => Err(unfit(&other, &visitor)),
        }
    }
}

#[cold]
fn unfit(open: &Open<'_>, expected: &dyn de::Expected) -> Error {
    let found = match open {
        Open::Scalar(scalar) => Unexpected::Str(&scalar.text),
        Open::Seq { .. } | Open::EmptySeq(_) => Unexpected::Seq,
        Open::Map { .. } | Open::EmptyMap(_) => Unexpected::Map,
    };
    de::Error::invalid_type(found, expected)
}

#[inline]
fn visit_text<'t, V: Visitor<'t>>(text: Cow<'t, str>, visitor: V) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn visit_scalar<'t, V: Visitor<'t>>(
    text: Cow<'t, str>,
    plain: bool,
    visitor: V,
) -> Result<V::Value, Error> {
    if !plain {
        return visit_text(text, visitor);
    }
    match number::look(&text) {
        Plain::Null => visitor.visit_unit(),
        Plain::Bool(value) => visitor.visit_bool(value),
        Plain::U64(value) => visitor.visit_u64(value),
        Plain::I64(value) => visitor.visit_i64(value),
        Plain::U128(value) => visitor.visit_u128(value),
        Plain::I128(value) => visitor.visit_i128(value),
        Plain::F64(value) => visitor.visit_f64(value),
        Plain::Text => visit_text(text, visitor),
    }
}

fn visit_seq<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    open: &Open<'t>,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    match open {
        Open::Seq { indent, line } => visit_items(cursor, Some(*indent), *line, depth, visitor),
        Open::EmptySeq(line) => visit_items(cursor, None, *line, depth, visitor),
        // As in serde_yaml: nothing at all is an empty list.
        Open::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty() => visitor
            .visit_seq(Items {
                cursor,
                indent: None,
                depth,
                len: 0,
            }),
        other => Err(unfit(other, &visitor)),
    }
}

#[inline]
fn visit_items<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    indent: Option<usize>,
    line: u32,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    let depth = depth.checked_sub(1).ok_or(Error::Depth { line })?;
    let mut items = Items {
        cursor,
        indent,
        depth,
        len: 0,
    };
    let value = visitor.visit_seq(&mut items)?;
    if items.indent.is_some() {
        items.end()?;
    }
    Ok(value)
}

fn visit_map<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    open: Open<'t>,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    match open {
        Open::Map { indent, line, key } => {
            cursor.opened = Some(Open::Scalar(key));
            visit_entries(cursor, indent, line, Ahead::Opened, depth, visitor)
        }
        Open::EmptyMap(line) => visit_entries(cursor, 0, line, Ahead::Nothing, depth, visitor),
        Open::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty() => visitor
            .visit_map(Entries {
                cursor,
                indent: 0,
                depth,
                ahead: Ahead::Nothing,
            }),
        other => Err(unfit(&other, &visitor)),
    }
}

#[inline]
fn visit_entries<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    indent: usize,
    line: u32,
    ahead: Ahead<'t>,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    let depth = depth.checked_sub(1).ok_or(Error::Depth { line })?;
    let mut entries = Entries {
        cursor,
        indent,
        depth,
        ahead,
    };
    let value = visitor.visit_map(&mut entries)?;
    if !matches!(entries.ahead, Ahead::Nothing) {
        entries.end()?;
    }
    Ok(value)
}

macro_rules! number {
    ($($method:ident $visit:ident $parse:expr;)*) => {$(
        fn $method<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let text = self.plain(&visitor)?;
            match $parse(&*text) {
                Some(value) => visitor.$visit(value),
                None => Err(de::Error::invalid_type(Unexpected::Str(&text), &visitor)),
            }
        }
    )*};
}

/// Methods that are others by another name; what serde says about the type besides is of no use here.
macro_rules! same {
    ($($method:ident($($hint:ty),*) as $other:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'t>>(self, $(_: $hint,)* visitor: V) -> Result<V::Value, Error> {
            self.$other(visitor)
        }
    )*};
}

impl<'t> de::Deserializer<'t> for Value<'_, 't> {
    type Error = Error;

    number! {
        deserialize_bool visit_bool number::bool;
        deserialize_i64 visit_i64 (|text| number::signed(text, i64::from_str_radix));
        deserialize_u64 visit_u64 (|text| number::unsigned(text, u64::from_str_radix));
        deserialize_i128 visit_i128 (|text| number::signed(text, i128::from_str_radix));
        deserialize_u128 visit_u128 (|text| number::unsigned(text, u128::from_str_radix));
        deserialize_f64 visit_f64 number::float;
    }

    same! {
        deserialize_i8() as deserialize_i64;
        deserialize_i16() as deserialize_i64;
        deserialize_i32() as deserialize_i64;
        deserialize_u8() as deserialize_u64;
        deserialize_u16() as deserialize_u64;
        deserialize_u32() as deserialize_u64;
        deserialize_f32() as deserialize_f64;
        deserialize_char() as deserialize_str;
        deserialize_string() as deserialize_str;
        deserialize_identifier() as deserialize_str;
        deserialize_byte_buf() as deserialize_bytes;
        deserialize_unit_struct(&'static str) as deserialize_unit;
        deserialize_tuple(usize) as deserialize_seq;
        deserialize_tuple_struct(&'static str, usize) as deserialize_seq;
        deserialize_struct(&'static str, &'static [&'static str]) as deserialize_map;
    }

    fn deserialize_any<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let plain = !matches!(self.cursor.byte(self.cursor.pos + 1), b'"' | b'\'');
        if let Some(text) = self.usual_text() {
            return visit_scalar(Cow::Borrowed(text), plain, visitor);
        }
        match self.open()? {
            Open::Scalar(scalar) => {
                visit_scalar(scalar.text, scalar.style == Style::Plain, visitor)
            }
            open @ (Open::Seq { .. } | Open::EmptySeq(_)) => {
                visit_seq(self.cursor, &open, self.depth, visitor)
            }
            open @ (Open::Map { .. } | Open::EmptyMap(_)) => {
                visit_map(self.cursor, open, self.depth, visitor)
            }
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.usual_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.unusual_str(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'t>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("YAML has no bytes"))
    }

    fn deserialize_option<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        if let Some(place) = self.place
            && self.cursor.surely_something(place)
        {
            return visitor.visit_some(self);
        }
        match self.open()? {
            Open::Scalar(scalar) if scalar.is_null() => visitor.visit_none(),
            open => {
                self.cursor.opened = Some(open);
                self.place = None;
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_unit<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.open()? {
            Open::Scalar(scalar) if scalar.is_null() => visitor.visit_unit(),
            other => Err(unfit(&other, &visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        mut self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let line = self.cursor.line;
        self.depth = self.depth.checked_sub(1).ok_or(Error::Depth { line })?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        if let Some(Place::Key(parent)) = self.place
            && self.cursor.usual_list(parent)
        {
            let (indent, line) = (self.cursor.indent, self.cursor.line);
            return visit_items(self.cursor, Some(indent), line, self.depth, visitor);
        }
        let open = self.open()?;
        visit_seq(self.cursor, &open, self.depth, visitor)
    }

    fn deserialize_map<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let first = match self.place {
            Some(Place::Key(parent)) => self.cursor.usual_map(parent, false),
            Some(Place::Dash(parent)) => self.cursor.usual_map(parent, true),
            _ => None,
        };
        if let Some(first) = first {
            let (indent, line) = (self.cursor.indent, self.cursor.line);
            let ahead = Ahead::Usual(first);
            return visit_entries(self.cursor, indent, line, ahead, self.depth, visitor);
        }
        let open = self.open()?;
        visit_map(self.cursor, open, self.depth, visitor)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        mut self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.open()? {
            Open::Scalar(scalar) => visitor.visit_enum(scalar.text.into_deserializer()),
            // serde_yaml writes other variants as tags.
            other => Err(unfit(&other, &"the name of a variant")),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'t>>(mut self, visitor: V) -> Result<V::Value, Error> {
        if let Some(place @ (Place::Key(_) | Place::Dash(_))) = self.place {
            self.cursor.skip(place)?;
            return visitor.visit_unit();
        }
        self.skip_opened()?;
        visitor.visit_unit()
    }
}

impl Value<'_, '_> {
    /// Steps over a document or over what is already opened.
    fn skip_opened(&mut self) -> Result<(), Error> {
        match self.open()? {
            Open::Seq { indent, .. } => {
                while self.cursor.next_item(indent)? {
                    self.cursor.skip(Place::Dash(indent))?;
                }
            }
            Open::Map { indent, .. } => loop {
                self.cursor.skip(Place::Key(indent))?;
                if self.cursor.next_key(indent)?.is_none() {
                    break;
                }
            },
            _ => {}
        }
        Ok(())
    }
}

struct Items<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    /// `None` when there are no more.
    indent: Option<usize>,
    depth: usize,
    len: usize,
}

impl Items<'_, '_> {
    /// Nothing may be left.
    fn end(&mut self) -> Result<(), Error> {
        let len = self.len;
        if de::SeqAccess::next_element::<de::IgnoredAny>(self)?.is_some() {
            let expected = format!("a list of {len}");
            return Err(de::Error::invalid_length(len + 1, &expected.as_str()));
        }
        Ok(())
    }
}

impl<'t> de::SeqAccess<'t> for Items<'_, 't> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(indent) = self.indent else {
            return Ok(None);
        };
        if !self.cursor.usual_dash(indent) && !self.cursor.next_item(indent)? {
            self.indent = None;
            return Ok(None);
        }
        self.len += 1;
        seed.deserialize(Value {
            cursor: self.cursor,
            place: Some(Place::Dash(indent)),
            depth: self.depth,
        })
        .map(Some)
    }
}

/// Where the next key of a mapping is.
enum Ahead<'t> {
    /// The first one, which had to be read to know that this is a mapping.
    Usual(&'t str),
    /// The first one, in `Cursor::opened`.
    Opened,
    /// In the text.
    Text,
    /// There is none.
    Nothing,
}

struct Entries<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    indent: usize,
    depth: usize,
    ahead: Ahead<'t>,
}

impl<'t> Entries<'_, 't> {
    /// Nothing may be left.
    fn end(&mut self) -> Result<(), Error> {
        if de::MapAccess::next_key::<de::IgnoredAny>(self)?.is_some() {
            return Err(de::Error::custom(
                "a mapping has more entries than expected",
            ));
        }
        Ok(())
    }

    /// A key in its usual form; `None` if it takes a closer look.
    #[inline]
    fn usual_key(&mut self) -> Option<&'t str> {
        match self.ahead {
            Ahead::Text => self.cursor.usual_next(self.indent),
            Ahead::Usual(key) => {
                self.ahead = Ahead::Text;
                Some(key)
            }
            Ahead::Opened | Ahead::Nothing => None,
        }
    }

    fn unusual_key(&mut self) -> Result<Option<Key<'t>>, Error> {
        let key = match self.ahead {
            Ahead::Nothing => return Ok(None),
            Ahead::Opened => match self.cursor.opened.take() {
                Some(Open::Scalar(key)) => Some(key),
                _ => None,
            },
            Ahead::Text | Ahead::Usual(_) => self.cursor.next_key(self.indent)?,
        };
        self.ahead = match key {
            Some(_) => Ahead::Text,
            None => Ahead::Nothing,
        };
        Ok(key.map(|key| Key {
            plain: key.style == Style::Plain,
            text: key.text,
        }))
    }
}

impl<'t> de::MapAccess<'t> for Entries<'_, 't> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if let Some(text) = self.usual_key() {
            let key = Key {
                text: Cow::Borrowed(text),
                plain: true,
            };
            return seed.deserialize(key).map(Some);
        }
        // The end of most mappings.
        if matches!(self.ahead, Ahead::Text) && self.cursor.indent < self.indent {
            self.ahead = Ahead::Nothing;
            return Ok(None);
        }
        match self.unusual_key()? {
            Some(key) => seed.deserialize(key).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Value {
            cursor: self.cursor,
            place: Some(Place::Key(self.indent)),
            depth: self.depth,
        })
    }
}

/// A key: read as a field's name or as any scalar.
struct Key<'t> {
    text: Cow<'t, str>,
    plain: bool,
}

macro_rules! through_value {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
            let style = if self.plain { Style::Plain } else { Style::Double };
            let scalar = Scalar { text: self.text, style, line: 0, end_line: 0 };
            Value {
                cursor: &mut Cursor::nowhere(Open::Scalar(scalar)),
                place: None,
                depth: 1,
            }.$method(visitor)
        }
    )*};
}

impl<'t> de::Deserializer<'t> for Key<'t> {
    type Error = Error;

    through_value! {
        deserialize_bool deserialize_i64 deserialize_i128 deserialize_u64 deserialize_u128
        deserialize_f64 deserialize_char deserialize_option deserialize_unit
    }

    same! {
        deserialize_i8() as deserialize_i64;
        deserialize_i16() as deserialize_i64;
        deserialize_i32() as deserialize_i64;
        deserialize_u8() as deserialize_u64;
        deserialize_u16() as deserialize_u64;
        deserialize_u32() as deserialize_u64;
        deserialize_f32() as deserialize_f64;
        deserialize_string() as deserialize_str;
        deserialize_identifier() as deserialize_str;
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_scalar(self.text, self.plain, visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(self.text, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.text.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        bytes byte_buf unit_struct seq tuple tuple_struct map struct
    }
}
