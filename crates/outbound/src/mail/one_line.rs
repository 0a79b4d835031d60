//! User input on one line, for headers and names.

/// The text on one line: runs of white space and control characters become one space. Characters that change the direction
/// of text (Unicode's `Bidi_Control`) are removed, since they can disguise one name as another.
///
/// ```
/// assert_eq!(outbound::mail::one_line("Hello\r\nBcc: eve@evil.example\0"), "Hello Bcc: eve@evil.example");
/// ```
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        let mut characters = word.chars().filter(|character| !turns_direction(*character)).peekable();
        if characters.peek().is_some() && !line.is_empty() {
            line.push(' ');
        }
        line.extend(characters);
    }
    line
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first characters of [`one_line`], with an ellipsis if some are missing.
pub(super) fn shortened(text: &str, characters_max: usize) -> String {
    let line = one_line(text);
    if line.chars().nth(characters_max).is_none() {
        return line;
    }
    let kept: String = line.chars().take(characters_max - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(shortened("12345", 5), "12345");
        assert_eq!(shortened("123 56", 5), "123…");
    }
}
