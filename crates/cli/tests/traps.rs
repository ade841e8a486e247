//! Files made to harm, through the real command: refused or bounded, and said with their place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{
    fmt::Write as _,
    io::{Cursor, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use support::{coldcase, json, scratch};

/// A file in a directory of its own.
fn file(test: &str, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = scratch(test).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What the report of a file says went wrong: `file:line what`.
fn problems(path: &Path) -> Vec<String> {
    told(&json(path))
}

/// What the report of a file says went wrong under a limit.
fn limited(path: &Path, flag: &str, limit: &str) -> Vec<String> {
    let bundle = path.to_str().unwrap();
    let output = coldcase(&[
        "analyze", bundle, flag, limit, "-f", "json", "-o", "-", "-q",
    ]);
    told(&serde_json::from_str(&support::stdout(&output)).unwrap())
}

fn told(report: &Value) -> Vec<String> {
    report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            format!(
                "{}:{} {}",
                problem["file"].as_str().unwrap(),
                problem["line"],
                problem["what"].as_str().unwrap()
            )
        })
        .collect()
}

fn says(path: &Path, words: &[&str]) {
    let told = problems(path);
    for word in words {
        assert!(
            told.iter().any(|problem| problem.contains(word)),
            "{}: no `{word}` in {told:#?}",
            path.display()
        );
    }
}

/// Refused with exit code 2 and one line that holds the words.
fn refused(arguments: &[&str], words: &[&str]) {
    let output = coldcase(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
}

fn gz(parts: &[&[u8]], times: usize) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        for part in parts {
            out.write_all(part).unwrap();
        }
    }
    out.finish().unwrap()
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

/// One packed member and a directory that names it many times: megabytes for kilobytes, each.
fn overlapping(count: u16) -> Vec<u8> {
    let text = b"error a\n".repeat(1 << 17);
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&text).unwrap();
    let packed = packed.finish().unwrap();
    let le = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let fields = [
        &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
        &crc(&text),
        &le(packed.len()),
        &le(text.len()),
        &[5, 0, 0, 0],
    ]
    .concat();
    let mut out = [b"PK\x03\x04", &fields[..], b"00000", &packed].concat();
    let begin = out.len();
    for number in 0..count {
        out.extend(b"PK\x01\x02\x14\x00");
        out.extend(&fields);
        out.extend([0; 14]);
        out.extend(format!("{number:05}").bytes());
    }
    let size = out.len() - begin;
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(le(size));
    out.extend(le(begin));
    out.extend([0, 0]);
    out
}

#[test]
fn a_zip_whose_members_lie_over_each_other_is_refused() {
    let path = file("overlap", "o.zip", &overlapping(5_000));
    refused(
        &["analyze", path.to_str().unwrap(), "-o", "-"],
        &["o.zip", "lie over each other"],
    );
}

#[test]
fn a_gzip_bomb_stops_at_its_ratio() {
    let path = file(
        "bomb",
        "b.log.gz",
        &gz(&[&b"error x\n".repeat(1 << 17)], 80),
    );
    let told = limited(&path, "--max-ratio", "10");
    assert!(
        told.iter()
            .any(|problem| problem.starts_with("b.log") && problem.contains("--max-ratio")),
        "{told:?}"
    );
}

#[test]
fn nesting_ends_early_and_says_where() {
    let many = 100_000;
    for (name, text) in [
        ("flow.yaml", format!("kind: Pod\na: {}", "[".repeat(many))),
        (
            "maps.yaml",
            format!("kind: Pod\na: {}{}", "{a: ".repeat(many), "}".repeat(many)),
        ),
        ("block.yaml", format!("{}a\n", "- ".repeat(many))),
        (
            "a.json",
            format!("{{\"a\":{}{}}}", "[".repeat(many), "]".repeat(many)),
        ),
        ("open.json", "{\"a\":".repeat(many)),
    ] {
        let path = file(&format!("nest-{name}"), name, text.as_bytes());
        says(&path, &[&format!("{name}:"), "not valid"]);
    }
}

#[test]
fn aliases_do_not_multiply() {
    let mut text = "kind: Pod\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for number in 1..12 {
        let list = vec![format!("*a{}", number - 1); 9].join(", ");
        let _ = writeln!(text, "a{number}: &a{number} [{list}]");
    }
    let path = file("aliases", "a.yaml", text.as_bytes());
    says(&path, &["a.yaml:", "aliases expand"]);
}

fn tar(entries: &[(&str, tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, link, data) in entries {
        let mut header = tar::Header::new_gnu();
        let block = header.as_mut_bytes();
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        out.extend(header.as_bytes());
        out.extend(*data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1_024, 0);
    out
}

#[test]
fn names_and_links_that_leave_the_tree_are_not_followed() {
    use tar::EntryType::{Link, Regular, Symlink};
    let bytes = tar(&[
        ("ok.log", Regular, "", b"error\n"),
        ("../../up.log", Regular, "", b"x\n"),
        ("/etc/abs.log", Regular, "", b"x\n"),
        ("pw.log", Symlink, "/etc/passwd", b""),
        ("hard.log", Link, "/etc/passwd", b""),
    ]);
    let path = file("climb-tar", "c.tar", &bytes);
    says(
        &path,
        &["../../up.log:", "/etc/abs.log:", "hard.log, pw.log"],
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["ok.log", "../../up.log", "/etc/abs.log"] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).unwrap();
        zip.write_all(b"error\n").unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let path = file("climb-zip", "c.zip", &bytes);
    says(&path, &["../../up.log:", "/etc/abs.log:"]);
}

#[cfg(unix)]
#[test]
fn links_of_a_directory_are_not_followed_out_of_it() {
    let dir = scratch("links");
    std::fs::write(dir.join("ok.log"), "error\n").unwrap();
    for (target, name) in [
        ("/etc/passwd", "pw.log"),
        ("/dev/zero", "zero.log"),
        ("/etc", "etc"),
        (".", "loop"),
    ] {
        std::os::unix::fs::symlink(target, dir.join(name)).unwrap();
    }
    let report = json(&dir);
    assert_eq!(report["bundle"]["counts"]["files"], 1);
    let told = told(&report).join("\n");
    assert!(told.contains("etc, pw.log, zero.log"), "{told}");
}

#[test]
fn entries_are_counted_and_lines_are_cut() {
    let names: Vec<String> = (0..3_000).map(|number| format!("f{number}.log")).collect();
    let entries: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), tar::EntryType::Regular, "", &b""[..]))
        .collect();
    let path = file("empties", "e.tar.gz", &gz(&[&tar(&entries)], 1));
    refused(
        &[
            "analyze",
            path.to_str().unwrap(),
            "--max-files",
            "1000",
            "-o",
            "-",
        ],
        &["e.tar.gz", "nothing to analyse"],
    );
    // 300 MB without a line end, in 1 MB.
    let path = file("line", "l.log.gz", &gz(&[&b"error ".repeat(50_000)], 1_000));
    says(&path, &["l.log:0", "lines longer than 268435456 bytes"]);
}

#[test]
fn text_in_other_forms_is_the_same_text() {
    let pods: String = (0..50).fold("apiVersion: v1\nitems:\n".to_owned(), |text, number| {
        format!(
            "{text}- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p{number}\n    namespace: n\n  status:\n    phase: Running\n"
        )
    }) + "kind: List\nmetadata:\n  resourceVersion: \"\"\n";
    let wide = |big: bool| -> Vec<u8> {
        let mark = if big { [0xfe, 0xff] } else { [0xff, 0xfe] };
        let units = pods.encode_utf16().flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        });
        mark.into_iter().chain(units).collect()
    };
    for (test, bytes) in [
        ("plain", pods.clone().into_bytes()),
        ("crlf", pods.replace('\n', "\r\n").into_bytes()),
        ("utf16le", wide(false)),
        ("utf16be", wide(true)),
    ] {
        let report = json(&file(&format!("form-{test}"), "pods.yaml", &bytes));
        assert_eq!(report["bundle"]["counts"]["pods"], 50, "{test}");
    }
}

#[test]
fn a_cut_list_keeps_what_came_before_and_says_so() {
    let item = |number: u32| {
        format!("{{\"metadata\":{{\"name\":\"p{number}\",\"namespace\":\"n\"}},\"status\":{{}}}}")
    };
    let items: Vec<String> = (0..50).map(item).collect();
    let text = format!(
        "{{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{}]}}",
        items.join(",")
    );
    let half = &text.as_bytes()[..text.len() / 2];
    let path = file("half", "pods.json", half);
    says(&path, &["pods.json:1", "not valid JSON"]);
    let pods = json(&path)["bundle"]["counts"]["pods"].as_u64().unwrap();
    assert!((20..=26).contains(&pods), "{pods}");
    // Half a list of YAML is sound YAML.
    let text = (0..50).fold("apiVersion: v1\nitems:\n".to_owned(), |text, number| {
        format!("{text}- kind: Pod\n  apiVersion: v1\n  metadata:\n    name: p{number}\n")
    });
    let path = file("half-yaml", "pods.yaml", text.as_bytes());
    says(&path, &["pods.yaml:1 a list without its `kind`"]);
}

#[test]
fn documents_and_tables_beyond_all_measure_are_bounded() {
    let path = file("tiny", "pods.yaml", "- 1\n".repeat(100_000).as_bytes());
    let told = limited(&path, "--max-memory", "2000000");
    assert!(
        told.iter()
            .any(|problem| problem.starts_with("pods.yaml:0") && problem.contains("--max-memory")),
        "{told:?}"
    );
    // 200 MB of log in 1 MB: never put together.
    let path = file(
        "long",
        "l.log.gz",
        &gz(&[&b"error x\n".repeat(1 << 17)], 200),
    );
    assert_eq!(json(&path)["bundle"]["counts"]["logs"], 1);
}

#[test]
fn long_sessions_and_clocks_at_zero_end() {
    for (name, text) in [
        ("prompts.txt", "$ kubectl get pods\n".repeat(50_000)),
        (
            "describe.txt",
            (0..20_000).fold("Name: p\nNamespace: ns\n".to_owned(), |text, depth| {
                text + &" ".repeat(depth % 300) + "key:\n"
            }),
        ),
        (
            "clock.log",
            "1970-01-01T00:00:00Z error: connection refused\nJan  1 00:00:00 n kernel: x\n"
                .repeat(1_000),
        ),
    ] {
        let path = file(&format!("long-{name}"), name, text.as_bytes());
        let output = coldcase(&["analyze", path.to_str().unwrap(), "-o", "-", "-q"]);
        assert!(
            matches!(output.status.code(), Some(0..=2)),
            "{name}: {:?}",
            output.status
        );
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    }
}
