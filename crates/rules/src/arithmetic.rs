//! Arithmetic in operands: `$n.allocatable * 0.9`, `sum($p.spec.containers[].cpu)`, `$c.ended.startedAt + 10m`.

use coldcase_snapshot::{
    packed::{Kind, View},
    stamp,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    engine::{Row, World},
    rule::{Calculation, Expression, Fold, Operand},
    scope::{Scope, operand},
    values::{number, seconds_between},
};

const FOLDS: &[(&str, Fold)] = &[
    ("sum(", Fold::Sum),
    ("count(", Fold::Count),
    ("min(", Fold::Min),
    ("max(", Fold::Max),
];

/// Brackets within brackets; more than anybody writes.
const MAX_DEPTH: usize = 16;

/// Whether an operand is meant as arithmetic: it refers to something and joins it with an operator or a function.
pub(crate) fn is_meant(source: &str) -> bool {
    let folds = FOLDS.iter().any(|(name, _)| {
        source
            .strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with('$'))
    });
    let Ok(tokens) = tokens(source) else {
        return folds;
    };
    let number_first = matches!(tokens.first(), Some(Token::Atom(atom)) if number(atom).is_some());
    let refers = tokens
        .iter()
        .any(|token| matches!(token, Token::Atom(atom) if atom.starts_with('$')));
    let joins = tokens
        .iter()
        .any(|token| matches!(token, Token::Operator(_)));
    folds || refers && joins && (source.starts_with(['$', '(']) || number_first)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'s> {
    Atom(&'s str),
    Fold(Fold),
    Operator(Calculation),
    Open,
    Close,
}

/// Operators stand between blanks: a dash or a slash inside a path is part of it.
fn tokens(source: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let tail = rest.get(first.len_utf8()..).unwrap_or("");
        let alone = tail.is_empty() || tail.starts_with(char::is_whitespace);
        let operator = match first {
            '+' => Some(Calculation::Plus),
            '-' => Some(Calculation::Minus),
            '*' => Some(Calculation::Times),
            '/' => Some(Calculation::Divided),
            _ => None,
        };
        let fold = FOLDS
            .iter()
            .find_map(|(name, fold)| Some((rest.strip_prefix(name)?, *fold)));
        rest = if let (Some(operator), true) = (operator, alone) {
            tokens.push(Token::Operator(operator));
            tail
        } else if first == '(' {
            tokens.push(Token::Open);
            tail
        } else if first == ')' {
            tokens.push(Token::Close);
            tail
        } else if let Some((tail, fold)) = fold {
            tokens.push(Token::Fold(fold));
            tail
        } else {
            let (atom, tail) = atom(rest)?;
            tokens.push(Token::Atom(atom));
            tail
        }
        .trim_start();
    }
    Ok(tokens)
}

/// A number or a reference, up to a blank or a bracket that is not its own.
fn atom(source: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let mut bracket = false;
    let end = source
        .char_indices()
        .find(|(_, letter)| {
            match letter {
                '"' => quoted = !quoted,
                '[' if !quoted => bracket = true,
                ']' if !quoted => bracket = false,
                _ => {}
            }
            !quoted && !bracket && (letter.is_whitespace() || *letter == ')')
        })
        .map_or(source.len(), |(at, _)| at);
    if quoted || bracket {
        return Err(format!("`{source}`: a quote or bracket without its end"));
    }
    Ok(source.split_at_checked(end).unwrap_or((source, "")))
}

/// Parses arithmetic whose names are bound.
pub(crate) fn parse(source: &str, scope: &Scope) -> Result<Operand, String> {
    let tokens = tokens(source)?;
    let mut parser = Parser {
        source,
        tokens: &tokens,
        scope,
    };
    let expression = parser.sum(0)?;
    if parser.tokens.is_empty() {
        Ok(Operand::Computed(Box::new(expression)))
    } else {
        Err(format!("`{source}`: an operator is missing"))
    }
}

struct Parser<'t> {
    source: &'t str,
    tokens: &'t [Token<'t>],
    scope: &'t Scope,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Option<&'t Token<'t>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn operator(&mut self, among: [Calculation; 2]) -> Option<Calculation> {
        match self.tokens.first() {
            Some(Token::Operator(found)) if among.contains(found) => {
                self.next();
                Some(*found)
            }
            _ => None,
        }
    }

    fn sum(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.product(depth)?;
        while let Some(operator) = self.operator([Calculation::Plus, Calculation::Minus]) {
            let right = self.product(depth)?;
            left = Expression::Of(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.value(depth)?;
        while let Some(operator) = self.operator([Calculation::Times, Calculation::Divided]) {
            let right = self.value(depth)?;
            left = Expression::Of(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn value(&mut self, depth: usize) -> Result<Expression, String> {
        let source = self.source;
        if depth > MAX_DEPTH {
            return Err(format!("`{source}`: too many brackets"));
        }
        match self.next() {
            Some(Token::Open) => {
                let inner = self.sum(depth + 1)?;
                self.close()?;
                Ok(inner)
            }
            Some(Token::Fold(fold)) => {
                let Some(Token::Atom(atom)) = self.next() else {
                    return Err(format!("`{source}`: a function takes `$name.path`"));
                };
                let inner = self.reference(atom)?;
                self.close()?;
                Ok(Expression::Fold(*fold, inner))
            }
            Some(Token::Atom(atom)) if atom.starts_with('$') => {
                Ok(Expression::Value(self.reference(atom)?))
            }
            Some(Token::Atom(atom)) if number(atom).is_some() => {
                Ok(Expression::Value(Operand::Literal((*atom).to_owned())))
            }
            Some(Token::Atom(atom)) => Err(format!(
                "`{atom}` is no number, quantity, duration or `$name.path`; functions are sum, count, min, max"
            )),
            _ => Err(format!("`{source}`: a value is missing")),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        match self.next() {
            Some(Token::Close) => Ok(()),
            _ => Err(format!("`{}`: a `)` is missing", self.source)),
        }
    }

    fn reference(&self, atom: &str) -> Result<Operand, String> {
        match operand(atom, self.scope)? {
            Operand::Field(_, path) if path.is_empty() => {
                Err(format!("`{atom}` is an object; arithmetic needs a field"))
            }
            Operand::Literal(_) => Err(format!("`{atom}`: expected `$name.path`")),
            other => Ok(other),
        }
    }
}

/// What arithmetic works on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Number(f64),
    Time(Timestamp),
}

impl World<'_, '_> {
    /// The value of arithmetic as a text; `None` if a part of it is absent or no number.
    pub(crate) fn computed(&self, row: &Row, expression: &Expression) -> Option<String> {
        Some(match self.compute(row, expression)? {
            Value::Number(number) => show(number),
            Value::Time(time) => {
                let precision = if time.subsec_nanosecond() == 0 { 0 } else { 3 };
                stamp::format(time, precision)
            }
        })
    }

    fn compute(&self, row: &Row, expression: &Expression) -> Option<Value> {
        match expression {
            Expression::Value(operand) => {
                let text = self.value(row, operand)?;
                stamp::rfc3339(&text)
                    .map(Value::Time)
                    .or_else(|| amount(&text, operand).map(Value::Number))
            }
            Expression::Fold(fold, operand) => self.fold(row, *fold, operand).map(Value::Number),
            Expression::Of(operator, left, right) => calculate(
                *operator,
                self.compute(row, left)?,
                self.compute(row, right)?,
            ),
        }
    }

    fn fold(&self, row: &Row, fold: Fold, operand: &Operand) -> Option<f64> {
        let nodes = self.nodes(row, operand)?;
        if fold == Fold::Count {
            return Some(nodes.iter().map(|node| size(*node)).sum::<usize>() as f64);
        }
        let numbers: Vec<f64> = nodes
            .iter()
            .filter_map(|node| amount(node.as_str()?, operand))
            .collect();
        match fold {
            Fold::Sum => Some(numbers.iter().sum()),
            Fold::Min => numbers.into_iter().reduce(f64::min),
            Fold::Max => numbers.into_iter().reduce(f64::max),
            Fold::Count => None,
        }
    }
}

/// A list or mapping counts as what is in it.
fn size(node: View<'_>) -> usize {
    match node.kind() {
        Kind::Seq(items) => items.len(),
        Kind::Map(entries) => entries.len(),
        Kind::Null | Kind::Scalar(_) => 1,
    }
}

/// A number in the units of the field that it was read from.
fn amount(text: &str, operand: &Operand) -> Option<f64> {
    match operand {
        Operand::Field(_, path) => crate::values::in_units_of(path, text),
        _ => number(text),
    }
}

fn calculate(operator: Calculation, left: Value, right: Value) -> Option<Value> {
    match (operator, left, right) {
        (_, Value::Number(left), Value::Number(right)) => {
            let result = match operator {
                Calculation::Plus => left + right,
                Calculation::Minus => left - right,
                Calculation::Times => left * right,
                Calculation::Divided => left / right,
            };
            result.is_finite().then_some(Value::Number(result))
        }
        (Calculation::Plus, Value::Time(time), Value::Number(seconds))
        | (Calculation::Plus, Value::Number(seconds), Value::Time(time)) => moved(time, seconds),
        (Calculation::Minus, Value::Time(time), Value::Number(seconds)) => moved(time, -seconds),
        (Calculation::Minus, Value::Time(to), Value::Time(from)) => {
            Some(Value::Number(seconds_between(from, to)))
        }
        _ => None,
    }
}

fn moved(time: Timestamp, seconds: f64) -> Option<Value> {
    let by = SignedDuration::try_from_secs_f64(seconds).ok()?;
    time.checked_add(by).ok().map(Value::Time)
}

/// Whole numbers without a point, others with at most six digits behind it.
fn show(number: f64) -> String {
    let text = format!("{number:.6}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope() -> Scope {
        let mut scope = Scope::default();
        scope.add("p", vec!["Pod".to_owned()]);
        scope
    }

    #[test]
    fn only_what_joins_references_is_arithmetic() {
        for meant in [
            "$p.restarts * 2",
            "2 * $p.restarts",
            "($p.restarts + 1) / 2",
            "sum($p.spec.containers[].ports[].hostPort)",
            "$p.metadata.creationTimestamp + 30s",
        ] {
            assert!(is_meant(meant), "{meant}");
            assert!(parse(meant, &scope()).is_ok(), "{meant}");
        }
        for literal in [
            "$p.metadata.labels.app-name",
            "$p.metadata.labels.\"a / b\"",
            "a - b",
            "1 - 2",
            "costs $5 - or more",
            "sum(a)",
            "",
        ] {
            assert!(!is_meant(literal), "{literal}");
        }
    }

    #[test]
    fn products_bind_before_sums() {
        let Ok(Operand::Computed(expression)) = parse("1 + $p.restarts * 2", &scope()) else {
            panic!("no arithmetic");
        };
        assert!(matches!(
            *expression,
            Expression::Of(Calculation::Plus, _, right)
                if matches!(*right, Expression::Of(Calculation::Times, ..))
        ));
        for wrong in [
            "$p.restarts +",
            "($p.restarts + 1",
            "$p.restarts 2 + 1",
            "+ $p.restarts",
            "$p.age / )",
        ] {
            assert!(parse(wrong, &scope()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_shown_short() {
        assert_eq!(show(3.0), "3");
        assert_eq!(show(0.25), "0.25");
        assert_eq!(show(-12.5), "-12.5");
        assert_eq!(show(17_179_869_184.0), "17179869184");
    }

    proptest! {
        #[test]
        fn any_text_is_an_operand_or_an_error(text in any::<String>(), joined in "[$()+*/ a-z0-9.\"\\[\\]-]{0,40}") {
            for source in [text, joined] {
                let _ = operand(&source, &scope());
                let _ = parse(&source, &scope());
            }
        }
    }
}
