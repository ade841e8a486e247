//! Gives a name that two alternatives bind the same slot in both.

use crate::rule::{Expression, From, Matcher, Operand, Step, Test, Verb};

/// Replaces a slot everywhere in some steps.
pub(crate) fn rename(steps: &mut [Step], from: usize, to: usize) {
    let fix = |operand: &mut Operand| rename_operand(operand, from, to);
    for step in steps {
        if step.slot == from && !matches!(step.verb, Verb::Any | Verb::Check | Verb::Rows) {
            step.slot = to;
        }
        if let From::Relation(_, slot) = &mut step.from
            && *slot == from
        {
            *slot = to;
        }
        for condition in &mut step.conditions {
            if condition.slot == from {
                condition.slot = to;
            }
            rename_matcher(&mut condition.matcher, &fix);
        }
        if let Some(count) = &mut step.count {
            rename_matcher(&mut count.is, &fix);
            if let Some((_, slot)) = &mut count.percent_of
                && *slot == from
            {
                *slot = to;
            }
        }
        if let Some(rows) = &mut step.rows {
            let others = rows.distinct.iter_mut().chain(&mut rows.at);
            rows.by.iter_mut().chain(others).for_each(fix);
        }
        for alternative in &mut step.alternatives {
            rename(alternative, from, to);
        }
    }
}

fn rename_operand(operand: &mut Operand, from: usize, to: usize) {
    match operand {
        Operand::Field(slot, _) | Operand::Capture(slot, _) if *slot == from => *slot = to,
        Operand::Computed(expression) => rename_expression(expression, from, to),
        _ => {}
    }
}

fn rename_expression(expression: &mut Expression, from: usize, to: usize) {
    match expression {
        Expression::Value(operand) | Expression::Fold(_, operand) => {
            rename_operand(operand, from, to);
        }
        Expression::Of(_, left, right) => {
            rename_expression(left, from, to);
            rename_expression(right, from, to);
        }
    }
}

fn rename_matcher(matcher: &mut Matcher, fix: &dyn Fn(&mut Operand)) {
    for test in &mut matcher.tests {
        match test {
            Test::Is(operand)
            | Test::Not(operand)
            | Test::Contains(operand)
            | Test::StartsWith(operand)
            | Test::EndsWith(operand)
            | Test::AtLeast(operand)
            | Test::AtMost(operand)
            | Test::Over(operand)
            | Test::Under(operand)
            | Test::Within(_, operand, _)
            | Test::Before(operand)
            | Test::After(operand) => fix(operand),
            Test::AnyOf(operands) | Test::NoneOf(operands) => operands.iter_mut().for_each(fix),
            Test::All(inner) | Test::No(inner) => rename_matcher(inner, fix),
            Test::Where(parts) => parts
                .iter_mut()
                .for_each(|part| rename_matcher(&mut part.matcher, fix)),
            Test::Entry { key, value } => key
                .iter_mut()
                .chain(value)
                .for_each(|matcher| rename_matcher(matcher, fix)),
            Test::Exists(_) | Test::Matches(_) | Test::NewerThan(_) | Test::OlderThan(_) => {}
        }
    }
}
