//! Takes single lines of logs and journals apart: framing, stream, stamp, host, unit, message.

mod escape;

use std::{borrow::Cow, ops::ControlFlow};

use jiff::Timestamp;

pub use escape::unescape;

use crate::{
    plain::bare,
    stamp::{
        self, When,
        fields::{self, Value},
    },
    units,
};

/// A line of a journal, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine<'t> {
    /// When, if the line says so.
    pub stamp: Option<stamp::Stamp>,
    /// Host as printed; empty for the kernel's own buffer (dmesg).
    pub host: &'t str,
    /// `kernel`, `kubelet` …
    pub unit: &'t str,
    /// The message, escapes undone.
    pub message: Cow<'t, str>,
}

/// Takes a line of a journal apart: any text mode of journalctl, syslog, dmesg, or `-o json`.
pub fn journal_line(line: &str, json: bool, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    if json {
        journal_json(line)
    } else {
        journal_text(line, now).or_else(|| dmesg(line))
    }
}

fn journal_json(line: &str) -> Option<JournalLine<'_>> {
    let bytes = line.as_bytes();
    let open = bytes.iter().take(16).position(|b| *b == b'{')?;
    let (mut micros, mut host, mut identifier, mut unit, mut message) =
        (None, "", None, None, None);
    let _ = fields::members(bytes, open, |key, value| {
        let text = || match value {
            Value::Text(from, to) => line.get(from..to),
            _ => None,
        };
        match key {
            b"__REALTIME_TIMESTAMP" => micros = text().and_then(|text| text.parse::<i64>().ok()),
            b"_HOSTNAME" => host = text().unwrap_or(""),
            b"SYSLOG_IDENTIFIER" => identifier = text(),
            b"_SYSTEMD_UNIT" => unit = text().map(|unit| unit.trim_end_matches(".service")),
            b"MESSAGE" => message = Some(journal_value(line, value)),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let time = Timestamp::from_microsecond(micros?).ok()?;
    Some(JournalLine {
        stamp: Some(micro_stamp(time)),
        host,
        unit: identifier.or(unit).unwrap_or(""),
        message: message.unwrap_or(Cow::Borrowed(line)),
    })
}

/// The journal's own clock: microseconds in UTC.
pub(crate) fn micro_stamp(time: Timestamp) -> stamp::Stamp {
    stamp::Stamp {
        time,
        precision: 6,
        len: 0,
        assumed: stamp::Assumed::default(),
    }
}

/// The value of a journal field: text, a list of bytes if it was not UTF-8, a list of texts if the
/// field occurred several times, `null` if it was too long to be written.
fn journal_value(line: &str, value: Value) -> Cow<'_, str> {
    match value {
        Value::Text(from, to) => line.get(from..to).map_or(Cow::Borrowed(""), unescape),
        Value::Word(..) => Cow::Borrowed(""),
        Value::Nested(open) => {
            let rest = line.get(open..).unwrap_or("");
            if rest
                .get(1..)
                .unwrap_or("")
                .trim_start()
                .starts_with(['"', '['])
            {
                let mut first = Cow::Borrowed("");
                // A list of texts reads like an object without keys; the first text is enough.
                if let Some(from) = rest.find('"')
                    && let Some(text) = escape::quoted(rest, from)
                {
                    first = unescape(text);
                }
                return first;
            }
            let bytes: Vec<u8> = rest
                .get(1..)
                .unwrap_or("")
                .split(']')
                .next()
                .unwrap_or("")
                .split(',')
                .map_while(|number| number.trim().parse::<u8>().ok())
                .collect();
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

/// A value of a journal's field as JSON spells it: a text, a list of bytes or of texts, `null`.
pub(crate) fn written_value(written: &str) -> Cow<'_, str> {
    match written.as_bytes().first() {
        // A text that is cut off is what there is of it.
        Some(b'"') => {
            let rest = written.get(1..).unwrap_or("");
            unescape(escape::quoted(written, 0).unwrap_or(rest))
        }
        Some(b'[') => journal_value(written, Value::Nested(0)),
        _ => Cow::Borrowed(""),
    }
}

/// `<stamp> <host> <unit>[<pid>]: <message>` in all of journalctl's short modes and both syslog protocols.
pub(crate) fn journal_text(line: &str, now: Option<Timestamp>) -> Option<JournalLine<'_>> {
    let parts = journal_parts(line)?;
    Some(JournalLine {
        // Without a capture time a yearless stamp makes no instant; it is a journal's line all the same.
        stamp: stamp::leading(line, now),
        host: parts.host,
        unit: parts.unit,
        message: Cow::Borrowed(if parts.unit == "kernel" {
            bare(without_boot_clock(bare(parts.message)))
        } else {
            bare(parts.message)
        }),
    })
}

/// The pieces of a journal's line, with the message as it was logged.
pub(crate) struct JournalParts<'t> {
    pub(crate) host: &'t str,
    pub(crate) unit: &'t str,
    pub(crate) message: &'t str,
}

pub(crate) fn journal_parts(line: &str) -> Option<JournalParts<'_>> {
    let found = stamp::raw(line)?;
    let before = bare(line.get(..found.start)?);
    let before = before.strip_prefix("* ").unwrap_or(before);
    let version = before.strip_prefix('<').and_then(|b| b.split_once('>'));
    if !(before.is_empty() || version.is_some()) {
        return None;
    }
    let rest = bare(line.get(found.end..)?).strip_prefix(' ')?;
    if version.is_some_and(|(_, version)| version == "1 ") {
        return protocol(rest);
    }
    let rest = if matches!(found.when, When::Local(_)) && line.starts_with(char::is_alphabetic) {
        without_zone_name(rest)
    } else {
        rest
    };
    // sysklogd may be told to leave the host out.
    if let Some(message) = rest.strip_prefix("kernel: ")
        && !matches!(found.when, When::SinceBoot(_))
    {
        return Some(JournalParts {
            host: "",
            unit: "kernel",
            message,
        });
    }
    let (host, rest) = rest.split_once(' ')?;
    let host = bare(host);
    let rest = rest.trim_start_matches(' ');
    let (tag, message) = rest
        .split_once(": ")
        .or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
    let tag = bare(tag);
    let yearless = matches!(found.when, When::Yearless { .. });
    // Only `unit[pid]` and the kernel: an application's "INFO main: …" has the same shape
    // otherwise. Syslog's own stamp is seldom an application's, so there a bare name will do.
    let unit = match tag.split_once('[') {
        Some((unit, pid)) if is_pid(pid) => unit,
        None if tag == "kernel" => tag,
        // Daemons that log through syslog(3) themselves give no pid, and the stamp may be rsyslog's.
        None if (yearless
            || !matches!(found.when, When::SinceBoot(_)) && units::is_service(tag))
            && !fields::is_level(host.as_bytes()) =>
        {
            tag
        }
        _ => return None,
    };
    let monotonic = matches!(found.when, When::SinceBoot(_));
    if unit.is_empty()
        || unit.contains(' ')
        || host.is_empty()
        || host.ends_with([':', ']'])
        || host.starts_with('[')
        || (monotonic && host.contains('='))
    {
        return None;
    }
    Some(JournalParts {
        host,
        unit: unit.trim_end_matches(".service"),
        message,
    })
}

fn is_pid(text: &str) -> bool {
    text.strip_suffix(']')
        .is_some_and(|pid| pid.bytes().all(|b| b.is_ascii_digit()))
}

/// journalctl's short-full prints the zone's name, which may be an ambiguous one.
fn without_zone_name(rest: &str) -> &str {
    rest.split_once(' ')
        .filter(|(name, _)| {
            (3..=5).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase())
        })
        .map_or(rest, |(_, rest)| rest)
}

/// The kernel's `[  725.795102] ` in front of a message that has a wall clock already.
fn without_boot_clock(message: &str) -> &str {
    match stamp::raw(message) {
        Some(found) if matches!(found.when, When::SinceBoot(_)) && found.start == 0 => message
            .get(found.end..)
            .map_or(message, |rest| rest.strip_prefix(' ').unwrap_or(rest)),
        _ => message,
    }
}

/// RFC 5424 after the stamp: `host app pid msgid [structured data] message`.
fn protocol(rest: &str) -> Option<JournalParts<'_>> {
    let mut parts = rest.splitn(5, ' ');
    let (host, unit, _, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let tail = parts.next().unwrap_or("");
    let message = if let Some(tail) = tail.strip_prefix('-') {
        tail
    } else {
        structured_end(tail).map_or(tail, |end| tail.get(end..).unwrap_or(""))
    };
    Some(JournalParts {
        host,
        unit,
        message: message.trim_start_matches([' ', '\u{feff}']),
    })
}

/// Where the elements `[id key="value"]…` end.
fn structured_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b']' if !quoted && bytes.get(at + 1) != Some(&b'[') => return Some(at + 1),
            b'[' if at == 0 || quoted => {}
            _ if at == 0 => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The kernel's ring buffer, as dmesg prints it: `[  725.995102] text`, with `-x`, `-r`, `-T` and
/// `--time-format iso` too, and as Talos does.
fn dmesg(line: &str) -> Option<JournalLine<'_>> {
    let line = bare(line);
    let line = line.strip_prefix("* ").unwrap_or(line);
    let found = stamp::raw(line)?;
    let before = line.get(..found.start)?;
    let (host, listed) = facility_of(before.strip_suffix('[').unwrap_or(before));
    let bracket = before.ends_with('[');
    let since_boot = matches!(found.when, When::SinceBoot(_));
    // -T: `[Fri Feb 11 19:03:14 2022] text`; a bracketed date of digits is an application's, unless a facility
    // stands before it.
    let human = bracket
        && (listed || found.start == 1 && !line.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
    if !since_boot && !human && !is_kernel_iso(line) {
        return None;
    }
    let rest = line.get(found.end..)?;
    let rest = if human && !since_boot {
        let rest = rest.strip_prefix(']')?;
        rest.strip_prefix(':').unwrap_or(rest)
    } else {
        rest
    };
    let rest = bare(rest);
    let rest = bare(rest.strip_prefix(' ').unwrap_or(rest));
    Some(JournalLine {
        stamp: stamp::leading(line, None),
        host,
        unit: "kernel",
        message: Cow::Borrowed(rest.strip_prefix("kernel: ").unwrap_or(rest)),
    })
}

/// What stands before a stamp of the kernel's: the node that `talosctl` names, and whether there is a facility.
fn facility_of(before: &str) -> (&str, bool) {
    let is_facility = |text: &str| fields::facility(text.as_bytes(), 0) == Some(text.len());
    match before.split_once(": ") {
        _ if is_facility(before) => ("", true),
        Some((host, rest)) if is_facility(rest) => (host, true),
        _ => ("", false),
    }
}

/// `2026-03-04T08:10:11,123456+01:00 `: nothing but `dmesg --time-format iso` writes a comma, six digits and an offset.
pub(crate) fn is_kernel_iso(line: &str) -> bool {
    let bytes = line.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0, 4)
        && bytes.get(10) == Some(&b'T')
        && bytes.get(19) == Some(&b',')
        && digits(20, 26)
        && matches!(bytes.get(26), Some(b'+' | b'-'))
        && digits(27, 29)
        && bytes.get(29) == Some(&b':')
        && digits(30, 32)
        && bytes.get(32) == Some(&b' ')
}

/// Where a container wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stream {
    /// The framing does not say.
    #[default]
    Unknown,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What collectors and runtimes put around an application's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'t> {
    /// `pod/x/container` of `kubectl logs --prefix`, or the name that compose and stern print; may be empty.
    pub source: &'t str,
    /// The runtime's stamp.
    pub outer: Option<stamp::Raw>,
    /// Which stream.
    pub stream: Stream,
    /// The runtime cut the line here; the next one of the same stream goes on.
    pub partial: bool,
    /// What the application wrote, its own stamp included.
    pub text: Cow<'t, str>,
}

impl Frame<'_> {
    /// Whether there is any framing.
    pub fn is_framed(&self) -> bool {
        self.outer.is_some() || !self.source.is_empty()
    }
}

/// Takes the framing off a log line: CRI, kubectl (`--timestamps`, `--prefix`), Docker's json-file, compose and stern.
pub fn frame(line: &str) -> Frame<'_> {
    if let Some(framed) = docker(line) {
        return framed;
    }
    let bytes = line.as_bytes();
    let from = source_end(bytes, 0).filter(|from| {
        // `name | text` is also how tables look; a stamp behind it or a compose name decides.
        bytes.first() == Some(&b'[')
            || is_compose_name(source_name(line, *from))
            || runtime(line, skip_escapes(bytes, *from)).is_some()
    });
    let at = from.map_or(0, |from| skip_escapes(bytes, from));
    let source = from.map_or("", |from| source_name(line, from));
    if let Some((outer, next, stream, partial)) = runtime(line, at) {
        return Frame {
            source,
            outer: Some(outer),
            stream,
            partial,
            text: Cow::Borrowed(line.get(next..).unwrap_or("")),
        };
    }
    Frame {
        source,
        outer: None,
        stream: Stream::Unknown,
        partial: false,
        text: Cow::Borrowed(line.get(from.unwrap_or(0)..).unwrap_or(line)),
    }
}

/// A log line without what collectors and runtimes put before it; an application's own stamp stays.
pub fn message(line: &str) -> Cow<'_, str> {
    frame(line).text
}

/// The stamp that a runtime or kubectl wrote at `at`: where the text begins, its stream, and whether it is cut.
fn runtime(line: &str, at: usize) -> Option<(stamp::Raw, usize, Stream, bool)> {
    let bytes = line.as_bytes();
    if bytes.get(at + 10) != Some(&b'T') {
        return None;
    }
    let found = stamp::iso_at(bytes, at).filter(|found| matches!(found.when, When::Instant(_)))?;
    let rest = line.get(found.end..)?;
    let Some(rest) = rest.strip_prefix(' ') else {
        let whole = rest.is_empty() && is_fixed_nanos(bytes, at);
        return whole.then_some((found, found.end, Stream::Unknown, false));
    };
    let stream = match rest.get(..7) {
        Some("stdout ") => Stream::Stdout,
        Some("stderr ") => Stream::Stderr,
        _ => Stream::Unknown,
    };
    if stream != Stream::Unknown {
        let tagged = rest.get(7..)?;
        let tags = tagged.split(' ').next()?;
        if let Some(first @ ("P" | "F")) = tags.split(':').next() {
            // The stamp, two blanks, the stream and the tags; the blank after them if there is text.
            let end = (found.end + 8 + tags.len() + 1).min(line.len());
            return Some((found, end, stream, first == "P"));
        }
    }
    // kubectl always writes nine digits; fewer are the application's own.
    is_fixed_nanos(bytes, at).then_some((found, found.end + 1, Stream::Unknown, false))
}

fn is_fixed_nanos(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 19) == Some(&b'.')
        && bytes
            .get(at + 20..at + 29)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        && matches!(bytes.get(at + 29), Some(b'Z' | b'+' | b'-'))
}

/// Docker's log copier cuts lines at this many bytes.
const DOCKER_BUFFER: usize = 16 << 10;

/// `{"log":"text\n","stream":"stderr","time":"…"}`
fn docker(line: &str) -> Option<Frame<'_>> {
    if !line.starts_with("{\"log\":\"") {
        return None;
    }
    let (mut log, mut stream, mut time) = (None, Stream::Unknown, None);
    let _ = fields::members(line.as_bytes(), 0, |key, value| {
        if let Value::Text(from, to) = value {
            match key {
                b"log" => log = line.get(from..to),
                b"stream" => {
                    stream = match line.get(from..to) {
                        Some("stdout") => Stream::Stdout,
                        Some("stderr") => Stream::Stderr,
                        _ => Stream::Unknown,
                    }
                }
                b"time" => time = stamp::iso_at(line.as_bytes().get(..to).unwrap_or(&[]), from),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    });
    if time.is_none() && stream == Stream::Unknown {
        return None;
    }
    let mut text = unescape(log?);
    // Only a full buffer is written without a line end; that the last words of a container miss it cuts nothing.
    let partial = !text.ends_with('\n') && line.len() >= DOCKER_BUFFER;
    let kept = text.trim_end_matches(['\n', '\r']).len();
    match &mut text {
        Cow::Borrowed(text) => *text = text.get(..kept).unwrap_or(text),
        Cow::Owned(text) => text.truncate(kept),
    }
    Some(Frame {
        source: "",
        outer: time,
        stream,
        partial,
        text,
    })
}

/// Where the text begins after `[pod/name/container] ` or `name  | `.
pub(crate) fn source_end(bytes: &[u8], from: usize) -> Option<usize> {
    let at = skip_escapes(bytes, from);
    let rest = bytes.get(at..)?;
    if rest.starts_with(b"[pod/") {
        let close = memchr::memchr(b']', rest.get(..rest.len().min(400))?)?;
        return (rest.get(close + 1) == Some(&b' ')).then_some(at + close + 2);
    }
    let name = rest
        .iter()
        .take(200)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
        .count();
    let blanks = rest
        .get(name..)?
        .iter()
        .take(64)
        .take_while(|b| **b == b' ')
        .count();
    let bar = name + blanks;
    (name > 0
        && blanks > 0
        && rest.get(bar) == Some(&b'|')
        && matches!(rest.get(bar + 1), None | Some(b' ')))
    .then(|| (at + bar + 2).min(bytes.len()))
}

fn skip_escapes(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..4 {
        if bytes.get(at) != Some(&0x1B) {
            break;
        }
        at = fields::escape_end(bytes, at);
    }
    at
}

/// The name in front of the text that begins at `from`.
fn source_name(line: &str, from: usize) -> &str {
    let bytes = line.as_bytes();
    let begin = skip_escapes(bytes, 0);
    line.get(begin..from)
        .unwrap_or("")
        .trim_end_matches(['|', ' '])
        .trim_start_matches('[')
        .trim_end_matches(']')
}

/// Compose numbers its containers: `web-1`, `web_1`.
fn is_compose_name(name: &str) -> bool {
    name.rsplit_once(['-', '_']).is_some_and(|(stem, number)| {
        !stem.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// kubectl's own words in place of a log: the container's file was already gone.
pub fn is_kubectl_excuse(text: &str) -> bool {
    text.len() < 400 && text.starts_with("unable to retrieve container logs for ")
}

#[cfg(test)]
mod tests;
