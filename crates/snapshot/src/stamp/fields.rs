//! Finds the time among the fields of a line of JSON or logfmt, without reading more than its beginning.

use std::ops::ControlFlow;

use super::{
    Raw, When, date, epoch,
    scan::{self, Cursor},
};

/// How much of a JSON line is looked at.
pub(super) const JSON_LIMIT: usize = 4_096;

/// Names under which loggers write the time, without regard to case.
const KEYS: [&str; 26] = [
    "ts",
    "time",
    "@timestamp",
    "timestamp",
    "t",
    "@t",
    "date",
    "datetime",
    "eventTime",
    "asctime",
    "instant",
    "timeMillis",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "start_time",
    "startTime",
    "time_local",
    "time_iso8601",
    "msec",
    "log_time",
    "logTime",
    "timeUnixNano",
    "observedTimeUnixNano",
    "__REALTIME_TIMESTAMP",
    "@time",
    "_time",
];

fn is_time_key(key: &[u8]) -> bool {
    KEYS.iter()
        .any(|name| name.as_bytes().eq_ignore_ascii_case(key))
}

/// A value as it lies in the line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    /// Between the quotes, escapes not undone.
    Text(usize, usize),
    /// A number or a word.
    Word(usize, usize),
    /// An object or array: where its bracket is.
    Nested(usize),
}

/// Walks the members of the object that opens at `open`, the ones inside their values left out.
/// Linear; a text that ends early ends the walk.
pub(crate) fn members(
    bytes: &[u8],
    open: usize,
    mut each: impl FnMut(&[u8], Value) -> ControlFlow<()>,
) -> Option<()> {
    let mut at = open + 1;
    loop {
        at = skip(bytes, at, b" \t\r\n,");
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let end = string_end(bytes, at + 1)?;
        let key = bytes.get(at + 1..end)?;
        at = skip(bytes, end + 1, b" \t");
        if *bytes.get(at)? != b':' {
            return None;
        }
        at = skip(bytes, at + 1, b" \t");
        let (value, next) = match *bytes.get(at)? {
            b'"' => {
                let end = string_end(bytes, at + 1)?;
                (Value::Text(at + 1, end), end + 1)
            }
            b'{' | b'[' => {
                if each(key, Value::Nested(at)).is_break() {
                    return Some(());
                }
                at = nested_end(bytes, at)?;
                continue;
            }
            _ => {
                let end = bytes
                    .get(at..)?
                    .iter()
                    .position(|b| b",}] \t\r\n".contains(b))?
                    + at;
                (Value::Word(at, end), end)
            }
        };
        if each(key, value).is_break() {
            return Some(());
        }
        at = next;
    }
}

fn skip(bytes: &[u8], mut at: usize, over: &[u8]) -> usize {
    while bytes.get(at).is_some_and(|byte| over.contains(byte)) {
        at += 1;
    }
    at
}

/// Where the string ends whose first byte is at `from`.
fn string_end(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = memchr::memchr2(b'"', b'\\', bytes.get(from..)?)? + from;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The place after the bracket that closes the one at `open`.
fn nested_end(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    loop {
        match *bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The time of a JSON line that opens at `open`.
pub(super) fn json(bytes: &[u8], open: usize) -> Option<Raw> {
    let head = bytes.get(..bytes.len().min(JSON_LIMIT)).unwrap_or(bytes);
    let mut found = None;
    let _ = members(head, open, |key, value| {
        if is_time_key(key) {
            found = json_value(head, value);
        }
        match found {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    });
    found
        .or_else(|| at_the_end(bytes, open))
        .or_else(|| telemetry(head))
}

fn json_value(bytes: &[u8], value: Value) -> Option<Raw> {
    match value {
        Value::Text(from, to) => text_value(bytes.get(..to)?, from),
        Value::Word(from, to) => epoch::value(Cursor::new(bytes.get(..to)?, from)),
        Value::Nested(open) => nested_value(bytes, open),
    }
}

fn text_value(bytes: &[u8], mut from: usize) -> Option<Raw> {
    if bytes.get(from) == Some(&b'[') {
        from += 1;
    }
    let cursor = Cursor::new(bytes, from);
    // A number in quotes is a time only if it is all there is.
    date::parse(cursor).or_else(|| epoch::value(cursor).filter(|found| found.end == bytes.len()))
}

/// MongoDB's `{"$date": …}`, log4j's `{"epochSecond": …, "nanoOfSecond": …}`.
fn nested_value(bytes: &[u8], open: usize) -> Option<Raw> {
    if bytes.get(open) != Some(&b'{') {
        return None;
    }
    let mut found: Option<Raw> = None;
    let mut nanos = None;
    let _ = members(bytes, open, |key, value| {
        match key {
            b"$date" => {
                found = match value {
                    Value::Nested(_) => None,
                    flat => json_value(bytes, flat),
                };
            }
            b"epochSecond" => found = json_value(bytes, value),
            b"nanoOfSecond" => {
                if let Value::Word(from, to) = value {
                    nanos = bytes
                        .get(..to)
                        .and_then(|b| Cursor::new(b, from).number(1, 9));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    match (found, nanos) {
        (
            Some(Raw {
                when: When::Instant(time),
                start,
                end,
                ..
            }),
            Some(nanos),
        ) => {
            let time = jiff::Timestamp::new(time.as_second(), nanos).ok()?;
            Some(Raw {
                when: When::Instant(time),
                precision: 9,
                start,
                end,
            })
        }
        (found, _) => found,
    }
}

/// Docker's json-file and the API server's audit log put the time last, behind texts that may be long.
fn at_the_end(bytes: &[u8], open: usize) -> Option<Raw> {
    const TAILS: [(&[u8], &[u8], usize); 2] = [
        (b"{\"log\":\"", b"\"time\":\"", 256),
        (
            b"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io",
            b"\"requestReceivedTimestamp\":\"",
            JSON_LIMIT,
        ),
    ];
    let line = bytes.get(open..)?;
    let (_, marker, reach) = TAILS
        .iter()
        .find(|(beginning, _, _)| line.starts_with(beginning))?;
    let from = bytes.len().saturating_sub(*reach);
    let at = memchr::memmem::rfind(bytes.get(from..)?, marker)? + from + marker.len();
    let end = memchr::memchr(b'"', bytes.get(at..)?)? + at;
    date::iso(Cursor::new(bytes.get(..end)?, at))
}

/// OpenTelemetry's export buries the record's time in several lists.
fn telemetry(bytes: &[u8]) -> Option<Raw> {
    if !bytes.starts_with(b"{\"resource") {
        return None;
    }
    [&b"\"timeUnixNano\":"[..], b"\"observedTimeUnixNano\":"]
        .into_iter()
        .find_map(|marker| {
            let mut at = memchr::memmem::find(bytes, marker)? + marker.len();
            at += usize::from(bytes.get(at) == Some(&b'"'));
            epoch::value(Cursor::new(bytes, at))
        })
}

/// The time of a logfmt line, under any of its keys, and of the kernel's audit records, which look alike.
pub(super) fn logfmt(bytes: &[u8], from: usize) -> Option<Raw> {
    let mut at = from;
    let mut first = true;
    loop {
        at = skip(bytes, at, b" \t");
        let key_from = at;
        let stop = bytes
            .get(at..)?
            .iter()
            .position(|b| matches!(b, b'=' | b' ' | b'\t' | b'"'))?
            + at;
        let key = bytes.get(key_from..stop)?;
        let is_pair = bytes.get(stop) == Some(&b'=') && !key.is_empty();
        if first && !(is_pair && key.iter().all(|b| is_key_byte(*b))) {
            return None;
        }
        first = false;
        if !is_pair {
            at = stop + 1;
            continue;
        }
        at = stop + 1;
        let (value, next) = if bytes.get(at) == Some(&b'"') {
            let end = string_end(bytes, at + 1).unwrap_or(bytes.len());
            ((at + 1, end), end + 1)
        } else {
            let end = bytes
                .get(at..)?
                .iter()
                .position(|b| matches!(b, b' ' | b'\t'))
                .map_or(bytes.len(), |len| at + len);
            ((at, end), end)
        };
        let text = bytes.get(..value.1)?;
        let audit = bytes.get(value.0..value.1)?.starts_with(b"audit(");
        let found = if key == b"msg" && audit {
            epoch::leading(Cursor::new(text, value.0 + 6))
        } else if is_time_key(key) {
            // go-kit writes `2026-07-14 02:42:31` without quotes too.
            text_value(text, value.0).or_else(|| date::iso(Cursor::new(bytes, value.0)))
        } else {
            None
        };
        if found.is_some() {
            return found;
        }
        at = next;
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@')
}

/// An access log: address, user and then `[28/Jun/2026:12:01:15 +0000]`.
pub(super) fn access(bytes: &[u8], from: usize) -> Option<Raw> {
    memchr::memchr_iter(b'[', bytes)
        .filter(|at| *at >= from)
        .take(16)
        .find_map(|at| {
            let cursor = Cursor::new(bytes, at + 1);
            let shaped = cursor.ahead(2) == Some(b'/') && cursor.ahead(6) == Some(b'/');
            shaped.then(|| date::day_first(cursor)).flatten()
        })
}

/// Words that loggers put before the time: a level, a bracketed thread, Redis' `1:C`. Where the next token begins.
pub(super) fn header_token(bytes: &[u8], from: usize) -> Option<usize> {
    let mut cursor = Cursor::new(bytes, from);
    let end = match cursor.peek()? {
        b'[' => {
            let len = memchr::memchr(b']', cursor.rest().get(..cursor.rest().len().min(64))?)?;
            from + len + 1
        }
        b'0'..=b'9' => {
            cursor.number(1, 9)?;
            cursor.eat(b":")?;
            cursor.eat(b"CMSX")?;
            cursor.at
        }
        _ => {
            let word = cursor.word(8)?;
            is_level(word).then_some(cursor.at)?
        }
    };
    let next = skip(bytes, end, b" \t,:|-");
    // `I, [2026-…` is Ruby's; the bracket then belongs to the stamp.
    (next > end).then_some(next)
}

/// Whether a word is a logger's level, long or short.
pub(crate) fn is_level(word: &[u8]) -> bool {
    const LEVELS: [&str; 28] = [
        "trace",
        "trc",
        "debug",
        "dbg",
        "dbug",
        "info",
        "inf",
        "information",
        "notice",
        "warn",
        "wrn",
        "warning",
        "error",
        "err",
        "eror",
        "crit",
        "critical",
        "alert",
        "emerg",
        "panic",
        "fatal",
        "ftl",
        "severe",
        "fine",
        "verbose",
        "note",
        "log",
        "config",
    ];
    match word {
        [letter] => b"DIWEFNCTV".contains(letter),
        _ => LEVELS
            .iter()
            .any(|level| level.as_bytes().eq_ignore_ascii_case(word)),
    }
}

const EARLY: &[u8] = b"ERROR: logging before flag.Parse: ";

/// Reads what stands between the beginning of a line and its stamp: priority, colours, `kern  :err   : `.
pub(super) fn noise(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..8 {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let next = match rest.first() {
            Some(0xEF) if rest.starts_with(b"\xEF\xBB\xBF") => at + 3,
            Some(0x1B) => escape_end(bytes, at),
            Some(b'<') => priority(bytes, at).unwrap_or(at),
            Some(b'a'..=b'z') => facility(bytes, at).unwrap_or(at),
            // `talosctl dmesg` puts the node before each line.
            Some(b'0'..=b'9') => behind_node(bytes, at).unwrap_or(at),
            Some(b'#') if rest.starts_with(b"# Time: ") => at + 8,
            // Older `minikube logs`.
            Some(b'*') if at == 0 && rest.starts_with(b"* ") => at + 2,
            // glog says so before its own line as long as no flags were read.
            Some(b'E') if rest.starts_with(EARLY) => at + EARLY.len(),
            _ => at,
        };
        if next == at {
            break;
        }
        at = next;
    }
    at
}

/// The end of a terminal's escape sequence.
pub(crate) fn escape_end(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) != Some(&b'[') {
        return at + 1;
    }
    let parameters = bytes
        .get(at + 2..)
        .unwrap_or(&[])
        .iter()
        .take(32)
        .take_while(|b| !(0x40..=0x7E).contains(*b))
        .count();
    (at + 3 + parameters).min(bytes.len())
}

/// `<30>`, `<30>1 `.
fn priority(bytes: &[u8], at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(bytes, at + 1);
    cursor.number(1, 3)?;
    cursor.eat(b">")?;
    let mut version = cursor;
    if version.eat(b"1").is_some() && version.eat(b" ").is_some() {
        return Some(version.at);
    }
    Some(cursor.at)
}

/// `10.0.0.5: ` before a facility; where the facility begins.
fn behind_node(bytes: &[u8], at: usize) -> Option<usize> {
    let address = bytes
        .get(at..)?
        .iter()
        .take(40)
        .take_while(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'))
        .count();
    let colon = at + address.checked_sub(1)?;
    (bytes.get(colon) == Some(&b':') && bytes.get(colon + 1) == Some(&b' ')).then_some(())?;
    facility(bytes, colon + 2).map(|_| colon + 2)
}

/// dmesg -x and Talos: `kern  :err   : `, `kern:    info: `.
pub(crate) fn facility(bytes: &[u8], at: usize) -> Option<usize> {
    const NAMES: [&[u8]; 20] = [
        b"kern",
        b"user",
        b"mail",
        b"daemon",
        b"auth",
        b"syslog",
        b"lpr",
        b"news",
        b"uucp",
        b"cron",
        b"authpriv",
        b"ftp",
        b"local0",
        b"local1",
        b"local2",
        b"local3",
        b"local4",
        b"local5",
        b"local6",
        b"local7",
    ];
    let rest = bytes.get(at..)?;
    let name = NAMES
        .iter()
        .filter(|name| rest.starts_with(name))
        .max_by_key(|name| name.len())?;
    let mut cursor = Cursor::new(bytes, at + name.len());
    cursor.blanks();
    cursor.eat(b":")?;
    cursor.blanks();
    is_level(cursor.word(8)?).then_some(())?;
    cursor.blanks();
    cursor.eat(b":")?;
    (cursor.blanks() > 0).then_some(cursor.at)
}

/// Whether the text at `from` could be a month or a day of the week: cheaper than trying all forms.
pub(super) fn may_be_dated(cursor: Cursor<'_>) -> bool {
    let mut inner = cursor;
    inner
        .word(10)
        .is_some_and(|word| scan::month(word).is_some() || scan::weekday(word))
}
