//! Cut, broken and lying containers: what can be kept is kept, what is lost is said.

use proptest::prelude::*;

use super::*;

#[test]
fn a_truncated_archive_keeps_what_came_before() {
    let files = sample();
    let whole = gz(&tar("", &files));
    let bundle = open_bytes(
        "c.tar.gz",
        &whole[..whole.len() * 2 / 3],
        &Limits::default(),
    )
    .unwrap();
    assert!(bundle.find("bundle.yaml").is_some());
    assert!(says(&bundle, "cut off"), "{:?}", bundle.problems);
}

#[test]
fn an_archive_cut_anywhere_never_panics() {
    let files = vec![
        ("a/one.yaml".to_owned(), b"kind: Pod\n".to_vec()),
        ("a/two.log".to_owned(), b"x\n".repeat(100)),
        (
            "a/in.zip".to_owned(),
            zip("", &vec![("f".to_owned(), b"f\n".to_vec())]),
        ),
    ];
    let plain = tar("", &files);
    let limits = Limits::default();
    for (name, whole, step) in [
        ("t.tar", plain.clone(), 61),
        ("t.tar.gz", gz(&plain), 1),
        ("t.tar.xz", xz(&plain), 7),
        ("t.tar.zst", zst(&plain), 7),
        ("t.tar.bz2", bz2(&plain), 7),
        ("t.zip", zip("", &files), 1),
    ] {
        let root = scratch(&format!("cut-{name}"));
        for length in (0..whole.len()).step_by(step) {
            std::fs::write(root.join(name), &whole[..length]).unwrap();
            if let Ok(bundle) = open(&root.join(name), &limits) {
                // A few bytes do not show yet what they begin.
                let known = length >= 14;
                assert!(
                    !known || !bundle.problems.is_empty(),
                    "{name} at {length} is silent"
                );
                seen(&bundle);
            }
            let _ = pipe(&whole[..length], &limits);
        }
    }
}

#[test]
fn a_zip_without_its_directory_is_read_by_what_lies_in_it() {
    let files = sample();
    let whole = zip("", &files);
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    let limits = Limits::default();
    let bundle = open_bytes("lost.zip", &whole[..directory], &limits).unwrap();
    assert!(
        says(&bundle, "without its directory"),
        "{:?}",
        bundle.problems
    );
    assert_eq!(
        seen(&bundle),
        seen(&open_bytes("w.zip", &whole, &limits).unwrap())
    );
}

#[test]
fn a_streamed_zip_without_its_directory_too() {
    // Sizes behind the data, as writers to a pipe put them.
    let mut stream = ::zip::ZipWriter::new_stream(Vec::new());
    for (path, bytes) in sample() {
        stream
            .start_file(path, ::zip::write::SimpleFileOptions::default())
            .unwrap();
        stream.write_all(&bytes).unwrap();
    }
    let whole = stream.finish().unwrap().into_inner();
    let limits = Limits::default();
    let good = open_bytes("s.zip", &whole, &limits).unwrap();
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    let bundle = open_bytes("sl.zip", &whole[..directory], &limits).unwrap();
    assert_eq!(seen(&bundle), seen(&good));
}

#[test]
fn a_broken_tar_header_costs_its_entry() {
    let files: Files = (0..5)
        .map(|n| (format!("f{n}"), format!("text {n}\n").into_bytes()))
        .collect();
    let mut bytes = tar("d/", &files);
    bytes[2 * 1024 + 20] ^= 0xff;
    let bundle = open_bytes("b.tar", &bytes, &Limits::default()).unwrap();
    assert_eq!(paths(&bundle), ["f0", "f1", "f3", "f4"]);
    assert!(says(&bundle, "damaged"), "{:?}", bundle.problems);
}

#[test]
fn a_wrong_checksum_and_a_wrong_size_are_said() {
    let files = vec![("a.log".to_owned(), b"line\n".repeat(40))];
    let good = zip("", &files);
    let at = memchr::memmem::find(&good, b"PK\x01\x02").unwrap();
    let mut crc = good.clone();
    crc[at + 16] ^= 1;
    let bundle = open_bytes("crc.zip", &crc, &Limits::default()).unwrap();
    assert!(says(&bundle, "checksum"), "{:?}", bundle.problems);
    assert_eq!(bundle.files[0].bytes, 200);
    let mut size = good;
    size[at + 24] = 50;
    let bundle = open_bytes("size.zip", &size, &Limits::default()).unwrap();
    assert!(says(&bundle, "declares"), "{:?}", bundle.problems);
    assert_eq!(bundle.files[0].bytes, 50);
}

#[test]
fn random_bytes_missing_paths_and_empty_directories_say_so() {
    let root = scratch("odd");
    let noise: Vec<u8> = (0_u32..4096)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect();
    std::fs::create_dir(root.join("empty")).unwrap();
    let limits = Limits::default();
    assert!(matches!(
        open_bytes("noise", &noise, &limits),
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
    for magic in [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], b"Rar!\x1a\x07\x01\0"] {
        let error = open_bytes("x.bin", magic, &limits).unwrap_err();
        assert!(error.to_string().contains("unpack it"), "{error}");
    }
    let inside = vec![
        ("a.txt".to_owned(), b"a\n".to_vec()),
        ("b.7z".to_owned(), b"7z\xbc\xaf\x27\x1c\0\x04".to_vec()),
    ];
    let bundle = open_bytes("r.tar", &tar("", &inside), &limits).unwrap();
    assert!(
        says(&bundle, "7-Zip archives are not read"),
        "{:?}",
        bundle.problems
    );
}

#[test]
fn a_file_that_changes_or_vanishes_is_a_problem_not_a_panic() {
    let root = scratch("changing");
    let long = b"a line of a log that is longer than what is held\n".repeat(20_000);
    for name in ["cut.log", "gone.log", "grown.log", "same.log"] {
        std::fs::write(root.join(name), &long).unwrap();
    }
    let bundle = open(&root, &Limits::default()).unwrap();
    std::fs::write(root.join("cut.log"), b"short\n").unwrap();
    std::fs::remove_file(root.join("gone.log")).unwrap();
    std::fs::write(
        root.join("grown.log"),
        [long.clone(), long.clone()].concat(),
    )
    .unwrap();
    let text = |path: &str| bundle.find(path).unwrap().1.text().into_owned();
    assert_eq!(text("cut.log"), "short\n");
    assert_eq!(text("gone.log"), "");
    assert_eq!(text("grown.log").len(), long.len());
    assert_eq!(text("same.log").len(), long.len());
    for file in &bundle.files {
        file.excerpt(19_000, 19_001);
        file.line(20_000);
        file.tail(3);
        file.head(100);
        file.chunks().count();
    }
    let late: Vec<String> = bundle
        .late_problems()
        .into_iter()
        .map(|it| it.file)
        .collect();
    assert_eq!(late, ["cut.log", "gone.log", "grown.log"]);
}

proptest! {
    #[test]
    fn any_bytes_open_or_say_why(bytes in proptest::collection::vec(any::<u8>(), 0..4096), kind in 0_u8..6) {
        let mut input: Vec<u8> = match kind {
            0 => vec![0x1f, 0x8b, 8],
            1 => b"PK\x03\x04".to_vec(),
            2 => vec![0xfd, b'7', b'z', b'X', b'Z', 0],
            3 => vec![0x28, 0xb5, 0x2f, 0xfd],
            4 => b"BZh91AY&SY".to_vec(),
            _ => Vec::new(),
        };
        input.extend(bytes);
        let _ = pipe(&input, &Limits::default());
    }

    #[test]
    fn a_flipped_byte_never_panics(at in any::<prop::sample::Index>(), value in any::<u8>(), kind in 0_u8..3) {
        let files = vec![
            ("a/one.yaml".to_owned(), b"kind: Pod\n".to_vec()),
            ("a/two.log".to_owned(), b"x\n".repeat(100)),
        ];
        let plain = tar("", &files);
        let mut bytes = match kind {
            0 => plain,
            1 => zip("", &files),
            _ => gz(&plain),
        };
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(bundle) = pipe(&bytes, &Limits::default()) {
            seen(&bundle);
        }
    }
}
