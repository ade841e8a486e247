//! What every format owes its readers: the published schema, and hostile text that arrives whole and does nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use support::{coldcase, root, scratch, stdout};

const FORMATS: [&str; 8] = [
    "html", "md", "json", "sarif", "junit", "jsonl", "csv", "trace",
];

fn rendered(bundle: &Path, format: &str) -> String {
    stdout(&coldcase(&[
        "analyze",
        bundle.to_str().unwrap(),
        "-f",
        format,
        "-o",
        "-",
        "-q",
        "--threads",
        "2",
    ]))
}

/// The texts of the hostile bundle by name, as a report may show them.
fn payloads() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("tests/hostile/payloads.json")).unwrap();
    let all: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    all.into_iter()
        .map(|(name, text)| {
            let text = one_line(&coldcase_report::text::clean(&text));
            (name, text)
        })
        .collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every string of some JSON, each on one line.
fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(one_line(text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(map) => map.iter().for_each(|(key, item)| {
            out.push(one_line(key));
            strings(item, out);
        }),
        _ => {}
    }
}

fn json_strings(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    strings(&serde_json::from_str(text).unwrap(), &mut out);
    out
}

/// Text of HTML or XML with its references resolved.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.find(';').filter(|end| *end < 10);
        let reference = end.map(|end| &after[..end]);
        let known = match reference {
            Some("lt") => Some('<'),
            Some("gt") => Some('>'),
            Some("amp") => Some('&'),
            Some("quot") => Some('"'),
            Some("apos") => Some('\''),
            Some(number) => number.strip_prefix('#').and_then(|number| {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => number.parse().ok(),
                };
                code.and_then(char::from_u32)
            }),
            None => None,
        };
        if let Some(c) = known {
            out.push(c);
            rest = &after[end.unwrap() + 1..];
        } else {
            out.push('&');
            rest = after;
        }
    }
    out + rest
}

/// Markdown without the backslashes that keep text from being markup.
fn unescaped(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

fn cells(csv: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' | '\n' | '\r' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells
}

/// All that a reader of the format sees, as plain text.
fn read(format: &str, text: &str) -> Vec<String> {
    match format {
        "json" | "sarif" | "trace" => json_strings(text),
        "jsonl" => text.lines().flat_map(json_strings).collect(),
        "csv" => cells(text).iter().map(|cell| one_line(cell)).collect(),
        "md" => vec![one_line(&unescaped(text)), one_line(text)],
        "html" => {
            let mut all = vec![one_line(&resolved(text))];
            // Data of scripts is JSON.
            for part in text.split("<script type=\"application/json\"").skip(1) {
                let (_, body) = part.split_once('>').unwrap();
                all.extend(json_strings(body.split_once("</script>").unwrap().0));
            }
            all
        }
        _ => vec![one_line(&resolved(text))],
    }
}

#[test]
fn no_format_loses_a_hostile_text() {
    let bundle = root().join("tests/hostile/bundle");
    for format in FORMATS {
        let text = rendered(&bundle, format);
        let read = read(format, &text);
        for (name, payload) in payloads() {
            assert!(
                read.iter().any(|text| text.contains(&payload)),
                "{format} lost {name}: {payload}"
            );
        }
        let raw = text.replace("\r\n", "\n");
        let raw = raw.find(coldcase_report::text::is_unsafe);
        assert_eq!(raw, None, "{format} holds a control or bidi character");
    }
}

#[test]
fn no_format_lets_a_hostile_text_act() {
    let bundle = root().join("tests/hostile/bundle");
    let html = rendered(&bundle, "html").to_lowercase();
    for tag in [
        "<script>alert",
        "<img",
        "<svg/",
        "<iframe",
        "<style>*",
        "<b>bold",
        "<!-- x",
    ] {
        assert!(!html.contains(tag), "{tag}");
    }
    for attribute in [
        "href=\"javascript:",
        "href=\"data:text",
        "href=\"http",
        "src=\"http",
        " onerror=\"",
        " onload=\"",
    ] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    for cell in cells(&rendered(&bundle, "csv")) {
        let computes = cell
            .trim_start()
            .starts_with(['=', '+', '-', '@', '|', '%']);
        assert!(!computes || cell.parse::<i64>().is_ok(), "{cell}");
    }
    let xml = rendered(&bundle, "junit");
    for tag in xml.split('<').skip(1) {
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '-')
            .collect();
        let known = [
            "testsuites",
            "testsuite",
            "testcase",
            "properties",
            "property",
            "failure",
            "skipped",
            "system-out",
        ];
        assert!(
            tag.starts_with("?xml") || known.contains(&name.as_str()),
            "<{tag}"
        );
    }
    // Links that SARIF viewers make of messages, and URIs that they open.
    let sarif: Value = serde_json::from_str(&rendered(&bundle, "sarif")).unwrap();
    let mut messages = Vec::new();
    collect(&sarif, "text", &mut messages);
    collect(&sarif, "uri", &mut messages);
    assert!(
        messages
            .iter()
            .any(|(key, text)| key == "text" && text.contains("\\[x-link\\]"))
    );
    for (key, text) in messages {
        assert!(key != "uri" || !text.contains(':'), "{text}");
    }
}

/// Values of a key anywhere.
fn collect(value: &Value, key: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, out)),
        Value::Object(map) => {
            for (name, item) in map {
                match item {
                    Value::String(text) if name == key => out.push((key.to_owned(), text.clone())),
                    item => collect(item, key, out),
                }
            }
        }
        _ => {}
    }
}

/// The hostile bundle with lines of 10 MB in a log and an event, and files whose names are markup.
#[test]
fn endless_lines_and_names_that_are_markup_arrive_too() {
    let dir = scratch("hostile").join("bundle");
    for entry in walkdir::WalkDir::new(root().join("tests/hostile/bundle")) {
        let entry = entry.unwrap();
        let to = dir.join(
            entry
                .path()
                .strip_prefix(root().join("tests/hostile/bundle"))
                .unwrap(),
        );
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(to).unwrap();
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    let endless = |mark: &str| format!("{mark} {}", "<b>=1+1\\u0041 `x` [y](z) ".repeat(400_000));
    let log = dir.join("logs/shop/web-crash/app.previous.log");
    let mut text = std::fs::read(&log).unwrap();
    let line = endless(
        "2026-07-14T02:42:30.000000001Z FATAL: database connection refused: ECONNREFUSED x-endless-log",
    );
    text.extend(line.as_bytes());
    text.extend(b"\n\xff\xfe\0 not text \x1b[2J\n");
    std::fs::write(&log, text).unwrap();
    let events = dir.join("cluster/events.json");
    let mut list: Value = serde_json::from_slice(&std::fs::read(&events).unwrap()).unwrap();
    let mut event = list["items"][0].clone();
    event["message"] = json!(endless("=x-endless-event"));
    event["metadata"]["name"] = json!("endless");
    list["items"].as_array_mut().unwrap().push(event);
    std::fs::write(&events, serde_json::to_vec_pretty(&list).unwrap()).unwrap();
    #[cfg(unix)]
    {
        let named = dir.join("logs/shop/<img src=x-file onerror=alert(1)>");
        std::fs::create_dir_all(&named).unwrap();
        std::fs::copy(&log, named.join("=x-file`[a](javascript:b).log")).unwrap();
    }
    for format in FORMATS {
        let text = rendered(&dir, format);
        assert!(text.contains("x-endless-event"), "{format} lost the event");
        assert!(text.contains("x-endless-log"), "{format} lost the line");
        assert!(text.len() < 12_000_000, "{format}: {} bytes", text.len());
        if format == "md" {
            assert!(text.chars().count() <= 65_536);
        }
    }
}

/// As much of JSON Schema as ours uses.
fn violations(schema: &Value, whole: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        violations(&whole["$defs"][name], whole, value, at, out);
    }
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if !fits {
        out.push(format!("{at}: {value} is not {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|words| !words.contains(value))
    {
        out.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    if schema.get("const").is_some_and(|one| one != value) {
        out.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                out.push(format!("{at}: {name} is missing"));
            }
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, item) in object {
                match properties.get(name) {
                    Some(inner) => violations(inner, whole, item, &format!("{at}.{name}"), out),
                    // Readers must expect more; writers must publish what they write.
                    None => out.push(format!("{at}: {name} is not in the schema")),
                }
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        violations(&schema["items"], whole, item, &format!("{at}[]"), out);
    }
}

#[test]
fn every_report_follows_the_published_schema() {
    let published = std::fs::read_to_string(root().join("docs/report.schema.json")).unwrap();
    assert_eq!(stdout(&coldcase(&["schema", "report"])), published);
    let schema: Value = serde_json::from_str(&published).unwrap();
    let mut bundles = support::samples();
    bundles.push(root().join("tests/hostile/bundle"));
    for bundle in bundles {
        let mut out = Vec::new();
        violations(
            &schema,
            &schema,
            &support::json(&bundle),
            "report",
            &mut out,
        );
        assert!(
            out.is_empty(),
            "{}: {:#?}",
            bundle.display(),
            &out[..out.len().min(10)]
        );
    }
    let mut out = Vec::new();
    violations(
        &schema,
        &schema,
        &json!({"schema": "x"}),
        "report",
        &mut out,
    );
    assert!(out.len() > 10, "the schema accepts anything: {out:?}");
}

#[test]
fn rule_files_have_a_schema_too() {
    assert_eq!(
        stdout(&coldcase(&["schema", "rule"])),
        stdout(&coldcase(&["rules", "schema"]))
    );
}

#[test]
fn a_summary_is_shown_once_and_without_colours_in_a_pipe() {
    let sample = root().join("samples/i04-service-selector-typo");
    let sample = sample.to_str().unwrap();
    let dir = scratch("summary-format");
    let file = dir.join("r.txt");
    let plain = stdout(&coldcase(&["analyze", sample, "-f", "summary"]));
    assert!(
        plain.contains("ACTIVE") && !plain.contains('\u{1b}') && !plain.contains("report  "),
        "{plain}"
    );
    let colored = stdout(&coldcase(&[
        "analyze", sample, "-f", "summary", "--color", "always",
    ]));
    assert!(colored.contains("\u{1b}["), "{colored}");
    assert_eq!(
        stdout(&coldcase(&[
            "analyze",
            sample,
            "-o",
            file.to_str().unwrap()
        ])),
        ""
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains("ACTIVE"));
}
