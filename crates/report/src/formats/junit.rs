//! Results of tests as JUnit XML, in the form that Jenkins, GitLab and GitHub read.

use std::fmt::Write as _;

/// One test.
#[derive(Debug)]
pub struct Case {
    /// What it belongs to; dots make folders in some viewers.
    pub class: String,
    /// What was tested.
    pub name: String,
    /// What came of it.
    pub result: Result,
}

/// What came of a test.
#[derive(Debug)]
pub enum Result {
    /// Nothing to say.
    Passed,
    /// Passed, with something to read.
    Noted(String),
    /// Why not; the first line is the message.
    Failed(String),
    /// It could not be run; why.
    Error(String),
    /// It could not be decided; what was missing.
    Skipped(String),
}

/// Tests that belong together.
#[derive(Debug, Default)]
pub struct Suite {
    /// Name.
    pub name: String,
    /// When what it judges was captured: RFC 3339, or empty.
    pub timestamp: String,
    /// Named facts about all of its tests.
    pub properties: Vec<(String, String)>,
    /// Its tests.
    pub cases: Vec<Case>,
}

/// Suites as a document.
pub fn document(suites: &[Suite]) -> String {
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
    let skipped = count(|result| matches!(result, Result::Skipped(_)));
    let timestamp = if suite.timestamp.is_empty() {
        String::new()
    } else {
        format!(" timestamp=\"{}\"", escape(&suite.timestamp))
    };
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"{timestamp}>",
        escape(&suite.name),
        suite.cases.len()
    );
    if !suite.properties.is_empty() {
        out.push_str("    <properties>\n");
        for (name, value) in &suite.properties {
            let (name, value) = (escape(name), escape(value));
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{value}\"/>");
        }
        out.push_str("    </properties>\n");
    }
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
        Result::Noted(text) => {
            let text = escape(text);
            let _ = writeln!(out, "><system-out>{text}</system-out></testcase>");
            return;
        }
        Result::Failed(text) => ("failure", text),
        Result::Error(text) => ("error", text),
        Result::Skipped(text) => ("skipped", text),
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
        let case = |result| Case {
            class: "a\"b".to_owned(),
            name: "<x>&\u{1b}".to_owned(),
            result,
        };
        let xml = document(&[Suite {
            name: "s".to_owned(),
            properties: vec![("p\"".to_owned(), "<v>".to_owned())],
            cases: vec![
                case(Result::Failed("one\ntwo ]]>".to_owned())),
                case(Result::Noted("<b>".to_owned())),
                case(Result::Skipped("c\nd".to_owned())),
            ],
            ..Suite::default()
        }]);
        for part in [
            "classname=\"a&quot;b\" name=\"&lt;x&gt;&amp;\u{fffd}\"",
            "message=\"one\">one&#10;two ]]&gt;</failure>",
            "<system-out>&lt;b&gt;</system-out>",
            "<skipped message=\"c\">c&#10;d</skipped>",
            "<property name=\"p&quot;\" value=\"&lt;v&gt;\"/>",
            "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">",
        ] {
            assert!(xml.contains(part), "{part}: {xml}");
        }
    }
}
