//! Knows secrets by their own form, wherever they stand: tokens with a prefix, hashes of passwords, arguments of commands.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};

use crate::{
    idle,
    span::{Span, cut},
    value, words,
};

/// A form: what it is, which group of the expression is the secret, and the expression.
struct Shape {
    /// A line has to hold one of these, lower case, to be looked at.
    needs: &'static [&'static str],
    kind: &'static str,
    group: usize,
    text: &'static str,
}

const fn shape(
    needs: &'static [&'static str],
    kind: &'static str,
    group: usize,
    text: &'static str,
) -> Shape {
    Shape {
        needs,
        kind,
        group,
        text,
    }
}

const SHAPES: &[Shape] = &[
    shape(
        &["eyj"],
        "jwt",
        0,
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*",
    ),
    shape(
        &["akia", "asia", "abia", "acca"],
        "cloud-key",
        0,
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    ),
    shape(
        &["akia", "asia"],
        "cloud-key",
        1,
        r#"(?:AKIA|ASIA)[A-Z0-9]{16}["',;:\s/|]+([A-Za-z0-9/+]{40})\b"#,
    ),
    shape(
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        "token",
        0,
        r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})",
    ),
    shape(
        &[
            "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-",
            "glagent-", "glffct-",
        ],
        "token",
        0,
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|ffct)-[A-Za-z0-9_.-]{16,}",
    ),
    shape(
        &["xox", "xapp-"],
        "token",
        0,
        r"\b(?:xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{16,})",
    ),
    shape(
        &["aiza", "ya29.", "gocspx-", "1//0"],
        "cloud-key",
        0,
        r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{20,}|\b1//0[A-Za-z0-9_-]{24,}",
    ),
    shape(
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
        "token",
        0,
        r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,})",
    ),
    shape(
        &["sk-"],
        "token",
        0,
        r"\bsk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,}",
    ),
    shape(
        &["npm_", "pypi-", "dckr_", "rubygems_", "hf_", "r8_"],
        "token",
        0,
        r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{20,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}|rubygems_[0-9a-f]{40,}|hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,})",
    ),
    shape(
        &[
            "sg.", "xkeysib-", "key-", "sk0", "sk1", "sk2", "sk3", "sk4", "sk5", "sk6", "sk7",
            "sk8", "sk9", "ska", "skb", "skc", "skd", "ske", "skf",
        ],
        "token",
        0,
        r"\bSG\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]{16,})?|\bxkeysib-[0-9a-f]{40,}[A-Za-z0-9-]*|\bkey-[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b",
    ),
    shape(
        &[
            "dop_v1_",
            "doo_v1_",
            "dor_v1_",
            "hvs.",
            "hvb.",
            "hvr.",
            "shpat_",
            "shpss_",
            "shpca_",
            "shppa_",
            "age-secret-key-1",
        ],
        "token",
        0,
        r"\bd(?:op|oo|or)_v1_[0-9a-f]{40,}|\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bshp(?:at|ss|ca|pa)_[A-Fa-f0-9]{32}|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ),
    shape(
        &[
            "lin_api_", "dapi", "atatt3", "glsa_", "glc_", "nrak-", "nrra-", "nrjs-", "nrbr-",
        ],
        "token",
        0,
        r"\blin_api_[A-Za-z0-9]{20,}|\bdapi[0-9a-f]{32}\b|\bATATT3[A-Za-z0-9_=-]{20,}|\bglsa_[A-Za-z0-9_]{24,}|\bglc_[A-Za-z0-9+/=]{24,}|\bNR(?:AK|RA|JS|BR)-[A-Za-z0-9-]{16,}",
    ),
    shape(
        &[
            "sq0", "tskey-", "figd_", "figr_", "pmak-", "ops_eyj", "ntn_", "secret_", "pul-",
            "eaac",
        ],
        "token",
        0,
        r"\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|\btskey-[A-Za-z0-9-]{16,}|\bfig[dr]_[A-Za-z0-9_-]{20,}|\bPMAK-[0-9a-f-]{30,}|\bops_eyJ[A-Za-z0-9_-]{20,}|\bntn_[A-Za-z0-9]{30,}|\bsecret_[A-Za-z0-9]{40,}|\bpul-[0-9a-f]{40}|\bEAAC[A-Za-z0-9]{30,}",
    ),
    shape(
        &[":aa"],
        "token",
        0,
        r"(?:\b|bot)[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}",
    ),
    // OpenShift's access tokens; digests are written with a colon.
    shape(&["sha256~"], "token", 0, r"\bsha256~[A-Za-z0-9_-]{30,}"),
    // K3s and RKE2 nodes, kubeadm, Rancher.
    shape(
        &["k10"],
        "token",
        0,
        r"\bK10[0-9a-f]{40,}::[A-Za-z0-9_.:-]+",
    ),
    shape(
        &["oken", "kubeadm join"],
        "token",
        1,
        r"(?:oken|kubeadm join)[^\n]{0,80}?\b([a-z0-9]{6}\.[a-z0-9]{16})\b",
    ),
    shape(
        &["token-", "kubeconfig-"],
        "token",
        1,
        r"\b(?:token-[a-z0-9]{5}|kubeconfig-[A-Za-z0-9.-]+):([a-z0-9]{50,})\b",
    ),
    shape(
        &["bearer"],
        "token",
        1,
        r"(?i)\bbearer(?:\s+|%20|\+)([A-Za-z0-9_.~+/=-]{8,})",
    ),
    shape(&["aq"], "key", 0, r"\bAQ[A-Za-z0-9+/]{36,}=="),
    shape(
        &["$"],
        "hash",
        0,
        r"\$(?:2[abxy]|apr1|1|5|6|y|7|gy|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*|bcrypt[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{16,}",
    ),
    shape(
        &[
            "{sha", "{ssha", "{smd5", "{md5", "{crypt", "{pbkdf2", "{argon2",
        ],
        "hash",
        0,
        r"\{(?:S?SHA\d*|SMD5|MD5|CRYPT|PBKDF2[A-Z0-9-]*|ARGON2)\}[A-Za-z0-9+/=$.,-]{16,}",
    ),
    shape(
        &[":::", ":0:", "99999"],
        "hash",
        1,
        r#"^\s*[a-z_][a-z0-9_.-]*:([^:*!\s"']{12,}):\d*:\d*:\d*:\d*:"#,
    ),
    shape(
        &["scram-sha-"],
        "hash",
        0,
        r"\bSCRAM-SHA-(?:1|256)\$[0-9]+:[A-Za-z0-9+/=$:]+",
    ),
    shape(&["md5"], "hash", 1, r#"["'](md5[0-9a-f]{32})["']"#),
    shape(
        &["identified"],
        "hash",
        1,
        r"(?i)identified (?:with \S+ )?(?:as|by) (?:password )?'?(\*[0-9A-F]{40})\b",
    ),
    shape(
        &["hooks.slack"],
        "webhook",
        1,
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/+-]{8,})",
    ),
    shape(
        &["/api/webhooks"],
        "webhook",
        1,
        r"discord(?:app)?\.com/api/webhooks/([0-9]+/[A-Za-z0-9_-]{8,})",
    ),
    shape(
        &["office.com/"],
        "webhook",
        1,
        r"(?:webhook\.office\.com/webhookb2|outlook\.office\.com/webhook)/([A-Za-z0-9_/@.-]{8,})",
    ),
    shape(
        &["pagerduty", "opsgenie", "victorops"],
        "webhook",
        1,
        r"(?:events\.pagerduty\.com/integration|api\.opsgenie\.com/v1/json/[a-z]+|alert\.victorops\.com/integrations/[a-z]+/\d+/alert)/?\??(?:apiKey=)?([0-9a-f-]{20,})",
    ),
    shape(
        &["signature=", "sig=", "security-token="],
        "signature",
        1,
        r#"(?i)[?&;](?:amp;)?(?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token|x-oss-signature)=([^&\s"'#<>\\;]+)"#,
    ),
    shape(
        &[
            "code=",
            "key=",
            "auth=",
            "assertion=",
            "samlresponse=",
            "refresh=",
            "?k=",
            "&k=",
        ],
        "token",
        1,
        r"(?i)[?&](?:code|key|auth|assertion|samlresponse|refresh|k|api_?key|subscription-key)=([A-Za-z0-9_.~%+/=-]{16,})",
    ),
    shape(
        &["identified", "password"],
        "password",
        1,
        r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by|(?:encrypted\s+|with\s+)?password)\s+(?:=\s*)?\\*'([^'\\]+)",
    ),
    shape(
        &["machine "],
        "password",
        1,
        r#"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+([^\s"']+)"#,
    ),
    shape(
        &["login "],
        "password",
        1,
        r#"(?i)\blogin\s+\S+\s+password\s+([^\s"']+)"#,
    ),
    shape(
        &["passw"],
        "password",
        1,
        r#"^\s*(?i:password|passwd)\s+([^\s"']+)\s*$"#,
    ),
    shape(
        &["requirepass", "masterauth", "auth-pass"],
        "password",
        1,
        r#"\b(?:requirepass|masterauth|sentinel auth-pass \S+)\s+"?([^\s"]+)"#,
    ),
    shape(
        &["auth "],
        "password",
        1,
        r#"(?:^|[\s">])AUTH\s+(?:[a-z]\w*\s+)?"?([^\s"]{4,})"?\s*$"#,
    ),
    shape(
        &["-u", "user"],
        "password",
        1,
        r#"(?:^|[\s"',\[])(?:-u|--user|--proxy-user|--http-user|-U)(?:\s*=\s*|\s+|["'],\s*["']?|)["']?[A-Za-z0-9_.@\\%+-]*:([^\s"'\\]+)"#,
    ),
    shape(
        &["mysql", "mariadb", "xtrabackup"],
        "password",
        1,
        r#"\b(?:mysql|mysqldump|mysqladmin|mysqlshow|mariadb|mariadb-dump|xtrabackup|mysqlimport)\b[^|;]*?(?:\s|["'])-p([^\s"'=,-][^\s"',]*)"#,
    ),
    shape(
        &["sshpass"],
        "password",
        1,
        r#"\bsshpass\s+-p\s*["']?([^\s"']+)"#,
    ),
    shape(
        &["redis-cli"],
        "password",
        1,
        r#"\bredis-cli\b[^|;]*?\s-a\s+["']?([^\s"']+)"#,
    ),
    shape(
        &[" login"],
        "password",
        1,
        r#"\b(?:docker|podman|nerdctl|skopeo|oras|crane|buildah|helm registry|oc|az acr|az|argocd|cf)\s+login\b[^|;]*?\s-p\s+["']?([^\s"']+)"#,
    ),
    shape(
        &[
            "mongo",
            "sqlcmd",
            "bcp",
            "clickhouse",
            "smbclient",
            "ipmitool",
        ],
        "password",
        1,
        r#"\b(?:mongo|mongosh|mongodump|mongorestore|mongoexport|sqlcmd|bcp|clickhouse-client|smbclient|ipmitool)\b[^|;]*?\s-[pP]\s+["']?([^\s"'-][^\s"']*)"#,
    ),
    shape(
        &["ldap"],
        "password",
        1,
        r#"\bldap(?:search|add|modify|delete|passwd|whoami)\b[^|;]*?\s-[wsa]\s+["']?([^\s"'-][^\s"']*)"#,
    ),
    shape(
        &["openssl"],
        "password",
        1,
        r#"\bopenssl\b[^|;]*?\bpass:([^\s"']+)"#,
    ),
    shape(
        &["rabbitmqctl"],
        "password",
        1,
        r#"\brabbitmqctl\b[^|;]*?\b(?:add_user|change_password|authenticate_user)\s+\S+\s+["']?([^\s"']+)"#,
    ),
    shape(
        &["htpasswd"],
        "password",
        1,
        r#"\bhtpasswd\s+-\S*b\S*\s+(?:\S+\s+)?\S+\s+["']?([^\s"']+)"#,
    ),
    shape(
        &["echo "],
        "password",
        1,
        r#"\becho\s+(?:-n\s+)?["']?([^"'|]+?)["']?\s*\|\s*(?:sudo\s+-S|docker|podman|helm registry|passwd|chpasswd|base64|kubeseal|openssl|gpg|cryptsetup)"#,
    ),
    shape(
        &["jdbc:oracle"],
        "password",
        1,
        r"jdbc:oracle:[a-z]+:[^/\s:]+/([^@\s]+)@",
    ),
    shape(
        &["@tcp(", "@unix(", "@udp("],
        "password",
        1,
        r#"\b[A-Za-z0-9_.-]+:([^\s"']+)@(?:tcp|unix|udp)\("#,
    ),
    shape(
        &[":*:", ":5432:", ":6432:", ":3306:"],
        "password",
        1,
        r"^[A-Za-z0-9.*-]+:(?:\d{4,5}|\*):[^:\s/]+:[^:\s/]+:([^:\s]+)$",
    ),
    shape(
        &["pass", "pwd", "secret", "api key", "token"],
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd|pwd|secret|api key|token)(?: for [^\s:]+| of [^\s:]+)? (?:is|was|set to|changed to|now)[: ]+["'`]?([^\s"'`]*\d[^\s"'`]*)"#,
    ),
    shape(
        &["pass"],
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd)(?: for [^\s:]+| of [^\s:]+)? (?:is|was|set to|changed to)?[: ]*["'`]([^\s"'`]{4,})["'`]"#,
    ),
    shape(
        &["pass"],
        "password",
        1,
        r#"(?i)\b(?:password|passphrase|passwd)(?: for [^\s:]+| of [^\s:]+)[:=] *["'`]?([^\s"'`]{4,})"#,
    ),
    shape(
        &[" key"],
        "key",
        1,
        r#"(?i)\b(?:api|access|secret|private|account|auth|encryption|shared access|license|signing|master) key(?: id)?\s*(?:is|was|:|=)\s*["']?([A-Za-z0-9+/_=.-]*\d[A-Za-z0-9+/_=.-]{6,})"#,
    ),
    shape(
        &["token "],
        "mixed",
        1,
        r#"(?i)\b(?:token)\s+["'`]([A-Za-z0-9+/_=.-]{20,})["'`]"#,
    ),
];

/// Pairs of a name and a value that stand apart.
const NAMED: &[(&str, &str)] = &[
    (
        "name",
        r#"(?i)\bname\\*["']? *[:=] *\\*["']?([\w.-]+)\\*["']?\s*,\s*\\*["']?value\\*["']? *[:=] *\\*["']?([^"'\\,}\]]+)"#,
    ),
    (
        "name",
        r#"(?i)\bvalue\\*["']? *[:=] *\\*["']?([^"'\\,}\]]+)\\*["']?\s*,\s*\\*["']?name\\*["']? *[:=] *\\*["']?([\w.-]+)"#,
    ),
    ("name:", r"\bName:([\w.-]+)[ ,]+Value:(.*?)[ ,]+ValueFrom:"),
    (
        "name=",
        r#"\bname=\\*["']([\w.-]+)\\*["']\s+value=\\*["']([^"'\\]*)"#,
    ),
    (
        "<name>",
        r"<name>\s*([\w.-]+)\s*</name>\s*<value>([^<]*)</value>",
    ),
    (
        "<",
        r#"<(?:add|entry|property|param|setting|env|variable)\s[^>]*?(?:key|name)=["']([\w.:-]+)["'][^>]*?(?:value)?[=>]\s*["']?([^"'<>]+)"#,
    ),
    (
        "passw",
        r#"(?i)\b(?:set|update|config|put|export|setenv)\s+([\w.:/-]*(?:passw(?:or)?d|secret|token|api_?key|passphrase))\s+["']?([^\s"'=:]+)"#,
    ),
];

/// Everything that makes a line worth a look, and what for.
struct Compiled {
    shapes: Vec<(Regex, usize, &'static str)>,
    named: Vec<Regex>,
    finder: Option<AhoCorasick>,
    /// For each needle: which expressions it calls for.
    calls: Vec<Calls>,
}

/// What a line has to be looked at for, one bit for each expression.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calls(u128);

/// The bits above those of the expressions.
const NAMED_AT: usize = 100;
/// Anything else, such as keys that promise a secret.
const OTHER: u128 = 1 << 127;
/// Of those: keys that promise a secret, what URLs with one have, marks of private keys.
const KEYS: u128 = OTHER | 1 << 126;
const URLS: u128 = OTHER | 1 << 125;
const MARKS: u128 = OTHER | 1 << 124;

impl Calls {
    /// No detector has to look.
    pub(crate) fn none(self) -> bool {
        // Pairs of a name and a value have a name that promises something.
        self.0 & !(((1 << NAMED.len()) - 1) << NAMED_AT) == 0
    }

    /// Detectors besides the expressions have to look.
    pub(crate) fn others(self) -> bool {
        self.0 & OTHER != 0
    }

    /// A key may promise a secret.
    pub(crate) fn keys(self) -> bool {
        self.0 & KEYS == KEYS
    }

    /// There may be a URL with a password.
    pub(crate) fn urls(self) -> bool {
        self.0 & URLS == URLS
    }

    /// A private key may begin.
    pub(crate) fn marks(self) -> bool {
        self.0 & MARKS == MARKS
    }
}

/// Needles of the other detectors, besides those of keys.
const OTHERS: &[(&str, u128)] = &[
    ("@", URLS),
    ("%40", URLS),
    ("begin ", MARKS),
    ("private-lines", MARKS),
    ("apiversion", OTHER),
];

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let mut needles: Vec<&'static str> = Vec::new();
    let mut calls: Vec<Calls> = Vec::new();
    let mut add = |needle: &'static str, bit: u128| {
        if let Some(at) = needles.iter().position(|known| *known == needle) {
            if let Some(call) = calls.get_mut(at) {
                call.0 |= bit;
            }
        } else {
            needles.push(needle);
            calls.push(Calls(bit));
        }
    };
    for (at, shape) in SHAPES.iter().enumerate() {
        for needle in shape.needs {
            add(needle, 1 << at);
        }
    }
    for (at, (needle, _)) in NAMED.iter().enumerate() {
        add(needle, 1 << (NAMED_AT + at));
    }
    for needle in ["secret ", "token ", "key ", "passphrase "] {
        add(needle, 1 << (NAMED_AT + NAMED.len() - 1));
    }
    for (needle, bits) in OTHERS {
        add(needle, *bits);
    }
    for needle in crate::pairs::WORDS {
        add(needle, KEYS);
    }
    Compiled {
        finder: AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&needles)
            .ok(),
        calls,
        shapes: SHAPES
            .iter()
            .filter_map(|shape| Some((compile(shape.text)?, shape.group, shape.kind)))
            .collect(),
        named: NAMED.iter().filter_map(|(_, text)| compile(text)).collect(),
    }
});

/// Bytes instead of characters: classes are ASCII, and words end where ASCII says so.
fn compile(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).unicode(false).build().ok()
}

/// What a line has to be looked at for.
pub(crate) fn calls(line: &str) -> Calls {
    let Some(finder) = &COMPILED.finder else {
        return Calls(u128::MAX);
    };
    let mut all = Calls::default();
    for found in finder.find_overlapping_iter(line) {
        if let Some(calls) = COMPILED.calls.get(found.pattern().as_usize()) {
            all.0 |= calls.0;
        }
    }
    all
}

/// Looks for the forms that a line calls for.
pub(crate) fn scan(line: &str, calls: Calls, spans: &mut Vec<Span>) {
    let bytes = line.as_bytes();
    let mut called = calls.0 & ((1 << NAMED_AT) - 1);
    while called != 0 {
        let at = called.trailing_zeros() as usize;
        called &= called - 1;
        let Some((regex, group, kind)) = COMPILED.shapes.get(at) else {
            break;
        };
        // The whole match of the others is the secret itself.
        let sentence = *group > 0 && matches!(*kind, "password" | "token" | "key" | "mixed");
        for found in regex.captures_iter(bytes) {
            let Some(secret) = found.get(*group) else {
                continue;
            };
            let text = cut(line, secret.start(), secret.end());
            if idle::idle(text) && !text.is_empty() {
                continue;
            }
            let all = found
                .get(0)
                .map_or("", |all| cut(line, all.start(), all.end()));
            if sentence && (idle::prose(text) && !text.is_empty() || is_id(all, text)) {
                continue;
            }
            if *kind == "mixed" && !is_mixed(text) {
                continue;
            }
            let kind = if *kind == "mixed" { "token" } else { kind };
            spans.push(Span::new(secret.start(), secret.end(), kind));
        }
    }
    for (at, regex) in COMPILED.named.iter().enumerate() {
        if calls.0 & (1 << (NAMED_AT + at)) == 0 || !calls.others() {
            continue;
        }
        for found in regex.captures_iter(bytes) {
            let (Some(one), Some(two)) = (found.get(1), found.get(2)) else {
                continue;
            };
            let (name, secret) = if at == 1 { (two, one) } else { (one, two) };
            let name = cut(line, name.start(), name.end());
            let text = cut(line, secret.start(), secret.end());
            if let Some(kind) = words::promised(name)
                && !idle::idle(text)
                && text.bytes().any(|b| b.is_ascii_alphanumeric())
                && !words::is_reference(name, text)
                && !(matches!(kind, "auth") || at == 6) | !value::word(text)
            {
                spans.push(Span::new(secret.start(), secret.end(), kind));
            }
        }
    }
}

/// Names of objects have no capitals.
fn is_mixed(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_uppercase())
}

/// `-u 1000:1000` is a user and a group.
fn is_id(all: &str, text: &str) -> bool {
    let before = cut(all, 0, all.len().saturating_sub(text.len() + 1));
    let user = before.rsplit([' ', '=', '"', '\'']).next().unwrap_or("");
    text.bytes().all(|b| b.is_ascii_digit())
        && user.bytes().all(|b| b.is_ascii_digit())
        && all.trim_start().starts_with('-')
}

/// Whether every expression compiles, and the bits suffice.
#[cfg(test)]
pub(crate) fn all_compile() -> bool {
    COMPILED.shapes.len() == SHAPES.len()
        && COMPILED.named.len() == NAMED.len()
        && COMPILED.finder.is_some()
        && SHAPES.len() <= NAMED_AT
        && NAMED_AT + NAMED.len() < 124
}
