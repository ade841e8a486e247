//! Says which words of a line may be names of objects: nothing else that a log holds becomes one.

/// `name_namespace(uid)`, as kubelets wrote pods before they wrote keys: namespace, name, uid.
pub(super) fn whole(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('_')?;
    let (namespace, rest) = rest.split_once('(').unwrap_or((rest, ")"));
    let (uid, _) = rest.split_once(')')?;
    let fits = is_pod(namespace, name) && (uid.is_empty() || is_uid(uid));
    fits.then_some((namespace, name, uid))
}

/// A namespace and a pod in it.
pub(super) fn is_pod(namespace: &str, name: &str) -> bool {
    is_label(namespace) && is_name(name)
}

/// A DNS label.
pub(super) fn is_label(text: &str) -> bool {
    text.len() < 64 && !text.contains('.') && is_name(text)
}

/// A DNS subdomain: the name of most objects.
pub(super) fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(inner) && text.bytes().last().is_some_and(inner);
    ends && text.len() < 254
        && text
            .bytes()
            .all(|byte| inner(byte) || matches!(byte, b'-' | b'.'))
}

/// An identifier, of pods from files their hash.
pub(super) fn is_uid(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 65
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A kind, or the reason of an event: one word.
pub(super) fn is_word(text: &str) -> bool {
    text.len() < 129
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// `spec.containers{name}` and the like.
pub(super) fn is_field_path(text: &str) -> bool {
    let (path, name) = text.split_once('{').unwrap_or((text, "}"));
    let name = name.strip_suffix('}');
    is_word(path) && name.is_some_and(|name| name.is_empty() || is_label(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_names() {
        assert_eq!(whole("web-1_shop(ab-1)"), Some(("shop", "web-1", "ab-1")));
        assert_eq!(whole("web-1_shop"), Some(("shop", "web-1", "")));
        for text in [
            "web 1_shop(a)",
            "_shop(a)",
            "web-1_(a)",
            "web-1_shop(<b>)",
            "",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
        assert!(
            is_name("a.b-c") && !is_name("-a") && !is_name("a/b") && !is_name(&"a".repeat(300))
        );
        assert!(is_field_path("spec.containers{app}") && is_field_path("spec.nodeName"));
        assert!(!is_field_path("spec.containers{<b>}") && !is_field_path(""));
        assert!(is_word("FailedMount") && !is_word("two words") && !is_word(""));
    }
}
