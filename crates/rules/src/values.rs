//! Conditions and operands: what a field is, whether it satisfies a matcher, and where it was read.

mod age;
mod how;

use std::borrow::Cow;

use coldcase_facts::{Cite, EntityId, quantity, schema::Segment};
use coldcase_snapshot::{packed::View, stamp};
use jiff::Timestamp;

use age::Age;
use how::asks_for;

use crate::{
    descent::Place,
    engine::{Row, World},
    paths::{find, follow, leaves_open, open_along, path_text, printed_age, resolve},
    rule::{Condition, Expression, Matcher, Operand, Part, Side, Test},
    sieve::Known,
};

pub(crate) use how::How;
pub use how::is_last_undated;

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

impl<T> Truth<T> {
    fn decided(&self) -> Option<bool> {
        match self {
            Self::Yes(_) => Some(true),
            Self::No => Some(false),
            Self::Unknown(_) => None,
        }
    }
}

/// What is wanted of conditions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'k> {
    /// The slot that is being bound, of which the captures are.
    pub binding: Option<usize>,
    /// Whether an open answer says what is missing.
    pub explain: bool,
    /// Which of the conditions were asked of all entities before.
    pub known: Option<&'k [Option<Known>]>,
}

/// The first value of which something holds; else unknown if it is unknown of one.
fn first<'n>(
    nodes: &[View<'n>],
    read: &mut Read<'n>,
    mut test: impl FnMut(View<'n>) -> Truth<Read<'n>>,
) -> Option<bool> {
    let mut unknown = false;
    for node in nodes {
        match test(*node) {
            Truth::Yes(found) => {
                read.node = found.node;
                read.captures.extend(found.captures);
                return Some(true);
            }
            Truth::No => {}
            Truth::Unknown(_) => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

impl World<'_, '_> {
    /// All conditions on a row; gives captures for the slot that is being bound, and adds the places read.
    pub(crate) fn conditions<'r>(
        &self,
        row: &Row,
        conditions: &'r [Condition],
        asking: Asking<'_>,
        read: &mut Vec<Place<'r>>,
    ) -> Truth<Captures> {
        let known = asking.known.unwrap_or(&[]);
        // What was sifted is answered without looking at the entity.
        for (condition, known) in conditions.iter().zip(known) {
            if let Some(known) = known
                && let Some(bound) = row.bound(condition.slot)
                && self.sieve.answer(known, bound.id) == Some(false)
            {
                return Truth::No;
            }
        }
        let mut captures = Vec::new();
        let mut unknown = None;
        for (at, condition) in conditions.iter().enumerate() {
            let bound = row.bound(condition.slot);
            if let (Some(bound), Some(Some(known))) = (bound, known.get(at))
                && known.sure
                && self.sieve.answer(known, bound.id).is_some()
            {
                read.push(Place::Of(condition, bound.id));
                continue;
            }
            match self.condition(row, condition, read) {
                Truth::Yes(found) if asking.binding == Some(condition.slot) => {
                    captures.extend(found);
                }
                Truth::Yes(_) => {}
                Truth::No => return Truth::No,
                Truth::Unknown(why) if !why.is_empty() => {
                    unknown = unknown.or(Some(why));
                }
                Truth::Unknown(_) => {
                    unknown = unknown.or_else(|| {
                        if !asking.explain {
                            return Some(String::new());
                        }
                        let entity = self.get(bound?.id);
                        let path = path_text(&condition.path);
                        let subject = &entity.subject;
                        Some(format!("{path} of {subject}: the text does not show it"))
                    });
                }
            }
        }
        match unknown {
            Some(missing) => Truth::Unknown(missing),
            None => Truth::Yes(captures),
        }
    }

    /// One condition on a row; gives what its patterns captured and adds the place read.
    fn condition<'r>(
        &self,
        row: &Row,
        condition: &'r Condition,
        read: &mut Vec<Place<'r>>,
    ) -> Truth<Captures> {
        let bound = row.bound(condition.slot);
        let mut how = How::of(&condition.path);
        let captured: [View<'_>; 1];
        let mut age = None;
        let found;
        let nodes: &[View<'_>] = match (bound, condition.path.split_first()) {
            (Some(bound), Some((Segment::Key(first), [Segment::Key(name)])))
                if first == "match" =>
            {
                let mut captures = bound.captures.iter();
                match captures.find(|(capture, _)| capture == name) {
                    Some((_, value)) => {
                        captured = [View::text(value)];
                        &captured
                    }
                    None => &[],
                }
            }
            (Some(bound), _) => {
                let entity = self.get(bound.id);
                found = find(entity, &condition.path);
                (how, age) = how.of_field(entity, &condition.path, found.all());
                let creation = ["metadata", "creationTimestamp"];
                if how.open && age.is_none() && asks_for(&condition.path, &creation) {
                    how = how.at_least_aged(self.facts.known_for(bound.id));
                }
                found.all()
            }
            (None, _) => &[],
        };
        match self.matches(row, &condition.matcher, nodes, how) {
            Truth::Yes(satisfied) => {
                if let (Some(bound), Some(node)) = (bound, satisfied.node.or(age))
                    && let Some(Segment::Key(first)) = condition.path.first()
                {
                    let cite = self.get(bound.id).cite(first, node);
                    read.extend(cite.map(Place::At));
                }
                Truth::Yes(satisfied.captures)
            }
            Truth::No => Truth::No,
            Truth::Unknown(why) => Truth::Unknown(why),
        }
    }

    /// Where the value of an entity stands that satisfies a condition which asks for nothing else.
    pub(crate) fn satisfying(&self, condition: &Condition, id: EntityId) -> Option<Cite> {
        let entity = self.get(id);
        let how = How::of(&condition.path);
        let found = find(entity, &condition.path);
        let Truth::Yes(satisfied) =
            self.matches(&Row::default(), &condition.matcher, found.all(), how)
        else {
            return None;
        };
        let Some(Segment::Key(first)) = condition.path.first() else {
            return None;
        };
        entity.cite(first, satisfied.node?)
    }

    /// Whether values satisfy a matcher; gives the value that did and the captures.
    pub(crate) fn matches<'n>(
        &self,
        row: &Row,
        matcher: &Matcher,
        nodes: &[View<'n>],
        how: How,
    ) -> Truth<Read<'n>> {
        let present: Vec<View<'_>>;
        let mut nodes = nodes;
        if nodes.iter().any(|node| node.is_null()) {
            let not_null = nodes.iter().filter(|node| !node.is_null());
            present = not_null.copied().collect();
            nodes = &present;
        }
        let mut read = Read {
            node: nodes.first().copied(),
            captures: Vec::new(),
        };
        let mut unknown = None;
        for test in &matcher.tests {
            let printed = how.age.filter(|_| nodes.is_empty());
            let decided = |age: Age| age.passes(test).or_else(|| self.in_order(row, age, test));
            match printed.and_then(decided) {
                Some(true) => continue,
                Some(false) => return Truth::No,
                None => {}
            }
            let holds = self.test(row, test, nodes, how, &mut read);
            // One more value could fulfil a test that asks for any, and break one that asks for all.
            let open = how.open && holds != Some(asks_for_any(test));
            match holds {
                Some(false) if !(open && asks_for_any(test)) => {
                    match self.operand_open(row, test) {
                        Some(why) => unknown = unknown.or(Some(why)),
                        None => return Truth::No,
                    }
                }
                Some(true) if !open => {}
                _ => unknown = unknown.or_else(|| Some(self.why_open(row, test))),
            }
        }
        match unknown {
            Some(why) => Truth::Unknown(why),
            None => Truth::Yes(read),
        }
    }

    /// Whether an age and that of an operand are in the order that a test asks for, where both were printed as ages.
    fn in_order(&self, row: &Row, age: Age, test: &Test) -> Option<bool> {
        let printed = |operand: &Operand| {
            let Operand::Field(slot, path) = operand else {
                return None;
            };
            let entity = self.get(row.bound(*slot)?.id);
            let open = entity.partial && leaves_open(entity, path);
            printed_age(entity, path).filter(|_| open).and_then(Age::of)
        };
        match test {
            Test::After(operand) => age.is_after(printed(operand)?),
            Test::Before(operand) => printed(operand)?.is_after(age),
            _ => None,
        }
    }

    /// What an operand of a test lacks, if the text leaves it out; else nothing, and the field itself is meant.
    fn why_open(&self, row: &Row, test: &Test) -> String {
        self.operand_open(row, test).unwrap_or_default()
    }

    /// Whether one closed value satisfies a matcher.
    fn satisfies<'n>(
        &self,
        row: &Row,
        matcher: &Matcher,
        node: View<'n>,
        how: How,
    ) -> Truth<Read<'n>> {
        self.matches(row, matcher, &[node], how.closed())
    }

    /// Whether a test holds; `None` if the text leaves out what decides.
    fn test<'n>(
        &self,
        row: &Row,
        test: &Test,
        nodes: &[View<'n>],
        how: How,
        read: &mut Read<'n>,
    ) -> Option<bool> {
        let each = |inner: &Matcher| -> Vec<Option<bool>> {
            let one = |node: &View<'n>| self.satisfies(row, inner, *node, how).decided();
            nodes.iter().map(one).collect()
        };
        match test {
            Test::Exists(wanted) => Some(nodes.is_empty() != *wanted),
            Test::Not(operand) => Some(
                self.text(row, operand)
                    .is_some_and(|other| !nodes.iter().any(|node| node.as_str() == Some(&*other))),
            ),
            Test::NoneOf(operands) => {
                let mut others = operands.iter().filter_map(|it| self.text(row, it));
                let is = |text: &str| nodes.iter().any(|node| node.as_str() == Some(text));
                Some(!others.any(|other| is(&other)))
            }
            Test::All(inner) => {
                let each = each(inner);
                if each.contains(&Some(false)) || each.is_empty() {
                    Some(false)
                } else {
                    (!each.contains(&None)).then_some(true)
                }
            }
            Test::No(inner) => {
                let each = each(inner);
                if each.contains(&Some(true)) {
                    Some(false)
                } else {
                    (!each.contains(&None)).then_some(true)
                }
            }
            Test::Where(parts) => first(nodes, read, |node| self.parts_hold(row, parts, node, how)),
            Test::Entry { key, value } => first(nodes, read, |node| {
                self.entry(row, key.as_ref(), value.as_ref(), node, how)
            }),
            Test::Matches(regex) => {
                let regex = regex.get()?;
                let fits = |node: &&View<'_>| node.as_str().is_some_and(|it| regex.is_match(it));
                let Some(node) = nodes.iter().find(fits) else {
                    return Some(false);
                };
                read.node = Some(*node);
                // Only what is captured needs room, and most patterns of fields capture nothing.
                let text = node.as_str().unwrap_or("");
                let captures = (regex.captures_len() > 1).then(|| regex.captures(text));
                let Some(captures) = captures.flatten() else {
                    return Some(true);
                };
                let names = regex.capture_names().flatten();
                read.captures.extend(names.filter_map(|name| {
                    Some((name.to_owned(), captures.name(name)?.as_str().to_owned()))
                }));
                Some(true)
            }
            Test::NewerThan(_) | Test::OlderThan(_) if self.facts.now().is_none() => {
                if nodes.is_empty() { Some(false) } else { None }
            }
            test => {
                let found = nodes
                    .iter()
                    .copied()
                    .find(|node| self.holds(row, test, *node, how));
                if found.is_some() {
                    read.node = found;
                }
                if found.is_none() && !nodes.is_empty() && self.may_be_older(test) {
                    return None;
                }
                Some(found.is_some())
            }
        }
    }

    /// Whether what is too young for a test may be old enough at the capture, if that was later than is known.
    /// What was new at the last time that anybody knows of is still taken for new: nothing newer contradicts it.
    fn may_be_older(&self, test: &Test) -> bool {
        matches!(test, Test::OlderThan(_)) && self.facts.snapshot.is_captured_later()
    }

    /// Whether one element has fields that hold together.
    fn parts_hold<'n>(
        &self,
        row: &Row,
        parts: &[Part],
        node: View<'n>,
        how: How,
    ) -> Truth<Read<'n>> {
        let mut all = Read {
            node: None,
            captures: Vec::new(),
        };
        let mut unknown = None;
        for part in parts {
            let found = follow(node, &part.path);
            let inner = How::of(&part.path).inside(how, || open_along(node, &part.path));
            match self.matches(row, &part.matcher, found.all(), inner) {
                Truth::Yes(read) => {
                    all.node = all.node.or(read.node);
                    all.captures.extend(read.captures);
                }
                Truth::No => return Truth::No,
                Truth::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        all.node = all.node.or(Some(node));
        match unknown {
            Some(why) => Truth::Unknown(why),
            None => Truth::Yes(all),
        }
    }

    /// Whether one entry of a mapping fits.
    fn entry<'n>(
        &self,
        row: &Row,
        key: Option<&Matcher>,
        value: Option<&Matcher>,
        node: View<'n>,
        how: How,
    ) -> Truth<Read<'n>> {
        let mut unknown = None;
        for (name, node) in node.entries() {
            let mut captures = Vec::new();
            let mut open = None;
            if let Some(matcher) = key {
                match self.satisfies(row, matcher, View::text(name), how) {
                    Truth::Yes(read) => captures.extend(read.captures),
                    Truth::No => continue,
                    Truth::Unknown(why) => open = Some(why),
                }
            }
            let mut found = node;
            if let Some(matcher) = value {
                match self.satisfies(row, matcher, node, how) {
                    Truth::Yes(read) => {
                        captures.extend(read.captures);
                        found = read.node.unwrap_or(node);
                    }
                    Truth::No => continue,
                    Truth::Unknown(why) => open = open.or(Some(why)),
                }
            }
            if open.is_none() {
                return Truth::Yes(Read {
                    node: Some(found),
                    captures,
                });
            }
            unknown = unknown.or(open);
        }
        unknown.map_or(Truth::No, Truth::Unknown)
    }

    /// Which operand of a test is not known, because text for people leaves it out.
    fn operand_open(&self, row: &Row, test: &Test) -> Option<String> {
        test.operands()
            .iter()
            .find_map(|operand| self.unshown(row, operand))
    }

    /// Why an operand's value is not known; `None` if it is, or is known to be absent.
    pub(crate) fn unshown(&self, row: &Row, operand: &Operand) -> Option<String> {
        match operand {
            Operand::Literal(_) | Operand::Capture(..) => None,
            Operand::Now => self
                .facts
                .now()
                .is_none()
                .then(|| "the time of the capture: not known".to_owned()),
            Operand::Field(slot, path) => self.unshown_field(row.bound(*slot)?.id, path),
            Operand::Computed(expression) => self.unshown_in(row, expression),
        }
    }

    /// Why a field of an entity is not known, if text for people left it out.
    pub(crate) fn unshown_field(&self, id: EntityId, path: &[Segment]) -> Option<String> {
        let entity = self.get(id);
        let open = entity.partial && !path.is_empty() && leaves_open(entity, path);
        open.then(|| {
            let subject = &entity.subject;
            let path = path_text(path);
            format!("{path} of {subject}: the text does not show it")
        })
    }

    fn unshown_in(&self, row: &Row, expression: &Expression) -> Option<String> {
        match expression {
            Expression::Value(operand) | Expression::Fold(_, operand) => self.unshown(row, operand),
            Expression::Of(_, left, right) => self
                .unshown_in(row, left)
                .or_else(|| self.unshown_in(row, right)),
        }
    }

    /// Tests that one value can satisfy.
    fn holds<'t>(&'t self, row: &'t Row, test: &'t Test, node: View<'_>, how: How) -> bool {
        let Some(text) = node.as_str() else {
            return false;
        };
        let value = |operand: &'t Operand| self.text(row, operand);
        let compare = |operand: &'t Operand, keep: fn(f64, f64) -> bool| matches!((how.number(text), value(operand).as_deref().and_then(|text| how.number(text))), (Some(a), Some(b)) if keep(a, b));
        let time = || stamp::rfc3339(text);
        let anchor = |operand: &'t Operand| value(operand).as_deref().and_then(stamp::rfc3339);
        let age = || Some(seconds_between(time()?, self.facts.now()?));
        match test {
            Test::Is(operand) => how.is(text, value(operand).as_deref()),
            Test::AnyOf(operands) => operands
                .iter()
                .any(|operand| how.is(text, value(operand).as_deref())),
            Test::Contains(operand) => value(operand).is_some_and(|part| text.contains(&*part)),
            Test::StartsWith(operand) => {
                value(operand).is_some_and(|part| text.starts_with(&*part))
            }
            Test::EndsWith(operand) => value(operand).is_some_and(|part| text.ends_with(&*part)),
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
            | Test::No(_)
            | Test::Where(_)
            | Test::Entry { .. } => false,
        }
    }

    /// The text of an operand on a row.
    pub fn value(&self, row: &Row, operand: &Operand) -> Option<String> {
        self.text(row, operand).map(Cow::into_owned)
    }

    /// The text of an operand on a row, borrowed where it stands somewhere.
    fn text<'t>(&'t self, row: &'t Row, operand: &'t Operand) -> Option<Cow<'t, str>> {
        match operand {
            Operand::Literal(text) => Some(Cow::Borrowed(text)),
            Operand::Now => self.facts.now().map(|now| stamp::format(now, 0).into()),
            Operand::Capture(slot, name) => row
                .bound(*slot)?
                .captures
                .iter()
                .find(|(capture, _)| capture == name)
                .map(|(_, value)| Cow::Borrowed(value.as_str())),
            Operand::Field(slot, path) => {
                let entity = self.get(row.bound(*slot)?.id);
                if path.is_empty() {
                    return Some(Cow::Borrowed(entity.label()));
                }
                let found = find(entity, path);
                let mut texts = found.all().iter().filter_map(|node| node.as_str());
                let first = texts.next()?;
                let rest: Vec<&str> = texts.collect();
                if rest.is_empty() {
                    return Some(Cow::Borrowed(first));
                }
                Some(Cow::Owned(format!("{first}, {}", rest.join(", "))))
            }
            Operand::Computed(expression) => self.computed(row, expression).map(Cow::Owned),
        }
    }

    /// The values that a field of what is bound leads to; `None` if nothing is bound.
    pub(crate) fn nodes(&self, row: &Row, operand: &Operand) -> Option<Vec<View<'_>>> {
        let Operand::Field(slot, path) = operand else {
            return None;
        };
        let entity = self.get(row.bound(*slot)?.id);
        let mut nodes = resolve(entity, path);
        nodes.retain(|node| !node.is_null());
        Some(nodes)
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
    node: Option<View<'n>>,
    captures: Captures,
}

/// Whether a test is fulfilled by one value, rather than by the absence of others.
fn asks_for_any(test: &Test) -> bool {
    !matches!(
        test,
        Test::Exists(false) | Test::Not(_) | Test::NoneOf(_) | Test::All(_) | Test::No(_)
    )
}

/// Plain numbers, durations in seconds, quantities in base units.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .or_else(|| quantity::seconds(text))
        .or_else(|| quantity::quantity(text))
        .or_else(|| text.strip_suffix('%')?.parse().ok())
}

/// A number read from a field: `500m` is half a processor where it counts processors, and minutes elsewhere.
pub(crate) fn in_units_of(path: &[Segment], text: &str) -> Option<f64> {
    How::of(path).number(text)
}

pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests;
