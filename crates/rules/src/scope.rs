//! Names in a rule: what is bound, what a sentence such as `node n of p` looks at, what `$name.path` stands for.

use std::collections::BTreeMap;

use coldcase_facts::{
    NOUNS,
    schema::{Schema, Segment, nearest},
};

use crate::{
    arithmetic,
    rule::{From, Operand},
    template::{self, Resolved},
};

/// Names bound so far, with the kinds each may have and the captures it offers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub names: Vec<String>,
    pub kinds: Vec<Vec<String>>,
    pub captures: Vec<Vec<String>>,
    pub visible: BTreeMap<String, usize>,
    /// The rule is embedded: its patterns were built when it was tested.
    pub trusted: bool,
}

impl Scope {
    pub(crate) fn slot(&self, name: &str) -> Result<usize, String> {
        self.visible.get(name).copied().ok_or_else(|| {
            let near = nearest(name, self.visible.keys().map(String::as_str));
            match near {
                Some(near) => format!("nothing is bound to `{name}`; did you mean `{near}`?"),
                None => format!("nothing is bound to `{name}`"),
            }
        })
    }

    pub(crate) fn add(&mut self, name: &str, kinds: Vec<String>) -> usize {
        self.names.push(name.to_owned());
        self.kinds.push(kinds);
        self.captures.push(Vec::new());
        let slot = self.names.len() - 1;
        if !name.is_empty() {
            self.visible.insert(name.to_owned(), slot);
        }
        slot
    }
}

/// A literal, `$name.path`, or arithmetic.
pub(crate) fn operand(source: &str, scope: &Scope) -> Result<Operand, String> {
    if arithmetic::is_meant(source) {
        return arithmetic::parse(source, scope);
    }
    let Some(source) = source.strip_prefix('$') else {
        return Ok(Operand::Literal(source.to_owned()));
    };
    if source == "capture" {
        return Ok(Operand::Now);
    }
    match reference(source, scope)? {
        Resolved::Name(slot) => Ok(Operand::Field(slot, Vec::new())),
        Resolved::Value(operand) => Ok(operand),
    }
}

/// `name`, `name.path` or `name.match.capture`.
pub(crate) fn reference(source: &str, scope: &Scope) -> Result<Resolved, String> {
    let (name, rest) = source
        .split_once('.')
        .map_or((source, None), |(name, rest)| (name, Some(rest)));
    let slot = scope.slot(name)?;
    let Some(rest) = rest else {
        return Ok(Resolved::Name(slot));
    };
    if let Some(capture) = rest.strip_prefix("match.") {
        let offered = &scope.captures[slot];
        if !offered.iter().any(|name| name == capture) {
            return Err(format!(
                "no pattern of `{name}` captures `{capture}`; it captures {}",
                if offered.is_empty() {
                    "nothing".to_owned()
                } else {
                    offered.join(", ")
                }
            ));
        }
        return Ok(Resolved::Value(Operand::Capture(slot, capture.to_owned())));
    }
    let path = template::path(rest)?;
    check_path(&scope.kinds[slot], &path, rest)?;
    Ok(Resolved::Value(Operand::Field(slot, path)))
}

/// The path must fit at least one of the kinds.
pub(crate) fn check_path(kinds: &[String], path: &[Segment], source: &str) -> Result<(), String> {
    let schema = Schema::get();
    let mut first = None;
    for kind in kinds {
        match schema.check(kind, path) {
            Ok(()) => return Ok(()),
            Err(misfit) => first = first.or(Some((kind, misfit))),
        }
    }
    let Some((kind, misfit)) = first else {
        return Ok(());
    };
    let hint = misfit
        .suggestion
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!(
        "`{source}`: {kind} has no field `{}` there{hint}",
        misfit.at
    ))
}

/// `Pod p`, `node n of p`, `event e of pod of w`, or without a name.
pub(crate) fn phrase(sentence: &str, scope: &Scope) -> Result<(From, Vec<String>, String), String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let Some((first, rest)) = words.split_first() else {
        return Err("what to look at is missing".to_owned());
    };
    if first.starts_with(|c: char| c.is_ascii_uppercase()) {
        if !Schema::get().has_kind(first) {
            let hint = nearest(first, Schema::get().kinds())
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(format!("unknown kind `{first}`{hint}"));
        }
        return match rest {
            [] => Ok((
                From::Kind((*first).to_owned()),
                vec![(*first).to_owned()],
                String::new(),
            )),
            [name] => Ok((
                From::Kind((*first).to_owned()),
                vec![(*first).to_owned()],
                (*name).to_owned(),
            )),
            _ => Err(format!(
                "`{sentence}`: a kind is followed by one name; relations begin with a small letter"
            )),
        };
    }
    let relation = |noun: &str| {
        NOUNS
            .iter()
            .find(|relation| relation.noun == noun)
            .ok_or_else(|| {
                let hint = nearest(noun, NOUNS.iter().map(|relation| relation.noun))
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                format!("unknown relation `{noun}`{hint}")
            })
    };
    let leading = relation(first)?;
    let (name, mut tail) = match rest {
        [name, tail @ ..] if *name != "of" => ((*name).to_owned(), tail),
        tail => (String::new(), tail),
    };
    let mut nouns = vec![leading.noun];
    loop {
        match tail {
            ["of", base] => {
                let slot = scope.slot(base)?;
                let kinds = leading.to.iter().map(|kind| (*kind).to_owned()).collect();
                return Ok((From::Relation(nouns, slot), kinds, name));
            }
            ["of", noun, more @ ..] => {
                nouns.push(relation(noun)?.noun);
                tail = more;
            }
            _ => return Err(format!("`{sentence}`: write `{first} name of other`")),
        }
    }
}
