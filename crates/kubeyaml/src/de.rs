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
        source: Source::Place(place),
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

enum Source<'t> {
    Place(Place),
    /// Already looked at.
    Open(Open<'t>),
}

/// A value that is still in the text.
struct Value<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    source: Source<'t>,
    depth: usize,
}

impl<'c, 't> Value<'c, 't> {
    #[inline]
    fn open(self) -> Result<(&'c mut Cursor<'t>, Open<'t>, usize), Error> {
        let open = match self.source {
            Source::Place(place) => self.cursor.open(place)?,
            Source::Open(open) => open,
        };
        Ok((self.cursor, open, self.depth))
    }

    /// A scalar that may be typed by its look, or what else there is.
    fn plain(self) -> Result<Result<Cow<'t, str>, Open<'t>>, Error> {
        Ok(match self.open()?.1 {
            Open::Scalar(scalar) if scalar.style == Style::Plain => Ok(scalar.text),
            other => Err(other),
        })
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

fn visit_scalar<'t, V: Visitor<'t>>(scalar: Scalar<'t>, visitor: V) -> Result<V::Value, Error> {
    if scalar.style != Style::Plain {
        return visit_text(scalar.text, visitor);
    }
    match number::look(&scalar.text) {
        Plain::Null => visitor.visit_unit(),
        Plain::Bool(value) => visitor.visit_bool(value),
        Plain::U64(value) => visitor.visit_u64(value),
        Plain::I64(value) => visitor.visit_i64(value),
        Plain::U128(value) => visitor.visit_u128(value),
        Plain::I128(value) => visitor.visit_i128(value),
        Plain::F64(value) => visitor.visit_f64(value),
        Plain::Text => visit_text(scalar.text, visitor),
    }
}

fn visit_seq<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    open: Open<'t>,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    let (indent, line) = match open {
        Open::Seq { indent, line } => (Some(indent), line),
        Open::EmptySeq(line) => (None, line),
        // As in serde_yaml: nothing at all is an empty list.
        Open::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty() => {
            return visitor.visit_seq(Items {
                cursor,
                indent: None,
                depth,
                len: 0,
            });
        }
        other => return Err(unfit(&other, &visitor)),
    };
    let depth = depth.checked_sub(1).ok_or(Error::Depth { line })?;
    let mut items = Items {
        cursor,
        indent,
        depth,
        len: 0,
    };
    let value = visitor.visit_seq(&mut items)?;
    let len = items.len;
    if de::SeqAccess::next_element::<de::IgnoredAny>(&mut items)?.is_some() {
        let expected = format!("a list of {len}");
        return Err(de::Error::invalid_length(len + 1, &expected.as_str()));
    }
    Ok(value)
}

fn visit_map<'t, V: Visitor<'t>>(
    cursor: &mut Cursor<'t>,
    open: Open<'t>,
    depth: usize,
    visitor: V,
) -> Result<V::Value, Error> {
    let (indent, line, key) = match open {
        Open::Map { indent, line, key } => (indent, line, Some(key)),
        Open::EmptyMap(line) => (0, line, None),
        Open::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty() => {
            return visitor.visit_map(Entries {
                cursor,
                indent: 0,
                depth,
                key: None,
                done: true,
            });
        }
        other => return Err(unfit(&other, &visitor)),
    };
    let depth = depth.checked_sub(1).ok_or(Error::Depth { line })?;
    let mut entries = Entries {
        cursor,
        indent,
        depth,
        done: key.is_none(),
        key,
    };
    let value = visitor.visit_map(&mut entries)?;
    if de::MapAccess::next_key::<de::IgnoredAny>(&mut entries)?.is_some() {
        return Err(de::Error::custom(
            "a mapping has more entries than expected",
        ));
    }
    Ok(value)
}

macro_rules! number {
    ($($method:ident $visit:ident $parse:expr;)*) => {$(
        fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.plain()? {
                Ok(text) => match $parse(&*text) {
                    Some(value) => visitor.$visit(value),
                    None => Err(de::Error::invalid_type(Unexpected::Str(&text), &visitor)),
                },
                Err(open) => Err(unfit(&open, &visitor)),
            }
        }
    )*};
}

macro_rules! same {
    ($($method:ident as $other:ident;)*) => {$(
        fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
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
        deserialize_i8 as deserialize_i64;
        deserialize_i16 as deserialize_i64;
        deserialize_i32 as deserialize_i64;
        deserialize_u8 as deserialize_u64;
        deserialize_u16 as deserialize_u64;
        deserialize_u32 as deserialize_u64;
        deserialize_f32 as deserialize_f64;
        deserialize_char as deserialize_str;
        deserialize_string as deserialize_str;
        deserialize_identifier as deserialize_str;
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        let (cursor, open, depth) = self.open()?;
        match open {
            Open::Scalar(scalar) => visit_scalar(scalar, visitor),
            Open::Seq { .. } | Open::EmptySeq(_) => visit_seq(cursor, open, depth, visitor),
            Open::Map { .. } | Open::EmptyMap(_) => visit_map(cursor, open, depth, visitor),
        }
    }

    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.open()?.1 {
            Open::Scalar(scalar) => visit_text(scalar.text, visitor),
            other => Err(unfit(&other, &visitor)),
        }
    }

    fn deserialize_bytes<V: Visitor<'t>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("YAML has no bytes"))
    }

    fn deserialize_byte_buf<V: Visitor<'t>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("YAML has no bytes"))
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        let (cursor, open, depth) = self.open()?;
        match open {
            Open::Scalar(scalar) if scalar.is_null() => visitor.visit_none(),
            open => visitor.visit_some(Value {
                cursor,
                source: Source::Open(open),
                depth,
            }),
        }
    }

    fn deserialize_unit<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.open()?.1 {
            Open::Scalar(scalar) if scalar.is_null() => visitor.visit_unit(),
            other => Err(unfit(&other, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
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

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        let (cursor, open, depth) = self.open()?;
        visit_seq(cursor, open, depth, visitor)
    }

    fn deserialize_tuple<V: Visitor<'t>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        let (cursor, open, depth) = self.open()?;
        visit_map(cursor, open, depth, visitor)
    }

    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.open()?.1 {
            Open::Scalar(scalar) => visitor.visit_enum(scalar.text.into_deserializer()),
            // serde_yaml writes other variants as tags.
            other => Err(unfit(&other, &"the name of a variant")),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Source::Place(place @ (Place::Key(_) | Place::Dash(_))) = self.source {
            self.cursor.skip(place)?;
            return visitor.visit_unit();
        }
        let (cursor, open, _) = self.open()?;
        match open {
            Open::Seq { indent, .. } => {
                while cursor.next_item(indent)? {
                    cursor.skip(Place::Dash(indent))?;
                }
            }
            Open::Map { indent, .. } => loop {
                cursor.skip(Place::Key(indent))?;
                if cursor.next_key(indent)?.is_none() {
                    break;
                }
            },
            _ => {}
        }
        visitor.visit_unit()
    }
}

struct Items<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    /// `None` when there are no more.
    indent: Option<usize>,
    depth: usize,
    len: usize,
}

impl<'t> de::SeqAccess<'t> for Items<'_, 't> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(indent) = self.indent else {
            return Ok(None);
        };
        if !self.cursor.next_item(indent)? {
            self.indent = None;
            return Ok(None);
        }
        self.len += 1;
        seed.deserialize(Value {
            cursor: self.cursor,
            source: Source::Place(Place::Dash(indent)),
            depth: self.depth,
        })
        .map(Some)
    }
}

struct Entries<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    indent: usize,
    depth: usize,
    /// The first key, which had to be read to know that this is a mapping.
    key: Option<Scalar<'t>>,
    done: bool,
}

impl<'t> de::MapAccess<'t> for Entries<'_, 't> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if self.done {
            return Ok(None);
        }
        let key = match self.key.take() {
            Some(key) => Some(key),
            None => self.cursor.next_key(self.indent)?,
        };
        let Some(key) = key else {
            self.done = true;
            return Ok(None);
        };
        seed.deserialize(Key(key)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Value {
            cursor: self.cursor,
            source: Source::Place(Place::Key(self.indent)),
            depth: self.depth,
        })
    }
}

/// A key: read as a field's name or as any scalar.
struct Key<'t>(Scalar<'t>);

impl<'t> Key<'t> {
    fn open<'c>(self, cursor: &'c mut Cursor<'t>) -> Value<'c, 't> {
        Value {
            cursor,
            source: Source::Open(Open::Scalar(self.0)),
            depth: 1,
        }
    }
}

macro_rules! through_value {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
            self.open(&mut Cursor::nowhere()).$method(visitor)
        }
    )*};
}

impl<'t> de::Deserializer<'t> for Key<'t> {
    type Error = Error;

    through_value! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_option deserialize_unit
    }

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_scalar(self.0, visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(self.0.text, visitor)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(self.0.text, visitor)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(self.0.text, visitor)
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
        visitor.visit_enum(self.0.text.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        bytes byte_buf unit_struct seq tuple tuple_struct map struct
    }
}
