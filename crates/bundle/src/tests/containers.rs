//! Every container gives the same bundle; archives in archives, several inputs and streams.

use super::*;

#[test]
fn the_container_does_not_matter() {
    let files = sample();
    let root = scratch("same");
    write_dir(&root.join("top"), &files);
    let limits = Limits::default();
    let dir = open(&root.join("top"), &limits).unwrap();
    assert_eq!(dir.layouts, [Layout::Native]);
    assert!(dir.problems.is_empty(), "{:?}", dir.problems);
    let mut backwards = files;
    backwards.reverse();
    let plain = tar("other/", &backwards);
    for (name, bytes) in [
        ("b.tar", plain.clone()),
        ("b.tar.gz", gz(&plain)),
        ("b.tar.xz", xz(&plain)),
        ("b.tar.zst", zst(&plain)),
        ("b.tar.bz2", bz2(&plain)),
        ("b.zip", zip("x/y/", &backwards)),
    ] {
        for bundle in [
            open_bytes(name, &bytes, &limits).unwrap(),
            pipe(&bytes, &limits).unwrap(),
        ] {
            assert_eq!(seen(&bundle), seen(&dir), "{name}");
            assert_eq!(bundle.hash, dir.hash, "{name}");
            assert_eq!(bundle.layouts, dir.layouts, "{name}");
            assert!(bundle.problems.is_empty(), "{name}: {:?}", bundle.problems);
        }
    }
    let (_, rotated) = dir.find("logs/a/b/old.log.1.gz").unwrap();
    assert_eq!(rotated.text(), "rotated\nlines\n");
}

#[test]
fn several_members_and_frames_are_one_stream() {
    let limits = Limits::default();
    let two = |pack: fn(&[u8]) -> Vec<u8>| [pack(b"one\n"), pack(b"two\n")].concat();
    for (name, bytes) in [
        ("a.log.gz", two(gz)),
        ("a.log.xz", two(xz)),
        ("a.log.zst", two(zst)),
        ("a.log.bz2", two(bz2)),
    ] {
        let bundle = open_bytes(name, &bytes, &limits).unwrap();
        assert_eq!(paths(&bundle), ["a.log"]);
        assert_eq!(bundle.files[0].text(), "one\ntwo\n", "{name}");
        assert!(bundle.problems.is_empty(), "{name}: {:?}", bundle.problems);
    }
    let padded = [gz(b"one\n"), vec![0; 100]].concat();
    assert!(
        open_bytes("p.gz", &padded, &limits)
            .unwrap()
            .problems
            .is_empty()
    );
    let garbage = [gz(b"one\n"), b"garbage".to_vec()].concat();
    let bundle = open_bytes("g.gz", &garbage, &limits).unwrap();
    assert_eq!(bundle.files[0].text(), "one\n");
    assert!(says(&bundle, "follow the end"), "{:?}", bundle.problems);
}

#[test]
fn archives_in_archives_are_opened_to_two_levels() {
    let leaf = |name: &str| vec![(name.to_owned(), b"text\n".to_vec())];
    let third = vec![("deep.zip".to_owned(), zip("", &leaf("w")))];
    let second = vec![
        ("z.txt".to_owned(), b"z\n".to_vec()),
        ("more.tar".to_owned(), tar("", &third)),
    ];
    let files = vec![
        ("a.log".to_owned(), b"a\n".to_vec()),
        (
            "nodes/n1.zip".to_owned(),
            zip("n1/", &leaf("logs/kubelet.log")),
        ),
        ("nodes/none.zip".to_owned(), zip("", &Vec::new())),
        ("scc/s.txz".to_owned(), xz(&tar("", &leaf("messages")))),
        ("in.tar.gz".to_owned(), gz(&tar("", &second))),
    ];
    let expected = [
        "a.log",
        "in.tar.gz!more.tar!deep.zip",
        "in.tar.gz!z.txt",
        "nodes/n1.zip!n1/logs/kubelet.log",
        "scc/s.txz!messages",
    ];
    let root = scratch("nested");
    write_dir(&root.join("b"), &files);
    let limits = Limits::default();
    let dir = open(&root.join("b"), &limits).unwrap();
    assert_eq!(paths(&dir), expected);
    assert!(says(&dir, "more than 2 levels"), "{:?}", dir.problems);
    assert!(dir.find("in.tar.gz!more.tar!deep.zip").unwrap().1.binary);
    for bytes in [tar("b/", &files), gz(&tar("", &files)), zip("", &files)] {
        let bundle = open_bytes("b.any", &bytes, &limits).unwrap();
        assert_eq!(seen(&bundle), seen(&dir));
        assert_eq!(bundle.hash, dir.hash);
        assert_eq!(bundle.problems, dir.problems);
    }
}

#[test]
fn an_archive_around_one_archive_says_nothing() {
    let inner = gz(&tar("must-gather/", &sample()));
    let outer = tar("", &vec![("must-gather.tar.gz".to_owned(), inner)]);
    let bundle = open_bytes("o.tar", &outer, &Limits::default()).unwrap();
    assert_eq!(paths(&bundle)[0], "bundle.yaml");
    assert_eq!(bundle.layouts, [Layout::Native]);
}

#[test]
fn several_inputs_lie_side_by_side_whatever_their_order() {
    let root = scratch("several");
    std::fs::write(root.join("cluster.tar.gz"), gz(&tar("t/", &sample()))).unwrap();
    let node = vec![
        ("kubelet.log".to_owned(), b"x\n".to_vec()),
        ("etc/hosts".to_owned(), b"y\n".to_vec()),
    ];
    std::fs::write(root.join("node-1.zip"), zip("any/", &node)).unwrap();
    std::fs::write(root.join("loose.yaml"), "kind: Pod\n").unwrap();
    let names = ["cluster.tar.gz", "node-1.zip", "loose.yaml"];
    let inputs = |order: [usize; 3]| {
        order
            .iter()
            .map(|at| Input::Path(root.join(names[*at])))
            .collect::<Vec<_>>()
    };
    let limits = Limits::default();
    let one = open_all(inputs([0, 1, 2]), &limits).unwrap();
    let two = open_all(inputs([2, 1, 0]), &limits).unwrap();
    assert_eq!(one.hash, two.hash);
    assert_eq!(one.name, "cluster.tar.gz + loose.yaml + node-1.zip");
    assert_eq!(seen(&one), seen(&two));
    assert_eq!(one.layouts, [Layout::Native]);
    for path in ["cluster/bundle.yaml", "node-1/kubelet.log", "loose.yaml"] {
        assert!(one.find(path).is_some(), "{path}: {:?}", paths(&one));
    }
    let directories: Vec<&str> = one
        .parts
        .iter()
        .map(|part| part.directory.as_str())
        .collect();
    assert_eq!(directories, ["cluster", "", "node-1"]);
    let twice = vec![
        Input::Path(root.join("node-1.zip")),
        Input::Path(root.join("node-1.zip")),
    ];
    assert_eq!(
        paths(&open_all(twice, &limits).unwrap()),
        [
            "node-1-2/etc/hosts",
            "node-1-2/kubelet.log",
            "node-1/etc/hosts",
            "node-1/kubelet.log"
        ]
    );
}

#[test]
fn a_stream_is_named_by_what_it_looks_like() {
    let limits = Limits::default();
    for (text, path) in [
        ("apiVersion: v1\nitems: []\n", "stdin.yaml"),
        ("\n  {\"kind\": \"List\"}", "stdin.json"),
        ("Name: web\nNamespace: shop\n", "stdin.txt"),
    ] {
        assert_eq!(paths(&pipe(text.as_bytes(), &limits).unwrap()), [path]);
    }
    assert!(matches!(pipe(b"", &limits), Err(OpenError::Empty { .. })));
}

#[test]
fn text_of_powershell_is_decoded_with_its_lines() {
    let text = "apiVersion: v1\r\nname: Grüße 😀\r\n";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let root = scratch("utf16");
    // Long enough not to be held, so that it is decoded again from the file.
    let long: Vec<u8> = utf16[..2]
        .iter()
        .chain(utf16[2..].iter().cycle().take(2_000 * (utf16.len() - 2)))
        .copied()
        .collect();
    std::fs::write(root.join("a.yaml"), &utf16).unwrap();
    std::fs::write(root.join("b.yaml"), marked).unwrap();
    std::fs::write(root.join("long.yaml"), long).unwrap();
    let bundle = open(&root, &Limits::default()).unwrap();
    assert_eq!(bundle.files[0].text(), text);
    assert_eq!(bundle.files[1].text(), text);
    assert_eq!(bundle.files[2].text(), text.repeat(2_000));
    assert_eq!(bundle.files[2].line_count(), 4_000);
    assert_eq!(bundle.files[2].line(3_998), "name: Grüße 😀");
}
