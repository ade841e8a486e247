//! Reads a rule file strictly: every key, name, field, relation and pattern is checked, with its place and what was probably meant.

use std::collections::BTreeMap;

use coldcase_facts::schema::{Segment, nearest};

use crate::{
    grammar::{ARGUMENT, EDGE, NEXT, RULE, VERBS, step_keys},
    lines::{LineKind, Pattern},
    matchers::{At, duration},
    rename::rename,
    rule::{
        ALONGS, Argument, Block, CONFIDENCES, Condition, Count, Explains, From, LAYERS, Matcher,
        Operand, ROLES, Rows, Rule, SEVERITIES, Step, Test, Verb,
    },
    scope::{Scope, check_path, operand, phrase, reference},
    source::{Doc, DocValue, LoadError, Place},
    template::{self, Template},
};

pub(crate) type Bad = (Place, String);
pub(crate) type Good<T> = Result<T, Bad>;

/// Kinds that are lines of a log and no objects.
const LINES: [&str; 2] = ["LogLine", "JournalLine"];

/// Loads one rule from its parsed file; patterns are added to `patterns`.
pub(crate) fn load(
    file: &str,
    doc: Result<Doc, Bad>,
    patterns: &mut Vec<Pattern>,
    trusted: bool,
) -> Result<Rule, Vec<LoadError>> {
    let error = |(place, what): Bad| LoadError {
        file: file.to_owned(),
        place,
        what,
    };
    let doc = doc.map_err(|bad| vec![error(bad)])?;
    let mut loader = Loader {
        patterns,
        errors: Vec::new(),
        trusted,
    };
    let rule = loader.rule(file, &doc);
    match rule {
        Ok(rule) if loader.errors.is_empty() => Ok(rule),
        Ok(_) => Err(loader.errors.into_iter().map(error).collect()),
        Err(bad) => Err(loader.errors.into_iter().chain([bad]).map(error).collect()),
    }
}

pub(crate) struct Loader<'p> {
    patterns: &'p mut Vec<Pattern>,
    pub(crate) errors: Vec<Bad>,
    /// The rule is embedded and was tested: its examples are left out, its patterns are built when they are needed.
    trusted: bool,
}

pub(crate) fn text(doc: &Doc) -> Good<&str> {
    doc.text()
        .ok_or_else(|| (doc.place, format!("expected a text, found {}", doc.what())))
}

pub(crate) fn required<'d>(doc: &'d Doc, key: &str) -> Good<&'d Doc> {
    doc.get(key)
        .ok_or_else(|| (doc.place, format!("`{key}` is missing")))
}

pub(crate) fn list(doc: &Doc) -> Good<&[Doc]> {
    match &doc.value {
        DocValue::List(items) => Ok(items),
        DocValue::Null => Ok(&[]),
        _ => Err((doc.place, format!("expected a list, found {}", doc.what()))),
    }
}

pub(crate) fn word<T: Copy>(doc: &Doc, words: &[(&'static str, T)], what: &str) -> Good<T> {
    let given = text(doc)?;
    words
        .iter()
        .find(|(word, _)| *word == given)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let all = words
                .iter()
                .map(|(word, _)| *word)
                .collect::<Vec<_>>()
                .join(", ");
            (
                doc.place,
                format!("`{given}` is no {what}; there are {all}"),
            )
        })
}

fn texts(doc: Option<&Doc>) -> Good<Vec<String>> {
    let Some(doc) = doc else {
        return Ok(Vec::new());
    };
    if let Some(text) = doc.text() {
        return Ok(vec![text.to_owned()]);
    }
    list(doc)?
        .iter()
        .map(|item| text(item).map(str::to_owned))
        .collect()
}

impl Loader<'_> {
    pub(crate) fn keys(&mut self, doc: &Doc, allowed: &[&str]) {
        for (key, place, _) in doc.entries() {
            if !allowed.contains(&key.as_str()) {
                let hint = nearest(key, allowed.iter().copied()).map_or_else(
                    || format!("there are {}", allowed.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.errors
                    .push((*place, format!("unknown key `{key}`; {hint}")));
            }
        }
    }

    fn rule(&mut self, file: &str, doc: &Doc) -> Good<Rule> {
        self.keys(doc, RULE);
        let id = text(required(doc, "id")?)?.to_owned();
        let stem = file
            .rsplit('/')
            .next()
            .unwrap_or(file)
            .trim_end_matches(".yaml");
        if stem != id {
            return Err((
                required(doc, "id")?.place,
                format!("the id is `{id}` but the file is named `{stem}`"),
            ));
        }
        let layer = text(required(doc, "layer")?)?.to_owned();
        if !LAYERS.contains(&layer.as_str()) {
            return Err((
                required(doc, "layer")?.place,
                format!("`{layer}` is no layer; there are {}", LAYERS.join(", ")),
            ));
        }
        let mut scope = Scope {
            trusted: self.trusted,
            ..Scope::default()
        };
        let steps = self.steps(required(doc, "match")?, &mut scope)?;
        let subject_doc = required(doc, "subject")?;
        let subject = scope
            .slot(text(subject_doc)?)
            .map_err(|what| (subject_doc.place, what))?;
        let kinds = scope.kinds.get(subject).map_or(&[][..], Vec::as_slice);
        if let Some(line) = kinds.iter().find(|kind| LINES.contains(&kind.as_str())) {
            return Err((
                subject_doc.place,
                format!(
                    "a {line} is at fault for nothing: bind what it comes from, such as `find: node n of {name}` or `find: pod p of {name}`, and name that",
                    name = text(subject_doc)?
                ),
            ));
        }
        let time = match doc.get("time") {
            Some(time) => Some(
                operand(&format!("${}", text(time)?), &scope).map_err(|what| (time.place, what))?,
            ),
            None => None,
        };
        let supports = self.arguments(doc.get("supports"), &scope)?;
        let contradicts = self.arguments(doc.get("contradicts"), &scope)?;
        let healed = match doc.get("healed") {
            Some(healed) => Some(self.block(healed, &scope)?),
            None => None,
        };
        Ok(Rule {
            title: filled(required(doc, "title")?, &scope)?,
            severity: word(required(doc, "severity")?, SEVERITIES, "severity")?,
            role: word(required(doc, "role")?, ROLES, "role")?,
            confidence: word(required(doc, "confidence")?, CONFIDENCES, "confidence")?,
            explains: self.explains(doc.get("explains"))?,
            meaning: filled(required(doc, "meaning")?, &scope)?,
            next: self.next(required(doc, "next")?, &scope)?,
            costly: doc
                .get("costly")
                .map_or(Ok(String::new()), |doc| text(doc).map(str::to_owned))?,
            false_alarm: doc
                .get("false_alarm")
                .map_or(Ok(String::new()), |doc| text(doc).map(str::to_owned))?,
            references: texts(doc.get("references"))?,
            collect: texts(doc.get("collect"))?,
            tests: if self.trusted {
                Vec::new()
            } else {
                self.examples(doc)?
            },
            names: scope.names.clone(),
            id,
            file: file.to_owned(),
            layer,
            subject,
            steps,
            time,
            supports,
            contradicts,
            healed,
        })
    }

    fn next(&mut self, doc: &Doc, scope: &Scope) -> Good<[Vec<Template>; 5]> {
        self.keys(doc, &NEXT);
        let mut next: [Vec<Template>; 5] = Default::default();
        for (place, key) in next.iter_mut().zip(NEXT) {
            let Some(items) = doc.get(key) else { continue };
            let items = match &items.value {
                DocValue::Text(_) => std::slice::from_ref(items),
                _ => list(items)?,
            };
            for item in items {
                place.push(filled(item, scope)?);
            }
        }
        Ok(next)
    }

    fn explains(&mut self, doc: Option<&Doc>) -> Good<Vec<Explains>> {
        let Some(doc) = doc else {
            return Ok(Vec::new());
        };
        let mut edges = Vec::new();
        for item in list(doc)? {
            self.keys(item, EDGE);
            edges.push(Explains {
                rule: text(required(item, "rule")?)?.to_owned(),
                along: word(required(item, "along")?, ALONGS, "relation of `explains`")?,
                place: item.place,
            });
        }
        Ok(edges)
    }

    fn arguments(&mut self, doc: Option<&Doc>, scope: &Scope) -> Good<Vec<Argument>> {
        let Some(doc) = doc else {
            return Ok(Vec::new());
        };
        let mut arguments = Vec::new();
        for item in list(doc)? {
            self.keys(item, ARGUMENT);
            let mut inner = scope.clone();
            let steps = self.steps(required(item, "match")?, &mut inner)?;
            let because = filled(required(item, "because")?, &inner)?;
            arguments.push(Argument {
                because,
                block: Block {
                    names: inner.names,
                    steps,
                },
            });
        }
        Ok(arguments)
    }

    fn block(&mut self, doc: &Doc, scope: &Scope) -> Good<Block> {
        let mut inner = scope.clone();
        let steps = self.steps(doc.get("match").unwrap_or(doc), &mut inner)?;
        Ok(Block {
            names: inner.names,
            steps,
        })
    }

    fn steps(&mut self, doc: &Doc, scope: &mut Scope) -> Good<Vec<Step>> {
        list(doc)?
            .iter()
            .map(|step| self.step(step, scope))
            .collect()
    }

    fn step(&mut self, doc: &Doc, scope: &mut Scope) -> Good<Step> {
        let mut verbs = VERBS.iter().filter(|(name, _)| doc.get(name).is_some());
        let Some((name, verb)) = verbs.next().copied() else {
            let names = || VERBS.iter().map(|(name, _)| *name);
            let near = doc
                .entries()
                .iter()
                .find_map(|(key, place, _)| Some((*place, nearest(key, names())?)));
            return Err(match near {
                Some((place, near)) => {
                    (place, format!("no verb of a step; did you mean `{near}`?"))
                }
                None => (
                    doc.place,
                    "a step begins with find, maybe, none, count, any or check".to_owned(),
                ),
            });
        };
        if verbs.next().is_some() {
            return Err((doc.place, "a step has one verb".to_owned()));
        }
        let head = required(doc, name)?;
        let of_rows = verb == Verb::Count && head.text() == Some("rows");
        self.keys(doc, step_keys(verb, of_rows));
        match verb {
            Verb::Any => self.any(head, scope),
            Verb::Check => {
                let mut conditions = Vec::new();
                for (key, place, matcher) in head.entries() {
                    let operand =
                        operand(&format!("${key}"), scope).map_err(|what| (*place, what))?;
                    let (slot, path) = match operand {
                        Operand::Field(slot, path) => (slot, path),
                        Operand::Capture(slot, name) => (
                            slot,
                            vec![Segment::Key("match".to_owned()), Segment::Key(name)],
                        ),
                        _ => {
                            return Err((
                                *place,
                                format!("`{key}`: expected a bound name and a field"),
                            ));
                        }
                    };
                    let captured =
                        matches!(path.first(), Some(Segment::Key(first)) if first == "match");
                    let shown = matcher.shown();
                    let matcher = if captured {
                        self.matcher(matcher, scope, &At::NOWHERE)?
                    } else {
                        let kinds = &scope.kinds[slot];
                        self.matcher(matcher, scope, &At { kinds, path: &path })?
                    };
                    conditions.push(Condition {
                        written: format!("{key}: {shown}"),
                        slot,
                        path,
                        matcher,
                    });
                }
                Ok(Step {
                    written: "check".to_owned(),
                    place: doc.place,
                    verb,
                    from: From::Bound,
                    kinds: Vec::new(),
                    slot: 0,
                    conditions,
                    pattern: None,
                    count: None,
                    rows: None,
                    alternatives: Vec::new(),
                })
            }
            Verb::Count if of_rows => self.rows(doc, scope),
            _ => self.looking(doc, head, verb, scope),
        }
    }

    /// `count: rows`, over what the steps before have left.
    fn rows(&mut self, doc: &Doc, scope: &Scope) -> Good<Step> {
        let value = |doc: &Doc| -> Good<Operand> {
            operand(&format!("${}", text(doc)?), scope).map_err(|what| (doc.place, what))
        };
        let by = match doc.get("by") {
            None => Vec::new(),
            Some(by) if by.text().is_some() => vec![value(by)?],
            Some(by) => list(by)?.iter().map(value).collect::<Good<_>>()?,
        };
        let in_any = doc.get("in_any").map(duration).transpose()?;
        let at = doc.get("at").map(value).transpose()?;
        match (doc.get("in_any"), doc.get("at")) {
            (Some(window), None) => {
                return Err((
                    window.place,
                    "rows have no time of their own: add `at: name.field`".to_owned(),
                ));
            }
            (None, Some(at)) => {
                return Err((at.place, "`at` goes with `in_any`".to_owned()));
            }
            _ => {}
        }
        Ok(Step {
            written: "count: rows".to_owned(),
            place: doc.place,
            verb: Verb::Rows,
            from: From::Bound,
            kinds: Vec::new(),
            slot: 0,
            conditions: Vec::new(),
            pattern: None,
            count: Some(Count {
                is: self.matcher(required(doc, "is")?, scope, &At::NOWHERE)?,
                distinct: None,
                sum: None,
                in_any,
                percent_of: None,
            }),
            rows: Some(Rows {
                by,
                distinct: doc.get("distinct").map(value).transpose()?,
                at,
            }),
            alternatives: Vec::new(),
        })
    }

    fn any(&mut self, head: &Doc, scope: &mut Scope) -> Good<Step> {
        let before = scope.visible.clone();
        let mut alternatives = Vec::new();
        let mut common: Option<BTreeMap<String, usize>> = None;
        let mut shared: BTreeMap<String, usize> = BTreeMap::new();
        for item in list(head)? {
            scope.visible.clone_from(&before);
            // The same name in two alternatives is the same slot.
            let mut inner = scope.clone();
            inner.visible.clone_from(&before);
            let steps = self.steps_sharing(item, &mut inner, &mut shared)?;
            let bound: BTreeMap<String, usize> = inner
                .visible
                .iter()
                .filter(|(name, _)| !before.contains_key(*name))
                .map(|(name, slot)| (name.clone(), *slot))
                .collect();
            common = Some(match common {
                None => bound,
                Some(common) => common
                    .into_iter()
                    .filter(|(name, _)| bound.contains_key(name))
                    .collect(),
            });
            alternatives.push(steps);
            *scope = inner;
        }
        scope.visible = before;
        scope.visible.extend(common.unwrap_or_default());
        Ok(Step {
            written: "any".to_owned(),
            place: head.place,
            verb: Verb::Any,
            from: From::Bound,
            kinds: Vec::new(),
            slot: 0,
            conditions: Vec::new(),
            pattern: None,
            count: None,
            rows: None,
            alternatives,
        })
    }

    /// As `steps`, but names that an earlier alternative bound keep their slot.
    fn steps_sharing(
        &mut self,
        doc: &Doc,
        scope: &mut Scope,
        shared: &mut BTreeMap<String, usize>,
    ) -> Good<Vec<Step>> {
        let before: Vec<String> = scope.visible.keys().cloned().collect();
        let mut steps = self.steps(doc, scope)?;
        let bound: Vec<(String, usize)> = scope
            .visible
            .iter()
            .filter(|(name, _)| !before.contains(name))
            .map(|(name, slot)| (name.clone(), *slot))
            .collect();
        for (name, slot) in bound {
            match shared.get(&name) {
                None => {
                    shared.insert(name, slot);
                }
                Some(&first) => {
                    rename(&mut steps, slot, first);
                    scope.visible.insert(name, first);
                    let (kinds, captures) =
                        (scope.kinds[slot].clone(), scope.captures[slot].clone());
                    for kind in kinds {
                        if !scope.kinds[first].contains(&kind) {
                            scope.kinds[first].push(kind);
                        }
                    }
                    scope.captures[first].retain(|capture| captures.contains(capture));
                }
            }
        }
        Ok(steps)
    }

    fn looking(&mut self, doc: &Doc, head: &Doc, verb: Verb, scope: &mut Scope) -> Good<Step> {
        let sentence = text(head)?;
        let (from, kinds, name) = phrase(sentence, scope).map_err(|what| (head.place, what))?;
        let outer = scope.clone();
        let slot = scope.add(&name, kinds.clone());
        let mut conditions = Vec::new();
        if let Some(doc) = doc.get("where") {
            for (key, place, matcher) in doc.entries() {
                let path = template::path(key).map_err(|what| (*place, what))?;
                check_path(&kinds, &path, key).map_err(|what| (*place, what))?;
                let at = At {
                    kinds: &kinds,
                    path: &path,
                };
                let written = format!("{key}: {}", matcher.shown());
                let matcher = self.matcher(matcher, &outer, &at)?;
                conditions.push(Condition {
                    written,
                    slot,
                    path,
                    matcher,
                });
            }
        }
        for condition in &conditions {
            captures(&condition.matcher, &mut scope.captures[slot]);
        }
        let pattern = self
            .pattern(&kinds, &conditions)
            .map_err(|what| (head.place, what))?;
        let count = if verb == Verb::Count {
            Some(self.count(doc, &kinds, &outer)?)
        } else {
            None
        };
        if matches!(verb, Verb::None | Verb::Count) {
            scope.visible.remove(&name);
        }
        Ok(Step {
            written: format!("{}: {sentence}", verb.word()),
            place: doc.place,
            verb,
            from,
            kinds,
            slot,
            conditions,
            pattern,
            count,
            rows: None,
            alternatives: Vec::new(),
        })
    }

    fn count(&mut self, doc: &Doc, kinds: &[String], scope: &Scope) -> Good<Count> {
        let is = self.matcher(required(doc, "is")?, scope, &At::NOWHERE)?;
        let field = |doc: &Doc| -> Good<Vec<Segment>> {
            let path = template::path(text(doc)?).map_err(|what| (doc.place, what))?;
            check_path(kinds, &path, text(doc)?).map_err(|what| (doc.place, what))?;
            Ok(path)
        };
        let distinct = doc.get("distinct").map(field).transpose()?;
        let sum = doc.get("sum").map(field).transpose()?;
        let others = ["distinct", "in_any", "percent_of"];
        if let (Some(sum), true) = (
            doc.get("sum"),
            others.iter().any(|key| doc.get(key).is_some()),
        ) {
            return Err((
                sum.place,
                "`sum` adds up a field; it takes no `distinct`, `in_any` or `percent_of`"
                    .to_owned(),
            ));
        }
        let in_any = match doc.get("in_any") {
            Some(doc) => Some(duration(doc)?),
            None => None,
        };
        let percent_of = match doc.get("percent_of") {
            Some(doc) => {
                let (from, ..) = phrase(text(doc)?, scope).map_err(|what| (doc.place, what))?;
                match from {
                    From::Relation(nouns, slot) => Some((nouns, slot)),
                    _ => {
                        return Err((
                            doc.place,
                            "`percent_of` follows a relation: `pod of w`".to_owned(),
                        ));
                    }
                }
            }
            None => None,
        };
        Ok(Count {
            is,
            distinct,
            sum,
            in_any,
            percent_of,
        })
    }

    /// Steps over lines need a pattern for the one pass over the bytes.
    fn pattern(
        &mut self,
        kinds: &[String],
        conditions: &[Condition],
    ) -> Result<Option<usize>, String> {
        let kind = match kinds.first().map(String::as_str) {
            Some("LogLine") => LineKind::Log,
            Some("JournalLine") => LineKind::Journal,
            _ => return Ok(None),
        };
        let on_text = conditions
            .iter()
            .find(|condition| condition.path == [Segment::Key("text".to_owned())]);
        let regex = on_text.and_then(|condition| {
            condition.matcher.tests.iter().find_map(|test| match test {
                Test::Matches(regex) => Some(regex.as_str().to_owned()),
                Test::Contains(Operand::Literal(text)) => Some(regex::escape(text)),
                _ => None,
            })
        });
        let Some(regex) = regex else {
            return Err(
                "lines are found by their text: add `where: {text: {matches: …}}`".to_owned(),
            );
        };
        let pattern = Pattern { regex, kind };
        let index = self
            .patterns
            .iter()
            .position(|known| *known == pattern)
            .unwrap_or_else(|| {
                self.patterns.push(pattern);
                self.patterns.len() - 1
            });
        Ok(Some(index))
    }
}

/// The names that patterns of a matcher capture when it holds.
fn captures(matcher: &Matcher, names: &mut Vec<String>) {
    for test in &matcher.tests {
        match test {
            Test::Matches(regex) => {
                names.extend(regex.names());
            }
            Test::Where(parts) => parts.iter().for_each(|part| captures(&part.matcher, names)),
            Test::Entry { key, value } => key
                .iter()
                .chain(value)
                .for_each(|matcher| captures(matcher, names)),
            _ => {}
        }
    }
}

/// A template whose names are checked.
fn filled(doc: &Doc, scope: &Scope) -> Good<Template> {
    Template::parse(text(doc)?, &mut |inner| reference(inner, scope))
        .map_err(|what| (doc.place, what))
}
