//! Masks a text line by line: quickly passes over lines that cannot hold a secret, and asks every detector about the others.

use memchr::memchr;

use crate::{
    Counts, base64, json,
    key::Pseudonyms,
    pairs,
    pem::{self, Pem},
    plan::{Hit, Plan},
    shapes::{self, Calls},
    span::{self, Span, cut},
    structure::Structure,
    url,
};

/// base64 in base64 in base64.
const LEVELS: u8 = 3;

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

    /// What was masked.
    pub fn into_counts(self) -> Counts {
        self.counts
    }

    fn line(&mut self, whole: &str, out: &mut String) {
        self.line += 1;
        let text = whole.trim_end_matches(['\n', '\r']);
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        let hit = if self.planned {
            self.plan.flows(self.line, text.len(), &mut spans);
            self.plan.hit(self.line)
        } else {
            Hit::Nothing
        };
        let waits = hit != Hit::Nothing || self.structure.waits() || self.pem.waits();
        let calls = shapes::calls(text);
        let trigger = waits || !calls.none();
        if !trigger
            && spans.is_empty()
            && !base64::has_run(text)
            && memchr(b'[', text.as_bytes()).is_none()
        {
            out.push_str(whole);
            self.spans = spans;
            return;
        }
        if trigger {
            self.detect(text, hit, waits, calls, &mut spans);
        }
        self.encoded(text, &mut spans);
        span::apply(text, &mut spans, self.names, &mut self.counts, out);
        self.spans = spans;
        out.push_str(cut(whole, text.len(), whole.len()));
    }

    fn detect(&mut self, text: &str, hit: Hit, waits: bool, calls: Calls, spans: &mut Vec<Span>) {
        if waits || calls.others() {
            let done = self.structure.line(text, hit, spans);
            if self.pem.waits() || calls.marks() {
                self.pem.line(text, spans);
            }
            if hit == Hit::Key {
                pem::body(text, true, spans);
            }
            if done {
                return;
            }
            json::scan(text, spans);
            if calls.keys() {
                pairs::scan(text, spans);
            }
            if calls.urls() {
                url::scan(text, spans);
            }
        }
        shapes::scan(text, calls, spans);
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
