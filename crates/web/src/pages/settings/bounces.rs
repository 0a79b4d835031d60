//! Addresses that take no mail (N12), shown with their people, and the form to try them again.

use domain::directory::{clients, team};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::notify::bounces;
use jiff::tz::TimeZone;
use store::{Reader, Tx};

use crate::http::answers::Result;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;

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

async fn client(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let try_again = move |tx: &mut Tx, actor: &Actor| {
        clients::client(tx, actor, id)?;
        bounces::try_again(tx, actor, id)
    };
    visit.change(&format!("/clients/{id}?done=tried"), try_again).await
}

async fn internal(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let try_again = move |tx: &mut Tx, actor: &Actor| {
        team::internal(tx, actor, id)?;
        bounces::try_again(tx, actor, id)
    };
    visit.change("/settings/team?done=tried", try_again).await
}

async fn all(visit: Visit) -> Result {
    visit.change("/settings/messaging/notices", bounces::try_all_again).await
}

async fn mine(visit: Visit) -> Result {
    visit.change("/profile?done=tried", bounces::try_mine_again).await
}
