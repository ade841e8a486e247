//! The listener: bounded threads, one connection each, and answers as HTTP/1.1.

use std::{
    io::{self, BufReader, BufWriter, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use coldcase_serve::{Api, Body, Failure, Fault, Faults, Response};

use super::head::{self, Head, Refused};

/// Most connections at once: k9s keeps one open for each kind that it watches.
const CONNECTIONS: usize = 256;
/// A client that says nothing for so long is gone.
const IDLE: Duration = Duration::from_secs(120);
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(30);
/// How long a watch without a limit of its own stays open.
const WATCH: Duration = Duration::from_secs(3_600);

/// Answers connections.
pub(super) struct Server {
    api: Api,
    faults: Faults,
    address: SocketAddr,
    remote: bool,
    open: AtomicUsize,
    dead: AtomicBool,
}

/// Counts a connection while it lasts.
struct Counted<'s>(&'s AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Server {
    pub(super) fn new(api: Api, faults: Faults, address: SocketAddr, remote: bool) -> Self {
        Self {
            api,
            faults,
            address,
            remote,
            open: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
        }
    }

    /// Serves until a fault ends it.
    pub(super) fn run(self: &Arc<Self>, listener: &TcpListener) -> ExitCode {
        for stream in listener.incoming() {
            if self.dead.load(Ordering::Relaxed) {
                break;
            }
            let Ok(stream) = stream else {
                // Out of file descriptors, most likely; others will be closed.
                thread::sleep(Duration::from_millis(50));
                continue;
            };
            let server = Arc::clone(self);
            let spawned = thread::Builder::new()
                .name("connection".to_owned())
                .spawn(move || server.connection(stream));
            if spawned.is_err() {
                thread::sleep(Duration::from_millis(50));
            }
        }
        ExitCode::SUCCESS
    }

    fn connection(&self, stream: TcpStream) {
        let open = self.open.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(&self.open);
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(IDLE));
        let _ = stream.set_write_timeout(Some(STUCK));
        let Ok(reading) = stream.try_clone() else {
            return;
        };
        let mut reading = BufReader::new(reading);
        let mut writing = BufWriter::with_capacity(64 << 10, stream);
        if open >= CONNECTIONS {
            let mut failure = failure(503, "ServiceUnavailable", "too many connections");
            failure.retry_after = Some(1);
            let _ = write(&mut writing, failure.response(), Manner::LAST);
            return;
        }
        loop {
            match head::read(&mut reading) {
                Ok(head) => match self.exchange(&head, &mut reading, &mut writing) {
                    Ok(true) => {}
                    _ => return,
                },
                Err(Refused::Gone) => return,
                Err(Refused::Answer(code)) => {
                    let response =
                        failure(code, "BadRequest", "this is no request that is understood");
                    let _ = write(&mut writing, response.response(), Manner::LAST);
                    return;
                }
            }
            let _ = &counted;
        }
    }

    /// One request and its answer; whether the connection goes on.
    fn exchange(
        &self,
        head: &Head,
        reading: &mut BufReader<TcpStream>,
        writing: &mut BufWriter<TcpStream>,
    ) -> io::Result<bool> {
        let manner = Manner {
            keep: head.keep,
            chunks: head.chunks,
            body: head.request.method != "HEAD",
        };
        // A page of another site that a browser shows must not read the bundle by a name of its own.
        if !self.remote && !is_local(&head.host) {
            let refused = failure(
                403,
                "Forbidden",
                "the Host header is not that of this machine",
            );
            write(writing, refused.response(), manner)?;
            return Ok(manner.keep);
        }
        let resource = self.api.resource_of(&head.request);
        match self.faults.next(resource.as_deref()) {
            Fault::None => {}
            Fault::Answer(failure) => {
                self.wait(resource.as_deref());
                write(writing, failure.response(), manner)?;
                return Ok(manner.keep);
            }
            Fault::Hang => {
                until_gone(reading, WATCH);
                return Ok(false);
            }
            Fault::Die => {
                self.dead.store(true, Ordering::Relaxed);
                // The listener wakes up only for a connection.
                let _ = TcpStream::connect(self.address);
                return Ok(false);
            }
        }
        self.wait(resource.as_deref());
        let mut response = self.api.answer(&head.request);
        response
            .headers
            .extend(self.api.date().map(|date| ("Date", date)));
        if let Body::Watch { first, seconds } = response.body {
            if !manner.body {
                return Ok(false);
            }
            let length = seconds.map_or(WATCH, Duration::from_secs);
            let whole = Response {
                body: Body::Stream(Box::new(move |out| {
                    out.write_all(&first)?;
                    out.flush()?;
                    // A watch stays open long; what it began with is not needed again.
                    drop(first);
                    until_gone(reading, length);
                    Ok(())
                })),
                ..response
            };
            write_head(
                writing,
                &whole,
                None,
                Manner {
                    keep: false,
                    ..manner
                },
            )?;
            write_stream(writing, whole.body, manner)?;
            return Ok(false);
        }
        write(writing, response, manner)?;
        Ok(manner.keep)
    }

    fn wait(&self, resource: Option<&str>) {
        if resource.is_some() && self.faults.slow > 0 {
            thread::sleep(Duration::from_millis(self.faults.slow));
        }
    }
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy)]
struct Manner {
    keep: bool,
    chunks: bool,
    body: bool,
}

impl Manner {
    const LAST: Self = Self {
        keep: false,
        chunks: true,
        body: true,
    };
}

fn failure(code: u16, reason: &'static str, message: &str) -> Failure {
    Failure {
        code,
        reason,
        message: message.to_owned(),
        retry_after: None,
    }
}

/// Whether a `Host` header names this machine; without one the client is no browser.
fn is_local(host: &str) -> bool {
    let name = if host.starts_with('[') {
        host.split_once(']').map_or(host, |(name, _)| name)
    } else {
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    };
    let name = name.trim_start_matches('[');
    name.is_empty()
        || name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Waits until the client hangs up, or as long as this.
fn until_gone(reading: &mut BufReader<TcpStream>, length: Duration) {
    let stream = reading.get_mut();
    let _ = stream.set_read_timeout(Some(length.max(Duration::from_millis(1))));
    let mut bytes = [0; 64];
    // Bytes on a connection that waits for an answer are nothing that is understood.
    while matches!(stream.read(&mut bytes), Ok(count) if count > 0) {}
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

fn write(out: &mut impl Write, response: Response<'_>, manner: Manner) -> io::Result<()> {
    let length = match &response.body {
        Body::Bytes(bytes) => Some(bytes.len()),
        _ => None,
    };
    write_head(out, &response, length, manner)?;
    if manner.body {
        match response.body {
            Body::Bytes(bytes) | Body::Watch { first: bytes, .. } => out.write_all(&bytes)?,
            body @ Body::Stream(_) => write_stream(out, body, manner)?,
        }
    }
    out.flush()
}

fn write_head(
    out: &mut impl Write,
    response: &Response<'_>,
    length: Option<usize>,
    manner: Manner,
) -> io::Result<()> {
    let status = response.status;
    write!(out, "HTTP/1.1 {status} {}\r\n", reason(status))?;
    write!(out, "Content-Type: {}\r\n", response.content_type)?;
    write!(
        out,
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    )?;
    for (name, value) in &response.headers {
        write!(out, "{name}: {value}\r\n")?;
    }
    match length {
        Some(length) => write!(out, "Content-Length: {length}\r\n")?,
        None if manner.chunks => write!(out, "Transfer-Encoding: chunked\r\n")?,
        None => {}
    }
    if !manner.keep || (length.is_none() && !manner.chunks) {
        write!(out, "Connection: close\r\n")?;
    }
    write!(out, "\r\n")
}

fn write_stream(out: &mut impl Write, body: Body<'_>, manner: Manner) -> io::Result<()> {
    let Body::Stream(stream) = body else {
        return Ok(());
    };
    if !manner.chunks {
        return stream(out);
    }
    let mut chunked = Chunked {
        out,
        held: Vec::with_capacity(CHUNK),
    };
    stream(&mut chunked)?;
    chunked.flush()?;
    out.write_all(b"0\r\n\r\n")?;
    out.flush()
}

/// Bytes of a chunk.
const CHUNK: usize = 32 << 10;

/// Cuts a body of unknown length into chunks.
struct Chunked<'o, W: Write> {
    out: &'o mut W,
    held: Vec<u8>,
}

impl<W: Write> Write for Chunked<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.out.flush()
    }
}

impl<W: Write> Chunked<'_, W> {
    fn send(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            write!(self.out, "{:x}\r\n", self.held.len())?;
            self.out.write_all(&self.held)?;
            self.out.write_all(b"\r\n")?;
            self.held.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in [
            "",
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:1",
            "[::1]:2",
            "127.9.9.9",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:80",
            "10.0.0.1",
            "[fe80::1]:1",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn bodies_of_unknown_length_come_in_chunks() {
        let stream = || Body::Stream(Box::new(|out: &mut dyn Write| out.write_all(b"hello")));
        let mut out = Vec::new();
        write_stream(&mut out, stream(), Manner::LAST).unwrap();
        assert_eq!(out, b"5\r\nhello\r\n0\r\n\r\n");
        out.clear();
        let manner = Manner {
            chunks: false,
            ..Manner::LAST
        };
        write_stream(&mut out, stream(), manner).unwrap();
        assert_eq!(out, b"hello");
    }
}
