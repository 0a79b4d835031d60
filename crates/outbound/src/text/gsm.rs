//! The encoded length of a text: in the alphabet of GSM 03.38 (3GPP TS 23.038) a character takes one septet, or two if it is in
//! the extension table; a text with any other character is sent as UCS-2, where each UTF-16 unit counts.

/// Septets in a text of one part.
pub const ONE_PART_SEPTETS: usize = 160;
/// UTF-16 units in a text of one part.
pub const ONE_PART_UNITS: usize = 70;

/// The default alphabet without its escape, in order of code.
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table: each character follows an escape.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The encoding of a text, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The GSM alphabet, in septets.
    Gsm(usize),
    /// UCS-2, in units.
    Ucs2(usize),
}

impl Script {
    /// The encoding of a text.
    pub fn of(text: &str) -> Script {
        let septets = text.chars().try_fold(0, |sum, character| Some(sum + septets(character)?));
        septets.map_or_else(|| Script::Ucs2(text.encode_utf16().count()), Script::Gsm)
    }
}

/// Whether a text fits in one part.
pub fn fits(text: &str) -> bool {
    match Script::of(text) {
        Script::Gsm(septets) => septets <= ONE_PART_SEPTETS,
        Script::Ucs2(units) => units <= ONE_PART_UNITS,
    }
}

/// The septets of one character; `None` if the alphabet lacks it.
fn septets(character: char) -> Option<usize> {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => Some(1),
        _ if ALPHABET.contains(character) => Some(1),
        _ if EXTENSION.contains(character) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_its_127_characters_and_the_extension_its_10() {
        for (table, count) in [(ALPHABET, 127), (EXTENSION, 10)] {
            let mut characters: Vec<char> = table.chars().collect();
            assert_eq!(characters.len(), count);
            characters.sort_unstable();
            characters.dedup();
            assert_eq!(characters.len(), count);
        }
    }

    #[test]
    fn the_extension_counts_double_and_one_foreign_character_changes_the_script() {
        for (text, script) in [
            ("", Script::Gsm(0)),
            ("Hello", Script::Gsm(5)),
            ("£5 for Ø", Script::Gsm(8)),
            ("[€5]", Script::Gsm(7)),
            ("ç", Script::Ucs2(1)),
            ("a`b", Script::Ucs2(3)),
            ("Łódź", Script::Ucs2(4)),
            ("👍", Script::Ucs2(2)),
            ("a\u{a0}b", Script::Ucs2(3)),
        ] {
            assert_eq!(Script::of(text), script, "{text}");
        }
        assert!(fits(&"a".repeat(160)) && !fits(&"a".repeat(161)));
        assert!(fits(&"€".repeat(80)) && !fits(&"€".repeat(81)));
        assert!(fits(&"ж".repeat(70)) && !fits(&"ж".repeat(71)));
    }
}
