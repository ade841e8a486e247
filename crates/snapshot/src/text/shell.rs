//! Takes a shell command line apart: words, pipes, redirections, and the wrappers (`sudo`, `watch` …) before the command.

/// Commands and words beyond these are no command that a person typed.
const MAX_WORDS: usize = 200;
const MAX_LINE: usize = 8_192;

/// One pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The first command of the pipe: wrappers and redirections removed.
    pub argv: Vec<String>,
    /// The commands after a pipe sign.
    pub filters: Vec<Vec<String>>,
    /// The output went to a file.
    pub redirected: bool,
    /// Machine that the command ran on, if a wrapper says so (`ssh`, `kubectl debug node/…`).
    pub host: String,
    /// Namespace and pod that the command ran in (`kubectl exec`).
    pub pod: Option<(Option<String>, String)>,
    /// Repeated by `watch`.
    pub watched: bool,
}

enum Token {
    Word(String),
    Pipe,
    Next,
}

/// The pipelines of a command line, without those that print nothing (`cd`, `export` …).
pub(super) fn lines(command: &str) -> Vec<Line> {
    if command.len() > MAX_LINE {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut stages: Vec<Vec<String>> = vec![Vec::new()];
    for token in tokens(command).into_iter().chain([Token::Next]) {
        match token {
            Token::Word(word) => {
                if let Some(stage) = stages.last_mut()
                    && stage.len() < MAX_WORDS
                {
                    stage.push(word);
                }
            }
            Token::Pipe => stages.push(Vec::new()),
            Token::Next => {
                let all = std::mem::replace(&mut stages, vec![Vec::new()]);
                found.extend(line(all));
            }
        }
    }
    found
}

fn line(stages: Vec<Vec<String>>) -> Option<Line> {
    let mut redirected = false;
    let mut stages: Vec<Vec<String>> = stages
        .into_iter()
        .map(|stage| without_redirections(stage, &mut redirected))
        .collect();
    let mut line = Line {
        redirected,
        ..Line::default()
    };
    if stages.is_empty() {
        return None;
    }
    line.argv = stages.remove(0);
    line.filters = stages;
    unwrap(&mut line);
    let silent = matches!(
        line.argv.first().map(String::as_str),
        None | Some("cd" | "export" | "set" | "sleep" | "alias" | "source" | "true" | "clear")
    );
    (!silent).then_some(line)
}

fn tokens(command: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars().peekable();
    let flush = |word: &mut Option<String>, found: &mut Vec<Token>| {
        found.extend(word.take().map(Token::Word));
    };
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => flush(&mut word, &mut found),
            '\'' => {
                let text = word.get_or_insert_default();
                text.extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                let text = word.get_or_insert_default();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => text.extend(chars.next()),
                        _ => text.push(c),
                    }
                }
            }
            // A backslash before a separator of a Windows path is kept.
            '\\' => {
                let text = word.get_or_insert_default();
                match chars.peek() {
                    Some(next) if next.is_ascii_alphanumeric() => text.push('\\'),
                    _ => text.extend(chars.next()),
                }
            }
            '|' if chars.peek() == Some(&'|') => {
                chars.next();
                flush(&mut word, &mut found);
                found.push(Token::Next);
            }
            '|' => {
                flush(&mut word, &mut found);
                if chars.peek() == Some(&'&') {
                    chars.next();
                }
                found.push(Token::Pipe);
            }
            '&' if chars.peek() == Some(&'&') => {
                chars.next();
                flush(&mut word, &mut found);
                found.push(Token::Next);
            }
            ';' => {
                flush(&mut word, &mut found);
                found.push(Token::Next);
            }
            '#' if word.is_none() => break,
            _ => word.get_or_insert_default().push(c),
        }
    }
    flush(&mut word, &mut found);
    found
}

/// Drops `2>&1`, `>/dev/null`, `> file`, `<file` and a background sign.
fn without_redirections(stage: Vec<String>, redirected: &mut bool) -> Vec<String> {
    let mut kept = Vec::with_capacity(stage.len());
    let mut words = stage.into_iter();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if word == "&" {
            continue;
        }
        let Some(target) = bare.strip_prefix('>') else {
            match bare.strip_prefix('<') {
                // `<none>` and the like are words of a pasted table, not redirections.
                Some(rest) if !word.ends_with('>') => {
                    if rest.is_empty() {
                        words.next();
                    }
                }
                _ => kept.push(word),
            }
            continue;
        };
        let target = target.trim_start_matches('>');
        let target = if target.is_empty() {
            words.next().unwrap_or_default()
        } else {
            target.to_owned()
        };
        if !word.starts_with('2') && !target.starts_with('&') {
            *redirected = true;
        }
    }
    kept
}

/// Words before the command proper, and options of theirs that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    (
        "sudo",
        &["-u", "-g", "-h", "-p", "-U", "-C", "--user", "--group"],
    ),
    ("doas", &["-u"]),
    ("watch", &["-n", "--interval"]),
    ("time", &[]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("nohup", &[]),
    ("nice", &["-n"]),
    ("env", &["-u"]),
    ("exec", &[]),
    ("command", &[]),
    ("unbuffer", &[]),
    ("stdbuf", &["-o", "-i", "-e"]),
    ("chroot", &[]),
    ("nsenter", &["-t", "--target"]),
    ("microk8s", &[]),
    ("k3s", &[]),
    ("do", &[]),
    ("then", &[]),
];

fn unwrap(line: &mut Line) {
    for _ in 0..8 {
        drop_assignments(&mut line.argv);
        let Some(first) = line.argv.first().map(|word| base_name(word).to_owned()) else {
            return;
        };
        if let Some((_, valued)) = WRAPPERS.iter().find(|(name, _)| *name == first.as_str()) {
            line.watched |= first == "watch";
            drop_wrapper(&mut line.argv, &first, valued);
        } else if first == "ssh" {
            line.host = ssh(&mut line.argv);
        } else if let Some(inner) = inside(line) {
            line.argv = inner;
        } else {
            if let Some(word) = line.argv.first_mut() {
                base_name(&word.clone()).clone_into(word);
            }
            return;
        }
    }
}

fn drop_assignments(argv: &mut Vec<String>) {
    let is_assignment = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    let count = argv.iter().take_while(|word| is_assignment(word)).count();
    argv.drain(..count);
}

fn drop_wrapper(argv: &mut Vec<String>, name: &str, valued: &[&str]) {
    argv.remove(0);
    while argv.first().is_some_and(|word| word.starts_with('-')) {
        let option = argv.remove(0);
        if valued.contains(&option.as_str()) && !argv.is_empty() {
            argv.remove(0);
        }
    }
    // Both take one word of their own before the command.
    if matches!(name, "timeout" | "chroot") && !argv.is_empty() {
        argv.remove(0);
    }
    // `watch "kubectl get pods"`
    if name == "watch"
        && argv.len() == 1
        && let Some(word) = argv.first().filter(|word| word.contains(' ')).cloned()
    {
        *argv = words(&word);
    }
}

fn words(text: &str) -> Vec<String> {
    tokens(text)
        .into_iter()
        .map_while(|token| match token {
            Token::Word(word) => Some(word),
            Token::Pipe | Token::Next => None,
        })
        .collect()
}

/// `ssh [options] [user@]host command…`
fn ssh(argv: &mut Vec<String>) -> String {
    drop_wrapper(argv, "ssh", &["-i", "-p", "-o", "-l", "-F", "-J", "-E"]);
    if argv.is_empty() {
        return String::new();
    }
    let target = argv.remove(0);
    if argv.len() == 1
        && let Some(word) = argv.first().filter(|word| word.contains(' ')).cloned()
    {
        *argv = words(&word);
    }
    target
        .rsplit_once('@')
        .map_or(target.as_str(), |(_, host)| host)
        .to_owned()
}

/// The command inside `kubectl exec pod -- …` and `kubectl debug node/name -- …`.
fn inside(line: &mut Line) -> Option<Vec<String>> {
    if !is_kubectl(base_name(line.argv.first()?)) {
        return None;
    }
    let at = line.argv.iter().position(|word| word == "--")?;
    let command = super::command::Kubectl::parse(line.argv.get(..at)?);
    let inner = line.argv.get(at + 1..).filter(|inner| !inner.is_empty())?;
    let target = command.words.first()?;
    match (command.verb.as_str(), target.split_once('/')) {
        ("debug", Some(("node" | "nodes" | "no", node))) => node.clone_into(&mut line.host),
        ("exec" | "rsh" | "debug", Some(("pod" | "pods" | "po", pod))) => {
            line.pod = Some((command.namespace.clone(), pod.to_owned()));
        }
        ("exec" | "rsh" | "debug", Some((_, owner))) => {
            line.pod = Some((command.namespace.clone(), owner.to_owned()));
        }
        ("exec" | "rsh" | "debug" | "run", None) => {
            line.pod = Some((command.namespace.clone(), target.clone()));
        }
        _ => return None,
    }
    let mut inner = inner.to_vec();
    // `sh -c "…"`
    if let [shell, flag, script, ..] = inner.as_slice()
        && matches!(base_name(shell), "sh" | "bash" | "ash")
        && flag.starts_with('-')
        && flag.ends_with('c')
    {
        inner = words(script);
    }
    Some(inner)
}

/// The last part of a path, without `.exe`.
pub(super) fn base_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// kubectl under one of its names.
pub(super) fn is_kubectl(tool: &str) -> bool {
    matches!(
        tool,
        "kubectl" | "Kubectl" | "oc" | "k" | "kubecolor" | "microk8s.kubectl" | "kc"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(command: &str) -> String {
        let found = lines(command);
        assert_eq!(found.len(), 1, "{command}: {found:?}");
        found.first().unwrap().argv.join(" ")
    }

    #[test]
    fn wrappers_fall_away() {
        assert_eq!(argv("sudo kubectl get pods"), "kubectl get pods");
        assert_eq!(argv("sudo -u root -i kubectl get po"), "kubectl get po");
        assert_eq!(argv("KUBECONFIG=/x kubectl get po"), "kubectl get po");
        assert_eq!(argv("watch -n 2 'kubectl get po'"), "kubectl get po");
        assert_eq!(argv("/usr/bin/kubectl get po 2>&1"), "kubectl get po");
        assert_eq!(argv("cd /tmp && oc get po # all"), "oc get po");
        assert_eq!(argv("time timeout 5 df -h"), "df -h");
        assert_eq!(argv(r"C:\bin\kubectl.exe get po"), "kubectl get po");
    }

    #[test]
    fn pipes_redirections_and_places() {
        let found = lines("kubectl get po -A 2>/dev/null | grep -v \"Running|x\" | head -5");
        let line = found.first().unwrap();
        assert_eq!(line.argv.len(), 4);
        assert_eq!(line.filters.len(), 2);
        assert!(!line.redirected);
        assert!(lines("kubectl get po > x.txt").first().unwrap().redirected);
        let remote = lines("ssh -i key core@node-1 'df -h /var'");
        let remote = remote.first().unwrap();
        assert_eq!((remote.host.as_str(), remote.argv.len()), ("node-1", 3));
        let exec = lines("kubectl -n shop exec -it web-1 -c app -- sh -c 'curl -s http://api:80'");
        let exec = exec.first().unwrap();
        assert_eq!(exec.argv.first().map(String::as_str), Some("curl"));
        assert_eq!(exec.pod, Some((Some("shop".into()), "web-1".into())));
        assert_eq!(lines("kubectl get po; kubectl get no").len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn any_command_is_safe(command in "\\PC{0,120}") {
            let _ = lines(&command);
        }

        #[test]
        fn quoted_words_come_back(words in proptest::collection::vec("[a-z=/ |;]{1,8}", 1..6)) {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let found = lines(&format!("kubectl {}", quoted.join(" ")));
            proptest::prop_assert_eq!(&found[0].argv[1..], words.as_slice());
        }
    }
}
