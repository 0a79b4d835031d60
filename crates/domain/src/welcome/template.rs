//! Texts with merge fields (W2), such as `{{client.givenName}}`.
//!
//! Two braces always start a known field, so every text that passes [`parse`] can be filled and then shows no braces of
//! its own. Fields are filled with names that somebody typed: they are shown literally, never as formatting or a link.

use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::limits;
use crate::kernel::name::Name;

/// Maximum length of a template in characters. Even with every field filled by the longest names it fits a message (M1).
pub const TEMPLATE_CHARACTERS: usize = 5_000;
/// Maximum number of merge fields: see [`TEMPLATE_CHARACTERS`].
pub const MERGE_FIELDS_MAX: usize = 20;
/// Maximum length of a field's value in characters; longer names are shortened.
const VALUE_CHARACTERS: usize = 100;
/// Maximum length of the unknown text quoted in an error, in characters.
const SHOWN_CHARACTERS: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeField {
    ClientGivenName,
    ClientFamilyName,
    ClientFullName,
    CompanyName,
    BrandName,
    SenderGivenName,
    SenderFamilyName,
    SenderFullName,
}

impl MergeField {
    /// All of them, in the order in which they are offered.
    pub const ALL: [MergeField; 8] = [
        MergeField::ClientGivenName,
        MergeField::ClientFamilyName,
        MergeField::ClientFullName,
        MergeField::CompanyName,
        MergeField::BrandName,
        MergeField::SenderGivenName,
        MergeField::SenderFamilyName,
        MergeField::SenderFullName,
    ];

    /// The name between the braces.
    pub fn word(self) -> &'static str {
        match self {
            MergeField::ClientGivenName => "client.givenName",
            MergeField::ClientFamilyName => "client.familyName",
            MergeField::ClientFullName => "client.fullName",
            MergeField::CompanyName => "company.name",
            MergeField::BrandName => "brand.name",
            MergeField::SenderGivenName => "sender.givenName",
            MergeField::SenderFamilyName => "sender.familyName",
            MergeField::SenderFullName => "sender.fullName",
        }
    }

    /// The label shown to people who insert the field.
    pub fn meaning(self) -> &'static str {
        match self {
            MergeField::ClientGivenName => "Client's given name",
            MergeField::ClientFamilyName => "Client's family name",
            MergeField::ClientFullName => "Client's full name",
            MergeField::CompanyName => "Company",
            MergeField::BrandName => "Your firm",
            MergeField::SenderGivenName => "Sender's given name",
            MergeField::SenderFamilyName => "Sender's family name",
            MergeField::SenderFullName => "Sender's full name",
        }
    }

    fn of(word: &str) -> Option<MergeField> {
        MergeField::ALL.into_iter().find(|field| field.word() == word)
    }

    /// The text that replaces the field, or a fitting phrase if the value is missing (W3).
    fn value(self, values: &Values) -> String {
        let (client, sender) = (&values.client, &values.sender);
        let first = |choices: &[&str], else_: &str| {
            let found = choices.iter().find(|choice| !limits::is_blank(choice));
            found.map_or(else_, |found| found.trim()).to_string()
        };
        match self {
            MergeField::ClientGivenName => first(&[&client.given], "there"),
            MergeField::ClientFamilyName => first(&[&client.family, &client.given], "client"),
            MergeField::ClientFullName => first(&[&both(client)], "there"),
            MergeField::CompanyName => first(&[&values.company], "your company"),
            MergeField::BrandName => first(&[&values.brand], "our firm"),
            MergeField::SenderGivenName => first(&[&sender.given, &sender.family], "Your contact"),
            MergeField::SenderFamilyName => first(&[&sender.family, &sender.given], "Your contact"),
            MergeField::SenderFullName => first(&[&both(sender)], "Your contact"),
        }
    }
}

/// Given and family name, without the address that [`Name::full`] falls back to: a greeting must not use an address.
fn both(name: &Name) -> String {
    format!("{} {}", name.given, name.family).trim().to_string()
}

/// The values for the fields of a template.
#[derive(Clone, Debug)]
pub struct Values {
    pub client: Name,
    /// Empty for none.
    pub company: String,
    pub brand: String,
    pub sender: Name,
}

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(MergeField),
}

/// Parses a text with merge fields; line ends become LF.
///
/// # Errors
/// `Field`, named `field`: `Empty`, `TooLong`, `ControlCharacters`; `NoMergeField` with its name, `OpenMergeField`,
/// `NothingToClose`, `TooManyMergeFields`.
pub fn parse(field: &'static str, text: &str) -> Result<Template> {
    if text.chars().count() > TEMPLATE_CHARACTERS {
        return Err(Error::field(field, Problem::TooLong(TEMPLATE_CHARACTERS)));
    }
    let text = limits::validate_message(field, text, false)?;
    let mut pieces = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once("{{") {
        plain(field, before, &mut pieces)?;
        let Some((word, after)) = behind.split_once("}}") else {
            return Err(Error::field(field, Problem::OpenMergeField(shown(behind))));
        };
        let Some(known) = MergeField::of(word.trim()) else {
            return Err(Error::field(field, Problem::NoMergeField(shown(word))));
        };
        pieces.push(Piece::Field(known));
        rest = after;
    }
    plain(field, rest, &mut pieces)?;
    let fields = pieces.iter().filter(|piece| matches!(piece, Piece::Field(_))).count();
    if fields > MERGE_FIELDS_MAX {
        return Err(Error::field(field, Problem::TooManyMergeFields(MERGE_FIELDS_MAX)));
    }
    Ok(Template(pieces))
}

fn plain(field: &'static str, text: &str, pieces: &mut Vec<Piece>) -> Result<()> {
    if text.contains("}}") {
        return Err(Error::field(field, Problem::NothingToClose));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_string()));
    }
    Ok(())
}

/// The first line of the unknown text, shortened.
fn shown(text: &str) -> String {
    shortened(text.trim().lines().next().unwrap_or("").trim_end(), SHOWN_CHARACTERS)
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

impl Template {
    /// The text with its merge fields.
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |text, piece| match piece {
            Piece::Text(plain) => text + plain,
            Piece::Field(field) => text + "{{" + field.word() + "}}",
        })
    }

    /// The message, in Markdown, with every field filled.
    pub fn fill(&self, values: &Values) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => filled.push_str(plain),
                Piece::Field(field) => {
                    let begins_line = filled.trim_end_matches([' ', '\t']).ends_with('\n')
                        || filled.chars().all(char::is_whitespace);
                    let value = shortened(&field.value(values), VALUE_CHARACTERS);
                    filled.push_str(&unformatted(&value, begins_line));
                }
            }
        }
        filled
    }
}

/// Escapes a name so that Markdown shows it literally, without formatting or links.
fn unformatted(name: &str, begins_line: bool) -> String {
    let mut text = String::with_capacity(name.len());
    let digits = name.len() - name.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    for (at, character) in name.char_indices() {
        let rest = &name[at..];
        let formats = matches!(character, '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<')
            || (character == '&' && is_entity(rest))
            || (begins_line && at == 0 && matches!(character, '>' | '-' | '+' | '#'))
            || (begins_line && at == digits && at > 0 && matches!(character, '.' | ')'))
            || is_address(&name[..at], rest);
        if formats {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Whether the text starts with a character reference such as `&amp;` or `&#38;`.
fn is_entity(text: &str) -> bool {
    let inside = text[1..].split(';').next().unwrap_or("");
    let is_closed = text.len() > inside.len() + 1;
    is_closed
        && !inside.is_empty()
        && inside.chars().all(|character| character.is_ascii_alphanumeric() || character == '#')
}

/// Whether a character belongs to an address that Markdown would turn into a link; escaping it prevents that.
fn is_address(before: &str, rest: &str) -> bool {
    let before = before.to_ascii_lowercase();
    (rest.starts_with("://") && before.ends_with(|character: char| character.is_ascii_alphabetic()))
        || (rest.starts_with('.') && before.ends_with("www"))
        || (rest.starts_with('@') && !before.is_empty())
        || (rest.starts_with(':') && (before.ends_with("mailto") || before.ends_with("tel")))
}

#[cfg(test)]
mod tests;
