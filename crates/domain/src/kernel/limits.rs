//! Limits on sizes, durations and counts, each with its reason, and the checks for text that people enter.

use std::time::Duration;

use crate::kernel::error::{Error, Problem, Result};

/// In a message (M1).
pub const MESSAGE_CHARACTERS: usize = 10_000;
/// Files in a message (M1).
pub const ATTACHMENTS: usize = 20;
/// In a name, title or brand: two lines on a phone.
pub const NAME_CHARACTERS: usize = 200;
/// In an email address (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets).
pub const EMAIL_CHARACTERS: usize = 254;
/// In a telephone number (ITU-T E.164).
pub const PHONE_DIGITS: usize = 15;
/// In a group, or in one call.
pub const PEOPLE_AT_ONCE: usize = 500;
/// People or companies named in one audit log entry; more would be cut off anyway.
pub(crate) const NAMES_KEPT: usize = 20;
/// Per page of a conversation.
pub const PAGE_MESSAGES: i64 = 50;
/// Per page of the list.
pub const PAGE_CHANNELS: i64 = 100;
/// Lifetime of a code or link sent by mail (S1).
pub const SIGN_IN_LASTS: Duration = Duration::from_secs(15 * 60);
/// Lifetime of an invitation (S2).
pub const INVITATION_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// A session ends after this long without use (S1).
pub const SESSION_LASTS: Duration = Duration::from_secs(90 * 24 * 3600);
/// Wrong codes after which a sign-in request ends: one in 200,000 guesses gets through.
pub const CODE_TRIES: i64 = 5;
/// How long journal entries are kept; clients with an older position reload.
pub const JOURNAL_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Required text of one line, trimmed, at most `most` characters.
///
/// # Errors
/// `Empty`, `TooLong`, `ControlCharacters`.
pub fn validate_line(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = validate_optional_line(field, text, most)?;
    if is_blank(&text) {
        return Err(Error::field(field, Problem::Empty));
    }
    Ok(text)
}

/// Like [`validate_line`], but may be empty.
///
/// # Errors
/// `TooLong`, `ControlCharacters`.
pub fn validate_optional_line(field: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(Error::field(field, Problem::TooLong(most)));
    }
    if text.chars().any(|character| character.is_control() || is_line_break(character)) {
        return Err(Error::field(field, Problem::ControlCharacters));
    }
    Ok(text.to_string())
}

/// A message's text: line ends become LF, everything else is kept. May be empty if there are files (M1).
///
/// # Errors
/// `Empty`, `TooLong`, `ControlCharacters` (all but LF and TAB).
pub fn validate_message(field: &'static str, text: &str, has_files: bool) -> Result<String> {
    if has_files && is_blank(text) {
        return Ok(String::new());
    }
    let text = self::text(field, text)?;
    if is_blank(&text) {
        return Err(Error::field(field, Problem::Empty));
    }
    if text.len() > MESSAGE_CHARACTERS && text.chars().count() > MESSAGE_CHARACTERS {
        return Err(Error::field(field, Problem::TooLong(MESSAGE_CHARACTERS)));
    }
    Ok(text)
}

/// Text with any number of lines, of any length: line ends become LF, everything else is kept.
///
/// # Errors
/// `ControlCharacters` (all but LF and TAB).
pub(crate) fn text(field: &'static str, text: &str) -> Result<String> {
    let text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_string() };
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        return Err(Error::field(field, Problem::ControlCharacters));
    }
    Ok(text)
}

/// A color as `#` and six lower-case hexadecimal digits; `None` if the text is empty.
///
/// # Errors
/// `NoColor`.
pub fn validate_color(field: &'static str, text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix('#').unwrap_or("");
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::field(field, Problem::NoColor));
    }
    Ok(Some(text.to_ascii_lowercase()))
}

/// An email address, trimmed. Only a mail can tell whether it exists.
///
/// # Errors
/// `Empty`, `TooLong`, `NoAddress`.
pub fn validate_email(field: &'static str, text: &str) -> Result<String> {
    let text = validate_line(field, text, EMAIL_CHARACTERS)?;
    let refused = Error::field(field, Problem::NoAddress);
    let Some((local, host)) = text.rsplit_once('@') else { return Err(refused) };
    // The dot-atom of RFC 5322, 3.2.3, with RFC 6531's letters; quoted local parts are left out on purpose.
    let plain = |character: char| character.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character);
    let local_good = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(plain)
        && local.split('.').all(|part| !part.is_empty());
    let label = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    if local_good && host.contains('.') && host.split('.').all(label) { Ok(text) } else { Err(refused) }
}

/// The form in which addresses and names are compared.
pub fn normalize(text: &str) -> String {
    text.to_lowercase()
}

/// A telephone number as `+` and digits (E.164); `None` if the text is empty.
///
/// # Errors
/// `NoNumber`.
pub fn validate_phone(field: &'static str, text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || Error::field(field, Problem::NoNumber);
    let rest = text.strip_prefix('+').ok_or_else(refused)?;
    let mut number = String::from("+");
    for character in rest.chars() {
        match character {
            '0'..='9' => number.push(character),
            ' ' | '-' | '.' | '(' | ')' | '/' => {}
            _ => return Err(refused()),
        }
    }
    let digits = number.len() - 1;
    if !(7..=PHONE_DIGITS).contains(&digits) || number.starts_with("+0") {
        return Err(refused());
    }
    Ok(Some(number))
}

/// Whether a text has no visible character: only white space and characters without a shape (zero-width, bidi marks).
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    })
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Clocks of machines that share a database differ by less than this. A time that is further ahead was stored before the
/// clock was put back.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::display::{number, size};

    #[test]
    fn a_message_keeps_its_text_but_for_line_ends() {
        assert_eq!(validate_message("text", " a\r\nb\rc\t👩‍👩‍👧 ", false).unwrap(), " a\nb\nc\t👩‍👩‍👧 ");
        for refused in ["", " \n\t ", "\u{200b}\u{202e}", "a\u{0}b", "a\u{1b}[1m", "a\u{85}b"] {
            assert!(validate_message("text", refused, false).is_err(), "{refused:?}");
        }
        assert!(validate_message("text", &"😀".repeat(MESSAGE_CHARACTERS), false).is_ok());
        assert!(validate_message("text", &"a".repeat(MESSAGE_CHARACTERS + 1), false).is_err());
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (plain, words) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(number(plain), words);
        }
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 KB"),
            (1_460, "1.5 KB"),
            (99_949, "99.9 KB"),
            (99_950, "100 KB"),
            (999_499, "999 KB"),
            (999_500, "1 MB"),
            (100_000_000, "100 MB"),
            (1_073_741_824, "1.1 GB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(size(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn addresses_are_taken_or_refused_as_mail_servers_would() {
        for good in ["a@b.de", "Jane.Lee+x@sub.example.com", "jörg@exämple.de", "o'neil@example.ie"] {
            assert!(validate_email("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.de",
            "a@.de",
            "a b@c.de",
            "a@b..de",
            "a@b.de\nBcc: c@d.de",
            "a@-b.de",
            "a..b@c.de",
            "<a@b.de>",
            "a,b@c.de",
        ] {
            assert!(validate_email("email", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_are_kept_as_plus_and_digits() {
        assert_eq!(validate_phone("phone", "+44 (20) 7946-0018").unwrap().as_deref(), Some("+442079460018"));
        assert_eq!(validate_phone("phone", "  ").unwrap(), None);
        for bad in ["020 7946", "+", "+12", "+0441234567", "+44 call me", "+1234567890123456"] {
            assert!(validate_phone("phone", bad).is_err(), "{bad}");
        }
    }
}
