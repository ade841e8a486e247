//! Reads a probe as descriptions print it (`http-get http://:8080/healthz delay=5s timeout=1s …`).

use super::values::{self, Fields};
use crate::node::Node;

/// A probe; `None` if its action is not understood.
pub(super) fn read(text: &str, line: u32) -> Option<Node> {
    let (action, numbers) = text.rsplit_once(" delay=")?;
    let mut fields = Fields::new(line);
    let (kind, what) = action.trim().split_once(' ')?;
    match kind {
        "http-get" => fields.put("httpGet", http_get(what.trim(), line)?),
        "tcp-socket" => fields.put("tcpSocket", tcp_socket(what.trim(), line)?),
        "exec" => fields.put("exec", exec(what.trim(), line)),
        "grpc" => fields.put("grpc", grpc(what.trim(), line)?),
        _ => return None,
    }
    let mut words = numbers.split_ascii_whitespace();
    let delay = words.next()?;
    fields.put("initialDelaySeconds", seconds(delay, line));
    for word in words {
        let (key, value) = word.split_once('=')?;
        let key = match key {
            "timeout" => "timeoutSeconds",
            "period" => "periodSeconds",
            "#success" => "successThreshold",
            "#failure" => "failureThreshold",
            _ => continue,
        };
        fields.put(key, seconds(value, line));
    }
    // The API leaves out a delay of zero.
    Some(fields.node())
}

fn seconds(value: &str, line: u32) -> Option<Node> {
    values::number(value.strip_suffix('s').unwrap_or(value), line)
}

fn http_get(url: &str, line: u32) -> Option<Node> {
    let (scheme, rest) = url
        .split_once("://")
        .or_else(|| Some(("", url.strip_prefix("//")?)))?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, ""),
    };
    let (host, port) = authority.rsplit_once(':')?;
    let mut fields = Fields::new(line);
    if !scheme.is_empty() {
        fields.put("scheme", values::text(&scheme.to_ascii_uppercase(), line));
    }
    fields.put(
        "host",
        values::text_or_null(host.trim_matches(['[', ']']), line),
    );
    fields.put("port", values::number_or_text(port, line));
    // Escaped letters stand for others that are not worth a guess.
    if !path.contains('%') {
        fields.put("path", values::text_or_null(path, line));
    }
    Some(fields.node())
}

fn tcp_socket(what: &str, line: u32) -> Option<Node> {
    let (host, port) = what.rsplit_once(':')?;
    let mut fields = Fields::new(line);
    fields.put("host", values::text_or_null(host, line));
    fields.put("port", values::number_or_text(port, line));
    Some(fields.node())
}

/// `<pod>:9555 service`
fn grpc(what: &str, line: u32) -> Option<Node> {
    let (target, service) = what.split_once(' ').unwrap_or((what, ""));
    let (_, port) = target.rsplit_once(':')?;
    let mut fields = Fields::new(line);
    fields.put("port", values::number(port, line)?);
    if !service.trim().is_empty() {
        fields.put("service", values::text(service.trim(), line));
    }
    Some(fields.node())
}

/// `[cmd a b]`: which blanks part arguments is lost where one holds blanks or quotes.
fn exec(what: &str, line: u32) -> Node {
    let mut fields = Fields::new(line);
    let inner = what
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner {
        let words: Vec<&str> = inner.split(' ').collect();
        let script = words
            .iter()
            .position(|word| {
                word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
            })
            .filter(|at| *at <= 2);
        let mut items: Vec<Node> = Vec::new();
        let plain = script.map_or(words.len(), |at| at + 1);
        items.extend(
            words
                .iter()
                .take(plain)
                .map(|word| values::text(word, line)),
        );
        let rest: Vec<&str> = words.into_iter().skip(plain).collect();
        if !rest.is_empty() {
            items.push(values::text(&rest.join(" "), line));
        }
        fields.put("command", Node::seq(items).at_line(line));
    }
    fields.node()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NUMBERS: &str = "delay=5s timeout=1s period=10s #success=1 #failure=3";

    #[test]
    fn all_actions() {
        let of = |action: &str| read(&format!("{action} {NUMBERS}"), 4).unwrap();
        let http = of("http-get https://:web/healthz?x=1");
        assert_eq!(http.str_at(&["httpGet", "scheme"]), Some("HTTPS"));
        assert_eq!(http.str_at(&["httpGet", "port"]), Some("web"));
        assert_eq!(http.str_at(&["httpGet", "path"]), Some("/healthz?x=1"));
        assert!(http.at(&["httpGet", "host"]).unwrap().is_null());
        assert_eq!(http.int_at(&["initialDelaySeconds"]), Some(5));
        assert_eq!(http.int_at(&["failureThreshold"]), Some(3));
        let tcp = of("tcp-socket :6379");
        assert_eq!(tcp.int_at(&["tcpSocket", "port"]), Some(6379));
        let grpc = of("grpc <pod>:9555 ");
        assert_eq!(grpc.int_at(&["grpc", "port"]), Some(9555));
        assert!(grpc.at(&["grpc", "service"]).is_none());
        assert_eq!(grpc.at(&["grpc"]).unwrap().line, 4);
        let exec = of("exec [sh -c redis-cli ping | grep PONG]");
        let words: Vec<_> = exec
            .items_at(&["exec", "command"])
            .iter()
            .filter_map(Node::as_str)
            .collect();
        assert_eq!(words, ["sh", "-c", "redis-cli ping | grep PONG"]);
        assert!(read(&format!("unknown {NUMBERS}"), 1).is_none());
    }

    proptest! {
        #[test]
        fn any_text(text in "(http-get |exec |tcp-socket |grpc |\\PC){0,20}( delay=\\PC{0,9})?") {
            let _ = read(&text, 1);
        }
    }
}
