//! A rule's steps as sentences, for people who do not know the rule language.

use crate::{
    paths::path_text,
    rule::{Condition, Expression, From, Matcher, Operand, Rule, Side, Step, Test, Verb},
};
use coldcase_facts::quantity::show_seconds;

impl Rule {
    /// How it decides: one sentence for each step, alternatives indented.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        steps(&self.steps, &self.names, 0, &mut lines);
        lines
    }

    /// How an argument decides.
    pub fn argument_in_words(argument: &crate::rule::Argument) -> Vec<String> {
        let mut lines = Vec::new();
        steps(&argument.block.steps, &argument.block.names, 0, &mut lines);
        lines
    }
}

fn steps(steps: &[Step], names: &[String], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for step in steps {
        if step.verb == Verb::Any {
            lines.push(format!("{indent}one of these holds:"));
            for (number, alternative) in step.alternatives.iter().enumerate() {
                lines.push(format!("{indent}  {}.", number + 1));
                self::steps(alternative, names, depth + 2, lines);
            }
        } else {
            lines.push(format!("{indent}{}", sentence(step, names)));
        }
    }
}

fn name(names: &[String], slot: usize) -> &str {
    names
        .get(slot)
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .unwrap_or("it")
}

fn sentence(step: &Step, names: &[String]) -> String {
    let what = match &step.from {
        From::Kind(kind) => kind.clone(),
        From::Relation(nouns, slot) => {
            format!("{} of {}", nouns.join(" of "), name(names, *slot))
        }
        From::Bound => String::new(),
    };
    let bound = match names.get(step.slot) {
        Some(name) if !name.is_empty() => format!(" ({name})"),
        _ => String::new(),
    };
    let conditions: Vec<String> = step
        .conditions
        .iter()
        .map(|condition| self::condition(condition, names, step.verb == Verb::Check))
        .collect();
    let with = if conditions.is_empty() {
        String::new()
    } else {
        format!(" where {}", conditions.join(", and "))
    };
    match step.verb {
        Verb::Find => format!("there is a {what}{bound}{with}"),
        Verb::Maybe => format!("if there is a {what}{bound}{with}, it is named too"),
        Verb::None => format!("there is no {what}{with}"),
        Verb::Check => conditions.join(", and "),
        Verb::Count => {
            let count = step.count.as_ref();
            let is = count.map_or_else(String::new, |count| matcher(&count.is, names));
            let distinct = count
                .and_then(|count| count.distinct.as_ref())
                .map_or_else(String::new, |path| {
                    format!(" with different {}", path_text(path))
                });
            let window = count
                .and_then(|count| count.in_any)
                .map_or_else(String::new, |seconds| {
                    format!(" within any {}", show_seconds(seconds))
                });
            let share = count
                .and_then(|count| count.percent_of.as_ref())
                .map_or_else(String::new, |(nouns, slot)| {
                    format!(
                        ", in percent of {} of {},",
                        nouns.join(" of "),
                        name(names, *slot)
                    )
                });
            if let Some(path) = count.and_then(|count| count.sum.as_ref()) {
                return format!("the sum of {} of each {what}{with} {is}", path_text(path));
            }
            format!("the number of {what}{with}{distinct}{window}{share} {is}")
        }
        Verb::Rows => rows(step, names),
        Verb::Any => String::new(),
    }
}

fn rows(step: &Step, names: &[String]) -> String {
    let (Some(rows), Some(count)) = (&step.rows, &step.count) else {
        return String::new();
    };
    let what = rows.distinct.as_ref().map_or_else(
        || "such cases".to_owned(),
        |distinct| format!("different {}", operand(distinct, names)),
    );
    let by: Vec<String> = rows.by.iter().map(|by| operand(by, names)).collect();
    let of = if by.is_empty() {
        String::new()
    } else {
        format!(" for the same {}", by.join(" and "))
    };
    let window = count.in_any.map_or_else(String::new, |seconds| {
        format!(" within any {}", show_seconds(seconds))
    });
    format!(
        "the number of {what}{of}{window} {}",
        matcher(&count.is, names)
    )
}

fn condition(condition: &Condition, names: &[String], named: bool) -> String {
    let path = path_text(&condition.path);
    let field = if named {
        format!("{}.{path}", name(names, condition.slot))
    } else {
        path
    };
    format!("{field} {}", matcher(&condition.matcher, names))
}

fn matcher(matcher: &Matcher, names: &[String]) -> String {
    let tests: Vec<String> = matcher
        .tests
        .iter()
        .map(|test| self::test(test, names))
        .collect();
    tests.join(" and ")
}

fn test(test: &Test, names: &[String]) -> String {
    let value = |value: &Operand| operand(value, names);
    let values = |values: &[Operand]| {
        let values: Vec<String> = values.iter().map(value).collect();
        values.join(" or ")
    };
    match test {
        Test::Is(of) => format!("is {}", value(of)),
        Test::Not(of) => format!("is not {}", value(of)),
        Test::AnyOf(of) => format!("is {}", values(of)),
        Test::NoneOf(of) => format!("is none of {}", values(of)),
        Test::Exists(true) => "is there".to_owned(),
        Test::Exists(false) => "is absent".to_owned(),
        Test::Matches(regex) => format!("matches /{}/", regex.as_str()),
        Test::Contains(of) => format!("contains {}", value(of)),
        Test::StartsWith(of) => format!("begins with {}", value(of)),
        Test::EndsWith(of) => format!("ends with {}", value(of)),
        Test::AtLeast(of) => format!("is at least {}", value(of)),
        Test::AtMost(of) => format!("is at most {}", value(of)),
        Test::Over(of) => format!("is over {}", value(of)),
        Test::Under(of) => format!("is under {}", value(of)),
        Test::Within(seconds, of, side) => {
            let side = match side {
                Side::Around => "of",
                Side::Before => "before",
                Side::After => "after",
            };
            format!("is within {} {side} {}", show_seconds(*seconds), value(of))
        }
        Test::Before(of) => format!("is before {}", value(of)),
        Test::After(of) => format!("is after {}", value(of)),
        Test::NewerThan(seconds) => {
            format!("is at most {} before the capture", show_seconds(*seconds))
        }
        Test::OlderThan(seconds) => {
            format!("is more than {} before the capture", show_seconds(*seconds))
        }
        Test::All(inner) => format!("for all of them {}", matcher(inner, names)),
        Test::No(inner) => format!("for none of them {}", matcher(inner, names)),
        Test::Where(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| {
                    format!(
                        "{} {}",
                        path_text(&part.path),
                        matcher(&part.matcher, names)
                    )
                })
                .collect();
            format!("has an element with {}", parts.join(" and "))
        }
        Test::Entry {
            key,
            value: of_value,
        } => {
            let parts: Vec<String> = [("key", key), ("value", of_value)]
                .into_iter()
                .filter_map(|(word, inner)| {
                    Some(format!("whose {word} {}", matcher(inner.as_ref()?, names)))
                })
                .collect();
            format!("has an entry {}", parts.join(" and "))
        }
    }
}

fn operand(operand: &Operand, names: &[String]) -> String {
    match operand {
        Operand::Literal(text) => text.clone(),
        Operand::Field(slot, path) if path.is_empty() => name(names, *slot).to_owned(),
        Operand::Field(slot, path) => format!("{}.{}", name(names, *slot), path_text(path)),
        Operand::Capture(slot, capture) => {
            format!("`{capture}` in the text of {}", name(names, *slot))
        }
        Operand::Now => "the capture".to_owned(),
        Operand::Computed(inner) => expression(inner, names),
    }
}

fn expression(inner: &Expression, names: &[String]) -> String {
    use crate::rule::{Calculation, Fold};
    match inner {
        Expression::Value(value) => operand(value, names),
        Expression::Fold(fold, value) => {
            let word = match fold {
                Fold::Sum => "the sum of",
                Fold::Count => "the number of",
                Fold::Min => "the least",
                Fold::Max => "the greatest",
            };
            format!("{word} {}", operand(value, names))
        }
        Expression::Of(operator, left, right) => {
            let sign = match operator {
                Calculation::Plus => '+',
                Calculation::Minus => '-',
                Calculation::Times => '×',
                Calculation::Divided => '÷',
            };
            format!(
                "({} {sign} {})",
                expression(left, names),
                expression(right, names)
            )
        }
    }
}
