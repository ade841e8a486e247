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
mod tree;
mod values;
mod words;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
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
use source::{head_of, rule_of};
pub use template::Template;
pub use values::is_last_undated;

/// The rules that are part of the binary: path below `rules/` and text.
pub const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Their trees without examples, in the same order.
const TREES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/trees.rs"));

/// A file to load.
struct RuleFile {
    path: Cow<'static, str>,
    text: Cow<'static, str>,
    /// Of those of this version, which were tested when it was built: see [`tree`].
    tree: Option<&'static [u8]>,
}

impl RuleFile {
    fn of_user((path, text): (String, String)) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            tree: None,
        }
    }
}

/// The documents of those files that have no tree, in their order.
fn parsed(files: &[RuleFile]) -> Vec<Result<source::Doc, (Place, String)>> {
    let texts: Vec<&str> = files
        .iter()
        .filter(|file| file.tree.is_none())
        .map(|file| &*file.text)
        .collect();
    // Even for nothing one would wait for the pool, which is busy while a bundle is opened.
    if texts.is_empty() {
        return Vec::new();
    }
    texts.into_par_iter().map(source::parse).collect()
}

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
        let embedded = BUILTIN.iter().zip(TREES);
        let embedded = embedded.map(|((path, text), tree)| RuleFile {
            path: (*path).into(),
            text: (*text).into(),
            tree: Some(tree),
        });
        let own = own.into_iter().map(RuleFile::of_user);
        Self::sound(Self::gather(&embedded.chain(own).collect::<Vec<_>>()))
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
        let files = files.into_iter().map(RuleFile::of_user);
        Self::gather(&files.collect::<Vec<_>>())
    }

    fn gather(files: &[RuleFile]) -> (Self, Vec<LoadError>) {
        let mut errors = Vec::new();
        let mut patterns = Vec::new();
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let mut heads = String::new();
        let mut hasher = Sha256::new();
        let mut parsed = parsed(files).into_iter();
        for RuleFile { path, text, tree } in files {
            heads.push_str(head_of(text));
            hasher.update(path.as_bytes());
            hasher.update([0]);
            hasher.update(text.as_bytes());
            let known = match *tree {
                Some(mut tree) => tree::read(&mut tree).map(Ok),
                None => parsed.next(),
            };
            let doc = known.unwrap_or_else(|| source::parse(rule_of(text)));
            match load::load(path, doc, &mut patterns, tree.is_some()) {
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
    world.look_around();
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

/// [`evaluate`] that sifts and indexes kinds from so many entities on, and goes through lists in parts of the square of
/// that. The result never depends on it: for the tests that prove this.
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
