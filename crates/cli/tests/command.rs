//! The command as a user meets it: exit codes, errors in one line, formats, and the same bytes however the bundle comes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    reason = "a panic is the failure report of a test"
)]

mod support;

use std::{io::Write, path::Path};

use support::{coldcase, root, scratch, stdout};

fn sample(name: &str) -> String {
    root()
        .join("samples")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn exit_codes_are_0_1_and_2() {
    let faulty = coldcase(&[
        "analyze",
        &sample("i04-service-selector-typo"),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    assert_eq!(faulty.status.code(), Some(1));
    let healthy = coldcase(&[
        "analyze",
        &sample("n1-healthy-rolling-update"),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    assert_eq!(healthy.status.code(), Some(0));
    let missing = coldcase(&["analyze", "no/such/bundle"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn damaged_input_is_said_in_one_line_or_reported() {
    let dir = scratch("damaged");
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let noise: Vec<u8> = (0_u32..9_999)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect();
    std::fs::create_dir(dir.join("empty")).unwrap();
    for bad in [
        write("noise", &noise),
        dir.join("empty").to_str().unwrap().to_owned(),
        write("nothing.tar.gz", b""),
        "no/such".to_owned(),
    ] {
        let output = coldcase(&["analyze", &bad]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{bad}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            error.starts_with("coldcase: ") && !error.contains("panicked"),
            "{error}"
        );
    }
    let pods = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    namespace: b\n    uid: c\n  status:\n    phase: Running\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: \"cut";
    let cut = write("pods.yaml", pods.as_bytes());
    let report: serde_json::Value = serde_json::from_str(&stdout(&coldcase(&[
        "analyze", &cut, "-f", "json", "-o", "-", "-q",
    ])))
    .unwrap();
    assert_eq!(report["bundle"]["counts"]["pods"], 1);
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);
    let whole = archive(&sample("i04-service-selector-typo"), "whole.tar.gz", &dir);
    let bytes = std::fs::read(&whole).unwrap();
    let half = write("half.tar.gz", &bytes[..bytes.len() / 2]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&coldcase(&[
        "analyze", &half, "-f", "json", "-o", "-", "-q",
    ])))
    .unwrap();
    assert!(
        report["problems"].to_string().contains("cut off"),
        "{}",
        report["problems"]
    );
    assert!(report["bundle"]["counts"]["files"].as_u64().unwrap() > 3);
}

#[test]
fn an_unwritable_report_and_broken_rules_are_errors() {
    let output = coldcase(&[
        "analyze",
        &sample("i04-service-selector-typo"),
        "-o",
        "/no/such/directory/r.html",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the report"));
    let dir = scratch("broken-rules");
    std::fs::write(dir.join("x.yaml"), "id: x\ntitel: y\n").unwrap();
    let output = coldcase(&[
        "analyze",
        &sample("i04-service-selector-typo"),
        "--rules",
        dir.to_str().unwrap(),
        "-o",
        "-",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("x.yaml:2:1: unknown key `titel`; did you mean `title`?"),
        "{error}"
    );
}

/// All files of a sample, as they lie in it.
fn files(dir: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(dir)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            (
                entry
                    .path()
                    .strip_prefix(dir)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

fn archive(sample: &str, name: &str, dir: &Path) -> String {
    let path = dir.join(name);
    let file = std::fs::File::create(&path).unwrap();
    let mut all = files(sample);
    // Order must not matter.
    all.reverse();
    if name.ends_with(".zip") {
        let mut zip = zip::ZipWriter::new(file);
        for (name, bytes) in all {
            zip.start_file(
                format!("x/{name}"),
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
            zip.write_all(&bytes).unwrap();
        }
        zip.finish().unwrap();
    } else {
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
            file,
            flate2::Compression::fast(),
        ));
        for (name, bytes) in all {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            tar.append_data(&mut header, format!("x/{name}"), bytes.as_slice())
                .unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
    }
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_same_bundle_gives_the_same_bytes() {
    let dir = scratch("same");
    // The name of the input is part of the report, so all three carry the same.
    let name = "i01-kube-proxy-oom";
    let plain = sample(name);
    let tar = archive(&plain, "b.tar.gz", &dir);
    let zip = archive(&plain, "b.zip", &dir);
    for format in [
        "json", "html", "md", "summary", "sarif", "junit", "jsonl", "csv", "trace",
    ] {
        let run = |bundle: &str, threads: &str, zone: &str| {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_coldcase"))
                .args([
                    "analyze",
                    bundle,
                    "-f",
                    format,
                    "-o",
                    "-",
                    "-q",
                    "--threads",
                    threads,
                ])
                .env("TZ", zone)
                .output()
                .unwrap();
            let text = stdout(&output)
                .replace("b.tar.gz", name)
                .replace("b.zip", name);
            // A name of another length breaks the summary's first line elsewhere.
            match text.split_once("\n\n") {
                Some((_, below)) if format == "summary" => below.to_owned(),
                _ => text,
            }
        };
        let first = run(&plain, "1", "UTC");
        assert!(
            first == run(&plain, "8", "Asia/Kathmandu"),
            "{format}: threads or zone change the report"
        );
        assert!(
            first == run(&tar, "2", "America/New_York"),
            "{format}: tar.gz differs"
        );
        assert!(first == run(&zip, "3", "UTC"), "{format}: zip differs");
    }
}

#[test]
fn formats_follow_the_extension_and_go_where_told() {
    let dir = scratch("formats");
    for (name, starts) in [
        ("r.html", "<!DOCTYPE html>"),
        ("r.md", "# "),
        ("r.json", "{\n  \"schema\""),
        ("r.sarif", "{\n  \"$schema\""),
        ("r.xml", "<?xml"),
        ("r.jsonl", "{\"message\""),
        ("r.csv", "message,"),
        ("r.trace.json", "{\"displayTimeUnit\""),
    ] {
        let path = dir.join(name);
        let output = coldcase(&[
            "analyze",
            &sample("i04-service-selector-typo"),
            "-o",
            path.to_str().unwrap(),
        ]);
        let summary = stdout(&output);
        assert!(summary.contains(path.to_str().unwrap()), "{summary}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.to_lowercase().starts_with(&starts.to_lowercase()),
            "{name}: {}",
            text.lines().next().unwrap()
        );
    }
}

#[test]
fn evidence_is_never_written_over() {
    let dir = scratch("evidence");
    let bundle = dir.join("bundle");
    std::fs::create_dir(&bundle).unwrap();
    for (path, text) in files(&sample("i04-service-selector-typo")) {
        let path = bundle.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let before = files(bundle.to_str().unwrap());
    let one = bundle.join("cluster/services.yaml");
    let one = one.to_str().unwrap();
    let whole = bundle.to_str().unwrap();
    let inside = bundle.join("report.html");
    for (input, output) in [
        (one, one),
        (whole, one),
        (whole, inside.to_str().unwrap()),
        (whole, whole),
    ] {
        let run = coldcase(&["analyze", input, "-q", "-o", output]);
        let error = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("part of what is read"), "{error}");
    }
    // From inside, the usual place is beside the bundle.
    for at in [".", "cluster"] {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_coldcase"))
            .current_dir(bundle.join(at))
            .args(["analyze", whole])
            .output()
            .unwrap();
        assert!(stdout(&run).contains("bundle.report.html"));
        std::fs::remove_file(dir.join("bundle.report.html")).unwrap();
    }
    assert_eq!(files(whole), before);
}

#[cfg(unix)]
#[test]
fn a_link_to_evidence_and_redirected_evidence_are_evidence() {
    let dir = scratch("evidence-links");
    let events = dir.join("events.txt");
    let text = "LAST SEEN   TYPE      REASON    OBJECT   MESSAGE\n2m   Warning   BackOff   pod/a   Back-off restarting failed container\n";
    std::fs::write(&events, text).unwrap();
    let link = dir.join("link.html");
    std::os::unix::fs::symlink(&events, &link).unwrap();
    let events_path = events.to_str().unwrap();
    let run = coldcase(&["analyze", events_path, "-o", link.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(2));
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_coldcase"))
        .args(["analyze", "-", "-o", events_path])
        .stdin(std::fs::File::open(&events).unwrap())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&events).unwrap(), text);
}

#[test]
fn a_summary_in_a_file_is_set_as_on_a_pipe() {
    let dir = scratch("summary-file");
    let path = dir.join("summary.txt");
    let path = path.to_str().unwrap();
    let bundle = sample("i04-service-selector-typo");
    for color in ["never", "always"] {
        let piped = coldcase(&["analyze", &bundle, "-f", "summary", "--color", color]);
        coldcase(&["analyze", &bundle, "-o", path, "--color", color]);
        let filed = std::fs::read_to_string(path).unwrap();
        assert_eq!(filed, stdout(&piped));
        assert_eq!(filed.contains('\u{1b}'), color == "always");
    }
}

#[test]
fn rules_of_a_team_are_added() {
    let dir = scratch("team-rules");
    std::fs::write(
        dir.join("team-label-missing.yaml"),
        "id: team-label-missing\ntitle: \"{d} has no team label\"\nlayer: rollout\nseverity: low\nrole: risk\nconfidence: firm\nsubject: d\nmatch:\n  - find: Deployment d\n    where: {metadata.labels.team: {exists: false}}\nmeaning: x\nnext: {observe: [x], verify: [x]}\ntests: []\n",
    )
    .unwrap();
    let output = coldcase(&[
        "analyze",
        &sample("i04-service-selector-typo"),
        "--rules",
        dir.to_str().unwrap(),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    assert!(stdout(&output).contains("team-label-missing"));
}

#[test]
fn several_bundles_and_standard_input_are_read() {
    let dir = scratch("several");
    let one = archive(&sample("i04-service-selector-typo"), "one.tar.gz", &dir);
    let two = archive(&sample("n1-healthy-rolling-update"), "two.zip", &dir);
    let run = |bundles: [&str; 2]| {
        let [a, b] = bundles;
        stdout(&coldcase(&["analyze", a, b, "-f", "json", "-o", "-", "-q"]))
    };
    let first = run([&one, &two]);
    assert!(first == run([&two, &one]), "the order of bundles matters");
    let report: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert!(
        report["evidence"].to_string().contains("one/"),
        "files of a bundle lie under its name"
    );
    let pipe = |path: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_coldcase"))
            .args(["analyze", "-", "-f", "json", "-o", "-", "-q"])
            .stdin(std::fs::File::open(path).unwrap())
            .output()
            .unwrap();
        stdout(&output)
    };
    for path in [&one, &two] {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let plain = stdout(&coldcase(&["analyze", path, "-f", "json", "-o", "-", "-q"]));
        assert!(
            pipe(path) == plain.replace(name, "stdin"),
            "{path}: standard input differs"
        );
    }
}

#[test]
fn limits_are_flags_and_their_trips_are_reported() {
    let bundle = sample("i04-service-selector-typo");
    for (flag, value) in [
        ("--max-total-bytes", "20000"),
        ("--max-file-bytes", "2000"),
        ("--max-files", "5"),
    ] {
        let output = coldcase(&[
            "analyze", &bundle, flag, value, "-f", "json", "-o", "-", "-q",
        ]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains(flag) || output.status.code() == Some(2),
            "{flag}: {said}"
        );
    }
    let dir = scratch("limits");
    let tar = archive(&bundle, "b.tar.gz", &dir);
    let output = coldcase(&[
        "analyze",
        &tar,
        "--max-memory",
        "30000",
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("--max-memory"), "{said}");
}

fn limited(arguments: &[&str]) -> serde_json::Value {
    let sample = root().join("samples/i01-kube-proxy-oom");
    let mut all = vec![
        "analyze",
        sample.to_str().unwrap(),
        "-f",
        "json",
        "-o",
        "-",
        "-q",
    ];
    all.extend(arguments);
    serde_json::from_str(&stdout(&coldcase(&all))).unwrap()
}

#[test]
fn a_namespace_cuts_what_is_read_and_says_so() {
    let whole = limited(&[]);
    let cut = limited(&["--namespace", "intranet"]);
    let objects = |report: &serde_json::Value| report["bundle"]["counts"]["objects"].as_u64();
    assert!(objects(&cut) < objects(&whole));
    assert!(!cut["findings"].to_string().contains("payment-service"));
    let coverage = cut["bundle"]["coverage"].to_string();
    assert!(
        coverage.contains("left out: --namespace intranet"),
        "{coverage}"
    );
}

#[test]
fn a_window_cuts_events_and_lines() {
    let since = "2026-07-14T02:44:00Z";
    let cut = limited(&["--since", since]);
    let dated: Vec<&str> = cut["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| matches!(entry["kind"].as_str(), Some("log" | "journal" | "kernel")))
        .filter_map(|entry| entry["time"].as_str())
        .collect();
    assert!(!dated.is_empty());
    assert!(dated.iter().all(|time| *time >= since), "{dated:?}");
    // The same as a duration before the capture at 02:50:07.
    assert_eq!(cut["timeline"], limited(&["--since", "6m7s"])["timeline"]);
}

#[test]
fn a_time_that_is_none_is_named() {
    let output = coldcase(&["analyze", "samples", "--since", "yesterday"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("--since: `yesterday` is no time; give 2026"),
        "{error}"
    );
}
