//! Builds SQL conditions from optional filters, and patterns for searching by text.

use store::Param;

use crate::kernel::limits;

pub(crate) struct WhereBuilder<'a> {
    sql: String,
    params: Vec<&'a dyn Param>,
}

impl<'a> WhereBuilder<'a> {
    /// Starts with a condition whose parameters are `$1`, `$2` and so on.
    pub(crate) fn new(sql: &str, params: &[&'a dyn Param]) -> WhereBuilder<'a> {
        WhereBuilder { sql: sql.to_string(), params: params.to_vec() }
    }

    /// Adds a condition, with `?` for its value.
    pub(crate) fn and(&mut self, condition: &str, value: &'a dyn Param) {
        let place = self.bind(value);
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &place));
    }

    /// Adds a condition if there is a value for it.
    pub(crate) fn and_if<T: Param>(&mut self, condition: &str, value: &'a Option<T>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    /// Adds a parameter and returns its placeholder.
    pub(crate) fn bind(&mut self, value: &'a dyn Param) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn params(&self) -> &[&'a dyn Param] {
        &self.params
    }
}

/// Search text without control characters, cut to the length of a full name.
pub(crate) fn searchable(text: &str) -> String {
    let characters = text.trim().chars().filter(|character| !character.is_control());
    characters.take(2 * limits::NAME_CHARACTERS).collect()
}

/// A pattern for `LIKE … ESCAPE '!'` that finds the text anywhere; empty text matches everything.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in searchable(text).chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
