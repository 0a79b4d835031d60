//! Encrypts stored answers, so that only the client that got them can read them again.

use domain::kernel::{random, secrets};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// A key derived from an API key's secret (AES-256-GCM, NIST SP 800-38D).
#[derive(Clone)]
pub(crate) struct Seal([u8; 32]);

impl Seal {
    pub(crate) fn new(secret: &str) -> Seal {
        // The database has a different hash of the secret, from which this one cannot be derived.
        Seal(secrets::hash(&format!("first answers: {secret}")))
    }

    fn key(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0).expect("the key has 32 bytes"))
    }

    pub(crate) fn close(&self, open: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random::fill(&mut nonce);
        let mut closed = open.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let sealed = self.key().seal_in_place_append_tag(unique, Aad::empty(), &mut closed);
        sealed.expect("an answer has less than the 64 GiB that can be sealed");
        [nonce.as_slice(), &closed].concat()
    }

    pub(crate) fn open(&self, closed: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, sealed) = closed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let open = self.key().open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        Some(open.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_that_sealed_an_answer_opens_it() {
        let (seal, other) = (Seal::new("abc"), Seal::new("abd"));
        let closed = seal.close(b"https://portal.example/sign-in/link/x");
        assert!(!closed.windows(6).any(|six| six == b"portal"));
        assert_eq!(seal.open(closed.clone()).unwrap(), b"https://portal.example/sign-in/link/x");
        assert_eq!(other.open(closed.clone()), None);
        assert_eq!(seal.open(closed[..closed.len() - 1].to_vec()), None);
        assert_eq!(seal.open(Vec::new()), None);
        assert_ne!(seal.close(b"x"), seal.close(b"x"));
    }
}
