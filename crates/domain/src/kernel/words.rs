//! The macro `words!`, for enums whose values have words in the database and the API.

/// Declares an enum whose values are written to and read from the database by their words:
///
/// ```ignore
/// words! {
///     pub enum Role {
///         Admin = "admin",
///         Client = "client",
///     }
/// }
/// ```
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        #[allow(dead_code, reason = "not every enum needs all of these")]
        impl $name {
            /// All values, in order of declaration.
            $vis const ALL: [$name; [$($word),+].len()] = [$($name::$variant),+];

            $vis fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }

            $vis fn from_word(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }

        impl store::FromValue for $name {
            fn from_value(value: store::Value<'_>) -> Option<$name> {
                match value {
                    store::Value::Text(word) => $name::from_word(word),
                    _ => None,
                }
            }
        }

        impl store::Param for $name {
            fn value(&self) -> store::Value<'_> {
                store::Value::Text(self.word())
            }
        }
    };
}

pub(crate) use words;
