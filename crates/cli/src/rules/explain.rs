//! `coldcase rules explain`: a rule as a page for a terminal.

use std::process::ExitCode;

use coldcase_rules::{
    Rule, RuleSet,
    grammar::{EXPECTATIONS, NEXT},
    rule::Argument,
};

use super::{load_whole, named};
use crate::{args::RulesExplain, error::Failure, output};

pub(super) fn run(arguments: &RulesExplain) -> Result<ExitCode, Failure> {
    let rules = load_whole(&arguments.more.rules)?;
    let (_, rule) = named(&rules, &arguments.id)?;
    output::say(page(&rules, rule).trim_end());
    Ok(ExitCode::SUCCESS)
}

fn page(rules: &RuleSet, rule: &Rule) -> String {
    let width = output::width().clamp(40, 100);
    let mut page = Page {
        out: String::new(),
        width,
    };
    page.line(&rule.id);
    page.wrapped("", rule.title.source());
    page.line(&format!(
        "layer {}, severity {}, {}, {} ({})",
        rule.layer,
        rule.severity.word(),
        rule.role.word(),
        rule.confidence.word(),
        rule.file
    ));
    page.head("What it means");
    page.wrapped("  ", rule.meaning.source());
    page.head("How it decides");
    for line in rule.in_words() {
        page.item(&line);
    }
    arguments(&mut page, "Speaks for it", &rule.supports);
    arguments(&mut page, "Speaks against it", &rule.contradicts);
    edges(&mut page, rules, rule);
    for (key, steps) in NEXT.iter().zip(&rule.next) {
        if !steps.is_empty() {
            page.head(&format!("Next: {key}"));
            for step in steps {
                page.item(step.source());
            }
        }
    }
    if !rule.false_alarm.is_empty() {
        page.head("False alarm");
        page.wrapped("  ", &rule.false_alarm);
    }
    for (title, items) in [
        ("If it cannot be decided, collect", &rule.collect),
        ("References", &rule.references),
    ] {
        if !items.is_empty() {
            page.head(title);
            for item in items {
                page.item(item);
            }
        }
    }
    page.head("Examples");
    for example in &rule.tests {
        let expect = EXPECTATIONS
            .iter()
            .find(|(_, expect)| *expect == example.expect)
            .map_or("", |(word, _)| *word);
        page.item(&format!("{expect}: {}", example.name));
    }
    page.out
}

fn arguments(page: &mut Page, title: &str, arguments: &[Argument]) {
    if arguments.is_empty() {
        return;
    }
    page.head(title);
    for argument in arguments {
        page.item(argument.because.source());
        for line in Rule::argument_in_words(argument) {
            page.wrapped("      ", &line);
        }
    }
}

fn edges(page: &mut Page, rules: &RuleSet, rule: &Rule) {
    if !rule.explains.is_empty() {
        page.head("Explains");
        for edge in &rule.explains {
            page.item(&format!("{} (along {})", edge.rule, edge.along.word()));
        }
    }
    let by: Vec<&str> = rules
        .rules
        .iter()
        .filter(|other| other.explains.iter().any(|edge| edge.rule == rule.id))
        .map(|other| other.id.as_str())
        .collect();
    if !by.is_empty() {
        page.head("Explained by");
        for id in by {
            page.item(id);
        }
    }
}

/// A page of a certain width.
struct Page {
    out: String,
    width: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn head(&mut self, text: &str) {
        self.out.push('\n');
        self.line(text);
    }

    fn item(&mut self, text: &str) {
        let indent = text.len() - text.trim_start().len();
        let lead = " ".repeat(indent);
        self.filled(&format!("  - {lead}"), &format!("    {lead}"), text);
    }

    fn wrapped(&mut self, lead: &str, text: &str) {
        self.filled(lead, lead, text);
    }

    fn filled(&mut self, first: &str, lead: &str, text: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > self.width {
                let done = std::mem::replace(&mut line, lead.to_owned());
                self.line(&done);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }
}
