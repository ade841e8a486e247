//! Logs of containers as the kubelet would give them: tail, since, limit and stamps, or why there is none.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use coldcase_bundle::File;
use coldcase_snapshot::{
    Snapshot,
    line::{self, Stream},
    logs::{LogFile, Span},
    stamp::{self, When},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    Api,
    request::Request,
    response::{Failure, Response},
    store::{self, Item},
    value::{self, list, str},
};

/// Which log: namespace, pod, container, whether of the instance before.
type Key = (String, String, String, bool);

/// All logs of containers, and what the collector was told where it got none.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    files: BTreeMap<Key, LogFile>,
    excuses: BTreeMap<Key, String>,
}

impl Logs {
    pub(crate) fn new(snapshot: &Snapshot<'_>) -> Self {
        let mut files = BTreeMap::new();
        for log in snapshot.logs.iter().filter(|log| !log.pod.is_empty()) {
            let key = (
                log.namespace.clone(),
                log.pod.clone(),
                log.container.clone(),
                log.previous,
            );
            files.entry(key).or_insert_with(|| log.clone());
        }
        let mut excuses = BTreeMap::new();
        for command in &snapshot.commands {
            if command.exit != 0
                && let Some(key) = of_command(&command.argv)
            {
                let why: String = command.stderr.trim().chars().take(500).collect();
                excuses.insert(key, why);
            }
        }
        Self { files, excuses }
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }
}

/// The log that a command asked for: `kubectl logs POD -n NS -c CONTAINER [--previous]`.
fn of_command(argv: &[String]) -> Option<Key> {
    let mut words = argv.iter().map(String::as_str).skip(1);
    if words.next()? != "logs" {
        return None;
    }
    let (mut pod, mut namespace, mut container, mut previous) = ("", "", "", false);
    while let Some(word) = words.next() {
        match word {
            "-n" | "--namespace" => namespace = words.next()?,
            "-c" | "--container" => container = words.next()?,
            "-p" | "--previous" => previous = true,
            word if !word.starts_with('-') && pod.is_empty() => pod = word,
            _ => {}
        }
    }
    let whole = !pod.is_empty() && !container.is_empty();
    whole.then(|| {
        (
            namespace.to_owned(),
            pod.to_owned(),
            container.to_owned(),
            previous,
        )
    })
}

/// What a client wants of a log.
#[derive(Debug, Clone, Copy)]
struct Want {
    tail: Option<u64>,
    since: Option<Timestamp>,
    bytes: Option<u64>,
    stamps: bool,
}

impl Want {
    fn of(request: &Request, now: Option<Timestamp>) -> Result<Self, Failure> {
        let count = |name: &str| match request.param(name) {
            "" => Ok(None),
            text => text
                .parse::<i64>()
                .map(|number| u64::try_from(number).ok())
                .map_err(|_| Failure::bad(format!("{name}: `{text}` is no number"))),
        };
        let since = match (request.param("sinceTime"), count("sinceSeconds")?) {
            ("", None) => None,
            ("", Some(seconds)) => now.and_then(|now| {
                let seconds = i64::try_from(seconds).ok()?;
                now.checked_sub(SignedDuration::from_secs(seconds)).ok()
            }),
            (time, _) => Some(
                stamp::rfc3339(time)
                    .ok_or_else(|| Failure::bad(format!("sinceTime: `{time}` is no time")))?,
            ),
        };
        Ok(Self {
            tail: count("tailLines")?,
            since,
            bytes: count("limitBytes")?,
            stamps: request.flag("timestamps"),
        })
    }
}

impl Api {
    /// `/api/v1/namespaces/NS/pods/POD/log`
    pub(crate) fn log<'a>(
        &'a self,
        request: &Request,
        pods: &'a [Item],
        namespace: &str,
        name: &str,
    ) -> Result<Response<'a>, Failure> {
        let want = Want::of(request, self.now)?;
        let previous = request.flag("previous");
        let pod: Value = store::named(pods, namespace, name)
            .and_then(|pod| serde_json::from_str(&pod.json).ok())
            .unwrap_or_default();
        let container = match request.param("container") {
            "" => self.only_container(&pod, namespace, name)?,
            container => container.to_owned(),
        };
        let key = (namespace.to_owned(), name.to_owned(), container, previous);
        let Some(log) = self.logs.files.get(&key) else {
            return Err(self.no_log(&pod, &key));
        };
        let (file, span) = log.text(&self.bundle);
        let framed = is_framed(file, span);
        let response = Response::stream(
            "text/plain",
            Box::new(move |out: &mut dyn Write| write(file, span, want, framed, out)),
        );
        Ok(if framed || (!want.stamps && want.since.is_none()) {
            response
        } else {
            response.warn("this log was captured without timestamps")
        })
    }

    /// The container of a pod that has but one, as its spec or its logs say.
    fn only_container(&self, pod: &Value, namespace: &str, name: &str) -> Result<String, Failure> {
        let mut names: Vec<String> = list(pod, "spec.containers")
            .iter()
            .map(|container| str(container, "name").to_owned())
            .collect();
        if names.is_empty() {
            let logs = self.logs.files.keys();
            names = logs
                .filter(|(other, pod, ..)| other == namespace && pod == name)
                .map(|(_, _, container, _)| container.clone())
                .collect();
            names.dedup();
        }
        let default = "/metadata/annotations/kubectl.kubernetes.io~1default-container";
        match (
            names.as_slice(),
            pod.pointer(default).and_then(Value::as_str),
        ) {
            ([only], _) => Ok(only.clone()),
            (_, Some(default)) => Ok(default.to_owned()),
            ([], _) => Err(Failure::not_captured(format!(
                "log of pod \"{name}\": not captured in this bundle"
            ))),
            _ => Err(Failure::bad(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                names.join(" ")
            ))),
        }
    }

    /// Why there is no such log: as the collector was told, as the pod's status tells, or for no known reason.
    fn no_log(&self, pod: &Value, key: &Key) -> Failure {
        let (_, name, container, previous) = key;
        if let Some(told) = self.logs.excuses.get(key) {
            let plain = told
                .strip_prefix("Error from server (")
                .and_then(|rest| rest.split_once("): "))
                .map_or(told.as_str(), |(_, plain)| plain);
            return if told.contains("orbidden") {
                Failure::new(403, "Forbidden", plain)
            } else {
                Failure::bad(plain)
            };
        }
        let has = ["containers", "initContainers", "ephemeralContainers"]
            .iter()
            .flat_map(|part| list(pod, &format!("spec.{part}")))
            .any(|spec| str(spec, "name") == container);
        // Of a pod without a status no more than a name is known, and the containers of which there are logs.
        let whole = pod.get("status").is_some() && !list(pod, "spec.containers").is_empty();
        if whole && !has {
            return Failure::bad(format!("container {container} is not valid for pod {name}"));
        }
        let status = [
            "containerStatuses",
            "initContainerStatuses",
            "ephemeralContainerStatuses",
        ]
        .iter()
        .flat_map(|part| list(pod, &format!("status.{part}")))
        .find(|status| str(status, "name") == container);
        if let Some(status) = status {
            let ran_before = value::int(status, "restartCount") > 0
                || value::at(status, "lastState.terminated").is_some();
            let waiting = str(status, "state.waiting.reason");
            if *previous && !ran_before {
                return Failure::bad(format!(
                    "previous terminated container \"{container}\" in pod \"{name}\" not found"
                ));
            }
            if !*previous && !ran_before && !waiting.is_empty() {
                return Failure::bad(format!(
                    "container \"{container}\" in pod \"{name}\" is waiting to start: {waiting}"
                ));
            }
        }
        let which = if *previous { "previous log" } else { "log" };
        Failure::not_captured(format!(
            "{which} of container \"{container}\" in pod \"{name}\": not captured in this bundle"
        ))
    }
}

/// Calls with each line of a span until told to stop; lines come without their ends.
fn each_line(file: &File, span: Span, mut call: impl FnMut(&str) -> bool) {
    for chunk in file.chunks() {
        let mut number = chunk.first_line;
        if number > span.last {
            return;
        }
        for line in chunk.text.split_inclusive('\n') {
            let inside = (span.first..=span.last).contains(&number);
            number = number.saturating_add(1);
            let line = line.strip_suffix('\n').unwrap_or(line);
            if inside && !call(line) {
                return;
            }
        }
    }
}

/// Lines that are looked at to know whether a runtime or kubectl framed a log.
const LOOKED_AT: usize = 50;

/// Whether the lines of a log carry a stamp that their application did not write.
fn is_framed(file: &File, span: Span) -> bool {
    let (mut seen, mut framed) = (0, 0);
    each_line(file, span, |line| {
        if !line.trim().is_empty() {
            seen += 1;
            framed += usize::from(instant(line).is_some());
        }
        seen < LOOKED_AT
    });
    // The first and the last line may have been cut.
    framed > 0 && framed + 2 >= seen && framed * 2 > seen
}

/// The time that a frame gives to its line.
fn instant(line: &str) -> Option<Timestamp> {
    match line::frame(line).outer?.when {
        When::Instant(time) => Some(time),
        _ => None,
    }
}

/// Follows the lines of a log and says which are wanted by their time.
struct Since {
    from: Option<Timestamp>,
    inside: bool,
}

impl Since {
    fn new(want: Want, framed: bool) -> Self {
        let from = want.since.filter(|_| framed);
        Self {
            inside: from.is_none(),
            from,
        }
    }

    /// Lines without a time belong to the one before.
    fn wants(&mut self, line: &str) -> bool {
        if let (Some(from), Some(time)) = (self.from, self.from.and_then(|_| instant(line))) {
            self.inside = time >= from;
        }
        self.inside
    }
}

fn write(file: &File, span: Span, want: Want, framed: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut skip = 0;
    if let Some(tail) = want.tail {
        let mut since = Since::new(want, framed);
        let mut count = 0_u64;
        each_line(file, span, |line| {
            count += u64::from(since.wants(line));
            true
        });
        skip = count.saturating_sub(tail);
    }
    let mut since = Since::new(want, framed);
    let mut room = want.bytes.unwrap_or(u64::MAX);
    let mut result = Ok(());
    let mut continued = false;
    each_line(file, span, |line| {
        if !since.wants(line) {
            return true;
        }
        if skip > 0 {
            skip -= 1;
            return true;
        }
        let shown = shown(line, want.stamps, framed, &mut continued);
        let bytes = shown.as_bytes();
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        result = out.write_all(bytes.get(..fits).unwrap_or(bytes));
        room -= fits as u64;
        result.is_ok() && room > 0
    });
    result
}

/// A line as the kubelet gives it: its own frame taken off, its stamp kept if it is wanted.
fn shown(line: &str, stamps: bool, framed: bool, continued: &mut bool) -> String {
    if !framed {
        return format!("{line}\n");
    }
    let frame = line::frame(line);
    let Some(time) = frame.outer else {
        return format!("{line}\n");
    };
    let end = if frame.partial { "" } else { "\n" };
    let first = !std::mem::replace(continued, frame.partial);
    if !stamps || !first {
        return format!("{}{end}", frame.text);
    }
    // kubectl's own frame is what is wanted; a runtime's is made one.
    if frame.stream == Stream::Unknown && frame.source.is_empty() && !line.starts_with('{') {
        return format!("{line}{end}");
    }
    match time.when {
        When::Instant(time) => format!("{time:.9} {}{end}", frame.text),
        _ => format!("{line}{end}"),
    }
}

#[cfg(test)]
mod tests {
    use coldcase_bundle::Bundle;

    use super::*;

    fn log(text: &str, query: &str) -> String {
        let bundle = Bundle::from_texts(
            "t",
            [
                ("bundle.yaml", "captured_at: \"2026-07-14T03:00:00Z\"\n"),
                (
                    "manifest.jsonl",
                    "{\"argv\":[\"kubectl\",\"logs\",\"p\",\"-n\",\"n\",\"-c\",\"c\",\"--previous\"],\"file\":\"\",\"exit\":1,\"stderr\":\"Error from server (BadRequest): gone\"}\n",
                ),
                ("logs/n/p/c.log", text),
            ],
        );
        let api = Api::new(bundle, &coldcase_snapshot::Options::default());
        let target = format!("/api/v1/namespaces/n/pods/p/log?{query}");
        let request = Request::new("GET", &target).unwrap();
        String::from_utf8(api.answer(&request).into_bytes()).unwrap()
    }

    const STAMPED: &str = "2026-07-14T02:00:00.000000001Z one\n2026-07-14T02:30:00.000000001Z two\n2026-07-14T02:59:50.123456789Z three\n";

    #[test]
    fn a_log_is_cut_as_asked() {
        assert_eq!(log(STAMPED, ""), "one\ntwo\nthree\n");
        assert_eq!(log(STAMPED, "timestamps=true"), STAMPED);
        assert_eq!(log(STAMPED, "tailLines=2"), "two\nthree\n");
        assert_eq!(log(STAMPED, "tailLines=0"), "");
        assert_eq!(log(STAMPED, "sinceSeconds=1800&tailLines=1"), "three\n");
        assert_eq!(
            log(STAMPED, "sinceTime=2026-07-14T02:30:00Z"),
            "two\nthree\n"
        );
        assert_eq!(log(STAMPED, "limitBytes=5"), "one\nt");
        assert_eq!(log(STAMPED, "follow=true&container=c"), "one\ntwo\nthree\n");
    }

    #[test]
    fn the_frame_of_a_runtime_is_taken_off() {
        let cri = "2026-07-14T02:00:00.1Z stdout P on\n2026-07-14T02:00:00.2Z stdout F e\n2026-07-14T02:00:01Z stderr F two\n";
        assert_eq!(log(cri, ""), "one\ntwo\n");
        assert_eq!(
            log(cri, "timestamps=true"),
            "2026-07-14T02:00:00.100000000Z one\n2026-07-14T02:00:01.000000000Z two\n"
        );
        let bare = "first\nsecond\n";
        assert_eq!(log(bare, "timestamps=true&sinceSeconds=1"), bare);
    }

    #[test]
    fn what_is_not_there_says_why() {
        assert!(log(STAMPED, "previous=true").contains("\"message\":\"gone\""));
        assert!(log(STAMPED, "container=other").contains("not captured in this bundle"));
        assert!(log(STAMPED, "tailLines=x").contains("is no number"));
    }
}
