//! Mails and their form by RFC 5322. All user input passes through here before it becomes a header: line breaks and other
//! control characters become spaces, and what is not plain ASCII is encoded (RFC 2047).

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart, SinglePart};
use lettre::{Address, message};

use super::error::MailError;
use super::one_line::{one_line, shortened};

/// Longest subject, in characters: far more than any reader shows.
const SUBJECT_CHARACTERS_MAX: usize = 250;

/// Longest name, in characters: longer than any person's, shorter than most abuse.
const NAME_CHARACTERS_MAX: usize = 120;

/// Longest Message-ID, in bytes: its file name fits every file system.
const MESSAGE_ID_BYTES_MAX: usize = 200;

/// Longest address, in bytes (RFC 5321, 4.5.3.1.3: 256 with its angle brackets).
const ADDRESS_BYTES_MAX: usize = 254;

/// Longest word in a header that is not encoded, in bytes; a line must stay under 998 (RFC 5322, 2.1.1).
const WORD_BYTES_MAX: usize = 900;

/// Longest run of encoded text between `=?utf-8?q?` and `?=`: 75 bytes with these (RFC 2047, 2).
const ENCODED_BYTES_MAX: usize = 75 - "=?utf-8?q?".len() - "?=".len();

/// The last second that a date with a year of four digits can name.
const LAST_SECOND: u64 = 253_402_300_799;

/// The headers that every mail has, and those that say who gets it and what its body is.
const OWN_HEADERS: [&str; 13] = [
    "Auto-Submitted",
    "Bcc",
    "Cc",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "From",
    "Message-ID",
    "MIME-Version",
    "Return-Path",
    "Sender",
    "Subject",
    "To",
];

/// One message to one person.
///
/// Names, subject, texts and header values may contain any user input: it never adds headers or recipients.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Without angle brackets: `sign-in.0190…@portal.example`. The same for each try, so that mail systems recognize a
    /// repeat after a crash. At most 200 bytes, dots and atoms (RFC 5322, 3.6.4).
    pub message_id: String,
    /// When it was written, in milliseconds since 1970 (UTC).
    pub date_ms: i64,
    /// The sender; bounces go to the same address.
    pub from: Mailbox,
    /// The only recipient.
    pub to: Mailbox,
    /// Written on one line, see [`one_line`]; cut after 250 characters.
    pub subject: String,
    /// The part for readers without HTML.
    pub text: String,
    /// The part for readers with HTML; a whole document.
    pub html: String,
    /// Further headers, such as `List-Unsubscribe` or `References`; not those that every mail has.
    pub headers: Vec<(&'static str, String)>,
}

/// Shows only the Message-ID: addresses and texts do not belong in logs.
impl fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Written on one line, see [`one_line`]; cut after 120 characters. May be empty.
    pub name: String,
    /// `jane@firm.example`: see [`is_address`].
    pub address: String,
}

impl Mailbox {
    /// A mailbox of this name and address.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Mailbox {
        Mailbox { name: name.into(), address: address.into() }
    }
}

/// Whether this is a valid address. Forms that attackers use more than people are refused: quoted local parts
/// (`"a b"@firm.example`, which RFC 5321, 4.1.2, advises against), network addresses as domains (`jane@[192.0.2.1]`) and
/// encoded words.
pub fn is_address(text: &str) -> bool {
    address(text).is_some()
}

fn address(text: &str) -> Option<Address> {
    // `lettre` also accepts a bare network address as a domain, with colons; mail systems would not.
    let odd = text.contains(['"', '[', ' ', ':']) || text.contains("=?") || one_line(text) != text;
    if odd || text.len() > ADDRESS_BYTES_MAX { None } else { text.parse().ok().map(in_ascii) }
}

/// The address with its domain in ASCII (RFC 5891), which any mail server accepts. The local part has no ASCII form.
fn in_ascii(address: Address) -> Address {
    match url::Host::parse(address.domain()) {
        Ok(url::Host::Domain(domain)) => Address::new(address.user(), domain).unwrap_or(address),
        _ => address,
    }
}

/// Dots and atoms at both sides, or an address in square brackets at the right (RFC 5322, 3.6.4).
fn is_message_id(text: &str) -> bool {
    let atoms = |text: &str| {
        text.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
    };
    let literal = |text: &str| {
        text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).is_some_and(|inside| {
            !inside.is_empty()
                && inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.".contains(&byte))
        })
    };
    text.len() <= MESSAGE_ID_BYTES_MAX
        && text.split_once('@').is_some_and(|(left, right)| atoms(left) && (atoms(right) || literal(right)))
}

impl Mail {
    /// The mail as it is sent and written to `.eml` files: headers and parts, lines ending in CR LF.
    ///
    /// # Errors
    /// Permanent, if an address, the Message-ID or the name of a further header is invalid.
    pub fn formatted(&self) -> Result<Vec<u8>, MailError> {
        Ok(self.message()?.formatted())
    }

    pub(super) fn message(&self) -> Result<Message, MailError> {
        if !is_message_id(&self.message_id) {
            return Err(MailError::permanent("the Message-ID is none (RFC 5322)"));
        }
        let from = address(&self.from.address)
            .ok_or_else(|| MailError::permanent("the sender's address is no email address"))?;
        let to = address(&self.to.address)
            .ok_or_else(|| MailError::permanent("the recipient's address is no email address"))?;
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])
            .map_err(|error| MailError::permanent(error.to_string()))?;

        let mut builder = Message::builder()
            .envelope(envelope)
            .date(date(self.date_ms))
            .raw_header(mailbox("From", &self.from, &from))
            .raw_header(mailbox("To", &self.to, &to))
            .raw_header(text("Subject", &shortened(&self.subject, SUBJECT_CHARACTERS_MAX)))
            .message_id(Some(format!("<{}>", self.message_id)));
        for (name, value) in &self.headers {
            builder = builder.raw_header(further(name, value)?);
        }
        builder
            // Tells vacation responders and the like to keep quiet (RFC 3834, 5).
            .raw_header(text("Auto-Submitted", "auto-generated"))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
                    .singlepart(part(ContentType::TEXT_HTML, &self.html)),
            )
            .map_err(|error| MailError::permanent(error.to_string()))
    }
}

/// Clamped to what a date header can hold, where `lettre` would panic.
fn date(date_ms: i64) -> SystemTime {
    let seconds = u64::try_from(date_ms / 1000).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A header with text: plain if possible, folded by `lettre` at its spaces.
fn text(name: &'static str, value: &str) -> HeaderValue {
    let plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        // The reader would decode an encoded word that a person typed.
        && !value.contains("=?")
        && value.split(' ').all(|word| word.len() <= WORD_BYTES_MAX);
    let name = HeaderName::new_from_ascii_str(name);
    if plain {
        HeaderValue::new(name, value.to_owned())
    } else {
        // ASCII without control characters, folded: `encoded` makes nothing else.
        HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), encoded(value))
    }
}

fn further(name: &'static str, value: &str) -> Result<HeaderValue, MailError> {
    let is_name = !name.is_empty()
        && name.len() <= 76
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if !is_name || OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(MailError::permanent(format!("the header {name:?} is not one to add")));
    }
    Ok(text(name, &one_line(value)))
}

/// `lettre` writes and reads back the names of mailboxes by rules that fail on hostile names, so the name is written here
/// and the value that `lettre` reads back is the address alone.
fn mailbox(header: &'static str, mailbox: &Mailbox, address: &Address) -> HeaderValue {
    let name = shortened(&mailbox.name, NAME_CHARACTERS_MAX);
    let words = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
    let written = if name.is_empty() {
        address.to_string()
    } else if name.bytes().all(words) && name.len() <= ENCODED_BYTES_MAX {
        format!("\"{name}\"\r\n <{address}>")
    } else {
        format!("{}\r\n <{address}>", encoded(&name))
    };
    let name = HeaderName::new_from_ascii_str(header);
    HeaderValue::dangerous_new_pre_encoded(name, address.to_string(), written)
}

/// Encoded words (RFC 2047, `Q`), each on a line of its own, none cutting a character in two. Only letters and digits
/// stay as they are, so that the result is also valid as a name (section 5, rule 3).
fn encoded(text: &str) -> String {
    let mut words = String::from("=?utf-8?q?");
    let mut word_bytes = 0;
    for character in text.chars() {
        let mut utf8 = [0; 4];
        let piece: String = match character {
            ' ' => "_".to_owned(),
            _ if character.is_ascii_alphanumeric() => character.to_string(),
            _ => character.encode_utf8(&mut utf8).bytes().map(|byte| format!("={byte:02X}")).collect(),
        };
        // The first line also has the header's name.
        if word_bytes + piece.len() > ENCODED_BYTES_MAX - 10 {
            words.push_str("?=\r\n =?utf-8?q?");
            word_bytes = 0;
        }
        words.push_str(&piece);
        word_bytes += piece.len();
    }
    words + "?="
}

/// A part in UTF-8; `lettre` chooses an encoding that any server lets through.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(content_type).body(message::Body::new(lines(text)))
}

/// The text with its lines ended by CR LF, without control characters, of which only the tab means anything in mail.
fn lines(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + text.len() / 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                result.push_str("\r\n");
            }
            '\n' => result.push_str("\r\n"),
            '\t' => result.push('\t'),
            _ if character.is_control() => {}
            _ => result.push(character),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_dots_and_atoms() {
        for good in
            ["digest.0190-ab@portal.example", "a+b=c@localhost", "a@127.0.0.1", "a@[::1]", "a@[127.0.0.1]"]
        {
            assert!(is_message_id(good), "{good}");
        }
        let long = format!("{}@portal.example", "a".repeat(MESSAGE_ID_BYTES_MAX));
        for bad in [
            "",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "<a@b>",
            "a..b@c",
            "a@b:8080",
            "a\r\nX: y@b",
            "é@b",
            &long,
        ] {
            assert!(!is_message_id(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_with_quotes_control_characters_or_turns_is_none() {
        for good in ["jane@firm.example", "jane.lee+x@firm.example", "jane@localhost", "o'neil@firm.example"]
        {
            assert!(is_address(good), "{good}");
        }
        let long = format!("jane@{}example", "firm.".repeat(60));
        for bad in [
            "",
            "jane",
            "jane@",
            "@firm.example",
            "jane@@firm.example",
            "jane lee@firm.example",
            " jane@firm.example",
            "jane@firm.example\r\nBcc: eve@evil.example",
            "jane@firm.example\0",
            "jane@firm.example, eve@evil.example",
            "<jane@firm.example>",
            "\"jane\"@firm.example",
            "jane@[192.0.2.1]",
            "=?utf-8?q?jane?=@firm.example",
            "\u{202e}jane@firm.example",
            &long,
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }

    #[test]
    fn dates_beyond_what_a_header_can_hold_are_clamped() {
        assert_eq!(date(i64::MIN), SystemTime::UNIX_EPOCH);
        assert_eq!(date(1_999), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(date(i64::MAX), SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND));
    }

    #[test]
    fn a_text_has_crlf_and_no_other_control_characters() {
        assert_eq!(lines("a\nb\r\nc\rd\r\r\n\te\0\u{7}\u{85}f"), "a\r\nb\r\nc\r\nd\r\n\r\n\tef");
    }
}
