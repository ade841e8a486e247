//! Conditions and operands: what a field is, whether it satisfies a matcher, and where it was read.

use coldcase_facts::{Cite, Entity, quantity, schema::Segment};
use coldcase_snapshot::{node::Node, stamp};
use jiff::Timestamp;

use crate::{
    engine::{Row, World},
    rule::{Condition, Matcher, Operand, Side, Test},
};

/// Named captures of patterns.
pub(crate) type Captures = Vec<(String, String)>;

/// Whether conditions hold: text for people leaves fields out, and then nobody knows.
pub(crate) enum Truth<T> {
    /// They hold.
    Yes(T),
    /// At least one does not.
    No,
    /// None is known not to hold, and one is not known: what is missing.
    Unknown(String),
}

impl World<'_, '_> {
    /// All conditions on a row; gives captures for the slot that is being bound, and the places read.
    pub(crate) fn conditions(
        &self,
        row: &Row,
        conditions: &[Condition],
        binding: Option<usize>,
    ) -> Truth<(Captures, Vec<Cite>)> {
        let mut captures = Vec::new();
        let mut cites = Vec::new();
        let mut unknown = None;
        for condition in conditions {
            let bound = row.bound(condition.slot);
            let owned;
            let mut open = false;
            let nodes: Vec<&Node> = match (bound, condition.path.split_first()) {
                (Some(bound), Some((Segment::Key(first), [Segment::Key(name)])))
                    if first == "match" =>
                {
                    owned = bound
                        .captures
                        .iter()
                        .find(|(capture, _)| capture == name)
                        .map(|(_, value)| Node::text(value.as_str()));
                    owned.iter().collect()
                }
                (Some(bound), _) => {
                    let entity = self.get(bound.id);
                    open = entity.partial && leaves_open(entity, &condition.path);
                    resolve(entity, &condition.path)
                }
                (None, _) => Vec::new(),
            };
            let read = match self.matches(row, &condition.matcher, &nodes, open) {
                Truth::Yes(read) => read,
                Truth::No => return Truth::No,
                Truth::Unknown(_) => {
                    unknown = unknown.or_else(|| {
                        let entity = self.get(bound?.id);
                        let path = path_text(&condition.path);
                        let subject = &entity.subject;
                        Some(format!("{path} of {subject}: the text does not show it"))
                    });
                    continue;
                }
            };
            if binding == Some(condition.slot) {
                captures.extend(read.captures);
            }
            if let (Some(bound), Some(node)) = (bound, read.node)
                && let Some(Segment::Key(first)) = condition.path.first()
            {
                cites.extend(self.get(bound.id).cite(first, node));
            }
        }
        match unknown {
            Some(missing) => Truth::Unknown(missing),
            None => Truth::Yes((captures, cites)),
        }
    }

    /// Whether values satisfy a matcher; gives the value that did and the captures. `open` says
    /// that there may be values which the text leaves out.
    pub(crate) fn matches<'n>(
        &self,
        row: &Row,
        matcher: &Matcher,
        nodes: &[&'n Node],
        open: bool,
    ) -> Truth<Read<'n>> {
        let nodes: Vec<&Node> = nodes
            .iter()
            .copied()
            .filter(|node| !node.is_null())
            .collect();
        let mut read = Read {
            node: nodes.first().copied(),
            captures: Vec::new(),
        };
        let mut unknown = false;
        for test in &matcher.tests {
            let holds = self.test(row, test, &nodes, &mut read);
            // One more value could fulfil a test that asks for any, and break one that asks for all.
            unknown |= open && holds != asks_for_any(test);
            if !(holds || open && asks_for_any(test)) {
                return Truth::No;
            }
        }
        if unknown {
            Truth::Unknown(String::new())
        } else {
            Truth::Yes(read)
        }
    }

    /// Whether closed values satisfy a matcher.
    fn satisfies(&self, row: &Row, matcher: &Matcher, node: &Node) -> bool {
        matches!(self.matches(row, matcher, &[node], false), Truth::Yes(_))
    }

    fn test<'n>(&self, row: &Row, test: &Test, nodes: &[&'n Node], read: &mut Read<'n>) -> bool {
        match test {
            Test::Exists(wanted) => nodes.is_empty() != *wanted,
            Test::Not(operand) => self.value(row, operand).is_some_and(|other| {
                !nodes
                    .iter()
                    .any(|node| node.as_str() == Some(other.as_str()))
            }),
            Test::NoneOf(operands) => {
                let others: Vec<String> = operands
                    .iter()
                    .filter_map(|operand| self.value(row, operand))
                    .collect();
                !nodes.iter().any(|node| {
                    node.as_str()
                        .is_some_and(|text| others.iter().any(|other| other == text))
                })
            }
            Test::All(inner) => {
                !nodes.is_empty() && nodes.iter().all(|node| self.satisfies(row, inner, node))
            }
            Test::No(inner) => !nodes.iter().any(|node| self.satisfies(row, inner, node)),
            Test::Matches(regex) => {
                let Some((node, captures)) = nodes
                    .iter()
                    .find_map(|node| Some((*node, regex.captures(node.as_str()?)?)))
                else {
                    return false;
                };
                read.node = Some(node);
                let names = regex.capture_names().flatten();
                read.captures.extend(names.filter_map(|name| {
                    Some((name.to_owned(), captures.name(name)?.as_str().to_owned()))
                }));
                true
            }
            test => {
                let found = nodes
                    .iter()
                    .copied()
                    .find(|node| self.holds(row, test, node));
                if found.is_some() {
                    read.node = found;
                }
                found.is_some()
            }
        }
    }

    /// Tests that one value can satisfy.
    fn holds(&self, row: &Row, test: &Test, node: &Node) -> bool {
        let Some(text) = node.as_str() else {
            return false;
        };
        let value = |operand: &Operand| self.value(row, operand);
        let compare = |operand: &Operand, keep: fn(f64, f64) -> bool| matches!((number(text), value(operand).as_deref().and_then(number)), (Some(a), Some(b)) if keep(a, b));
        let time = || stamp::rfc3339(text);
        let anchor = |operand: &Operand| value(operand).as_deref().and_then(stamp::rfc3339);
        let age = || Some(seconds_between(time()?, self.facts.now()?));
        match test {
            Test::Is(operand) => value(operand).as_deref() == Some(text),
            Test::AnyOf(operands) => operands
                .iter()
                .any(|operand| value(operand).as_deref() == Some(text)),
            Test::Contains(operand) => value(operand).is_some_and(|part| text.contains(&part)),
            Test::StartsWith(operand) => value(operand).is_some_and(|part| text.starts_with(&part)),
            Test::EndsWith(operand) => value(operand).is_some_and(|part| text.ends_with(&part)),
            Test::AtLeast(operand) => compare(operand, |a, b| a >= b),
            Test::AtMost(operand) => compare(operand, |a, b| a <= b),
            Test::Over(operand) => compare(operand, |a, b| a > b),
            Test::Under(operand) => compare(operand, |a, b| a < b),
            Test::Within(seconds, operand, side) => match (time(), anchor(operand)) {
                (Some(time), Some(anchor)) => {
                    let after = seconds_between(anchor, time);
                    match side {
                        Side::Around => after.abs() <= *seconds,
                        Side::Before => (-*seconds..=0.0).contains(&after),
                        Side::After => (0.0..=*seconds).contains(&after),
                    }
                }
                _ => false,
            },
            Test::Before(operand) => {
                matches!((time(), anchor(operand)), (Some(time), Some(anchor)) if time < anchor)
            }
            Test::After(operand) => {
                matches!((time(), anchor(operand)), (Some(time), Some(anchor)) if time > anchor)
            }
            Test::NewerThan(seconds) => age().is_some_and(|age| age <= *seconds),
            Test::OlderThan(seconds) => age().is_some_and(|age| age > *seconds),
            Test::Not(_)
            | Test::NoneOf(_)
            | Test::Exists(_)
            | Test::Matches(_)
            | Test::All(_)
            | Test::No(_) => false,
        }
    }

    /// The text of an operand on a row.
    pub fn value(&self, row: &Row, operand: &Operand) -> Option<String> {
        match operand {
            Operand::Literal(text) => Some(text.clone()),
            Operand::Now => self.facts.now().map(|now| stamp::format(now, 0)),
            Operand::Capture(slot, name) => row
                .bound(*slot)?
                .captures
                .iter()
                .find(|(capture, _)| capture == name)
                .map(|(_, value)| value.clone()),
            Operand::Field(slot, path) => {
                let entity = self.get(row.bound(*slot)?.id);
                if path.is_empty() {
                    return Some(entity.label.clone());
                }
                let texts: Vec<&str> = resolve(entity, path)
                    .into_iter()
                    .filter_map(Node::as_str)
                    .collect();
                (!texts.is_empty()).then(|| texts.join(", "))
            }
        }
    }

    /// The place of an operand's value.
    pub fn place(&self, row: &Row, operand: &Operand) -> Option<Cite> {
        let Operand::Field(slot, path) = operand else {
            return None;
        };
        let entity = self.get(row.bound(*slot)?.id);
        let node = resolve(entity, path).into_iter().next()?;
        let Segment::Key(first) = path.first()? else {
            return None;
        };
        entity.cite(first, node)
    }
}

/// The value that satisfied a matcher, and what its patterns captured.
pub(crate) struct Read<'n> {
    node: Option<&'n Node>,
    captures: Captures,
}

/// The values that a path leads to.
pub(crate) fn resolve<'e>(entity: &'e Entity<'_>, path: &[Segment]) -> Vec<&'e Node> {
    let Some((Segment::Key(first), rest)) = path.split_first() else {
        return Vec::new();
    };
    let Some(start) = entity.field(first) else {
        return Vec::new();
    };
    let mut nodes = vec![start];
    for segment in rest {
        nodes = match segment {
            Segment::Key(key) => nodes.into_iter().filter_map(|node| node.get(key)).collect(),
            Segment::Any => nodes.into_iter().flat_map(Node::items).collect(),
            Segment::Where(key, value) => nodes
                .into_iter()
                .flat_map(Node::items)
                .filter(|item| item.str_at(&[key]) == Some(value))
                .collect(),
        };
    }
    nodes
}

/// Whether a test is fulfilled by one value, rather than by the absence of others.
fn asks_for_any(test: &Test) -> bool {
    !matches!(
        test,
        Test::Exists(false) | Test::Not(_) | Test::NoneOf(_) | Test::All(_) | Test::No(_)
    )
}

/// Whether a partial entity leaves a path open: a key on the way is missing, rather than null.
pub(crate) fn leaves_open(entity: &Entity<'_>, path: &[Segment]) -> bool {
    let Some((Segment::Key(first), rest)) = path.split_first() else {
        return false;
    };
    let Some(start) = entity.field(first) else {
        return true;
    };
    let mut nodes = vec![start];
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

/// Plain numbers, durations in seconds, quantities in base units.
fn number(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .or_else(|| quantity::seconds(text))
        .or_else(|| quantity::quantity(text))
        .or_else(|| text.strip_suffix('%')?.parse().ok())
}

pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
