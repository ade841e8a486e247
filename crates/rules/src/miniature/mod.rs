//! Bundles in miniature for the examples inside rules: a base that they share, what each changes, and the files that come of it.

mod default;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use coldcase_facts::{
    quantity,
    schema::{Schema, Segment, nearest},
};
use coldcase_snapshot::{object::kind_of_resource, stamp};
use jiff::{SignedDuration, Timestamp};

use crate::{
    grammar::{BASE, EVENT, EXAMPLE, EXPECTATIONS},
    load::{Good, Loader, list, required, text, word},
    rule::Example,
    source::{Doc, DocValue, Place},
};

/// When examples are captured unless they say otherwise.
const CAPTURED: &str = "2026-07-14T10:00:00Z";
/// `Kind namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// What an example is made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Miniature {
    captured: Option<String>,
    objects: BTreeMap<Named, Doc>,
    events: Vec<Doc>,
    logs: BTreeMap<String, String>,
    journals: BTreeMap<String, String>,
    empty: BTreeSet<String>,
    files: Vec<(String, String)>,
    short: bool,
}

impl Loader<'_> {
    /// The `tests:` of a rule over its `base:`.
    pub(crate) fn examples(&mut self, rule: &Doc) -> Good<Vec<Example>> {
        let base = self.base(rule.get("base"))?;
        let mut examples = Vec::new();
        for item in list(required(rule, "tests")?)? {
            self.keys(item, EXAMPLE);
            examples.push(Example {
                name: text(required(item, "name")?)?.to_owned(),
                expect: word(required(item, "expect")?, EXPECTATIONS, "expectation")?,
                subject: item
                    .get("subject")
                    .map(|doc| text(doc).map(str::to_owned))
                    .transpose()?,
                files: self.miniature(&base, item)?,
                place: item.place,
            });
        }
        Ok(examples)
    }

    /// The `base:` of a rule.
    fn base(&mut self, doc: Option<&Doc>) -> Good<Miniature> {
        let mut base = Miniature::default();
        if let Some(doc) = doc {
            self.keys(doc, BASE);
            self.onto(&mut base, doc)?;
        }
        Ok(base)
    }

    /// The files of an example: the base, changed by what the example says.
    fn miniature(&mut self, base: &Miniature, doc: &Doc) -> Good<Vec<(String, String)>> {
        let mut own = base.clone();
        self.onto(&mut own, doc)?;
        if let Some(without) = doc.get("without") {
            for item in list(without)? {
                let kind = kind(text(item)?).map_err(|what| (item.place, what))?;
                let events = kind == "Event" && !own.events.is_empty();
                let had = own.empty.remove(&kind) || events || own.kinds().contains(&kind);
                own.objects.retain(|named, _| named.kind != kind);
                if kind == "Event" {
                    own.events.clear();
                }
                if !had {
                    self.errors.push((
                        item.place,
                        format!("neither the base nor this example has any {kind}"),
                    ));
                }
            }
        }
        let files = own.files(doc.place)?;
        if files.is_empty() {
            return Err((
                doc.place,
                "an example needs `objects`, `files` or a `base`".to_owned(),
            ));
        }
        Ok(files)
    }

    fn onto(&mut self, own: &mut Miniature, doc: &Doc) -> Good<()> {
        own.short |= doc
            .entries()
            .iter()
            .any(|(key, ..)| key != "files" && BASE.contains(&key.as_str()));
        if let Some(captured) = doc.get("captured_at") {
            let time = text(captured)?;
            if stamp::rfc3339(time).is_none() {
                return Err((captured.place, format!("`{time}` is no RFC 3339 time")));
            }
            own.captured = Some(time.to_owned());
        }
        for (key, place, object) in doc.get("objects").map_or(&[][..], Doc::entries) {
            let named = named(key).map_err(|what| (*place, what))?;
            if matches!(object.value, DocValue::Null) {
                if own.objects.remove(&named).is_none() {
                    self.errors
                        .push((*place, format!("the base has no `{key}` to take away")));
                }
                continue;
            }
            self.fields(&named.kind, &mut Vec::new(), object, true);
            match own.objects.get_mut(&named) {
                Some(before) => tree::merge(before, object),
                None => {
                    own.objects.insert(named, tree::without_nulls(object));
                }
            }
        }
        if let Some(events) = doc.get("events") {
            for event in list(events)? {
                self.keys(event, EVENT);
                for key in ["on", "reason"] {
                    required(event, key)?;
                }
                let on = required(event, "on")?;
                named(text(on)?).map_err(|what| (on.place, what))?;
                own.events.push(event.clone());
            }
        }
        let parts = [
            ("logs", &mut own.logs, 3, "namespace/pod/container"),
            ("journals", &mut own.journals, 2, "node/unit"),
        ];
        for (key, texts, depth, form) in parts {
            for (path, place, doc) in doc.get(key).map_or(&[][..], Doc::entries) {
                if path.split('/').count() != depth {
                    return Err((*place, format!("`{path}`: write `{form}`")));
                }
                match &doc.value {
                    DocValue::Null => {
                        texts.remove(path);
                    }
                    _ => {
                        texts.insert(path.clone(), text(doc)?.to_owned());
                    }
                }
            }
        }
        if let Some(empty) = doc.get("empty") {
            for item in list(empty)? {
                own.empty
                    .insert(kind(text(item)?).map_err(|what| (item.place, what))?);
            }
        }
        for (path, _, doc) in doc.get("files").map_or(&[][..], Doc::entries) {
            own.files.retain(|(known, _)| known != path);
            if !matches!(doc.value, DocValue::Null) {
                own.files
                    .push((path.clone(), doc.text().unwrap_or("").to_owned()));
            }
        }
        Ok(())
    }

    /// Every field of an object must be one that the schema knows.
    fn fields(&mut self, kind: &str, path: &mut Vec<Segment>, doc: &Doc, top: bool) {
        match &doc.value {
            DocValue::Map(entries) => {
                for (key, place, inner) in entries {
                    if top && key == "owner" {
                        continue;
                    }
                    path.push(Segment::Key(key.clone()));
                    match Schema::get().check(kind, path) {
                        Ok(()) => self.fields(kind, path, inner, false),
                        Err(misfit) => {
                            let hint = misfit.suggestion.map_or_else(String::new, |near| {
                                format!("; did you mean `{near}`?")
                            });
                            self.errors
                                .push((*place, format!("{kind} has no field `{key}` there{hint}")));
                        }
                    }
                    path.pop();
                }
            }
            DocValue::List(items) => {
                if !Schema::get().is_list(kind, path) {
                    self.errors
                        .push((doc.place, "there is no list in this place".to_owned()));
                    return;
                }
                path.push(Segment::Any);
                for item in items {
                    self.fields(kind, path, item, false);
                }
                path.pop();
            }
            DocValue::Text(_) | DocValue::Null => {}
        }
    }
}

impl Miniature {
    fn kinds(&self) -> BTreeSet<String> {
        self.objects
            .keys()
            .map(|named| named.kind.clone())
            .collect()
    }

    fn files(&self, place: Place) -> Good<Vec<(String, String)>> {
        let mut files = Vec::new();
        let written = |path: &str| self.files.iter().any(|(known, _)| known == path);
        if self.short && !written("bundle.yaml") {
            let captured = self.captured.as_deref().unwrap_or(CAPTURED);
            files.push((
                "bundle.yaml".to_owned(),
                format!("apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"{captured}\"\n"),
            ));
        }
        let now = self.now();
        let mut lists: BTreeMap<String, Vec<Doc>> = BTreeMap::new();
        for kind in &self.empty {
            lists.entry(kind.clone()).or_default();
        }
        for (named, object) in &self.objects {
            let mut object = default::complete(named, object, now);
            tree::times(&mut object, now);
            lists.entry(named.kind.clone()).or_default().push(object);
        }
        for (number, event) in self.events.iter().enumerate() {
            let mut event = default::event(number, event, now).map_err(|what| (place, what))?;
            tree::times(&mut event, now);
            lists.entry("Event".to_owned()).or_default().push(event);
        }
        for (kind, items) in lists {
            let path = format!("cluster/{}.yaml", resource(&kind));
            if written(&path) {
                return Err((
                    place,
                    format!("`{path}` is given as a file and by objects, `events` or `empty`"),
                ));
            }
            files.push((path, tree::list(&items)));
        }
        for (path, text) in &self.logs {
            files.push((format!("logs/{path}.log"), dated(text, now, "")));
        }
        for (path, text) in &self.journals {
            let node = path.split('/').next().unwrap_or("");
            files.push((
                format!("nodes/{path}.log"),
                dated(text, now, &format!(" {node}")),
            ));
        }
        files.extend(self.files.iter().cloned());
        Ok(files)
    }

    fn now(&self) -> Option<Timestamp> {
        stamp::rfc3339(self.captured.as_deref().unwrap_or(CAPTURED))
    }
}

/// Lines that begin with `5m ago` get the stamp of that time, and what follows it on every line.
fn dated(text: &str, now: Option<Timestamp>, then: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let stamped = line.split_once(" ago ").and_then(|(age, rest)| {
            let time = ago(&format!("{age} ago"), now?)?;
            Some(format!("{}{then} {rest}", stamp::format(time, 6)))
        });
        out.push_str(stamped.as_deref().unwrap_or(line));
        out.push('\n');
    }
    out
}

/// `5m ago`.
fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let age = quantity::seconds(text.strip_suffix(" ago")?.trim())?;
    let age = SignedDuration::try_from_secs_f64(age).ok()?;
    now.checked_sub(age).ok()
}

fn kind(word: &str) -> Result<String, String> {
    let schema = Schema::get();
    if schema.has_kind(word) && kind_of_resource(word) == Some(word) {
        return Ok(word.to_owned());
    }
    let hint = nearest(
        word,
        schema
            .kinds()
            .filter(|kind| kind_of_resource(kind) == Some(kind)),
    )
    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!("`{word}` is no kind of the API{hint}"))
}

fn named(key: &str) -> Result<Named, String> {
    let (word, name) = key
        .split_once(' ')
        .ok_or_else(|| format!("`{key}`: write `Kind namespace/name`, or `Kind name`"))?;
    let (namespace, name) = name.trim().split_once('/').unwrap_or(("", name.trim()));
    let kind = kind(word)?;
    if namespace.is_empty() && matches!(kind.as_str(), "Pod" | "Service" | "Deployment") {
        return Err(format!("`{key}`: a {kind} has a namespace"));
    }
    Ok(Named {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// The resource's name, as in file names.
fn resource(kind: &str) -> String {
    let word = kind.to_lowercase();
    let many = match word.as_bytes() {
        [.., b's', b's'] => format!("{word}es"),
        [.., b's'] => word.clone(),
        [.., b'c', b'y'] => format!("{}ies", word.trim_end_matches('y')),
        _ => format!("{word}s"),
    };
    if kind_of_resource(&many) == Some(kind) {
        many
    } else {
        word
    }
}
