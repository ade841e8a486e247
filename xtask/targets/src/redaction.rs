//! Masking of texts: lines stay in number, parts are as good as the whole, and a list of the masks says what was masked.

use redact::{Counts, Plan, Redactor};

/// Masks the bytes as text, at once and line by line.
///
/// # Panics
/// If a line is lost or added, if the two differ, or if the counts are not those of the masks.
pub fn redact(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let redactor = Redactor::new(&[7; 32]);
    for yaml in [false, true] {
        let (whole, counts) = masked(&redactor, &text, yaml, |text| vec![text]);
        let (parts, _) = masked(&redactor, &text, yaml, |text| {
            text.split_inclusive('\n').collect()
        });
        assert_eq!(whole, parts, "parts and the whole differ");
        assert_eq!(
            whole.matches('\n').count(),
            text.matches('\n').count(),
            "lines of {text:?} became those of {whole:?}"
        );
        // The last line of a value of several may be empty.
        assert!(whole.ends_with('\n') || !text.ends_with('\n'));
        let marks = |text: &str| text.matches("<masked:").count() as u64;
        let counted: u64 = counts.values().sum();
        assert!(
            marks(&whole) <= marks(&text) + counted,
            "{counted} masks are told, there are more in {whole:?}"
        );
        if counts.is_empty() && !yaml {
            assert_eq!(whole, text, "nothing is told, and the text is another");
        }
    }
}

fn masked<'t>(
    redactor: &Redactor,
    text: &'t str,
    yaml: bool,
    split: impl Fn(&'t str) -> Vec<&'t str>,
) -> (String, Counts) {
    let mut plan = Plan::default();
    for part in split(text) {
        plan.look(part);
    }
    plan.end();
    let mut masker = redactor.file(plan).yaml(yaml);
    let mut out = String::new();
    for part in split(text) {
        masker.mask(part, &mut out);
    }
    (out, masker.into_counts())
}
