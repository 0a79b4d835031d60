//! The option to invite a person in the call that creates or changes them.

use domain::arrival::invitations;
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::PersonId;
use domain::tenant::workspaces;
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;

use crate::api::failure::Result;
use crate::api::query;

/// Whether the call also invites.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Inviting {
    /// Sends an invitation; the answer then holds `inviteUrl`.
    #[param(value_type = Option<bool>)]
    send_invite: Option<String>,
}

impl Inviting {
    pub(crate) fn is_wanted(&self) -> Result<bool> {
        Ok(query::flag("sendInvite", &self.send_invite)?.unwrap_or(false))
    }
}

/// Invites if `wanted`. Returns the link that signs the client in.
pub(crate) fn invite(
    tx: &mut Tx,
    actor: &Actor,
    id: PersonId,
    wanted: bool,
    public_url: &str,
) -> error::Result<Option<String>> {
    if !wanted {
        return Ok(None);
    }
    invitations::invite(tx, actor, id)?;
    let link = sign_in_links::create_link(tx, actor.workspace, id, LinkKind::Invitation)?;
    let portal = workspaces::address_of(tx, actor.workspace, public_url)?;
    Ok(Some(format!("{portal}/sign-in/link/{}", link.reveal())))
}
