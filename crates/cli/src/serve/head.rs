//! Reads the head of an HTTP request from a connection, within limits of size and time.

use std::io::{self, BufRead, Read};

use coldcase_serve::{LONGEST_TARGET, Request};

/// Most bytes of a request's head.
const HEAD: usize = 64 << 10;
/// Most headers.
const HEADERS: usize = 100;
/// Most bytes of a body; only access reviews have one that matters.
const BODY: u64 = 64 << 10;

/// A request and what its connection needs to know of it.
#[derive(Debug)]
pub(super) struct Head {
    pub request: Request,
    /// The `Host` header.
    pub host: String,
    /// Whether the client wants the connection kept.
    pub keep: bool,
    /// HTTP/1.1, which knows chunks.
    pub chunks: bool,
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The client is gone, or said nothing for too long.
    Gone,
    /// Answer this code and hang up.
    Answer(u16),
}

impl From<io::Error> for Refused {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// Reads one request.
pub(super) fn read(stream: &mut impl BufRead) -> Result<Head, Refused> {
    let bytes = head_bytes(stream)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(&bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refused::Answer(431)),
        _ => return Err(Refused::Answer(400)),
    }
    let header = |name: &str| {
        parsed
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map_or(String::new(), |header| {
                String::from_utf8_lossy(header.value).trim().to_owned()
            })
    };
    let chunks = parsed.version == Some(1);
    let connection = header("connection").to_ascii_lowercase();
    let target = parsed.path.unwrap_or("");
    if target.len() > LONGEST_TARGET {
        return Err(Refused::Answer(414));
    }
    let method = parsed.method.unwrap_or("");
    let mut request = Request::new(method, target).ok_or(Refused::Answer(400))?;
    // Several Accept headers are one list.
    let accept: Vec<String> = parsed
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("accept"))
        .map(|header| String::from_utf8_lossy(header.value).into_owned())
        .collect();
    request.accept = accept.join(",");
    let mut keep = connection != "close" && (chunks || connection == "keep-alive");
    let length = header("content-length");
    if !header("transfer-encoding").is_empty() {
        // What it holds is not read, so the next request cannot be found either.
        keep = false;
    } else if !length.is_empty() {
        let length: u64 = length.parse().map_err(|_| Refused::Answer(400))?;
        if length > BODY {
            return Err(Refused::Answer(413));
        }
        if header("expect").eq_ignore_ascii_case("100-continue") {
            return Err(Refused::Answer(417));
        }
        stream.take(length).read_to_end(&mut request.body)?;
    }
    Ok(Head {
        host: header("host"),
        request,
        keep,
        chunks,
    })
}

/// The bytes up to the empty line.
fn head_bytes(stream: &mut impl BufRead) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    loop {
        let room = HEAD.saturating_sub(bytes.len());
        let before = bytes.len();
        let read = stream
            .by_ref()
            .take(room as u64)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Err(if room == 0 {
                Refused::Answer(431)
            } else {
                Refused::Gone
            });
        }
        let line = bytes.get(before..).unwrap_or(&[]);
        if matches!(line, b"\n" | b"\r\n") {
            if before == 0 {
                // Some clients end the request before with an empty line too many.
                bytes.clear();
                continue;
            }
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Head, Refused> {
        read(&mut text.as_bytes())
    }

    #[test]
    fn a_head_is_read() {
        let head =
            of("GET /api?x=1 HTTP/1.1\r\nHost: localhost:1\r\nAccept: a\r\naccept: b\r\n\r\n")
                .unwrap();
        assert_eq!(head.request.path, ["api"]);
        assert_eq!(head.request.accept, "a,b");
        assert!(head.keep && head.chunks);
        let head = of("POST /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nhello").unwrap();
        assert_eq!(head.request.body, b"he");
        assert!(!head.keep && !head.chunks);
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let refused = |text: &str| of(text).err().unwrap();
        assert_eq!(refused(""), Refused::Gone);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost"), Refused::Gone);
        assert_eq!(refused("no request\r\n\r\n"), Refused::Answer(400));
        assert_eq!(
            refused(&format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000))),
            Refused::Answer(414)
        );
        assert_eq!(
            refused(&format!(
                "GET / HTTP/1.1\r\nA: {}\r\n\r\n",
                "a".repeat(70_000)
            )),
            Refused::Answer(431)
        );
        assert_eq!(
            refused(&format!("GET / HTTP/1.1\r\n{}\r\n", "A: a\r\n".repeat(101))),
            Refused::Answer(431)
        );
        assert_eq!(
            refused("PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"),
            Refused::Answer(413)
        );
        assert_eq!(
            refused("PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
            Refused::Answer(400)
        );
        assert!(
            !of("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
                .unwrap()
                .keep
        );
    }
}
