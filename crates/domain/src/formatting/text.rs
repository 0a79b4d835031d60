//! Plain text next to Markdown: whether a text has any formatting, and how it is escaped.

/// Whether the `@` at byte `at` mentions `name`: no letter or digit is adjacent on either side.
pub(crate) fn named(text: &str, at: usize, name: &str) -> bool {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let touches = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    after.strip_prefix(name).is_some_and(|rest| !touches(rest.chars().next()))
        && !touches(before.chars().next_back())
}

/// Whether a text has nothing that Markdown would interpret, so that `unformatted` gives the same result as
/// `formatted`.
pub(crate) fn is_unformatted(text: &str) -> bool {
    !text.starts_with('\u{feff}') && text.split('\n').all(is_unformatted_line)
}

fn is_unformatted_line(line: &str) -> bool {
    let bytes = line.as_bytes();
    let Some(first) = bytes.first() else { return true };
    if matches!(first, b'#' | b'-' | b'+') || line.trim().len() < line.len() {
        return false;
    }
    let after_digits = &bytes[bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    if first.is_ascii_digit() && matches!(after_digits.first(), Some(b'.' | b')')) {
        return false;
    }
    bytes.iter().enumerate().all(|(index, byte)| match byte {
        b'\\' | b'`' | b'*' | b'_' | b'~' | b'[' | b']' | b'<' | b'>' | b'&' | b'@' => false,
        b':' => !bytes[index..].starts_with(b"://"),
        b'w' => !bytes[index..].starts_with(b"www."),
        byte => !byte.is_ascii_control(),
    })
}

/// Appends text exactly as the sanitizer would write it. Control characters, which can only come from entities, are
/// left out.
pub(crate) fn escape(html: &mut String, text: &str) {
    let special =
        |c: char| matches!(c, '&' | '<' | '>' | '\u{a0}') || (c.is_control() && !matches!(c, '\n' | '\t'));
    let mut rest = text;
    while let Some(index) = rest.find(special) {
        html.push_str(&rest[..index]);
        let mut characters = rest[index..].chars();
        match characters.next() {
            Some('&') => html.push_str("&amp;"),
            Some('<') => html.push_str("&lt;"),
            Some('>') => html.push_str("&gt;"),
            Some('\u{a0}') => html.push_str("&nbsp;"),
            _ => {}
        }
        rest = characters.as_str();
    }
    html.push_str(rest);
}
