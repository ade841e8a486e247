//! Text by line, chunk, head, tail and excerpt is the same however it is kept.

use proptest::prelude::*;

use super::*;

fn kept_everywhere(bytes: &[u8]) -> Vec<Bundle> {
    let root = scratch(&format!("kept-{}", digest(bytes)));
    let files = vec![("b/x.log".to_owned(), bytes.to_vec())];
    write_dir(&root, &files);
    let limits = Limits::default();
    // On disk, in a tar, in a zip, inflated again, and held or packed out of a stream.
    vec![
        open(&root, &limits).unwrap(),
        open_bytes("r.tar", &tar("", &files), &limits).unwrap(),
        open_bytes("r.zip", &zip("", &files), &limits).unwrap(),
        pipe(&tar("", &files), &limits).unwrap(),
    ]
}

fn same_as_whole(file: &File, whole: &str) {
    assert_eq!(file.text(), whole);
    let lines: Vec<&str> = if whole.is_empty() {
        vec![""]
    } else {
        whole
            .strip_suffix('\n')
            .unwrap_or(whole)
            .split('\n')
            .collect()
    };
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_end_matches('\r'))
        .collect();
    assert_eq!(file.line_count() as usize, lines.len());
    let mut at = 0;
    let mut next_line = 1;
    for chunk in file.chunks() {
        assert_eq!((chunk.offset, chunk.first_line), (at as u64, next_line));
        assert_eq!(whole.get(at..at + chunk.text.len()), Some(&*chunk.text));
        at += chunk.text.len();
        next_line += u32::try_from(chunk.text.matches('\n').count()).unwrap();
        assert!(at == whole.len() || chunk.text.ends_with('\n'));
    }
    assert_eq!(at, whole.len());
    let step = (lines.len() / 50).max(1);
    for index in (0..lines.len()).step_by(step).chain([lines.len() - 1]) {
        let number = u32::try_from(index + 1).unwrap();
        assert_eq!(file.line(number), lines[index]);
        let cut = file.excerpt(number, number);
        assert_eq!(cut.before.len(), index.min(3));
        assert_eq!(cut.after.len(), (lines.len() - index - 1).min(3));
        assert!(
            cut.quote
                .starts_with(&lines[index].chars().take(2_000).collect::<String>())
        );
    }
    assert_eq!(file.line(0), "");
    assert_eq!(file.line(u32::MAX), "");
    for offset in (0..whole.len()).step_by((whole.len() / 40).max(1)) {
        let before = memchr::memchr_iter(b'\n', &whole.as_bytes()[..offset]).count();
        assert_eq!(file.line_at(offset) as usize, before + 1);
    }
    for size in [0, 1, 7, 1_000, 300_000, usize::MAX] {
        let head = file.head(size);
        assert!(whole.starts_with(&*head));
        assert!(
            head.len() == whole.len() || head.len() + 4 > size,
            "{} of {size}",
            head.len()
        );
    }
    for count in [1, 2, 5_000] {
        let tail = file.tail(count);
        assert!(whole.ends_with(&*tail.text));
        assert_eq!(tail.offset + tail.text.len() as u64, whole.len() as u64);
        let first = lines.len().saturating_sub(count as usize) + 1;
        assert_eq!(tail.first_line as usize, first);
    }
}

#[test]
fn many_lines_are_found_in_the_order_asked_for() {
    let bytes = sample().swap_remove(3).1;
    let other = b"first\nsecond".repeat(40_000);
    let files = vec![
        ("b/x.log".to_owned(), bytes.clone()),
        ("b/y.log".to_owned(), other),
        ("b/z.log.gz".to_owned(), gz(&bytes)),
    ];
    let root = scratch("many");
    write_dir(&root, &files);
    let limits = Limits::default();
    for bundle in [
        open(&root, &limits).unwrap(),
        open_bytes("m.tar", &tar("", &files), &limits).unwrap(),
        pipe(&tar("", &files), &limits).unwrap(),
    ] {
        let mut places = Vec::new();
        for step in 0..900_u32 {
            let (id, file) = bundle.iter().nth(step as usize % 3).unwrap();
            let line = step.wrapping_mul(2_654_435_761) % (file.line_count() + 3);
            places.push((id, line, line.saturating_add(step % 5)));
        }
        let single: Vec<Excerpt> = places
            .iter()
            .map(|(id, line, end)| bundle.file(*id).excerpt(*line, *end))
            .collect();
        assert_eq!(bundle.excerpts(&places), single);
        let lines: Vec<(FileId, u32)> = places.iter().map(|(id, line, _)| (*id, *line)).collect();
        let found = bundle.lines(&lines, |index, line| (index, line.to_owned()));
        for (at, (index, line)) in found.into_iter().enumerate() {
            assert_eq!(index, at);
            assert_eq!(line, bundle.file(lines[at].0).line(lines[at].1));
        }
    }
}

#[test]
fn skipped_chunks_change_nothing_for_the_others() {
    let bytes = sample().swap_remove(3).1.repeat(3);
    for bundle in kept_everywhere(&bytes) {
        let file = &bundle.files[0];
        let all: Vec<Chunk<'_>> = file.chunks().collect();
        assert!(all.len() > 5);
        for step in 1..all.len() + 2 {
            let some: Vec<Chunk<'_>> = file.chunks().step_by(step).collect();
            let expected: Vec<Chunk<'_>> = all.iter().step_by(step).cloned().collect();
            assert_eq!(some, expected);
        }
        assert!(bundle.late_problems().is_empty());
    }
}

#[test]
fn long_text_reads_the_same_wherever_it_lies() {
    let bytes = sample().swap_remove(3).1;
    let whole = String::from_utf8_lossy(&bytes).into_owned();
    for bundle in kept_everywhere(&bytes) {
        same_as_whole(&bundle.files[0], &whole);
        assert!(bundle.late_problems().is_empty());
    }
}

#[test]
fn what_cannot_be_read_again_is_packed_and_reads_the_same() {
    // More than what is held plain: the last files are packed.
    let mut text = String::new();
    for n in 0..40_000 {
        use std::fmt::Write;
        writeln!(
            text,
            "  - name: container-{n}\n    image: registry.example/app:{}",
            n % 7
        )
        .unwrap();
    }
    let files: Files = (0..40)
        .map(|n| (format!("f{n:02}.yaml"), text.clone().into_bytes()))
        .collect();
    let bundle = pipe(&gz(&tar("", &files)), &Limits::default()).unwrap();
    let packed = bundle
        .files
        .iter()
        .filter(|file| matches!(file.content.store, content::Store::Blocks(_)))
        .count();
    assert!(packed > 5, "{packed}");
    same_as_whole(&bundle.files[39], &text);
    same_as_whole(&bundle.files[0], &text);
}

#[test]
fn a_member_too_large_to_inflate_for_each_line_is_packed() {
    let text = "one line of a log in a zip archive\n".repeat(200_000);
    let files = vec![("x.log".to_owned(), text.clone().into_bytes())];
    let limits = Limits::default();
    let bundle = open_bytes("m.zip", &zip("", &files), &limits).unwrap();
    assert!(matches!(
        bundle.files[0].content.store,
        content::Store::Blocks(_)
    ));
    same_as_whole(&bundle.files[0], &text);
    // Without memory for that it is inflated again.
    let poor = Limits {
        memory_bytes: 1,
        ..limits
    };
    let bundle = open_bytes("m.zip", &zip("", &files), &poor).unwrap();
    assert!(matches!(
        bundle.files[0].content.store,
        content::Store::Elsewhere(_)
    ));
    assert!(bundle.problems.is_empty(), "{:?}", bundle.problems);
    same_as_whole(&bundle.files[0], &text);
}

#[test]
fn lines_are_found_again() {
    let bundle = Bundle::from_texts("t", [("a.log", "one\r\ntwo\n\nfour")]);
    let file = &bundle.files[0];
    same_as_whole(file, "one\r\ntwo\n\nfour");
    let excerpt = file.excerpt(2, 2);
    assert_eq!(
        (
            excerpt.quote.as_str(),
            excerpt.before.len(),
            excerpt.after.len()
        ),
        ("two", 1, 2)
    );
    same_as_whole(&Bundle::from_texts("t", [("a", "")]).files[0], "");
}

#[test]
fn a_long_quote_says_how_much_is_left_out() {
    let lines: Vec<String> = (1..=100).map(|n| format!("line {n}")).collect();
    let text = lines.join("\n");
    let bundle = Bundle::from_texts("t", [("a.log", text.as_str())]);
    let excerpt = bundle.files[0].excerpt(11, 90);
    assert_eq!(excerpt.end_line, 70);
    assert!(excerpt.quote.starts_with("line 11\nline 12\n"));
    assert!(excerpt.quote.ends_with("line 70\n… (20 more lines)"));
    assert_eq!(excerpt.after, ["line 71", "line 72", "line 73"]);
    assert!(bundle.files[0].excerpt(11, 70).quote.ends_with("line 70"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_reads_the_same_wherever_it_lies(
        pieces in proptest::collection::vec(("[a-z\\x00é\r\n]{0,30}", proptest::collection::vec(any::<u8>(), 0..3), 1_usize..20_000), 1..6)
    ) {
        let mut bytes = b"text with enough letters in its beginning to be told from binary files ".repeat(150);
        for (text, odd, times) in pieces {
            for _ in 0..times.min(600_000 / (text.len() + 4)) {
                bytes.extend(text.bytes());
                bytes.extend(&odd);
                bytes.push(b'y');
            }
            bytes.push(b'\n');
        }
        let whole = String::from_utf8_lossy(&bytes).into_owned();
        for bundle in kept_everywhere(&bytes) {
            same_as_whole(&bundle.files[0], &whole);
        }
    }
}
