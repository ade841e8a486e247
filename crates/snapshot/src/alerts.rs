//! Alerts that a monitoring system held at capture: the answers of Prometheus and Alertmanager, and detectors' lists of anomalies.
//!
//! | form | where it comes from |
//! |---|---|
//! | `{data: {alerts: [{labels, annotations, state, activeAt, value}]}}` | Prometheus `/api/v1/alerts` |
//! | `{data: {groups: [{rules: [{alerts: […]}]}]}}` | Prometheus `/api/v1/rules` |
//! | `[{labels, annotations, startsAt, endsAt, status: {state}}]` | Alertmanager `/api/v2/alerts`, `amtool alert query -o json` |
//! | `{data: [{labels, …, status: {state}}]}` | Alertmanager `/api/v1/alerts` |
//! | `{status, groupLabels, alerts: [{status, labels, annotations, startsAt, endsAt}]}` | what Alertmanager posts to a webhook |
//! | `{alerts: [{type, name, status, evidence: [text]}]}` | anomaly detectors, which watch metrics and name the object that behaves otherwise than before |
//!
//! Each becomes a report of kind `Alert` with the fields `name`, `state` (`firing`, `pending`, `resolved`, `suppressed`),
//! `severity`, `startsAt`, `endsAt`, `summary`, `labels`, and `objectKind` and `objectName` where a detector names the object.
//! A PrometheusRule is configuration and not a state; it is an object and comes here only if it were one of these forms.

use coldcase_bundle::FileId;

use crate::{
    node::{Key, Node},
    text::HostReport,
};

/// More alerts than anybody has looked at; what follows is left out, and that is told.
pub(crate) const MOST: usize = 5_000;
/// Longest summary that is kept.
const LONGEST: usize = 400;
/// Texts of one object that are kept.
const TEXTS: usize = 50;

/// The alerts of a document, none if it is of no form that holds them; and whether there are more than [`MOST`].
pub(crate) fn read(document: &Node, file: FileId) -> (Vec<HostReport>, bool) {
    if document.get("kind").is_some() {
        return (Vec::new(), false);
    }
    let mut found = Vec::new();
    for alert in listed(document) {
        if alert
            .get("labels")
            .is_some_and(|labels| labels.get("alertname").is_some())
        {
            found.push(labelled(alert));
        } else if alert.get("evidence").is_some() {
            found.extend(detected(alert));
        }
        if found.len() > MOST {
            break;
        }
    }
    let more = found.len() > MOST;
    found.truncate(MOST);
    let reports = found
        .into_iter()
        .map(|root| HostReport {
            node: String::new(),
            kind: "Alert",
            root,
            file,
        })
        .collect();
    (reports, more)
}

/// What may be alerts, wherever the forms keep them.
fn listed(document: &Node) -> Vec<&Node> {
    let rules = document
        .items_at(&["data", "groups"])
        .iter()
        .flat_map(|group| group.items_at(&["rules"]))
        .flat_map(|rule| rule.items_at(&["alerts"]));
    document
        .items()
        .iter()
        .chain(document.items_at(&["alerts"]))
        .chain(document.items_at(&["data"]))
        .chain(document.items_at(&["data", "alerts"]))
        .chain(rules)
        .collect()
}

/// An alert of Prometheus or Alertmanager.
fn labelled(alert: &Node) -> Node {
    let mut fields = Vec::new();
    let mut keep = |field: &str, node: Option<&Node>| {
        let text = node.filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
        fields.extend(text.map(|node| (Key::new(field), short(node))));
    };
    keep("name", alert.at(&["labels", "alertname"]));
    keep("severity", alert.at(&["labels", "severity"]));
    // A time of the year 1 stands for none.
    let dated = |field: &str| {
        alert
            .get(field)
            .filter(|time| time.as_str().is_some_and(|text| !text.starts_with("0001-")))
    };
    keep("startsAt", dated("startsAt").or(dated("activeAt")));
    let summary = ["summary", "description", "message"]
        .iter()
        .find_map(|key| alert.at(&["annotations", key]));
    keep("summary", summary);
    let state = alert
        .get("state")
        .or_else(|| alert.at(&["status", "state"]))
        .or_else(|| alert.get("status"));
    let said = state.and_then(Node::as_str).unwrap_or("");
    let word = match said {
        "pending" => "pending",
        "resolved" | "inactive" | "expired" => "resolved",
        "suppressed" => "suppressed",
        _ => "firing",
    };
    let line = state.map_or(alert.line, |node| node.line);
    fields.push((Key::new("state"), Node::text(word).at_line(line)));
    if word == "resolved" {
        fields.extend(dated("endsAt").map(|time| (Key::new("endsAt"), time.clone())));
    }
    fields.extend(
        alert
            .get("labels")
            .map(|it| (Key::new("labels"), it.clone())),
    );
    whole(fields, alert.line)
}

/// The anomalies of one object that a detector names: an alert for each.
fn detected(alert: &Node) -> Vec<Node> {
    let (Some(kind), Some(name)) = (
        alert.get("type").or_else(|| alert.get("kind")),
        alert.get("name"),
    ) else {
        return Vec::new();
    };
    let calm = alert.str_at(&["status"]).is_some_and(|status| {
        ["normal", "ok", "healthy", "resolved"].contains(&status.to_ascii_lowercase().as_str())
    });
    alert
        .items_at(&["evidence"])
        .iter()
        .take(TEXTS)
        .filter_map(|text| {
            let said = text.as_str()?;
            let title = said.split(['[', '|', ':']).next()?.trim();
            let state = if calm { "resolved" } else { "firing" };
            let mut fields = vec![
                (Key::new("name"), Node::text(cut(title)).at_line(text.line)),
                (Key::new("summary"), short(text)),
                (Key::new("state"), Node::text(state).at_line(text.line)),
                (Key::new("objectKind"), short(kind)),
                (Key::new("objectName"), short(name)),
            ];
            fields.extend(
                alert
                    .get("namespace")
                    .map(|it| (Key::new("namespace"), short(it))),
            );
            fields.extend(
                alert
                    .get("severity")
                    .map(|it| (Key::new("severity"), short(it))),
            );
            Some(whole(fields, text.line))
        })
        .collect()
}

fn whole(fields: Vec<(Key, Node)>, line: u32) -> Node {
    let mut root = Node::map(Vec::new()).at_line(line);
    for (key, node) in fields {
        root.push_entry(key, node);
    }
    root
}

fn short(node: &Node) -> Node {
    match node.as_str() {
        Some(text) if text.len() > LONGEST => Node::text(cut(text)).at_line(node.line),
        _ => node.clone(),
    }
}

fn cut(text: &str) -> &str {
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| *at > LONGEST)
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alerts(text: &str) -> Vec<String> {
        let (documents, _) = crate::json::read(text);
        let told = |report: &HostReport| {
            let get = |field: &str| report.root.str_at(&[field]).unwrap_or("-").to_owned();
            let line = report.root.get("summary").map_or(0, |node| node.line);
            format!(
                "{} {} {} {} {} {} @{line}",
                get("name"),
                get("state"),
                get("severity"),
                get("startsAt"),
                get("objectKind"),
                report.root.str_at(&["labels", "pod"]).unwrap_or("-"),
            )
        };
        documents
            .iter()
            .flat_map(|document| read(document, FileId(0)).0)
            .map(|report| told(&report))
            .collect()
    }

    #[test]
    fn prometheus_and_alertmanager() {
        let prometheus = r#"{"status":"success","data":{"alerts":[
{"labels":{"alertname":"CPUThrottlingHigh","severity":"info","pod":"a-1"},
"annotations":{"summary":"throttled"},
"state":"firing","activeAt":"2026-07-14T09:20:00Z","value":"3e-01"},
{"labels":{"alertname":"Later"},"annotations":{},"state":"pending","activeAt":"2026-07-14T09:59:00Z"}]}}"#;
        assert_eq!(
            alerts(prometheus),
            [
                "CPUThrottlingHigh firing info 2026-07-14T09:20:00Z - a-1 @3",
                "Later pending - 2026-07-14T09:59:00Z - - @0"
            ]
        );
        let alertmanager = r#"[{"labels":{"alertname":"X","pod":"p"},"annotations":{"description":"d"},"startsAt":"2026-07-14T09:20:00Z","endsAt":"2026-07-14T10:20:00Z","status":{"state":"suppressed"}}]"#;
        assert_eq!(
            alerts(alertmanager),
            ["X suppressed - 2026-07-14T09:20:00Z - p @1"]
        );
        let webhook = r#"{"status":"firing","groupLabels":{},"alerts":[{"status":"resolved","labels":{"alertname":"X"},"startsAt":"0001-01-01T00:00:00Z","endsAt":"2026-07-14T09:30:00Z"}]}"#;
        assert_eq!(alerts(webhook), ["X resolved - - - - @0"]);
        let rules = r#"{"data":{"groups":[{"rules":[{"name":"X","alerts":[{"labels":{"alertname":"X"},"state":"firing"}]}]}]}}"#;
        assert_eq!(alerts(rules), ["X firing - - - - @0"]);
    }

    #[test]
    fn a_detector_names_an_object_and_says_what_is_abnormal() {
        let text = r#"{"status":"has_anomalies","alerts":[{"type":"Service","name":"cart","status":"ABNORMAL",
"evidence":["LATENCY [Slow] | p90: 3ms -> 90ms",
"ERRORS: 3 %"]}]}"#;
        assert_eq!(
            alerts(text),
            [
                "LATENCY firing - - Service - @2",
                "ERRORS firing - - Service - @3"
            ]
        );
    }

    #[test]
    fn other_documents_hold_none() {
        for text in [
            r#"{"kind":"PrometheusRule","alerts":[{"labels":{"alertname":"X"}}]}"#,
            r#"{"alerts":[]}"#,
            r#"{"alerts":[{"labels":{}}]}"#,
            r#"[1,"a",null]"#,
        ] {
            assert!(alerts(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn more_alerts_than_are_read_are_told() {
        let alert = r#"{"labels":{"alertname":"Down"},"status":{"state":"active"}}"#;
        for (count, told) in [(2, 0), (MOST, 0), (MOST + 1, 1)] {
            let text = format!("[{}]", vec![alert; count].join(",\n"));
            let bundle = coldcase_bundle::Bundle::from_texts("t", [("alerts.json", text.as_str())]);
            let snapshot = crate::read(&bundle);
            assert_eq!(snapshot.hosts.len(), count.min(MOST));
            assert_eq!(snapshot.problems.len(), told, "{:?}", snapshot.problems);
        }
    }

    proptest! {
        #[test]
        fn any_document_is_read(text in r#"[\[\]{}",:a-z0-9 ]{0,200}"#) {
            let _ = alerts(&text);
            let _ = alerts(&format!(r#"{{"alerts":[{{"type":"a","name":"b","evidence":{text}}}]}}"#));
            let _ = alerts(&format!(r#"[{{"labels":{{"alertname":"b"}},"status":{text}}}]"#));
        }
    }
}
