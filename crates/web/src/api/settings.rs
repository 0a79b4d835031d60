//! Workspace settings that API clients can read and change.

use axum::Json;
use domain::administration;
use domain::administration::settings::MessagingChange;
use domain::arrival::joining::{self, JoiningChange};
use domain::files::uploads::{self, StorageLimits};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::PersonId;
use domain::kernel::patch::Patch;
use domain::tenant::settings::{self, DefaultChannel, ReplyLinks};
use domain::welcome::setting::{self, WelcomeChange};
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, Whole, present_object};
use crate::api::schemas::{self, bodies};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/settings", show).patch("/v1/settings", change)
}

/// The settings of a workspace.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Settings {
    object: &'static str,
    welcome: Welcome,
    #[schema(value_type = schemas::WaitMinutes)]
    wait_minutes: i64,
    /// Whether emails leave out what was written.
    hide_text: bool,
    /// What the links in emails lead to on a device where nobody is signed in: `reply` at once, or `signIn` first.
    #[schema(value_type = schemas::ReplyLinks)]
    reply_links: ReplyLinks,
    /// Where a new client user's conversation is: in a channel of the `client`'s own or in the `company`'s.
    #[schema(value_type = schemas::DefaultChannel)]
    default_channel: DefaultChannel,
    /// Whether client users may start channels about themselves, their companies and their projects.
    clients_may_start_channels: bool,
    /// Whether client users may invite colleagues of their company.
    clients_may_invite_colleagues: bool,
    /// Whether people may sign up by themselves, at `/sign-up`.
    people_may_sign_up: bool,
    /// Most bytes of one file.
    upload_limit_bytes: i64,
}

/// How client users are welcomed when they first sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Welcome {
    enabled: bool,
    /// With merge fields such as `{{client.givenName}}`.
    text: String,
    /// Who signs at present; null where nobody can.
    sender_id: Option<PersonId>,
}

impl Settings {
    fn read(reader: &Reader, actor: &Actor, room: &StorageLimits) -> error::Result<Settings> {
        let messaging = settings::messaging(reader, actor.workspace)?;
        let joining = joining::setting(reader, actor.workspace)?;
        let welcome = setting::setting(reader, actor.workspace)?;
        let signer = setting::signer(reader, actor.workspace)?;
        Ok(Settings {
            object: "settings",
            welcome: Welcome {
                enabled: welcome.enabled,
                text: welcome.text,
                sender_id: signer.map(|(person, _)| person),
            },
            wait_minutes: messaging.wait_minutes,
            hide_text: messaging.hide_text_at.is_some(),
            reply_links: messaging.reply_links,
            default_channel: messaging.default_channel,
            clients_may_start_channels: messaging.clients_start_at.is_some(),
            clients_may_invite_colleagues: joining.colleagues_at.is_some(),
            people_may_sign_up: joining.sign_up_at.is_some(),
            upload_limit_bytes: uploads::file_max(reader, actor.workspace, room)?,
        })
    }
}

/// Get the settings
#[utoipa::path(get, path = "/v1/settings", tag = "Workspace", responses((status = 200, body = Settings)))]
async fn show(call: Call) -> Result<Json<Settings>> {
    let room = call.app.web.room;
    call.read(move |reader, actor| Settings::read(reader, actor, &room)).await
}

bodies! {
    /// What changes about the settings. What is left out stays.
    changes ChangedSettings {
        welcome: ChangedWelcome,
        wait_minutes: schemas::WaitMinutes,
        hide_text: bool,
        reply_links: schemas::ReplyLinks,
        default_channel: schemas::DefaultChannel,
        clients_may_start_channels: bool,
        clients_may_invite_colleagues: bool,
        people_may_sign_up: bool,
        /// At most what the program takes.
        #[schema(minimum = 1)]
        upload_limit_bytes: i64,
    }

    /// What changes about the welcome. What is left out stays.
    changes ChangedWelcome {
        enabled: bool,
        text: schemas::WelcomeText,
        /// An active internal user.
        sender_id: schemas::Id,
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SettingsInput {
    #[serde(deserialize_with = "present_object")]
    welcome: Option<WelcomeInput>,
    wait_minutes: Patch<Whole>,
    hide_text: Patch<bool>,
    reply_links: Patch<ReplyLinks>,
    default_channel: Patch<DefaultChannel>,
    clients_may_start_channels: Patch<bool>,
    clients_may_invite_colleagues: Patch<bool>,
    people_may_sign_up: Patch<bool>,
    upload_limit_bytes: Patch<Whole>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WelcomeInput {
    enabled: Patch<bool>,
    text: Patch<String>,
    sender_id: Patch<PersonId>,
}

/// Change the settings
#[utoipa::path(patch, path = "/v1/settings", tag = "Workspace", request_body = ChangedSettings,
    responses((status = 200, body = Settings)))]
async fn change(call: Call, Body { given, .. }: Body<SettingsInput>) -> Result<Json<Settings>> {
    let room = call.app.web.room;
    call.write(move |tx, actor| {
        let messaging = MessagingChange {
            wait_minutes: given.wait_minutes.value().map(|minutes| minutes.0),
            hide_text: given.hide_text.into_value(),
            reply_links: given.reply_links.into_value(),
            default_channel: given.default_channel.into_value(),
            clients_may_start: given.clients_may_start_channels.into_value(),
        };
        administration::settings::change_messaging(tx, actor, &messaging)?;
        let joining = JoiningChange {
            sign_up: given.people_may_sign_up.into_value(),
            colleagues: given.clients_may_invite_colleagues.into_value(),
        };
        joining::change(tx, actor, &joining)?;
        if let Some(given) = given.welcome {
            let change = WelcomeChange {
                enabled: given.enabled.into_value(),
                text: given.text.into_value(),
                sender: given.sender_id.into_value(),
            };
            setting::change(tx, actor, &change)?;
        }
        if let Patch::Set(Whole(bytes)) = given.upload_limit_bytes {
            administration::settings::limit_files(tx, actor, Some(bytes), room.file_max)?;
        }
        Settings::read(tx, actor, &room)
    })
    .await
}
