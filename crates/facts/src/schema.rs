//! Which fields each kind has, so that a misspelt one is an error when a rule is loaded.

use std::{collections::BTreeMap, sync::OnceLock};

/// One step of a path into an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A key.
    Key(String),
    /// Any element of a list: `[]`.
    Any,
    /// The elements of which a field has a value: `[type=Ready]`.
    Where(String, String),
}

#[derive(Debug, Clone)]
struct Field {
    kind: Shape,
    of: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Scalar,
    List,
    Map,
    Object,
    Open,
}

impl Shape {
    fn word(self) -> &'static str {
        match self {
            Self::Scalar => "value",
            Self::List => "list",
            Self::Map => "mapping",
            Self::Object => "object",
            Self::Open => "anything",
        }
    }
}

/// All types by name.
#[derive(Debug)]
pub struct Schema {
    types: BTreeMap<String, BTreeMap<String, Field>>,
    /// What a kind or field is: type or unit (empty for kinds) and meaning.
    meanings: BTreeMap<String, (String, String)>,
}

/// A field as the catalogue of facts shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documented<'s> {
    /// Its name.
    pub name: &'s str,
    /// What it holds: the type or unit where it is documented, else its shape.
    pub unit: &'s str,
    /// The type of what it holds.
    pub of: Option<&'s str>,
    /// What it means; empty for the fields of the API, which Kubernetes documents.
    pub meaning: &'s str,
}

/// Why a path does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The part that does not fit.
    pub at: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Schema {
    /// The schema of this version.
    pub fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::parse(include_str!("schema.txt")))
    }

    fn parse(text: &str) -> Self {
        let mut types = BTreeMap::new();
        let mut meanings = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("#: ")) {
            let mut parts = line.split(" | ").map(str::to_owned);
            let (name, first, second) = (parts.next(), parts.next(), parts.next());
            if let (Some(name), Some(first)) = (name, first) {
                let meaning = match second {
                    Some(meaning) => (first, meaning),
                    None => (String::new(), first),
                };
                meanings.insert(name, meaning);
            }
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, fields)) = line.split_once(" = ") else {
                continue;
            };
            types.insert(
                name.to_owned(),
                fields.split_whitespace().map(field).collect(),
            );
        }
        Self { types, meanings }
    }

    /// Whether rules may select this kind.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.types.contains_key(kind)
    }

    /// Names of all types, for suggestions.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// Checks a path against a kind.
    ///
    /// # Errors
    /// The first part that does not fit, with a suggestion.
    pub fn check(&self, kind: &str, path: &[Segment]) -> Result<(), Misfit> {
        self.shape(kind, path).map(|_| ())
    }

    /// What a derived kind is; `None` for those of the API.
    pub fn meaning(&self, kind: &str) -> Option<&str> {
        self.meanings.get(kind).map(|(_, meaning)| meaning.as_str())
    }

    /// The fields of a kind, by name.
    pub fn fields(&self, kind: &str) -> Vec<Documented<'_>> {
        let fields = self.types.get(kind).into_iter().flatten();
        fields
            .map(|(name, field)| {
                let meaning = self.meanings.get(&format!("{kind}.{name}"));
                Documented {
                    name,
                    unit: meaning.map_or_else(|| field.kind.word(), |(unit, _)| unit.as_str()),
                    of: field.of.as_deref(),
                    meaning: meaning.map_or("", |(_, meaning)| meaning.as_str()),
                }
            })
            .collect()
    }

    /// Whether a path leads to a mapping with any keys, or may do so.
    pub fn is_map(&self, kind: &str, path: &[Segment]) -> bool {
        matches!(self.shape(kind, path), Ok(Shape::Map | Shape::Open))
    }

    /// Whether a path leads to a list, or may do so.
    pub fn is_list(&self, kind: &str, path: &[Segment]) -> bool {
        matches!(self.shape(kind, path), Ok(Shape::List | Shape::Open))
    }

    fn shape(&self, kind: &str, path: &[Segment]) -> Result<Shape, Misfit> {
        let mut current = Some(kind.to_owned());
        let mut shape = Shape::Object;
        for segment in path {
            match (segment, shape) {
                (_, Shape::Open) => return Ok(Shape::Open),
                (Segment::Key(name), Shape::Object) => {
                    let fields = current.as_ref().and_then(|kind| self.types.get(kind));
                    let found = fields.and_then(|fields| fields.get(name));
                    let Some(found) = found else {
                        let names = fields
                            .into_iter()
                            .flat_map(|fields| fields.keys().map(String::as_str));
                        return Err(Misfit {
                            at: name.clone(),
                            suggestion: nearest(name, names),
                        });
                    };
                    current.clone_from(&found.of);
                    shape = found.kind;
                }
                (Segment::Key(_), Shape::Map) => {
                    shape = if current.is_some() {
                        Shape::Object
                    } else {
                        Shape::Scalar
                    };
                }
                (Segment::Any | Segment::Where(..), Shape::List) => {
                    shape = if current.is_some() {
                        Shape::Object
                    } else {
                        Shape::Scalar
                    };
                }
                (Segment::Key(name), Shape::List) => {
                    return Err(Misfit {
                        at: name.clone(),
                        suggestion: Some(format!("[].{name}")),
                    });
                }
                (Segment::Key(name), Shape::Scalar) => {
                    return Err(Misfit {
                        at: name.clone(),
                        suggestion: None,
                    });
                }
                (Segment::Any | Segment::Where(..), _) => {
                    return Err(Misfit {
                        at: "[]".to_owned(),
                        suggestion: None,
                    });
                }
            }
        }
        Ok(shape)
    }
}

fn field(text: &str) -> (String, Field) {
    let (name, of) = match text.split_once(':') {
        Some((name, of)) => (name, Some(of.to_owned())),
        None => (text, None),
    };
    let (name, kind) = if let Some(name) = name.strip_suffix("[]") {
        (name, Shape::List)
    } else if let Some(name) = name.strip_suffix("{}") {
        (name, Shape::Map)
    } else if let Some(name) = name.strip_suffix('*') {
        (name, Shape::Open)
    } else {
        (
            name,
            if of.is_some() {
                Shape::Object
            } else {
                Shape::Scalar
            },
        )
    };
    (name.to_owned(), Field { kind, of })
}

/// The nearest of some names, if it is near enough to be a slip.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    names
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name.to_owned())
}

/// Edit distance between two words, case ignored; swapped neighbours are one edit, as in typing.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut best = (last[j - 1] + usize::from(!same))
                .min(last[j] + 1)
                .min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Segment {
        Segment::Key(name.to_owned())
    }

    #[test]
    fn paths_are_checked() {
        let schema = Schema::get();
        let ready = [
            key("status"),
            key("conditions"),
            Segment::Where("type".into(), "Ready".into()),
            key("status"),
        ];
        assert_eq!(schema.check("Pod", &ready), Ok(()));
        let slip = [key("status"), key("phse")];
        assert_eq!(
            schema.check("Pod", &slip),
            Err(Misfit {
                at: "phse".into(),
                suggestion: Some("phase".into())
            })
        );
        assert_eq!(
            schema.check("Pod", &[key("metadata"), key("labels"), key("app")]),
            Ok(())
        );
        assert!(
            schema
                .check("Pod", &[key("spec"), key("containers"), key("image")])
                .is_err()
        );
        assert_eq!(
            schema.check("Container", &[key("ended"), key("exitCode")]),
            Ok(())
        );
    }

    #[test]
    fn every_type_named_exists() {
        let schema = Schema::get();
        for (name, fields) in &schema.types {
            for (field, it) in fields {
                if let Some(of) = &it.of {
                    assert!(schema.types.contains_key(of), "{name}.{field}: {of}");
                }
            }
        }
    }

    #[test]
    fn every_derived_field_is_documented() {
        let schema = Schema::get();
        for (name, (unit, meaning)) in &schema.meanings {
            assert!(!meaning.is_empty(), "{name}");
            match name.split_once('.') {
                None => assert!(schema.has_kind(name), "{name}"),
                Some((kind, field)) => {
                    assert!(!unit.is_empty(), "{name}");
                    assert!(schema.types[kind].contains_key(field), "{name}");
                }
            }
            if name.contains('.') || !schema.has_kind(name) {
                continue;
            }
            for field in schema.fields(name) {
                assert!(!field.meaning.is_empty(), "{name}.{}", field.name);
            }
        }
    }

    #[test]
    fn distances() {
        assert_eq!(distance("payment", "payments"), 1);
        assert_eq!(distance("chekout", "checkout"), 1);
        assert_eq!(distance("titel", "title"), 1);
        assert_eq!(
            nearest("priorty", ["priority", "severity"].into_iter()),
            Some("priority".into())
        );
        assert_eq!(nearest("abc", ["xyz"].into_iter()), None);
    }
}
