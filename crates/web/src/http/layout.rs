//! The frame around every page of a signed-in person.

use domain::channels::unread_count;
use domain::directory::person;
use domain::kernel::{access, error};
use store::Reader;

use crate::http::assets;
use crate::http::avatars::Avatar;
use crate::http::brand::Brand;
use crate::http::theme::Theme;
use crate::http::visitor::Visitor;

/// The section of the portal that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Messages,
    Files,
    Clients,
    Settings,
    Profile,
}

/// Templates that extend `layout.html` have it as `layout`.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) assets: &'static str,
    pub(crate) look: Theme,
    pub(crate) title: String,
    pub(crate) brand: Brand,
    pub(crate) module: Module,
    pub(crate) is_internal: bool,
    /// Whether the visitor may manage the team and the settings.
    pub(crate) is_admin: bool,
    pub(crate) my_id: String,
    pub(crate) my_name: String,
    pub(crate) my_face: Avatar,
    /// The visitor's unread messages.
    pub(crate) unread: i64,
    /// The newest journal entry when the page was read; live updates start after it.
    pub(crate) seq: i64,
    pub(crate) time_zone: Option<String>,
}

impl Layout {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        module: Module,
        title: &str,
    ) -> error::Result<Layout> {
        let me = person::profile(reader, &visitor.actor)?;
        Ok(Layout {
            assets: assets::folder(),
            look: visitor.look,
            title: title.to_string(),
            brand: Brand::of(&visitor.workspace),
            module,
            is_internal: visitor.actor.role.is_internal(),
            is_admin: access::admin(&visitor.actor).is_ok(),
            my_id: me.id.to_string(),
            my_name: me.name.full(),
            my_face: Avatar::of_person(me.id.0, &me.name),
            unread: unread_count::of_person(reader, &visitor.actor)?,
            seq: reader.journal_head(visitor.workspace.id.0)?,
            time_zone: me.time_zone,
        })
    }

    pub(crate) fn is(&self, module: &str) -> bool {
        matches!(
            (self.module, module),
            (Module::Messages, "messages")
                | (Module::Files, "files")
                | (Module::Clients, "clients")
                | (Module::Settings, "settings")
                | (Module::Profile, "profile")
        )
    }
}
