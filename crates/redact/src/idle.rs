//! Knows which values keep no secret: words of state, references, templates, masks, sentences.

use crate::tables::{IDLE, PROSE};

/// Values that keep no secret: nothing, a word of state, a reference, a template, a mask.
pub(crate) fn idle(value: &str) -> bool {
    let value = value.trim();
    if IDLE.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        return true;
    }
    if value
        .chars()
        .all(|c| matches!(c, '*' | '.' | '#' | '•' | 'x' | 'X' | '-' | '_' | '?'))
    {
        return true;
    }
    // The sign that closes it may have ended the value.
    let reference = value
        .strip_prefix("$(")
        .or_else(|| value.strip_prefix("${"))
        .is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
    let template = reference
        || (value.starts_with("${") && value.ends_with('}'))
        || (value.starts_with("$(") && value.ends_with(')'))
        || (value.starts_with("{{") && value.ends_with("}}"))
        || value.strip_prefix('$').is_some_and(|name| {
            name.len() > 1
                && name
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        })
        || matches!(value, "%s" | "%v" | "%d" | "%q" | "%x" | "%w" | "%+v");
    let note = value.starts_with('<')
        && (value.find('>').is_some_and(|end| {
            end + 1 == value.len()
                || value.starts_with("<set to")
                || value.starts_with("<masked")
                || value.starts_with("<redacted")
        }) || value.starts_with("<set to the key"));
    template
        || note
        || sized(value)
        || pointer(value)
        || is_duration(value)
        || value.starts_with("(*")
}

/// `39.359µs`
fn is_duration(value: &str) -> bool {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < value.len()
        && matches!(
            unit,
            "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" | "m0s" | "h0m0s"
        )
}

/// `16 bytes`, as kubectl describe has of Secrets.
fn sized(value: &str) -> bool {
    value.split_once(' ').is_some_and(|(number, unit)| {
        !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
            && matches!(unit.trim_end(), "bytes" | "byte")
    })
}

/// A path, or the name of a secret in a store.
fn pointer(value: &str) -> bool {
    if [
        "vault:",
        "secret://",
        "ref+",
        "arn:aws",
        "awssm://",
        "gcpsm://",
        "file://",
        "env://",
    ]
    .iter()
    .any(|start| value.starts_with(start))
    {
        return !value.contains('@');
    }
    let Some(path) = value.strip_prefix('/') else {
        return [".pem", ".key", ".crt", ".jks", ".p12", ".pub"]
            .iter()
            .any(|end| value.ends_with(end))
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    };
    let mut parts = path.split('/');
    let root = parts.next().unwrap_or("");
    matches!(
        root,
        "etc"
            | "var"
            | "run"
            | "opt"
            | "home"
            | "root"
            | "usr"
            | "mnt"
            | "tmp"
            | "secrets"
            | "vault"
            | "srv"
            | "app"
            | "config"
            | "certs"
            | "data"
            | "kubernetes"
            | "host"
            | "rootfs"
            | "credentials"
            | "bitnami"
            | "keys"
            | "ssl"
    ) && path.len() > root.len() + 1
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'))
}

/// Words that go on with a sentence after "token: ", lower case.
pub(crate) fn prose(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ',', ':', '!', ';', '?', ')']);
    PROSE.iter().any(|known| bare.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for value in [
            "",
            "true",
            "<nil>",
            "<set to the key 'password' in secret 'db'>",
            "${DB}",
            "{{ .Values.x }}",
            "16 bytes",
            "/etc/ssl/private/x.pem",
            "****",
            "<masked:password:0011223344>",
            "$DB_PASSWORD",
        ] {
            assert!(idle(value), "{value}");
        }
        for value in [
            "hunter2",
            "12345",
            "<b>x",
            "/xY+9",
            "$ecret",
            "xkcd",
            "correct horse",
        ] {
            assert!(!idle(value), "{value}");
        }
    }
}
