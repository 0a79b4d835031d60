//! Secrets: drawn from the system's randomness, handed out once, stored only as a hash.

use sha2::{Digest, Sha256};

use crate::kernel::random::fill;

/// Letters and digits: the most bits per character in a link that has to fit into a text message.
const SHORT_SIGNS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^22 is more than 2^130.
const SHORT_LENGTH: usize = 22;

/// A secret for use in links: 256 bits as 64 hexadecimal digits, or 130 bits as 22 letters and digits.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new() -> Secret {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A secret short enough for a link in a text message.
    pub fn short() -> Secret {
        let mut text = String::with_capacity(SHORT_LENGTH);
        while text.len() < SHORT_LENGTH {
            let mut bytes = [0; 2 * SHORT_LENGTH];
            fill(&mut bytes);
            // 248 is the largest multiple of 62 in a byte: values above would favor the first characters.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let signs = fair.map(|byte| char::from(SHORT_SIGNS[usize::from(byte % 62)]));
            text.extend(signs.take(SHORT_LENGTH - text.len()));
        }
        Secret(text)
    }

    /// The text to hand out, to its owner only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash to store.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl Default for Secret {
    fn default() -> Secret {
        Secret::new()
    }
}

/// The hash to store for a secret. Secrets have at least 130 random bits, so plain SHA-256 is enough.
pub fn hash(secret: &str) -> [u8; 32] {
    hash_bytes(secret.as_bytes())
}

pub fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A code of six digits, all equally likely.
pub fn code() -> String {
    loop {
        let mut bytes = [0; 4];
        fill(&mut bytes);
        let number = u32::from_le_bytes(bytes);
        // The largest multiple of a million below 2^32: values above would favor small codes.
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
        // 44,000 characters: about 710 of each, within six standard deviations.
        for sign in SHORT_SIGNS {
            let count = counts[usize::from(*sign)];
            assert!((550..870).contains(&count), "{}: {count}", char::from(*sign));
        }
        assert_eq!(counts.iter().filter(|count| **count > 0).count(), 62);
    }
}
