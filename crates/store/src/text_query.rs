//! A search for words, in the query languages of both engines' full-text indexes. Only letters and digits are passed on,
//! always quoted, so that no input is syntax.

/// Most words of a search; further ones are ignored.
const WORDS_MOST: usize = 12;
/// Most characters of a search; further ones are ignored.
const CHARACTERS_MOST: usize = 200;

/// Words and phrases that must all occur.
pub struct TextQuery(Vec<Phrase>);

/// Adjacent words. The last one may be only the beginning of a word unless the phrase was quoted.
#[derive(Debug, PartialEq, Eq)]
struct Phrase {
    words: Vec<String>,
    is_whole: bool,
}

impl TextQuery {
    /// The words in a text; `None` if it has none.
    pub fn of(text: &str) -> Option<TextQuery> {
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
        (!phrases.is_empty()).then_some(TextQuery(phrases))
    }

    /// The query for SQLite's FTS5: any of `places` in the column `place`, and all the words in the column `text`.
    pub fn fts5(&self, places: &[String]) -> String {
        let places = joined(places.iter().map(|place| format!("\"{place}\"")), " OR ");
        let phrases = self.0.iter().map(|phrase| {
            let beginning = if phrase.is_whole { "" } else { " *" };
            format!("\"{}\"{beginning}", phrase.words.join(" "))
        });
        format!("place : ({places}) AND text : ({})", joined(phrases, " AND "))
    }

    /// All the words, for PostgreSQL's `to_tsquery`.
    pub fn tsquery(&self) -> String {
        let phrases = self.0.iter().map(|phrase| {
            let beginning = if phrase.is_whole { "" } else { ":*" };
            format!("{}{beginning}", joined(phrase.words.iter().map(|word| format!("'{word}'")), " <-> "))
        });
        joined(phrases, " & ")
    }

    /// Any of `places`, as a PostgreSQL `tsquery`.
    pub fn places_tsquery(places: &[String]) -> String {
        joined(places.iter().map(|place| format!("'{place}'")), " | ")
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

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

/// An accent written after its letter; the indexes ignore them too.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m8_nothing_that_is_written_is_syntax() {
        let query =
            |text: &str| TextQuery::of(text).map(|words| (words.fts5(&["p".to_string()]), words.tsquery()));
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
        assert_eq!(TextQuery::of(&"a ".repeat(1_000)).map(|words| words.0.len()), Some(WORDS_MOST));
    }
}
