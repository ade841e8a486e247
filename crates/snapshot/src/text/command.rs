//! Reads kubectl's argument list: verb, resources, names, namespace, output form, and whether the answer is a full listing.

use super::resource;

/// Form of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Output {
    /// A table, possibly wide.
    #[default]
    Table,
    /// `-o wide`.
    Wide,
    /// `-o yaml`.
    Yaml,
    /// `-o json`.
    Json,
    /// `-o name`.
    Name,
    /// Headers and paths of `-o custom-columns=…`.
    Columns(Vec<(String, String)>),
    /// Anything else: templates, jsonpath.
    Other,
}

/// A kubectl command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // one for each of kubectl's own flags
pub(super) struct Kubectl {
    /// `get`, `describe`, `logs` …
    pub verb: String,
    /// Words after the verb that are no options.
    pub words: Vec<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `-A`.
    pub all_namespaces: bool,
    /// `-o`.
    pub output: Output,
    /// `-l` or `--field-selector`: only a part was asked for.
    pub selected: bool,
    /// The text of `-l`.
    pub selector: String,
    /// Keys of `-L`.
    pub label_columns: Vec<String>,
    /// `--show-labels`.
    pub show_labels: bool,
    /// `-w`.
    pub watch: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `-c`.
    pub container: String,
    /// `-p` of `logs`.
    pub previous: bool,
}

/// More columns of one's own are not believed.
const MAX_COLUMNS: usize = 64;

/// Long options whose value is a word of its own.
const VALUED: &[&str] = &[
    "--as",
    "--as-group",
    "--cache-dir",
    "--certificate-authority",
    "--chunk-size",
    "--client-certificate",
    "--client-key",
    "--cluster",
    "--container",
    "--context",
    "--field-selector",
    "--filename",
    "--for",
    "--image",
    "--kubeconfig",
    "--label-columns",
    "--limit-bytes",
    "--max-log-requests",
    "--namespace",
    "--output",
    "--profile",
    "--raw",
    "--request-timeout",
    "--revision",
    "--selector",
    "--server",
    "--since",
    "--since-time",
    "--sort-by",
    "--subresource",
    "--tail",
    "--template",
    "--timeout",
    "--tls-server-name",
    "--token",
    "--types",
    "--user",
];

impl Kubectl {
    /// Reads the words after the tool's name (the first word is skipped).
    pub(super) fn parse(argv: &[String]) -> Self {
        let mut command = Self::default();
        let mut words = argv.iter().skip(1).map(String::as_str).peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            } else if word.starts_with("--") {
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None if VALUED.contains(&word) => (word, words.next()),
                    None => (word, None),
                };
                command.long(name, value);
            } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                command.short(letters, &mut words);
            } else if command.verb.is_empty() {
                word.clone_into(&mut command.verb);
            } else {
                command.words.push(word.to_owned());
            }
        }
        // `oc adm top`
        if command.verb == "adm" && !command.words.is_empty() {
            command.verb = command.words.remove(0);
        }
        command
    }

    fn long(&mut self, name: &str, value: Option<&str>) {
        let text = value.unwrap_or("");
        let on = !matches!(value, Some("false"));
        match name {
            "--namespace" => self.namespace = Some(text.to_owned()),
            "--all-namespaces" => self.all_namespaces = on,
            "--output" => self.output = output(text),
            "--selector" => {
                self.selected = true;
                text.clone_into(&mut self.selector);
            }
            "--field-selector" | "--for" | "--types" | "--since" => self.selected = true,
            "--label-columns" => self.label_keys(text),
            "--show-labels" => self.show_labels = on,
            "--watch" | "--watch-only" => self.watch = on,
            "--no-headers" => self.no_headers = on,
            "--container" => text.clone_into(&mut self.container),
            "--previous" => self.previous = on,
            _ => {}
        }
    }

    /// A cluster of short options; `-nshop`, `-owide` and `-Ao wide` are all allowed.
    fn short<'w>(&mut self, letters: &str, words: &mut impl Iterator<Item = &'w str>) {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let logs = self.verb == "logs";
            let takes_value =
                matches!(letter, 'n' | 'o' | 'l' | 'L' | 'c' | 's' | 'v') || letter == 'f' && !logs;
            if takes_value {
                let attached = rest.as_str();
                let attached = attached.strip_prefix('=').unwrap_or(attached);
                let value = if attached.is_empty() {
                    words.next().unwrap_or("")
                } else {
                    attached
                };
                match letter {
                    'n' => self.namespace = Some(value.to_owned()),
                    'o' => self.output = output(value),
                    'l' => self.long("--selector", Some(value)),
                    'L' => self.label_keys(value),
                    'c' => value.clone_into(&mut self.container),
                    _ => {}
                }
                return;
            }
            match letter {
                'A' => self.all_namespaces = true,
                'w' => self.watch = true,
                'p' => self.previous = true,
                _ => {}
            }
        }
    }

    fn label_keys(&mut self, keys: &str) {
        self.label_columns
            .extend(keys.split(',').map(str::to_owned));
    }

    /// What `get`, `describe` and `top` were asked for: resource words and names for them.
    pub(super) fn asked(&self) -> Asked {
        let mut asked = Asked::default();
        for (at, word) in self.words.iter().enumerate() {
            if let Some((kind, name)) = word.split_once('/') {
                asked.add(kind);
                asked.names.push(name.to_owned());
            } else if at == 0 {
                word.split(',').for_each(|part| asked.add(part));
            } else {
                asked.names.push(word.clone());
            }
        }
        asked
    }
}

/// Resources on a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Kinds; a resource of another project is given as it was typed.
    pub kinds: Vec<String>,
    /// Names of single objects.
    pub names: Vec<String>,
}

impl Asked {
    fn add(&mut self, word: &str) {
        if word == "all" {
            self.kinds
                .extend(resource::ALL.iter().map(|&kind| kind.to_owned()));
            return;
        }
        let kind = resource::kind(word).map_or_else(|| word.to_owned(), str::to_owned);
        if !word.is_empty() && !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// The one kind that was asked for.
    pub(super) fn single(&self) -> Option<&str> {
        match self.kinds.as_slice() {
            [kind] => Some(kind),
            _ => None,
        }
    }
}

fn output(text: &str) -> Output {
    let (form, rest) = text.split_once('=').unwrap_or((text, ""));
    match form {
        "wide" => Output::Wide,
        "yaml" => Output::Yaml,
        "json" => Output::Json,
        "name" => Output::Name,
        "custom-columns" => Output::Columns(columns(rest)),
        "" => Output::Table,
        _ => Output::Other,
    }
}

/// `NAME:.metadata.name,NODE:.spec.nodeName`; commas inside brackets belong to the path.
fn columns(text: &str) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    for c in text.chars() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth <= 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
        .iter()
        .filter_map(|part| part.split_once(':'))
        .take(MAX_COLUMNS)
        .map(|(header, path)| (header.to_owned(), path.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Kubectl {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Kubectl::parse(&words)
    }

    #[test]
    fn namespaces_and_outputs() {
        for text in [
            "kubectl get pods -n shop -o wide",
            "kubectl -n shop get pods -owide",
            "kubectl get pods --namespace=shop --output=wide",
            "kubectl --kubeconfig /x --namespace shop get -o=wide pods",
            "oc get pods -nshop -o wide",
        ] {
            let command = parse(text);
            assert_eq!(command.verb, "get", "{text}");
            assert_eq!(command.namespace.as_deref(), Some("shop"), "{text}");
            assert_eq!(command.output, Output::Wide, "{text}");
            assert_eq!(command.asked().kinds, ["Pod"], "{text}");
        }
        let all = parse("kubectl get po,svc -Aowide --show-labels -L app,tier -l x=y -w");
        assert!(all.all_namespaces && all.show_labels && all.selected && all.watch);
        assert_eq!(all.label_columns, ["app", "tier"]);
        assert_eq!(all.asked().kinds, ["Pod", "Service"]);
    }

    #[test]
    fn names_and_logs() {
        let one = parse("kubectl get deploy/web pod/x").asked();
        assert_eq!(one.kinds, ["Deployment", "Pod"]);
        assert_eq!(one.names, ["web", "x"]);
        let named = parse("kubectl describe pods a b -n shop").asked();
        assert_eq!((named.single(), named.names.len()), (Some("Pod"), 2));
        let logs = parse("kubectl logs -f web-1 -c app -p --tail 20");
        assert_eq!(logs.words, ["web-1"]);
        assert!(logs.previous && logs.container == "app");
        let custom = parse("kubectl get pods -o custom-columns=N:.metadata.name,S:.status.phase");
        assert!(matches!(custom.output, Output::Columns(columns) if columns.len() == 2));
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_safe(text in "\\PC{0,80}") {
            let _ = parse(&text).asked();
        }
    }
}
