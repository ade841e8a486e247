//! Loads declarative rules and evaluates them over facts; the language is described in `docs/rule-language.md`.

mod arithmetic;
mod candidates;
mod count;
mod descent;
mod engine;
pub mod examples;
mod finding;
mod flows;
pub mod grammar;
mod hosts;
mod index;
mod lines;
pub mod lint;
mod load;
mod matchers;
mod miniature;
mod missing;
mod paths;
mod pattern;
mod rename;
pub mod rule;
mod scope;
mod sieve;
mod source;
mod template;
pub mod trace;
mod values;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use coldcase_facts::{Entity, EntityId, Facts, schema::nearest};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use engine::{Bound, Row, World};
pub use finding::{Finding, Held, Unknown, show_time};
pub use lines::LineKind;
pub use lines::Pattern;
pub use rule::{Along, Confidence, Expect, Role, Rule, Severity};
pub use source::{LoadError, Place};
pub use template::Template;
pub use values::is_last_undated;

/// The rules that are part of the binary: path below `rules/` and text.
pub const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// A checked set of rules.
#[derive(Debug)]
pub struct RuleSet {
    /// Rules by id.
    pub rules: Vec<Rule>,
    /// Line patterns of all of them.
    pub patterns: Vec<Pattern>,
    /// SHA-256 over the files, first 16 hex digits.
    pub hash: String,
    scanner: Option<logscan::Scanner>,
    heads: String,
}

/// A rule's text before its examples.
fn head_of(text: &str) -> &str {
    text.split_once("\ntests:").map_or(text, |(head, _)| head)
}

/// A rule without its examples and what they share.
fn rule_of(text: &str) -> &str {
    let head = head_of(text);
    head.split_once("\nbase:").map_or(head, |(rule, _)| rule)
}

/// A document of a rule file, or what is wrong with it and where.
type Parsed = Result<source::Doc, (Place, String)>;

/// The files' documents, in their order. Threads of its own read them: those of the pool may be busy with opening a
/// bundle for seconds, and the rules are to be there when that is done.
fn parsed(files: &[(String, String, bool)]) -> Vec<Parsed> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut own: Vec<(usize, Parsed)> = Vec::new();
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some((_, text, trusted)) = files.get(index) else {
                return own;
            };
            let text = if *trusted { rule_of(text) } else { text };
            own.push((index, source::parse(text)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..rayon::current_num_threads().min(READERS))
            .map(|_| scope.spawn(some))
            .collect();
        let mut all = some();
        for other in others {
            all.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        all
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, doc)| doc).collect()
}

/// Threads that read rule files; all files are read in a few hundredths of a second.
const READERS: usize = 4;

/// What evaluation found.
pub struct Evaluation<'f, 's> {
    /// Rules that fired, by rule and subject.
    pub findings: Vec<Finding>,
    /// Rules that could not be decided.
    pub unknown: Vec<Unknown>,
    facts: &'f Facts<'s>,
    lines: lines::Lines<'s>,
}

impl<'f, 's> Evaluation<'f, 's> {
    /// An entity of a finding, lines included.
    pub fn entity(&self, id: EntityId) -> &Entity<'s> {
        self.lines.entity(self.facts, id)
    }

    /// All lines that any pattern hit.
    pub fn lines(&self) -> &[Entity<'s>] {
        &self.lines.entities
    }

    /// The facts it was evaluated on.
    pub fn facts(&self) -> &'f Facts<'s> {
        self.facts
    }
}

impl RuleSet {
    /// The rules of this version.
    ///
    /// # Errors
    /// Never for a released binary: a test loads them.
    pub fn builtin() -> Result<Self, Vec<LoadError>> {
        Self::load(
            BUILTIN
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    /// Loads rules from texts; a later file replaces an earlier one with the same id.
    ///
    /// # Errors
    /// Every error of every file, with its place.
    pub fn load(files: Vec<(String, String)>) -> Result<Self, Vec<LoadError>> {
        Self::sound(Self::draft(files))
    }

    /// The rules of this version, taken as they were tested and without their examples, and further ones, which are
    /// checked. A later file replaces an earlier one with the same id.
    ///
    /// # Errors
    /// Every error of every further file, with its place.
    pub fn with(own: Vec<(String, String)>) -> Result<Self, Vec<LoadError>> {
        let embedded = BUILTIN
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned(), true));
        let own = own.into_iter().map(|(path, text)| (path, text, false));
        Self::sound(Self::gather(embedded.chain(own)))
    }

    fn sound((rules, errors): (Self, Vec<LoadError>)) -> Result<Self, Vec<LoadError>> {
        if errors.is_empty() {
            Ok(rules)
        } else {
            Err(errors)
        }
    }

    /// Loads what can be loaded, with every error: for linting rules that are being written.
    pub fn draft(files: Vec<(String, String)>) -> (Self, Vec<LoadError>) {
        Self::gather(files.into_iter().map(|(path, text)| (path, text, false)))
    }

    /// Files, each with whether it was tested when this version was built.
    fn gather(files: impl Iterator<Item = (String, String, bool)>) -> (Self, Vec<LoadError>) {
        let mut errors = Vec::new();
        let mut patterns = Vec::new();
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let mut heads = String::new();
        let mut hasher = Sha256::new();
        let files: Vec<(String, String, bool)> = files.collect();
        let docs = parsed(&files);
        for ((file, text, trusted), doc) in files.iter().zip(docs) {
            heads.push_str(head_of(text));
            hasher.update(file.as_bytes());
            hasher.update([0]);
            hasher.update(text.as_bytes());
            match load::load(file, doc, &mut patterns, *trusted) {
                Ok(rule) => {
                    rules.insert(rule.id.clone(), rule);
                }
                Err(found) => errors.extend(found),
            }
        }
        let rules: Vec<Rule> = rules.into_values().collect();
        errors.extend(check_edges(&rules));
        errors.sort();
        let hash = coldcase_bundle::hex(hasher.finalize().get(..8).unwrap_or_default());
        (
            Self {
                scanner: lines::scanner(&patterns),
                heads,
                rules,
                patterns,
                hash,
            },
            errors,
        )
    }

    /// Whether any rule mentions a field by this part of a path, outside its examples. A field that
    /// none mentions need not be read.
    pub fn mentions(&self, field: &str) -> bool {
        self.heads.contains(field)
    }

    /// A rule by id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules
            .binary_search_by(|rule| rule.id.as_str().cmp(id))
            .ok()
            .map(|index| &self.rules[index])
    }
}

/// How the lines of a pattern are found.
#[derive(Debug, Clone)]
pub struct Cost {
    /// The regex.
    pub regex: String,
    /// The way, cheapest first.
    pub lane: logscan::Lane,
    /// Literals of which every match has one.
    pub literals: Vec<String>,
    /// Why it is found in that way.
    pub reason: String,
}

impl RuleSet {
    /// How each pattern is found, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        let explained = self
            .scanner
            .as_ref()
            .map_or_else(Vec::new, logscan::Scanner::explain);
        explained
            .into_iter()
            .zip(&self.patterns)
            .map(|(explained, pattern)| Cost {
                regex: pattern.regex.clone(),
                lane: explained.lane,
                literals: explained.literals,
                reason: explained.reason,
            })
            .collect()
    }
}

/// Edges must lead to rules, and nothing may explain itself.
fn check_edges(rules: &[Rule]) -> Vec<LoadError> {
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut errors = Vec::new();
    for rule in rules {
        for edge in &rule.explains {
            if !ids.contains(edge.rule.as_str()) {
                let hint = nearest(&edge.rule, ids.iter().copied())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                errors.push(LoadError {
                    file: rule.file.clone(),
                    place: edge.place,
                    what: format!("explains unknown rule `{}`{hint}", edge.rule),
                });
            }
        }
    }
    let by_id: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let mut done = BTreeSet::new();
    for rule in rules {
        cycles(rule, &by_id, &mut Vec::new(), &mut done, &mut errors);
    }
    errors
}

/// Walks the edges depth first; an edge back into the path closes a circle, which is told once.
fn cycles<'r>(
    rule: &'r Rule,
    by_id: &BTreeMap<&str, &'r Rule>,
    path: &mut Vec<&'r str>,
    done: &mut BTreeSet<&'r str>,
    errors: &mut Vec<LoadError>,
) {
    if done.contains(rule.id.as_str()) {
        return;
    }
    path.push(&rule.id);
    for edge in &rule.explains {
        if let Some(at) = path.iter().position(|id| *id == edge.rule) {
            let names = path
                .iter()
                .skip(at)
                .chain([&edge.rule.as_str()])
                .copied()
                .collect::<Vec<_>>()
                .join(" → ");
            errors.push(LoadError {
                file: rule.file.clone(),
                place: edge.place,
                what: format!("`explains` runs in a circle: {names}"),
            });
        } else if let Some(next) = by_id.get(edge.rule.as_str()) {
            cycles(next, by_id, path, done, errors);
        }
    }
    path.pop();
    done.insert(&rule.id);
}

/// What steps look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Entities that can pass, where that is cheap to know: for timing.
    AtFew,
    /// All entities of a kind: for tracing, which tells why others do not pass.
    AtAll,
}

/// Facts with the lines that the rules look for, to ask one rule at a time: for tracing and timing.
pub fn with_world<'s, T>(
    rules: &RuleSet,
    facts: &Facts<'s>,
    looks: Looks,
    ask: impl FnOnce(&World<'_, 's>) -> T,
) -> T {
    let lines = lines::scan(facts, rules.scanner.as_ref());
    let mut world = World::new(facts, &lines, index::WORTH);
    if looks == Looks::AtFew {
        world.sift(&rules.rules);
    }
    ask(&world)
}

/// Evaluates one rule; gives its findings and whether it could be decided.
pub fn evaluate_rule(
    rules: &RuleSet,
    world: &World<'_, '_>,
    index: usize,
) -> (Vec<Finding>, Option<Unknown>) {
    rules
        .rules
        .get(index)
        .map_or_else(Default::default, |rule| finding::run(world, index, rule))
}

/// Looks for one pattern alone; gives the number of lines that it hits.
pub fn scan_pattern(pattern: &Pattern, facts: &Facts<'_>) -> u64 {
    let scanner = lines::scanner(std::slice::from_ref(pattern));
    let lines = lines::scan(facts, scanner.as_ref());
    lines.hits.values().map(|hits| hits.total).sum()
}

/// Evaluates all rules, in parallel; the order of the result does not depend on threads.
pub fn evaluate<'f, 's>(rules: &RuleSet, facts: &'f Facts<'s>) -> Evaluation<'f, 's> {
    evaluate_indexed(rules, facts, index::WORTH)
}

/// [`evaluate`] that sifts and indexes kinds from so many entities on. The result never depends on it: for
/// the tests that prove this.
#[doc(hidden)]
pub fn evaluate_indexed<'f, 's>(
    rules: &RuleSet,
    facts: &'f Facts<'s>,
    worth: usize,
) -> Evaluation<'f, 's> {
    // Neither needs the other, and at the end of each a thread would wait.
    let (lines, (sieve, near)) = rayon::join(
        || lines::scan(facts, rules.scanner.as_ref()),
        || {
            let none = lines::Lines::default();
            let mut world = World::new(facts, &none, worth);
            world.sift(&rules.rules);
            world.look_around();
            (world.sieve, world.near)
        },
    );
    let mut world = World::new(facts, &lines, worth);
    world.sieve = sieve;
    world.near = near;
    let results: Vec<(Vec<Finding>, Option<Unknown>)> = rules
        .rules
        .par_iter()
        .enumerate()
        // Few rules take most of the time, and what a thread has begun with them is not waited for by the others.
        .with_max_len(1)
        .map(|(index, rule)| finding::run(&world, index, rule))
        .collect();
    let mut findings = Vec::new();
    let mut unknown = Vec::new();
    for (found, open) in results {
        findings.extend(found);
        unknown.extend(open);
    }
    Evaluation {
        findings,
        unknown,
        facts,
        lines,
    }
}
