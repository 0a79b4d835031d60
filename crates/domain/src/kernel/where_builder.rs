//! The conditions of a list that a program asks for: put together from those filters that it gave, newest rows first.

use store::Param;

use crate::kernel::limits;

/// An SQL condition and its parameters.
pub(crate) struct WhereBuilder<'a> {
    sql: String,
    params: Vec<&'a dyn Param>,
}

impl<'a> WhereBuilder<'a> {
    /// Begins with a condition whose parameters are `$1`, `$2` and so on.
    pub(crate) fn new(sql: &str, params: &[&'a dyn Param]) -> WhereBuilder<'a> {
        WhereBuilder { sql: sql.to_string(), params: params.to_vec() }
    }

    /// One condition more, with `?` wherever its value stands.
    pub(crate) fn and(&mut self, condition: &str, value: &'a dyn Param) {
        let place = self.bind(value);
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &place));
    }

    /// One condition more, where there is a value for it.
    pub(crate) fn and_if<T: Param>(&mut self, condition: &str, value: &'a Option<T>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    /// A parameter more; answers how SQL names it.
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

/// What somebody types to find something, without what no name has and cut to a length that a name can have.
pub(crate) fn searchable(text: &str) -> String {
    let characters = text.trim().chars().filter(|character| !character.is_control());
    characters.take(2 * limits::NAME_CHARACTERS).collect()
}

/// A pattern for `LIKE … ESCAPE '!'` that finds a text anywhere; an empty text finds everything.
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
