//! One text to one number.

use std::fmt;

/// One text to one number.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The id of its delivery: the same for each try, so that a repeat after a crash can be recognized.
    pub id: String,
    /// The number: `+` and 7 to 15 digits (E.164).
    pub to: String,
    /// What it says.
    pub body: String,
}

/// Shows only the id: numbers and links do not belong in logs.
impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Text").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether this is `+` and 7 to 15 digits, the first of them not 0 (E.164).
pub fn is_number(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
