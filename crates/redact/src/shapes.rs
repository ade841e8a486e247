//! Knows secrets by their own form, wherever they stand: tokens with a prefix, hashes of passwords, arguments of commands.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    span::{Span, cut},
    value, words,
};

/// A form: what it is, which group of the expression is the secret, and the expression.
struct Shape {
    kind: &'static str,
    group: usize,
    text: &'static str,
}

const fn shape(kind: &'static str, group: usize, text: &'static str) -> Shape {
    Shape { kind, group, text }
}

const SHAPES: &[Shape] = &[
    shape(
        "jwt",
        0,
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*",
    ),
    shape("cloud-key", 0, r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    shape(
        "cloud-key",
        1,
        r#"(?:AKIA|ASIA)[A-Z0-9]{16}["',;:\s/|]+([A-Za-z0-9/+]{40})\b"#,
    ),
    shape(
        "token",
        0,
        r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})",
    ),
    shape(
        "token",
        0,
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|ffct)-[A-Za-z0-9_.-]{16,}",
    ),
    shape(
        "token",
        0,
        r"\b(?:xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{16,})",
    ),
    shape(
        "cloud-key",
        0,
        r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{20,}|\b1//0[A-Za-z0-9_-]{24,}",
    ),
    shape(
        "token",
        0,
        r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})",
    ),
    shape(
        "token",
        0,
        r"\bsk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "token",
        0,
        r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{20,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}|rubygems_[0-9a-f]{40,}|cio[A-Za-z0-9]{32}|hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,})",
    ),
    shape(
        "token",
        0,
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bxkeysib-[0-9a-f]{40,}[A-Za-z0-9-]*|\bkey-[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b",
    ),
    shape(
        "token",
        0,
        r"\bd(?:op|oo|or)_v1_[0-9a-f]{40,}|\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bshp(?:at|ss|ca|pa)_[A-Fa-f0-9]{32}|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ),
    shape(
        "token",
        0,
        r"\blin_api_[A-Za-z0-9]{20,}|\bdapi[0-9a-f]{32}\b|\bATATT3[A-Za-z0-9_=-]{20,}|\bglsa_[A-Za-z0-9_]{24,}|\bglc_[A-Za-z0-9+/=]{24,}|\bNR(?:AK|RA|JS|BR)-[A-Za-z0-9-]{16,}",
    ),
    shape(
        "token",
        0,
        r"\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|\btskey-[A-Za-z0-9-]{16,}|\bfig[dr]_[A-Za-z0-9_-]{20,}|\bPMAK-[0-9a-f-]{30,}|\bops_eyJ[A-Za-z0-9_-]{20,}|\bntn_[A-Za-z0-9]{30,}|\bsecret_[A-Za-z0-9]{40,}|\bpul-[0-9a-f]{40}|\bEAAC[A-Za-z0-9]{30,}",
    ),
    shape("token", 0, r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}"),
    shape(
        "token",
        0,
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    ),
    // OpenShift's access tokens; digests are written with a colon.
    shape("token", 0, r"\bsha256~[A-Za-z0-9_-]{30,}"),
    // K3s and RKE2 nodes, kubeadm, Rancher.
    shape("token", 0, r"\bK10[0-9a-f]{40,}::[A-Za-z0-9_.:-]+"),
    shape(
        "token",
        1,
        r"(?:oken|kubeadm join)[^\n]{0,80}?\b([a-z0-9]{6}\.[a-z0-9]{16})\b",
    ),
    shape(
        "token",
        1,
        r"\b(?:token-[a-z0-9]{5}|kubeconfig-[A-Za-z0-9.-]+):([a-z0-9]{50,})\b",
    ),
    shape(
        "token",
        1,
        r"(?i)\bbearer(?:\s+|%20|\+)([A-Za-z0-9_.~+/=-]{8,})",
    ),
    shape("key", 0, r"\bAQ[A-Za-z0-9+/]{36,}=="),
    shape(
        "hash",
        0,
        r"\$(?:2[abxy]|apr1|1|5|6|y|7|gy|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*|bcrypt[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{16,}",
    ),
    shape(
        "hash",
        0,
        r"\{(?:S?SHA\d*|SMD5|MD5|CRYPT|PBKDF2[A-Z0-9-]*|ARGON2)\}[A-Za-z0-9+/=$.,-]{16,}",
    ),
    shape(
        "hash",
        1,
        r"^\s*[a-z_][a-z0-9_.-]*:([^:*!\s]{12,}):\d*:\d*:\d*:\d*:",
    ),
    shape(
        "hash",
        0,
        r"\bSCRAM-SHA-(?:1|256)\$[0-9]+:[A-Za-z0-9+/=$:]+",
    ),
    shape("hash", 1, r#"["'](md5[0-9a-f]{32})["']"#),
    shape(
        "hash",
        1,
        r"(?i)identified (?:with \S+ )?(?:as|by) (?:password )?'?(\*[0-9A-F]{40})\b",
    ),
    shape(
        "webhook",
        1,
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/+-]{8,})",
    ),
    shape(
        "webhook",
        1,
        r"discord(?:app)?\.com/api/webhooks/([0-9]+/[A-Za-z0-9_-]{8,})",
    ),
    shape(
        "webhook",
        1,
        r"(?:webhook\.office\.com/webhookb2|outlook\.office\.com/webhook)/([A-Za-z0-9_/@.-]{8,})",
    ),
    shape(
        "webhook",
        1,
        r"(?:events\.pagerduty\.com/integration|api\.opsgenie\.com/v1/json/[a-z]+|alert\.victorops\.com/integrations/[a-z]+/\d+/alert)/?\??(?:apiKey=)?([0-9a-f-]{20,})",
    ),
    shape(
        "signature",
        1,
        r#"(?i)[?&;](?:amp;)?(?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token|x-oss-signature)=([^&\s"'#<>\\;]+)"#,
    ),
    shape(
        "token",
        1,
        r#"(?i)[?&](?:code|key|auth|assertion|samlresponse|refresh|k|api_?key|subscription-key)=([A-Za-z0-9_.~%+/=-]{16,})"#,
    ),
    shape(
        "password",
        1,
        r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by|(?:encrypted\s+|with\s+)?password)\s+(?:=\s*)?\\*'([^'\\]+)",
    ),
    shape(
        "password",
        1,
        r"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S+)",
    ),
    shape("password", 1, r"(?i)\blogin\s+\S+\s+password\s+(\S+)"),
    shape("password", 1, r"^\s*(?i:password|passwd)\s+(\S+)\s*$"),
    shape(
        "password",
        1,
        r#"\b(?:requirepass|masterauth|sentinel auth-pass \S+)\s+"?([^\s"]+)"#,
    ),
    shape(
        "password",
        1,
        r#"(?:^|[\s">])AUTH\s+(?:[a-z]\w*\s+)?"?([^\s"]{4,})"?\s*$"#,
    ),
    shape(
        "password",
        1,
        r#"(?:^|[\s"',\[])(?:-u|--user|--proxy-user|--http-user|-U)(?:\s*=\s*|\s+|["'],\s*["']?|)["']?[A-Za-z0-9_.@\\%+-]*:([^\s"'\\]+)"#,
    ),
    shape(
        "password",
        1,
        r#"\b(?:mysql|mysqldump|mysqladmin|mysqlshow|mariadb|mariadb-dump|xtrabackup|mysqlimport)\b[^|;]*?(?:\s|["'])-p([^\s"'=,-][^\s"',]*)"#,
    ),
    shape("password", 1, r#"\bsshpass\s+-p\s*["']?([^\s"']+)"#),
    shape(
        "password",
        1,
        r#"\bredis-cli\b[^|;]*?\s-a\s+["']?([^\s"']+)"#,
    ),
    shape(
        "password",
        1,
        r#"\b(?:docker|podman|nerdctl|skopeo|oras|crane|buildah|helm registry|oc|az acr|az|argocd|cf)\s+login\b[^|;]*?\s-p\s+["']?([^\s"']+)"#,
    ),
    shape(
        "password",
        1,
        r#"\b(?:mongo|mongosh|mongodump|mongorestore|mongoexport|sqlcmd|bcp|clickhouse-client|smbclient|ipmitool)\b[^|;]*?\s-[pP]\s+["']?([^\s"'-][^\s"']*)"#,
    ),
    shape(
        "password",
        1,
        r#"\bldap(?:search|add|modify|delete|passwd|whoami)\b[^|;]*?\s-[wsa]\s+["']?([^\s"'-][^\s"']*)"#,
    ),
    shape("password", 1, r#"\bopenssl\b[^|;]*?\bpass:([^\s"']+)"#),
    shape(
        "password",
        1,
        r#"\brabbitmqctl\b[^|;]*?\b(?:add_user|change_password|authenticate_user)\s+\S+\s+["']?([^\s"']+)"#,
    ),
    shape(
        "password",
        1,
        r#"\bhtpasswd\s+-\S*b\S*\s+(?:\S+\s+)?\S+\s+["']?([^\s"']+)"#,
    ),
    shape(
        "password",
        1,
        r#"\becho\s+(?:-n\s+)?["']?([^"'|]+?)["']?\s*\|\s*(?:sudo\s+-S|docker|podman|helm registry|passwd|chpasswd|base64|kubeseal|openssl|gpg|cryptsetup)"#,
    ),
    shape("password", 1, r"jdbc:oracle:[a-z]+:[^/\s:]+/([^@\s]+)@"),
    shape(
        "password",
        1,
        r#"\b[A-Za-z0-9_.-]+:([^\s"']+)@(?:tcp|unix|udp)\("#,
    ),
    shape(
        "password",
        1,
        r"^[A-Za-z0-9.*-]+:(?:\d{4,5}|\*):[^:\s/]+:[^:\s/]+:([^:\s]+)$",
    ),
    shape(
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd|pwd|secret|api key|token|pin)(?: for [^\s:]+| of [^\s:]+)? (?:is|was|set to|changed to|to|now|like)[: ]+["'`]?([^\s"'`]*\d[^\s"'`]*)"#,
    ),
    shape(
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd)(?: for [^\s:]+| of [^\s:]+)? (?:is|was|set to|changed to)?[: ]*["'`]([^\s"'`]{4,})["'`]"#,
    ),
    shape(
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd)(?: for [^\s:]+| of [^\s:]+)[:=] *["'`]?([^\s"'`]{4,})"#,
    ),
    shape(
        "key",
        1,
        r#"(?i)\b(?:api|access|secret|private|account|auth|encryption|shared access|license|signing|master) key(?: id)?\s*(?:is|was|:|=)\s*["']?([A-Za-z0-9+/_=.-]*\d[A-Za-z0-9+/_=.-]{6,})"#,
    ),
    shape(
        "token",
        1,
        r#"(?i)\b(?:token|session|credential|secret)\s+["'`]([A-Za-z0-9+/_=.-]{20,})["'`]"#,
    ),
];

/// Pairs of a name and a value that stand apart.
const NAMED: &[&str] = &[
    r#"(?i)\bname\\*["']? *[:=] *\\*["']?([\w.-]+)\\*["']?\s*,\s*\\*["']?value\\*["']? *[:=] *\\*["']?([^"'\\,}\]]+)"#,
    r#"(?i)\bvalue\\*["']? *[:=] *\\*["']?([^"'\\,}\]]+)\\*["']?\s*,\s*\\*["']?name\\*["']? *[:=] *\\*["']?([\w.-]+)"#,
    r"\bName:([\w.-]+)[ ,]+Value:(.*?)[ ,]+ValueFrom:",
    r#"\bname=\\*["']([\w.-]+)\\*["']\s+value=\\*["']([^"'\\]*)"#,
    r"<name>\s*([\w.-]+)\s*</name>\s*<value>([^<]*)</value>",
    r#"<(?:add|entry|property|param|setting|env|variable)\s[^>]*?(?:key|name)=["']([\w.:-]+)["'][^>]*?(?:value)?[=>]\s*["']?([^"'<>]+)"#,
    r#"(?i)\b(?:set|update|config|put|export|setenv)\s+([\w.:/-]*(?:passw(?:or)?d|secret|token|api_?key|passphrase))\s+["']?([^\s"'=:]+)"#,
];

struct Compiled {
    shapes: Vec<(Regex, usize, &'static str)>,
    named: Vec<Regex>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| Compiled {
    shapes: SHAPES
        .iter()
        .filter_map(|shape| Some((Regex::new(shape.text).ok()?, shape.group, shape.kind)))
        .collect(),
    named: NAMED
        .iter()
        .filter_map(|text| Regex::new(text).ok())
        .collect(),
});

/// Looks for all forms in a line.
pub(crate) fn scan(line: &str, spans: &mut Vec<Span>) {
    for (regex, group, kind) in &COMPILED.shapes {
        // The whole match of the others is the secret itself.
        let sentence = *group > 0 && matches!(*kind, "password" | "token" | "key");
        for found in regex.captures_iter(line) {
            let Some(secret) = found.get(*group) else {
                continue;
            };
            let text = secret.as_str();
            if words::idle(text) {
                continue;
            }
            if sentence
                && (words::prose(text) || is_id(found.get(0).map_or("", |all| all.as_str()), text))
            {
                continue;
            }
            spans.push(Span::new(secret.start(), secret.end(), kind));
        }
    }
    for (at, regex) in COMPILED.named.iter().enumerate() {
        for found in regex.captures_iter(line) {
            let (Some(one), Some(two)) = (found.get(1), found.get(2)) else {
                continue;
            };
            let (name, secret) = if at == 1 { (two, one) } else { (one, two) };
            let text = secret.as_str();
            if let Some(kind) = words::promised(name.as_str())
                && !words::idle(text)
                && !words::is_reference(name.as_str(), text)
                && !(kind == "auth" && value::word(text))
            {
                spans.push(Span::new(secret.start(), secret.end(), kind));
            }
        }
    }
}

/// `-u 1000:1000` is a user and a group.
fn is_id(all: &str, text: &str) -> bool {
    let before = cut(all, 0, all.len().saturating_sub(text.len() + 1));
    let user = before.rsplit([' ', '=', '"', '\'']).next().unwrap_or("");
    text.bytes().all(|b| b.is_ascii_digit())
        && user.bytes().all(|b| b.is_ascii_digit())
        && all.trim_start().starts_with('-')
}

/// Whether every expression compiles.
#[cfg(test)]
pub(crate) fn all_compile() -> bool {
    SHAPES.iter().all(|shape| Regex::new(shape.text).is_ok())
        && NAMED.iter().all(|text| Regex::new(text).is_ok())
}
