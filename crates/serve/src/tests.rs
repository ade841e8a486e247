//! Requests to a small bundle, from path to body.

use coldcase_snapshot::Options;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const PODS: &str = "apiVersion: v1\nitems:
- apiVersion: v1
  kind: Pod
  metadata: {name: a, namespace: one, labels: {app: web}, resourceVersion: \"5\", creationTimestamp: \"2026-07-14T02:00:00Z\"}
  spec: {nodeName: n1, containers: [{name: app}]}
  status: {phase: Running}
- apiVersion: v1
  kind: Pod
  metadata: {name: b, namespace: one, labels: {app: db}}
  spec: {containers: [{name: app}]}
  status: {phase: Pending}
- apiVersion: v1
  kind: Pod
  metadata: {name: c, namespace: two, labels: {app: web}}
  spec: {containers: [{name: app}, {name: side}]}
  status: {phase: Running}
kind: List
";

const MANIFEST: &str = "{\"argv\":[\"kubectl\",\"get\",\"pods\",\"-A\",\"-o\",\"yaml\"],\"file\":\"cluster/pods.yaml\",\"exit\":0,\"stderr\":\"\"}
{\"argv\":[\"kubectl\",\"get\",\"secrets\",\"-A\"],\"file\":\"\",\"exit\":1,\"stderr\":\"Error from server (Forbidden): secrets is forbidden\"}
{\"argv\":[\"kubectl\",\"get\",\"configmaps\",\"-n\",\"one\"],\"file\":\"cluster/configmaps.yaml\",\"exit\":0,\"stderr\":\"\"}
";

fn api() -> Api {
    let bundle = Bundle::from_texts(
        "t",
        [
            ("bundle.yaml", "captured_at: \"2026-07-14T03:00:00Z\"\n"),
            ("manifest.jsonl", MANIFEST),
            ("cluster/pods.yaml", PODS),
            (
                "cluster/jobs.yaml",
                "apiVersion: batch/v1\nitems: []\nkind: JobList\n",
            ),
            (
                "cluster/configmaps.yaml",
                "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: m, namespace: one, uid: u}\nkind: List\n",
            ),
            ("cluster/readyz.txt", "[+]ping ok\n"),
            (
                "cluster/version.yaml",
                "serverVersion:\n  gitVersion: v1.31.2\n",
            ),
        ],
    );
    Api::new(bundle, &Options::default())
}

fn ask(api: &Api, method: &str, target: &str, accept: &str) -> (u16, String, Value) {
    let mut request = Request::new(method, target).unwrap();
    accept.clone_into(&mut request.accept);
    let response = api.answer(&request);
    let warning = response
        .headers
        .iter()
        .find(|(name, _)| *name == "Warning")
        .map_or(String::new(), |(_, text)| text.clone());
    let status = response.status;
    let body = serde_json::from_slice(&response.into_bytes()).unwrap_or_default();
    (status, warning, body)
}

fn get(api: &Api, target: &str) -> (u16, Value) {
    let (status, _, body) = ask(api, "GET", target, "");
    (status, body)
}

fn names(list: &Value) -> Vec<&str> {
    value::list(list, "items")
        .iter()
        .map(|item| value::str(item, "metadata.name"))
        .collect()
}

#[test]
fn lists_gets_and_selectors() {
    let api = api();
    let (status, list) = get(&api, "/api/v1/pods");
    assert_eq!(status, 200);
    assert_eq!(list["kind"], "PodList");
    assert_eq!(list["metadata"]["resourceVersion"], "5");
    assert_eq!(names(&list), ["a", "b", "c"]);
    let (_, list) = get(&api, "/api/v1/namespaces/one/pods?labelSelector=app%3Dweb");
    assert_eq!(names(&list), ["a"]);
    let (_, list) = get(&api, "/api/v1/pods?fieldSelector=status.phase%21%3DRunning");
    assert_eq!(names(&list), ["b"]);
    let (_, pod) = get(&api, "/api/v1/namespaces/two/pods/c");
    assert_eq!(pod["spec"]["containers"][1]["name"], "side");
    assert_eq!(get(&api, "/api/v1/namespaces/two/pods/x").0, 404);
    assert_eq!(get(&api, "/api/v1/pods?fieldSelector=spec.x%3D1").0, 400);
    assert_eq!(get(&api, "/api/v1/pods?labelSelector=a%20b").0, 400);
}

#[test]
fn pages_give_every_object_once() {
    let api = api();
    for selector in [
        "",
        "&labelSelector=app",
        "&fieldSelector=metadata.name%21%3Dx",
    ] {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let (_, list) = get(
                &api,
                &format!("/api/v1/pods?limit=1{selector}&continue={token}"),
            );
            all.extend(names(&list).into_iter().map(str::to_owned));
            token = value::str(&list, "metadata.continue").to_owned();
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(all, ["a", "b", "c"], "{selector}");
    }
    assert_eq!(get(&api, "/api/v1/pods?continue=zzz").0, 400);
}

#[test]
fn what_was_not_captured_is_an_error() {
    let api = api();
    let (status, body) = get(&api, "/apis/apps/v1/deployments");
    assert_eq!((status, body["reason"].as_str()), (403, Some(NOT_CAPTURED)));
    assert_eq!(
        body["message"],
        "deployments.apps: not captured in this bundle"
    );
    let (status, body) = get(&api, "/api/v1/namespaces/one/secrets");
    assert_eq!((status, body["reason"].as_str()), (403, Some("Forbidden")));
    let (status, body) = get(&api, "/apis/batch/v1/jobs");
    assert_eq!((status, names(&body).len()), (200, 0));
    assert_eq!(
        get(&api, "/apis/apps/v1/namespaces/one/deployments/x").1["reason"],
        NOT_CAPTURED
    );
    assert_eq!(get(&api, "/api/v1/namespaces/two/configmaps").0, 403);
    assert_eq!(get(&api, "/api/v1/namespaces/one/configmaps").0, 200);
    let (status, warning, _) = ask(&api, "GET", "/api/v1/configmaps", "");
    assert_eq!(status, 200);
    assert!(warning.contains("these namespaces only: one"), "{warning}");
}

#[test]
fn tables_and_metadata() {
    let api = api();
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, _, table) = ask(&api, "GET", "/api/v1/pods?limit=2", accept);
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["rows"][0]["cells"][4], "60m");
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert!(table["metadata"]["continue"].is_string());
    let (_, _, table) = ask(
        &api,
        "GET",
        "/api/v1/namespaces/one/pods/a?includeObject=Object",
        accept,
    );
    assert_eq!(table["rows"][0]["object"]["spec"]["nodeName"], "n1");
    let accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    let (_, _, list) = ask(&api, "GET", "/api/v1/pods", accept);
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["items"][0]["metadata"]["labels"]["app"], "web");
    assert_eq!(list["items"][0].get("spec"), None);
    assert_eq!(ask(&api, "GET", "/api/v1/pods", "application/cbor").0, 406);
}

#[test]
fn watches_say_once_what_there_is() {
    let api = api();
    let lines = |target: &str| {
        let response = api.answer(&Request::new("GET", target).unwrap());
        assert!(matches!(response.body, Body::Watch { .. }));
        let text = String::from_utf8(response.into_bytes()).unwrap();
        let events: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        events
    };
    assert_eq!(lines("/api/v1/pods?watch=true").len(), 3);
    assert_eq!(
        lines("/api/v1/pods?watch=1&resourceVersion=5&timeoutSeconds=3").len(),
        0
    );
    assert_eq!(lines("/api/v1/watch/namespaces/two/pods").len(), 1);
    let events = lines(
        "/api/v1/pods?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersion=",
    );
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[3]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

#[test]
fn nothing_is_ever_written() {
    let api = api();
    for method in ["POST", "PUT", "PATCH", "DELETE", "CONNECT"] {
        let (status, _, body) = ask(&api, method, "/api/v1/namespaces/one/pods/a", "");
        assert_eq!(
            (status, body["kind"].as_str()),
            (405, Some("Status")),
            "{method}"
        );
    }
    let review = |verb: &str, resource: &str| {
        let target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let mut request = Request::new("POST", target).unwrap();
        request.body =
            json!({"spec": {"resourceAttributes": {"verb": verb, "resource": resource}}})
                .to_string()
                .into_bytes();
        let body: Value = serde_json::from_slice(&api.answer(&request).into_bytes()).unwrap();
        body["status"]["allowed"].as_bool().unwrap()
    };
    assert!(review("list", "pods"));
    assert!(!review("delete", "pods") && !review("get", "secrets") && !review("get", "widgets"));
}

#[test]
fn the_rest_of_the_server() {
    let api = api();
    assert_eq!(get(&api, "/version").1["minor"], "31");
    assert_eq!(
        api.answer(&Request::new("GET", "/readyz?verbose").unwrap())
            .into_bytes(),
        b"[+]ping ok\n"
    );
    assert_eq!(get(&api, "/livez").0, 403);
    assert_eq!(get(&api, "/apis/nowhere/v1/things").0, 404);
    assert_eq!(get(&api, "/api/v1/namespaces/one/nodes").0, 404);
    assert_eq!(get(&api, "/api/v1/nodes/n1/proxy/logs/").0, 403);
    assert_eq!(get(&api, "/api/v1/namespaces/two/pods/c/log").0, 400);
    assert_eq!(api.plural_of("Deployment").as_deref(), Some("deployments"));
    assert_eq!(api.plural_of("po").as_deref(), Some("pods"));
    assert_eq!(api.plural_of("podz"), None);
    let logs = Request::new("GET", "/api/v1/namespaces/n/pods/p/log").unwrap();
    assert_eq!(api.resource_of(&logs).as_deref(), Some("logs"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_request_is_answered(
        method in "GET|POST|HEAD|X",
        path in "(/(api|apis|v1|pods|namespaces|one|watch|log|apps|a|\\PC{0,5})){0,7}",
        query in "((watch|limit|continue|labelSelector|tailLines|container)=(1|a|-1|,|\\PC{0,5})&){0,3}",
        accept in "application/json;as=Table;v=v1;g=meta.k8s.io|",
    ) {
        thread_local!(static API: Api = api());
        if let Some(mut request) = Request::new(&method, &format!("/{path}?{query}")) {
            request.accept = accept;
            API.with(|api| {
                let response = api.answer(&request);
                prop_assert!((200..600).contains(&response.status));
                response.into_bytes();
                Ok(())
            })?;
        }
    }
}
