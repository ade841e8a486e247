//! Reads one row of `kubectl get pods` or `get nodes` that stands without its head.

use super::{
    Cut,
    cursor::{Cursor, is_age, is_name, is_namespace, is_number},
};

/// The row that a line is, to its end.
pub(super) fn row(line: &str) -> Option<Cut<'_>> {
    let words = Cursor::new(line);
    let mut after = words;
    let namespace = after.word(is_namespace);
    read(words, "").or_else(|| read(after, namespace?))
}

fn read<'t>(words: Cursor<'t>, namespace: &'t str) -> Option<Cut<'t>> {
    let (mut columns, mut cells) =
        pod(words).or_else(|| node(words).filter(|_| namespace.is_empty()))?;
    if !namespace.is_empty() {
        columns.insert(0, "NAMESPACE");
        cells.insert(0, namespace);
    }
    Some((columns, cells))
}

/// `web-0  0/1  CrashLoopBackOff  7 (2m ago)  12m`, also wide.
fn pod(mut words: Cursor<'_>) -> Option<Cut<'_>> {
    let whole = words;
    let name = words.word(|word| is_name(word.trim_start_matches("pod/")))?;
    let mut cells = vec![name, words.word(is_ratio)?, words.word(is_status)?];
    let count = words.word(is_number)?;
    let ago = |text: &str| text.strip_suffix(" ago").is_some_and(is_age);
    let ago = words.brackets(ago);
    cells.push(match ago {
        Some(ago) => between(whole.rest(), count, ago),
        None => count,
    });
    cells.push(words.word(is_age)?);
    let mut columns = vec!["NAME", "READY", "STATUS", "RESTARTS", "AGE"];
    for column in ["IP", "NODE", "NOMINATED NODE", "READINESS GATES"] {
        let form = |word: &str| word == "<none>" || (column == "IP") == is_address(word);
        let Some(cell) = words.word(form) else {
            break;
        };
        columns.push(column);
        cells.push(cell);
    }
    words.rest().is_empty().then_some((columns, cells))
}

/// `w1  NotReady,SchedulingDisabled  <none>  12d  v1.31.2`
fn node(mut words: Cursor<'_>) -> Option<Cut<'_>> {
    let cells = vec![
        words.word(|word| is_name(word.trim_start_matches("node/")))?,
        words.word(is_condition)?,
        words.word(|word| word == "<none>" || word.split(',').all(is_name))?,
        words.word(is_age)?,
        words.word(is_version)?,
    ];
    let columns = vec!["NAME", "STATUS", "ROLES", "AGE", "VERSION"];
    // What a wide table adds begins with an address.
    let wide = || words.peek() == "<none>" || is_address(words.peek());
    (words.rest().is_empty() || wide()).then_some((columns, cells))
}

/// The text from one part of a line to the end of another.
fn between<'t>(line: &'t str, first: &'t str, last: &'t str) -> &'t str {
    let at = |part: &str| (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(at(first)..at(last).saturating_add(last.len()))
        .unwrap_or(first)
}

fn is_ratio(word: &str) -> bool {
    word.split_once('/')
        .is_some_and(|(ready, all)| is_number(ready) && is_number(all))
}

/// `CrashLoopBackOff`, `Init:0/2`, `Init:Error`, `ExitCode:1`, `OutOfcpu`.
fn is_status(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'-');
    (3..=60).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(plain)
        && word.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_condition(word: &str) -> bool {
    word.split(',').all(|part| {
        matches!(
            part,
            "Ready" | "NotReady" | "Unknown" | "SchedulingDisabled"
        )
    })
}

/// `v1.31.2`, `v1.27.4-eks-8ccc7ba`, `v1.30.0+k3s1`.
fn is_version(word: &str) -> bool {
    let rest = word.strip_prefix("v1.");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('.'))
}

fn is_address(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Option<Vec<&str>> {
        row(line).map(|(_, cells)| cells)
    }

    #[test]
    fn pods() {
        assert_eq!(
            cells("cart-7d4b9c-x2x1p  0/1  CrashLoopBackOff  7 (2m ago)  12m").unwrap(),
            [
                "cart-7d4b9c-x2x1p",
                "0/1",
                "CrashLoopBackOff",
                "7 (2m ago)",
                "12m"
            ]
        );
        let (columns, found) =
            row("shop cart-0 1/1 Running 0 3d4h 10.0.0.7 w1 <none> <none>").unwrap();
        assert_eq!(columns[0], "NAMESPACE");
        assert_eq!(found[6..8], ["10.0.0.7", "w1"]);
        assert!(cells("cart-0 0/1 Init:0/2 0 5m").is_some());
        assert!(cells("pod/cart-0 0/1 Pending 0 5m <none> <none> <none> <none>").is_some());
        for line in [
            "cart-0 0/1 5m",
            "cart-0 0/1 Running 5m",
            "cart-0 0/1 RUNNING 0 5m",
            "I saw cart-0 0/1 Running 0 5m",
            "cart-0 0/1 Running 0 5m and more",
            "Cart-0 0/1 Running 0 5m",
            "cart 3/3 3 3 5m",
        ] {
            assert_eq!(cells(line), None, "{line}");
        }
    }

    #[test]
    fn nodes() {
        assert_eq!(
            cells("w1 NotReady,SchedulingDisabled <none> 12d v1.31.2").unwrap(),
            [
                "w1",
                "NotReady,SchedulingDisabled",
                "<none>",
                "12d",
                "v1.31.2"
            ]
        );
        assert!(
            cells("w1 Ready control-plane,etcd 12d v1.31.2+k3s1 10.0.0.4 <none> Ubuntu 5.15")
                .is_some()
        );
        assert_eq!(cells("w1 Ready soon 12d later"), None);
    }
}
