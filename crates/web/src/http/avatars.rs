//! Faces: initials on a steady colour, where there is no picture.

use domain::kernel::name;
use uuid::Uuid;

/// The colours, each in the tone of a class `hue-N` of the style sheet.
const COLORS: [&str; 12] = [
    "#c24b5c", "#c3563a", "#b06b1c", "#8f7d12", "#5d8a2c", "#2d8f56", "#128d80", "#1285a3", "#3a76c4",
    "#6366c6", "#8659b8", "#b04a8e",
];

/// A face as templates show it.
#[derive(Clone, Debug)]
pub(crate) struct Avatar {
    /// One or two characters.
    pub(crate) initials: String,
    /// The class of its colour: `hue-0` to `hue-11`, the same for the same id everywhere.
    pub(crate) hue: String,
    /// Whether it stands for more than one person and has corners.
    pub(crate) square: bool,
}

impl Avatar {
    /// The face of a person.
    pub(crate) fn of_person(id: Uuid, name: &name::Name) -> Avatar {
        Avatar { initials: name.initials(), hue: hue(id), square: false }
    }

    /// The face of a company, a project or a group: the first letters of its title's first two words.
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
    /// The same for one person of whom only a name is known.
    pub(crate) fn round(self) -> Avatar {
        Avatar { square: false, ..self }
    }
}

/// The colour of a face for programs, which have no style sheet of ours: of the same tone as `hue-N` in `tokens.css`.
pub(crate) fn color(id: Uuid) -> &'static str {
    COLORS[number(id)]
}

fn hue(id: Uuid) -> String {
    format!("hue-{}", number(id))
}

fn number(id: Uuid) -> usize {
    // The last bits of an id are chance in every version in use.
    (id.as_u128() & 0xffff_ffff) as usize % COLORS.len()
}
