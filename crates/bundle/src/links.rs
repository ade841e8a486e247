//! Says once what became of links: they are never followed, and most point at files that are there anyway.

use crate::notes::Notes;

/// Links that point outside and are named.
const NAMED: usize = 3;

/// Notes links in one sentence, those that point out of the tree in another.
pub(crate) fn note(links: &[(String, String)], notes: &mut Notes) {
    if links.is_empty() {
        return;
    }
    let outside: Vec<&str> = links
        .iter()
        .filter(|(path, target)| leaves(path, target))
        .map(|(path, _)| path.as_str())
        .collect();
    let count = |number: usize| match number {
        1 => "1 link is".to_owned(),
        _ => format!("{number} links are"),
    };
    let inside = links.len() - outside.len();
    if inside > 0 {
        notes.add(
            "",
            format!(
                "{} not followed; what they point to is read where it lies",
                count(inside)
            ),
        );
    }
    if !outside.is_empty() {
        let named: Vec<&str> = outside.iter().take(NAMED).copied().collect();
        notes.add(
            "",
            format!(
                "{} not followed because they point out of the bundle: {}{}",
                count(outside.len()),
                named.join(", "),
                if outside.len() > NAMED { ", …" } else { "" }
            ),
        );
    }
}

/// Whether a relative target climbs above the tree, or the target is absolute.
fn leaves(path: &str, target: &str) -> bool {
    if target.starts_with(['/', '\\']) || target.as_bytes().get(1) == Some(&b':') {
        return true;
    }
    let mut depth = path.matches('/').count();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_tree_are_told_from_those_within() {
        for (path, target, out) in [
            ("a/b/c", "../x", false),
            ("a/b/c", "../../x", false),
            ("a/b/c", "../../../x", true),
            ("a", "b/../../x", true),
            ("a", "/etc/passwd", true),
            ("a", "C:\\x", true),
        ] {
            assert_eq!(leaves(path, target), out, "{path} -> {target}");
        }
    }
}
