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

/// Tests that belong together.
#[derive(Debug)]
pub(crate) struct Suite {
    pub name: String,
    pub cases: Vec<Case>,
}

/// Suites as a document.
pub(crate) fn document(suites: &[Suite]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in suites {
        write_suite(suite, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

fn write_suite(suite: &Suite, out: &mut String) {
    let count =
        |is: fn(&Result) -> bool| suite.cases.iter().filter(|case| is(&case.result)).count();
    let failures = count(|result| matches!(result, Result::Failed(_)));
    let errors = count(|result| matches!(result, Result::Error(_)));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">",
        escape(&suite.name),
        suite.cases.len()
    );
    for case in &suite.cases {
        write_case(case, out);
    }
    out.push_str("  </testsuite>\n");
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
        "><{element} message=\"{first}\">{}</{element}></testcase>",
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
        let xml = document(&[Suite {
            name: "s".to_owned(),
            cases: vec![case],
        }]);
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
