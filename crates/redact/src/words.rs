//! Knows which names promise a secret, and which values keep none.

/// Names that end in one of these hold a secret, whatever stands before: lower case, words joined by `_`.
const ENDS: &[(&str, &str)] = &[
    ("password", "password"),
    ("passwords", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passwort", "password"),
    ("passcode", "password"),
    ("kennwort", "password"),
    ("requirepass", "password"),
    ("masterauth", "password"),
    ("dbpass", "password"),
    ("pgpass", "password"),
    ("mypass", "password"),
    ("userpass", "password"),
    ("rootpass", "password"),
    ("adminpass", "password"),
    ("smtppass", "password"),
    ("mailpass", "password"),
    ("ftppass", "password"),
    ("ldappass", "password"),
    ("redispass", "password"),
    ("storepass", "password"),
    ("keypass", "password"),
    ("bindpw", "password"),
    ("rootpw", "password"),
    ("secret", "secret"),
    ("token", "token"),
    ("apikey", "key"),
    ("api_key", "key"),
    ("api_keys", "key"),
    ("accesskey", "key"),
    ("access_key", "key"),
    ("access_key_id", "key"),
    ("accesskeyid", "key"),
    ("secretkey", "key"),
    ("secret_key", "key"),
    ("secret_access_key", "key"),
    ("secret_key_base", "key"),
    ("privatekey", "key"),
    ("private_key", "key"),
    ("private_key_pem", "key"),
    ("accountkey", "key"),
    ("account_key", "key"),
    ("shared_access_key", "key"),
    ("sharedaccesskey", "key"),
    ("shared_key", "key"),
    ("sharedkey", "key"),
    ("signing_key", "key"),
    ("signingkey", "key"),
    ("encryption_key", "key"),
    ("encryptionkey", "key"),
    ("decryption_key", "key"),
    ("master_key", "key"),
    ("masterkey", "key"),
    ("auth_key", "key"),
    ("authkey", "key"),
    ("app_key", "key"),
    ("application_key", "key"),
    ("license_key", "key"),
    ("licence_key", "key"),
    ("licensekey", "key"),
    ("hmac_key", "key"),
    ("session_key", "key"),
    ("storage_key", "key"),
    ("subscription_key", "key"),
    ("deploy_key", "key"),
    ("ssh_key", "key"),
    ("user_key", "key"),
    ("admin_key", "key"),
    ("userkey", "key"),
    ("adminkey", "key"),
    ("preshared_key", "key"),
    ("presharedkey", "key"),
    ("pre_shared_key", "key"),
    ("gossip_key", "key"),
    ("unseal_key", "key"),
    ("client_key_data", "key"),
    ("tls_key", "key"),
    ("service_account_key", "key"),
    ("integration_key", "key"),
    ("routing_key", "key"),
    ("credential", "credentials"),
    ("credentials", "credentials"),
    ("creds", "credentials"),
    ("connection_string", "connection-string"),
    ("connectionstring", "connection-string"),
    ("conn_str", "connection-string"),
    ("connstr", "connection-string"),
    ("authorization", "authorization"),
    ("htpasswd", "password"),
    ("dockerconfigjson", "secret"),
    ("dockercfg", "secret"),
];

/// Names whose last word is one of these.
const LAST: &[(&str, &str)] = &[
    ("pass", "password"),
    ("pwd", "password"),
    ("pw", "password"),
    ("passw", "password"),
    ("auth", "auth"),
    ("dsn", "connection-string"),
    ("cookie", "cookie"),
    ("jwt", "token"),
    ("pat", "token"),
    ("psk", "key"),
    ("otp", "token"),
    ("mnemonic", "secret"),
    ("sas", "token"),
];

/// Words after the promise that do not take it back: `PASSWORD_PROD`, `token-secret.value`.
const KEEPS: &[&str] = &[
    "value",
    "data",
    "string",
    "hash",
    "plain",
    "plaintext",
    "text",
    "b64",
    "base64",
    "encoded",
    "prod",
    "production",
    "dev",
    "staging",
    "test",
    "old",
    "new",
    "current",
    "previous",
    "primary",
    "secondary",
    "main",
    "backup",
    "admin",
    "root",
    "rw",
    "ro",
    "live",
];

/// Words after the promise that do: what a `PASSWORD_FILE` holds is a path.
const TAKES_BACK: &[&str] = &[
    "file",
    "files",
    "path",
    "dir",
    "directory",
    "name",
    "names",
    "namespace",
    "ref",
    "url",
    "uri",
    "endpoint",
    "host",
    "port",
    "id",
    "ids",
    "type",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "expire",
    "lifetime",
    "seconds",
    "minutes",
    "hours",
    "days",
    "length",
    "len",
    "size",
    "count",
    "min",
    "max",
    "age",
    "enabled",
    "disabled",
    "required",
    "policy",
    "algorithm",
    "alg",
    "method",
    "header",
    "field",
    "prefix",
    "suffix",
    "issuer",
    "audience",
    "version",
    "rotation",
    "rotate",
    "interval",
    "timeout",
    "key",
    "keys",
    "mode",
    "format",
    "provider",
    "source",
    "store",
    "backend",
    "manager",
    "engine",
    "reset",
    "change",
    "changed",
    "set",
    "status",
    "state",
    "error",
    "errors",
    "limit",
    "limits",
    "rate",
    "cache",
    "renew",
    "duration",
    "time",
    "mount",
    "volume",
    "class",
    "group",
    "user",
    "username",
    "service",
    "request",
    "requests",
    "review",
    "cleaner",
    "controller",
    "creator",
    "encoding",
    "encryption",
    "salt",
    "strength",
    "regex",
    "pattern",
    "hint",
    "prompt",
];

/// References: `existingSecret: db` names an object.
const REFERENCES: &[&str] = &[
    "existing_secret",
    "auth_secret",
    "auth_tls_secret",
    "tls_secret",
    "pull_secret",
    "cert_secret",
    "certificate_secret",
    "ca_secret",
    "proxy_ssl_secret",
    "publish_secret",
    "stage_secret",
    "expand_secret",
    "provisioner_secret",
    "image_pull_secret",
    "source_secret",
];

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

fn ending(words: &str) -> Option<&'static str> {
    let strong = ENDS
        .iter()
        .find(|(end, _)| words.ends_with(end))
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

/// Values that keep no secret: nothing, a word of state, a reference, a template, a mask.
pub(crate) fn idle(value: &str) -> bool {
    let value = value.trim();
    let low = value.to_ascii_lowercase();
    if matches!(
        low.as_str(),
        "" | "\"\""
            | "''"
            | "true"
            | "false"
            | "null"
            | "nil"
            | "none"
            | "undefined"
            | "unset"
            | "empty"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "enabled"
            | "disabled"
            | "basic"
            | "bearer"
            | "digest"
            | "negotiate"
            | "oidc"
            | "ldap"
            | "saml"
            | "oauth"
            | "oauth2"
            | "{}"
            | "[]"
            | "~"
            | "-"
            | "--"
            | "{"
            | "["
            | "|"
            | ">"
            | "|-"
            | ">-"
            | "map[]"
            | "redacted"
            | "masked"
            | "hidden"
            | "filtered"
            | "removed"
            | "[redacted]"
            | "[masked]"
            | "[hidden]"
            | "[filtered]"
            | "[removed]"
            | "(redacted)"
            | "n/a"
            | "\\n"
            | "\\"
    ) {
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
    let low = word
        .trim_end_matches(['.', ',', ':', '!', ';', '?', ')'])
        .to_ascii_lowercase();
    matches!(
        low.as_str(),
        "" | "a"
            | "an"
            | "and"
            | "are"
            | "as"
            | "at"
            | "authentication"
            | "authorized"
            | "authorization"
            | "be"
            | "bad"
            | "by"
            | "can"
            | "cannot"
            | "changed"
            | "code"
            | "connection"
            | "contains"
            | "context"
            | "could"
            | "couldn't"
            | "created"
            | "credential"
            | "credentials"
            | "crypto"
            | "deleted"
            | "denied"
            | "dial"
            | "did"
            | "do"
            | "does"
            | "doesn't"
            | "empty"
            | "eof"
            | "err"
            | "error"
            | "exec"
            | "expected"
            | "expired"
            | "failed"
            | "failure"
            | "flag"
            | "for"
            | "forbidden"
            | "found"
            | "from"
            | "get"
            | "got"
            | "has"
            | "have"
            | "http"
            | "https"
            | "if"
            | "illegal"
            | "in"
            | "incorrect"
            | "input"
            | "instead"
            | "invalid"
            | "is"
            | "it"
            | "json"
            | "jwt"
            | "key"
            | "length"
            | "lookup"
            | "malformed"
            | "may"
            | "mismatch"
            | "missing"
            | "must"
            | "need"
            | "no"
            | "not"
            | "oauth2"
            | "object"
            | "of"
            | "ok"
            | "open"
            | "option"
            | "or"
            | "parse"
            | "permission"
            | "post"
            | "put"
            | "read"
            | "refreshed"
            | "rejected"
            | "request"
            | "required"
            | "requires"
            | "response"
            | "revoked"
            | "rotated"
            | "rpc"
            | "server"
            | "service"
            | "should"
            | "signature"
            | "square/go-jose"
            | "stat"
            | "status"
            | "store"
            | "the"
            | "this"
            | "timeout"
            | "tls"
            | "to"
            | "token"
            | "unable"
            | "unauthorized"
            | "unexpected"
            | "unknown"
            | "unset"
            | "unsupported"
            | "until"
            | "updated"
            | "using"
            | "valid"
            | "was"
            | "when"
            | "will"
            | "with"
            | "wrong"
            | "x509"
            | "yaml"
            | "your"
            | "you"
            | "please"
            | "enter"
    )
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
        assert!(is_reference("secret", "kube-system/db"));
        assert!(is_reference("existingSecret", "db"));
        assert!(!is_reference("client_secret", "a/b"));
    }
}
