//! Secrets: made from the system's randomness, handed out once, kept as a hash only.

use sha2::{Digest, Sha256};

/// A secret of 256 bits as text that stands well in an address: 64 hexadecimal digits.
pub struct Secret(String);

impl Secret {
    /// A new one.
    pub fn new() -> Secret {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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

/// The hash under which a secret is kept. Secrets have 256 bits of chance, so a plain SHA-256 is enough.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
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

/// Fills `bytes` from the system's source of randomness.
///
/// # Panics
/// Where the system has none: no secret and no id could be trusted then.
pub fn fill(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        panic!("the system gives no random numbers: {error}");
    }
}
