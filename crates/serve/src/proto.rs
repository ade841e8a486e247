//! Reads access reviews from the binary form that newer clients send: Kubernetes' envelope around protocol buffers.

use serde_json::{Map, Value, json};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// A review as JSON has it; nothing if the bytes are none.
pub(crate) fn review(body: &[u8]) -> Option<Value> {
    let envelope = body.strip_prefix(MAGIC)?;
    let kind = field(envelope, 1)?;
    let spec = field(field(envelope, 2)?, 2).unwrap_or(&[]);
    let mut fields = Map::new();
    if let Some(resource) = field(spec, 1) {
        let names = ["namespace", "verb", "group", "version", "resource"];
        fields.insert("resourceAttributes".to_owned(), texts(resource, &names));
    }
    if let Some(path) = field(spec, 2) {
        let names = ["path", "verb"];
        fields.insert("nonResourceAttributes".to_owned(), texts(path, &names));
    }
    Some(json!({
        "apiVersion": text(kind, 1),
        "kind": text(kind, 2),
        "metadata": {},
        "spec": fields,
    }))
}

/// The texts of fields 1, 2, 3 … by these names.
fn texts(message: &[u8], names: &[&str]) -> Value {
    (1..)
        .zip(names)
        .map(|(number, name)| ((*name).to_owned(), Value::from(text(message, number))))
        .collect::<Map<_, _>>()
        .into()
}

fn text(message: &[u8], number: u64) -> String {
    String::from_utf8_lossy(field(message, number).unwrap_or(&[])).into_owned()
}

/// The bytes of the first field of this number that has a length.
fn field(mut message: &[u8], number: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let (key, rest) = varint(message)?;
        let length = match key & 7 {
            0 => {
                message = varint(rest)?.1;
                continue;
            }
            1 => 8,
            5 => 4,
            2 => {
                let (length, rest) = varint(rest)?;
                let length = usize::try_from(length).ok()?;
                let found = rest.get(..length)?;
                if key >> 3 == number {
                    return Some(found);
                }
                message = rest.get(length..)?;
                continue;
            }
            _ => return None,
        };
        message = rest.get(length..)?;
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(number: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![(number << 3) | 2, u8::try_from(body.len()).unwrap()];
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn a_review_is_read() {
        let kind = [message(1, b"authorization.k8s.io/v1"), message(2, b"X")].concat();
        let about = [
            message(1, b"shop"),
            message(2, b"list"),
            message(5, b"pods"),
        ]
        .concat();
        let raw = message(2, &message(1, &about));
        let body = [MAGIC.to_vec(), message(1, &kind), message(2, &raw)].concat();
        let review = review(&body).unwrap();
        assert_eq!(review["kind"], "X");
        assert_eq!(review["spec"]["resourceAttributes"]["verb"], "list");
        assert_eq!(review["spec"]["resourceAttributes"]["resource"], "pods");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_review_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            review(&bytes);
            review(&[MAGIC, &bytes].concat());
        }
    }
}
