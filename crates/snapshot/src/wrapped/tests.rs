//! Tests of taking logs out of files that hold several.

use coldcase_bundle::Bundle;
use proptest::prelude::*;

const PODS: &str = "apiVersion: v1\nkind: List\nitems:\n\
- {apiVersion: v1, kind: Pod, metadata: {name: ledger-0, namespace: billing, uid: a}, spec: {containers: [{name: app}, {name: proxy}]}, status: {}}\n\
- {apiVersion: v1, kind: Pod, metadata: {name: till-0, namespace: shop, uid: b}, spec: {containers: [{name: till}]}, status: {}}\n";

/// The logs of containers in a file: whose, their lines, and where the lines stand.
fn logs(name: &str, text: &str) -> Vec<(String, Vec<String>, Vec<u32>)> {
    let bundle = Bundle::from_texts("t", [("pods.yaml", PODS), (name, text)]);
    let snapshot = crate::read(&bundle);
    snapshot
        .logs
        .iter()
        .map(|log| {
            let (file, _) = log.text(&bundle);
            let count = u32::try_from(file.text().lines().count()).unwrap();
            (
                format!("{}/{}/{}", log.namespace, log.pod, log.container),
                file.text().lines().map(str::to_owned).collect(),
                (1..=count)
                    .map(|number| log.captured_line(number))
                    .collect(),
            )
        })
        .collect()
}

fn is(whose: &str, lines: &[&str], numbers: &[u32]) -> (String, Vec<String>, Vec<u32>) {
    (
        whose.to_owned(),
        lines.iter().map(|line| (*line).to_owned()).collect(),
        numbers.to_vec(),
    )
}

#[test]
fn prefixes_say_whose_a_line_is() {
    let plain = [
        is(
            "billing/ledger-0/app",
            &["open the books", "cannot add"],
            &[1, 3],
        ),
        is("billing/ledger-0/proxy", &["listening on 80"], &[2]),
        is("shop/till-0/till", &["no paper"], &[4]),
    ];
    for text in [
        "[pod/ledger-0/app] open the books\n[pod/ledger-0/proxy] listening on 80\n[pod/ledger-0/app] cannot add\n[pod/till-0/till] no paper\n",
        "ledger-0 app open the books\nledger-0 proxy listening on 80\nledger-0 app cannot add\ntill-0 till no paper\n",
        "billing ledger-0 app open the books\nbilling ledger-0 proxy listening on 80\nbilling ledger-0 app cannot add\nshop till-0 till no paper\n",
        "[ledger-0 app] open the books\n[ledger-0 proxy] listening on 80\n[ledger-0 app] cannot add\n[till-0] no paper\n",
        "\u{1b}[32mledger-0\u{1b}[0m \u{1b}[33mapp\u{1b}[0m open the books\nledger-0 proxy listening on 80\nledger-0 app cannot add\ntill-0 till no paper\n",
    ] {
        assert_eq!(logs("x/all.log", text), plain, "{text}");
        assert_eq!(logs("x/all.txt", text), plain, "{text}");
    }
    let stamped = "Common labels: {cluster=\"c\", namespace=\"billing\"}\n\
        2026-03-04T08:00:02Z {container=\"app\", pod=\"ledger-0\"} cannot add\n\
        2026-03-04T08:00:01Z {container=\"app\", pod=\"ledger-0\"} open the books\n";
    assert_eq!(
        logs("x/out.txt", stamped),
        [is(
            "billing/ledger-0/app",
            &[
                "2026-03-04T08:00:01.000000000Z open the books",
                "2026-03-04T08:00:02.000000000Z cannot add"
            ],
            &[3, 2]
        )]
    );
}

#[test]
fn lines_of_json_say_whose_they_are() {
    for line in [
        r#"{"time":"2026-03-04T08:00:01Z","stream":"stderr","_p":"F","log":"cannot add\n","kubernetes":{"pod_name":"ledger-0","namespace_name":"billing","labels":{"pod":"x"},"container_name":"app"}}"#,
        r#"{"@timestamp":"2026-03-04T08:00:01.000Z","message":"cannot add","stream":"stderr","kubernetes":{"namespace":"billing","pod":{"name":"ledger-0","uid":"x"},"container":{"name":"app"},"node":{"name":"w1"}},"log":{"file":{"path":"/var/log/x"}}}"#,
        r#"{"file":"/x","kubernetes":{"container_name":"app","pod_name":"ledger-0","pod_namespace":"billing"},"message":"cannot add","stream":"stderr","timestamp":"2026-03-04T08:00:01Z"}"#,
        r#"{"result":{"_raw":"cannot add","_time":"2026-03-04T08:00:01Z","stream":"stderr","namespace":"billing","pod":"ledger-0","container_name":"app"}}"#,
    ] {
        let found = logs("x/lines.json", &format!("{line}\n{line}\n"));
        let framed = "2026-03-04T08:00:01.000000000Z stderr F cannot add";
        assert_eq!(
            found,
            [is("billing/ledger-0/app", &[framed, framed], &[1, 2])],
            "{line}"
        );
    }
    for line in [
        r#"{"message":"cannot add","nodeName":"w1","namespace":"billing","podName":"ledger-0","containerName":"app"}"#,
        r#"{"labels":{"container":"app","pod":"ledger-0","namespace":"billing"},"line":"cannot add"}"#,
        r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"k8s.pod.name","value":{"stringValue":"ledger-0"}},{"key":"k8s.namespace.name","value":{"stringValue":"billing"}},{"key":"k8s.container.name","value":{"stringValue":"app"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"cannot add"}}]}]}]}"#,
    ] {
        let found = logs("x/lines.log", &format!("{line}\n{line}\n"));
        assert_eq!(
            found,
            [is(
                "billing/ledger-0/app",
                &["cannot add", "cannot add"],
                &[1, 2]
            )],
            "{line}"
        );
    }
}

#[test]
fn documents_hold_the_lines_of_containers() {
    for (text, line) in [
        (
            "[\n {\"insertId\": \"1\",\n  \"resource\": {\"labels\": {\"container_name\": \"app\", \"namespace_name\": \"billing\", \"pod_name\": \"ledger-0\"}},\n  \"textPayload\": \"cannot add\",\n  \"timestamp\": \"2026-03-04T08:00:01Z\"}\n]\n",
            4,
        ),
        (
            "{\"hits\": {\"hits\": [\n {\"_source\": {\"@timestamp\": \"2026-03-04T08:00:01Z\",\n  \"log\": \"cannot add\\n\",\n  \"kubernetes\": {\"pod_name\": \"ledger-0\", \"namespace_name\": \"billing\", \"container_name\": \"app\"}}}]}}\n",
            3,
        ),
        (
            "{\"data\": {\"result\": [\n {\"stream\": {\"namespace\": \"billing\", \"pod\": \"ledger-0\", \"container\": \"app\"},\n  \"values\": [[\"1772611201000000000\",\n    \"cannot add\"]]}]}}\n",
            4,
        ),
        (
            "[\n {\"TimeGenerated\": \"2026-03-04T08:00:01Z\", \"ContainerName\": \"app\",\n \"PodName\": \"ledger-0\", \"PodNamespace\": \"billing\",\n \"LogMessage\": \"cannot add\"}]\n",
            4,
        ),
        (
            "{\"events\": [{\"logStreamName\": \"container-x\",\n \"message\": \"{\\\"log\\\": \\\"cannot add\\\", \\\"time\\\": \\\"2026-03-04T08:00:01Z\\\", \\\"kubernetes\\\": {\\\"pod_name\\\": \\\"ledger-0\\\", \\\"namespace_name\\\": \\\"billing\\\", \\\"container_name\\\": \\\"app\\\"}}\"}]}\n",
            2,
        ),
    ] {
        let framed = "2026-03-04T08:00:01.000000000Z cannot add";
        assert_eq!(
            logs("x/saved.json", text),
            [is("billing/ledger-0/app", &[framed], &[line])],
            "{text}"
        );
    }
}

#[test]
fn what_names_no_pod_stays_what_it_is() {
    for text in [
        "2026-03-04T08:00:01Z ledger-0 app open the books\n2026-03-04T08:00:02Z x\n",
        "[pod/ledger-0] open\n[pod/] x y\nstarted well\n",
        "{\"level\":\"info\",\"message\":\"evicted\",\"namespace\":\"billing\",\"pod\":{\"name\":\"ledger-0\"}}\n{\"level\":\"info\",\"message\":\"done\",\"pod\":\"ledger-0\"}\n",
        "{\"ts\":1772611201,\"msg\":\"alarm\"}\n{\"ts\":1772611202,\"msg\":\"pod ledger-0\"}\n",
    ] {
        let found = logs("x/some.log", text);
        assert!(
            found.iter().all(|(whose, ..)| whose == "//some"),
            "{found:?}"
        );
    }
}

#[test]
fn lines_that_name_nobody_are_kept() {
    let text =
        "[pod/till-0/till] no paper\nerror: a connection was lost\n[pod/till-0/till] still none\n";
    assert_eq!(
        logs("x/all.log", text),
        [
            is("//all", &["error: a connection was lost"], &[2]),
            is("shop/till-0/till", &["no paper", "still none"], &[1, 3]),
        ]
    );
}

#[test]
fn a_log_that_lies_there_as_well_is_not_taken_twice() {
    let own = "open the books\ncannot add\n";
    let both = "[pod/ledger-0/app] open the books\n[pod/ledger-0/app] cannot add\n[pod/till-0/till] no paper\n";
    let bundle = Bundle::from_texts(
        "t",
        [
            ("pods.yaml", PODS),
            ("logs/billing/ledger-0/app.log", own),
            ("all.log", both),
        ],
    );
    let snapshot = crate::read(&bundle);
    let whose: Vec<(&str, bool)> = snapshot
        .logs
        .iter()
        .map(|log| (log.pod.as_str(), log.taken.is_some()))
        .collect();
    assert_eq!(whose, [("till-0", true), ("ledger-0", false)]);
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(\\[pod/|\\]|ledger-0| |app|\\{|\\}|\"log\":|\"pod\":|\"x\"|,|\n|\\[|:|2026-03-04T08:00:01Z|=|é){0,40}") {
        for name in ["x/a.log", "x/a.json", "x/a.txt"] {
            let lines = u32::try_from(text.lines().count().max(1)).unwrap();
            for (_, said, numbers) in logs(name, &text) {
                prop_assert_eq!(said.len(), numbers.len());
                prop_assert!(numbers.iter().all(|number| (1..=lines).contains(number)));
            }
        }
    }
}
