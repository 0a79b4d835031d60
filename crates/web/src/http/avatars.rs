//! Avatars: initials on a color derived from the id, for when there is no picture.

use domain::kernel::name;
use uuid::Uuid;

/// In the tones of the classes `hue-0` to `hue-11` of the style sheet.
const COLORS: [&str; 12] = [
    "#c24b5c", "#c3563a", "#b06b1c", "#8f7d12", "#5d8a2c", "#2d8f56", "#128d80", "#1285a3", "#3a76c4",
    "#6366c6", "#8659b8", "#b04a8e",
];

#[derive(Clone, Debug)]
pub(crate) struct Avatar {
    /// One or two characters.
    pub(crate) initials: String,
    /// The CSS class of its color, `hue-0` to `hue-11`; always the same for the same id.
    pub(crate) hue: String,
    /// Square for companies, projects and groups; round for a single person.
    pub(crate) square: bool,
}

impl Avatar {
    pub(crate) fn of_person(id: Uuid, name: &name::Name) -> Avatar {
        Avatar { initials: name.initials(), hue: hue(id), square: false }
    }

    /// For a company, a project or a group: the first letters of the first two words.
    pub(crate) fn of_title(id: Uuid, title: &str) -> Avatar {
        let words =
            title.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        let initials: String =
            words.take(2).filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect();
        let initials = if initials.is_empty() { title.chars().take(1).collect() } else { initials };
        Avatar { initials, hue: hue(id), square: true }
    }
}

impl Avatar {
    /// For a single person of whom only a title is known.
    pub(crate) fn round(self) -> Avatar {
        Avatar { square: false, ..self }
    }
}

/// The color for API clients, which do not have our style sheet: the same tone as `hue-N` in `tokens.css`.
pub(crate) fn color(id: Uuid) -> &'static str {
    COLORS[number(id)]
}

fn hue(id: Uuid) -> String {
    format!("hue-{}", number(id))
}

fn number(id: Uuid) -> usize {
    // The last bits of an id are random in every version in use.
    (id.as_u128() & 0xffff_ffff) as usize % COLORS.len()
}
