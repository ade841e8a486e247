//! Containers, damage and limits of the bundle crate.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn scratch(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("coldcase-bundle-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

const FILES: &[(&str, &str)] = &[
    ("cluster/pods.yaml", "kind: List\n"),
    ("logs/a/b/c.log", "one\ntwo\n"),
    ("bundle.yaml", "apiVersion: coldcase.dev/v1\n"),
];

fn write_dir(root: &Path) {
    for (path, text) in FILES {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn tar_bytes(prefix: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in FILES {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, format!("{prefix}{path}"), text.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn directory_tar_and_zip_are_the_same_bundle() {
    let root = scratch("same");
    write_dir(&root.join("bundle"));
    std::fs::write(root.join("b.tar.gz"), gz(&tar_bytes("top/"))).unwrap();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(root.join("b.zip")).unwrap());
    for (path, text) in FILES.iter().rev() {
        zip.start_file(
            format!("other/{path}"),
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let limits = Limits::default();
    let dir = open(&root.join("bundle"), &limits).unwrap();
    let tar = open(&root.join("b.tar.gz"), &limits).unwrap();
    let zip = open(&root.join("b.zip"), &limits).unwrap();
    let paths = |bundle: &Bundle| {
        bundle
            .files
            .iter()
            .map(|file| file.path.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        paths(&dir),
        ["bundle.yaml", "cluster/pods.yaml", "logs/a/b/c.log"]
    );
    assert_eq!(paths(&dir), paths(&tar));
    assert_eq!(paths(&dir), paths(&zip));
    assert_eq!(dir.hash, tar.hash);
    assert_eq!(dir.hash, zip.hash);
    assert_eq!(dir.layouts, [Layout::Native]);
}

#[test]
fn a_truncated_archive_keeps_what_came_before() {
    let root = scratch("cut");
    let whole = gz(&tar_bytes(""));
    std::fs::write(root.join("cut.tar.gz"), &whole[..whole.len() * 2 / 3]).unwrap();
    let bundle = open(&root.join("cut.tar.gz"), &Limits::default()).unwrap();
    assert!(!bundle.files.is_empty());
    assert!(
        bundle
            .problems
            .iter()
            .any(|problem| problem.what.contains("cut off")),
        "{:?}",
        bundle.problems
    );
}

#[test]
fn random_bytes_missing_paths_and_empty_directories_say_so() {
    let root = scratch("odd");
    let noise: Vec<u8> = (0_u32..4096)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect();
    std::fs::write(root.join("noise"), noise).unwrap();
    std::fs::create_dir(root.join("empty")).unwrap();
    let limits = Limits::default();
    assert!(matches!(
        open(&root.join("noise"), &limits),
        Err(OpenError::UnknownFormat { .. })
    ));
    assert!(matches!(
        open(&root.join("empty"), &limits),
        Err(OpenError::Empty { .. })
    ));
    assert!(matches!(
        open(&root.join("none"), &limits),
        Err(OpenError::NotFound { .. })
    ));
}

#[test]
fn a_bomb_is_stopped_by_its_ratio_and_said() {
    let root = scratch("bomb");
    std::fs::write(root.join("bomb.gz"), gz(&vec![b'a'; 80 << 20])).unwrap();
    let limits = Limits {
        ratio: 2,
        ..Limits::default()
    };
    let bundle = open(&root.join("bomb.gz"), &limits).unwrap();
    assert!(bundle.files[0].bytes < 66 << 20);
    assert!(
        bundle
            .problems
            .iter()
            .any(|problem| problem.what.contains("limit"))
    );
}

#[test]
fn names_that_leave_the_tree_are_refused() {
    let limits = Limits::default();
    for bad in ["/etc/passwd", "../x", "a/../../x", "C:/x", "a\0b", "", "."] {
        assert!(path::normalise(bad, &limits).is_err(), "{bad:?}");
    }
    assert_eq!(path::normalise("./a//b/./c", &limits).unwrap(), "a/b/c");
}

#[test]
fn lines_are_found_again() {
    let bundle = Bundle::from_texts("t", [("a.log", "one\r\ntwo\n\nfour")]);
    let file = &bundle.files[0];
    assert_eq!(file.line_count(), 4);
    assert_eq!(
        [1, 2, 3, 4, 9].map(|number| file.line(number).into_owned()),
        ["one", "two", "", "four", ""]
    );
    assert_eq!(file.line_at(0), 1);
    assert_eq!(file.line_at(5), 2);
    let excerpt = file.excerpt(2, 2);
    assert_eq!(
        (
            excerpt.quote.as_str(),
            excerpt.before.len(),
            excerpt.after.len()
        ),
        ("two", 1, 2)
    );
}

proptest! {
    #[test]
    fn any_bytes_open_or_say_why(bytes in proptest::collection::vec(any::<u8>(), 0..4096), kind in 0_u8..5) {
        let mut input: Vec<u8> = match kind {
            0 => vec![0x1f, 0x8b, 8],
            1 => b"PK\x03\x04".to_vec(),
            2 => vec![0xfd, b'7', b'z', b'X', b'Z', 0],
            3 => vec![0x28, 0xb5, 0x2f, 0xfd],
            _ => Vec::new(),
        };
        input.extend(bytes);
        let root = scratch("prop");
        std::fs::write(root.join("x"), input).unwrap();
        let _ = open(&root.join("x"), &Limits::default());
    }
}
