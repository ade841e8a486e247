//! Reads how large the heap of a JVM may grow from the options in a container's environment and command.

use coldcase_snapshot::packed::View;

use crate::shared::Shared;

/// What a container's options say of its heap.
pub(crate) struct Heap {
    /// Bytes, where the size follows from what was captured.
    pub bytes: i64,
    /// The option as it was written.
    pub option: String,
    /// Its line.
    pub line: u32,
}

/// Whether variables of an environment are options of a JVM.
pub(crate) type Options<'s> = Shared<'s, bool>;

/// The last option that decides the size; `limit` is the container's memory limit in bytes.
pub(crate) fn of<'s>(spec: View<'s>, limit: Option<i64>, known: &mut Options<'s>) -> Option<Heap> {
    let env = spec.get("env").unwrap_or_default();
    let option = |env: &View<'_>| env.str_at(&["name"]).is_some_and(is_options);
    let options = known.get(env).copied().unwrap_or_else(|| {
        let found = env.items().iter().any(|env| option(&env));
        known.put(env, found);
        found
    });
    let env = if options { env } else { View::default() };
    let env = env
        .items()
        .iter()
        .filter(option)
        .filter_map(|env| env.get("value"));
    let words = spec
        .items_at(&["command"])
        .iter()
        .chain(spec.items_at(&["args"]));
    // Options on the command line win over those of the environment; -Xmx wins over the share.
    let all: Vec<View<'_>> = env.chain(words).collect();
    let last = |read: &dyn Fn(&str) -> Option<i64>| {
        all.iter().rev().find_map(|node| {
            let word = node
                .as_str()?
                .split_whitespace()
                .rev()
                .map(|word| word.trim_matches(['"', '\'']))
                .find(|word| read(word).is_some())?;
            Some(Heap {
                bytes: read(word)?,
                option: word.chars().take(80).collect(),
                line: node.line(),
            })
        })
    };
    last(&fixed).or_else(|| limit.and_then(|limit| last(&|word| share(word, limit))))
}

/// Variables that a JVM or its usual start scripts read.
fn is_options(name: &str) -> bool {
    // Every container has a dozen variables, and hardly one of them is an option of a JVM.
    let option = || name.as_bytes().windows(4).any(|part| part == b"_OPT");
    name == "JVM_ARGS"
        || option()
            && (name == "JAVA_TOOL_OPTIONS"
                || name == "JDK_JAVA_OPTIONS"
                || name == "CATALINA_OPTS"
                || name == "MAVEN_OPTS"
                || name.contains("JAVA_OPT")
                || name.contains("JVM_OPT")
                || name.contains("HEAP_OPTS"))
}

/// `-Xmx480m`, `-XX:MaxHeapSize=480m`.
fn fixed(word: &str) -> Option<i64> {
    let text = word
        .strip_prefix("-Xmx")
        .or_else(|| word.strip_prefix("-XX:MaxHeapSize="))?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        "t" | "T" => 1 << 40,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

/// `-XX:MaxRAMPercentage=90.0` of the limit.
fn share(word: &str, limit: i64) -> Option<i64> {
    let text = word.strip_prefix("-XX:MaxRAMPercentage=")?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let percent = whole
        .parse::<i64>()
        .ok()
        .filter(|p| (1..=100).contains(p))?;
    fraction
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| limit / 100 * percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_unit() {
        assert_eq!(fixed("-Xmx480m"), Some(480 << 20));
        assert_eq!(fixed("-Xmx2G"), Some(2 << 30));
        assert_eq!(fixed("-XX:MaxHeapSize=1048576"), Some(1 << 20));
        assert_eq!(fixed("-Xmx"), None);
        assert_eq!(fixed("-Xmx99999999999999999g"), None);
        assert_eq!(share("-XX:MaxRAMPercentage=90.0", 1000), Some(900));
        assert_eq!(share("-XX:MaxRAMPercentage=900", 1000), None);
    }
}
