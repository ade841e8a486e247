//! Cuts what `tail` and `minikube logs` print of several files: `==> name <==` stands before each.

use crate::line::journal_text;
use jiff::Timestamp;

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'t> {
    /// What stands between the arrows.
    pub title: &'t str,
    /// Its lines.
    pub text: &'t str,
    /// Number of the first line in the file.
    pub first_line: u32,
    /// Number of its last line that is not blank.
    pub last_line: u32,
}

/// More parts than these are none: the rest stays in the last one.
pub(super) const MOST: usize = 1_000;
/// Lines that say what a part is.
const FIRST: usize = 20;

/// Whether a text begins with the title of a part.
pub(super) fn begins(text: &str) -> bool {
    let unmarked = |line: &'_ str| line.trim_start_matches(['*', ' ', '\t']).is_empty();
    let first = text.lines().take(FIRST).find(|line| !unmarked(line));
    first.is_some_and(|line| title(line.strip_prefix("* ").unwrap_or(line)).is_some())
}

/// `==> /var/log/messages <==`
fn title(line: &str) -> Option<&str> {
    let name = line.trim_end().strip_prefix("==> ")?.strip_suffix(" <==")?;
    (!name.is_empty() && name.len() < 400).then_some(name)
}

/// The parts of a text that [`begins`] with one; what stands before the first is left out.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found: Vec<Part<'_>> = Vec::new();
    let (mut at, mut start) = (0, 0);
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        if let Some(title) = title(line).filter(|_| found.len() < MOST) {
            if let Some(last) = found.last_mut() {
                last.text = text.get(start..at).unwrap_or("");
            }
            start = at + line.len();
            found.push(Part {
                title,
                text: "",
                first_line: number.saturating_add(1),
                last_line: number,
            });
        } else if let Some(last) = found.last_mut()
            && !line.trim().is_empty()
        {
            last.last_line = number;
        }
        at += line.len();
    }
    if let Some(last) = found.last_mut() {
        last.text = text.get(start..).unwrap_or("");
    }
    found
}

impl<'t> Part<'t> {
    /// The command that prints the same; files of the host are printed by `cat`.
    pub(super) fn command(&self) -> Option<String> {
        match self.title {
            "describe nodes" => Some("kubectl describe nodes".to_owned()),
            "container status" => Some("crictl ps -a".to_owned()),
            "dmesg" => Some("dmesg".to_owned()),
            path if ["/proc/", "/etc/", "/sys/"]
                .iter()
                .any(|dir| path.starts_with(dir)) =>
            {
                Some(format!("cat {path}"))
            }
            _ => None,
        }
    }

    /// Whether most of the first lines are a journal's.
    pub(super) fn is_journal(&self) -> bool {
        let (mut all, mut fit) = (0, 0);
        let speaks = |line: &&str| !line.trim().is_empty() && !line.starts_with("-- ");
        for line in self.text.lines().filter(speaks).take(FIRST) {
            all += 1;
            fit += usize::from(journal_text(line, Some(Timestamp::UNIX_EPOCH)).is_some());
        }
        fit > 0 && fit * 2 >= all
    }

    /// Whether the title is that of a log: minikube names container and instance, others a file.
    pub(super) fn is_log(&self) -> bool {
        let instance = self
            .title
            .split_once(" [")
            .and_then(|(_, id)| id.strip_suffix(']'));
        let has_id =
            instance.is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()));
        has_id || self.title.ends_with(".log")
    }

    /// The component that the title names.
    pub(super) fn component(&self) -> &'t str {
        let name = self
            .title
            .split_once(" [")
            .map_or(self.title, |(name, _)| name);
        let name = name.rsplit('/').next().unwrap_or(name);
        name.strip_suffix(".log").unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_file_is_a_part() {
        let text = "==> /var/log/messages <==\nMar  4 08:14:14 w3 kernel: Out of memory\n\n==> dns [307e90d0e23a5] <==\n.:53\n";
        assert!(begins(text) && begins("* \n* ==> Audit <==\n") && !begins("a\n==> b <==\n"));
        let found = parts(text);
        let places: Vec<_> = found
            .iter()
            .map(|part| (part.component(), part.first_line, part.last_line))
            .collect();
        assert_eq!(places, [("messages", 2, 2), ("dns", 5, 5)]);
        assert!(found[0].is_journal() && !found[0].is_log());
        assert!(found[1].is_log() && !found[1].is_journal());
    }

    #[test]
    fn the_rest_of_very_many_is_one() {
        let text = "==> a.log <==\nx\n".repeat(MOST + 5);
        let found = parts(&text);
        assert_eq!(found.len(), MOST);
        assert_eq!(found.last().map(|part| part.last_line), Some(2 * 1_005));
    }

    proptest! {
        #[test]
        fn parts_lie_in_the_text(text in "(==> | <==|a|\n|\\* |/){0,60}") {
            let lines = u32::try_from(text.lines().count()).unwrap();
            for part in parts(&text) {
                prop_assert!(part.first_line >= 2 && part.last_line <= lines);
                prop_assert!(text.contains(part.text));
                let _ = (part.command(), part.is_journal(), part.is_log(), part.component());
            }
        }
    }
}
