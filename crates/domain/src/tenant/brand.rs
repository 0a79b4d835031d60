//! The brand as pages and mails show it, read from the workspace's row. `branding` changes it.

use store::Time;

use crate::kernel::columns::columns;
use crate::kernel::words::words;
use crate::tenant::colors::{Accent, Shade, Side};

columns! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Brand {
        /// For example `#0b7a5c`; `None` for the product's own.
        pub accent: Option<String> = "w.accent",
        /// The sidebar's color; `None` for the page's.
        pub side: Option<String> = "w.side",
        /// The color of text on the sidebar; `None` for white or black.
        pub side_text: Option<String> = "w.side_text",
        pub logo: Option<Logo> = "w.logo_at, w.logo_width, w.logo_height, w.logo_ink" => Logo::of,
        /// When the square icon was set; part of its address, as for all pictures (B2).
        pub icon_at: Option<Time> = "w.icon_at",
        /// When the picture of the sign-in page was set.
        pub cover_at: Option<Time> = "w.cover_at",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// When it was set.
    pub at: Time,
    /// In pixels, as is the height.
    pub width: i64,
    pub height: i64,
    pub ink: Option<Ink>,
}

impl Logo {
    /// `None` unless there is a picture with dimensions. An unknown ink is treated as none.
    fn of(
        (at, width, height, ink): (Option<Time>, Option<i64>, Option<i64>, Option<String>),
    ) -> Option<Logo> {
        let ink = ink.as_deref().and_then(Ink::from_word);
        Some(Logo { at: at?, width: width?, height: height?, ink })
    }
}

words! {
    /// The brightness of what is drawn in a picture with transparent parts.
    pub enum Ink {
        /// It needs a light background.
        Dark = "dark",
        /// It needs a dark background.
        Light = "light",
    }
}

impl Brand {
    /// The accent, corrected for contrast; `None` for the product's own.
    pub fn accent(&self) -> Option<Accent> {
        self.accent.as_deref().and_then(Shade::parse).map(Accent::of)
    }

    /// The sidebar's colors; `None` for the page's.
    pub fn side(&self) -> Option<Side> {
        let back = self.side.as_deref().and_then(Shade::parse)?;
        Some(Side::of(back, self.side_text.as_deref().and_then(Shade::parse)))
    }
}
