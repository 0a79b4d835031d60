//! The brand as pages and mails show it.

use store::Time;

use crate::kernel::columns::columns;
use crate::kernel::words::words;
use crate::tenant::colors::{Accent, Shade, Side};

columns! {
    /// What a firm looks like.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Brand {
        /// `#0b7a5c`; nothing: the product's own.
        pub accent: Option<String> = "w.accent",
        /// The colour behind the modules; nothing: as the page.
        pub side: Option<String> = "w.side",
        /// The colour of the words on it; nothing: white or black.
        pub side_text: Option<String> = "w.side_text",
        /// Its name as a picture.
        pub logo: Option<Logo> = "w.logo_at, w.logo_width, w.logo_height, w.logo_ink" => Logo::of,
        /// Since when it has a square picture.
        pub icon_at: Option<Time> = "w.icon_at",
        /// Since when there is a picture beside signing in.
        pub cover_at: Option<Time> = "w.cover_at",
    }
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

impl Logo {
    /// Only a picture with a size is one. A word for the ink that is not known counts as none.
    fn of(
        (at, width, height, ink): (Option<Time>, Option<i64>, Option<i64>, Option<String>),
    ) -> Option<Logo> {
        let ink = ink.as_deref().and_then(Ink::from_word);
        Some(Logo { at: at?, width: width?, height: height?, ink })
    }
}

words! {
    /// What a picture that lets something shine through is drawn with.
    pub enum Ink {
        /// It needs something light behind it.
        Dark = "dark",
        /// It needs something dark behind it.
        Light = "light",
    }
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
