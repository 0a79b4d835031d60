//! Changes a firm's brand: the name, colors and pictures of its pages, mails and texts. Pictures must arrive ready to
//! be served: checked, scaled and re-encoded. Colors are stored as given; [`colors`](crate::tenant::colors) derives
//! what is shown.

use store::{Reader, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::WorkspaceId;
use crate::kernel::limits;
use crate::kernel::words::words;
use crate::tenant::brand::{Brand, Ink};
use crate::tenant::workspaces;

/// Changes by an admin; `None` keeps the current value.
#[derive(Clone, Debug, Default)]
pub struct BrandChange {
    pub name: Option<String>,
    /// Empty for the product's own.
    pub accent: Option<String>,
    /// The sidebar's color; empty for the page's.
    pub side: Option<String>,
    /// The color of text on the sidebar; empty for an automatic one.
    pub side_text: Option<String>,
}

/// Changes name and colors, effective from the next page, mail and text (B1).
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for an invalid name, an invalid color, and text
/// unreadable on the sidebar.
pub fn change(tx: &mut Tx, actor: &Actor, change: &BrandChange) -> Result<()> {
    access::admin(actor)?;
    let before = workspaces::find(tx, actor.workspace)?.brand;
    let color = |field, given: &Option<String>, before: &Option<String>| match given {
        Some(given) => limits::validate_color(field, given),
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
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}

words! {
    /// The kind of a brand picture.
    pub enum Place {
        Logo = "logo",
        /// Square: shown beside the name where there is little room, and as the icon of the installed app.
        Icon = "icon",
        /// On the sign-in page.
        Cover = "cover",
    }
}

/// A picture as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Begins with the word of its [`Place`], such as `icon-192.png`.
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// The pictures of one [`Place`], all made from one upload. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// In all sizes that are served.
    pub made: Vec<Picture>,
    /// Width and height of the first, in pixels.
    pub dimensions: (i64, i64),
    /// Of the first, if it has transparent parts.
    pub ink: Option<Ink>,
}

/// Replaces the pictures of a place, or removes them on `None`, effective from the next page.
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
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}

/// A picture, for everybody: the sign-in page shows it too (B2).
pub fn picture(reader: &Reader, workspace: WorkspaceId, name: &str) -> Result<Picture> {
    let found = reader.first(
        "SELECT name, content_type, bytes FROM brand_pictures WHERE workspace = $1 AND name = $2",
        &[&workspace, &name],
        |row| Ok(Picture { name: row.get(0)?, content_type: row.get(1)?, bytes: row.get(2)? }),
    )?;
    found.ok_or(Error::NotFound)
}
