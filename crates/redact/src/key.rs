//! Turns a secret into a pseudonym by a keyed hash (HMAC-SHA-256, RFC 2104), cut to ten hexadecimal digits.

use sha2::{Digest, Sha256};

/// Block of SHA-256 in bytes.
const BLOCK: usize = 64;

/// Gives equal values equal names.
#[derive(Clone)]
pub(crate) struct Pseudonyms {
    inner: Sha256,
    outer: Sha256,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The state would give away the key.
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; BLOCK];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            Sha256::new_with_prefix(block)
        };
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    /// Ten hexadecimal digits: forty bits keep a million values apart but for a few.
    pub(crate) fn of(&self, value: &[u8]) -> String {
        let inner = self.inner.clone().chain_update(value).finalize();
        let digest = self.outer.clone().chain_update(inner).finalize();
        let mut name = String::with_capacity(10);
        for byte in digest.iter().take(5) {
            for digit in [byte >> 4, byte & 15] {
                name.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hmac_sha_256() {
        // Test case 2 of RFC 4231 has the key "Jefe", padded with zeros by definition.
        let mut key = [0; 32];
        for (byte, letter) in key.iter_mut().zip(b"Jefe") {
            *byte = *letter;
        }
        let names = Pseudonyms::new(&key);
        assert_eq!(names.of(b"what do ya want for nothing?"), "5bdcc146bf");
        assert_ne!(
            Pseudonyms::new(&[1; 32]).of(b"a"),
            Pseudonyms::new(&[2; 32]).of(b"a")
        );
    }
}
