//! Names of files and folders (F12) in two forms: as given, for display, and made safe for paths, headers,
//! archives and any file system. Neither the extension nor the text direction of a name is trusted.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::kernel::display::{STAND_IN, is_unseen};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::limits;

/// Characters of a name as given. No file system has longer ones.
pub const GIVEN_CHARACTERS: usize = 500;
/// Limits of a safe name: file systems take 255 bytes, and a number may have to be added.
const SAFE_CHARACTERS: usize = 180;
const SAFE_BYTES: usize = 230;
/// The longest extension, in characters, including its dot.
const EXTENSION_CHARACTERS: usize = 17;
/// Bytes of a name that count for sorting.
const SORT_BYTES: usize = 200;

/// A name in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// As given, with control characters replaced.
    pub given: String,
    /// As used in paths and for saving.
    pub safe: String,
}

impl FileName {
    /// A required name.
    ///
    /// # Errors
    /// `Empty` or `TooLong` at the field.
    pub fn new(field: &'static str, given: &str) -> Result<FileName> {
        if limits::is_blank(given) {
            return Err(Error::field(field, Problem::Empty));
        }
        FileName::or(field, given, "file")
    }

    /// A name, or `stand_in` if nothing of it is visible.
    ///
    /// # Errors
    /// `TooLong` at the field.
    pub fn or(field: &'static str, given: &str, stand_in: &str) -> Result<FileName> {
        let given = given.trim();
        if given.chars().count() > GIVEN_CHARACTERS {
            return Err(Error::field(field, Problem::TooLong(GIVEN_CHARACTERS)));
        }
        let given = if limits::is_blank(given) { stand_in } else { given };
        let given: String = given.chars().map(|c| if c.is_control() { STAND_IN } else { c }).collect();
        let safe = safe(&given, stand_in);
        Ok(FileName { given, safe })
    }

    /// The same name with a number: `report (2).pdf`. Folders have no extension to keep at the end.
    pub(crate) fn numbered(&self, number: u64, is_folder: bool) -> FileName {
        let number = format!(" ({number})");
        let with = |name: &str| {
            let (stem, end) = if is_folder { (name, "") } else { split(name) };
            format!("{stem}{number}{end}")
        };
        FileName { given: with(&self.given), safe: with(&self.safe) }
    }
}

/// The form in which names in a folder are compared: ignores case and Unicode normalization.
pub(crate) fn key(safe: &str) -> String {
    safe.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// The sort order in a folder: folders first, then names without accents, numbers by value. Bytes, so that
/// both engines sort alike.
pub(crate) fn sort_key(safe: &str, is_folder: bool) -> Vec<u8> {
    let mut sorted = vec![u8::from(!is_folder)];
    let letters: String = safe.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let mut rest = letters.as_str();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[..end].trim_start_matches('0');
            // A marker where a digit would sort, the number of digits, then the digits: 2 comes before 10.
            sorted.push(b'0');
            sorted.push(u8::try_from(digits.len()).unwrap_or(u8::MAX));
            sorted.extend_from_slice(digits.as_bytes());
            rest = &rest[end..];
        } else {
            let (letter, others) = rest.split_at(first.len_utf8());
            sorted.extend_from_slice(letter.as_bytes());
            rest = others;
        }
    }
    sorted.truncate(SORT_BYTES);
    sorted
}

/// The bound between folders and other entries in the order of [`sort_key`].
pub(crate) const AFTER_FOLDERS: [u8; 1] = [1];

/// The extension of a name with its dot, `.pdf`, or an empty string.
pub fn extension(name: &str) -> &str {
    split(name).1
}

/// Splits a name before its extension. `.tar.gz` and the like count as one.
fn split(name: &str) -> (&str, &str) {
    let end = |name: &str| {
        let dot = name.rfind('.').filter(|dot| *dot > 0)?;
        let end = &name[dot..];
        let fits = end.len() > 1 && end.chars().count() <= EXTENSION_CHARACTERS && !end.contains(' ');
        fits.then_some(dot)
    };
    let Some(dot) = end(name) else { return (name, "") };
    let (stem, _) = name.split_at(dot);
    let dot = if stem.to_ascii_lowercase().ends_with(".tar") && stem.len() > 4 { dot - 4 } else { dot };
    name.split_at(dot)
}

fn safe(given: &str, stand_in: &str) -> String {
    let seen = given.chars().filter(|c| !is_unseen(*c));
    let mut name: String = seen.map(|c| if is_special(c) || c == STAND_IN { '_' } else { c }).nfc().collect();
    // Windows drops trailing dots and spaces; a leading dot hides a file.
    name.truncate(name.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).len());
    name = name.trim_start().to_string();
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    if limits::is_blank(&name) {
        name = stand_in.to_string();
    }
    if is_reserved(&name) {
        name.insert(0, '_');
    }
    shortened(&name)
}

/// Characters that are path separators or forbidden on some system.
fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\u{2028}' | '\u{2029}')
        // Look like a slash, and some people or programs take them for one.
        || matches!(c, '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' | '\u{ff3c}')
}

/// Device names of Windows, with any extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or("").trim().to_uppercase();
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str()) {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        let mut digits = number.chars();
        digits.next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
            && digits.next().is_none()
    })
}

/// Shortens a name that is too long, keeping its extension.
fn shortened(name: &str) -> String {
    let fits = |name: &str| name.len() <= SAFE_BYTES && name.chars().count() <= SAFE_CHARACTERS;
    if fits(name) {
        return name.to_string();
    }
    let (stem, end) = split(name);
    let mut kept = String::new();
    for (count, c) in stem.chars().enumerate() {
        let is_full = kept.len() + c.len_utf8() + end.len() > SAFE_BYTES
            || count + 1 + end.chars().count() > SAFE_CHARACTERS;
        if is_full {
            break;
        }
        kept.push(c);
    }
    let kept = kept.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    format!("{kept}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::display::shown;
    use proptest::prelude::*;

    fn safe_of(given: &str) -> String {
        FileName::or("name", given, "file").unwrap().safe
    }

    #[test]
    fn hostile_names_are_made_safe() {
        let cases = [
            ("report.pdf", "report.pdf"),
            ("Übersicht 2026.xlsx", "Übersicht 2026.xlsx"),
            ("U\u{308}bersicht.xlsx", "Übersicht.xlsx"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("..\\..\\boot.ini", "_._.._boot.ini"),
            ("a/b\\c:d*e?f\"g<h>i|j", "a_b_c_d_e_f_g_h_i_j"),
            ("a\u{2215}b\u{ff0f}c", "a_b_c"),
            ("\u{202e}fdp.exe", "fdp.exe"),
            ("gpj\u{202e}\u{2066}exe.txt", "gpjexe.txt"),
            ("a\u{200b}b\u{feff}c.txt", "abc.txt"),
            ("a\nb\r\nSet-Cookie: x\0.txt", "a_b__Set-Cookie_ x_.txt"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("Lpt1.tar.gz", "_Lpt1.tar.gz"),
            ("com¹.log", "_com¹.log"),
            ("console.log", "console.log"),
            ("COM10", "COM10"),
            (".htaccess", "_htaccess"),
            ("name. . .", "name"),
            ("...", "file"),
            ("..", "file"),
            ("/", "_"),
            ("", "file"),
            (" \u{200b}\u{202e} ", "file"),
            ("👩‍👩‍👧.png", "👩‍👩‍👧.png"),
        ];
        for (given, expected) in cases {
            assert_eq!(safe_of(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_end_and_its_original() {
        let long = format!("{}.pdf", "ä".repeat(296));
        let name = FileName::new("name", &long).unwrap();
        assert_eq!(name.given, long);
        assert!(name.safe.len() <= SAFE_BYTES && name.safe.ends_with("ä.pdf"), "{}", name.safe);
        assert!(name.numbered(99_999, false).safe.len() <= 255);
        assert!(FileName::new("name", &"x".repeat(GIVEN_CHARACTERS + 1)).is_err());
        let dots = safe_of(&".".repeat(300));
        assert_eq!(dots, "file");
    }

    #[test]
    fn the_original_stays_for_people_who_see_what_is_odd_about_it() {
        let name = FileName::new("name", "invoice\u{202e}fdp.exe").unwrap();
        assert_eq!(name.given, "invoice\u{202e}fdp.exe");
        assert_eq!(shown(&name.given), "invoice\u{fffd}fdp.exe");
        assert_eq!(FileName::new("name", "a\u{0}b").unwrap().given, "a\u{fffd}b");
    }

    #[test]
    fn a_number_stands_before_the_end() {
        let numbered =
            |name: &str, is_folder| FileName::new("name", name).unwrap().numbered(2, is_folder).safe;
        assert_eq!(numbered("report.pdf", false), "report (2).pdf");
        assert_eq!(numbered("backup.tar.gz", false), "backup (2).tar.gz");
        assert_eq!(numbered("README", false), "README (2)");
        assert_eq!(numbered("Dr. Smith", false), "Dr. Smith (2)");
        assert_eq!(numbered("v1.2", true), "v1.2 (2)");
        assert_eq!(numbered("_.tar.gz", false), "_ (2).tar.gz");
    }

    #[test]
    fn names_are_in_the_order_that_people_expect() {
        let mut names =
            ["report 10.pdf", "Émile.txt", "report 2.pdf", "emily.txt", "Zoo", "report 02.pdf", "a"];
        names.sort_by_key(|name| sort_key(name, false));
        assert_eq!(
            names,
            ["a", "Émile.txt", "emily.txt", "report 2.pdf", "report 02.pdf", "report 10.pdf", "Zoo"]
        );
        assert!(sort_key("z", true) < sort_key("a", false));
        assert!(sort_key("z", true).as_slice() < AFTER_FOLDERS.as_slice());
        assert!(sort_key("", false).as_slice() >= AFTER_FOLDERS.as_slice());
    }

    #[test]
    fn names_differ_by_more_than_capitals_and_accents_written_in_parts() {
        assert_eq!(key("Report.PDF"), key("report.pdf"));
        assert_eq!(key("u\u{308}ber"), key("Über"));
        assert_ne!(key("uber"), key("über"));
    }

    proptest! {
        #[test]
        fn whatever_the_name_its_safe_form_is_safe(given in "\\PC*|[\\x00-\\x1f./\\\\ \u{202a}-\u{202e}a-z]{0,40}") {
            let cut: String = given.chars().take(GIVEN_CHARACTERS).collect();
            let name = FileName::or("name", &cut, "file").unwrap();
            let safe = name.safe.as_str();
            prop_assert!(!safe.is_empty() && safe.len() <= SAFE_BYTES);
            prop_assert!(!safe.starts_with(['.', ' ']) && !safe.ends_with(['.', ' ']), "{safe:?}");
            prop_assert!(!safe.chars().any(|c| c.is_control() || is_special(c) || is_unseen(c)), "{safe:?}");
            prop_assert!(!is_reserved(safe), "{safe:?}");
            prop_assert_eq!(safe_of(safe), safe, "made safe again it stays as it is");
            prop_assert_eq!(key(&key(safe)), key(safe));
        }
    }
}
