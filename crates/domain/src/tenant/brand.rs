//! The brand as pages and mails show it.

use store::{Row, Time};

use crate::tenant::colors::{Accent, Shade, Side};

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
