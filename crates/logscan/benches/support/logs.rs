//! Deterministic logs in the forms of a cluster, and patterns in the forms that rules have, some of which hit.

use std::fmt::Write as _;

/// Numbers that look random and are always the same.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }
}

const NOUNS: [&str; 40] = [
    "endpoint",
    "certificate",
    "volume",
    "snapshot",
    "replica",
    "partition",
    "session",
    "transaction",
    "checkpoint",
    "segment",
    "consumer",
    "producer",
    "listener",
    "upstream",
    "webhook",
    "finalizer",
    "lease",
    "quota",
    "index",
    "cursor",
    "shard",
    "migration",
    "schema",
    "token",
    "credential",
    "manifest",
    "layer",
    "sandbox",
    "interface",
    "route",
    "bridge",
    "tunnel",
    "policy",
    "selector",
    "journal",
    "cgroup",
    "device",
    "socket",
    "channel",
    "cache",
];
const VERBS: [&str; 24] = [
    "allocate",
    "acquire",
    "commit",
    "decode",
    "deserialize",
    "establish",
    "evict",
    "fetch",
    "flush",
    "handshake",
    "initialize",
    "negotiate",
    "persist",
    "publish",
    "reconcile",
    "refresh",
    "register",
    "release",
    "renew",
    "replicate",
    "resolve",
    "rotate",
    "synchronize",
    "validate",
];
const REASONS: [&str; 30] = [
    "permission denied",
    "quota exceeded",
    "deadline exceeded",
    "connection reset by peer",
    "broken pipe",
    "invalid checksum",
    "version mismatch",
    "no leader elected",
    "stale generation",
    "unexpected EOF",
    "not authorized",
    "resource exhausted",
    "already exists",
    "protocol violation",
    "too many open files",
    "certificate revoked",
    "handshake timeout",
    "duplicate key",
    "lock contention",
    "disk full",
    "read-only transaction",
    "unknown field",
    "malformed header",
    "circuit breaker open",
    "backpressure limit reached",
    "queue overflow",
    "missing dependency",
    "clock skew detected",
    "address in use",
    "host unreachable",
];
const NAMES: [&str; 16] = [
    "payments",
    "checkout",
    "inventory",
    "gateway",
    "frontend",
    "catalog",
    "orders",
    "ledger",
    "search",
    "profile",
    "billing",
    "notifier",
    "scheduler",
    "ingest",
    "auth",
    "reports",
];
const CALM: [&str; 16] = [
    "request served",
    "reconciled object",
    "health check passed",
    "cache entry refreshed",
    "watch established",
    "processed batch",
    "sync is current",
    "leader unchanged",
    "metrics scraped",
    "configuration unchanged",
    "lease renewed",
    "snapshot uploaded",
    "consumer group stable",
    "handler added",
    "token rotated",
    "connected to upstream",
];

/// A pattern and a text that it matches.
pub(crate) struct Wanted {
    pub(crate) regex: String,
    pub(crate) sample: String,
}

/// As many patterns as asked for: those of real rules first, then generated ones.
pub(crate) fn patterns(count: usize) -> Vec<Wanted> {
    let mut numbers = Numbers::new(0xC01D_CA5E);
    let mut all: Vec<Wanted> = include_str!("../patterns.txt")
        .lines()
        .map(|regex| Wanted {
            regex: regex.to_owned(),
            sample: String::new(),
        })
        .collect();
    let mut serial = 0;
    while all.len() < count {
        let wanted = generated(&mut numbers, serial);
        serial += 1;
        if all.iter().all(|known| known.regex != wanted.regex) {
            all.push(wanted);
        }
    }
    all.truncate(count);
    all
}

fn generated(numbers: &mut Numbers, serial: usize) -> Wanted {
    let (verb, noun) = (numbers.one(&VERBS), numbers.one(&NOUNS));
    let (reason, other, name) = (
        numbers.one(&REASONS),
        numbers.one(&REASONS),
        numbers.one(&NAMES),
    );
    let (regex, sample) = match numbers.below(100) {
        0..=24 => (
            format!(r"failed to {verb} {noun}(?: \S+)?: {reason}"),
            format!("failed to {verb} {noun} x-{serial}: {reason}"),
        ),
        25..=39 => (
            format!(r"(?i)\b{noun} (?:could not|cannot) {verb}\b"),
            format!("{noun} CANNOT {verb} now"),
        ),
        40..=54 => (
            format!(r"{name}: (?:{reason}|{other}) for {noun} \d+"),
            format!("{name}: {other} for {noun} {serial}"),
        ),
        55..=69 => (
            format!(r#""error":"[^"]*{verb} {noun}[^"]*{reason}""#),
            format!(r#""error":"{verb} {noun} {serial}: {reason}""#),
        ),
        70..=84 => (
            format!(r"(?i){reason}[^\n]{{0,40}}{noun}|{noun} {verb} timeout"),
            format!("{reason} on the {noun}"),
        ),
        85..=94 => (
            format!(r"[Uu]nable to {verb} .*{noun}s?\b"),
            format!("Unable to {verb} any {noun}s"),
        ),
        95..=97 => (
            format!(r"^{name}-{noun}\[\d+\]: {verb}"),
            format!("{name}-{noun}[{serial}]: {verb}"),
        ),
        _ => (
            format!(r"\bE{serial:04}\b"),
            format!("code E{serial:04} raised"),
        ),
    };
    Wanted { regex, sample }
}

/// Lines of all forms until there are so many bytes; about every 5,000 bytes one holds a sample.
pub(crate) fn text(bytes: usize, patterns: &[Wanted]) -> Vec<u8> {
    let mut numbers = Numbers::new(7);
    let hitting: Vec<&str> = patterns
        .iter()
        .map(|wanted| wanted.sample.as_str())
        .filter(|sample| !sample.is_empty())
        .step_by(patterns.len().div_ceil(25).max(1))
        .collect();
    let mut text = String::with_capacity(bytes + 1000);
    let mut next = 2500;
    while text.len() < bytes {
        let message = if text.len() >= next && !hitting.is_empty() {
            next += 5000;
            hitting[numbers.below(hitting.len())].to_owned()
        } else {
            let (calm, noun, name) = (numbers.one(&CALM), numbers.one(&NOUNS), numbers.one(&NAMES));
            format!(
                "{calm} {noun}={name}-{:05x} in {}ms",
                numbers.below(1 << 20),
                numbers.below(900)
            )
        };
        line(&mut text, &mut numbers, &message);
    }
    text.into_bytes()
}

fn line(text: &mut String, numbers: &mut Numbers, message: &str) {
    let (a, b, c) = (
        numbers.below(60),
        numbers.below(60),
        numbers.below(1_000_000),
    );
    let name = numbers.one(&NAMES);
    let id = numbers.below(1 << 30);
    let done = match numbers.below(14) {
        0..=2 => writeln!(
            text,
            "I0714 02:{a:02}:{b:02}.{c:06}       1 {name}.go:{}] \"{message}\" pod=\"{name}/{name}-{id:08x}\" node=\"worker-{}\"",
            c % 900,
            a % 9
        ),
        3..=5 => writeln!(
            text,
            "{{\"level\":\"info\",\"ts\":\"2026-07-14T02:{a:02}:{b:02}.{c:06}Z\",\"caller\":\"{name}/server.go:{}\",\"msg\":\"{message}\",\"trace_id\":\"{id:016x}\",\"status\":{}}}",
            c % 900,
            200 + a % 5
        ),
        6 | 7 => writeln!(
            text,
            "10.244.{}.{} - - [14/Jul/2026:02:{a:02}:{b:02} +0000] \"GET /api/v1/{name}/{id} HTTP/1.1\" {} {c} \"-\" \"kube-probe/1.31\" \"{message}\"",
            a,
            b,
            200 + b % 4
        ),
        8 | 9 => writeln!(
            text,
            "2026-07-14 02:{a:02}:{b:02}.{:03}  INFO 1 --- [nio-8080-exec-{}] c.example.{name}.Service : {message}",
            c % 1000,
            a % 20
        ),
        10 | 11 => writeln!(
            text,
            "time=\"2026-07-14T02:{a:02}:{b:02}.{c:06}000Z\" level=info msg=\"{message}\" id={id:016x} namespace=k8s.io"
        ),
        12 => writeln!(
            text,
            "2026-07-14T02:{a:02}:{b:02}.{c:06}000Z stdout F {message}"
        ),
        _ => writeln!(
            text,
            "Jul 14 02:{a:02}:{b:02} worker-{} kernel: [{id}.{c:06}] eth{}: {message}",
            a % 9,
            b % 4
        ),
    };
    // Writing to a string cannot fail.
    done.unwrap_or_default();
}
