//! Finds what Kubernetes' components say where somebody quotes it alone: a scheduler's or a kubelet's message without its
//! event, and a refusal of the API server as `kubectl` and `helm` print it.

use super::{
    command::Kubectl,
    refusal, shell,
    transcript::Block,
    tree::{map, number, put, text},
};
use crate::{hosts::UNNAMED, node::Node};

/// Longer lines are no sentences.
const LONGEST: usize = 4 << 10;

/// Nobody writes that much between two commands, in bytes.
const LARGEST: usize = 1 << 20;

/// Sentences of one text; a ticket quotes a few.
const MOST: usize = 50;

/// Lines of a text that is read for nothing but a sentence.
const SHORT: usize = 200;

/// Lines that a sentence in a fence is broken into.
const BROKEN: u16 = 4;

/// How messages about pods begin, with the reason of the event that brings them (`pkg/kubelet/events` and the plugins'
/// own words). Each is told by the kubelet but for those of the attach controller.
const SENTENCES: &[(&str, &str)] = &[
    (
        "AttachVolume.Attach failed for volume ",
        "FailedAttachVolume",
    ),
    ("Back-off pulling image \"", "BackOff"),
    ("Back-off restarting failed container", "BackOff"),
    ("Error: ErrImageNeverPull", "ErrImageNeverPull"),
    ("Error: ErrImagePull", "Failed"),
    ("Error: ImagePullBackOff", "Failed"),
    ("Error: configmap \"", "Failed"),
    ("Error: container has runAsNonRoot", "Failed"),
    ("Error: couldn't find key ", "Failed"),
    ("Error: failed to create containerd task: ", "Failed"),
    ("Error: failed to generate container ", "Failed"),
    ("Error: failed to start container \"", "Failed"),
    ("Error: secret \"", "Failed"),
    ("Failed create pod sandbox: ", "FailedCreatePodSandBox"),
    ("Failed to create pod sandbox: ", "FailedCreatePodSandBox"),
    ("Failed to pull image \"", "Failed"),
    ("Liveness probe failed: ", "Unhealthy"),
    ("MapVolume.", "FailedMapVolume"),
    ("MountVolume.", "FailedMount"),
    ("Multi-Attach error for volume ", "FailedAttachVolume"),
    ("Readiness probe failed: ", "Unhealthy"),
    ("Startup probe failed: ", "Unhealthy"),
    ("The node was low on resource: ", "Evicted"),
    ("Unable to attach or mount volumes: ", "FailedMount"),
    ("Unable to mount volumes for pod ", "FailedMount"),
    ("failed to create containerd task: ", "Failed"),
    ("failed to start container \"", "Failed"),
];

/// What the scheduler says, behind the numbers of nodes.
const UNSCHEDULED: &str = " nodes are available: ";

/// Signs that may stand right before a quoted sentence.
const BEFORE: &[&str] = &[": ", "`", "\"", "'", "“", "(", "* ", "- ", "> "];

/// The API server's words when a webhook of its own does not answer.
const UNCALLED: &str = "failed calling webhook \"";

/// What is quoted of components without their events.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    /// Events of a pod that nobody names.
    pub events: Vec<Node>,
    /// Lines in which the API server refuses what somebody asked for.
    pub refusals: Vec<u32>,
}

/// Whether a text of which nothing else is known is something that somebody wrote: short, and in a file for that.
pub(super) fn is_of_people(path: &str, text: &str) -> bool {
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_for_people =
        !name.contains('.') || [".md", ".txt"].iter().any(|end| name.ends_with(end));
    is_for_people && text.lines().take(SHORT + 1).count() <= SHORT
}

/// Looks through everything but the output of commands that print what others wrote.
pub(super) fn quoted(blocks: &[Block<'_>]) -> Quoted {
    let mut found = Quoted::default();
    let may_quote = |block: &&Block<'_>| block.output.len() <= LARGEST && may_quote(&block.command);
    for block in blocks.iter().filter(may_quote) {
        let mut lines = (block.first_line..).zip(block.output.lines()).peekable();
        while let Some((line, body)) = lines.next() {
            if found.events.len() + found.refusals.len() >= MOST {
                return found;
            }
            if body.len() > LONGEST {
                continue;
            }
            if is_refusal(body) {
                found.refusals.push(line);
                continue;
            }
            let Some((reason, message)) = sentence(body) else {
                continue;
            };
            let mut message = message.trim_end().to_owned();
            let mut more_lines = 0;
            while block.fenced
                && more_lines + 1 < BROKEN
                && !message.ends_with('.')
                && let Some((_, more)) = lines.next_if(|(_, more)| goes_on(more))
            {
                message.push(' ');
                message.push_str(more.trim());
                more_lines += 1;
            }
            let message = Node {
                more_lines,
                ..text(&message, line)
            };
            found.events.push(event(line, reason, message));
        }
    }
    found
}

/// Prose, and commands that print no more than how they fared.
fn may_quote(command: &str) -> bool {
    const ASKED: &[&str] = &[
        "apply", "create", "edit", "install", "patch", "replace", "run", "scale", "set", "upgrade",
    ];
    shell::lines(command).iter().all(|line| {
        let tool = line.argv.first().map_or("", String::as_str);
        let verb = Kubectl::parse(&line.argv).verb;
        (tool == "helm" || shell::is_kubectl(tool)) && ASKED.contains(&verb.as_str())
    })
}

/// The line is no other sentence and no answer of kubectl's.
fn goes_on(line: &str) -> bool {
    let body = line.trim();
    !body.is_empty() && body.len() <= LONGEST && !refusal::is_one(body) && sentence(body).is_none()
}

/// `Internal error occurred: failed calling webhook "…": …`, with or without who says so; a component's log has its own
/// time before it, and is read as a log.
fn is_refusal(line: &str) -> bool {
    let body = line.trim_start_matches([' ', '\t', '>', '`', '-', '*', '"']);
    let starts = ["Internal error occurred: ", "Error", "error: ", UNCALLED];
    starts.iter().any(|start| body.starts_with(start)) && body.contains(UNCALLED)
}

/// The reason and the words of a sentence in a line.
fn sentence(line: &str) -> Option<(&'static str, &str)> {
    if let Some(at) = line.find(UNSCHEDULED) {
        let before = line.get(..at)?;
        let counts = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/');
        let (some, all) = before.get(counts.len()..)?.split_once('/')?;
        let is_number = |text: &str| text.parse::<u32>().is_ok();
        let whole = clean(line.get(counts.len()..)?);
        return (is_number(some) && is_number(all)).then_some(("FailedScheduling", whole));
    }
    SENTENCES.iter().find_map(|(start, reason)| {
        let at = line.find(start)?;
        let before = line.get(..at)?;
        let quoted = before.trim().is_empty() || BEFORE.iter().any(|sign| before.ends_with(sign));
        quoted.then(|| Some((*reason, clean(line.get(at..)?))))?
    })
}

/// A sentence without the quotes that close behind it.
fn clean(sentence: &str) -> &str {
    sentence.trim_end().trim_end_matches(['`', '*', '”'])
}

/// The event that such a sentence is of. It is told as something that holds: that is why somebody quotes it.
fn event(line: u32, reason: &str, message: Node) -> Node {
    let component = match reason {
        "FailedScheduling" => "default-scheduler",
        "FailedAttachVolume" => "attachdetach-controller",
        _ => "kubelet",
    };
    let mut root = map(vec![("kind", text("Event", line))], line);
    let fields: [(&[&str], Node); 8] = [
        (&["type"], text("Warning", line)),
        (&["reason"], text(reason, line)),
        (&["message"], message),
        (&["source", "component"], text(component, line)),
        (&["ageSeconds"], number(0, line)),
        (&["involvedObject", "kind"], text("Pod", line)),
        (&["involvedObject", "name"], text(UNNAMED, line)),
        (&["quoted"], text("true", line)),
    ];
    for (path, value) in fields {
        put(&mut root, path, value);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::{super::transcript, *};

    fn of(text: &str) -> (Vec<(u32, String, String)>, Vec<u32>) {
        let text = transcript::normalise(text);
        let found = quoted(&transcript::blocks(&text));
        let part = |event: &Node, key| event.str_at(&[key]).unwrap_or("").to_owned();
        let events = found.events.iter();
        let events = events.map(|it| (it.line, part(it, "reason"), part(it, "message")));
        (events.collect(), found.refusals)
    }

    fn one(line: &str) -> Option<(String, String)> {
        let (events, _) = of(&format!("We see:\n{line}\n"));
        let mut events = events.into_iter();
        let (_, reason, message) = events.next()?;
        assert!(events.next().is_none());
        Some((reason, message))
    }

    #[test]
    fn sentences_are_found_where_they_begin() {
        let unscheduled = "0/3 nodes are available: 3 Insufficient cpu.";
        for line in [
            unscheduled.to_owned(),
            format!("The pod is pending: {unscheduled}"),
            format!("- `{unscheduled}`"),
            format!("It says “{unscheduled}”"),
        ] {
            let found = one(&line).unwrap_or_default();
            assert_eq!(
                found,
                ("FailedScheduling".to_owned(), unscheduled.to_owned()),
                "{line}"
            );
        }
        let pull = "Failed to pull image \"shop:1\": unauthorized";
        assert_eq!(one(pull), Some(("Failed".to_owned(), pull.to_owned())));
        assert_eq!(
            one(&format!(
                "RunContainerError: {}",
                "failed to start container \"a\": no such file"
            )),
            Some((
                "Failed".to_owned(),
                "failed to start container \"a\": no such file".to_owned()
            ))
        );
        for line in [
            "some nodes are available: let us see",
            "We had a Readiness probe failed: message yesterday",
            "See MountVolume.SetUp",
        ] {
            assert_eq!(one(line), None, "{line}");
        }
    }

    #[test]
    fn fences_break_sentences() {
        let (events, _) = of(
            "```\n0/3 nodes are available: 1 node(s) had taint {a: }, \nthat the pod didn't tolerate, 2 Insufficient cpu.\nmore\n```\n",
        );
        let message = "0/3 nodes are available: 1 node(s) had taint {a: }, that the pod didn't tolerate, 2 Insufficient cpu.";
        assert_eq!(
            events,
            [(2, "FailedScheduling".to_owned(), message.to_owned())]
        );
    }

    #[test]
    fn answers_of_the_server_count_and_logs_do_not() {
        let refusal = "Error from server (InternalError): error when creating \"a.yaml\": Internal error occurred: failed calling webhook \"a.b\": Post \"https://a.b.svc:443/\": context deadline exceeded";
        assert_eq!(
            of(&format!("$ kubectl apply -f a.yaml\n{refusal}\n")).1,
            [2]
        );
        assert_eq!(
            of(&format!(
                "$ helm upgrade a b\nError: UPGRADE FAILED: {refusal}\n"
            ))
            .1,
            [2]
        );
        assert_eq!(of(&format!("we get\n>```{refusal}```\n")).1, [2]);
        assert_eq!(
            of(&format!("$ kubectl logs a\n{refusal}\n")).1,
            [] as [u32; 0]
        );
        let probe = "Readiness probe failed: HTTP probe failed";
        assert!(of(&format!("$ kubectl logs a\n{probe}\n")).0.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_safe(text in "[0-9/ :`“a-c\\n]{0,20}( nodes are available: |MountVolume\\.|failed calling webhook \")?[0-9/ :`“é\\n]{0,20}") {
            of(&text);
        }
    }
}
