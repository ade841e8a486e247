//! Reads the hosts that a text names, with the ports at which they are called.

use std::{collections::BTreeSet, net::IpAddr};

/// A host that a text names, with the port it was called at if the text says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End<'t> {
    pub host: &'t str,
    pub port: Option<u16>,
    /// Whether what stands around it says that it is a host: a scheme, the name of a protocol, a domain.
    pub sure: bool,
}

/// Bytes of a text that are read: behind them are dumps, not messages.
const MAX_TEXT: usize = 16 << 10;
/// Bytes that may stand between a host and ` port 5432`.
const MAX_GAP: usize = 64;
/// Bytes of the longest name in DNS.
const MAX_HOST: usize = 253;

/// Hosts that a text names, each with each of its ports once.
pub(crate) fn ends(text: &str) -> Vec<End<'_>> {
    let end = (0..4).find_map(|back| text.get(..MAX_TEXT - back));
    let text = end.filter(|_| text.len() > MAX_TEXT).unwrap_or(text);
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '[') {
        let (before, at) = rest.split_at(start);
        let (host, after) = host(at);
        let scheme = if before.ends_with("://") {
            scheme(text, at)
        } else {
            None
        };
        let port = port(after).or(scheme);
        let host = host.trim_end_matches(['.', '-']);
        // `local:port->remote:port`: the first is where the call comes from.
        let here = after
            .trim_start_matches(|c: char| c == ':' || c.is_ascii_digit())
            .starts_with("->");
        if !host.is_empty() && host.len() <= MAX_HOST && !here && seen.insert((host, port)) {
            let introduced = before.ends_with("://") || introduced(text, at);
            found.push(End {
                host,
                port,
                sure: introduced || is_domain(host),
            });
        }
        // What was read as a port is no host of its own.
        rest = after
            .strip_prefix(':')
            .filter(|_| port.is_some())
            .map_or(after, |after| {
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            });
    }
    found
}

/// Whether `tcp `, `udp ` or a user's `@` stands before a place in a text.
fn introduced(text: &str, at: &str) -> bool {
    let before = text.len().checked_sub(at.len());
    let before = before.and_then(|end| text.get(..end)).unwrap_or("");
    ["tcp ", "udp ", "@"]
        .iter()
        .any(|word| before.ends_with(word))
}

/// Whether a name has the form of a domain, and not that of a file of source code or of a logger.
fn is_domain(host: &str) -> bool {
    const TOP: &[&str] = &[
        "app", "cloud", "com", "dev", "edu", "gov", "info", "internal", "local", "net", "org",
        "svc",
    ];
    const SOURCE: &[&str] = &[
        "bash", "cc", "clj", "cjs", "cpp", "cs", "cxx", "erl", "ex", "exs", "fs", "go", "groovy",
        "hpp", "hs", "inc", "java", "js", "jsx", "kt", "kts", "lua", "mjs", "php", "pl", "pm",
        "py", "rb", "rs", "scala", "sh", "sql", "swift", "ts", "tsx", "vb",
    ];
    host.rsplit_once('.').is_some_and(|(before, last)| {
        last.len() >= 2
            && last.bytes().all(|b| b.is_ascii_lowercase())
            && !SOURCE.contains(&last)
            && (last.len() == 2 || TOP.contains(&last) || before.contains('.'))
    })
}

/// The host at the begin of a text, and what follows it.
fn host(text: &str) -> (&str, &str) {
    if let Some(rest) = text.strip_prefix('[') {
        let end = rest.bytes().take(MAX_GAP).position(|b| b == b']');
        return end
            .and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)))
            .filter(|(host, _)| host.parse::<IpAddr>().is_ok())
            .unwrap_or(("", rest));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// `:5432` after a host, or libpq's and curl's ` port 5432`.
fn port(after: &str) -> Option<u16> {
    if let Some(rest) = after.strip_prefix(':') {
        return digits(rest);
    }
    // Between them there is at most the address that the name stands for.
    let gap = after
        .bytes()
        .take(MAX_GAP)
        .take_while(|b| b.is_ascii_digit() || b" .:,()\"".contains(b))
        .count();
    let (gap, rest) = after.split_at_checked(gap)?;
    let rest = rest.strip_prefix("port ").filter(|_| gap.ends_with(' '))?;
    digits(rest)
}

fn digits(text: &str) -> Option<u16> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..length)?.parse().ok().filter(|port| *port > 0)
}

/// The port that a URL's scheme implies.
fn scheme(text: &str, at: &str) -> Option<u16> {
    let before = text.len().checked_sub(at.len())?;
    let before = text.get(..before)?.strip_suffix("://")?;
    let name = before
        .rsplit(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or("");
    match name {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "redis" => Some(6379),
        "postgres" | "postgresql" => Some(5432),
        "mysql" => Some(3306),
        "amqp" => Some(5672),
        "mongodb" => Some(27017),
        _ => None,
    }
}

/// Whether an address is of a range that networks use within themselves.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // 100.64.0.0/10 is what providers, and clouds for their pods, use behind NAT.
            let shared = first == 100 && second & 0xc0 == 64;
            address.is_private() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// The network that an address is probably of: the first 16 bits of it, or 64 of the longer ones.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) & 0xffff_0000).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, Option<u16>)> {
        let with_port = ends(text).into_iter().filter(|end| end.port.is_some());
        with_port.map(|end| (end.host, end.port)).collect()
    }

    #[test]
    fn ends_of_usual_messages() {
        assert_eq!(
            shown("dial tcp pg.db.svc.cluster.local:5432: i/o timeout"),
            [("pg.db.svc.cluster.local", Some(5432))]
        );
        assert_eq!(
            shown("read tcp 10.244.1.5:43210->10.96.0.7:5432: i/o timeout"),
            [("10.96.0.7", Some(5432))]
        );
        assert_eq!(
            shown("connection to server at \"pg\" (10.96.8.8), port 5432 failed: timed out"),
            [("pg", Some(5432)), ("10.96.8.8", Some(5432))]
        );
        assert_eq!(
            shown("Failed to connect to cart port 8080 after 3001 ms"),
            [("cart", Some(8080))]
        );
        assert_eq!(shown("GET http://cart/api: timeout"), [("cart", Some(80))]);
        assert_eq!(
            shown("dial tcp [fd00::5]:6379: i/o timeout"),
            [("fd00::5", Some(6379))]
        );
        assert_eq!(ends("upstream cart timed out").len(), 4);
        let known = |text: &str| -> Vec<bool> { ends(text).iter().map(|end| end.sure).collect() };
        assert_eq!(known("client.go:87"), [false]);
        assert_eq!(known("T12:30:59"), [false, false]);
        assert_eq!(known("pay.example.com:443"), [true]);
        assert_eq!(known("dial tcp pg:5432"), [false, false, true]);
        assert_eq!(known("http://pg/x"), [false, true, false]);
        assert!(ends("").is_empty());
        assert!(ends("::[[[").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_ends_of_itself(text in ".{0,200}") {
            for end in ends(&text) {
                proptest::prop_assert!(text.contains(end.host));
            }
        }

        #[test]
        fn a_host_with_its_port_is_found_in_any_text(before in "[^a-zA-Z0-9\\[.-]{0,80}", after in "([^0-9].{0,80})?") {
            let text = format!("{before}pg.db:5432{after}");
            let found = ends(&text);
            let here = found.iter().any(|end| (end.host, end.port) == ("pg.db", Some(5432)));
            proptest::prop_assert!(here || after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()).starts_with("->"));
        }
    }
}
