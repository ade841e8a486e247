//! Follows a rule's paths through entities: the values at their ends, and whether text for people leaves some out.

use coldcase_facts::{Entity, schema::Segment};
use coldcase_snapshot::packed::View;

/// The values that a path leads to.
pub(crate) fn resolve<'e>(entity: &'e Entity<'_>, path: &[Segment]) -> Vec<View<'e>> {
    find(entity, path).all().to_vec()
}

/// The values that a path leads to: mostly one or none, for which nothing is allocated.
pub(crate) enum Found<'e> {
    None,
    One([View<'e>; 1]),
    Many(Vec<View<'e>>),
}

impl<'e> Found<'e> {
    fn push(&mut self, node: View<'e>) {
        match self {
            Self::None => *self = Self::One([node]),
            Self::One([first]) => *self = Self::Many(vec![*first, node]),
            Self::Many(many) => many.push(node),
        }
    }

    pub(crate) fn all(&self) -> &[View<'e>] {
        match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

/// As [`resolve`], without a list for one value.
pub(crate) fn find<'e>(entity: &'e Entity<'_>, path: &[Segment]) -> Found<'e> {
    start(entity, path).map_or(Found::None, |(start, rest)| follow(start, rest))
}

/// The value that a path begins with, and the rest of the path.
fn start<'e, 'p>(entity: &'e Entity<'_>, path: &'p [Segment]) -> Option<(View<'e>, &'p [Segment])> {
    let (first, second) = match path {
        [Segment::Key(first), Segment::Key(second), ..] => (first, Some(second.as_str())),
        [Segment::Key(first), ..] => (first, None),
        _ => return None,
    };
    let (start, keys) = entity.start(first, second)?;
    Some((start, path.get(keys..)?))
}

/// The values that a path leads to from a value.
pub(crate) fn follow<'e>(mut node: View<'e>, path: &[Segment]) -> Found<'e> {
    // Most paths are keys and nothing else, and most conditions are asked of thousands of objects.
    let mut rest = path;
    while let Some((Segment::Key(key), after)) = rest.split_first() {
        match node.get(key) {
            Some(child) => (node, rest) = (child, after),
            None => return Found::None,
        }
    }
    let mut found = Found::None;
    branch_out(node, rest, &mut found);
    found
}

/// Adds all values that a path leads to, in their order; a path is as deep as a rule writes it.
fn branch_out<'e>(node: View<'e>, path: &[Segment], found: &mut Found<'e>) {
    match path.split_first() {
        None => found.push(node),
        Some((Segment::Key(key), rest)) => {
            if let Some(child) = node.get(key) {
                branch_out(child, rest, found);
            }
        }
        Some((Segment::Any, rest)) => {
            for item in node.items() {
                branch_out(item, rest, found);
            }
        }
        Some((Segment::Where(key, value), rest)) => {
            for item in node.items() {
                if item.str_at(&[key]) == Some(value) {
                    branch_out(item, rest, found);
                }
            }
        }
    }
}

/// How many seconds ago the time at the end of a path was, where text for people prints that instead of the time.
pub(crate) fn printed_age<'e>(entity: &Entity<'e>, path: &[Segment]) -> Option<View<'e>> {
    match path {
        [Segment::Key(first)] => entity.printed_age(first, None),
        [Segment::Key(first), Segment::Key(second)] => entity.printed_age(first, Some(second)),
        _ => None,
    }
}

/// Whether a partial entity leaves a path open: a key on the way is missing, rather than null.
pub(crate) fn leaves_open(entity: &Entity<'_>, path: &[Segment]) -> bool {
    if !matches!(path.first(), Some(Segment::Key(_))) {
        return false;
    }
    start(entity, path).is_none_or(|(start, rest)| open_along(start, rest))
}

pub(crate) fn open_along(mut node: View<'_>, path: &[Segment]) -> bool {
    let mut rest = path;
    while let Some((Segment::Key(key), after)) = rest.split_first() {
        if node.is_null() {
            return false;
        }
        match node.get(key) {
            Some(child) => (node, rest) = (child, after),
            None => return true,
        }
    }
    let mut nodes = vec![node];
    for segment in rest {
        let mut next = Vec::new();
        for node in nodes.into_iter().filter(|node| !node.is_null()) {
            match segment {
                Segment::Key(key) => match node.get(key) {
                    Some(child) => next.push(child),
                    None => return true,
                },
                Segment::Any => next.extend(node.items()),
                Segment::Where(key, value) => next.extend(
                    node.items()
                        .iter()
                        .filter(|item| item.str_at(&[key]) == Some(value)),
                ),
            }
        }
        nodes = next;
    }
    false
}

pub(crate) fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Any => text.push_str("[]"),
            Segment::Where(key, value) => {
                text.push('[');
                text.push_str(key);
                text.push('=');
                text.push_str(value);
                text.push(']');
            }
        }
    }
    text
}
