//! Workspace settings that API clients can read and change.

use axum::Json;
use domain::administration::settings::MessagingChange;
use domain::arrival::joining::{self, JoiningChange};
use domain::files::uploads::{self, StorageLimits};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::PersonId;
use domain::welcome::setting::{self, WelcomeChange};
use domain::{administration, tenant};
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, Whole, present, present_object};
use crate::api::schemas;
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
    reply_links: ReplyLinks,
    /// Where a new client user's conversation is: in a channel of the `client`'s own or in the `company`'s.
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
    #[schema(value_type = Option<schemas::Id>)]
    sender_id: Option<PersonId>,
}

/// What reply links lead to.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ReplyLinks {
    Reply,
    SignIn,
}

/// Where a new client user's conversation is.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum DefaultChannel {
    Client,
    Company,
}

impl Settings {
    fn read(reader: &Reader, actor: &Actor, room: &StorageLimits) -> error::Result<Settings> {
        let messaging = tenant::settings::messaging(reader, actor.workspace)?;
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
            reply_links: match messaging.reply_links {
                tenant::settings::ReplyLinks::Reply => ReplyLinks::Reply,
                tenant::settings::ReplyLinks::SignIn => ReplyLinks::SignIn,
            },
            default_channel: match messaging.default_channel {
                tenant::settings::DefaultChannel::Client => DefaultChannel::Client,
                tenant::settings::DefaultChannel::Company => DefaultChannel::Company,
            },
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

/// What changes about the settings. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedSettings {
    #[serde(default, deserialize_with = "present_object")]
    #[schema(value_type = ChangedWelcome, required = false)]
    welcome: Option<ChangedWelcome>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::WaitMinutes, required = false)]
    wait_minutes: Option<Whole>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    hide_text: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = ReplyLinks, required = false)]
    reply_links: Option<ReplyLinks>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = DefaultChannel, required = false)]
    default_channel: Option<DefaultChannel>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    clients_may_start_channels: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    clients_may_invite_colleagues: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    people_may_sign_up: Option<bool>,
    /// At most what the program takes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false, minimum = 1)]
    upload_limit_bytes: Option<Whole>,
}

/// What changes about the welcome. What is left out stays.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedWelcome {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::WelcomeText, required = false)]
    text: Option<String>,
    /// An active internal user.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::Id, required = false)]
    sender_id: Option<PersonId>,
}

/// Change the settings
#[utoipa::path(patch, path = "/v1/settings", tag = "Workspace", request_body = ChangedSettings,
    responses((status = 200, body = Settings)))]
async fn change(call: Call, Body { given, .. }: Body<ChangedSettings>) -> Result<Json<Settings>> {
    let room = call.app.web.room;
    call.write(move |tx, actor| {
        let messaging = MessagingChange {
            wait_minutes: given.wait_minutes.map(|minutes| minutes.0),
            hide_text: given.hide_text,
            reply_links: given.reply_links.map(|links| match links {
                ReplyLinks::Reply => tenant::settings::ReplyLinks::Reply,
                ReplyLinks::SignIn => tenant::settings::ReplyLinks::SignIn,
            }),
            default_channel: given.default_channel.map(|choice| match choice {
                DefaultChannel::Client => tenant::settings::DefaultChannel::Client,
                DefaultChannel::Company => tenant::settings::DefaultChannel::Company,
            }),
            clients_may_start: given.clients_may_start_channels,
        };
        administration::settings::change_messaging(tx, actor, &messaging)?;
        let joining = JoiningChange {
            sign_up: given.people_may_sign_up,
            colleagues: given.clients_may_invite_colleagues,
        };
        joining::change(tx, actor, &joining)?;
        if let Some(given) = given.welcome {
            let change = WelcomeChange { enabled: given.enabled, text: given.text, sender: given.sender_id };
            setting::change(tx, actor, &change).map_err(within_welcome)?;
        }
        if let Some(Whole(bytes)) = given.upload_limit_bytes {
            administration::settings::limit_files(tx, actor, Some(bytes), room.file_max)?;
        }
        Settings::read(tx, actor, &room)
    })
    .await
}

/// Renames the fields in errors of the welcome message to those of the API.
fn within_welcome(error: Error) -> Error {
    match error {
        Error::Field { field: "text", problem } => Error::Field { field: "welcome.text", problem },
        Error::Field { field: "senderId", problem } => Error::Field { field: "welcome.senderId", problem },
        other => other,
    }
}
