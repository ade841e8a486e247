//! What goes back to a client: code, headers and a body, and the Status objects that the API uses for errors.

use std::io;

use serde_json::{Value, json};

/// Writes a body piece by piece.
pub type Stream<'a> = Box<dyn FnOnce(&mut dyn io::Write) -> io::Result<()> + Send + 'a>;

/// A body.
pub enum Body<'a> {
    /// Held whole.
    Bytes(Vec<u8>),
    /// Of unknown length.
    Stream(Stream<'a>),
    /// A watch: these lines, and then silence.
    Watch {
        /// Events, a line each.
        first: Vec<u8>,
        /// Seconds after which the client wants it closed.
        seconds: Option<u64>,
    },
}

/// An answer.
pub struct Response<'a> {
    /// HTTP's code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// Further headers; values hold printable ASCII only.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body<'a>,
}

impl<'a> Response<'a> {
    /// Text of this type.
    pub(crate) fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            content_type: content_type.to_owned(),
            headers: Vec::new(),
            body: Body::Bytes(body.into()),
        }
    }

    /// JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::new("application/json", body.to_string())
    }

    /// A piece of text that is written when it is asked for.
    pub(crate) fn stream(content_type: &str, stream: Stream<'a>) -> Self {
        Self {
            body: Body::Stream(stream),
            ..Self::new(content_type, Vec::new())
        }
    }

    /// Adds a warning, which kubectl prints on standard error.
    #[must_use]
    pub(crate) fn warn(mut self, text: &str) -> Self {
        let text: String = printable(text)
            .chars()
            .map(|letter| match letter {
                '"' => '\'',
                '\\' => '/',
                other => other,
            })
            .collect();
        self.headers.push(("Warning", format!("299 - \"{text}\"")));
        self
    }

    /// The body as text, written whole: for tests and small answers.
    pub fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Body::Bytes(bytes) | Body::Watch { first: bytes, .. } => bytes,
            Body::Stream(stream) => {
                let mut bytes = Vec::new();
                let _ = stream(&mut bytes);
                bytes
            }
        }
    }
}

/// Text that may stand in a header.
fn printable(text: &str) -> String {
    text.chars()
        .take(400)
        .map(|letter| {
            if letter == ' ' || letter.is_ascii_graphic() {
                letter
            } else {
                '?'
            }
        })
        .collect()
}

/// An error of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// HTTP's code.
    pub code: u16,
    /// One word for programs.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// Seconds after which to ask again.
    pub retry_after: Option<u32>,
}

/// The reason of errors about what is not in the bundle. Not `NotFound`: clients take that for "there is none".
pub const NOT_CAPTURED: &str = "NotCaptured";

impl Failure {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "NotFound", message)
    }

    pub(crate) fn not_captured(message: impl Into<String>) -> Self {
        Self::new(403, NOT_CAPTURED, message)
    }

    /// A verb that would change something.
    pub(crate) fn read_only(method: &str) -> Self {
        let method: String = method.chars().take(20).collect();
        let message = format!("this is a bundle, not a cluster: {method} is not possible");
        Self::new(405, "MethodNotAllowed", message)
    }

    /// The answer.
    pub fn response(&self) -> Response<'static> {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if let (Some(seconds), Value::Object(fields)) = (self.retry_after, &mut status) {
            fields.insert("details".to_owned(), json!({"retryAfterSeconds": seconds}));
        }
        let mut response = Response {
            status: self.code,
            ..Response::json(&status)
        };
        if let Some(seconds) = self.retry_after {
            response.headers.push(("Retry-After", seconds.to_string()));
        }
        if self.code == 405 {
            response.headers.push(("Allow", "GET, HEAD".to_owned()));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_one_line_of_ascii() {
        let response = Response::json(&json!({})).warn("a\r\nSet-Cookie: \"x\"\u{202e}");
        assert_eq!(
            response.headers,
            [("Warning", "299 - \"a??Set-Cookie: 'x'?\"".to_owned())]
        );
    }

    #[test]
    fn a_failure_is_a_status() {
        let mut failure = Failure::new(429, "TooManyRequests", "later");
        failure.retry_after = Some(1);
        let response = failure.response();
        assert_eq!(response.status, 429);
        assert_eq!(response.headers, [("Retry-After", "1".to_owned())]);
        let body: Value = serde_json::from_slice(&response.into_bytes()).unwrap();
        assert_eq!(body["kind"], "Status");
        assert_eq!(body["details"]["retryAfterSeconds"], 1);
    }
}
