//! Secrets: made from the system's randomness, handed out once, kept as a hash only.

use sha2::{Digest, Sha256};

use crate::kernel::random::fill;

/// Letters and digits of a short secret: as many signs as bits allow in an address that a text message has room for.
const SHORT_SIGNS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Signs of a short secret: 62^22 is more than 2^130.
const SHORT_LENGTH: usize = 22;

/// A secret as text that stands well in an address: 256 bits in 64 hexadecimal digits, or 130 bits in 22 letters and digits.
pub struct Secret(String);

impl Secret {
    /// A new one.
    pub fn new() -> Secret {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A new one that is short enough for a link in a text message.
    pub fn short() -> Secret {
        let mut text = String::with_capacity(SHORT_LENGTH);
        while text.len() < SHORT_LENGTH {
            let mut bytes = [0; 2 * SHORT_LENGTH];
            fill(&mut bytes);
            // The largest multiple of 62 in a byte is 248: what lies above would favour the first signs.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let signs = fair.map(|byte| char::from(SHORT_SIGNS[usize::from(byte % 62)]));
            text.extend(signs.take(SHORT_LENGTH - text.len()));
        }
        Secret(text)
    }

    /// The text to hand out. It is shown to its owner and to nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl Default for Secret {
    fn default() -> Secret {
        Secret::new()
    }
}

/// The hash under which a secret is kept. Secrets have 130 bits of chance or more, so a plain SHA-256 is enough.
pub fn hash(secret: &str) -> [u8; 32] {
    hash_bytes(secret.as_bytes())
}

/// The hash of anything.
pub fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A code of six digits, each equally likely.
pub fn code() -> String {
    loop {
        let mut bytes = [0; 4];
        fill(&mut bytes);
        let number = u32::from_le_bytes(bytes);
        // The largest multiple of a million below 2^32: what lies above would favour small codes.
        if number < 4_294_000_000 {
            return format!("{:06}", number % 1_000_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_22_letters_and_digits_each_as_likely() {
        let mut counts = [0_u32; 128];
        for _ in 0..2_000 {
            let secret = Secret::short();
            assert_eq!(secret.reveal().len(), SHORT_LENGTH);
            for byte in secret.reveal().bytes() {
                counts[usize::from(byte)] += 1;
            }
        }
        // 44,000 signs: some 710 of each, within six standard deviations.
        for sign in SHORT_SIGNS {
            let count = counts[usize::from(*sign)];
            assert!((550..870).contains(&count), "{}: {count}", char::from(*sign));
        }
        assert_eq!(counts.iter().filter(|count| **count > 0).count(), 62);
    }
}
