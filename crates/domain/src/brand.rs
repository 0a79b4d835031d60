//! A firm's brand: its name, colours and pictures, as all of its pages, mails and texts show them. Pictures come here ready
//! to be served: checked, made small, written anew. Colours are kept as the firm gave them; what is shown is worked out
//! from them ([`colours`]).

pub mod colours;

use store::{Reader, Row, Time, Tx};

use crate::access::{self, Actor};
use crate::error::{Error, Problem, Result};
use crate::ids::WorkspaceId;
use crate::records::{self, Changes, Deed};
use crate::{limits, workspaces};

use colours::{Accent, Shade, Side};

/// What a firm looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// `#0b7a5c`; nothing: the product's own.
    pub accent: Option<String>,
    /// The colour behind the modules; nothing: as the page.
    pub side: Option<String>,
    /// The colour of the words on it; nothing: white or black.
    pub side_text: Option<String>,
    /// Its name as a picture.
    pub logo: Option<Logo>,
    /// Since when it has a square picture.
    pub icon_at: Option<Time>,
    /// Since when there is a picture beside signing in.
    pub cover_at: Option<Time>,
}

/// A firm's name as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Since when.
    pub at: Time,
    /// Points.
    pub width: i64,
    /// Points.
    pub height: i64,
    /// What it is drawn with.
    pub ink: Option<Ink>,
}

/// What a picture that lets something shine through is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// It needs something light behind it.
    Dark,
    /// It needs something dark behind it.
    Light,
}

impl Ink {
    /// The word that the database and pages use.
    pub fn word(self) -> &'static str {
        match self {
            Ink::Dark => "dark",
            Ink::Light => "light",
        }
    }

    fn from_word(word: &str) -> Option<Ink> {
        [Ink::Dark, Ink::Light].into_iter().find(|ink| ink.word() == word)
    }
}

/// A brand from the columns that begin at `at`, in the order that [`workspaces::COLUMNS`] ends with.
pub(crate) fn read(row: &Row<'_>, at: usize) -> store::Result<Brand> {
    let logo_at: Option<Time> = row.get(at + 3)?;
    let (width, height): (Option<i64>, Option<i64>) = (row.get(at + 4)?, row.get(at + 5)?);
    let ink: Option<String> = row.get(at + 6)?;
    let logo = logo_at.zip(width.zip(height));
    Ok(Brand {
        accent: row.get(at)?,
        side: row.get(at + 1)?,
        side_text: row.get(at + 2)?,
        logo: logo.map(|(at, (width, height))| Logo {
            at,
            width,
            height,
            ink: ink.as_deref().and_then(Ink::from_word),
        }),
        icon_at: row.get(at + 7)?,
        cover_at: row.get(at + 8)?,
    })
}

impl Brand {
    /// Its accent as it is shown; nothing: the product's own.
    pub fn accent(&self) -> Option<Accent> {
        self.accent.as_deref().and_then(Shade::parse).map(Accent::of)
    }

    /// Its sidebar as it is shown; nothing: as the page.
    pub fn side(&self) -> Option<Side> {
        let back = self.side.as_deref().and_then(Shade::parse)?;
        Some(Side::of(back, self.side_text.as_deref().and_then(Shade::parse)))
    }
}

/// What an admin changes; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct BrandChange {
    /// What the firm is called.
    pub name: Option<String>,
    /// The accent; empty for the product's own.
    pub accent: Option<String>,
    /// The colour behind the modules; empty for none.
    pub side: Option<String>,
    /// The colour of the words on it; empty for one that is chosen.
    pub side_text: Option<String>,
}

/// Changes name and colours. It holds from the next page, mail and text on.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for a name that is none, what is no colour, and words that
/// could not be read on the sidebar.
pub fn change(tx: &mut Tx, actor: &Actor, change: &BrandChange) -> Result<()> {
    access::admin(actor)?;
    let before = workspaces::find(tx, actor.workspace)?.brand;
    let color = |field, given: &Option<String>, before: &Option<String>| match given {
        Some(given) => limits::color(field, given),
        None => Ok(before.clone()),
    };
    let after = Brand {
        accent: color("colorAccent", &change.accent, &before.accent)?,
        side: color("colorSidebarBackground", &change.side, &before.side)?,
        side_text: color("colorSidebarText", &change.side_text, &before.side_text)?,
        ..before.clone()
    };
    if after.side().is_some_and(|side| !side.is_readable()) {
        return Err(Error::field("colorSidebarText", Problem::NoContrast));
    }
    if let Some(name) = &change.name {
        workspaces::rename(tx, actor, name)?;
    }
    if after == before {
        return Ok(());
    }
    tx.run(
        "UPDATE workspaces SET accent = $2, side = $3, side_text = $4, updated_at = $5 WHERE id = $1",
        &[&actor.workspace, &after.accent, &after.side, &after.side_text, &tx.now()],
    )?;
    let word = |color: &Option<String>| color.clone().unwrap_or_default();
    let changes = Changes::none()
        .field("colorAccent", word(&before.accent), word(&after.accent))
        .field("colorSidebarBackground", word(&before.side), word(&after.side))
        .field("colorSidebarText", word(&before.side_text), word(&after.side_text));
    records::keep_change(tx, actor, Deed::SettingsChanged, None, changes)
}

/// Where a picture of a brand stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The firm's name as a picture.
    Logo,
    /// Square: beside the name where there is little room, and the icon of the installed app.
    Icon,
    /// Beside signing in.
    Cover,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 3] = [Place::Logo, Place::Icon, Place::Cover];

    /// Its word, which the names of its pictures begin with and forms and errors call it by.
    pub fn word(self) -> &'static str {
        match self {
            Place::Logo => "logo",
            Place::Icon => "icon",
            Place::Cover => "cover",
        }
    }

    /// The place of a word.
    pub fn from_word(word: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| place.word() == word)
    }
}

/// A picture as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name: the place's word first, such as `icon-192.png`.
    pub name: String,
    /// What it is.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The pictures of a place, all made from one: never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// In all sizes that are served.
    pub made: Vec<Picture>,
    /// Width and height of the first, in points.
    pub dimensions: (i64, i64),
    /// What the first is drawn with, where something shines through it.
    pub ink: Option<Ink>,
}

/// Sets the pictures of a place, or with nothing takes them away. They hold from the next page on.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn set_pictures(tx: &mut Tx, actor: &Actor, place: Place, pictures: Option<&Pictures>) -> Result<()> {
    access::admin(actor)?;
    let before = workspaces::find(tx, actor.workspace)?.brand;
    let was_there = match place {
        Place::Logo => before.logo.is_some(),
        Place::Icon => before.icon_at.is_some(),
        Place::Cover => before.cover_at.is_some(),
    };
    if !was_there && pictures.is_none() {
        return Ok(());
    }
    tx.run(
        "DELETE FROM brand_pictures WHERE workspace = $1 AND name LIKE $2",
        &[&actor.workspace, &format!("{}%", place.word())],
    )?;
    for picture in pictures.iter().flat_map(|pictures| &pictures.made) {
        tx.run(
            "INSERT INTO brand_pictures (workspace, name, content_type, bytes) VALUES ($1, $2, $3, $4)",
            &[&actor.workspace, &picture.name, &picture.content_type, &picture.bytes],
        )?;
    }
    let now = tx.now();
    let at = pictures.map(|_| now);
    match place {
        Place::Logo => {
            let (width, height) = pictures.map(|pictures| pictures.dimensions).unzip();
            let ink = pictures.and_then(|pictures| pictures.ink).map(|ink| ink.word().to_string());
            tx.run(
                "UPDATE workspaces SET logo_at = $2, logo_width = $3, logo_height = $4, logo_ink = $5, updated_at = $6 \
                 WHERE id = $1",
                &[&actor.workspace, &at, &width, &height, &ink, &now],
            )?
        }
        Place::Icon => tx.run(
            "UPDATE workspaces SET icon_at = $2, updated_at = $3 WHERE id = $1",
            &[&actor.workspace, &at, &now],
        )?,
        Place::Cover => tx.run(
            "UPDATE workspaces SET cover_at = $2, updated_at = $3 WHERE id = $1",
            &[&actor.workspace, &at, &now],
        )?,
    };
    let word = |is_there: bool| if is_there { "picture" } else { "" };
    let changes = if was_there && pictures.is_some() {
        Changes::none().field(place.word(), "picture", "another picture")
    } else {
        Changes::none().field(place.word(), word(was_there), word(pictures.is_some()))
    };
    records::keep_change(tx, actor, Deed::SettingsChanged, None, changes)
}

/// A picture of a workspace, for everybody who sees its pages.
///
/// # Errors
/// `NotFound`.
pub fn picture(reader: &Reader, workspace: WorkspaceId, name: &str) -> Result<Picture> {
    let found = reader.first(
        "SELECT name, content_type, bytes FROM brand_pictures WHERE workspace = $1 AND name = $2",
        &[&workspace, &name],
        |row| Ok(Picture { name: row.get(0)?, content_type: row.get(1)?, bytes: row.get(2)? }),
    )?;
    found.ok_or(Error::NotFound)
}
