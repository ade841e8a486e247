//! Containers made to harm: bombs, names that climb, links, devices, and the limits that stop them.

use super::*;

fn limited(limits: &Limits, bytes: &[u8]) -> Bundle {
    pipe(bytes, limits).unwrap()
}

#[test]
fn a_bomb_is_stopped_by_its_ratio_and_said() {
    let limits = Limits {
        ratio: 2,
        ..Limits::default()
    };
    let bundle = open_bytes("bomb.gz", &gz(&b"aaaaaaa\n".repeat(10 << 20)), &limits).unwrap();
    assert!(bundle.files[0].bytes < 70 << 20);
    assert!(says(&bundle, "--max-ratio"), "{:?}", bundle.problems);
    let inside = tar(
        "",
        &vec![("b.gz".to_owned(), gz(&b"aaaaaaa\n".repeat(10 << 20)))],
    );
    assert!(says(&limited(&limits, &inside), "--max-ratio"));
}

#[test]
fn every_limit_says_its_name() {
    let files: Files = (0..20)
        .map(|n| (format!("f{n:02}"), b"some text\n".repeat(100)))
        .collect();
    let plain = tar("", &files);
    let limits = Limits::default;
    let root = scratch("limits");
    write_dir(&root, &files);
    for (limit, flag, kept) in [
        (
            Limits {
                total_bytes: 5_500,
                ..limits()
            },
            "--max-total-bytes",
            5..7,
        ),
        (
            Limits {
                entry_bytes: 300,
                ..limits()
            },
            "--max-file-bytes",
            20..21,
        ),
        (
            Limits {
                entries: 7,
                ..limits()
            },
            "--max-files",
            7..8,
        ),
    ] {
        for bundle in [
            open_bytes("l.tar", &plain, &limit).unwrap(),
            open_bytes("l.zip", &zip("", &files), &limit).unwrap(),
            open(&root, &limit).unwrap(),
        ] {
            assert!(says(&bundle, flag), "{flag}: {:?}", bundle.problems);
            let full = bundle.files.iter().filter(|file| file.bytes > 0).count();
            assert!(kept.contains(&full), "{flag}: {full}");
        }
    }
    let noise: Vec<u8> = (0_u32..400_000)
        .map(|n| b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26)
        .collect();
    let files: Files = (0..4).map(|n| (format!("f{n}"), noise.clone())).collect();
    let poor = Limits {
        memory_bytes: 1 << 20,
        ..limits()
    };
    let one = limited(&poor, &gz(&tar("", &files)));
    assert!(says(&one, "--max-memory"), "{:?}", one.problems);
    let held: usize = one.files.iter().map(|file| file.text().len()).sum();
    assert!(held <= 1 << 20, "{held}");
    for _ in 0..5 {
        assert_eq!(limited(&poor, &gz(&tar("", &files))).hash, one.hash);
    }
}

#[test]
fn names_that_leave_the_tree_are_refused() {
    let limits = Limits::default();
    for bad in [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "C:/x",
        "a\0b",
        "",
        ".",
        "\\\\host\\x",
        "a\\..\\..\\x",
    ] {
        assert!(path::Name::new(bad.as_bytes(), &limits).is_err(), "{bad:?}");
    }
    let name = |raw: &[u8]| path::Name::new(raw, &limits).unwrap().path;
    assert_eq!(name(b"./a//b/./c"), "a/b/c");
    assert_eq!(
        name(br"dev-disk-by\x2duuid.device"),
        r"dev-disk-by\x2duuid.device"
    );
    assert_eq!(name(b"a\x1b[31m"), "a\u{fffd}[31m");
    let deep = vec!["d"; 65].join("/");
    assert!(path::Name::new(deep.as_bytes(), &limits).is_err());
    assert!(path::Name::new(&[b'x'; 4097], &limits).is_err());
}

/// Name, type, link target, data.
type Raw<'a> = (&'a [u8], u8, &'a [u8], &'a [u8]);

fn raw_tar(entries: &[Raw<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, link, data) in entries {
        let mut header = header(*kind, data.len() as u64);
        let block = header.as_mut_bytes();
        block[..name.len()].copy_from_slice(name);
        block[157..157 + link.len()].copy_from_slice(link);
        header.set_cksum();
        bytes.extend(header.as_bytes());
        bytes.extend(*data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn odd_names_and_kinds_in_a_tar() {
    let bytes = raw_tar(&[
        (b"ok.txt", b'0', b"", b"fine\n"),
        (b"../up", b'0', b"", b"no\n"),
        (b"n\xff", b'0', b"", b"one\n"),
        (b"n\xfe", b'0', b"", b"two\n"),
        (b"OK.txt", b'0', b"", b"case\n"),
        (b"ok.txt", b'0', b"", b"again\n"),
        (b"link", b'2', b"ok.txt", b""),
        (b"hard", b'1', b"ok.txt", b""),
        (b"out", b'2', b"../../etc/passwd", b""),
        (b"fifo", b'6', b"", b""),
        (b"disk", b'4', b"", b""),
        (b"dir/", b'5', b"", b""),
    ]);
    let limits = Limits::default();
    for bundle in [
        pipe(&bytes, &limits).unwrap(),
        open_bytes("o.tar", &bytes, &limits).unwrap(),
    ] {
        assert_eq!(
            paths(&bundle),
            ["OK.txt", "n\u{fffd}", "n\u{fffd}~2", "ok.txt"]
        );
        assert_eq!(bundle.find("ok.txt").unwrap().1.text(), "fine\n");
        assert_eq!(bundle.find("n\u{fffd}").unwrap().1.text(), "two\n");
        let links: Vec<&str> = bundle.links.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(links, ["hard", "link", "out"]);
        for said in [
            "leaves the tree",
            "more than once",
            "only in case",
            "2 links are not followed",
            "1 link is not followed because they point out of the bundle: out",
            "FIFO",
        ] {
            assert!(says(&bundle, said), "{said}: {:?}", bundle.problems);
        }
    }
}

#[test]
fn long_names_come_from_gnu_and_pax_headers() {
    let long = format!("{}/end.txt", "directory".repeat(30));
    let gnu = tar(
        "",
        &vec![
            (long.clone(), b"x\n".to_vec()),
            ("b".to_owned(), b"y\n".to_vec()),
        ],
    );
    assert_eq!(
        paths(&limited(&Limits::default(), &gnu)),
        ["b", long.as_str()]
    );
    let record = format!("path={long}\n");
    let length = record.len() + 4;
    let record = format!("{length} {record}");
    let pax = raw_tar(&[
        (b"x", b'x', b"", record.as_bytes()),
        (b"short", b'0', b"", b"x\n"),
        (b"b", b'0', b"", b"y\n"),
    ]);
    assert_eq!(
        paths(&limited(&Limits::default(), &pax)),
        ["b", long.as_str()]
    );
}

#[test]
fn sparse_files_lose_their_holes_and_say_so() {
    let pax = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n24 GNU.sparse.name=s.log\n";
    let mut data = b"1\n1048576\n5\n".to_vec();
    data.resize(512, 0);
    data.extend(b"text\n");
    let bytes = raw_tar(&[
        (b"x", b'x', b"", pax),
        (b"GNUSparseFile.0/s.log", b'0', b"", &data),
    ]);
    let bundle = limited(&Limits::default(), &bytes);
    assert_eq!(paths(&bundle), ["s.log"]);
    assert_eq!(bundle.files[0].text(), "text\n");
    assert!(says(&bundle, "sparse"), "{:?}", bundle.problems);
}

#[test]
fn hundreds_of_links_are_one_problem() {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for n in 0..300 {
        entries.push((format!("links/l{n}").into_bytes(), b"../ok.txt".to_vec()));
    }
    let mut all: Vec<Raw<'_>> = vec![(b"ok.txt", b'0', b"", b"x\n")];
    all.extend(
        entries
            .iter()
            .map(|(name, target)| (name.as_slice(), b'2', target.as_slice(), b"".as_slice())),
    );
    let bundle = limited(&Limits::default(), &raw_tar(&all));
    assert_eq!(bundle.problems.len(), 1, "{:?}", bundle.problems);
    assert_eq!(bundle.links.len(), 300);
}

#[test]
fn very_many_empty_entries_end_at_the_limit() {
    let mut header = header(b'0', 0);
    header.set_path("e").unwrap();
    header.set_cksum();
    let many = header.as_bytes().repeat(60_000);
    let bundle = pipe(
        &gz(&many),
        &Limits {
            entries: 50_000,
            ..Limits::default()
        },
    );
    let error = bundle.unwrap_err().to_string();
    assert!(error.contains("--max-files"), "{error}");
}

#[test]
fn a_line_without_end_is_cut_and_counted() {
    let limits = Limits {
        line_bytes: 1 << 20,
        ..Limits::default()
    };
    let endless = Read::take(std::io::repeat(b'x'), 300 << 20);
    let stream = Read::chain(endless, std::io::Cursor::new(b"\nlast\n".to_vec()));
    let bundle = open_reader("in", stream, &limits).unwrap();
    assert_eq!(bundle.files[0].line_count(), 2);
    assert_eq!(bundle.files[0].line(2), "last");
    assert_eq!(bundle.files[0].line(1).len(), 1 << 20);
    assert!(says(&bundle, "longer than"), "{:?}", bundle.problems);
}

#[test]
fn entries_that_lie_over_each_other_are_refused() {
    let files: Files = (0..4)
        .map(|n| (format!("f{n}.txt"), b"text\n".repeat(50)))
        .collect();
    let mut bytes = zip("", &files);
    // Let the directory's second entry point at the first member.
    let first = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    let second = first + 4 + memchr::memmem::find(&bytes[first + 4..], b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let bundle = limited(&Limits::default(), &bytes);
    assert_eq!(paths(&bundle), ["f2.txt", "f3.txt"]);
    assert!(says(&bundle, "zip bomb"), "{:?}", bundle.problems);
}

#[test]
fn encrypted_entries_are_named() {
    let files = vec![
        ("open.txt".to_owned(), b"x\n".to_vec()),
        ("secret.txt".to_owned(), b"y\n".to_vec()),
    ];
    let mut bytes = zip("", &files);
    let at = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
    bytes[at + 8] |= 1;
    let bundle = limited(&Limits::default(), &bytes);
    assert_eq!(paths(&bundle), ["open.txt"]);
    let problem = &bundle.problems[0];
    assert_eq!(problem.file, "secret.txt");
    assert!(problem.what.contains("encrypted"));
}

#[test]
fn backslashes_of_windows_zips_are_directories() {
    let files = vec![
        ("a\\b.txt".to_owned(), b"x\n".to_vec()),
        ("a\\c.txt".to_owned(), b"y\n".to_vec()),
    ];
    assert_eq!(
        paths(&limited(&Limits::default(), &zip("", &files))),
        ["b.txt", "c.txt"]
    );
}

#[cfg(unix)]
#[test]
fn a_directory_is_not_left_and_nothing_in_it_waits() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let root = scratch("unix");
    std::fs::create_dir(root.join("d")).unwrap();
    std::fs::write(root.join("d/ok.txt"), "x\n").unwrap();
    symlink("/etc/passwd", root.join("passwd")).unwrap();
    symlink("../d", root.join("d/loop")).unwrap();
    symlink("ok.txt", root.join("d/again.txt")).unwrap();
    let odd = |bytes: &[u8]| root.join(std::ffi::OsStr::from_bytes(bytes));
    std::fs::write(odd(b"n\xff"), "one\n").unwrap();
    std::fs::write(odd(b"n\xfe"), "two\n").unwrap();
    let socket = std::os::unix::net::UnixListener::bind(root.join("socket"));
    let made = std::process::Command::new("mkfifo")
        .arg(root.join("fifo"))
        .status();
    let deep = root.join(vec!["x"; 70].join("/"));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("f"), "deep\n").unwrap();
    let bundle = open(&root, &Limits::default()).unwrap();
    assert_eq!(paths(&bundle), ["d/ok.txt", "n\u{fffd}", "n\u{fffd}~2"]);
    assert_eq!(bundle.find("n\u{fffd}").unwrap().1.text(), "two\n");
    assert_eq!(bundle.links.len(), 3);
    assert!(
        says(&bundle, "out of the bundle: passwd"),
        "{:?}",
        bundle.problems
    );
    assert!(says(&bundle, "too deeply"), "{:?}", bundle.problems);
    if socket.is_ok() || made.is_ok() {
        assert!(says(&bundle, "FIFO or socket"), "{:?}", bundle.problems);
    }
}
