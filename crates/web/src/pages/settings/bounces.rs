//! Addresses that take no mail (N12), shown with their people, and the form to try them again.

use axum::extract::State;
use domain::directory::{clients, team};
use domain::kernel::error;
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::notify::bounces;
use jiff::tz::TimeZone;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, redirect};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/clients/{id}/try-address", client)
        .post("/settings/team/{id}/try-address", internal)
        .post("/settings/messaging/try-addresses", all)
        .post("/profile/try-address", mine)
}

/// An address that takes no mail.
pub(crate) struct Bounced {
    pub(crate) at: Shown,
    /// The reason, as given by the mail server.
    pub(crate) reason: String,
}

impl Bounced {
    /// Returns `None` if the person's address takes mail.
    pub(crate) fn of_person(
        reader: &Reader,
        workspace: WorkspaceId,
        person: PersonId,
        zone: &TimeZone,
    ) -> error::Result<Option<Bounced>> {
        let found = bounces::of_person(reader, workspace, person)?;
        Ok(found
            .map(|bounce| Bounced { at: times::shown(bounce.at, reader.now(), zone), reason: bounce.reason }))
    }
}

async fn client(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    app.store()
        .write(move |tx| {
            clients::client(tx, &visitor.actor, id)?;
            bounces::try_again(tx, &visitor.actor, id)
        })
        .await?;
    Ok(redirect(&format!("/clients/{id}?done=tried")))
}

async fn internal(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    app.store()
        .write(move |tx| {
            team::internal(tx, &visitor.actor, id)?;
            bounces::try_again(tx, &visitor.actor, id)
        })
        .await?;
    Ok(redirect("/settings/team?done=tried"))
}

async fn all(State(app): State<App>, visitor: Visitor) -> Result {
    app.store().write(move |tx| bounces::try_all_again(tx, &visitor.actor)).await?;
    Ok(redirect("/settings/messaging/notices"))
}

async fn mine(State(app): State<App>, visitor: Visitor) -> Result {
    app.store().write(move |tx| bounces::try_mine_again(tx, &visitor.actor)).await?;
    Ok(redirect("/profile?done=tried"))
}
