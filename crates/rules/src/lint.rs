//! What a rule that loads may still lack: documentation, examples, literals in its patterns.

use logscan::Lane;

use crate::{
    Cost,
    rule::{Expect, LAYERS, Role, Rule, Severity},
    source::{LoadError, Place},
};

/// Shorter than this is no explanation.
const EXPLANATION: usize = 60;

/// What is missing in a rule; `costs` are those of its set's patterns.
pub fn lint(rule: &Rule, costs: &[Cost]) -> Vec<LoadError> {
    let mut found = Vec::new();
    let mut say = |place: Place, what: String| {
        found.push(LoadError {
            file: rule.file.clone(),
            place,
            what,
        });
    };
    let top = Place { line: 1, column: 1 };
    let words = rule.id.split('-').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    });
    if !words {
        say(
            top,
            format!("id `{}`: lower-case words joined by hyphens", rule.id),
        );
    }
    let folder = rule.file.rsplit('/').nth(1);
    if folder.is_some_and(|folder| LAYERS.contains(&folder) && folder != rule.layer) {
        say(
            top,
            format!(
                "layer `{}` in folder `{}`",
                rule.layer,
                folder.unwrap_or("")
            ),
        );
    }
    if rule.meaning.source().trim().len() < EXPLANATION {
        say(
            top,
            "`meaning` does not explain: say what it means and why it happens".to_owned(),
        );
    }
    let [observe, mitigate, fix, _, verify] = &rule.next;
    for (name, steps) in [("observe", observe), ("verify", verify)] {
        if steps.is_empty() {
            say(top, format!("`next.{name}` is empty"));
        }
    }
    if rule.role == Role::Cause && mitigate.is_empty() && fix.is_empty() {
        say(
            top,
            "a cause says how to end it: `next.mitigate` or `next.fix`".to_owned(),
        );
    }
    if rule.severity >= Severity::High && rule.false_alarm.trim().is_empty() {
        say(
            top,
            "severity high and above needs `false_alarm`: when does it fire although nothing is wrong?".to_owned(),
        );
    }
    for (expect, word) in [
        (Expect::Fires, "fires"),
        (Expect::Quiet, "quiet"),
        (Expect::Unknown, "unknown"),
    ] {
        if !rule.tests.iter().any(|test| test.expect == expect) {
            say(top, format!("no example that expects `{word}`"));
        }
    }
    for example in &rule.tests {
        let twice = rule
            .tests
            .iter()
            .filter(|other| other.name == example.name)
            .count();
        if twice > 1 {
            say(
                example.place,
                format!("two examples are called `{}`", example.name),
            );
        }
    }
    patterns(rule, costs, &mut say);
    found
}

fn patterns(rule: &Rule, costs: &[Cost], say: &mut dyn FnMut(Place, String)) {
    let mut costly = false;
    for (pattern, place) in rule.patterns() {
        let Some(cost) = costs.get(pattern) else {
            continue;
        };
        if cost.lane == Lane::Window {
            continue;
        }
        costly = true;
        if rule.costly.trim().is_empty() {
            say(
                place,
                format!(
                    "`{}`: {}; give every alternative a literal of eight letters, or say in `costly:` why it is worth it",
                    cost.regex, cost.reason
                ),
            );
        }
    }
    if !costly && !rule.costly.is_empty() {
        say(
            Place { line: 1, column: 1 },
            "`costly` gives a reason, but every pattern has a literal of eight letters".to_owned(),
        );
    }
}
