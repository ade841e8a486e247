//! Tests of where pieces begin and end.

use super::*;

const PODS: &str = "NAME     READY   STATUS             RESTARTS   AGE\ncart-0   0/1     CrashLoopBackOff   7          20m\n";

const DESCRIBED: &str = "Name:         cart-0\nNamespace:    shop\nNode:         w1/10.0.0.4\nStatus:       Running\nIP:           10.0.1.2\nContainers:\n  cart:\n    Ready:  False\n";

const DATED: &str =
    "2026-01-01T10:00:00Z INFO cart starting\n2026-01-01T10:00:01Z FATAL no cart\n\tat cart.Main\n";

fn forms(text: &str) -> Vec<(Form, u32, u32)> {
    let pieces = cut(text, 1);
    pieces
        .iter()
        .map(|piece| (piece.form, piece.first_line, piece.last_line))
        .collect()
}

#[test]
fn a_description_takes_neither_what_stands_before_it_nor_behind() {
    let none = format!("{DESCRIBED}Events:  <none>\n");
    let events = format!(
        "{DESCRIBED}Events:\n  Type     Reason   Age  From     Message\n  ----     ------   ---  ----     -------\n  Warning  BackOff  1m   kubelet  Back-off\nof two lines\n"
    );
    let (table, own) = ((Form::Rest, 1, 2), Form::Description);
    assert_eq!(forms(&format!("{PODS}{none}")), [table, (own, 3, 11)]);
    assert_eq!(forms(&format!("{PODS}\n{none}")), [table, (own, 4, 12)]);
    for (between, at) in [("", 15), ("\n", 16), ("\n---\n", 17)] {
        let text = format!("{events}{between}{PODS}");
        let found = forms(&text);
        assert_eq!(found[0].0, own);
        assert_eq!((found[0].1, found[0].2), (1, 13), "{between:?}");
        let last = found.last().unwrap();
        assert_eq!((last.0, last.2), (Form::Rest, at), "{between:?}");
    }
    let two = forms(&format!(
        "{none}{none}\nhere is one more\n{events}\n{DATED}"
    ));
    assert_eq!(
        two,
        [
            (own, 1, 9),
            (own, 10, 18),
            (Form::Rest, 20, 20),
            (own, 21, 33),
            (Form::Log, 35, 37)
        ]
    );
}

#[test]
fn values_of_several_lines_stay_in_their_description() {
    let text = "Name:         cart-0\nNamespace:    shop\nContainers:\n  cart:\n    Last State:  Terminated\n      Message:   2026-01-01T10:00:00Z starting\n2026-01-01T10:00:01Z no cart\n\ngone\n      Exit Code:  1\nConditions:\n  Type  Status\nEvents:  <none>\n";
    assert_eq!(forms(text), [(Form::Description, 1, 13)]);
    let data = format!(
        "Name:         cart\nNamespace:    shop\n\nData\n====\nnotes:\n----\n{PODS}\n=== x ===\n{DATED}\nBinaryData\n====\n\nEvents:  <none>\n{PODS}"
    );
    assert_eq!(
        forms(&data),
        [(Form::Description, 1, 19), (Form::Rest, 20, 21)]
    );
    let secret = format!(
        "Name:  key\nNamespace:  shop\n\nType:  Opaque\n\nData\n====\ntls.key:  12 bytes\n\n{PODS}"
    );
    assert_eq!(
        forms(&secret),
        [(Form::Description, 1, 8), (Form::Rest, 10, 11)]
    );
}

#[test]
fn documents_end_where_they_cannot_go_on() {
    let yaml = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: cart-0\n";
    for (between, last) in [("that is all\n", 7), ("Logs:\n\n", 8), ("```\n", 7)] {
        let found = forms(&format!("{yaml}{between}{PODS}"));
        assert_eq!(found[0], (Form::Yaml, 1, 4), "{between:?}");
        assert_eq!(found.last().unwrap().2, last, "{between:?}");
    }
    let stray = yaml.replace("metadata:\n", "metadata:\nI0101 10:00:00.0 throttled\n");
    assert_eq!(forms(&stray), [(Form::Yaml, 1, 5)]);
    let twice = format!("{yaml}{yaml}");
    assert_eq!(forms(&twice), [(Form::Yaml, 1, 4), (Form::Yaml, 5, 8)]);
    let json = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"}\"\n}\n";
    assert_eq!(
        forms(&format!("{json}{DATED}{json}")),
        [(Form::Json, 1, 4), (Form::Log, 5, 7), (Form::Json, 8, 11)]
    );
}

#[test]
fn fences_part_and_their_indent_falls_away() {
    let inside: Vec<String> = PODS.lines().map(|line| format!("   {line}")).collect();
    let text = format!(
        "1. Pods:\n   ```\n{}\n   ```\n2. Logs of cart-0:\n   ```\n   no cart\n\n   at all\n   ```\n",
        inside.join("\n")
    );
    let found = cut(&text, 1);
    let tables = &found[1];
    assert_eq!(
        (tables.form, tables.first_line, tables.last_line),
        (Form::Rest, 3, 4)
    );
    assert_eq!(&*tables.text, PODS);
    let log = found.last().unwrap();
    assert_eq!(
        (log.form, log.first_line, log.last_line),
        (Form::Log, 8, 10)
    );
    assert_eq!(log.heading, "2. Logs of cart-0:");
}

#[test]
fn lines_of_a_client_stay_in_the_table() {
    let text = format!(
        "E0101 10:00:00.000001   12 memcache.go:265] no metrics\n{PODS}I0101 10:00:02.000001 1 main.go:7] hm\ncart-1   1/1     Running            0          20m\n"
    );
    assert_eq!(forms(&text), [(Form::Rest, 1, 5)]);
    let text = format!("{PODS}{DATED}");
    assert_eq!(forms(&text), [(Form::Rest, 1, 2), (Form::Log, 3, 5)]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_cut_in_order(text in "(```|Name: a\n|Namespace: b\n|Events:\n|Data\n====\n|NAME READY AGE\n|kind: x\n|\\{\"kind\":|2026-01-01T10:00:00Z x\n| |\n|a: b|é){0,60}") {
        let lines = u32::try_from(text.lines().count()).unwrap();
        let mut before = 0;
        for piece in cut(&text, 1) {
            proptest::prop_assert!(piece.first_line > before);
            proptest::prop_assert!(piece.last_line >= piece.first_line && piece.last_line <= lines);
            before = piece.last_line;
        }
    }
}

#[test]
fn what_a_fence_holds_is_told_apart_by_itself() {
    let row = "Warning  Failed  4m (x6 over 5m)  kubelet, w1  Error: secret \"card\" not found\n";
    let text = format!("All pods had these logs:\n```\n{row}```\n");
    assert_eq!(forms(&text), [(Form::Rest, 1, 1), (Form::Rest, 3, 3)]);
    let said = "level=warning msg=\"the route is there\"\nlevel=fatal msg=gone\n";
    for text in [
        format!("It restarts.\n```\n{said}```\nWhat now?\n"),
        format!("It restarts.\n\n{said}\nWhat now?\n"),
        format!(
            "It restarts.\n\n    {}\nWhat now?\n",
            said.replace("\nl", "\n    l")
        ),
    ] {
        let found = forms(&text);
        assert_eq!(found[1], (Form::Log, 3, 4), "{text}");
        assert_eq!((found.len(), found[2].0), (3, Form::Rest));
    }
    // A field that goes on in a description may look so.
    let described = DESCRIBED.replace(
        "    Ready",
        "    Message:  level=error msg=no\nlevel=fatal msg=gone\n    Ready",
    );
    assert_eq!(forms(&described), [(Form::Description, 1, 10)]);
}
