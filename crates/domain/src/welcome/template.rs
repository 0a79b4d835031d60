//! Texts with merge fields (W2): `{{client.givenName}}` stands for what the client user is called.
//!
//! Two braces always begin a field that is known here, so whatever passes [`parse`] can be filled and shows no braces of
//! its own. What fills a field is a name that somebody typed: it comes out as it is, never as formatting or a link.

use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::limits;
use crate::kernel::name::Name;

/// Characters of a template. With every field filled by the longest names it is still a message (M1).
pub const TEMPLATE_CHARACTERS: usize = 5_000;
/// Merge fields of a template: see [`TEMPLATE_CHARACTERS`].
pub const MERGE_FIELDS_MAX: usize = 20;
/// Characters of what fills a field; no name that is meant to be read is longer.
const VALUE_CHARACTERS: usize = 100;
/// Characters shown of what was not understood.
const SHOWN_CHARACTERS: usize = 40;

/// What a merge field stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeField {
    /// What the client user is called.
    ClientGivenName,
    /// The client user's family name.
    ClientFamilyName,
    /// The client user's names.
    ClientFullName,
    /// The client user's company.
    CompanyName,
    /// What the firm is called.
    BrandName,
    /// What the one who signs is called.
    SenderGivenName,
    /// The family name of the one who signs.
    SenderFamilyName,
    /// The names of the one who signs.
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

    /// What stands between its braces.
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

    /// What it is, to those who choose it.
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

    /// What stands in for it in one case; a fitting word where there is nothing.
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

/// Both names without the address that [`Name::full`] falls back to: it would be no way to address anybody.
fn both(name: &Name) -> String {
    format!("{} {}", name.given, name.family).trim().to_string()
}

/// What fills the fields of a template.
#[derive(Clone, Debug)]
pub struct Values {
    /// The client user.
    pub client: Name,
    /// Their company; empty for none.
    pub company: String,
    /// What the firm is called.
    pub brand: String,
    /// Who signs.
    pub sender: Name,
}

/// A text that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(MergeField),
}

/// Reads a text with merge fields, with LF as its line ends.
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

/// The first line of what was not understood, shortened.
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
    /// The text as it was written.
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |text, piece| match piece {
            Piece::Text(plain) => text + plain,
            Piece::Field(field) => text + "{{" + field.word() + "}}",
        })
    }

    /// The message, as Markdown, in which every field is filled.
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

/// A name as Markdown that shows exactly this name: what would format it, or make it a link, is escaped.
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

/// `&amp;`, `&#38;`: what HTML, and with it Markdown, knows for characters.
fn is_entity(text: &str) -> bool {
    let inside = text[1..].split(';').next().unwrap_or("");
    let is_closed = text.len() > inside.len() + 1;
    is_closed
        && !inside.is_empty()
        && inside.chars().all(|character| character.is_ascii_alphanumeric() || character == '#')
}

/// Whether an address that would become a link is about to go on here: escaping this character takes it apart.
fn is_address(before: &str, rest: &str) -> bool {
    let before = before.to_ascii_lowercase();
    (rest.starts_with("://") && before.ends_with(|character: char| character.is_ascii_alphabetic()))
        || (rest.starts_with('.') && before.ends_with("www"))
        || (rest.starts_with('@') && !before.is_empty())
        || (rest.starts_with(':') && (before.ends_with("mailto") || before.ends_with("tel")))
}

#[cfg(test)]
mod tests;
