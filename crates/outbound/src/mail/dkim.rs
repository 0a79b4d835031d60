//! Signs mails, so that mail systems can verify that a mail comes from its domain unchanged (DKIM, RFC 6376; Ed25519 by
//! RFC 8463).
//!
//! Headers and body are signed in their relaxed form, which mail systems on the way do not break. Missing headers are signed
//! too, so that nobody can add them. Uses `ring` for the signatures.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

/// Headers that are signed if present: what people read, what programs act upon, and how to read the body.
const SIGNED: [&str; 14] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "references",
    "in-reply-to",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-id",
];

/// Signed once more than they occur, since readers would show a second one that was added on top.
const ONLY_ONCE: [&str; 10] = [
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "content-type",
];

/// Base64 on one line of a header, in characters.
const LINE_CHARACTERS: usize = 72;
/// Characters of one text in a DNS record (RFC 1035, 3.3).
const DNS_TEXT_CHARACTERS: usize = 255;

/// What mails are signed with. Its `Debug` shows no key.
#[derive(Clone)]
pub struct Dkim {
    domain: String,
    selector: String,
    key: Arc<Key>,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A key, domain or selector that mails cannot be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// There is no key in the file.
    #[error("it holds no private key in PEM form")]
    NoKey,
    /// The key is of another kind, or too short.
    #[error("its key is neither RSA with 2048 to 4096 bits nor Ed25519")]
    Kind,
    /// The domain or the selector is invalid.
    #[error("domain and selector must be names of letters, digits, hyphens and dots")]
    Name,
}

impl Dkim {
    /// Signs for a domain with the private key in a PEM file (PKCS #1 or #8). The public key is in the DNS at
    /// `SELECTOR._domainkey.DOMAIN`.
    pub fn new(pem: &[u8], domain: &str, selector: &str) -> Result<Dkim, DkimError> {
        if !is_name(domain) || !is_name(selector) || !domain.contains('.') {
            return Err(DkimError::Name);
        }
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| DkimError::NoKey)? {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(Key::Rsa),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                RsaKeyPair::from_pkcs8(der)
                    .map(Key::Rsa)
                    .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Key::Ed25519))
                    .ok()
            }
            _ => None,
        };
        let (domain, selector) = (domain.to_ascii_lowercase(), selector.to_ascii_lowercase());
        Ok(Dkim { domain, selector, key: Arc::new(key.ok_or(DkimError::Kind)?) })
    }

    /// The domain that is signed for.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The name of the DNS record with the public key.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The value of that record (TXT), in strings of at most 255 characters, as the DNS requires.
    pub fn record(&self) -> Vec<String> {
        let (kind, public) = match self.key.as_ref() {
            Key::Rsa(key) => ("rsa", subject_public_key_info(key.public().as_ref())),
            Key::Ed25519(key) => ("ed25519", key.public_key().as_ref().to_vec()),
        };
        let record = format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public));
        pieces(&record, DNS_TEXT_CHARACTERS).map(str::to_owned).collect()
    }

    /// The mail with a signature in front. `at_ms` is the time of signing, in milliseconds since 1970 (UTC).
    pub(super) fn sign(&self, mail: &[u8], at_ms: i64) -> Vec<u8> {
        let (headers, body) = parted(mail);
        let headers = fields(headers);
        let mut names = Vec::new();
        let mut signed = Vec::new();
        for name in SIGNED {
            // Of several, the last is the first to be signed (5.4.2).
            for (_, value) in headers.iter().rev().filter(|(known, _)| known == name) {
                names.push(name);
                signed.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
            }
        }
        names.extend(ONLY_ONCE);
        let algorithm = match self.key.as_ref() {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let body = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let Dkim { domain, selector, .. } = self;
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};\r\n t={}; h={};\r\n bh={body};\r\n b=",
            at_ms.max(0) / 1000,
            names.join(":").replace(":list-", ":\r\n list-"),
        );
        signed.extend_from_slice(format!("dkim-signature:{}", relaxed(&unsigned)).as_bytes());
        let signature = STANDARD.encode(self.key.sign(&Sha256::digest(&signed), &signed));
        let signature = pieces(&signature, LINE_CHARACTERS).collect::<Vec<_>>().join("\r\n ");
        let mut result = format!("DKIM-Signature: {unsigned}{signature}\r\n").into_bytes();
        result.extend_from_slice(mail);
        result
    }
}

impl fmt::Debug for Dkim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dkim({})", self.record_name())
    }
}

impl Key {
    /// RSA signs the text itself, Ed25519 its digest (RFC 8463, 3).
    fn sign(&self, digest: &[u8], text: &[u8]) -> Vec<u8> {
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .expect("the buffer has the length of the key's modulus");
                signature
            }
            Key::Ed25519(key) => key.sign(digest).as_ref().to_vec(),
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 200 && text.split('.').all(is_label)
}

/// An RSA public key (RFC 8017, A.1.1) as DNS records have it: with its algorithm (RFC 5280, 4.1.2.7).
fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[&RSA_ENCRYPTION[..], &bits].concat())
}

/// A value with its tag and length (X.690, 8.1).
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut result = vec![tag];
    match length {
        [] => result.push(0),
        [short] if *short < 0x80 => result.push(*short),
        _ => {
            result.push(0x80 | u8::try_from(length.len()).expect("a length has at most eight bytes"));
            result.extend_from_slice(length);
        }
    }
    result.extend_from_slice(value);
    result
}

/// ASCII text in pieces of at most `most` characters.
fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    (0..text.len()).step_by(most).map(move |start| &text[start..text.len().min(start + most)])
}

/// Headers and body, without the empty line between them.
fn parted(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = mail.windows(4).position(|window| window == b"\r\n\r\n");
    end.map_or((mail, &[][..]), |end| (&mail[..end + 2], &mail[end + 4..]))
}

/// The headers in their relaxed form: name in small letters, value. Not ASCII are only addresses, in UTF-8.
fn fields(headers: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(headers);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        match (line.starts_with([' ', '\t']), fields.last_mut()) {
            (true, Some((_, value))) => value.push_str(line),
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                fields.push((name.trim_end().to_ascii_lowercase(), value.to_owned()));
            }
        }
    }
    fields.into_iter().map(|(name, value)| (name, relaxed(&value))).collect()
}

/// A header's value in its relaxed form (3.4.2): on one line, each run of white space one space, none at the ends.
fn relaxed(value: &str) -> String {
    value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A body in its relaxed form (3.4.4): each run of white space one space, none at the ends of lines, no empty lines at
/// the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let mut gap = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                gap = true;
            } else {
                if gap {
                    result.push(b' ');
                    gap = false;
                }
                result.push(*byte);
            }
        }
        result.extend_from_slice(b"\r\n");
    }
    while result.ends_with(b"\r\n\r\n") {
        result.truncate(result.len() - 2);
    }
    if result == b"\r\n" {
        result.clear();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_relaxed_as_the_standards_own_examples_say() {
        // RFC 6376, 3.4.5, and the body of RFC 8463, A.3, with its digest.
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b""), b"");
        assert_eq!(relaxed_body(b"no end"), b"no end\r\n");
        let body = relaxed_body(b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n");
        assert_eq!(STANDARD.encode(Sha256::digest(body)), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    }

    #[test]
    fn headers_are_relaxed_as_the_standards_own_examples_say() {
        let fields = fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n");
        assert_eq!(fields, [("a".to_owned(), "X".to_owned()), ("b".to_owned(), "Y Z".to_owned())]);
    }

    #[test]
    fn a_length_is_written_short_or_long() {
        assert_eq!(der(0x03, &[7; 5])[..2], [0x03, 5]);
        assert_eq!(der(0x03, &[7; 128])[..3], [0x03, 0x81, 128]);
        assert_eq!(der(0x30, &[7; 300])[..4], [0x30, 0x82, 1, 44]);
        assert_eq!(der(0x30, &[]), [0x30, 0]);
    }

    #[test]
    fn what_is_no_name_signs_nothing() {
        for (domain, selector) in [
            ("example", "a"),
            ("", "a"),
            ("firm.example", ""),
            ("firm.example;", "a"),
            ("firm.example", "a b"),
        ] {
            assert_eq!(Dkim::new(b"", domain, selector).err(), Some(DkimError::Name), "{domain} {selector}");
        }
        assert_eq!(Dkim::new(b"no key", "firm.example", "portal").err(), Some(DkimError::NoKey));
        let other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(Dkim::new(other.as_bytes(), "firm.example", "portal").err(), Some(DkimError::Kind));
    }
}
