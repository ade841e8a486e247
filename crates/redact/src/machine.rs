//! Masks a text line by line: quickly passes over lines that cannot hold a secret, and asks every detector about the others.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memchr;

use crate::{
    Counts, base64, json,
    key::Pseudonyms,
    pairs,
    pem::{self, Pem},
    plan::{Hit, Plan},
    shapes,
    span::{self, Span, cut},
    structure::Structure,
    url,
};

/// base64 in base64 in base64.
const LEVELS: u8 = 3;

/// A line without any of these, and without base64, holds no secret that we would know.
const TRIGGERS: &[&str] = &[
    "pass",
    "pwd",
    "pw=",
    "pw:",
    "pw\"",
    "kennwort",
    "secret",
    "token",
    "key",
    "cred",
    "conn",
    "auth",
    "cookie",
    "dsn",
    "jwt",
    "pat=",
    "pat:",
    "pat\"",
    "psk",
    "otp",
    "mnemonic",
    "sas",
    "dockerc",
    "@",
    "%40",
    "eyj",
    "akia",
    "asia",
    "abia",
    "acca",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "glft-",
    "glsoat-",
    "glimt-",
    "glagent-",
    "glffct-",
    "xox",
    "xapp-",
    "aiza",
    "ya29.",
    "gocspx-",
    "1//0",
    "sk_",
    "rk_",
    "whsec_",
    "sk-",
    "npm_",
    "pypi-",
    "dckr_",
    "rubygems_",
    "hf_",
    "r8_",
    "sg.",
    "xkeysib-",
    "dop_v1_",
    "doo_v1_",
    "dor_v1_",
    "hvs.",
    "hvb.",
    "hvr.",
    "shp",
    "lin_api_",
    "dapi",
    "atatt3",
    "glsa_",
    "glc_",
    "nrak-",
    "nrra-",
    "sq0",
    "figd_",
    "figr_",
    "pmak-",
    "ops_",
    "ntn_",
    "pul-",
    "eaac",
    ":aa",
    "sha256~",
    "k10",
    "kubeadm",
    "kubeconfig-",
    "bearer",
    "aq",
    "$",
    "{s",
    "{m",
    "{c",
    "{p",
    "{a",
    "scram-sha",
    "md5",
    "identified",
    "webhook",
    "pagerduty",
    "opsgenie",
    "victorops",
    "hooks.slack",
    "sig=",
    "signature",
    "code=",
    "login",
    "--user",
    "-u",
    "-p",
    "-a ",
    "-w ",
    "openssl",
    "echo",
    "jdbc:",
    "begin ",
    "private-lines",
    "apiversion",
    "sharedaccess",
    "session",
    ":*:",
    "pin ",
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(TRIGGERS)
        .ok()
});

/// Masks one text; lines are given in order.
#[derive(Debug)]
pub struct FileMasker<'r> {
    names: &'r Pseudonyms,
    plan: Plan,
    planned: bool,
    structure: Structure,
    pem: Pem,
    line: u64,
    level: u8,
    counts: Counts,
    spans: Vec<Span>,
}

impl<'r> FileMasker<'r> {
    pub(crate) fn new(names: &'r Pseudonyms, plan: Plan, level: u8) -> Self {
        Self {
            names,
            planned: !plan.is_empty(),
            plan,
            structure: Structure::default(),
            pem: Pem::default(),
            line: 0,
            level,
            counts: Counts::new(),
            spans: Vec::new(),
        }
    }

    /// The text is YAML: what follows `password: ` is a value, not a sentence.
    #[must_use]
    pub fn yaml(mut self, is_yaml: bool) -> Self {
        self.structure.sure = is_yaml;
        self
    }

    /// Masks the next whole lines and appends them to `out`, each with its own end.
    pub fn mask(&mut self, part: &str, out: &mut String) {
        let mut rest = part;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.line(line, out);
            rest = after;
        }
    }

    /// What was masked so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was masked.
    pub fn into_counts(self) -> Counts {
        self.counts
    }

    fn line(&mut self, whole: &str, out: &mut String) {
        self.line += 1;
        let text = whole.trim_end_matches(['\n', '\r']);
        let hit = if self.planned {
            self.plan.hit(self.line)
        } else {
            Hit::Nothing
        };
        let waits = hit != Hit::Nothing || self.structure.waits() || self.pem.waits();
        let trigger = waits || FINDER.as_ref().is_none_or(|finder| finder.is_match(text));
        if !trigger && !base64::has_run(text) && memchr(b'[', text.as_bytes()).is_none() {
            out.push_str(whole);
            return;
        }
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        if trigger {
            self.detect(text, hit, &mut spans);
        }
        self.encoded(text, &mut spans);
        span::apply(text, &mut spans, self.names, &mut self.counts, out);
        self.spans = spans;
        out.push_str(cut(whole, text.len(), whole.len()));
    }

    fn detect(&mut self, text: &str, hit: Hit, spans: &mut Vec<Span>) {
        let done = self.structure.line(text, hit, spans);
        self.pem.line(text, spans);
        if hit == Hit::Key {
            pem::body(text, true, spans);
        }
        if done {
            return;
        }
        json::scan(text, spans);
        pairs::scan(text, self.structure.sure, spans);
        url::scan(text, spans);
        shapes::scan(text, spans);
    }

    /// What base64 and lists of bytes hold.
    fn encoded(&self, text: &str, spans: &mut Vec<Span>) {
        if self.level >= LEVELS {
            return;
        }
        let mut judge = |inner: &str| {
            let mut masker = FileMasker::new(self.names, Plan::of(inner), self.level + 1);
            let mut out = String::new();
            masker.mask(inner, &mut out);
            !masker.counts.is_empty()
        };
        base64::scan(text, &mut judge, spans);
        base64::bytes(text, &mut judge, spans);
    }
}
