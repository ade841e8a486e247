//! `coldcase bundle verify` on a native bundle that is whole, altered, incomplete, without checksums, or redacted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::support;

/// A small native bundle as collect.sh writes it.
fn bundle(place: &Path) -> PathBuf {
    let dir = place.join("case");
    for below in ["cluster", "logs/shop/web-1"] {
        fs::create_dir_all(dir.join(below)).unwrap();
    }
    let pods = "apiVersion: v1\nitems: []\nkind: List\n";
    // A byte that is no text: a checksum is about bytes.
    let log = b"2026-07-14T02:45:01Z caf\xe9 password=<masked:password>\n";
    fs::write(dir.join("cluster/pods.yaml"), pods).unwrap();
    fs::write(dir.join("logs/shop/web-1/app.log"), log).unwrap();
    fs::write(
        dir.join("bundle.yaml"),
        "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T02:50:07Z\"\nfinished_at: \"2026-07-14T02:50:41Z\"\nchecksums: sha256\napi_server_date: \"2026-07-14T02:51:08Z\"\napi_server_date_at: \"2026-07-14T02:50:07Z\"\ncontext: \"\"\n",
    )
    .unwrap();
    let mut manifest = String::new();
    for (file, exit, bytes) in [
        ("cluster/pods.yaml", 0, pods.len()),
        ("logs/shop/web-1/app.log", 0, log.len()),
        ("cluster/nodes.yaml", 1, 0),
        ("", 0, 0),
    ] {
        let line = json!({"argv": ["kubectl"], "file": file, "start": "2026-07-14T02:50:07Z",
            "end": "2026-07-14T02:50:08Z", "exit": exit, "bytes": bytes, "truncated": false, "stderr": ""});
        manifest.push_str(&format!("{line}\n"));
    }
    fs::write(dir.join("manifest.jsonl"), manifest).unwrap();
    sums(&dir);
    dir
}

fn sums(dir: &Path) {
    let mut text = String::new();
    for file in [
        "bundle.yaml",
        "cluster/pods.yaml",
        "logs/shop/web-1/app.log",
        "manifest.jsonl",
    ] {
        let bytes = fs::read(dir.join(file)).unwrap();
        let sum: String = sha2::Sha256::digest(bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        text.push_str(&format!("{sum}  {file}\n"));
    }
    fs::write(dir.join("checksums.txt"), text).unwrap();
}

fn verify(bundle: &Path) -> (i32, Value) {
    let output = support::coldcase(&["bundle", "verify", bundle.to_str().unwrap(), "--json"]);
    let code = output.status.code().unwrap();
    (
        code,
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
    )
}

#[test]
fn a_whole_bundle_is_whole_in_any_form() {
    let scratch = support::scratch("verify-whole");
    let dir = bundle(&scratch);
    let (code, verdict) = verify(&dir);
    assert_eq!((code, &verdict["intact"]), (0, &json!(true)), "{verdict}");
    assert_eq!(verdict["checksums"], "sha256");
    assert_eq!(verdict["clocks"][0]["whose"], "API server");
    assert_eq!(verdict["clocks"][0]["ahead_seconds"], 60);
    let archive = scratch.join("case.tar.gz");
    let stream = flate2::write::GzEncoder::new(
        fs::File::create(&archive).unwrap(),
        flate2::Compression::fast(),
    );
    let mut tar = tar::Builder::new(stream);
    tar.append_dir_all("case", &dir).unwrap();
    tar.into_inner().unwrap().finish().unwrap();
    assert_eq!(verify(&archive).0, 0);
    let text = support::stdout(&support::coldcase(&[
        "bundle",
        "verify",
        dir.to_str().unwrap(),
    ]));
    assert!(
        text.contains("as its collector wrote it; 5 files, 4 commands; checksums sha256"),
        "{text}"
    );
}

#[test]
fn what_is_altered_missing_or_added_is_named() {
    let scratch = support::scratch("verify-altered");
    let dir = bundle(&scratch);
    fs::write(
        dir.join("cluster/pods.yaml"),
        "apiVersion: v1\nitems: []\nkind: Lost\n",
    )
    .unwrap();
    fs::remove_file(dir.join("logs/shop/web-1/app.log")).unwrap();
    fs::write(dir.join("extra.txt"), "x").unwrap();
    let (code, verdict) = verify(&dir);
    assert_eq!(code, 1);
    assert_eq!(verdict["altered"][0]["file"], "cluster/pods.yaml");
    assert_eq!(verdict["altered"].as_array().unwrap().len(), 1);
    assert_eq!(verdict["missing"][0]["file"], "logs/shop/web-1/app.log");
    assert_eq!(verdict["missing"].as_array().unwrap().len(), 1);
    assert_eq!(verdict["added"][0]["file"], "extra.txt");
}

#[test]
fn without_checksums_the_manifest_counts() {
    let scratch = support::scratch("verify-unknown");
    let dir = bundle(&scratch);
    fs::remove_file(dir.join("checksums.txt")).unwrap();
    // Lost, for bundle.yaml says that there was one.
    let (code, verdict) = verify(&dir);
    assert_eq!((code, &verdict["checksums"]), (1, &json!("lost")));
    let about = fs::read_to_string(dir.join("bundle.yaml")).unwrap();
    fs::write(dir.join("bundle.yaml"), about.replace("sha256", "unknown")).unwrap();
    assert_eq!(verify(&dir).0, 0);
    fs::write(dir.join("cluster/pods.yaml"), "cut").unwrap();
    fs::write(dir.join("extra.txt"), "x").unwrap();
    let (code, verdict) = verify(&dir);
    assert_eq!(code, 1);
    assert_eq!(verdict["altered"][0]["file"], "cluster/pods.yaml");
    assert_eq!(verdict["added"][0]["file"], "extra.txt");
    let manifest = fs::read_to_string(dir.join("manifest.jsonl")).unwrap();
    fs::write(dir.join("manifest.jsonl"), &manifest[..manifest.len() - 9]).unwrap();
    assert!(
        verify(&dir).1["problems"][0]
            .as_str()
            .unwrap()
            .starts_with("manifest.jsonl:4")
    );
}

#[test]
fn a_redacted_bundle_can_be_verified() {
    let scratch = support::scratch("verify-redacted");
    let dir = bundle(&scratch);
    for name in ["clean", "clean.zip", "clean.tar.gz"] {
        let clean = scratch.join(name);
        support::stdout(&support::coldcase(&[
            "redact",
            dir.to_str().unwrap(),
            "-o",
            clean.to_str().unwrap(),
        ]));
        let (code, verdict) = verify(&clean);
        assert_eq!(
            (code, &verdict["redacted"]),
            (0, &json!(true)),
            "{name}: {verdict}"
        );
    }
}

/// Masking replaces the checksums; what they showed is kept.
#[test]
fn a_redaction_hides_no_change() {
    let scratch = support::scratch("verify-laundered");
    let dir = bundle(&scratch);
    fs::write(dir.join("extra.txt"), "x").unwrap();
    fs::write(dir.join("cluster/pods.yaml"), "apiVersion: v2\n").unwrap();
    let redact = |from: &Path, to: &str| {
        let to = scratch.join(to);
        support::stdout(&support::coldcase(&[
            "redact",
            from.to_str().unwrap(),
            "-o",
            to.to_str().unwrap(),
        ]));
        to
    };
    let clean = redact(&dir, "clean.tar.gz");
    let (code, verdict) = verify(&clean);
    assert_eq!(code, 1, "{verdict}");
    assert_eq!(verdict["before"]["altered"], json!(["cluster/pods.yaml"]));
    assert_eq!(verdict["before"]["added"], json!(["extra.txt"]));
    assert_eq!(verdict["added"][0]["file"], "extra.txt");
    // Nor does masking it twice.
    let (code, verdict) = verify(&redact(&clean, "twice.zip"));
    assert_eq!(code, 1, "{verdict}");
    assert_eq!(verdict["before"]["altered"], json!(["cluster/pods.yaml"]));
}

#[test]
fn a_file_added_after_a_redaction_is_found() {
    let scratch = support::scratch("verify-added-later");
    let dir = bundle(&scratch);
    let clean = scratch.join("clean");
    support::stdout(&support::coldcase(&[
        "redact",
        dir.to_str().unwrap(),
        "-o",
        clean.to_str().unwrap(),
    ]));
    let text = support::stdout(&support::coldcase(&[
        "bundle",
        "verify",
        clean.to_str().unwrap(),
    ]));
    assert!(text.contains("as `coldcase redact` wrote it"), "{text}");
    assert!(
        text.contains("before that as its collector wrote it; checksums sha256"),
        "{text}"
    );
    fs::write(clean.join("later.txt"), "x").unwrap();
    // Even with a checksum of its own.
    let sums = fs::read_to_string(clean.join("checksums.txt")).unwrap();
    let sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    fs::write(
        clean.join("checksums.txt"),
        format!("{sums}{sum}  later.txt\n"),
    )
    .unwrap();
    let (code, verdict) = verify(&clean);
    assert_eq!(code, 1);
    assert_eq!(verdict["added"][0]["file"], "later.txt", "{verdict}");
    assert_eq!(verdict["altered"], json!([]));
}

/// A file that redaction left out, and said so, is not missing.
#[test]
fn what_a_redaction_left_out_is_not_missing() {
    let scratch = support::scratch("verify-left-out");
    let dir = bundle(&scratch);
    fs::write(dir.join("core"), [0x7f, b'E', b'L', b'F', 0, 0, 1, 2, 0, 0]).unwrap();
    let mut manifest = fs::read_to_string(dir.join("manifest.jsonl")).unwrap();
    manifest.push_str(&format!(
        "{}\n",
        json!({"argv": ["x"], "file": "core", "exit": 0, "bytes": 10})
    ));
    fs::write(dir.join("manifest.jsonl"), manifest).unwrap();
    fs::remove_file(dir.join("checksums.txt")).unwrap();
    let about = fs::read_to_string(dir.join("bundle.yaml")).unwrap();
    fs::write(dir.join("bundle.yaml"), about.replace("sha256", "unknown")).unwrap();
    assert_eq!(verify(&dir).0, 0);
    let clean = scratch.join("clean");
    let output = support::coldcase(&[
        "redact",
        dir.to_str().unwrap(),
        "-o",
        clean.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let (code, verdict) = verify(&clean);
    assert_eq!(code, 0, "{verdict}");
}

/// More than the limits allow is an error, not a checksum of the beginning.
#[test]
fn limits_are_errors() {
    let scratch = support::scratch("verify-limits");
    let dir = bundle(&scratch);
    let place = dir.to_str().unwrap();
    for flags in [
        ["--max-total-bytes", "100"],
        ["--max-files", "2"],
        ["--max-file-bytes", "20"],
    ] {
        let output = support::coldcase(&["bundle", "verify", place, flags[0], flags[1]]);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(flags[0]),
            "{flags:?}: {output:?}"
        );
    }
}

#[test]
fn what_is_no_native_bundle_is_an_error() {
    let scratch = support::scratch("verify-none");
    fs::write(scratch.join("a.txt"), "x").unwrap();
    assert_eq!(verify(&scratch).0, 2);
    assert_eq!(verify(&scratch.join("a.txt")).0, 2);
    assert_eq!(verify(&scratch.join("nothing")).0, 2);
}
