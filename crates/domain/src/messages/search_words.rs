//! What somebody looks for, in the languages of the two indexes. Only letters and digits get through, always in quotes,
//! so that nothing in it is syntax.

/// Words looked for at once; what is written beyond is left out.
const WORDS_MOST: usize = 12;
/// Characters looked at.
const CHARACTERS_MOST: usize = 200;

/// Words that must all be there.
pub(crate) struct Words(Vec<Phrase>);

/// Words that must stand together; of the last a beginning is enough unless the phrase was put in quotes.
#[derive(Debug, PartialEq, Eq)]
struct Phrase {
    words: Vec<String>,
    is_whole: bool,
}

impl Words {
    /// The words in a text, where it has any.
    pub(crate) fn of(text: &str) -> Option<Words> {
        let text: String =
            text.chars().take(CHARACTERS_MOST).filter(|character| !is_accent(*character)).collect();
        let mut phrases = Vec::new();
        let mut parts = text.split(is_quote).enumerate().peekable();
        while let Some((number, part)) = parts.next() {
            let is_quoted = number % 2 == 1;
            if is_quoted {
                phrases.extend(Phrase::of(part, parts.peek().is_some()));
            } else {
                phrases.extend(part.split_whitespace().filter_map(|word| Phrase::of(word, false)));
            }
        }
        phrases.truncate(WORDS_MOST);
        (!phrases.is_empty()).then_some(Words(phrases))
    }

    /// The query for FTS5: one of the places, and all the words.
    pub(crate) fn for_sqlite(&self, places: &[String]) -> String {
        let places = joined(places.iter().map(|place| format!("\"{place}\"")), " OR ");
        let phrases = self.0.iter().map(|phrase| {
            let beginning = if phrase.is_whole { "" } else { " *" };
            format!("\"{}\"{beginning}", phrase.words.join(" "))
        });
        format!("place : ({places}) AND text : ({})", joined(phrases, " AND "))
    }

    /// The words for PostgreSQL's `to_tsquery`.
    pub(crate) fn for_postgres(&self) -> String {
        let phrases = self.0.iter().map(|phrase| {
            let beginning = if phrase.is_whole { "" } else { ":*" };
            format!("{}{beginning}", joined(phrase.words.iter().map(|word| format!("'{word}'")), " <-> "))
        });
        joined(phrases, " & ")
    }
}

impl Phrase {
    fn of(text: &str, is_whole: bool) -> Option<Phrase> {
        let words: Vec<String> = text
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_string)
            .collect();
        (!words.is_empty()).then_some(Phrase { words, is_whole })
    }
}

/// The places as a `tsquery`.
pub(crate) fn places_for_postgres(places: &[String]) -> String {
    joined(places.iter().map(|place| format!("'{place}'")), " | ")
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

/// An accent written after its letter; the indexes leave them out too.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m8_nothing_that_is_written_is_syntax() {
        let query = |text: &str| {
            Words::of(text).map(|words| (words.for_sqlite(&["p".to_string()]), words.for_postgres()))
        };
        for (text, sqlite, postgres) in [
            ("deed", "\"deed\" *", "'deed':*"),
            ("the deed", "\"the\" * AND \"deed\" *", "'the':* & 'deed':*"),
            ("\"the deed\" of", "\"the deed\" AND \"of\" *", "'the' <-> 'deed' & 'of':*"),
            ("“the de", "\"the de\" *", "'the' <-> 'de':*"),
            (
                "a-b) OR text:c*",
                "\"a b\" * AND \"OR\" * AND \"text c\" *",
                "'a' <-> 'b':* & 'OR':* & 'text' <-> 'c':*",
            ),
            ("o'neil\\", "\"o neil\" *", "'o' <-> 'neil':*"),
            ("re\u{301}sume\u{301}", "\"resume\" *", "'resume':*"),
        ] {
            let expected = (format!("place : (\"p\") AND text : ({sqlite})"), postgres.to_string());
            assert_eq!(query(text), Some(expected), "{text}");
        }
        for nothing in ["", " ", "\"\"", "*", "\" - \"", "\u{301}", "😀"] {
            assert_eq!(query(nothing), None, "{nothing}");
        }
        assert_eq!(Words::of(&"a ".repeat(1_000)).map(|words| words.0.len()), Some(WORDS_MOST));
    }
}
