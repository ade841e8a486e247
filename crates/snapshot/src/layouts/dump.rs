//! `kubectl cluster-info dump`: logs of several containers framed in one file, with documents between them if it was standard output.

use coldcase_bundle::{File, FileId};

use super::place::Place;
use crate::{
    json,
    logs::{LogFile, Span},
    node::Node,
    yaml::{self, Document},
};

pub(crate) const START: &str = "==== START logs for ";
const END: &str = "==== END logs for ";
const CLOSE: &str = " ====";
/// What the dump writes in place of a log that it could not get.
const ERRORS: &[&str] = &["Create log request error: ", "Request log error: "];

/// One framed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    namespace: String,
    pod: String,
    container: String,
    /// The line of the opening frame.
    start: u32,
    /// The line of the closing frame, or the one after the last.
    end: u32,
    /// Why the dump has no log.
    error: Option<String>,
}

/// `container C of pod NS/POD` between the marker and the close, or `NS/POD` as tools that imitate it write.
fn frame_of<'l>(line: &'l str, marker: &str) -> Option<(&'l str, &'l str, &'l str)> {
    let inner = line.strip_prefix(marker)?.trim_end().strip_suffix(CLOSE)?;
    let (container, rest) = match inner.strip_prefix("container ") {
        Some(inner) => inner.split_once(" of pod ")?,
        None => ("", inner),
    };
    let (namespace, pod) = rest.split_once('/')?;
    let plain = |name: &str| !name.is_empty() && !name.contains([' ', '/']);
    (plain(namespace) && plain(pod)).then_some((container, namespace, pod))
}

/// The frames of a text, in order. A frame that nothing closes ends where the next begins.
pub(crate) fn frames(text: &str) -> Vec<Frame> {
    let mut frames = Frames::default();
    frames.read(text, 1);
    frames.finish()
}

/// Finds frames in a text that comes in pieces of whole lines.
#[derive(Default)]
struct Frames {
    found: Vec<Frame>,
    open: bool,
    last: u32,
}

impl Frames {
    fn read(&mut self, lines: &str, first: u32) {
        for (line, number) in lines.lines().zip(first..) {
            self.line(line, number);
        }
    }

    fn line(&mut self, line: &str, number: u32) {
        self.last = number;
        if let Some((container, namespace, pod)) = frame_of(line, START) {
            if let Some(frame) = self.found.last_mut().filter(|_| self.open) {
                frame.end = number;
            }
            self.found.push(Frame {
                namespace: namespace.to_owned(),
                pod: pod.to_owned(),
                container: container.to_owned(),
                start: number,
                end: number,
                error: None,
            });
            self.open = true;
        } else if self.open
            && let Some(frame) = self.found.last_mut()
        {
            if frame_of(line, END).is_some() {
                frame.end = number;
                self.open = false;
            } else if number == frame.start + 1 && ERRORS.iter().any(|e| line.starts_with(e)) {
                frame.error = Some(line.trim().to_owned());
            }
        }
    }

    fn finish(mut self) -> Vec<Frame> {
        if let Some(frame) = self.found.last_mut().filter(|_| self.open) {
            frame.end = self.last.saturating_add(1);
        }
        self.found
    }
}

/// The logs inside a file, with their lines; and those that could not be got: container, reason, line.
pub(crate) fn logs(id: FileId, file: &File) -> (Vec<LogFile>, Vec<(Place, String, u32)>) {
    let mut found = Vec::new();
    let mut failed = Vec::new();
    let mut frames = Frames::default();
    for chunk in file.chunks() {
        frames.read(&chunk.text, chunk.first_line);
    }
    for frame in frames.finish() {
        let place = Place {
            namespace: frame.namespace,
            pod: frame.pod,
            container: frame.container,
            ..Place::default()
        };
        if let Some(error) = frame.error {
            failed.push((place, error, frame.start + 1));
        } else if frame.end > frame.start + 1 {
            found.push(LogFile {
                span: Span {
                    first: frame.start + 1,
                    last: frame.end - 1,
                },
                ..place.log(id)
            });
        }
    }
    (found, failed)
}

/// Documents and errors (line, what) of a file.
pub(crate) type Documents = (Vec<Node>, Vec<(u32, String)>);

/// Whether a text that begins like this may be a dump in one file.
pub(crate) fn may_open(head: &str) -> bool {
    let opens = head.trim_start_matches('\u{feff}').trim_start();
    opens.is_empty()
        || ["{", START, "apiVersion:"]
            .iter()
            .any(|it| opens.starts_with(it))
}

/// The documents of a dump that was written to one file: what lies between the frames. `None` for
/// any other text.
pub(crate) fn documents(text: &str, reading: &yaml::Reading) -> Option<Documents> {
    let opens = text.trim_start_matches('\u{feff}').trim_start();
    let as_json = opens.starts_with('{');
    let start = opens.starts_with(START);
    if !as_json && !start && !opens.starts_with("apiVersion:") {
        return None;
    }
    if !start && !text.contains("\n==== START logs for ") {
        return None;
    }
    // Blank lines in place of logs keep every other line's number.
    let mut rest = String::with_capacity(text.len() / 2);
    let mut frames = frames(text).into_iter().peekable();
    for (line, number) in text.lines().zip(1_u32..) {
        while frames.next_if(|frame| frame.end < number).is_some() {}
        let framed = frames
            .peek()
            .is_some_and(|frame| (frame.start..=frame.end).contains(&number));
        if !framed {
            rest.push_str(line);
        }
        rest.push('\n');
    }
    if rest.trim().is_empty() {
        return None;
    }
    if as_json || !rest.contains("\napiVersion:") && !rest.starts_with("apiVersion:") {
        let (documents, error) = json::read_with(&rest, reading);
        return Some((
            documents,
            error
                .into_iter()
                .map(|error| (error.line, format!("not valid JSON: {}", error.what)))
                .collect(),
        ));
    }
    let yaml::Documents {
        nodes: documents,
        errors,
        ..
    } = yaml::read(&rest, reading);
    Some((
        documents.into_iter().map(Document::whole).collect(),
        errors
            .into_iter()
            .map(|error| (error.line, format!("not valid YAML: {}", error.what)))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "{\n \"kind\": \"NodeList\", \"items\": []\n}\n==== START logs for container c of pod n/p ====\n{\"not\": \"an object\"\n==== END logs for container c of pod n/p ====\n==== START logs for container d of pod n/p ====\nRequest log error: gone\n==== END logs for container d of pod n/p ====\n{\n \"kind\": \"PodList\"\n}\n";

    #[test]
    fn frames_become_spans_and_errors_do_not() {
        let bundle = coldcase_bundle::Bundle::from_texts("t", [("dump.txt", TEXT)]);
        let (id, file) = bundle.iter().next().unwrap();
        let (found, failed) = logs(id, file);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].container.as_str(), found[0].span),
            ("c", Span { first: 5, last: 5 })
        );
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].0.container.as_str(), failed[0].2), ("d", 8));
    }

    #[test]
    fn documents_between_frames_keep_their_lines() {
        let (found, errors) = documents(TEXT, &yaml::Reading::default()).unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let lines: Vec<u32> = found.iter().map(|node| node.line).collect();
        assert_eq!(lines, [1, 10]);
        assert!(documents("{\"a\": 1}\n", &yaml::Reading::default()).is_none());
        let only_logs = "==== START logs for container c of pod n/p ====\nx\n==== END logs for container c of pod n/p ====\n";
        assert!(documents(only_logs, &yaml::Reading::default()).is_none());
    }

    #[test]
    fn an_open_frame_ends_with_the_next_or_the_file() {
        let text = "==== START logs for container a of pod n/p ====\n1\n==== START logs for container b of pod n/p ====\n2\n3";
        let ends: Vec<(u32, u32)> = frames(text).iter().map(|f| (f.start, f.end)).collect();
        assert_eq!(ends, [(1, 3), (3, 6)]);
    }

    #[test]
    fn a_frame_may_name_the_pod_alone() {
        let text = "==== START logs for shop/cart-0 ====\nx\n==== END logs for shop/cart-0 ====\n==== START logs for the day ====\n";
        let found = frames(text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].namespace.as_str(), found[0].pod.as_str()),
            ("shop", "cart-0")
        );
        assert_eq!((found[0].start, found[0].end), (1, 3));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(==== (START|END) logs for container (a|b) of pod n/p ====|\\{|\\}|x|\n|\r\n){0,40}") {
            let lines = u32::try_from(text.lines().count()).unwrap();
            for frame in frames(&text) {
                prop_assert!(frame.start < frame.end || frame.end == frame.start + 1 || frame.end > lines || frame.end >= frame.start);
                prop_assert!(frame.end <= lines + 1);
            }
            let _ = documents(&text, &yaml::Reading::default());
        }
    }
}
