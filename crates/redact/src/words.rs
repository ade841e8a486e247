//! Knows which names promise a secret, and which name an object that holds one.

use std::sync::LazyLock;

use crate::tables::{ENDS, KEEPS, LAST, REFERENCES, TAKES_BACK};

/// `dbPassword`, `DB-PASSWORD` and `db.password` as `db_password`.
fn words_of(key: &str) -> String {
    let mut words = String::with_capacity(key.len() + 4);
    let bytes = key.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + 1);
        match byte {
            b'A'..=b'Z' => {
                let hump = before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    || (before.is_some_and(u8::is_ascii_uppercase)
                        && after.is_some_and(u8::is_ascii_lowercase));
                if hump && !words.ends_with('_') {
                    words.push('_');
                }
                words.push(char::from(byte.to_ascii_lowercase()));
            }
            b'a'..=b'z' | b'0'..=b'9' => words.push(char::from(*byte)),
            _ if words.is_empty() || words.ends_with('_') => {}
            _ => words.push('_'),
        }
    }
    while words.ends_with('_') {
        words.pop();
    }
    words
}

/// What the value of this name is, if the name promises a secret.
pub(crate) fn promised(key: &str) -> Option<&'static str> {
    // Nobody calls a field so; and the work here grows with the length.
    if key.len() > 256 || key.len() < 2 {
        return None;
    }
    let words = words_of(key);
    if let Some(kind) = ending(&words) {
        return Some(kind);
    }
    // PASSWORD2, PASSWORD_2, PASSWORD_PROD; whole words in capitals promise more than camels do.
    let loud = !key.bytes().any(|byte| byte.is_ascii_lowercase());
    let mut head = words.as_str();
    for _ in 0..3 {
        let shorter = head.trim_end_matches(|c: char| c.is_ascii_digit());
        if shorter.len() < head.len() {
            head = shorter.trim_end_matches('_');
        } else {
            let (before, last) = head.rsplit_once('_')?;
            if !KEEPS.contains(&last) && (!loud || TAKES_BACK.contains(&last)) {
                return None;
            }
            head = before;
        }
        if let Some(kind) = ending(head) {
            return Some(kind);
        }
    }
    None
}

/// The ends of names, by their last letter, in the order of the table.
static BY_LAST: LazyLock<Vec<Vec<&'static (&'static str, &'static str)>>> = LazyLock::new(|| {
    (0..=u8::MAX)
        .map(|byte| {
            ENDS.iter()
                .filter(|(end, _)| end.as_bytes().last() == Some(&byte))
                .collect()
        })
        .collect()
});

fn ending(words: &str) -> Option<&'static str> {
    let strong = words
        .as_bytes()
        .last()
        .and_then(|byte| BY_LAST.get(usize::from(*byte)))
        .and_then(|ends| ends.iter().find(|(end, _)| words.ends_with(end)))
        .map(|(_, kind)| *kind);
    strong.or_else(|| {
        let last = words.rsplit('_').next().unwrap_or(words);
        LAST.iter()
            // x86/PAT is a table of the processor.
            .find(|(word, _)| *word == last && (last != "pat" || words.len() > 3))
            .map(|(_, kind)| *kind)
    })
}

/// Whether the value of such a key is a reference to an object.
pub(crate) fn is_reference(key: &str, value: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    };
    let words = words_of(key);
    if !words.ends_with("secret") {
        return false;
    }
    match value.split_once('/') {
        // klog writes objects as namespace/name.
        Some((namespace, object)) => {
            (words == "secret" || REFERENCES.iter().any(|end| words.ends_with(end)))
                && name(namespace)
                && name(object)
        }
        None => REFERENCES.iter().any(|end| words.ends_with(end)) && name(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for key in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "spring.datasource.password",
            "PGPASSWORD",
            "apiKey",
            "API-KEY",
            "X-Api-Key",
            "aws_secret_access_key",
            "AWS_ACCESS_KEY_ID",
            "clientSecret",
            "PASSWORD_2",
            "PASSWORD1",
            "SECRET_KEY_BASE",
            "TOKEN_PROD",
            "STRIPE_SECRET_LIVE",
            "MYSQL_PWD",
            "mail.pass",
            "tls.key",
            "openshift.io/token-secret.value",
            "client-key-data",
            "JWT",
            "GITHUB_PAT",
            "SENTRY_DSN",
            ".dockerconfigjson",
            "DB_PASSWORD_APP",
        ] {
            assert!(promised(key).is_some(), "{key}");
        }
        for key in [
            "secretName",
            "tokenExpirationSeconds",
            "PASSWORD_FILE",
            "secretKeyRef",
            "passwordPolicy",
            "tokens",
            "secrets",
            "key",
            "keyName",
            "resourceVersion",
            "kubernetes.io/service-account.name",
            "TOKEN_TTL",
            "publicKey",
            "compass",
            "bypass",
            "author",
            "tls-private-key-file",
            "SECRET_NAME",
            "imagePullSecrets",
            "passwordSecretRef",
            "name",
            "path",
            "oauth",
            "tokenReview",
            "topass",
        ] {
            assert!(promised(key).is_none(), "{key}");
        }
    }

    #[test]
    fn references() {
        assert!(is_reference("secret", "kube-system/db"));
        assert!(is_reference("existingSecret", "db"));
        assert!(!is_reference("client_secret", "a/b"));
    }
}
