//! A person's name, its validation, and its forms on pages.

use store::{Columns, FromRow};

use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::limits;
use crate::kernel::patch::Patch;

/// Checks a name and an address. At least one of the names is required.
pub(crate) fn name_of(given_name: &str, family_name: &str, email: &str) -> Result<Name> {
    let given = limits::validate_optional_line("givenName", given_name, limits::NAME_CHARACTERS)?;
    let family = limits::validate_optional_line("familyName", family_name, limits::NAME_CHARACTERS)?;
    if limits::is_blank(&given) && limits::is_blank(&family) {
        return Err(Error::field("givenName", Problem::Empty));
    }
    Ok(Name { given, family, email: limits::validate_email("email", email)? })
}

/// A person's name, with the address as a fallback if they gave none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// May be empty.
    pub given: String,
    /// May be empty.
    pub family: String,
    pub email: String,
}

/// From the columns `given_name`, `family_name` and `email`.
impl FromRow for Name {
    const WIDTH: usize = 3;

    fn from_row(columns: &mut Columns<'_>) -> store::Result<Name> {
        Ok(Name { given: columns.next()?, family: columns.next()?, email: columns.next()? })
    }
}

impl Name {
    /// # Errors
    /// `Field`, as for a new name.
    pub(crate) fn changed(
        &self,
        given: &Patch<String>,
        family: &Patch<String>,
        email: &Patch<String>,
    ) -> Result<Name> {
        name_of(given.or(&self.given), family.or(&self.family), email.or(&self.email))
    }

    /// "Jane Lee", or the address if there is no name.
    pub fn full(&self) -> String {
        let full = format!("{} {}", self.given, self.family);
        if limits::is_blank(&full) { self.email.clone() } else { full.trim().to_string() }
    }

    /// "Jane", or the full name if there is no given name.
    pub fn given_or_full(&self) -> String {
        if limits::is_blank(&self.given) { self.full() } else { self.given.trim().to_string() }
    }

    /// "JL": one or two characters for an avatar without a picture.
    pub fn initials(&self) -> String {
        let initials: String =
            [&self.given, &self.family].into_iter().filter_map(|name| initial(name)).collect();
        if initials.is_empty() { initial(&self.email).unwrap_or('?').to_string() } else { initials }
    }
}

/// The first letter of a name, else its first visible character: "(Bob)" gives B, "👩‍🚀" gives 👩.
fn initial(name: &str) -> Option<char> {
    let seen = |character: &char| !limits::is_blank(character.encode_utf8(&mut [0; 4]));
    let first =
        name.chars().find(|character| character.is_alphanumeric()).or_else(|| name.chars().find(seen))?;
    // A letter whose upper case has two letters (ß) stays as it is.
    let mut upper = first.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => Some(only),
        _ => Some(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(given: &str, family: &str) -> Name {
        Name { given: given.to_string(), family: family.to_string(), email: "jane@example.com".to_string() }
    }

    #[test]
    fn a_full_name_has_no_space_to_spare_and_falls_back_to_the_address() {
        for (given, family, full, first) in [
            ("Jane", "Lee", "Jane Lee", "Jane"),
            ("Jane", "", "Jane", "Jane"),
            ("", "Lee", "Lee", "Lee"),
            ("", "", "jane@example.com", "jane@example.com"),
            ("\u{200b}", " ", "jane@example.com", "jane@example.com"),
        ] {
            assert_eq!(name(given, family).full(), full);
            assert_eq!(name(given, family).given_or_full(), first);
        }
    }

    #[test]
    fn initials_are_one_or_two_characters_in_any_script() {
        for (given, family, initials) in [
            ("jane", "lee", "JL"),
            ("Jane", "", "J"),
            ("", "", "J"),
            ("élodie", "ångström", "ÉÅ"),
            ("иван", "петров", "ИП"),
            ("小明", "李", "小李"),
            ("مريم", "علي", "مع"),
            ("ßeta", "(Bob)", "ßB"),
            ("👩‍🚀", "🎉🎉", "👩🎉"),
            ("\u{202e}\u{200b}x", "", "X"),
        ] {
            assert_eq!(name(given, family).initials(), initials, "{given} {family}");
        }
    }
}
