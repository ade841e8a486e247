//! Reads matchers: what must hold of a field, from `OOMKilled` to `{within: 30s, of: $c.ended.finishedAt}`.

use coldcase_facts::{
    quantity,
    schema::{Schema, Segment},
};
use regex::Regex;

use crate::{
    grammar::{ENTRY, MATCHER},
    load::{Good, Loader, list, text, word},
    pattern::Lazy,
    rule::{Matcher, Operand, Part, Side, Test},
    scope::{Scope, check_path, operand},
    source::{Doc, DocValue, Place},
    template,
};

impl Loader<'_> {
    pub(crate) fn matcher(&mut self, doc: &Doc, scope: &Scope, at: &At<'_>) -> Good<Matcher> {
        match &doc.value {
            DocValue::Text(value) => Ok(Matcher {
                tests: vec![Test::Is(
                    operand(value, scope).map_err(|what| (doc.place, what))?,
                )],
            }),
            DocValue::List(items) => Ok(Matcher {
                tests: vec![Test::AnyOf(operands(items, scope)?)],
            }),
            DocValue::Null => Err((
                doc.place,
                "nothing to compare with; write {exists: false} for an absent field".to_owned(),
            )),
            DocValue::Map(_) => self.tests(doc, scope, at),
        }
    }

    fn tests(&mut self, doc: &Doc, scope: &Scope, at: &At<'_>) -> Good<Matcher> {
        self.keys(doc, MATCHER);
        let value = |doc: &Doc| -> Good<Operand> {
            operand(text(doc)?, scope).map_err(|what| (doc.place, what))
        };
        let mut tests = Vec::new();
        if let Some(within) = doc.get("within") {
            let sides = [
                ("of", Side::Around),
                ("before", Side::Before),
                ("after", Side::After),
            ];
            let Some((anchor, side)) = sides
                .iter()
                .find_map(|(key, side)| Some((doc.get(key)?, *side)))
            else {
                return Err((
                    within.place,
                    "`within` needs `of:`, `before:` or `after:` with the time it counts from"
                        .to_owned(),
                ));
            };
            tests.push(Test::Within(duration(within)?, value(anchor)?, side));
        }
        let windowed = doc.get("within").is_some();
        for (key, place, doc) in doc.entries() {
            tests.push(match key.as_str() {
                "is" => Test::Is(value(doc)?),
                "not" => Test::Not(value(doc)?),
                "any_of" => Test::AnyOf(operands(list(doc)?, scope)?),
                "none_of" => Test::NoneOf(operands(list(doc)?, scope)?),
                "exists" => Test::Exists(word(
                    doc,
                    &[("true", true), ("false", false)],
                    "truth value",
                )?),
                "matches" => Test::Matches(Box::new(pattern(doc, scope)?)),
                "contains" => Test::Contains(value(doc)?),
                "starts_with" => Test::StartsWith(value(doc)?),
                "ends_with" => Test::EndsWith(value(doc)?),
                "at_least" => Test::AtLeast(value(doc)?),
                "at_most" => Test::AtMost(value(doc)?),
                "over" => Test::Over(value(doc)?),
                "under" => Test::Under(value(doc)?),
                "before" if !windowed => Test::Before(value(doc)?),
                "after" if !windowed => Test::After(value(doc)?),
                "within" | "before" | "after" | "of" if windowed => continue,
                "of" => return Err((*place, "`of` goes with `within`".to_owned())),
                "newer_than" => Test::NewerThan(duration(doc)?),
                "older_than" => Test::OlderThan(duration(doc)?),
                "all" => Test::All(self.matcher(doc, scope, at)?),
                "no" => Test::No(self.matcher(doc, scope, at)?),
                "where" => Test::Where(self.parts(doc, scope, at)?),
                "entry" => self.entry(doc, *place, scope, at)?,
                _ => continue,
            });
        }
        if tests.is_empty() {
            return Err((doc.place, "an empty matcher".to_owned()));
        }
        Ok(Matcher { tests })
    }

    /// Conditions on one element: `{where: {port: 53, protocol: UDP}}`.
    fn parts(&mut self, doc: &Doc, scope: &Scope, at: &At<'_>) -> Good<Vec<Part>> {
        let mut parts = Vec::new();
        for (key, place, matcher) in doc.entries() {
            let below = template::path(key).map_err(|what| (*place, what))?;
            let mut path = at.path.to_vec();
            path.extend(below.iter().cloned());
            check_path(at.kinds, &path, key).map_err(|what| (*place, what))?;
            let inside = At {
                kinds: at.kinds,
                path: &path,
            };
            parts.push(Part {
                matcher: self.matcher(matcher, scope, &inside)?,
                path: below,
            });
        }
        if parts.is_empty() {
            return Err((
                doc.place,
                "`where` takes fields of the element and what must hold of them".to_owned(),
            ));
        }
        Ok(parts)
    }

    /// One entry of a mapping: `{entry: {key: {starts_with: x}, value: y}}`.
    fn entry(&mut self, doc: &Doc, place: Place, scope: &Scope, at: &At<'_>) -> Good<Test> {
        self.keys(doc, ENTRY);
        let entries = Schema::get();
        if !at.kinds.is_empty() && !at.kinds.iter().any(|kind| entries.is_map(kind, at.path)) {
            return Err((
                place,
                "`entry` looks into a mapping such as metadata.labels; for a list write `[]` and `where`".to_owned(),
            ));
        }
        let mut path = at.path.to_vec();
        path.push(Segment::Key("*".to_owned()));
        let inside = At {
            kinds: at.kinds,
            path: &path,
        };
        let key = match doc.get("key") {
            Some(key) => Some(self.matcher(key, scope, &At::NOWHERE)?),
            None => None,
        };
        let value = match doc.get("value") {
            Some(value) => Some(self.matcher(value, scope, &inside)?),
            None => None,
        };
        if key.is_none() && value.is_none() {
            return Err((place, "`entry` needs `key:`, `value:` or both".to_owned()));
        }
        Ok(Test::Entry { key, value })
    }
}

/// Which field a matcher is about, so that those inside it can be checked.
pub(crate) struct At<'p> {
    /// Kinds of which it may be a field; none: not known.
    pub kinds: &'p [String],
    /// The field.
    pub path: &'p [Segment],
}

impl At<'_> {
    /// A matcher about a number or a key.
    pub(crate) const NOWHERE: At<'static> = At {
        kinds: &[],
        path: &[],
    };
}

fn pattern(doc: &Doc, scope: &Scope) -> Good<Lazy> {
    let source = text(doc)?;
    if scope.trusted {
        return Ok(Lazy::trusted(source));
    }
    let regex = Regex::new(source).map_err(|error| {
        (
            doc.place,
            format!(
                "not a regex: {}",
                error.to_string().lines().last().unwrap_or("").trim()
            ),
        )
    })?;
    if regex.is_match("") {
        return Err((doc.place, "the pattern matches the empty text".to_owned()));
    }
    Ok(Lazy::built(regex))
}

pub(crate) fn duration(doc: &Doc) -> Good<f64> {
    let source = text(doc)?;
    quantity::seconds(source).ok_or_else(|| {
        (
            doc.place,
            format!("`{source}` is no duration; write 30s, 10m, 1h30m, 2d"),
        )
    })
}

fn operands(items: &[Doc], scope: &Scope) -> Good<Vec<Operand>> {
    items
        .iter()
        .map(|item| operand(text(item)?, scope).map_err(|what| (item.place, what)))
        .collect()
}
