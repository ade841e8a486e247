//! What the entries of journals of several lines an entry say.

use coldcase_bundle::Bundle;
use proptest::prelude::*;

use super::*;

fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines())
}

fn told(form: Form, text: &str) -> Vec<(u32, u32, u32, String, String, String, String)> {
    assert_eq!(form_of(text), Some(form), "{text}");
    entries(form, numbered(text))
        .into_iter()
        .map(|entry| {
            let time = entry.stamp.map(|stamp| stamp.time.to_string());
            (
                entry.first,
                entry.head,
                entry.end,
                time.unwrap_or_default(),
                entry.host,
                entry.unit,
                entry.message,
            )
        })
        .collect()
}

fn is(
    lines: (u32, u32, u32),
    time: &str,
    unit: &str,
    message: &str,
) -> (u32, u32, u32, String, String, String, String) {
    let (first, head, end) = lines;
    (
        first,
        head,
        end,
        time.to_owned(),
        "w1".to_owned(),
        unit.to_owned(),
        message.to_owned(),
    )
}

fn binary(key: &str, length: u64, value: &[u8]) -> Vec<u8> {
    [key.as_bytes(), b"\n", &length.to_le_bytes(), value, b"\n"].concat()
}

const TIME: &str = "2026-03-03T08:00:01.25Z";

#[test]
fn exported_entries_have_fields_with_a_length() {
    let mut bytes =
        b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1772524801250000\n_HOSTNAME=w1\n".to_vec();
    bytes.extend(binary("MESSAGE", 13, b"one\nA=b\n\n\x1b[0mx"));
    bytes.extend(b"_SYSTEMD_UNIT=kubelet.service\n\n__CURSOR=s=1;i=2\n_HOSTNAME=w1\n");
    bytes.extend(b"_SOURCE_REALTIME_TIMESTAMP=1772524801250000\nMESSAGE=three=four\nSYSLOG_IDENTIFIER=kernel\n");
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(
        told(Form::Export, &text),
        [
            is((1, 4, 8), TIME, "kubelet", "one\nA=b\n\nx"),
            is((11, 14, 14), TIME, "kernel", "three=four")
        ]
    );
}

#[test]
fn lengths_that_lead_nowhere_end_at_the_next_field() {
    for length in [2, 10, 40, 200, 70_000, u64::MAX] {
        let mut bytes = b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1772524801250000\n".to_vec();
        bytes.extend(binary("MESSAGE", length, b"one\ntwo"));
        bytes.extend(b"_HOSTNAME=w1\nSYSLOG_IDENTIFIER=etcd\n\n__CURSOR=s=1;i=2\n_HOSTNAME=w1\nMESSAGE=next\n");
        let text = String::from_utf8_lossy(&bytes);
        let found = told(Form::Export, &text);
        let place = found.first().map_or(0, |first| first.1);
        assert_eq!(place, 3, "{length}");
        assert_eq!(found[0].6, "one\ntwo", "{length}");
        assert_eq!(
            (found[0].4.as_str(), found[0].5.as_str()),
            ("w1", "etcd"),
            "{length}"
        );
        assert_eq!(
            found.last().map(|last| last.6.as_str()),
            Some("next"),
            "{length}"
        );
    }
}

#[test]
fn verbose_entries_have_indented_fields() {
    let text = "\
-- Journal begins at Mon 2026-03-02 08:00:00 UTC. --
Tue 2026-03-03 08:00:01.250000 UTC [s=ab;i=1f;b=cd;m=12;t=34;x=56]
    PRIORITY=6
    _HOSTNAME=w1
    MESSAGE=two lines
            second
    _SYSTEMD_UNIT=kubelet.service
Tue 2026-03-03 09:00:01.250000 CST [s=ab;i=20;b=cd;m=12;t=34;x=56]
    _HOSTNAME=w1
    UNIT=foo.service
    MESSAGE=[12B blob data]
";
    assert_eq!(
        told(Form::Verbose, text),
        [
            is((2, 5, 6), TIME, "kubelet", "two lines\nsecond"),
            is((8, 11, 11), "", "foo", "[12B blob data]")
        ]
    );
    let dated = entries(Form::Verbose, numbered(text)).pop().unwrap().dated;
    assert!(dated.unwrap().starts_with("Tue 2026-03-03 09:00:01"));
}

#[test]
fn pretty_entries_are_objects_with_lists_of_bytes() {
    let text = "\
{
\t\"__CURSOR\" : \"s=1\",
\t\"__REALTIME_TIMESTAMP\" : \"1772524801250000\",
\t\"_HOSTNAME\" : \"w1\",
\t\"SYSLOG_IDENTIFIER\" : \"kernel\",
\t\"MESSAGE\" : \"Out of \\\"memory\\\"\"
}
{
\t\"MESSAGE\" : [
\t\t104,
\t\t105
\t],
\t\"_HOSTNAME\" : [ \"w1\", \"w2\" ],
\t\"_BOOT_ID\" : \"x\",
\t\"_SYSTEMD_UNIT\" : \"kubelet.service\"
}
{
\t\"MESSAGE\" : [ 104, 105 ],
\t\"_HOSTNAME\" : \"w1\"
}
";
    assert_eq!(
        told(Form::Pretty, text),
        [
            is((1, 6, 6), TIME, "kernel", "Out of \"memory\""),
            is((8, 9, 12), "", "kubelet", "hi"),
            is((17, 18, 18), "", "", "hi"),
        ]
    );
    let spaced = text.replace('\t', "  ").replace(" : ", ": ");
    assert_eq!(told(Form::Pretty, &spaced), told(Form::Pretty, text));
}

#[test]
fn other_texts_are_no_journals() {
    for text in [
        "",
        "A=b\nC=d\n",
        "__CURSOR=a\n",
        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\"\n}\n",
        "{\n  \"NAME\": \"a\",\n  \"VALUE\": \"b\"\n}\n",
        "Tue 2026-03-03 08:00:01 UTC [s=1]\n",
        "$ journalctl -o export\n__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n",
    ] {
        assert_eq!(form_of(text), None, "{text}");
    }
}

#[test]
fn what_begins_inside_of_an_entry_is_a_journal_all_the_same() {
    let text = "_PID=1\nMESSAGE=lost\n\n__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\nMESSAGE=kept\n";
    let found = told(Form::Export, text);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].1, found[0].6.as_str()), (6, "kept"));
}

/// A file and a paste of a journal of one entry, in each form.
fn samples() -> [(&'static str, Form, &'static str); 3] {
    [
        (
            "export",
            Form::Export,
            "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1772524801250000\n_HOSTNAME=w1\nSYSLOG_IDENTIFIER=kubelet\nMESSAGE=started\n",
        ),
        (
            "verbose",
            Form::Verbose,
            "Tue 2026-03-03 08:00:01.250000 UTC [s=ab;i=1f;b=cd;m=12;t=34;x=56]\n    _HOSTNAME=w1\n    SYSLOG_IDENTIFIER=kubelet\n    MESSAGE=started\n",
        ),
        (
            "json-pretty",
            Form::Pretty,
            "{\n\t\"__REALTIME_TIMESTAMP\" : \"1772524801250000\",\n\t\"_BOOT_ID\" : \"b\",\n\t\"_HOSTNAME\" : \"w1\",\n\t\"SYSLOG_IDENTIFIER\" : \"kubelet\",\n\t\"MESSAGE\" : \"started\"\n}\n",
        ),
    ]
}

#[test]
fn files_and_pastes_are_journals_of_their_host() {
    for (name, form, text) in samples() {
        let paste = format!(
            "$ journalctl -u kubelet -o {name}\n{text}$ date\nTue Mar  3 09:00:00 UTC 2026\n"
        );
        for (path, text) in [
            ("j.txt", text),
            ("j.json", text),
            ("j.log", text),
            ("paste.txt", &paste),
            ("sos_commands/logs/journalctl_--no-pager", text),
        ] {
            let bundle = Bundle::from_texts("t", [(path, text), ("x/y", "")]);
            let snapshot = crate::read(&bundle);
            let found: Vec<_> = snapshot
                .journals
                .iter()
                .map(|journal| (journal.node.as_str(), journal.form))
                .collect();
            assert_eq!(found, [("w1", form)], "{name} {path}");
            assert!(snapshot.captured_at.is_some(), "{name} {path}");
            assert!(snapshot.logs.is_empty() && snapshot.problems.is_empty());
        }
    }
}

#[test]
fn hosts_and_order_are_those_of_all_entries() {
    let entry = |host: &str, second: u32| {
        format!(
            "__CURSOR=s=1\n__REALTIME_TIMESTAMP=17725248{second:02}250000\n_HOSTNAME={host}\nMESSAGE=x\n\n"
        )
    };
    let read = |text: &str| {
        let bundle = Bundle::from_texts("t", [("j", text), ("x/y", "")]);
        crate::read(&bundle).journals.remove(0)
    };
    let turned = read(&format!("{}{}", entry("w1", 9), entry("w1", 1)));
    assert!(turned.reversed && !turned.per_line);
    let mixed = read(&format!("{}{}", entry("w1", 1), entry("w2", 9)));
    assert!(mixed.per_line && !mixed.reversed);
    assert_eq!(mixed.nodes, ["w1", "w2"]);
}

#[test]
fn huge_values_are_kept_up_to_a_bound() {
    let long = "a".repeat(3 * MESSAGE);
    let text = format!("__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n_CMDLINE={long}\nMESSAGE={long}\n");
    let found = entries(Form::Export, numbered(&text));
    assert_eq!(found[0].message.len(), MESSAGE);
    let list = format!(
        "{{\n\t\"__CURSOR\" : \"s\",\n\t\"MESSAGE\" : [\n{}",
        "\t\t104,\n".repeat(500_000)
    );
    let found = entries(Form::Pretty, numbered(&list));
    assert!(found[0].message.len() < MESSAGE && found[0].message.starts_with("hhh"));
}

/// Cuts a text into chunks of so many lines.
fn chunked(text: &str, form: Form, lines: usize) -> Vec<Entry> {
    let bundle = Bundle::from_texts("t", [("a", text)]);
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let mut first_line = 1;
    let mut found = Vec::new();
    for part in all.chunks(lines) {
        let chunk = Chunk {
            first_line,
            offset: 0,
            text: part.concat().into(),
        };
        found.extend(entries_of(&bundle.files[0], form, Span::WHOLE, &chunk));
        first_line += u32::try_from(part.len()).unwrap();
    }
    found
}

proptest! {
    #[test]
    fn chunks_do_not_matter(
        text in "(__CURSOR=s=1\n|__REALTIME_TIMESTAMP=1772524801250000\n|MESSAGE=a\n|MESSAGE\n|_HOSTNAME=w\n|\u{5}\u{0}{7}|b\n|\n|    MESSAGE=a\n|     b\n|Tue 2026-03-03 08:00:01 UTC \\[s=1;i=2\\]\n|\\{\n|\t\"MESSAGE\" : \\[\n|\t\t104,\n|\t\\],\n){0,40}",
        lines in 1_usize..9,
    ) {
        // A text that begins with lengths would be taken for a binary.
        let text = format!("{}\n{text}", "-".repeat(4_000));
        for form in [Form::Export, Form::Verbose, Form::Pretty] {
            let whole = entries(form, numbered(&text));
            prop_assert_eq!(&chunked(&text, form, lines), &whole);
            for entry in whole {
                prop_assert!(entry.first <= entry.head && entry.head <= entry.end && entry.end <= entry.last.max(entry.head));
            }
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut input = b"__CURSOR=1\n__REALTIME_TIMESTAMP=1\nMESSAGE\n".to_vec();
        input.extend(&bytes);
        let text = String::from_utf8_lossy(&input);
        let _ = form_of(&text);
        let lines = u32::try_from(text.lines().count()).unwrap();
        for entry in entries(Form::Export, numbered(&text)) {
            prop_assert!(entry.first <= entry.last && entry.last <= lines && entry.end <= lines);
        }
    }

    #[test]
    fn what_is_exported_with_a_length_comes_back(value in "[a-zA-Z=_ \n\u{1b}é]{0,80}") {
        let mut bytes = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n".to_vec();
        bytes.extend(binary("MESSAGE", value.len() as u64, value.as_bytes()));
        bytes.extend(b"_HOSTNAME=w1\n");
        let text = String::from_utf8_lossy(&bytes);
        let found = entries(Form::Export, numbered(&text));
        let expected = plain(value.trim_end_matches('\n')).into_owned();
        // A length of 128 and more is no text, and a value may hold what looks like a cursor.
        prop_assume!(!value.contains("__CURSOR="));
        prop_assert_eq!(found[0].host.as_str(), "w1");
        prop_assert_eq!(&found[0].message, &expected);
    }
}
