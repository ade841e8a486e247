//! Reads with the methods that typed readers use, led by the value that is expected: maps as maps, numbers as numbers.

#![allow(unreachable_pub, reason = "included by several programs")]

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_yaml::{Mapping, Value};

/// The typed methods give what `deserialize_any` gives, with and without options and unknown fields.
pub fn check(text: &str) -> Result<(), String> {
    let Ok(expected) = kubeyaml::from_str::<Value>(text) else {
        return Ok(());
    };
    for (option, ignore) in [(false, false), (true, false), (false, true)] {
        SHAPE.set(Some(Shape {
            value: expected.clone(),
            option,
            ignore,
        }));
        let found = kubeyaml::from_str::<Led>(text)
            .map_err(|error| format!("led: {error}"))?
            .0;
        let wanted = if ignore {
            without_odd(&expected)
        } else {
            expected.clone()
        };
        if found != wanted {
            return Err(format!(
                "led (options {option}, ignoring {ignore}): {found:?}\nnot {wanted:?}"
            ));
        }
    }
    Ok(())
}

/// What to expect, and how to ask for it.
#[derive(Clone)]
struct Shape {
    value: Value,
    /// Ask for an option first, everywhere.
    option: bool,
    /// Ignore every other field and item.
    ignore: bool,
}

thread_local! {
    /// `from_str` takes a type and no seed: the shape goes around it.
    static SHAPE: std::cell::Cell<Option<Shape>> = const { std::cell::Cell::new(None) };
}

struct Led(Value);

impl<'t> Deserialize<'t> for Led {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        let shape = SHAPE
            .take()
            .ok_or_else(|| serde::de::Error::custom("no shape"))?;
        Seed {
            asked: !shape.option,
            value: &shape.value,
            shape: &shape,
        }
        .deserialize(deserializer)
        .map(Led)
    }
}

/// The expected value without every other field and item.
fn without_odd(value: &Value) -> Value {
    match value {
        Value::Sequence(items) => {
            Value::Sequence(items.iter().step_by(2).map(without_odd).collect())
        }
        Value::Mapping(entries) => {
            let even = entries.iter().step_by(2);
            Value::Mapping(
                even.map(|(key, value)| (key.clone(), without_odd(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    value: &'s Value,
    shape: &'s Shape,
    /// Whether the option around this value is already behind us.
    asked: bool,
}

impl<'t> DeserializeSeed<'t> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value, D::Error> {
        if !self.asked {
            return deserializer.deserialize_option(self);
        }
        match self.value {
            Value::Null => deserializer.deserialize_option(self),
            Value::Bool(_) => deserializer.deserialize_bool(self),
            // First: `-0` is read as a negative number, which no `u64` takes.
            Value::Number(number) if number.is_i64() => deserializer.deserialize_i64(self),
            Value::Number(number) if number.is_u64() => deserializer.deserialize_u64(self),
            Value::Number(_) => deserializer.deserialize_f64(self),
            Value::String(_) => deserializer.deserialize_string(self),
            Value::Sequence(_) => deserializer.deserialize_seq(self),
            Value::Mapping(_) => deserializer.deserialize_struct("Led", &[], self),
            Value::Tagged(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'t> Visitor<'t> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.value)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.asked {
            return Err(serde::de::Error::custom("something instead of null"));
        }
        Self {
            asked: true,
            ..self
        }
        .deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        for (at, value) in self.value.as_sequence().into_iter().flatten().enumerate() {
            if self.shape.ignore && at % 2 == 1 {
                access.next_element::<IgnoredAny>()?;
            } else {
                let asked = !self.shape.option;
                items.extend(access.next_element_seed(Self {
                    value,
                    asked,
                    ..self
                })?);
            }
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Mapping::new();
        for (at, (_, value)) in self.value.as_mapping().into_iter().flatten().enumerate() {
            let Some(key) = access.next_key::<Value>()? else {
                break;
            };
            if self.shape.ignore && at % 2 == 1 {
                access.next_value::<IgnoredAny>()?;
            } else {
                let asked = !self.shape.option;
                entries.insert(
                    key,
                    access.next_value_seed(Self {
                        value,
                        asked,
                        ..self
                    })?,
                );
            }
        }
        Ok(Value::Mapping(entries))
    }
}
