//! Finds the server's version in the output of `kubectl version`.

/// `v1.33.1` from the short, the long and the structured forms.
pub(super) fn server(text: &str) -> Option<String> {
    let mut in_server = false;
    for line in text.lines().take(400) {
        let line = line.trim();
        if line.starts_with("Server Version") || line.starts_with("Kubernetes Version") {
            let (_, rest) = line.split_once(':')?;
            return after(rest, "GitVersion:\"")
                .or_else(|| word(rest.trim()))
                .map(str::to_owned);
        }
        if line.contains("serverVersion") {
            in_server = true;
        }
        if in_server
            && let Some((_, value)) = line.split_once("gitVersion")
            && let Some(version) = word(value.trim_matches([':', ' ', '"', ',']))
        {
            return Some(version.to_owned());
        }
    }
    None
}

fn after<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    word(rest)
}

fn word(text: &str) -> Option<&str> {
    let end = text.find(['"', ' ', ',']).unwrap_or(text.len());
    let word = text.get(..end)?;
    let number = word.strip_prefix('v').unwrap_or(word);
    (number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn forms() {
        for text in [
            "Client Version: v1.30.0\nKustomize Version: v5.0\nServer Version: v1.33.1\n",
            "Client Version: version.Info{GitVersion:\"v1.1.1\"}\nServer Version: version.Info{Major:\"1\", GitVersion:\"v1.33.1\", X:\"y\"}\n",
            "clientVersion:\n  gitVersion: v1.30.0\nserverVersion:\n  gitVersion: v1.33.1\n",
            "{\n \"clientVersion\": {\n \"gitVersion\": \"v1.1.1\"},\n \"serverVersion\": {\n \"gitVersion\": \"v1.33.1\",\n}}",
        ] {
            assert_eq!(server(text).as_deref(), Some("v1.33.1"), "{text}");
        }
        assert_eq!(
            server("Client Version: v1.30.0\nThe connection was refused"),
            None
        );
    }
}
