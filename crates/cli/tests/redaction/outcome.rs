//! What `coldcase redact` says and leaves when a part of the bundle is missing, names collide, or its output cannot be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{redact, support, texts};

fn bundle(scratch: &Path) -> PathBuf {
    let bundle = scratch.join("bundle");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(bundle.join("a.log"), "password=hunter2\n".repeat(9)).unwrap();
    bundle
}

fn code(output: &std::process::Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_cut_archive_is_no_success() {
    let scratch = support::scratch("redact-cut");
    let dir = bundle(&scratch);
    let mut state = 1_u64;
    let noise: String = (0..40_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'a' + ((state >> 33) % 26) as u8)
        })
        .collect();
    for name in ["b.log", "c.log"] {
        let lines: Vec<&str> = (0..40)
            .map(|at| &noise[at * 1000..(at + 1) * 1000])
            .collect();
        fs::write(dir.join(name), lines.join("\n")).unwrap();
    }
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    tar.append_dir_all("bundle", &dir).unwrap();
    let whole = tar.into_inner().unwrap().finish().unwrap();
    let cut = scratch.join("cut.tar.gz");
    fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    let output = redact(&cut, &scratch.join("clean"), &["-q"]);
    assert_eq!(code(&output), Some(1), "{output:?}");
    assert!(
        said(&output).contains("problems while reading"),
        "{output:?}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_told() {
    let scratch = support::scratch("redact-link");
    let dir = bundle(&scratch);
    std::os::unix::fs::symlink("a.log", dir.join("link.log")).unwrap();
    let output = redact(&dir, &scratch.join("clean"), &["-q"]);
    assert_eq!(code(&output), Some(1), "{output:?}");
    assert!(said(&output).contains("1 links"), "{output:?}");
    // What is whole is silent.
    fs::remove_file(dir.join("link.log")).unwrap();
    let output = redact(&dir, &scratch.join("whole"), &["-q"]);
    assert_eq!((code(&output), said(&output).as_str()), (Some(0), ""));
}

/// Flags that would do nothing here are refused: who gives them relies on them.
#[test]
fn filters_are_no_flags_of_redact() {
    let scratch = support::scratch("redact-filters");
    let dir = bundle(&scratch);
    for flag in [
        "--namespace=shop",
        "--since=1h",
        "--until=1h",
        "--strict-yaml",
    ] {
        let output = redact(&dir, &scratch.join("clean"), &[flag]);
        assert_eq!(code(&output), Some(2), "{flag}");
        assert!(!scratch.join("clean").exists());
    }
}

/// Names that differ in a secret only.
#[test]
fn names_that_mask_to_one_stay_apart() {
    let scratch = support::scratch("redact-names-collide");
    let dir = bundle(&scratch);
    for (name, text) in [
        ("dump-AKIAQWERTYUIOPASDFGH.log", "one\n"),
        ("dump-AKIAQWERTYUIOPASDFGJ.log", "two\n"),
        ("dump-AKIAQWERTYUIOPASDFGK.log", "three\n"),
    ] {
        fs::write(dir.join(name), text).unwrap();
    }
    let names = ["dump-masked.2.log", "dump-masked.3.log", "dump-masked.log"];
    for form in ["clean", "clean.zip", "clean.tar"] {
        let clean = scratch.join(form);
        let output = redact(&dir, &clean, &[]);
        assert_eq!(code(&output), Some(0), "{form}: {output:?}");
        // Once more, so that each form becomes a directory.
        let again = scratch.join(format!("{form}-again"));
        assert_eq!(code(&redact(&clean, &again, &[])), Some(0));
        let found = texts(&again);
        let dumps: Vec<&str> = found
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| name.starts_with("dump"))
            .collect();
        assert_eq!(dumps, names, "{form}");
        let mut lines: Vec<&str> = found
            .iter()
            .filter(|(name, _)| name.starts_with("dump"))
            .map(|(_, text)| text.trim())
            .collect();
        lines.sort_unstable();
        assert_eq!(lines, ["one", "three", "two"], "{form}");
    }
}

#[test]
fn the_output_is_no_part_of_the_input() {
    let scratch = support::scratch("redact-inside");
    let dir = bundle(&scratch);
    let output = redact(&dir, &dir.join("clean.tar.gz"), &[]);
    assert_eq!(code(&output), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("which is read"));
    assert_eq!(texts(&dir).len(), 1);
    // An input that cannot be read leaves nothing behind.
    let output = redact(&scratch.join("none"), &scratch.join("clean"), &[]);
    assert_eq!(code(&output), Some(2));
    assert!(!scratch.join("clean.partial").exists());
    // What an interrupted run left is named.
    fs::create_dir(scratch.join("clean.partial")).unwrap();
    let output = redact(&dir, &scratch.join("clean"), &[]);
    assert_eq!(code(&output), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("clean.partial is there"),
        "{output:?}"
    );
}

#[test]
fn a_number_as_a_value_leaves_json() {
    let scratch = support::scratch("redact-number");
    let dir = bundle(&scratch);
    fs::write(
        dir.join("b.json"),
        "{\"name\":\"DB_PASSWORD\",\"value\":12345678}\n",
    )
    .unwrap();
    let clean = scratch.join("clean");
    assert_eq!(code(&redact(&dir, &clean, &[])), Some(0));
    let text = fs::read_to_string(clean.join("b.json")).unwrap();
    let read: Value = serde_json::from_str(&text).unwrap();
    assert!(
        read["value"].as_str().unwrap().starts_with("<masked:"),
        "{text}"
    );
}
