//! Results of tests as JUnit XML, in the form that Jenkins, GitLab and GitHub read.

use std::fmt::Write as _;

/// One test.
#[derive(Debug)]
pub(crate) struct Case {
    pub class: String,
    pub name: String,
    pub result: Result,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Result {
    Passed,
    Failed(String),
    /// It could not be run.
    Error(String),
}

/// A suite as a document.
pub(crate) fn suite(name: &str, cases: &[Case]) -> String {
    let failures = cases
        .iter()
        .filter(|case| matches!(case.result, Result::Failed(_)))
        .count();
    let errors = cases
        .iter()
        .filter(|case| matches!(case.result, Result::Error(_)))
        .count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let name = escape(name);
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">",
        cases.len()
    );
    for case in cases {
        write_case(case, &mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn write_case(case: &Case, out: &mut String) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escape(&case.class),
        escape(&case.name)
    );
    let (element, text) = match &case.result {
        Result::Passed => {
            out.push_str("/>\n");
            return;
        }
        Result::Failed(text) => ("failure", text),
        Result::Error(text) => ("error", text),
    };
    let first = escape(text.lines().next().unwrap_or_default());
    let _ = writeln!(
        out,
        ">\n      <{element} message=\"{first}\">{}</{element}>\n    </testcase>",
        escape(text)
    );
}

/// Text for elements and attributes; what XML 1.0 forbids becomes the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        let case = Case {
            class: "a\"b".to_owned(),
            name: "<x>&\u{1b}".to_owned(),
            result: Result::Failed("one\ntwo ]]>".to_owned()),
        };
        let xml = suite("s", &[case]);
        assert!(
            xml.contains("classname=\"a&quot;b\" name=\"&lt;x&gt;&amp;\u{fffd}\""),
            "{xml}"
        );
        assert!(
            xml.contains("message=\"one\">one&#10;two ]]&gt;</failure>"),
            "{xml}"
        );
        assert!(
            xml.contains("tests=\"1\" failures=\"1\" errors=\"0\""),
            "{xml}"
        );
    }
}
