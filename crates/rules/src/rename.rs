//! Gives a name that two alternatives bind the same slot in both.

use crate::rule::{From, Matcher, Operand, Step, Test, Verb};

/// Replaces a slot everywhere in some steps.
pub(crate) fn rename(steps: &mut [Step], from: usize, to: usize) {
    let fix = |operand: &mut Operand| match operand {
        Operand::Field(slot, _) | Operand::Capture(slot, _) if *slot == from => *slot = to,
        _ => {}
    };
    for step in steps {
        if step.slot == from && !matches!(step.verb, Verb::Any | Verb::Check) {
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
        for alternative in &mut step.alternatives {
            rename(alternative, from, to);
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
            Test::Exists(_) | Test::Matches(_) | Test::NewerThan(_) | Test::OlderThan(_) => {}
        }
    }
}
