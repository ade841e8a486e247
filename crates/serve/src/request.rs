//! Takes a request's target apart: path segments and query, percent-decoded and bounded.

/// Longest target that is looked at.
pub const LONGEST_TARGET: usize = 16 << 10;
/// Most parts of a path and most parameters of a query.
const MOST_PARTS: usize = 64;

/// A request as the API sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Parts of the path, decoded, without empty ones.
    pub path: Vec<String>,
    /// Parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The `Accept` header; may be empty.
    pub accept: String,
    /// The body; only access reviews have one that is looked at.
    pub body: Vec<u8>,
}

impl Request {
    /// The request of a method and a target; nothing if the target is too long or none.
    pub fn new(method: &str, target: &str) -> Option<Self> {
        if target.len() > LONGEST_TARGET || !target.starts_with('/') {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| decode(part, false))
            .collect();
        let query: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key, true), decode(value, true))
            })
            .collect();
        (path.len() <= MOST_PARTS && query.len() <= MOST_PARTS).then(|| Self {
            method: method.to_owned(),
            path,
            query,
            ..Self::default()
        })
    }

    /// The value of a parameter; empty if it is not there.
    pub fn param(&self, name: &str) -> &str {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether a parameter says yes.
    pub fn flag(&self, name: &str) -> bool {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .is_some_and(|(_, value)| matches!(value.as_str(), "" | "1" | "t" | "true" | "True"))
    }

    /// A parameter as a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.param(name).parse().ok()
    }
}

/// Undoes percent-encoding; what is no code stays as it is, what is no UTF-8 becomes U+FFFD.
fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%')
            .then(|| Some(digit(*bytes.get(at + 1)?)? * 16 + digit(*bytes.get(at + 2)?)?))
            .flatten();
        if let Some(code) = code {
            decoded.push(code);
            at += 3;
        } else {
            decoded.push(if plus && *byte == b'+' { b' ' } else { *byte });
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn targets_are_decoded() {
        let request = Request::new(
            "GET",
            "/api/v1//namespaces/a%2Fb/pods?labelSelector=app%3Dx%2Cb+c&watch=true&limit=5&odd%",
        )
        .unwrap();
        assert_eq!(request.path, ["api", "v1", "namespaces", "a/b", "pods"]);
        assert_eq!(request.param("labelSelector"), "app=x,b c");
        assert!(request.flag("watch") && !request.flag("absent"));
        assert_eq!(request.number("limit"), Some(5));
        assert_eq!(request.query.last().unwrap().0, "odd%");
        assert_eq!(Request::new("GET", "http://elsewhere/"), None);
        assert_eq!(Request::new("GET", &"/".repeat(LONGEST_TARGET + 1)), None);
        assert_eq!(Request::new("GET", &"/a".repeat(MOST_PARTS + 1)), None);
    }

    proptest! {
        #[test]
        fn any_target_is_taken_apart_or_refused(target in "\\PC{0,200}") {
            let _ = Request::new("GET", &target);
            let _ = Request::new("GET", &format!("/{target}"));
        }

        #[test]
        fn what_is_encoded_comes_back(text in "\\PC{0,40}") {
            let encoded = text.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02x}"));
            let request = Request::new("GET", &format!("/x?a={encoded}")).unwrap();
            prop_assert_eq!(request.param("a"), text);
        }
    }
}
