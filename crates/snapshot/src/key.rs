//! Names of fields, held once for all the values that carry them.

use std::{borrow::Borrow, cell::RefCell, ops::Deref, sync::Arc};

use compact_str::CompactString;

/// A key of a mapping. A dump has millions of keys and a few hundred different ones.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<CompactString>);

/// Keys that a thread met last, by a hash of their text: whatever a file's keys are, the memory is
/// bounded, and a key that was pushed out is merely held twice.
const SLOTS: usize = 1 << 10;

/// Longer ones are hardly names of fields.
const LONGEST: usize = 64;

thread_local! {
    static KNOWN: RefCell<Vec<Option<Key>>> = const { RefCell::new(Vec::new()) };
}

impl Key {
    /// The key of this text.
    pub fn new(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self(Arc::new(text.into()));
        }
        KNOWN.with_borrow_mut(|known| {
            if known.is_empty() {
                known.resize(SLOTS, None);
            }
            match known.get_mut(slot(text.as_bytes())) {
                Some(Some(key)) if **key == *text => key.clone(),
                Some(slot) => slot.insert(Self(Arc::new(text.into()))).clone(),
                None => Self(Arc::new(text.into())),
            }
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// FNV-1a.
fn slot(text: &[u8]) -> usize {
    let hash = text.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 15)) as usize % SLOTS
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&Key> for Key {
    fn from(key: &Key) -> Self {
        key.clone()
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<CompactString> for Key {
    fn from(text: CompactString) -> Self {
        Self::new(&text)
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Key {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Key> for str {
    fn eq(&self, other: &Key) -> bool {
        self == other.as_str()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_are_held_once() {
        let (first, again) = (Key::new("metadata"), Key::new("metadata"));
        assert!(Arc::ptr_eq(&first.0, &again.0));
        assert_eq!(first, "metadata");
    }

    #[test]
    fn any_number_of_keys_keeps_its_text() {
        let keys: Vec<Key> = (0..5_000).map(|n| Key::from(format!("key-{n}"))).collect();
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(key.as_str(), format!("key-{n}"));
        }
        let long = "x".repeat(1_000);
        assert_eq!(Key::new(&long).as_str(), long);
    }
}
