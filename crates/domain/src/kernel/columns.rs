//! The macro `columns!`, for structs read from rows.

/// Declares a struct together with the columns it is read from:
///
/// ```ignore
/// columns! {
///     pub struct Company {
///         pub id: CompanyId = "c.id",
///         pub owner: Person = Person::COLUMNS,
///         pub files: Vec<FileId> => Vec::new(),
///     }
/// }
/// let sql = format!("SELECT {} FROM companies c", Company::COLUMNS);
/// let companies: Vec<Company> = reader.all(&sql, &[], |row| row.read())?;
/// ```
///
/// A field may take several columns. `= columns => convert` calls a function with what was read; `=> value` takes no
/// column. Both may use the fields above.
macro_rules! columns {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field_vis:vis $field:ident: $type:ty $(= $sql:expr)? $(=> $convert:expr)?
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),+
        }

        impl $name {
            /// The columns, in the order they are read.
            pub(crate) const COLUMNS: &str = constcat::concat!($($(", ", $sql,)?)+).split_at(2).1;
        }

        impl store::FromRow for $name {
            const WIDTH: usize = $crate::kernel::columns::count($name::COLUMNS);

            fn from_row(columns: &mut store::Columns<'_>) -> store::Result<$name> {
                $(let $field: $type =
                    $crate::kernel::columns::columns!(@read columns; $($sql)?; $($convert)?);)+
                Ok($name { $($field),+ })
            }
        }
    };
    (@read $columns:ident; $sql:expr;) => { $columns.next()? };
    (@read $columns:ident; $sql:expr; $convert:expr) => { $convert($columns.next()?) };
    (@read $columns:ident;; $value:expr) => { $value };
}

pub(crate) use columns;

/// The number of columns in a list: commas outside parentheses, plus one.
pub(crate) const fn count(columns: &str) -> usize {
    let (text, mut at, mut depth, mut count) = (columns.as_bytes(), 0, 0, 1);
    while at < text.len() {
        match text[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    #[test]
    fn commas_in_parentheses_separate_no_columns() {
        for (columns, count) in [("a", 1), ("a, b", 2), ("a, coalesce(b, min(c, d)), e", 3)] {
            assert_eq!(super::count(columns), count, "{columns}");
        }
    }
}
