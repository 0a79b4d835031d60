//! Replaces letters and signs that the GSM alphabet lacks by the nearest ones that it has.

use outbound::text::Script;

/// How far a text may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Typographic signs only: quotes, dashes, spaces.
    Signs,
    /// Accents too.
    Letters,
}

/// Groups of characters; the first of each replaces the others.
const SIGNS: [&str; 6] =
    ["'‘’‚‛′`´", "\"“”„‟″«»", "-‐‑‒–—―−", " \u{a0}\u{2002}\u{2003}\u{2009}\u{202f}", ".…·•", "*×"];
const LETTERS: [&str; 39] = [
    "AÀÁÂÃĀĂĄ",
    "aáâãāăą",
    "CĆĈĊČ",
    "cçćĉċč",
    "DÐĎĐ",
    "dðďđ",
    "EÈÊËĒĔĖĘĚ",
    "eêëēĕėęě",
    "GĜĞĠĢ",
    "gĝğġģ",
    "HĤĦ",
    "hĥħ",
    "IÌÍÎÏĨĪĬĮİ",
    "iíîïĩīĭįı",
    "JĴ",
    "jĵ",
    "KĶ",
    "kķ",
    "LĹĻĽĿŁ",
    "lĺļľŀł",
    "NŃŅŇ",
    "nńņň",
    "OÒÓÔÕŌŎŐ",
    "oóôõōŏő",
    "RŔŖŘ",
    "rŕŗř",
    "SŚŜŞŠȘ",
    "sśŝşšș",
    "TŢŤŦȚ",
    "tţťŧț",
    "UÙÚÛŨŪŬŮŰŲ",
    "uúûũūŭůűų",
    "WŴẀẂẄ",
    "wŵẁẃẅ",
    "YÝŶŸ",
    "yýÿŷ",
    "ZŹŻŽ",
    "zźżž",
    "ßẞ",
];

/// The text in the GSM alphabet; `None` if a character has no replacement.
pub(super) fn in_gsm(text: &str, fold: Fold) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if is_gsm(character) {
            written.push(character);
            continue;
        }
        let groups = SIGNS.iter().chain(LETTERS.iter().filter(|_| fold == Fold::Letters));
        let mut nearest =
            groups.filter(|group| group.contains(character)).filter_map(|group| group.chars().next());
        written.push(nearest.next()?);
    }
    Some(written)
}

fn is_gsm(character: char) -> bool {
    matches!(Script::of(character.encode_utf8(&mut [0; 4])), Script::Gsm(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_accents_are_folded_and_other_letters_are_not() {
        assert_eq!(in_gsm("O’Neil – “Sons”", Fold::Signs).as_deref(), Some("O'Neil - \"Sons\""));
        assert_eq!(in_gsm("Ångström & Müller", Fold::Signs).as_deref(), Some("Ångström & Müller"));
        assert_eq!(in_gsm("São Łódź", Fold::Signs), None);
        assert_eq!(in_gsm("São Łódź ÉÀ", Fold::Letters).as_deref(), Some("Sao Lodz ÉA"));
        assert_eq!(in_gsm("Юрист", Fold::Letters), None);
    }

    #[test]
    fn every_group_stands_under_a_letter_of_the_alphabet() {
        for group in SIGNS.iter().chain(&LETTERS) {
            let first = group.chars().next().unwrap();
            assert!(is_gsm(first), "{group}");
            assert!(group.chars().skip(1).all(|character| !is_gsm(character)), "{group}");
        }
    }
}
